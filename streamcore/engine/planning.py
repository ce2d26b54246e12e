"""From the graph of a pipeline to the nodes of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from streamcore.engine.bundling import downstream, settle_bundling
from streamcore.engine.copies import own_copy
from streamcore.engine.core.assign import TimestampNode, WindowNode
from streamcore.engine.core.dofns import DoFnNode
from streamcore.engine.core.egress import SinkNode
from streamcore.engine.core.elementwise import ElementwiseNode, FilterNode, FlatMapNode, MapNode
from streamcore.engine.core.estimate import EstimatorNode
from streamcore.engine.core.flatten import FlattenNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import Node, Scheduler, TimedNode
from streamcore.engine.core.pace import BUNDLE_SIZE
from streamcore.engine.core.reduce import ReduceNode
from streamcore.engine.reductions import hinted_type, make_reduce
from streamcore.errors import PipelineError, shorten
from streamcore.graph.applied import AppliedTransform
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import DEFAULT_WINDOWING, PCollection
from streamcore.model.options import PipelineOptions
from streamcore.model.sink import Sink
from streamcore.model.source import Source
from streamcore.transforms.co_group_by_key import SideBySide
from streamcore.transforms.dofn import plan_call
from streamcore.transforms.elementwise import Filter, Map, MapTuple
from streamcore.transforms.flatten import Flatten
from streamcore.transforms.function_dofn import FunctionDoFn
from streamcore.transforms.group import Reduce, WithLateOutput
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
        settle_bundling(self.nodes)
        self._align_estimators()
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
        """Has estimators forget what they keep themselves, so that the next run begins anew."""
        for node in self.nodes:
            if isinstance(node, EstimatorNode):
                node.estimator.reset()

    def forget(self) -> None:
        """Drops the nodes but for their outlines, when the run is over."""
        outlines = {node: node.outline() for node in self.nodes}
        for source, _ in self.sources:  # what a reader has raised may keep one, by its traceback
            source.consumers.clear()
            source.estimators.clear()
        self._producers = {pcoll: (outlines[node], tag) for pcoll, (node, tag) in self._producers.items()}
        self.nodes = list(outlines.values())
        self.sources, self.sinks, self.timed = [], [], []
        self.scheduler.forget()

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

    def _align_estimators(self) -> None:
        """Has one estimator that was given to several sources keep all of them together."""
        estimators = [node for node in self.nodes if isinstance(node, EstimatorNode)]
        for node in estimators:
            node.aligned = [other for other in estimators if other.estimator is node.estimator]

    def _break_rows(self) -> None:
        """Has nodes relay where so many in a row would otherwise call each other."""
        rows: dict[int, int] = {}
        for node in self.nodes:
            row = rows.get(id(node), 0) + 1
            node.relays = row == LONGEST_ROW
            for follower in downstream(node):
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
