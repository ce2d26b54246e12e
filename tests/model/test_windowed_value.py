from __future__ import annotations

import pytest

from streamcore.model.pane import PANE_INFO_UNKNOWN, PaneInfo, PaneInfoTiming
from streamcore.model.window import GlobalWindow, IntervalWindow
from streamcore.model.windowed_value import TaggedOutput, TimestampedValue, WindowedValue
from streamcore.timestamp import Timestamp


def test_timestamped_values() -> None:
    assert TimestampedValue("a", 2) == TimestampedValue("a", 2.0)
    assert hash(TimestampedValue("a", 2)) == hash(TimestampedValue("a", 2.0))
    assert TimestampedValue("a", 2) != TimestampedValue("a", 2.1)
    assert TimestampedValue("a", 2) != TimestampedValue("b", 2)
    assert TimestampedValue("a", 2) != "a"
    assert TimestampedValue("a", 2).timestamp == Timestamp(2)
    assert repr(TimestampedValue("a", 2.5)) == "TimestampedValue('a', Timestamp(2.500000))"


def test_timestamped_values_are_in_the_order_of_their_values() -> None:
    ordered = [TimestampedValue("a", 9), TimestampedValue("b", 1), TimestampedValue("b", 2)]
    assert sorted([ordered[2], *ordered[:2]]) == ordered
    assert ordered[0] <= ordered[1] < ordered[2]
    with pytest.raises(TypeError):
        TimestampedValue("a", 2) < "b"  # type: ignore[operator]  # noqa: B015


def test_windowed_values() -> None:
    windows = (IntervalWindow(0, 10), IntervalWindow(5, 15))
    pane = PaneInfo(True, False, PaneInfoTiming.EARLY, 0, -1)
    value = WindowedValue("a", 7, windows, pane)
    assert value == WindowedValue("a", Timestamp(7), windows, pane)
    assert hash(value) == hash(WindowedValue("a", 7, windows, pane))
    assert value.with_value("b") == WindowedValue("b", 7, windows, pane)
    for other in (
        WindowedValue("b", 7, windows, pane),
        WindowedValue("a", 8, windows, pane),
        WindowedValue("a", 7, windows[:1], pane),
        WindowedValue("a", 7, windows),
        "a",
    ):
        assert value != other
    # Beam's users give lists.
    assert WindowedValue("a", 7, [GlobalWindow()]).windows == (GlobalWindow(),)  # type: ignore[arg-type]
    assert WindowedValue("a", 7, windows).pane_info is PANE_INFO_UNKNOWN
    assert repr(WindowedValue("a", 7, windows[:1])) == (
        f"WindowedValue('a', Timestamp(7), ([0.0, 10.0),), {PANE_INFO_UNKNOWN!r})"
    )


def test_tagged_outputs() -> None:
    output = TaggedOutput("odd", 3)
    assert (output.tag, output.value) == ("odd", 3)
    assert repr(output) == "TaggedOutput('odd', 3)"
    with pytest.raises(TypeError) as caught:
        TaggedOutput(3, "odd")  # type: ignore[arg-type]
    assert str(caught.value) == "the tag of a TaggedOutput must be a str, got 3; write TaggedOutput('tag', value)"
