"""What the methods of sources and readers return, checked, as anybody may write one."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Sequence
from typing import Any, Final

from streamcore.errors import SourceError, shorten
from streamcore.model.source import Batch, Reader
from streamcore.timestamp import MAX_MICROS

# What a method that returned something else should return.
EXPECTED_OF: Final = {
    "poll": "Batch(values), or None at the end of the split",
    "poll_nowait": "Batch(values), or None if `poll` has to wait",
    "drain": "Batch(values), or None if nothing is left",
    "splits": "a list of their names, which are strings",
    "open": "a streamcore.model.source.Reader of the split",
}
GIVE_MICROSECONDS: Final = "give whole microseconds: int(seconds * 1_000_000), or the `micros` of a Timestamp"


def check_batch(got: Any, label: str, split: str, method: str) -> Batch[Any] | None:
    """What a poll of a split brought.

    Args:
        got: What the reader returned.
        label: The step that reads.
        split: The split.
        method: What was called: `poll`, `poll_nowait` or `drain`.

    Raises:
        SourceError: If it is neither a batch that can be used nor None.
    """
    wrong = None if got is None else _find_wrong(got, method)
    if wrong is not None:
        msg = f"step {label!r} could not read split {split!r}: `{method}` returned {wrong}"
        raise SourceError(msg)
    batch: Batch[Any] | None = got
    return batch


def check_reader(got: Any, label: str, split: str) -> Reader[Any]:
    """What a source opened for a split.

    Raises:
        SourceError: If it is no reader.
    """
    if not isinstance(got, Reader):
        msg = f"step {label!r} could not open split {split!r}: `open` returned {_something_else(got, 'open')}"
        raise SourceError(msg)
    return got


def check_splits(got: Any, label: str) -> Sequence[str]:
    """The names that a source gave of its splits.

    Raises:
        SourceError: If they are no names.
    """
    if isinstance(got, str) or not isinstance(got, Sequence) or not all(isinstance(name, str) for name in got):
        msg = f"step {label!r} could not open its source: `splits` returned {_something_else(got, 'splits')}"
        raise SourceError(msg)
    return got


def check_new_splits(got: Any, label: str) -> AsyncIterable[str]:
    """What tells of new splits.

    Raises:
        SourceError: If it is nothing to be waited for.
    """
    if not isinstance(got, AsyncIterable):
        if inspect.iscoroutine(got):
            got.close()
        msg = (
            f"step {label!r} could not look for new splits: `new_splits` returned a {type(got).__name__}; "
            "define it as `async def` with `yield`"
        )
        raise SourceError(msg)
    return got


def _find_wrong(got: Any, method: str) -> str | None:
    """What is wrong with a batch, and what to do; once a poll, so the columns are looked at by C code only."""
    if not isinstance(got, Batch):
        return _something_else(got, method)
    values, stamps, watermark = got.values, got.timestamps, got.watermark
    if not isinstance(values, list):
        return f"a Batch whose values are {shorten(values)}; give a list"
    if isinstance(stamps, list):
        if len(stamps) != len(values):
            counts = f"{len(values)} values and {len(stamps)} timestamps"
            return f"a Batch with {counts}; give one for each value, or one int for all of them"
        if not set(map(type, stamps)) <= {int}:
            first = next(stamp for stamp in stamps if type(stamp) is not int)
            return f"a Batch with the timestamp {shorten(first)}; {GIVE_MICROSECONDS}"
    elif type(stamps) is not int:
        return f"a Batch with the timestamps {shorten(stamps)}; give a list of microseconds, or one int for all values"
    if watermark is not None and type(watermark) is not int:
        return f"a Batch with the watermark {shorten(watermark)}; {GIVE_MICROSECONDS}"
    if watermark is not None and watermark > MAX_MICROS:
        return f"a Batch with the watermark {watermark}, beyond the end of time, {MAX_MICROS}; {GIVE_MICROSECONDS}"
    return None


def _something_else(got: Any, method: str) -> str:
    if inspect.iscoroutine(got):
        got.close()  # nobody will wait for it, and Python would complain
        return f"a coroutine; define it without `async`: def {method}(self, ...)"
    return f"{shorten(got)}; return {EXPECTED_OF[method]}"
