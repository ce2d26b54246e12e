"""Mistakes about windows, triggers and watermarks that are refused while the pipeline is built."""

import re

import pytest

from streamcore import PipelineError
from tests.mistakes.trying import build, table

WINDOWING = [
    (
        "a window function class instead of an object",
        "p | Create([1]) | WindowInto(FixedWindows)",
        "WindowInto takes a window function such as FixedWindows(60), got the class FixedWindows; "
        "write FixedWindows(...)",
    ),
    (
        "a number for a window function",
        "p | Create([1]) | WindowInto(60)",
        "WindowInto takes a window function such as FixedWindows(60), got 60",
    ),
    (
        "a trigger class instead of an object",
        "WindowInto(FixedWindows(60), trigger=AfterWatermark)",
        "`trigger` must be a trigger such as AfterCount(10), got the class AfterWatermark; write AfterWatermark(...)",
    ),
    (
        "a trigger without an accumulation mode",
        "WindowInto(FixedWindows(60), trigger=Repeatedly(AfterCount(1)))",
        "trigger Repeatedly(AfterCount(1)) may fire more than once, so say what each pane holds: "
        "accumulation_mode=AccumulationMode.DISCARDING (what is new) or .ACCUMULATING (everything so far)",
    ),
    (
        "a negative lateness",
        "WindowInto(FixedWindows(60), allowed_lateness=-5)",
        "`allowed_lateness` must not be negative, got -5s; use 0 to drop late data",
    ),
    (
        "a lateness that is no number",
        "WindowInto(FixedWindows(60), allowed_lateness='5')",
        "`allowed_lateness` must be seconds, a Duration or a timedelta, got '5'",
    ),
    (
        "an endless lateness",
        "WindowInto(FixedWindows(60), allowed_lateness=float('inf'))",
        "`allowed_lateness` must be seconds, a Duration or a timedelta, got inf",
    ),
    (
        "a bound that is no number",
        "BoundedOutOfOrderness(float('inf'))",
        "`bound` must be seconds, a Duration or a timedelta, got inf",
    ),
    (
        "an idle timeout that is no number",
        "Monotonous(idle_timeout='30')",
        "`idle_timeout` must be seconds, a Duration or a timedelta, got '30'",
    ),
    (
        "an accumulation mode by its name",
        "WindowInto(FixedWindows(60), accumulation_mode='ACCUMULATING')",
        "`accumulation_mode` must be AccumulationMode.DISCARDING or AccumulationMode.ACCUMULATING, got 'ACCUMULATING'",
    ),
    (
        "a timestamp combiner by a number that none has",
        "WindowInto(FixedWindows(60), timestamp_combiner=7)",
        "`timestamp_combiner` must be TimestampCombiner.OUTPUT_AT_EOW, TimestampCombiner.OUTPUT_AT_LATEST, "
        "TimestampCombiner.OUTPUT_AT_EARLIEST or TimestampCombiner.OUTPUT_AT_EARLIEST_TRANSFORMED, got 7",
    ),
    (
        "a closing behavior that is yes or no",
        "WindowInto(FixedWindows(60), closing_behavior=True)",
        "`closing_behavior` must be ClosingBehavior.FIRE_ALWAYS or ClosingBehavior.FIRE_IF_NON_EMPTY, got True",
    ),
    (
        "a closing behavior for an on-time behavior",
        "WindowInto(FixedWindows(60), on_time_behavior=ClosingBehavior.FIRE_ALWAYS)",
        "`on_time_behavior` must be OnTimeBehavior.FIRE_ALWAYS or OnTimeBehavior.FIRE_IF_NON_EMPTY, "
        "got <ClosingBehavior.FIRE_ALWAYS: 1>",
    ),
    (
        "a trigger after which data is lost",
        """
        once = WindowInto(FixedWindows(60), trigger=AfterCount(5), accumulation_mode=AccumulationMode.DISCARDING)
        p | Create([('a', 1)]) | once | GroupByKey()
        """,
        "'GroupByKey': the trigger AfterCount(5) can finish while its window is open, and would drop what comes after; "
        "wrap it in Repeatedly(...), give AfterWatermark a `late` trigger, or pass "
        "PipelineOptions(allow_unsafe_triggers=True)",
    ),
    (
        "an input without end, grouped in the global window",
        "p | Read(Endless()) | GroupByKey()",
        "'GroupByKey' groups an unbounded PCollection in the global window without a trigger, so nothing would ever "
        "come out; apply WindowInto(FixedWindows(60)) before it, or a trigger such as Repeatedly(AfterCount(100))",
    ),
    (
        "a default for windows without elements",
        "p | Create([1]) | WindowInto(FixedWindows(60)) | CombineGlobally(sum)",
        "'CombineGlobally(sum)' cannot give a default for windows without elements under FixedWindows(60.0); "
        "add .without_defaults() to get a result only where there are elements",
    ),
    (
        "different windows in one Flatten",
        """
        a = p | 'a' >> Create([1]) | 'minutes' >> WindowInto(FixedWindows(60))
        b = p | 'b' >> Create([2])
        (a, b) | Flatten()
        """,
        "'Flatten' unites PCollections of different windowing: PCollection[minutes] has window function "
        "FixedWindows(60.0), PCollection[b] has window function GlobalWindows(); "
        "apply the same WindowInto(...) to all of them before it",
    ),
    (
        "different triggers in one Flatten",
        """
        windows = FixedWindows(60)
        a = p | 'a' >> Create([1]) | 'plain' >> WindowInto(windows)
        b = p | 'b' >> Create([2]) | 'updated' >> WindowInto(
            windows, Repeatedly(AfterCount(1)), AccumulationMode.ACCUMULATING, allowed_lateness=3600
        )
        (a, b) | Flatten() | Map(str) | CombineGlobally(len).without_defaults()
        """,
        "'CombineGlobally(len)' aggregates a union of PCollections of different windowing: "
        "PCollection[plain] has trigger DefaultTrigger() and "
        "accumulation mode DISCARDING and allowed lateness 0.0s, PCollection[updated] has trigger "
        "Repeatedly(AfterCount(1)) and accumulation mode ACCUMULATING and allowed lateness 3600.0s; "
        "apply the same WindowInto(...) to all of them before it",
    ),
    (
        "a different lateness in one CoGroupByKey",
        """
        a = p | 'a' >> Create([('k', 1)]) | 'strict' >> WindowInto(FixedWindows(60))
        b = p | 'b' >> Create([('k', 2)]) | 'patient' >> WindowInto(FixedWindows(60), allowed_lateness=5)
        {'a': a, 'b': b} | CoGroupByKey()
        """,
        "'CoGroupByKey' joins PCollections of different windowing: PCollection[strict] has allowed lateness 0.0s, "
        "PCollection[patient] has allowed lateness 5.0s; apply the same WindowInto(...) to all of them before it",
    ),
]


@pytest.mark.parametrize(("code", "message"), table(WINDOWING))
def test_windowing_that_is_refused_while_the_pipeline_is_built(code: str, message: str) -> None:
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        build(code)


def test_a_union_of_different_triggers_is_none_where_nothing_is_aggregated() -> None:
    build(
        """
        trigger = AfterWatermark(early=AfterCount(2), late=AfterCount(1))
        windows = WindowInto(FixedWindows(60), trigger, AccumulationMode.DISCARDING, allowed_lateness=9)
        panes = p | Create([('k', 1)]) | windows | CombinePerKey(sum).with_late_output()
        both = (panes.main, panes.late) | 'both' >> Flatten() | Map(str)
        both | 'again' >> WindowInto(FixedWindows(60)) | CombineGlobally(len).without_defaults()
        """
    )
