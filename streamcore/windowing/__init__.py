"""Window kinds: one a file."""

from __future__ import annotations

from streamcore.windowing.calendar import CalendarWindows as CalendarWindows
from streamcore.windowing.fixed import FixedWindows as FixedWindows
from streamcore.windowing.global_windows import GlobalWindows as GlobalWindows
from streamcore.windowing.merging import MergingWindowSet as MergingWindowSet
from streamcore.windowing.sessions import Sessions as Sessions
from streamcore.windowing.sliding import SlidingWindows as SlidingWindows
