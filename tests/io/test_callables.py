from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from streamcore import Create, Pipeline
from streamcore.errors import PipelineError, SinkError
from streamcore.io import WriteToCallable


def write(values: list[Any], transform: WriteToCallable) -> None:
    with Pipeline() as p:
        _ = p | Create(values) | transform


def test_a_function_is_called_for_each_element() -> None:
    found: list[int] = []
    write([1, 2, 3], WriteToCallable(found.append))
    assert found == [1, 2, 3]


def test_an_async_function_is_awaited_before_the_next_call() -> None:
    events: list[str] = []

    async def take(value: int) -> None:
        events.append(f"{value} begins")
        await asyncio.sleep(0)
        events.append(f"{value} ends")

    write([1, 2], WriteToCallable(take))
    assert events == ["1 begins", "1 ends", "2 begins", "2 ends"]
    events.clear()
    write([3], WriteToCallable(functools.partial(take)))
    assert events == ["3 begins", "3 ends"]


def test_batches() -> None:
    found: list[list[int]] = []
    write([1, 2, 3], WriteToCallable(found.append, batch=True))
    assert found == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (False, "refuse failed on element 2: ValueError: two"),
        (True, "refuse failed on elements [1, 2]: ValueError: two"),
    ],
)
def test_a_function_that_raises_stops_the_pipeline(batch: bool, message: str) -> None:
    def refuse(value: Any) -> None:
        if value in (2, [1, 2]):
            msg = "two"
            raise ValueError(msg)

    with pytest.raises(SinkError, match=f"(?m)^{re.escape(message)}$"):
        write([1, 2], WriteToCallable(refuse, batch=batch))


def test_labels_and_refusals() -> None:
    assert WriteToCallable(print).default_label() == "WriteToCallable(print)"
    with pytest.raises(PipelineError, match=r"^WriteToCallable takes a function of one element, got 3$"):
        WriteToCallable(3)  # type: ignore[arg-type]


def printing(element: int) -> Iterator[None]:
    yield print(element)


def test_a_generator_function_would_do_nothing() -> None:
    with pytest.raises(PipelineError, match=r"^WriteToCallable got the generator function printing"):
        WriteToCallable(printing)
