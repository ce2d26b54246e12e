"""Runs in an event loop of their own."""

from __future__ import annotations

import pytest

from streamcore import Create, Map, Pipeline
from streamcore.errors import PipelineError, UserCodeError


def invert(number: int) -> float:
    return 1 / number


def test_the_result_of_a_run_that_has_failed_tells_so() -> None:
    p = Pipeline()
    _ = p | Create([1, 2, 0]) | "invert" >> Map(invert)
    with pytest.raises(UserCodeError):
        p.run()
    assert p.result.state == p.result.wait_until_finish() == "FAILED"
    assert p.result.metrics["invert"].elements == 3


def test_the_result_of_a_block_whose_run_has_failed_tells_so() -> None:
    with pytest.raises(UserCodeError), Pipeline() as p:
        _ = p | Create([0]) | Map(invert)
    assert p.result.state == "FAILED"


def test_the_result_is_that_of_the_last_run() -> None:
    numbers = [1]
    p = Pipeline()
    _ = p | Create([0]) | Map(lambda _: invert(numbers[0]))
    assert p.run() is p.result
    assert p.result.state == "DONE"
    numbers[0] = 0
    with pytest.raises(UserCodeError):
        p.run()
    assert p.result.state == "FAILED"


async def test_a_run_that_was_refused_has_no_result() -> None:
    p = Pipeline()
    with pytest.raises(PipelineError, match="an event loop is running in this thread"):
        p.run()
    with pytest.raises(PipelineError, match="the pipeline has not run yet"):
        _ = p.result
