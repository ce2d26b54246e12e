"""What a plan keeps state for, in words, so that a later plan can be compared with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from streamcore.engine.core.changes import state_name
from streamcore.engine.core.estimate import EstimatorNode
from streamcore.engine.core.flatten import FlattenNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.reduce import ReduceNode
from streamcore.engine.descriptions import describe_aggregation, describe_type, describe_windowing, kind_of
from streamcore.engine.planning import Plan
from streamcore.engine.positions import POSITIONS
from streamcore.errors import PlanChangedError
from streamcore.model.two_phase import TwoPhaseSink


class PlanStep(NamedTuple):
    """Something that a step keeps state for.

    Attributes:
        label: Full label of the step.
        kind: What kind of state that is.
        details: What the state depends on, in words.
        elements: The type of the elements that it is made of, in words; empty if no hint tells.
    """

    label: str
    kind: str
    details: str
    elements: str = ""

    def state_names(self) -> tuple[str, ...]:
        """What its state is kept under."""
        name = state_name(self.label, self.kind)
        return (name, state_name(self.label, POSITIONS)) if self.kind == SourceNode.kind else (name,)


class Changes(NamedTuple):
    """How a plan differs from the one that wrote a checkpoint.

    Attributes:
        added: Labels of steps that have not been there.
        removed: Labels of steps that are not there any more.
        changed: Labels of steps whose state is another one now, with what it was and what it is.
    """

    added: list[str]
    removed: list[str]
    changed: dict[str, tuple[str, str]]

    def labels(self) -> list[str]:
        """All of these steps."""
        return [*self.added, *self.removed, *self.changed]

    def without(self, allowed: Collection[str]) -> Changes:
        """What is left when changes of some steps are allowed."""
        return Changes(
            [label for label in self.added if not is_named(label, allowed)],
            [label for label in self.removed if not is_named(label, allowed)],
            {label: change for label, change in self.changed.items() if not is_named(label, allowed)},
        )

    def require_none(self, where: object) -> None:
        """Refuses a plan that differs.

        Raises:
            PlanChangedError: If there is any difference.
        """
        if self.labels():
            told = [f"{label!r} was changed from {was} to {now}" for label, (was, now) in self.changed.items()]
            told += [f"{label!r} was added" for label in self.added]
            told += [f"{label!r} was removed" for label in self.removed]
            msg = (
                f"the pipeline is not the one whose state is in {where}: {'; '.join(told)}; start it as it was, or "
                f"name the steps that may begin without their old state: allow_changes={self.labels()!r}"
            )
            raise PlanChangedError(msg)


def steps_of(plan: Plan) -> list[PlanStep]:
    """The steps of a plan that keep state. Those that do not may come and go."""
    steps = [PlanStep(node.label, node.kind, kind_of(source)) for node, source in plan.sources]
    for node in plan.nodes:
        if isinstance(node, EstimatorNode):
            steps.append(PlanStep(node.label, node.kind, kind_of(node.estimator)))
        elif isinstance(node, FlattenNode):
            steps.append(PlanStep(node.label, node.kind, f"{node.port_count()} inputs"))
        elif isinstance(node, ReduceNode):
            details = f"{describe_aggregation(node.aggregation.combine_fn)} in {describe_windowing(node.windowing)}"
            steps.append(PlanStep(node.label, node.kind, details, describe_type(node.element_type)))
    steps += [
        PlanStep(node.label, "sink", kind_of(sink)) for node, sink in plan.sinks if isinstance(sink, TwoPhaseSink)
    ]
    return steps


def compare(old: Sequence[PlanStep], new: Sequence[PlanStep]) -> Changes:
    """How one plan differs from another."""
    was, now = _by_label(_comparable(old, new)), _by_label(_comparable(new, old))
    return Changes(
        [label for label in now if label not in was],
        [label for label in was if label not in now],
        {label: (was[label], now[label]) for label in was if label in now and was[label] != now[label]},
    )


def fitting_names(
    names: Collection[str], old: Sequence[PlanStep], new: Sequence[PlanStep], anew: Collection[str]
) -> set[str]:
    """Which of the names that state is kept under have the same kind of state in both plans.

    Args:
        names: The names in the new plan.
        old: The steps of the plan that wrote the state.
        new: The steps of the new plan.
        anew: Labels of steps that begin without their old state, whether or not they have changed.
    """
    changed = set(_comparable(old, new)) ^ set(_comparable(new, old))
    changed |= {step for step in new if is_named(step.label, anew)}
    return set(names) - {name for step in changed for name in step.state_names()}


def is_named(label: str, names: Collection[str]) -> bool:
    """Whether a step is one of those named, or a part of one."""
    return any(label == name or label.startswith(f"{name}/") for name in names)


def _comparable(steps: Sequence[PlanStep], others: Sequence[PlanStep]) -> list[PlanStep]:
    """Steps without the types that are unknown of the others: a hint that was only added or left out is no change."""
    known = {(other.label, other.kind) for other in others if other.elements}
    return [step if (step.label, step.kind) in known else step._replace(elements="") for step in steps]


def _by_label(steps: Sequence[PlanStep]) -> dict[str, str]:
    told: dict[str, list[str]] = {}
    for step in steps:
        elements = f", of elements of type {step.elements}" if step.elements else ""
        told.setdefault(step.label, []).append(f"{step.kind} of {step.details}{elements}")
    return {label: " with ".join(sorted(kinds)) for label, kinds in told.items()}
