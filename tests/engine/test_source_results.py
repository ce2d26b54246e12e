"""What the methods of a source must not return, and what their author is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from streamcore.errors import SourceError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.source import Batch, Reader, Source
from streamcore.timestamp import Timestamp
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.test_runtime import Collected


class Returning(Source[Any]):
    """Its methods return what they are told to."""

    bounded = True

    def __init__(
        self,
        poll: Any = None,
        poll_nowait: Any = None,
        open: Callable[..., Any] | None = None,
        splits: Any = ("all",),
        new_splits: Callable[[], Any] | None = None,
    ) -> None:
        self.polled = [None, poll]
        self.named = splits
        self.found = new_splits
        self.polled_nowait = poll_nowait
        self.opened = open

    async def splits(self) -> Any:
        return self.named

    def new_splits(self) -> Any:
        return super().new_splits() if self.found is None else self.found()

    def open(self, split: str, position: Any) -> Any:
        return ReturningReader(self) if self.opened is None else self.opened(split)


class ReturningReader(Reader[Any]):
    def __init__(self, source: Returning) -> None:
        self.source = source

    async def poll(self, limit: int) -> Any:
        return self.source.polled.pop()

    def poll_nowait(self, limit: int) -> Any:
        return self.source.polled_nowait


async def later(*arguments: Any) -> None:
    """An async function where a plain one belongs."""


MICROSECONDS = "give whole microseconds: int(seconds * 1_000_000), or the `micros` of a Timestamp"
A_BATCH = "return Batch(values), or None at the end of the split"
A_READER = "return a streamcore.model.source.Reader of the split"
NAMES = "return a list of their names, which are strings"
A_GENERATOR = "define it as `async def` with `yield`"
REFUSED: list[tuple[Callable[[], Returning], str]] = [
    (lambda: Returning([1, 2]), f"read split 'all': `poll` returned [1, 2]; {A_BATCH}"),
    (
        lambda: Returning(Batch((1, 2))),  # type: ignore[arg-type]
        "read split 'all': `poll` returned a Batch whose values are (1, 2); give a list",
    ),
    (
        lambda: Returning(Batch([1, 2, 3], [0])),
        "read split 'all': `poll` returned a Batch with 3 values and 1 timestamps; "
        "give one for each value, or one int for all of them",
    ),
    (
        lambda: Returning(Batch([], [0])),
        "read split 'all': `poll` returned a Batch with 0 values and 1 timestamps; "
        "give one for each value, or one int for all of them",
    ),
    (
        lambda: Returning(Batch([1, 2, 3], [1, 2.5, 3])),  # type: ignore[list-item]
        f"read split 'all': `poll` returned a Batch with the timestamp 2.5; {MICROSECONDS}",
    ),
    (
        lambda: Returning(Batch([1, 2], [1, True])),
        f"read split 'all': `poll` returned a Batch with the timestamp True; {MICROSECONDS}",
    ),
    (
        lambda: Returning(Batch([1], Timestamp(5))),  # type: ignore[arg-type]
        "read split 'all': `poll` returned a Batch with the timestamps Timestamp(5); "
        "give a list of microseconds, or one int for all values",
    ),
    (
        lambda: Returning(Batch([1], [1], watermark=1.5)),  # type: ignore[arg-type]
        f"read split 'all': `poll` returned a Batch with the watermark 1.5; {MICROSECONDS}",
    ),
    (
        lambda: Returning(poll_nowait=1),
        "read split 'all': `poll_nowait` returned 1; return Batch(values), or None if `poll` has to wait",
    ),
    (
        lambda: Returning(poll_nowait=later()),
        "read split 'all': `poll_nowait` returned a coroutine; define it without `async`: def poll_nowait(self, ...)",
    ),
    (lambda: Returning(open=str.upper), f"open split 'all': `open` returned 'ALL'; {A_READER}"),
    (lambda: Returning(open=lambda split: None), f"open split 'all': `open` returned None; {A_READER}"),
    (
        lambda: Returning(open=later),
        "open split 'all': `open` returned a coroutine; define it without `async`: def open(self, ...)",
    ),
    (lambda: Returning(splits=None), f"open its source: `splits` returned None; {NAMES}"),
    (lambda: Returning(splits="abc"), f"open its source: `splits` returned 'abc'; {NAMES}"),
    (lambda: Returning(splits=["a", 1]), f"open its source: `splits` returned ['a', 1]; {NAMES}"),
    (lambda: Returning(new_splits=later), f"look for new splits: `new_splits` returned a coroutine; {A_GENERATOR}"),
    (lambda: Returning(new_splits=list), f"look for new splits: `new_splits` returned a list; {A_GENERATOR}"),
]


@pytest.mark.parametrize(("make", "message"), [pytest.param(*row, id=row[1]) for row in REFUSED])
def test_refused(make: Callable[[], Returning], message: str) -> None:
    p = Pipeline()
    _ = p | Read(make()) | Write(Collected())
    with pytest.raises(SourceError) as error:
        p.run()
    assert str(error.value) == f"step 'Read(Returning)' could not {message}"


@pytest.mark.parametrize(
    "batch", [Batch(["a", "b"], [1, -5]), Batch(["a", "b"], 7), Batch(["a", "b"], watermark=0), Batch([], [])]
)
def test_taken(batch: Batch[Any]) -> None:
    sink = Collected()
    with Pipeline() as p:
        _ = p | Read(Returning(batch)) | Write(sink)
    assert sink.values == batch.values
