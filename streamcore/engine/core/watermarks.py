"""Watermarks of several inputs, and holds on an output watermark."""

from __future__ import annotations

import heapq

from streamcore.timestamp import MAX_MICROS, MIN_MICROS


class SplitWatermarks:
    """The watermark of several splits: the lowest of those that count.

    A split that is idle does not count, one that has ended does not either. While all are idle the watermark stays. A
    new split joins at the present watermark and never pulls it back.

    That a split is idle is not part of the state that is kept: it is so only of one that is being asked. After a crash
    each may have something, so all count until they have been asked again.
    """

    def __init__(self) -> None:
        self._marks: dict[str | None, int] = {}
        self._idle: set[str | None] = set()
        self._watermark = MIN_MICROS

    def add(self, split: str | None) -> None:
        """A split that is now known."""
        self._marks.setdefault(split, self._watermark)

    def of(self, split: str | None) -> int:
        """The watermark of one split."""
        return self._marks.get(split, self._watermark)

    def others(self, split: str | None) -> int:
        """The lowest watermark of the other splits that count; `MAX_MICROS` if there are none."""
        if len(self._marks) == 1 and split in self._marks:
            return MAX_MICROS
        return min(
            (mark for name, mark in self._marks.items() if name != split and self._counts(name)), default=MAX_MICROS
        )

    def update(self, split: str | None, watermark: int) -> int:
        """Moves the watermark of a split, which counts again if it was idle; returns the common watermark."""
        self.add(split)
        self._idle.discard(split)
        self._marks[split] = max(self._marks[split], watermark)
        return self._settle()

    def set_idle(self, split: str | None) -> int:
        """A split was asked and had nothing for long enough; returns the common watermark."""
        self.add(split)
        self._idle.add(split)
        return self._settle()

    def set_active(self, split: str | None) -> None:
        """Nobody knows whether a split that was idle has something: it counts again, from where it was."""
        self._idle.discard(split)

    def set_ended(self, split: str | None) -> int:
        """A split has no more elements; returns the common watermark."""
        self._marks.pop(split, None)
        self._idle.discard(split)
        return self._settle()

    def is_idle(self, split: str | None) -> bool:
        """Whether a split does not count at present because it is idle."""
        return split in self._idle

    def lowest(self) -> int:
        """The watermark of the slowest split that counts; `MAX_MICROS` if none does."""
        return min((mark for split, mark in self._marks.items() if self._counts(split)), default=MAX_MICROS)

    def all_idle(self) -> bool:
        """Whether there are splits and all that have not ended are idle."""
        return bool(self._marks) and len(self._idle) == len(self._marks)

    def raise_to(self, watermark: int) -> int:
        """Moves the common watermark itself, as processing time does while all splits are idle."""
        self._watermark = max(self._watermark, watermark)
        return self._watermark

    def snapshot(self) -> tuple[int, list[tuple[str | None, int]]]:
        """The common watermark, and the splits with their watermarks."""
        return self._watermark, list(self._marks.items())

    def restore(self, snapshot: tuple[int, list[tuple[str | None, int]]]) -> None:
        """Puts a snapshot back; all splits count."""
        self._watermark, splits = snapshot
        self._marks = dict(splits)
        self._idle = set()

    def _counts(self, split: str | None) -> bool:
        return split not in self._idle

    def _settle(self) -> int:
        counting = [mark for split, mark in self._marks.items() if self._counts(split)]
        if counting:
            self._watermark = max(self._watermark, min(counting))
        return self._watermark


class Holds:
    """Times that an output watermark must not pass, counted, with the lowest at hand."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._heap: list[int] = []

    def hold(self, time: int) -> None:
        """Adds a hold."""
        count = self._counts.get(time, 0)
        self._counts[time] = count + 1
        if not count:
            heapq.heappush(self._heap, time)

    def release(self, time: int) -> None:
        """Takes back one hold of this time."""
        count = self._counts[time] - 1
        if count:
            self._counts[time] = count
        else:
            del self._counts[time]

    def lowest(self) -> int:
        """The lowest time that is held; `MAX_MICROS` if there is none."""
        while self._heap and self._heap[0] not in self._counts:
            heapq.heappop(self._heap)
        return self._heap[0] if self._heap else MAX_MICROS
