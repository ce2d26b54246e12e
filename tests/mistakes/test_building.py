"""Mistakes that are refused while the pipeline is built."""

import re

import pytest

from streamcore import PipelineError
from tests.mistakes.trying import build, table

BUILDING = [
    (
        "the same label twice",
        """
        p | Create([1])
        p | Create([2])
        """,
        "a step labelled 'Create' exists already; give this one another label: 'another' >> Create(...)",
    ),
    (
        "the same function twice",
        """
        p | Create([1]) | Map(abs)
        p | 'more' >> Create([2]) | Map(abs)
        """,
        "a step labelled 'Map(abs)' exists already; give this one another label: 'another' >> Map(...)",
    ),
    (
        "the same label of one's own twice",
        """
        p | 'my own' >> Create([1])
        p | 'my own' >> Create([2])
        """,
        "a step labelled 'my own' exists already; give this one another label: 'another' >> Create(...)",
    ),
    (
        "several outputs of the same DoFn twice",
        """
        p | Create(['to be']) | ParDo(Words()).with_outputs('short')
        p | 'more' >> Create(['or not']) | ParDo(Words()).with_outputs('short')
        """,
        "a step labelled 'ParDo(Words)' exists already; give this one another label: 'another' >> ParDo(...)",
    ),
    (
        "steps with a label that is no name twice",
        """
        class Step(PTransform):
            def default_label(self):
                return self.label or 'my step'

            def expand(self, pcoll):
                return pcoll

        p | Create([1]) | Step() | Step()
        """,
        "a step labelled 'my step' exists already; give this one another label: 'another' >> Step(...)",
    ),
    (
        "a label that is not a str",
        "p | 3 >> Create([1])",
        "a label must be a str, got 3; write 'label' >> Create(...)",
    ),
    (
        "a label set with |",
        "p | 'read' | Create([1])",
        "expected a transform after `|`, got 'read'; a label is set with >>: 'read' >> Map(...)",
    ),
    (
        "a transform without its parentheses",
        "p | Create([('a', 1)]) | GroupByKey",
        "expected a transform after `|`, got the class GroupByKey; write GroupByKey(...)",
    ),
    (
        "a function in the place of a transform",
        "p | Create([1]) | print",
        "expected a transform after `|`, got <built-in function print>; write Map(print)",
    ),
    (
        "a PCollection in the place of a transform",
        "(p | 'a' >> Create([1])) | (p | 'b' >> Create([2]))",
        "expected a transform after `|`, got PCollection[b]; unite PCollections with (a, b) | Flatten()",
    ),
    (
        "something else in the place of a transform",
        "p | Create([1]) | 3",
        "expected a transform after `|`, got 3",
    ),
    (
        "a family of transforms in the place of one of them",
        "p | Create([1]) | Mean()",
        "Mean is no transform itself; write Mean.Globally(...) or Mean.PerKey(...)",
    ),
    (
        "a DoFn class instead of an object",
        "p | Create(['to be']) | ParDo(Words)",
        "ParDo takes a DoFn object, got the class Words; write ParDo(Words())",
    ),
    (
        "a DoFn for Map",
        "p | Create(['to be']) | Map(Words())",
        "Map takes a function, got the DoFn Words(...); write ParDo(Words(...))",
    ),
    (
        "a DoFn that does nothing",
        "ParDo(DoFn())",
        "DoFn has no `process`; define process(self, element) that returns an iterable",
    ),
    (
        "a tag that is not a str",
        "p | Create([1]) | FlatMap(lambda x: [x]).with_outputs(1, main='main')",
        "the tag of an output must be a str, got 1; write with_outputs('tag', main='main')",
    ),
    (
        "a main tag that is not a str",
        "p | Create([1]) | FlatMap(lambda x: [x]).with_outputs('a', main=3)",
        "the tag of an output must be a str, got 3; write with_outputs('tag', main='main')",
    ),
    (
        "something else for ParDo",
        "ParDo(3)",
        "ParDo takes a DoFn object or a function, got 3; write ParDo(MyDoFn()) or ParDo(function)",
    ),
    (
        "an async function for ParDo",
        "async def fetch(element): ...\nParDo(fetch)",
        "ParDo takes a plain function, got the async function fetch, whose results would be coroutines; "
        "write WriteToCallable(fn) where results are not needed, or await in the source",
    ),
    (
        "a function that is called instead of named",
        "p | Create([1]) | Map(print('x'))",
        "Map takes a function of one element, got None; write Map(function), without calling the function",
    ),
    (
        "nothing to unite",
        "() | Flatten()",
        "'Flatten' has nothing to unite; where there may be none, write Flatten(pipeline=p)",
    ),
    (
        "an async function",
        "async def fetch(element): ...\np | Create([1]) | Map(fetch)",
        "Map takes a plain function, got the async function fetch, whose results would be coroutines; "
        "write WriteToCallable(fn) where results are not needed, or await in the source",
    ),
    (
        "an object that is called asynchronously",
        """
        class Valid:
            async def __call__(self, element): ...
        p | Create([1]) | Filter(Valid())
        """,
        "Filter takes a plain function, got the async function Valid, whose results would be coroutines; "
        "write WriteToCallable(fn) where results are not needed, or await in the source",
    ),
    (
        "no function",
        "p | Create([1]) | Filter(3)",
        "Filter takes a function of one element, got 3; write Filter(function)",
    ),
    (
        "a function with too many parameters",
        "p | Create([1]) | Map(lambda x, y: x + y)",
        "<lambda>(x, y) cannot be called as <lambda>(element): missing a required argument: 'y'; "
        "it needs a parameter for the element, and arguments for the others: Map(function, argument)",
    ),
    (
        "a function with too few parameters",
        "p | Create([1]) | Map(lambda x: x, 3, up=1)",
        "<lambda>(x) cannot be called as <lambda>(element, 3, up=1): too many positional arguments; "
        "it needs a parameter for the element, and arguments for the others: Map(function, argument)",
    ),
    (
        "a CombineFn class instead of an object",
        "p | Create([1]) | CombineGlobally(combiners.MeanCombineFn)",
        "got the class MeanCombineFn; write MeanCombineFn()",
    ),
    (
        "something else for a CombineFn",
        "p | Create([1]) | CombineGlobally(3)",
        "expected a CombineFn or a function of an iterable such as `sum`, got 3",
    ),
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
    (
        "a Flatten of one PCollection",
        "p | Create([1]) | Flatten()",
        "'Flatten' unites several PCollections; write (a, b) | Flatten()",
    ),
    (
        "a list among the PCollections of a Flatten",
        "(p | Create([1]), [2]) | Flatten()",
        "'Flatten' unites PCollections, got [2] among them; for elements in memory write p | Create([...])",
    ),
    (
        "several PCollections where one is needed",
        "(p | 'a' >> Create([1]), p | 'b' >> Create([2])) | Map(print)",
        "'Map(print)' needs one PCollection but got tuple; unite several with Flatten() before it",
    ),
    (
        "a PCollection of another pipeline",
        """
        other = Pipeline() | 'other' >> Create([1])
        (p | Create([2]), other) | Flatten()
        """,
        "'Flatten' reads PCollection[other], which belongs to another pipeline; "
        "build all steps on the same Pipeline object",
    ),
    (
        "a step without a source",
        "p | Map(print)",
        "'Map(print)' needs one PCollection but follows the pipeline itself; start with Create(...) or another source",
    ),
    (
        "a source in the middle",
        "p | Create([1]) | 'more' >> Create([2])",
        "'more' reads a source and must follow the pipeline itself; write p | more",
    ),
    (
        "a step after a sink",
        "p | Create([1]) | Write(Nowhere()) | Map(print)",
        "'Map(print)' cannot follow a sink, which puts nothing out; apply it to what was written",
    ),
    (
        "a step after a composite that returns nothing",
        """
        class Printed(PTransform):
            def expand(self, pcoll):
                pcoll | Map(print)
        p | Create([1]) | Printed() | Map(str)
        """,
        "'Map(str)' follows None; does the `expand` before it return its last PCollection?",
    ),
    (
        "a PCollection in a loop",
        """
        for element in p | Create([1]):
            print(element)
        """,
        "PCollection[Create] cannot be iterated while the pipeline is built; "
        "use `| Map(...)`, or `handle.stream(...)` of a run",
    ),
    (
        "a str for Create",
        "p | Create('abc')",
        "Create takes an iterable of elements, got 'abc'; write Create(['abc'])",
    ),
    (
        "a single element for Create",
        "p | Create(3)",
        "Create takes an iterable of elements, got 3; write Create([3])",
    ),
    (
        "a str for the elements of a replay",
        "from streamcore.testing import TestStream\nTestStream().add_elements('abc')",
        "add_elements takes an iterable of elements, got 'abc'; write add_elements(['abc'])",
    ),
    (
        "a single element for a replay",
        "from streamcore.testing import TestStream\nTestStream().add_elements(5)",
        "add_elements takes an iterable of elements, got 5; write add_elements([5])",
    ),
    (
        "the elements for a matcher",
        "from streamcore.testing import assert_that\nassert_that(p | Create([1]), [1])",
        "assert_that takes a matcher, got [1]; write equal_to([1])",
    ),
    (
        "an element for a matcher",
        "from streamcore.testing import assert_that\nassert_that(p | Create([1]), 1)",
        "assert_that takes a matcher, got 1; write equal_to([1])",
    ),
    (
        "an output that nobody named",
        """
        outputs = p | Create([1]) | Map(print).with_outputs('late')
        outputs.lage
        """,
        "no output is tagged 'lage'; name it in with_outputs(...), which has: 'late'",
    ),
    (
        "a tag with the name of the main output",
        "Map(print).with_outputs('good', main='good')",
        "the main output cannot be called 'good': that is also one of the tags ('good',)",
    ),
    (
        "the result of a pipeline that has not run",
        "p.result",
        "the pipeline has not run yet; its result exists after the `with` block, or after run()",
    ),
    (
        "a dict for options",
        "Pipeline(options={'streaming': True})",
        "`options` must be PipelineOptions, got {'streaming': True}; "
        "write PipelineOptions(name=value), or PipelineOptions(['--name=value'])",
    ),
    (
        "a str for flags",
        "PipelineOptions('--streaming --bundle_size=1')",
        "`flags` must be a list of flags, got '--streaming --bundle_size=1'; write ['--streaming', '--bundle_size=1']",
    ),
    (
        "options in the place of the runner",
        "Pipeline(PipelineOptions(streaming=True))",
        "`runner` must be a runner or the name of one, got PipelineOptions({'streaming': True}); "
        "write Pipeline(options=...)",
    ),
    (
        "a runner class instead of an object",
        "Pipeline(EmbeddedRunner)",
        "`runner` must be a runner or the name of one, got the class EmbeddedRunner; write EmbeddedRunner()",
    ),
    (
        "something else for a runner",
        "Pipeline(runner=0)",
        "`runner` must be a runner or the name of one, got 0; leave it out for the embedded engine",
    ),
]


@pytest.mark.parametrize(("code", "message"), table(BUILDING))
def test_refused_while_the_pipeline_is_built(code: str, message: str) -> None:
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
