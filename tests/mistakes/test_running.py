"""Mistakes that show only when the pipeline runs."""

import asyncio
import re

import pytest

from streamcore import PipelineError, UserCodeError
from tests.mistakes.trying import build, table

RUNNING = [
    (
        "no pairs for GroupByKey",
        "p | Create([1]) | GroupByKey()",
        "step 'GroupByKey' failed on element 1 in window GlobalWindow: the step needs pairs (key, value); "
        "make them with Map(lambda x: (key, value)) or WithKeys",
    ),
    (
        "triples for CombinePerKey",
        "p | Create([('a', 1, 2)]) | CombinePerKey(sum)",
        "step 'CombinePerKey(sum)' failed on element ('a', 1, 2) in window GlobalWindow: "
        "the step needs pairs (key, value); make them with Map(lambda x: (key, value)) or WithKeys",
    ),
    (
        "a key that cannot be hashed",
        "p | Create([(['a'], 1)]) | CombinePerKey(sum)",
        "step 'CombinePerKey(sum)' failed on element (['a'], 1) in window GlobalWindow: unhashable type: 'list'; "
        "a key must be hashable, such as a str, a number or a tuple of these",
    ),
    (
        "a key whose hash fails",
        """
        class Name(str):
            def __hash__(self):
                raise ValueError('no name')
        p | Create([(Name('ann'), 1)]) | CombinePerKey(sum)
        """,
        "step 'CombinePerKey(sum)' failed on element ('ann', 1) in window GlobalWindow: "
        "the key's __hash__ raised ValueError: no name; "
        "a key must be hashable, such as a str, a number or a tuple of these",
    ),
    (
        "values that cannot be added up",
        "p | Create([('a', 'x')]) | CombinePerKey(sum)",
        "step 'CombinePerKey(sum)' failed on element ('a', 'x') in window GlobalWindow: TypeError: "
        "unsupported operand type(s) for +: 'int' and 'str'; "
        "handle it in the step's function, or filter such elements out before it",
    ),
    (
        "a str from FlatMap",
        "p | Create(['ab']) | FlatMap(str.upper)",
        "step 'FlatMap(upper)' failed on element 'ab' in window GlobalWindow: the function returned a str, "
        "whose parts would become outputs one by one; return [value], or use Map",
    ),
    (
        "a single value from FlatMap",
        "p | Create([1]) | FlatMap(abs)",
        "step 'FlatMap(abs)' failed on element 1 in window GlobalWindow: the function returned int, "
        "not an iterable of outputs; return [value], or use Map",
    ),
    (
        "an error in a function",
        "p | Create([0]) | 'invert' >> Map(lambda x: 1 / x)",
        "step 'invert' failed on element 0 in window GlobalWindow: ZeroDivisionError: division by zero; "
        "handle it in the step's function, or filter such elements out before it",
    ),
    (
        "the key of what is no pair",
        "p | Create([('a', 1), 5]) | Map(lambda x, key=DoFn.KeyParam: key)",
        "step 'Map(<lambda at <string>:1>)' failed on element 5 in window GlobalWindow: "
        "DoFn.KeyParam needs elements that are pairs (key, value); make them with Map(lambda x: (key, value)) or "
        "WithKeys",
    ),
    (
        "the key of what is no pair, filled in by name",
        "p | Create([('a', 1), 5]) | 'keys' >> Map(lambda x, n, key=DoFn.KeyParam: key, n=1)",
        "step 'keys' failed on element 5 in window GlobalWindow: "
        "DoFn.KeyParam needs elements that are pairs (key, value); make them with Map(lambda x: (key, value)) or "
        "WithKeys",
    ),
    (
        "the date of an element without event time",
        """
        windowed = p | Create([1]) | WindowInto(FixedWindows(60))
        windowed | 'date' >> Map(lambda n, window=DoFn.WindowParam: window.start.to_rfc3339())
        """,
        "step 'date' failed on element 1 in window [-9223372036860.0, -9223372036800.0): OverflowError: "
        "Timestamp(-9223372036860) lies outside the calendar, which has the years 1 to 9999; "
        "an element without an event time has the minimum timestamp, give it a time by WithTimestamps(fn); "
        "handle it in the step's function, or filter such elements out before it",
    ),
    (
        "no timestamp",
        "p | Create([{'at': None}]) | WithTimestamps(lambda event: event['at'])",
        "step 'WithTimestamps' failed on element {'at': None} in window GlobalWindow: "
        "the timestamp function returned None; return a number or a Timestamp",
    ),
    (
        "a window function that fails",
        "p | Create([{'at': 1}]) | WindowInto(Assigned(lambda event: event['until']))",
        "step 'WindowInto' failed in Assigned.assign on element {'at': 1} in window GlobalWindow: KeyError: 'until'; "
        "handle it in Assigned.assign, or filter such elements out before it",
    ),
    (
        "a window function that fails on an output with a time of its own",
        """
        windowed = p | Create([1]) | WindowInto(Assigned(lambda n: [IntervalWindow(0, 6 // n)]))
        windowed | 'reset' >> Map(lambda n: TimestampedValue(0, 5))
        """,
        "step 'reset' failed in Assigned.assign on element TimestampedValue(0, Timestamp(5)) in window [0.0, 6.0): "
        "ZeroDivisionError: integer division or modulo by zero; "
        "handle it in Assigned.assign, or filter such elements out before it",
    ),
    (
        "a window function that returns nothing",
        "p | Create([1]) | WindowInto(Assigned(lambda n: None))",
        "step 'WindowInto' failed in Assigned.assign on element 1 in window GlobalWindow: "
        "the window function returned None; return a list of windows, such as [IntervalWindow(0, 60)]",
    ),
    (
        "a window function that returns a window",
        "p | Create([1]) | 'stamp' >> WithTimestamps(lambda n: n) | WindowInto(Assigned(lambda n: GlobalWindow()))",
        "step 'WindowInto' failed in Assigned.assign on element 1 in window GlobalWindow: "
        "the window function returned GlobalWindow; return a list of windows, such as [IntervalWindow(0, 60)]",
    ),
    (
        "a window function that returns a pair of times",
        "p | Create([1]) | WindowInto(Assigned(lambda n: (0, 60)))",
        "step 'WindowInto' failed in Assigned.assign on element 1 in window GlobalWindow: "
        "the window function returned (0, 60); return a list of windows, such as [IntervalWindow(0, 60)]",
    ),
    (
        "a value for an output that does not exist",
        "p | Create([1]) | 'sort' >> Map(lambda x: TaggedOutput('odd', x)).with_outputs('even')",
        "step 'sort' put out a value tagged 'odd', an output it does not have; name it in with_outputs('odd')",
    ),
    (
        "a part that does not exist",
        "p | Create([5]) | Partition(lambda x, n: x, 2)",
        "step 'Partition/Choose' failed on element 5 in window GlobalWindow: "
        "the function returned 5, which is not one of 2 parts; return 0 to 1",
    ),
]


@pytest.mark.parametrize(("code", "message"), table(RUNNING))
def test_told_when_the_pipeline_runs(code: str, message: str) -> None:
    p = build(code)
    with pytest.raises((UserCodeError, PipelineError), match=f"^{re.escape(message)}$"):
        p.run()


def test_run_in_a_running_event_loop() -> None:
    async def service() -> None:
        build("p | Create([1])").run()

    message = (
        "an event loop is running in this thread; use `async with Pipeline() as p:` or `await pipeline.run_async()`"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        asyncio.run(service())
