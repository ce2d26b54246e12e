"""Small transforms that reshape elements: keys, distinct elements, text, reified timestamps, side branches."""

import logging
import re
from typing import Any

import pytest

import streamcore as sc
from streamcore.errors import PipelineError, TransformTypeError
from streamcore.testing import TestPipeline, assert_that, equal_to

PAIRS = [("a", 1), ("b", 2)]
SHAPES = [
    (sc.Keys(), PAIRS, ["a", "b"]),
    (sc.Values(), PAIRS, [1, 2]),
    (sc.KvSwap(), PAIRS, [(1, "a"), (2, "b")]),
    (sc.WithKeys("k"), [1, 2], [("k", 1), ("k", 2)]),
    (sc.WithKeys(None), [1], [(None, 1)]),
    (sc.WithKeys(abs), [-1], [(1, -1)]),
    (sc.WithKeys(lambda x, n, up: x * n + up, 10, up=1), [2], [(21, 2)]),
    (sc.Distinct(), ["a", "b", "a"], ["a", "b"]),
    (sc.Reshuffle(), [1, 2], [1, 2]),
    (sc.Reshuffle(3), [1, 2], [1, 2]),
    (sc.ToString.Element(), [1, None], ["1", "None"]),
    (sc.ToString.Iterables(), [(1, 2), [3]], ["1,2", "3"]),
    (sc.ToString.Iterables("-"), [(1, 2)], ["1-2"]),
    (sc.ToString.Kvs(": "), PAIRS, ["a: 1", "b: 2"]),
    (sc.FlattenWith(sc.Create([3])), [1], [1, 3]),
]


@pytest.mark.parametrize(("transform", "elements", "expected"), SHAPES)
def test_shapes(transform: Any, elements: list[Any], expected: list[Any]) -> None:
    with TestPipeline() as p:
        assert_that(p | "input" >> sc.Create(elements) | transform, equal_to(expected))


@pytest.mark.parametrize(
    ("transform", "label"),
    [
        (sc.Keys(), "Keys"),
        (sc.Keys("mine"), "mine"),
        (sc.Values(), "Values"),
        (sc.KvSwap(), "KvSwap"),
        (sc.WithKeys(len), "WithKeys(len)"),
        (sc.WithKeys("k"), "WithKeys('k')"),
        (sc.Reify.Timestamp(), "Reify.Timestamp"),
        (sc.Reify.Window(), "Reify.Window"),
        (sc.Reify.TimestampInValue(), "Reify.TimestampInValue"),
        (sc.Reify.WindowInValue(), "Reify.WindowInValue"),
    ],
)
def test_labels(transform: sc.PTransform[Any, Any], label: str) -> None:
    assert transform.default_label() == label


def windowed(p: sc.Pipeline) -> sc.PCollection[tuple[str, int]]:
    stamped = p | sc.Create([("a", 7)]) | sc.WithTimestamps(lambda pair: pair[1])
    return stamped | sc.WindowInto(sc.FixedWindows(10))


WINDOW = sc.IntervalWindow(0, 10)


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (sc.Reify.Timestamp(), ("a", 7)),
        (sc.Reify.Window(), (("a", 7), sc.Timestamp(7), WINDOW)),
        (sc.Reify.TimestampInValue(), ("a", sc.TimestampedValue(7, 7))),
        (sc.Reify.WindowInValue(), ("a", (7, sc.Timestamp(7), WINDOW))),
    ],
)
def test_reify(transform: Any, expected: Any) -> None:
    with TestPipeline() as p:
        assert_that(windowed(p) | transform, equal_to([expected]))


def test_distinct_elements_are_those_of_a_window() -> None:
    with TestPipeline() as p:
        stamped = p | sc.Create([("a", 1), ("a", 2), ("a", 11)]) | sc.WithTimestamps(lambda pair: pair[1])
        letters = stamped | sc.WindowInto(sc.FixedWindows(10)) | sc.Keys()
        assert_that(letters | sc.Distinct(), equal_to(["a", "a"]))


def test_flatten_of_nothing_needs_the_pipeline() -> None:
    with TestPipeline() as p:
        assert_that(() | sc.Flatten(pipeline=p), equal_to([]))


def test_flatten_with_pcollections() -> None:
    with TestPipeline() as p:
        other = p | "other" >> sc.Create([2])
        assert_that(p | sc.Create([1]) | sc.FlattenWith(other, "root" >> sc.Create([3])), equal_to([1, 2, 3]))


def test_flatten_with_something_else_is_refused() -> None:
    bad: Any = [1, 2]
    message = "FlattenWith takes PCollections and root transforms such as Create([...]), got [1, 2]"
    with pytest.raises(TransformTypeError, match=f"^{re.escape(message)}$"):
        sc.FlattenWith(bad)


@pytest.mark.parametrize("num_buckets", [0, -1, "three", 2.5, True])
def test_buckets_must_be_a_positive_int(num_buckets: Any) -> None:
    message = f"`num_buckets` of Reshuffle must be a positive int, got {num_buckets!r}; leave it out for any number"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        sc.Reshuffle(num_buckets)


def test_tee_passes_on_its_input_and_feeds_its_consumers() -> None:
    seen: list[str] = []

    def note(pcoll: sc.PCollection[int]) -> Any:
        return pcoll | sc.Map(lambda x: seen.append(f"function {x}"))

    with TestPipeline() as p:
        transform = "other" >> sc.Map(lambda x: seen.append(f"transform {x}"))
        assert_that(p | sc.Create([1]) | sc.Tee(transform, note), equal_to([1]))
    assert sorted(seen) == ["function 1", "transform 1"]


def test_logged_elements_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with TestPipeline() as p:
        shown = windowed(p) | sc.LogElements(prefix="> ", with_timestamp=True, with_window=True)
        shown | sc.LogElements("second", with_timestamp=True, use_epoch_time=True)
    first = "> ('a', 7), timestamp='1970-01-01T00:00:07Z', "
    first += "window(start=1970-01-01T00:00:00Z, end=1970-01-01T00:00:10Z)"
    assert capsys.readouterr().out.splitlines() == [first, "('a', 7), timestamp=7"]


def test_logged_elements_show_their_pane(capsys: pytest.CaptureFixture[str]) -> None:
    with TestPipeline() as p:
        windowed(p) | sc.LogElements(with_pane_info=True)
    assert capsys.readouterr().out.startswith("('a', 7), pane_info=PaneInfo(first: True, last: True, timing: UNKNOWN,")


def test_logged_elements_go_to_the_log_at_a_level(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="streamcore"), TestPipeline() as p:
        assert_that(p | sc.Create(["a"]) | sc.LogElements(level=logging.INFO), equal_to(["a"]))
    assert caplog.messages == ["a"]
