from __future__ import annotations

import asyncio
import pickle
import unittest
from base64 import b64decode
from typing import Any

import pytest

from streamcore import Create, Read
from streamcore.model.options import PipelineOptions
from streamcore.model.source import Batch, Reader, Source
from streamcore.testing import BeamAssertException, TestPipeline, assert_that, equal_to

ARGV = ["--test-pipeline-options", "--job=mockJob --male --age=1", "--something-else"]


class Endless(Source[int]):
    def open(self, split: str, position: Any) -> Reader[int]:
        return EndlessReader()


class EndlessReader(Reader[int]):
    async def poll(self, limit: int) -> Batch[int] | None:
        await asyncio.Event().wait()
        return None


def test_runs_at_the_end_of_the_block():
    with pytest.raises(BeamAssertException), TestPipeline() as p:
        assert_that(p | Create([1]), equal_to([2]))


def test_options_come_from_the_flags_of_the_test_run():
    p = TestPipeline(argv=ARGV, additional_pipeline_args=["--streaming"])
    assert p.get_full_options_as_args() == ["--job=mockJob", "--male", "--age=1", "--streaming"]
    assert p.get_pipeline_options().streaming
    assert p.get_option("job") == "mockJob"
    assert p.get_option("--job") == "mockJob"
    assert p.get_option("jo") is None
    assert p.get_option("male", bool_option=True) is True
    assert p.get_option("female", bool_option=True) is False


def test_options_come_from_a_conftest(monkeypatch):
    monkeypatch.setattr(TestPipeline, "pytest_test_pipeline_options", "--allow_unsafe_triggers")
    assert TestPipeline(argv=[]).options.allow_unsafe_triggers


def test_given_options_go_first():
    options = PipelineOptions(streaming=True)
    assert TestPipeline(options=options, argv=ARGV).options is options


def test_more_flags():
    p = TestPipeline(argv=[])
    assert p.get_full_options_as_args(name="Mark", student=True, teacher=False) == ["--name=Mark", "--student"]
    (flag,) = p.get_full_options_as_args(on_success_matcher={"a": 1})
    name, value = flag.split("=", 1)
    assert name == "--on_success_matcher"
    assert pickle.loads(b64decode(value)) == {"a": 1}


def test_an_integration_test_is_skipped_without_options():
    with pytest.raises(unittest.SkipTest) as caught:
        TestPipeline(argv=[], is_integration_test=True)
    assert str(caught.value) == "this is an integration test, and `--test-pipeline-options` is not given"
    assert TestPipeline(argv=ARGV, is_integration_test=True).is_integration_test


def test_a_time_limit():
    p = TestPipeline(timeout=10)
    _ = p | Read(Endless())
    with pytest.raises(AssertionError) as caught:
        p.run()
    assert str(caught.value) == ("the pipeline did not end within 10 ms; give a longer `timeout`, or end its sources")


def test_a_run_within_its_time_limit():
    with TestPipeline(timeout=60_000) as p:
        assert_that(p | Create([1]), equal_to([1]))
    assert p.run().state == "DONE"


def test_a_timeout_of_the_pipeline_itself_is_told_as_it_is():
    def match(_: object) -> None:
        raise BeamAssertException from TimeoutError("mine")

    with pytest.raises(BeamAssertException), TestPipeline(timeout=60_000) as p:
        assert_that(p | Create([1]), match)
