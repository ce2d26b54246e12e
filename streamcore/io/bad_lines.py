"""What becomes of lines that cannot be decoded: they stop the pipeline, or go to an output of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias

from streamcore.errors import SourceError, shorten
from streamcore.io.dead_letters import set_aside
from streamcore.model.windowed_value import TaggedOutput

BadLineHandler: TypeAlias = Callable[[str, int, bytes, Exception], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetter:
    """A line that could not be decoded.

    Attributes:
        file: The file it is in.
        line_number: Its number there, from 1.
        line: The line without its newline.
        reason: What is wrong with it.
    """

    file: str
    line_number: int
    line: bytes
    reason: str


def refuse_line(path: str, number: int, line: bytes, error: Exception) -> Any:
    """Stops the pipeline.

    Raises:
        SourceError: Always; it says which line of which file is wrong, and why.
    """
    msg = f"line {number} of {path!r} cannot be decoded: {error}; the line is {shorten(line)}"
    raise SourceError(msg) from error


def set_line_aside(path: str, number: int, line: bytes, error: Exception) -> TaggedOutput[str, DeadLetter]:
    """Puts the line where the output of dead letters is made of."""
    return set_aside(DeadLetter(path, number, line, str(error)))
