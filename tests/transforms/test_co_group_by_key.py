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


@pytest.mark.parametrize("size", [1, 3, 256])
@pytest.mark.parametrize("lateness", [0, 60])
@pytest.mark.parametrize(
    ("windowfn", "arriving", "left", "right"),
    [
        (sc.SlidingWindows(10, 5), [("R", 1), ("L", 6), ("R", 7)], [6], [1, 7]),
        (sc.Sessions(15), [("R", 0), ("L", 20), ("R", 22), ("R", 10)], [20], [0, 22, 10]),
        (sc.Sessions(15), [("R", 20), ("R", 0), ("L", 10), ("R", 21)], [10], [0, 20, 21]),
    ],
)
def test_lists_do_not_depend_on_bundles(
    windowfn: Any, arriving: list[tuple[str, int]], left: list[int], right: list[int], lateness: int, size: int
) -> None:
    found: list[Any] = []
    with sc.Pipeline(options=sc.PipelineOptions(bundle_size=size)) as p:
        bounded = sc.BoundedOutOfOrderness(1000)
        elements = p | sc.Create(arriving) | sc.WithTimestamps(lambda it: it[1], watermark=bounded)
        windowed = elements | sc.WindowInto(windowfn, allowed_lateness=lateness)
        sides = {
            side: windowed | side >> sc.Filter(lambda it, side: it[0] == side, side) | f"{side}/pairs" >> sc.Map(_pair)
            for side in "LR"
        }
        _ = sides | sc.CoGroupByKey() | sc.Map(found.append)
    assert ("k", {"L": left, "R": right}) in found


def _pair(element: tuple[str, int]) -> tuple[str, int]:
    return "k", element[1]


@pytest.mark.parametrize("size", [1, 3, 256])
def test_an_input_in_which_branches_meet_keeps_its_order(size: int) -> None:
    found: list[Any] = []
    with sc.Pipeline(options=sc.PipelineOptions(bundle_size=size)) as p:
        pairs = p | sc.Create([("k", 1), ("k", 2)])
        negative = pairs | sc.MapTuple(lambda key, value: (key, -value))
        _ = ((negative, pairs) | sc.Flatten(), pairs) | sc.CoGroupByKey() | sc.Map(found.append)
    assert found == [("k", ([-1, 1, -2, 2], [1, 2]))]


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
