"""Procedures as states that can be kept, compared and gone on from in several ways, which a generator cannot.

A procedure is determined by the answers it was given. So a state is a number that stands for those answers, and
where it is not known yet what follows from an answer, a new generator is led there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from streamcore.engine.core.checkpoint import Standing
from streamcore.engine.core.commands import Command
from streamcore.engine.core.commit import Procedure


class Place(NamedTuple):
    """Where a procedure is: the command it waits for, or what it has come to."""

    command: Command | None
    result: Standing | None = None
    error: Exception | None = None


class Machine:
    """All places of all procedures that have been reached."""

    def __init__(self) -> None:
        self._roots: dict[Hashable, int] = {}
        self._edges: dict[tuple[int, Hashable], int] = {}
        self._paths: list[tuple[Callable[[], Procedure[Standing]], tuple[Any, ...]]] = []
        self.places: list[Place] = []

    def begin(self, key: Hashable, procedure: Callable[[], Procedure[Standing]]) -> int:
        """The first place of a procedure."""
        if key not in self._roots:
            self._roots[key] = self._add(procedure, ())
        return self._roots[key]

    def answer(self, at: int, key: Hashable, value: Any) -> int:
        """The place after an answer, which is thrown in if it is an exception."""
        edge = at, key
        if edge not in self._edges:
            procedure, path = self._paths[at]
            self._edges[edge] = self._add(procedure, (*path, value))
        return self._edges[edge]

    def _add(self, procedure: Callable[[], Procedure[Standing]], path: tuple[Any, ...]) -> int:
        running = procedure()
        try:
            command = next(running)
            for value in path:
                command = running.throw(value) if isinstance(value, Exception) else running.send(value)
            place = Place(command)
        except StopIteration as end:
            place = Place(None, result=end.value)
        except Exception as error:
            place = Place(None, error=error)
        running.close()
        self._paths.append((procedure, path))
        self.places.append(place)
        return len(self.places) - 1
