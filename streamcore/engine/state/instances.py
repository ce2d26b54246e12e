"""The kinds of classes whose instances are stored by their attributes: enums, named tuples, dataclasses and structs."""

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import attrgetter, itemgetter
from types import BuiltinFunctionType, MemberDescriptorType
from typing import Any, Final, Protocol

import msgspec

from streamcore.engine.state.records import NO_ATTRIBUTE
from streamcore.errors import StateDecodingError, StateEncodingError

Columns = Sequence[list[Any]]

# The column for what is in `__dict__` and is not a field.
_ADDITIONS: Final = "__dict__"
# What typing leaves in an instance that was made by way of `Kind[int](...)`.
_TYPING_TRACE: Final = "__orig_class__"


class Kind(Protocol):
    """A kind of class, and how its instances are taken apart and put together.

    Attributes:
        name: What the kind is called on disk, and in messages.
        is_container: Whether an instance may contain itself.
    """

    name: str
    is_container: bool

    def accepts(self, cls: type[Any]) -> bool:
        """Whether the class is of this kind."""
        ...

    def split(self, cls: type[Any], values: list[Any]) -> tuple[Sequence[str], Columns]:
        """The names of the attributes of some instances, and a column for each."""
        ...

    def build(self, cls: type[Any], fields: Sequence[str], columns: Columns, count: int) -> list[Any]:
        """As many instances, out of what `split` gave."""
        ...


class _Enum(Kind):
    name = "enum"
    is_container = False

    def accepts(self, cls: type[Any]) -> bool:
        return issubclass(cls, enum.Enum) and not issubclass(cls, enum.Flag)

    def split(self, cls: type[Any], values: list[Any]) -> tuple[Sequence[str], Columns]:
        return ["name"], [list(map(attrgetter("_name_"), values))]

    def build(self, cls: type[Any], fields: Sequence[str], columns: Columns, count: int) -> list[Any]:
        members = cls.__members__
        (names,) = columns
        unknown = sorted(set(names) - members.keys())
        if unknown:
            msg = (
                f"stored state has members of the enum {cls.__qualname__} that it does not have now: "
                f"{', '.join(unknown)}; put them back, or start without the state"
            )
            raise StateDecodingError(msg)
        return list(map(members.__getitem__, names))


class _Flag(Kind):
    name = "flag"
    is_container = False

    def accepts(self, cls: type[Any]) -> bool:
        return issubclass(cls, enum.Flag)

    def split(self, cls: type[Any], values: list[Any]) -> tuple[Sequence[str], Columns]:
        return ["value"], [list(map(attrgetter("_value_"), values))]

    def build(self, cls: type[Any], fields: Sequence[str], columns: Columns, count: int) -> list[Any]:
        return list(map(cls, *columns))


class _NamedTuple(Kind):
    name = "named tuple"
    is_container = False

    def accepts(self, cls: type[Any]) -> bool:
        return issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)

    def split(self, cls: type[Any], values: list[Any]) -> tuple[Sequence[str], Columns]:
        _refuse_additions(cls, values)
        fields: tuple[str, ...] = cls._fields
        return fields, [list(map(itemgetter(place), values)) for place in range(len(fields))]

    def build(self, cls: type[Any], fields: Sequence[str], columns: Columns, count: int) -> list[Any]:
        ordered = _in_order(cls, cls._fields, fields, columns)
        return list(map(tuple.__new__, repeat(cls), _rows(ordered, count)))


class _Struct(Kind):
    name = "struct"
    is_container = True

    def accepts(self, cls: type[Any]) -> bool:
        return issubclass(cls, msgspec.Struct)

    def split(self, cls: type[Any], values: list[Any]) -> tuple[Sequence[str], Columns]:
        _refuse_additions(cls, values)
        fields: tuple[str, ...] = cls.__struct_fields__
        try:
            return fields, [list(map(attrgetter(field), values)) for field in fields]
        except AttributeError as error:
            msg = (
                f"cannot store a {cls.__qualname__} that has no attribute {error.name!r}; set it, or give it a default"
            )
            raise StateEncodingError(msg) from error

    def build(self, cls: type[Any], fields: Sequence[str], columns: Columns, count: int) -> list[Any]:
        names: tuple[str, ...] = cls.__struct_fields__
        ordered = _in_order(cls, names, fields, columns)
        parameters = inspect.signature(cls).parameters.values()
        positional = sum(parameter.kind is not parameter.KEYWORD_ONLY for parameter in parameters)
        rows = _rows(ordered, count)
        if positional == len(names):
            built = [cls(*row) for row in rows]
        else:
            built = [cls(*row[:positional], **dict(zip(names[positional:], row[positional:]))) for row in rows]
        if hasattr(cls, "__post_init__"):
            # A struct cannot be made without it; what it changes was changed when the original was made.
            for name, column in zip(names, ordered):
                _for_each(msgspec.structs.force_setattr, built, repeat(name), column)
        return built


class _Dataclass(Kind):
    """Stored are all slots, all fields, and what else is in `__dict__`, such as a cached property."""

    name = "dataclass"
    is_container = True

    def accepts(self, cls: type[Any]) -> bool:
        # What is built on a type written in C, such as dict, holds more than attributes.
        makers = [vars(base).get("__new__") for base in cls.__mro__[:-1]]
        return dataclasses.is_dataclass(cls) and not any(isinstance(maker, BuiltinFunctionType) for maker in makers)

    def split(self, cls: type[Any], values: list[Any]) -> tuple[Sequence[str], Columns]:
        slots = _slots(cls)
        columns: dict[str, list[Any]] = {}
        for name in slots:
            columns[name] = [getattr(value, name, NO_ATTRIBUTE) for value in values]
        if cls.__dictoffset__:
            states = list(map(vars, values))
            names = [field.name for field in dataclasses.fields(cls) if field.name not in slots]
            columns |= {name: [state.get(name, NO_ATTRIBUTE) for state in states] for name in names}
            known = {*names, _TYPING_TRACE}
            additions = [{name: state[name] for name in state if name not in known} for state in states]
            if any(additions):
                columns[_ADDITIONS] = additions
        return list(columns), list(columns.values())

    def build(self, cls: type[Any], fields: Sequence[str], columns: Columns, count: int) -> list[Any]:
        slots = _slots(cls)
        names = dict.fromkeys([*slots, *(field.name for field in dataclasses.fields(cls))])
        by_name = dict(zip(fields, columns, strict=True))
        additions = by_name.pop(_ADDITIONS, ())
        ordered = _in_order(cls, list(names), list(by_name), list(by_name.values()))
        built = list(map(object.__new__, repeat(cls, count)))
        for name, column in zip(names, ordered):
            _put(slots.get(name), name, built, column)
        for instance, added in zip(built, additions):
            vars(instance).update(added)
        return built


KINDS: Final = {kind.name: kind for kind in (_Enum(), _Flag(), _NamedTuple(), _Struct(), _Dataclass())}


def kind_of(cls: type[Any]) -> Kind | None:
    """What kind of class it is; None if its instances cannot be stored."""
    return next((kind for kind in KINDS.values() if kind.accepts(cls)), None)


def _slots(cls: type[Any]) -> dict[str, MemberDescriptorType]:
    """The slots of a class and its bases, by the names that they have after mangling."""
    members = [(name, value) for base in reversed(cls.__mro__) for name, value in vars(base).items()]
    return {name: value for name, value in members if isinstance(value, MemberDescriptorType)}


def _refuse_additions(cls: type[Any], values: list[Any]) -> None:
    if cls.__dictoffset__ and any(map(vars, values)):
        msg = (
            f"cannot store a {cls.__qualname__} with attributes besides its fields; "
            "make them fields, or make the class a dataclass"
        )
        raise StateEncodingError(msg)


def _in_order(cls: type[Any], names: Sequence[str], fields: Sequence[str], columns: Columns) -> Columns:
    """The columns in the order of the names that the class has now."""
    if set(names) != set(fields):
        msg = (
            f"stored state has values of type {cls.__qualname__} with the attributes {_listed(fields)}, but the class "
            f"now has {_listed(names)}; give it those it had, or start without the state"
        )
        raise StateDecodingError(msg)
    by_name = dict(zip(fields, columns, strict=True))
    return [by_name[name] for name in names]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _rows(columns: Columns, count: int) -> Iterator[tuple[Any, ...]]:
    return zip(*columns, strict=True) if columns else repeat((), count)


def _put(slot: MemberDescriptorType | None, name: str, instances: list[Any], column: list[Any]) -> None:
    """Sets an attribute past `__setattr__`, which a frozen class refuses and another may have overridden."""
    present = [value is not NO_ATTRIBUTE for value in column]
    if slot is None:
        _for_each(dict.__setitem__, map(vars, compress(instances, present)), repeat(name), compress(column, present))
    else:
        _for_each(slot.__set__, compress(instances, present), compress(column, present))


def _for_each(fn: Callable[..., Any], *columns: Iterable[Any]) -> None:
    """Calls a function for its effect, at the speed of `map`."""
    deque(map(fn, *columns), maxlen=0)
