"""What state depends on, in words, so that a later run can compare it with what it has.

The words are the same in every run of a pipeline. So they tell values and names, and nothing that may be different each
time: no addresses in memory, no code of functions.
"""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streamcore.errors import shorten
from streamcore.model.windowing import Windowing
from streamcore.timestamp import Duration, Timestamp
from streamcore.transforms.combine_fn import CombineFn, FoldCombineFn
from streamcore.transforms.combiners.tuples import CombinedCombineFns

_PLAIN: Final = (type(None), bool, int, float, complex, str, bytes, Timestamp, Duration)
_ABSENT: Final = object()
_NONE_GIVEN: Final = ("()", "{}")


def kind_of(plugged_in: object) -> str:
    """The name of a class."""
    return type(plugged_in).__qualname__


def describe_aggregation(combine_fn: CombineFn[Any, Any, Any]) -> str:
    """An aggregation: its class, and what it was made with.

    >>> from streamcore.transforms.combiners import Top
    >>> describe_aggregation(Top.PerKey(3, key=len).combine_fn)
    'TopCombineFn(n=3, key=len, reverse=False)'
    """
    if isinstance(combine_fn, FoldCombineFn):
        return combine_fn.name
    if isinstance(combine_fn, CombinedCombineFns):
        return f"({', '.join(map(describe_aggregation, combine_fn.parts))})"
    arguments = ", ".join(f"{name}={told}" for name, told in _arguments_of(combine_fn) if told not in _NONE_GIVEN)
    return f"{kind_of(combine_fn)}({arguments})" if arguments else kind_of(combine_fn)


def describe_windowing(windowing: Windowing) -> str:
    """Windows, trigger, and the rest of a windowing."""
    return ", ".join(
        [
            _told(windowing.windowfn),
            _told(windowing.triggerfn),
            windowing.accumulation_mode.name,
            windowing.timestamp_combiner.name,
            f"lateness {windowing.allowed_lateness / 1_000_000:g} s",
        ]
    )


def describe_type(hint: Any) -> str:
    """A type hint, in one way however it is spelled; nothing for Any.

    >>> describe_type(typing.Tuple[str, typing.Optional[int]]) == describe_type(tuple[str, int | None])
    True
    """
    if hint is Any:
        return ""
    origin = typing.get_origin(hint)
    if origin is None:
        return "None" if hint is type(None) else getattr(hint, "__qualname__", repr(hint))
    name = "Union" if origin is types.UnionType else getattr(origin, "__qualname__", repr(origin))
    return f"{name}[{', '.join(describe_type(part) or 'Any' for part in typing.get_args(hint))}]"


def _arguments_of(plugged_in: object) -> Iterator[tuple[str, str]]:
    """The arguments of the constructor that an object has kept under their names, as most do.

    Other attributes may be anything, also what changes while it is used.
    """
    if type(plugged_in).__init__ is object.__init__:
        return
    for name in list(inspect.signature(type(plugged_in).__init__).parameters)[1:]:
        value = getattr(plugged_in, name, getattr(plugged_in, f"_{name}", _ABSENT))
        if value is not _ABSENT:
            yield name, _argument(value)


def _argument(value: object) -> str:
    if isinstance(value, CombineFn):
        return describe_aggregation(value)
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, _PLAIN):
        return shorten(value)
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_argument, value))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_argument(key)}: {_argument(part)}' for key, part in value.items())}}}"
    # The name of a function; that of a lambda is always the same. Of anything else what it is.
    return getattr(value, "__name__", None) or kind_of(value)


def _told(value: object) -> str:
    """The repr of a value; of a class without one, its name and its attributes, and never an address in memory."""
    if type(value).__repr__ is not object.__repr__:
        return repr(value)
    attributes = ", ".join(f"{name}={_told(part)}" for name, part in sorted(getattr(value, "__dict__", {}).items()))
    return f"{kind_of(value)}({attributes})"
