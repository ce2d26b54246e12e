"""CoGroupByKey: joins."""

import re
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import streamcore as sc
from streamcore.errors import PipelineError
from streamcore.testing import TestPipeline, assert_that, equal_to
from streamcore.transforms.co_group_by_key import SideBySide


def inputs(p: sc.Pipeline) -> tuple[sc.PCollection[tuple[str, int]], sc.PCollection[tuple[str, int]]]:
    return p | "a" >> sc.Create([("k", 1), ("k", 2), ("j", 3)]), p | "b" >> sc.Create([("k", 4), ("i", 5)])


def test_a_dict_gives_a_dict() -> None:
    with TestPipeline() as p:
        a, b = inputs(p)
        expected = [
            ("k", {"a": [1, 2], "b": [4]}),
            ("j", {"a": [3], "b": []}),
            ("i", {"a": [], "b": [5]}),
        ]
        assert_that({"a": a, "b": b} | sc.CoGroupByKey(), equal_to(expected))


@pytest.mark.parametrize("several", [tuple, list, iter])
def test_a_sequence_gives_a_tuple(several: Any) -> None:
    with TestPipeline() as p:
        joined = several(inputs(p)) | sc.CoGroupByKey()
        assert_that(joined, equal_to([("k", ([1, 2], [4])), ("j", ([3], [])), ("i", ([], [5]))]))


def test_a_pcollection_can_be_joined_with_itself() -> None:
    with TestPipeline() as p:
        a, _ = inputs(p)
        assert_that((a, a) | sc.CoGroupByKey(), equal_to([("k", ([1, 2], [1, 2])), ("j", ([3], [3]))]))


def test_tags_may_be_anything() -> None:
    with TestPipeline() as p:
        a, b = inputs(p)
        joined = {0: a, ("b", 1): b} | sc.CoGroupByKey() | sc.Filter(lambda pair: pair[0] == "k")
        assert_that(joined, equal_to([("k", {0: [1, 2], ("b", 1): [4]})]))


def test_nothing_can_be_joined_if_the_pipeline_is_given() -> None:
    with TestPipeline() as p:
        assert_that(() | sc.CoGroupByKey(pipeline=p), equal_to([]))


def test_a_single_pcollection_is_refused() -> None:
    p = TestPipeline()
    a, _ = inputs(p)
    message = "'CoGroupByKey' joins several PCollections; write {'a': a, 'b': b} | CoGroupByKey()"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        a | sc.CoGroupByKey()


@settings(max_examples=30)
@given(st.lists(st.lists(st.tuples(st.integers(0, 1), st.integers())), min_size=1, max_size=4))
def test_parts_can_be_merged(parts: list[list[tuple[int, int]]]) -> None:
    fn = SideBySide(2, None)
    accumulators = [fn.add_inputs(fn.create_accumulator(), part) for part in parts]
    before = [fn.extract_output(accumulator) for accumulator in accumulators]
    merged = fn.extract_output(fn.merge_accumulators(accumulators))
    assert merged == fn.apply([pair for part in parts for pair in part])
    assert [fn.extract_output(accumulator) for accumulator in accumulators] == before
