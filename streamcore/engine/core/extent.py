"""The extent of time: no element may lie before its beginning or beyond its end, where no window would hold it."""

from __future__ import annotations

from streamcore.engine.core.node import Node
from streamcore.errors import PipelineError
from streamcore.model.bundle import Bundle
from streamcore.timestamp import END_OF_GLOBAL_WINDOW, MAX_MICROS, MIN_MICROS, MIN_TIMESTAMP


class OutsideTimeError(PipelineError):
    """An element was given a time that lies outside of time."""


def outside_time(micros: int) -> OutsideTimeError:
    """The error for such a time."""
    where = f"before the beginning of time, {MIN_TIMESTAMP}"
    if micros > MAX_MICROS:
        where = f"beyond the end of time, {END_OF_GLOBAL_WINDOW}"
    return OutsideTimeError(f"its time lies {where}; check the unit that the times are in")


def check_times(node: Node, bundle: Bundle, stamps: list[int] | int) -> None:
    """Refuses times of the elements of a bundle that lie outside of time.

    Raises:
        UserCodeError: If there is one.
    """
    earliest, latest = (min(stamps), max(stamps)) if isinstance(stamps, list) else (stamps, stamps)
    check_extent(node, bundle, stamps, earliest, latest)


def check_extent(node: Node, bundle: Bundle, stamps: list[int] | int, earliest: int, latest: int) -> None:
    """The same where the earliest and the latest of them are known.

    Raises:
        UserCodeError: If one of the two lies outside of time.
    """
    if earliest < MIN_MICROS or latest > MAX_MICROS:
        wrong = latest if latest > MAX_MICROS else earliest
        position = stamps.index(wrong) if isinstance(stamps, list) else 0
        raise node.failure(bundle, position, outside_time(wrong))
