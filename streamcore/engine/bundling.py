"""Where results could depend on how elements are bundled, and what is done about it.

Every result must be what it would be if elements travelled one by one, each followed by its watermark. Most pipelines
need nothing for that but the cuts that an estimator makes. This finds those that need more, by the graph of the nodes.
"""

from __future__ import annotations

from collections.abc import Iterator

from streamcore.engine.core.assign import TimestampNode, WindowNode
from streamcore.engine.core.elementwise import ElementwiseNode
from streamcore.engine.core.estimate import EstimatorNode
from streamcore.engine.core.flatten import FlattenNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import Node
from streamcore.engine.core.pace import Pace
from streamcore.engine.core.reduce import ReduceNode
from streamcore.model.windowing import ClosingBehavior
from streamcore.transforms.group import LATE


def settle_bundling(nodes: list[Node]) -> None:
    """Has bundles cut where they could show in results; called once, when all nodes of a run are connected.

    The passes come in an order in which each finds settled what it asks for. The first two say which aggregations are
    timer-sensitive, and `_step_watermarks` asks that of those behind. Which aggregations have their timers met is told
    to the estimators in front of them. Whether one of these hands on elements one by one says at last what steps behind
    it may do.

    Args:
        nodes: All of them, inputs before outputs.
    """
    reduces = [node for node in nodes if isinstance(node, ReduceNode)]
    estimators = [node for node in nodes if isinstance(node, EstimatorNode)]
    _cut_behind_flattens(nodes)
    met = _meet_timers(reduces)
    _step_watermarks(reduces, met)
    _pace_panes(reduces)
    _tell_estimators(estimators, met)
    aggregated = _in_front_of_reduces(nodes)
    _single_elements(nodes, aggregated)
    _forbid_going_back(estimators, aggregated)


def _cut_behind_flattens(nodes: list[Node]) -> None:
    """Has aggregations of several inputs do without the watermark before each element: there is none for all inputs."""
    for node in nodes:
        if isinstance(node, FlattenNode):
            for reduce in _reduces_behind(node, first_only=True):
                reduce.have_bundles_cut()


def _meet_timers(reduces: list[ReduceNode]) -> set[ReduceNode]:
    """Has the watermark stop at every timer of aggregations whose windows are united again, which are returned."""
    met = {reduce for reduce in reduces if _unites_again(reduce)}
    for reduce in met:
        reduce.have_timers_met()
    return met


def _step_watermarks(reduces: list[ReduceNode], met: set[ReduceNode]) -> None:
    """Has aggregations tell the watermark between any two firings, where it matters to one behind them."""
    for reduce in reduces:
        reduce.stepwise = reduce not in met and any(
            behind.timer_sensitive or _closes_late(reduce) for behind in _reduces_behind(reduce)
        )


def _pace_panes(reduces: list[ReduceNode]) -> None:
    """Has aggregations hand on panes one by one, where it would show that several travel together."""
    for reduce in reduces:
        if _order_matters(reduce) or _is_chained(reduce):
            reduce.pace = Pace(limit=1)


def _tell_estimators(estimators: list[EstimatorNode], met: set[ReduceNode]) -> None:
    """Has estimators cut bundles for the aggregations that they reach first, and for all whose timers must be met."""
    for estimator in estimators:
        estimator.reduces = list(_reduces_behind(estimator, first_only=True))
        others = met.difference(estimator.reduces)
        estimator.reduces += [reduce for reduce in _reduces_behind(estimator) if reduce in others]


def _single_elements(nodes: list[Node], aggregated: set[Node]) -> None:
    """Has estimators and sources hand on elements one by one, where any larger bundle would show."""
    for node in nodes:
        if isinstance(node, EstimatorNode):
            node.one_by_one = _is_moved(node, aggregated) or _order_matters(node) or _is_chained(node)
        elif isinstance(node, SourceNode):
            node.one_by_one = _is_chained(node)
            if _order_matters(node):
                node.bundle_size = 1


def _forbid_going_back(estimators: list[EstimatorNode], aggregated: set[Node]) -> None:
    """Has steps refuse to make elements older than the times that bundles were cut by.

    Whether such an element is late would depend on how it is bundled.
    """
    for estimator in estimators:
        if not estimator.one_by_one:
            for node in aggregated.intersection(_nodes_behind(estimator, to_first_reduce=False)):
                if isinstance(node, ElementwiseNode):
                    node.may_move_back = False


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


def _is_moved(estimator: EstimatorNode, aggregated: set[Node]) -> bool:
    """Whether elements get other times than those that the watermark was told by, and are aggregated with it then."""
    behind = _nodes_behind(estimator, to_first_reduce=False)
    return any(isinstance(node, TimestampNode) and node in aggregated for node in behind)


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
        for follower in downstream(current):
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


def _in_front_of_reduces(nodes: list[Node]) -> set[Node]:
    """The nodes whose outputs an aggregation takes up with the watermark that they have."""
    found: set[Node] = set()
    for node in reversed(nodes):
        if any(isinstance(behind, ReduceNode) or behind in found for behind in downstream(node)):
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
    waiting = list(downstream(node))
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
        waiting.extend(downstream(current))


def _in_order(node: Node) -> list[Node]:
    """The nodes behind a node, and itself, each after all that are in front of it."""
    order: list[Node] = []
    seen = {id(node)}
    path = [(node, downstream(node))]
    while path:
        current, followers = path[-1]
        follower = next((one for one in followers if id(one) not in seen), None)
        if follower is None:
            order.append(current)
            path.pop()
        else:
            seen.add(id(follower))
            path.append((follower, downstream(follower)))
    return order[::-1]


def downstream(node: Node) -> Iterator[Node]:
    """The nodes directly behind a node; a Flatten's port stands for the Flatten."""
    for consumers in node.consumers.values():
        for consumer in consumers:
            yield getattr(consumer, "flatten", consumer)
