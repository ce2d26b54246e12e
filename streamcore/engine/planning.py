"""From the graph of a pipeline to the nodes of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from streamcore.engine.copies import own_copy
from streamcore.engine.core.assign import TimestampNode, WindowNode
from streamcore.engine.core.dofns import DoFnNode
from streamcore.engine.core.egress import SinkNode
from streamcore.engine.core.elementwise import ElementwiseNode, FilterNode, FlatMapNode, MapNode
from streamcore.engine.core.estimate import EstimatorNode
from streamcore.engine.core.flatten import FlattenNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import Node, Scheduler, TimedNode
from streamcore.engine.core.pace import BUNDLE_SIZE, Pace
from streamcore.engine.core.reduce import ReduceNode
from streamcore.engine.reductions import hinted_type, make_reduce
from streamcore.errors import PipelineError, shorten
from streamcore.graph.applied import AppliedTransform
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import DEFAULT_WINDOWING, PCollection
from streamcore.model.options import PipelineOptions
from streamcore.model.sink import Sink
from streamcore.model.source import Source
from streamcore.model.windowing import ClosingBehavior
from streamcore.transforms.co_group_by_key import SideBySide
from streamcore.transforms.dofn import plan_call
from streamcore.transforms.elementwise import Filter, Map, MapTuple
from streamcore.transforms.flatten import Flatten
from streamcore.transforms.function_dofn import FunctionDoFn
from streamcore.transforms.group import LATE, Reduce, WithLateOutput
from streamcore.transforms.pardo import MultiOutput, ParDo
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write

# How much may wait for a sink: so many elements, or bytes.
SINK_CAPACITY = 4096
SINK_BYTES = 1 << 25
# Each of them takes up to four frames of the interpreter's stack, of which user code needs some, too.
LONGEST_ROW = 50


class Plan:
    """The nodes of a run.

    Attributes:
        scheduler: What they are carried out by.
        nodes: All of them, inputs before outputs.
        sources: The nodes where sources come in.
        sinks: The nodes where sinks take over.
        timed: The nodes that processing time matters to.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.scheduler = Scheduler()
        self.nodes: list[Node] = []
        self.sources: list[tuple[SourceNode, Source[Any]]] = []
        self.sinks: list[tuple[SinkNode, Sink[Any]]] = []
        self._bundle_size = _bundle_size_of(pipeline.options)
        self._producers: dict[PCollection[Any], tuple[Node, str | None]] = {}
        for applied in pipeline.primitives():
            self._add(applied)
        _check_destinations(self.sinks)
        self._settle_bundling()
        self._break_rows()
        self.timed: list[TimedNode] = [node for node in self.nodes if isinstance(node, TimedNode)]

    def producer(self, pcoll: PCollection[Any]) -> tuple[Node, str | None]:
        """The node that puts out a PCollection, and the tag it does so under.

        Raises:
            PipelineError: If the PCollection is of another pipeline.
        """
        if pcoll not in self._producers:
            msg = f"{pcoll} belongs to another pipeline than the one that runs"
            raise PipelineError(msg)
        return self._producers[pcoll]

    def reset_watermarks(self) -> None:
        """Takes the watermarks that the program moves back to where the next run begins."""
        for node in self.nodes:
            if isinstance(node, EstimatorNode) and isinstance(node.estimator, ManualWatermark):
                node.estimator.reset()

    def _add(self, applied: AppliedTransform) -> None:
        for kind in type(applied.transform).__mro__:
            if kind in _BUILDERS:
                _BUILDERS[kind](self, applied, applied.transform)
                return
        if applied.outputs:
            kind_name = type(applied.transform).__name__
            msg = (
                f"step {applied.full_label!r} of type {kind_name} is unknown to the embedded engine; "
                "define its `expand` by other steps"
            )
            raise PipelineError(msg)

    def _place(self, applied: AppliedTransform, node: Node, last: Node | None = None) -> None:
        """Adds a node, or a chain of two, behind the inputs of a transform and in front of its outputs."""
        self.nodes.append(node)
        if last is not None:
            self.nodes.append(last)
            node.consumers[None].append(last)
        for pcoll in applied.inputs:
            producer, tag = self._producers[pcoll]
            producer.consumers[tag].append(node.add_port(producer) if isinstance(node, FlattenNode) else node)
        for tag, pcoll in applied.outputs.items():
            (last or node).consumers.setdefault(tag, [])
            self._producers[pcoll] = (last or node, tag)

    def _read(self, applied: AppliedTransform, read: Read[Any]) -> None:
        node = SourceNode(applied.full_label, self.scheduler, DEFAULT_WINDOWING.windowfn, self._bundle_size)
        self.sources.append((node, read.source))
        if read.watermark is None:
            self._place(applied, node)
            return
        estimator = EstimatorNode(applied.full_label, self.scheduler, read.watermark)
        node.estimators.append(estimator)
        self._place(applied, node, estimator)

    def _write(self, applied: AppliedTransform, write: Write[Any]) -> None:
        node = SinkNode(applied.full_label, self.scheduler, SINK_CAPACITY, SINK_BYTES)
        self.sinks.append((node, write.sink))
        self._place(applied, node)

    def _with_timestamps(self, applied: AppliedTransform, stamp: WithTimestamps) -> None:
        windowfn = applied.inputs[0].windowing.windowfn
        manual = stamp.watermark is not None and stamp.watermark.moved_by_hand
        label = applied.full_label
        node = TimestampNode(label, self.scheduler, stamp.fn, stamp.micros_per_unit, windowfn, manual)
        if stamp.watermark is None:
            self._place(applied, node)
            return
        estimator = EstimatorNode(label, self.scheduler, stamp.watermark)
        self._place(applied, node, estimator)
        for source in self._sources_behind(applied.inputs[0]):
            source.estimators.append(estimator)

    def _window_into(self, applied: AppliedTransform, window: WindowInto) -> None:
        self._place(applied, WindowNode(applied.full_label, self.scheduler, window.windowing.windowfn))

    def _par_do(self, applied: AppliedTransform, pardo: ParDo[Any, Any], ignore_unknown_tags: bool = False) -> None:
        windowfn = applied.inputs[0].windowing.windowfn
        label, scheduler = applied.full_label, self.scheduler
        if isinstance(pardo.fn, FunctionDoFn):
            kind = next((node for known, node in _FUNCTION_NODES.items() if isinstance(pardo, known)), FlatMapNode)
            self._place(applied, kind(label, scheduler, pardo.call_plan(), windowfn, ignore_unknown_tags))
            return
        dofn = own_copy(label, pardo.fn)
        plan = plan_call(dofn.process, pardo.args, pardo.kwargs)
        self._place(applied, DoFnNode(label, scheduler, plan, windowfn, ignore_unknown_tags, dofn))

    def _multi_output(self, applied: AppliedTransform, multi: MultiOutput[Any]) -> None:
        self._par_do(applied, multi.pardo, multi.allow_unknown)

    def _reduce(self, applied: AppliedTransform, reduce: Reduce) -> ReduceNode:
        node = make_reduce(applied.full_label, self.scheduler, applied.inputs[0].windowing, reduce)
        node.element_type = hinted_type(reduce, applied.inputs[0])
        if isinstance(reduce.combine_fn, SideBySide):
            node.joined, _ = self._producers[applied.inputs[0]]
        self._place(applied, node)
        return node

    def _reduce_with_late(self, applied: AppliedTransform, late: WithLateOutput) -> None:
        node = self._reduce(applied, late.reduce)
        node.order_sensitive = True  # late elements come out in the order they came in

    def _flatten(self, applied: AppliedTransform, flatten: Flatten[Any]) -> None:
        self._place(applied, FlattenNode(applied.full_label, self.scheduler))

    def _sources_behind(self, pcoll: PCollection[Any]) -> Iterator[SourceNode]:
        """The source whose splits reach a PCollection with no shuffle between."""
        while pcoll.producer is not None:
            node = self._producers[pcoll][0]
            if isinstance(node, SourceNode):
                yield node
            if isinstance(node, SourceNode | ReduceNode | FlattenNode) or not pcoll.producer.inputs:
                return
            pcoll = pcoll.producer.inputs[0]

    def _settle_bundling(self) -> None:
        """Finds where results could depend on how elements are bundled, and has bundles cut there."""
        for node in self.nodes:
            if isinstance(node, FlattenNode):
                for reduce in _reduces_behind(node, first_only=True):
                    reduce.have_bundles_cut()
        met = {node for node in self.nodes if isinstance(node, ReduceNode) and _unites_again(node)}
        for node in met:
            node.have_timers_met()
        for node in self.nodes:
            if isinstance(node, ReduceNode):
                node.stepwise = node not in met and any(
                    reduce.timer_sensitive or _closes_late(node) for reduce in _reduces_behind(node)
                )
                if _order_matters(node) or _is_chained(node):
                    node.pace = Pace(limit=1)
        estimators = [node for node in self.nodes if isinstance(node, EstimatorNode)]
        aggregated = _in_front_of_reduces(self.nodes)
        for node in estimators:
            # One estimator given to several sources keeps all of them together.
            node.aligned = [other for other in estimators if other.estimator is node.estimator]
        for node in self.nodes:
            if isinstance(node, EstimatorNode):
                node.reduces = list(_reduces_behind(node, first_only=True))
                node.reduces += [behind for behind in _reduces_behind(node) if behind in met.difference(node.reduces)]
                behind = aggregated.intersection(_nodes_behind(node, to_first_reduce=False))
                moved = any(isinstance(one, TimestampNode) for one in behind)
                node.one_by_one = moved or _order_matters(node) or _is_chained(node)
                if not node.one_by_one:
                    # Its bundles are cut by the times that it saw: whether an element that is older is late would
                    # depend on how it is bundled.
                    for one in behind:
                        if isinstance(one, ElementwiseNode):
                            one.may_move_back = False
            elif isinstance(node, SourceNode):
                node.one_by_one = _is_chained(node)
                if _order_matters(node):
                    node.bundle_size = 1

    def _break_rows(self) -> None:
        """Has nodes relay where so many in a row would otherwise call each other."""
        rows: dict[int, int] = {}
        for node in self.nodes:
            row = rows.get(id(node), 0) + 1
            node.relays = row == LONGEST_ROW
            for follower in _downstream(node):
                rows[id(follower)] = max(rows.get(id(follower), 0), 0 if node.relays else row)


def _bundle_size_of(options: PipelineOptions) -> int:
    """The most elements of a bundle."""
    size = options.bundle_size
    if size is None:
        return BUNDLE_SIZE
    if type(size) is not int or size < 1:
        msg = f"`bundle_size` must be a whole number from 1 on, got {shorten(size)}; leave it out for {BUNDLE_SIZE}"
        raise PipelineError(msg)
    return size


def _check_destinations(sinks: Iterable[tuple[SinkNode, Sink[Any]]]) -> None:
    """Refuses sinks that would replace each other's output."""
    writers: dict[str, str] = {}
    for node, sink in sinks:
        for destination in sink.destinations():
            other = writers.setdefault(destination, node.label)
            if other != node.label:
                msg = (
                    f"steps {other!r} and {node.label!r} both write {shorten(destination)}, and one would replace the "
                    "output of the other; give them different names, or unite their inputs with Flatten()"
                )
                raise PipelineError(msg)


def _unites_again(node: ReduceNode) -> bool:
    """Whether windows that this aggregation, or one that its panes come to, puts out are united by the next one.

    Which ones are is decided by what comes out before the watermark moves: all that fires at one move of it, as in a
    batch. So moves must not be lumped together, nor be made smaller.
    """
    return any(
        reduce.windowing.windowfn.is_merging()
        for source in (node, *_reduces_behind(node))
        for reduce in _reduces_behind(source, first_only=True, same_windows=True)
    )


def _closes_late(reduce: ReduceNode) -> bool:
    """Whether panes come out behind the watermark because of nothing but the watermark."""
    windowing = reduce.windowing
    return windowing.allowed_lateness > 0 and windowing.closing_behavior == ClosingBehavior.FIRE_ALWAYS


def _downstream(node: Node) -> Iterator[Node]:
    """The nodes directly behind a node; a Flatten's port stands for the Flatten."""
    for consumers in node.consumers.values():
        for consumer in consumers:
            yield getattr(consumer, "flatten", consumer)


def _in_front_of_reduces(nodes: list[Node]) -> set[Node]:
    """The nodes whose outputs an aggregation takes up with the watermark that they have."""
    found: set[Node] = set()
    for node in reversed(nodes):
        if any(isinstance(behind, ReduceNode) or behind in found for behind in _downstream(node)):
            found.add(node)
        if isinstance(node, EstimatorNode):
            found.discard(node)  # another watermark starts there
    return found


def _reduces_behind(node: Node, first_only: bool = False, same_windows: bool = False) -> Iterator[ReduceNode]:
    """The aggregations that a node's watermark reaches, or only the first on every way, or where windows stay."""
    return (behind for behind in _nodes_behind(node, first_only, same_windows) if isinstance(behind, ReduceNode))


def _nodes_behind(node: Node, to_first_reduce: bool = True, same_windows: bool = False) -> Iterator[Node]:
    """The nodes that a node's watermark reaches, or only those up to the first aggregation on every way.

    With `same_windows` also only those up to where elements get other windows.
    """
    seen: set[int] = set()
    waiting = list(_downstream(node))
    while waiting:
        current = waiting.pop()
        if id(current) in seen or isinstance(current, EstimatorNode):
            continue
        seen.add(id(current))
        yield current
        if to_first_reduce and isinstance(current, ReduceNode):
            continue
        if same_windows and isinstance(current, WindowNode | TimestampNode):
            continue
        waiting.extend(_downstream(current))


def _is_chained(node: Node) -> bool:
    """Whether an element of this node may put something out behind it at once, which another aggregation takes up.

    That is a pane, or an element that is too late.
    """
    return any(
        (reduce.data_driven and any(True for _ in _reduces_behind(reduce)))
        or any(isinstance(node, ReduceNode) for late in reduce.consumers.get(LATE, ()) for node in _in_order(late))
        for reduce in _reduces_behind(node, first_only=True)
    )


def _order_matters(node: Node) -> bool:
    """Whether elements of this node meet again behind it, where the order in which they do makes a difference."""
    ways: dict[int, int] = {id(node): 1}
    for current in _in_order(node):
        for follower in _downstream(current):
            ways[id(follower)] = ways.get(id(follower), 0) + ways[id(current)]
            met = isinstance(follower, FlattenNode) and ways[id(follower)] > 1
            if met and any(_tells_order(node, follower) for node in _in_order(follower)):
                return True
    return False


def _tells_order(node: Node, meeting: Node) -> bool:
    """Whether the order in which elements meet in a Flatten may show in what a node behind it does."""
    if not isinstance(node, ReduceNode):
        return isinstance(node, EstimatorNode)  # a watermark depends on what has come first
    if node.order_sensitive or node.joined is None:
        return node.order_sensitive
    # Values of different inputs do not meet in a list; but what an element of another input makes one of two sessions
    # shows in the order of a list.
    return node.joined is not meeting or node.windowing.windowfn.is_merging()


def _in_order(node: Node) -> list[Node]:
    """The nodes behind a node, and itself, each after all that are in front of it."""
    order: list[Node] = []
    seen = {id(node)}
    path = [(node, _downstream(node))]
    while path:
        current, followers = path[-1]
        follower = next((one for one in followers if id(one) not in seen), None)
        if follower is None:
            order.append(current)
            path.pop()
        else:
            seen.add(id(follower))
            path.append((follower, _downstream(follower)))
    return order[::-1]


_FUNCTION_NODES: dict[type, type[ElementwiseNode]] = {
    Map: MapNode,
    MapTuple: MapNode,
    Filter: FilterNode,
}

_BUILDERS: dict[type, Callable[[Plan, AppliedTransform, Any], object]] = {
    Read: Plan._read,
    Write: Plan._write,
    WithTimestamps: Plan._with_timestamps,
    WindowInto: Plan._window_into,
    ParDo: Plan._par_do,
    MultiOutput: Plan._multi_output,
    Reduce: Plan._reduce,
    WithLateOutput: Plan._reduce_with_late,
    Flatten: Plan._flatten,
}
