"""Readers that have their next batch at hand: they are polled without a change of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from streamcore.errors import SourceError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.testing import VirtualClock
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.test_runtime import Collected


class ReadyReader(Reader[Any]):
    """Gives its batches at once, but those that have to be waited for."""

    def __init__(self, batches: Sequence[Any], waited_for: Sequence[int]) -> None:
        self._batches = list(batches)
        self._waited_for = waited_for
        self._next = 0
        self.waits = 0

    async def poll(self, limit: int) -> Batch[Any] | None:
        self.waits += 1
        return self._take() if self._next < len(self._batches) else None

    def poll_nowait(self, limit: int) -> Batch[Any] | None:
        if self._next == len(self._batches) or self._next in self._waited_for:
            return None
        return self._take()

    def _take(self) -> Batch[Any]:
        values = self._batches[self._next]
        if isinstance(values, Exception):
            raise values
        self._next += 1
        return Batch(values, [second * 1_000_000 for _, second in values])


class Ready(Source[Any]):
    """Splits whose batches are there from the beginning: pairs of a name and a second."""

    bounded = True

    def __init__(self, waited_for: Sequence[int] = (), **splits: Sequence[Any]) -> None:
        self.clock = VirtualClock()
        self.readers = {name: ReadyReader(batches, waited_for) for name, batches in splits.items()}

    async def splits(self) -> Sequence[str]:
        return list(self.readers)

    def open(self, split: str, position: object) -> ReadyReader:
        return self.readers[split]


def written(source: Source[Any], **options: Any) -> list[Any]:
    sink = Collected()
    with Pipeline() as p:
        _ = p | Read(source, **options) | Write(sink)
    return sink.values


def batches_of(name: str, seconds: Sequence[int]) -> list[Any]:
    return [[(name, second)] for second in seconds]


def test_splits_take_turns_and_wait_only_for_their_ends() -> None:
    source = Ready(a=batches_of("a", range(3)), b=batches_of("b", range(3)))
    assert written(source) == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [reader.waits for reader in source.readers.values()] == [1, 1]


def test_what_is_not_at_hand_is_waited_for() -> None:
    source = Ready([1, 2], a=batches_of("a", range(4)))
    assert written(source) == [("a", second) for second in range(4)]
    assert source.readers["a"].waits == 3


def test_a_split_that_is_ahead_is_not_polled() -> None:
    source = Ready(a=batches_of("a", [0, 100, 200]), b=batches_of("b", [0, 10, 95, 190]))
    order = written(source, watermark=BoundedOutOfOrderness(0, max_drift=20))
    assert order == [("a", 0), ("b", 0), ("a", 100), ("b", 10), ("b", 95), ("a", 200), ("b", 190)]


def test_a_reader_that_fails_is_named() -> None:
    source = Ready(a=[[("a", 0)], OSError("the disk is gone")])
    with pytest.raises(SourceError) as error:
        written(source)
    assert str(error.value) == "step 'Read(Ready)' could not read split 'a': OSError: the disk is gone"
