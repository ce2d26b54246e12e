"""A test of what a pipeline does with late data, written down event by event.

    python -m examples.late_data

A `TestStream` says what arrives, and how far the watermark has come in between; so a day of disorder takes a
millisecond and ends the same way every time. Its clock is virtual: nothing waits.
"""

from __future__ import annotations

from typing import Any

from streamcore import (
    AccumulationMode,
    AfterCount,
    AfterWatermark,
    CombinePerKey,
    DoFn,
    FixedWindows,
    IntervalWindow,
    Map,
    PaneInfo,
    PCollection,
    Pipeline,
    TimestampedValue,
    WindowInto,
)
from streamcore.testing import TestStream


def totals(sales: PCollection[tuple[str, int]]) -> tuple[PCollection[Any], PCollection[Any]]:
    """The pipeline under test: sales per shop and minute, corrected for two minutes more; and what came after that."""
    main, late = (
        sales
        | WindowInto(
            FixedWindows(60),
            trigger=AfterWatermark(late=AfterCount(1)),
            accumulation_mode=AccumulationMode.ACCUMULATING,
            allowed_lateness=120,
        )
        | CombinePerKey(sum).with_late_output()
    )
    return main | "show panes" >> Map(show_pane), late | "show late" >> Map(show_late)


def show_pane(
    element: tuple[str, int], window: Any = DoFn.WindowParam, pane: PaneInfo = DoFn.PaneInfoParam
) -> tuple[str, int, str, int]:
    """Shop, beginning of the minute, timing and total."""
    assert isinstance(window, IntervalWindow)
    shop, total = element
    return shop, int(window.start), pane.timing.name, total


def show_late(element: tuple[str, int], timestamp: Any = DoFn.TimestampParam) -> tuple[str, int, str, int]:
    """The same for a sale that came too late, with its own time."""
    shop, amount = element
    return shop, int(timestamp), "TOO LATE", amount


def disorder() -> TestStream:
    """Three sales of one minute: one in time, one two minutes late, one too late."""
    return (
        TestStream()
        .advance_watermark_to(0)
        .add_elements([TimestampedValue(("north", 10), 20)])
        .advance_watermark_to(60)  # the minute is complete
        .add_elements([TimestampedValue(("north", 5), 40)])
        .advance_watermark_to(180)  # and closed
        .add_elements([TimestampedValue(("north", 1), 50)])
        .advance_watermark_to_infinity()
    )


def main() -> None:
    """Prints what comes out."""
    with Pipeline() as pipeline:
        panes, late = totals(pipeline | disorder())
        panes | "print panes" >> Map(print)
        late | "print late" >> Map(print)


if __name__ == "__main__":
    main()
