"""How deep state values are nested, and whether they contain themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Any, Final

from streamcore.engine.state.instances import kind_of
from streamcore.engine.state.records import RECORDS_BY_TYPE
from streamcore.errors import StateEncodingError

MOST_LEVELS: Final = 100


class _Level:
    """The containers of one column."""

    def __init__(self, containers: list[Any]) -> None:
        self.containers = containers

    @cached_property
    def ids(self) -> set[int]:
        """What they are known by."""
        return set(map(id, self.containers))


class Nesting:
    """The containers that the present column lies in.

    A value that contains itself turns up again further down. So does one that merely is in two places; only then the
    values are followed one by one.
    """

    def __init__(self) -> None:
        self._levels: list[_Level] = []

    def enter(self, containers: list[Any], may_be_cyclic: bool) -> None:
        """Goes down into values of one type; `leave` has to follow.

        Args:
            containers: The values.
            may_be_cyclic: Whether values of this type can contain themselves. Tuples cannot without the help of others.

        Raises:
            StateEncodingError: If one of them contains itself, or they are nested too deeply.
        """
        if len(self._levels) == MOST_LEVELS:
            msg = (
                f"cannot store a value that is nested in more than {MOST_LEVELS} others; keep it in a flat list or dict"
            )
            raise StateEncodingError(msg)
        level = _Level(containers if may_be_cyclic else [])
        if may_be_cyclic and any(outer.containers and not outer.ids.isdisjoint(level.ids) for outer in self._levels):
            _refuse_cycles(containers)
        self._levels.append(level)

    def leave(self) -> None:
        """Comes back up."""
        self._levels.pop()


def _refuse_cycles(containers: list[Any]) -> None:
    # With the values, as some are made on the way, and what is gone may have left its id to another.
    done: dict[int, Any] = {}
    for container in containers:
        path: dict[int, tuple[Any, Iterator[Any]]] = {id(container): (container, _children(container))}
        while path:
            _, children = next(reversed(path.values()))
            child = next(children, done)
            if child is done:
                _, (finished, _) = path.popitem()
                done[id(finished)] = finished
            elif id(child) in path:
                msg = (
                    f"cannot store a {type(child).__qualname__} that contains itself; keep keys in place of references"
                )
                raise StateEncodingError(msg)
            elif id(child) not in done:
                path[id(child)] = child, _children(child)


def _children(value: Any) -> Iterator[Any]:
    cls = type(value)
    if cls is list or cls is tuple:
        return iter(value)
    if cls is dict:
        return chain(value.keys(), value.values())
    if (record := RECORDS_BY_TYPE.get(cls)) is not None:
        return (part(value) for part in record.parts)
    if (kind := kind_of(cls)) is not None:
        return chain.from_iterable(kind.split(cls, [value])[1])
    return iter(())
