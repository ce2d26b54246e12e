"""A chain of Map, Filter, WithTimestamps and WindowInto as one loop over the elements.

Step by step, every step would touch every element of a bundle, which by then may have left the processor's nearest
cache. In one loop an element is parsed, looked at and forgotten before the next one comes, as in a loop written by
hand.

The steps themselves stay as they are, wired to each other, with their counters and labels: where an output turns out
to be more than a plain value, or somebody wants to see what is between two of them, they take over for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from streamcore.engine.core.assign import TimestampNode, WindowNode
from streamcore.engine.core.elementwise import ElementwiseNode, FilterNode
from streamcore.engine.core.estimate import EstimatorNode
from streamcore.engine.core.kernels import compile_source
from streamcore.engine.core.node import Node
from streamcore.engine.core.outputs import WRAPPERS
from streamcore.errors import PipelineError, StreamcoreError
from streamcore.model.bundle import Bundle, WindowColumn


class Surprise(NamedTuple):
    """An output that is more than a plain value.

    Attributes:
        step: Number of the step that put it out.
        value: The output.
        time: What the timestamp step returned for the element, if that came before.
    """

    step: int
    value: Any
    time: Any


class FusedNode(Node):
    """Does the work of a chain of steps that begins behind a source.

    Args:
        steps: The steps, without the estimator that may stand behind the one that gives timestamps.
        estimator: That estimator; steps behind it are done before it, as what they do does not depend on watermarks.
        behind: The consumers of the last step.
    """

    def __init__(self, steps: list[Node], estimator: EstimatorNode | None, behind: list[Node]) -> None:
        super().__init__(steps[0].label, steps[0].scheduler)
        self._steps = steps
        self._estimator = estimator
        self._stamper = next((step for step in steps if isinstance(step, TimestampNode)), None)
        self._windows = next((step.windowfn for step in steps if isinstance(step, WindowNode)), None)
        self._filter = next((i for i, step in enumerate(steps) if isinstance(step, FilterNode)), None)
        self._loop, self._lines = _compile_loop(steps, timed=False)
        self._timed_loop, self._timed_lines = _compile_loop(steps, timed=True)
        self._is_fused = True
        self._apart: list[Node] = []
        self.consumers = {None: behind}
        if estimator is not None:
            self.consumers = {None: [estimator]}
            self._apart = estimator.consumers[None]
            estimator.consumers[None] = behind
        for step in steps:
            step.leader = estimator or self

    def hides(self, node: Node) -> bool:
        """Whether the output of a node is not to be seen because this one does its work."""
        if not self._is_fused or node is self._steps[-1]:
            return False
        return node in self._steps or (node is self._estimator and self._steps[-1] is not self._stamper)

    def take_apart(self) -> None:
        """Lets the steps do their work themselves from now on; called only while the engine is quiescent."""
        if not self._is_fused:
            return
        self._is_fused = False
        self.consumers = {None: [self._steps[0]]}
        if self._estimator is not None:
            self._estimator.consumers[None] = self._apart
        for step in self._steps:
            step.watermark = self.watermark if self._estimator is None else self._estimator.watermark
            step.leader = None

    def push(self, bundle: Bundle) -> None:
        """Runs the loop over a bundle, or hands it to the steps."""
        if not self._is_fused:
            self.emit(bundle)
            return
        values: list[Any] = []
        times: list[Any] = []
        elements = iter(bundle.values)
        timed = isinstance(bundle.timestamps, list)
        try:
            if timed:
                rows = zip(elements, bundle.timestamp_list())
                surprise = self._timed_loop(rows, values.append, times.append)
            else:
                surprise = self._loop(elements, values.append, times.append)
        except Exception as error:
            raise self._failure_of(bundle, self.position(bundle, elements), error, timed) from error
        done = len(bundle.values) if surprise is None else self.position(bundle, elements)
        self._count(done, len(values))
        ready = self._ready(bundle, values, times)
        if surprise is None:
            self.emit(ready)
        else:
            self.scheduler.spawn(self._give_up(ready, bundle, done, surprise))

    def _ready(self, bundle: Bundle, values: list[Any], times: list[Any]) -> Bundle:
        """What comes out behind the last step."""
        stamps: list[int] | int = bundle.timestamps
        if self._stamper is not None:
            stamps = self._stamper.micros(bundle.with_values(values), times)
        elif isinstance(stamps, list):
            stamps = times
        windows: WindowColumn = bundle.windows if self._windows is None else self._windows
        return Bundle(values, stamps, windows, bundle.pane, bundle.split)

    def _count(self, come: int, left: int) -> None:
        for number, step in enumerate(self._steps):
            step.metrics.elements += come if self._filter is None or number <= self._filter else left

    def _give_up(self, ready: Bundle, bundle: Bundle, position: int, surprise: Surprise) -> Iterator[None]:
        """Emits what is ready, and leaves the rest of the bundle, and all that come after it, to the steps."""
        if ready.values:
            self.emit(ready)
        yield
        self.take_apart()
        step = self._steps[surprise.step]
        for before in self._steps[: surprise.step + 1]:
            before.metrics.elements += 1
        assert isinstance(step, ElementwiseNode)
        one = self._single(bundle, position, surprise.step, surprise.value, surprise.time)
        if self._estimator is not None and self._stamper in self._steps[: surprise.step]:
            # The estimator has still to see the element, but the steps behind it have been done up to this one.
            self._estimator.consumers[None] = [Landing(step, one.windows)]
            self._estimator.push(one)
            yield
            self._estimator.consumers[None] = self._apart
        else:
            step.emit_outputs(one)
            yield
        self.emit(bundle.slice(position + 1, len(bundle.values)))

    def _single(self, bundle: Bundle, position: int, step: int, value: Any, time: Any) -> Bundle:
        """One element as it is at a step."""
        one = bundle.slice(position, position + 1).with_values([value])
        passed = self._steps[:step]
        if self._stamper in passed and self._stamper is not None:
            one.timestamps = self._stamper.micros(one, [time])
        if self._windows is not None and any(isinstance(before, WindowNode) for before in passed):
            one.windows = self._windows
        return one

    def _failure_of(self, bundle: Bundle, position: int, error: Exception, timed: bool) -> StreamcoreError:
        """The error of the step whose line of the loop raised, with the element as that step got it."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code not in (self._loop.__code__, self._timed_loop.__code__):
            trace = trace.tb_next
        assert trace is not None
        number = (self._timed_lines if timed else self._lines)[trace.tb_lineno]
        held = trace.tb_frame.f_locals
        one = self._single(bundle, position, number, held["v"], held.get("t"))
        if isinstance(error, StopIteration):
            error = PipelineError("the function raised StopIteration; return a value instead")
        return self._steps[number].failure(one, 0, error)


class Landing(Node):
    """Where an element comes in again behind an estimator, at the step whose output it is."""

    def __init__(self, step: ElementwiseNode, windows: WindowColumn) -> None:
        super().__init__(step.label, step.scheduler)
        self._step = step
        self._windows = windows

    def push(self, bundle: Bundle) -> None:
        """Has the step emit its output."""
        bundle.windows = self._windows
        self._step.emit_outputs(bundle)

    def advance(self, watermark: int) -> None:
        """Tells the step about the watermark."""
        self._step.advance(watermark)


def _compile_loop(steps: list[Node], timed: bool) -> tuple[Callable[..., Surprise | None], dict[int, int]]:
    """The loop of a chain, and which step each of its lines belongs to.

    Args:
        steps: The steps.
        timed: Elements come with a timestamp each.
    """
    lines = ["def fused(elements, put, stamp):", f"    for {'v, t' if timed else 'v'} in elements:"]
    names: dict[str, Any] = {"WRAPPERS": WRAPPERS, "Surprise": Surprise}
    belongs: dict[int, int] = {}
    has_time = timed

    def add(step: int, text: str) -> None:
        lines.append("        " + text)
        belongs[len(lines)] = step

    for number, step in enumerate(steps):
        if isinstance(step, TimestampNode):
            names[f"f{number}"] = step.fn
            add(number, f"t = f{number}(v)")
            has_time = True
        elif isinstance(step, ElementwiseNode):
            names[f"f{number}"] = step.plan.fn
            if isinstance(step, FilterNode):
                add(number, f"if not f{number}(v): continue")
                continue
            add(number, f"v = f{number}(v)")
            add(number, f"if type(v) in WRAPPERS: return Surprise({number}, v, {'t' if has_time else None})")
    lines.append("        put(v)")
    if has_time:
        lines.append("        stamp(t)")
    return compile_source("\n".join(lines), "fused", names), belongs
