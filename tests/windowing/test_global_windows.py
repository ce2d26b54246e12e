from __future__ import annotations

from streamcore.model.pane import PANE_INFO_UNKNOWN, PaneInfo, PaneInfoTiming
from streamcore.model.window import GlobalWindow
from streamcore.model.windowed_value import WindowedValue
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import END_OF_GLOBAL_WINDOW, MAX_MICROS, MIN_MICROS, MIN_TIMESTAMP
from streamcore.windowing import FixedWindows, GlobalWindows


def test_assigns_one_window_to_all() -> None:
    window_fn = GlobalWindows()
    assert window_fn.assign(WindowFn.AssignContext(5)) == [GlobalWindow()]
    assert window_fn.windows_at(MIN_MICROS) is window_fn.windows_at(MAX_MICROS)
    assert window_fn.span_at(0) == (MIN_MICROS, MAX_MICROS + 1)
    assert not window_fn.is_merging()


def test_is_a_value() -> None:
    assert GlobalWindows() == GlobalWindows()
    assert hash(GlobalWindows()) == hash(GlobalWindows())
    assert GlobalWindows() != FixedWindows(1)
    assert repr(GlobalWindows()) == "GlobalWindows()"


def test_makes_windowed_values() -> None:
    pane = PaneInfo(True, True, PaneInfoTiming.ON_TIME, 0, 0)
    everything = (GlobalWindow(),)
    assert GlobalWindows.windowed_value("a") == WindowedValue("a", MIN_TIMESTAMP, everything, PANE_INFO_UNKNOWN)
    assert GlobalWindows.windowed_value("a", 5, pane) == WindowedValue("a", 5, everything, pane)
    last = GlobalWindows.windowed_value_at_end_of_window("a")
    assert last == WindowedValue("a", END_OF_GLOBAL_WINDOW, everything)
