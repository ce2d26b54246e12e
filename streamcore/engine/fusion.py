"""Finds the chains of light steps behind sources that are carried out in one loop."""

from __future__ import annotations

from streamcore.engine.core.assign import TimestampNode, WindowNode, follows_timestamp
from streamcore.engine.core.elementwise import FilterNode, MapNode
from streamcore.engine.core.estimate import EstimatorNode
from streamcore.engine.core.fused import FusedNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import Node


def fuse_behind(source: SourceNode) -> FusedNode | None:
    """Puts one node in the place of the chain behind a source; None where that would gain nothing.

    A chain goes on as long as each step has one consumer, takes an element at a time and needs nothing but it. It has
    at most one Filter, which stands before the estimator, as elements that are dropped behind it still count for the
    watermark. Behind an estimator that looks at elements it ends.
    """
    steps: list[Node] = []
    estimator: EstimatorNode | None = None
    node = _only_consumer(source)
    while node is not None:
        if isinstance(node, EstimatorNode) and estimator is None and _fits_estimator(node, steps):
            estimator = node
            if node.estimator.looks_at_elements:
                break
        elif _fits(node, steps, behind_estimator=estimator is not None):
            steps.append(node)
        else:
            break
        node = _only_consumer(node)
    last: Node = source
    if steps:
        last = steps[-1]
        if estimator is not None and last.consumers[None] == [estimator]:
            last = estimator
    calls = sum(not isinstance(step, WindowNode) for step in steps)
    if calls < 2:
        return None
    fused = FusedNode(steps, estimator, last.consumers[None])
    source.consumers[None] = [fused]
    return fused


def _only_consumer(node: Node) -> Node | None:
    consumers = [consumer for behind in node.consumers.values() for consumer in behind]
    return consumers[0] if len(consumers) == 1 and node.consumers[None] else None


def _fits_estimator(node: EstimatorNode, steps: list[Node]) -> bool:
    return bool(steps) and isinstance(steps[-1], TimestampNode) and not node.one_by_one


def _fits(node: Node, steps: list[Node], behind_estimator: bool) -> bool:
    """Whether a step can go on a chain."""
    if isinstance(node, TimestampNode):
        return not node.one_by_one and not any(isinstance(step, TimestampNode) for step in steps)
    if isinstance(node, WindowNode):
        return follows_timestamp(node.windowfn) and not any(isinstance(step, WindowNode) for step in steps)
    if type(node) is FilterNode:
        return node.plan.is_plain() and not behind_estimator and not any(isinstance(s, FilterNode) for s in steps)
    return type(node) is MapNode and node.plan.is_plain()
