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
