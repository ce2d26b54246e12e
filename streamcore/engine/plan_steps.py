"""What a plan keeps state for, in words, so that a later plan can be compared with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from streamcore.engine.core.changes import state_name
from streamcore.engine.core.estimate import EstimatorNode
from streamcore.engine.core.flatten import FlattenNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.reduce import ReduceNode
from streamcore.engine.planning import Plan
from streamcore.engine.positions import POSITIONS
from streamcore.errors import PlanChangedError
from streamcore.model.two_phase import TwoPhaseSink
from streamcore.model.windowing import Windowing
from streamcore.transforms.combine_fn import CombineFn, FoldCombineFn
from streamcore.transforms.combiners.tuples import CombinedCombineFns
from streamcore.transforms.curried import CurriedCombineFn


class PlanStep(NamedTuple):
    """Something that a step keeps state for.

    Attributes:
        label: Full label of the step.
        kind: What kind of state that is.
        details: What the state depends on, in words.
    """

    label: str
    kind: str
    details: str

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
            [label for label in self.added if label not in allowed],
            [label for label in self.removed if label not in allowed],
            {label: change for label, change in self.changed.items() if label not in allowed},
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
    steps = [PlanStep(node.label, node.kind, _kind_of(source)) for node, source in plan.sources]
    for node in plan.nodes:
        if isinstance(node, EstimatorNode):
            steps.append(PlanStep(node.label, node.kind, _kind_of(node.estimator)))
        elif isinstance(node, FlattenNode):
            steps.append(PlanStep(node.label, node.kind, f"{node.port_count()} inputs"))
        elif isinstance(node, ReduceNode):
            details = f"{_accumulator_of(node.aggregation.combine_fn)} in {_windowing_of(node.windowing)}"
            steps.append(PlanStep(node.label, node.kind, details))
    steps += [
        PlanStep(node.label, "sink", _kind_of(sink)) for node, sink in plan.sinks if isinstance(sink, TwoPhaseSink)
    ]
    return steps


def compare(old: Sequence[PlanStep], new: Sequence[PlanStep]) -> Changes:
    """How one plan differs from another."""
    was, now = _by_label(old), _by_label(new)
    return Changes(
        [label for label in now if label not in was],
        [label for label in was if label not in now],
        {label: (was[label], now[label]) for label in was if label in now and was[label] != now[label]},
    )


def fitting_names(names: Collection[str], old: Sequence[PlanStep], new: Sequence[PlanStep]) -> set[str]:
    """Which of the names that state is kept under have the same kind of state in both plans.

    Args:
        names: The names in the new plan.
        old: The steps of the plan that wrote the state.
        new: The steps of the new plan.
    """
    changed = set(old) ^ set(new)
    return set(names) - {name for step in changed for name in step.state_names()}


def _by_label(steps: Sequence[PlanStep]) -> dict[str, str]:
    told: dict[str, list[str]] = {}
    for step in steps:
        told.setdefault(step.label, []).append(f"{step.kind} of {step.details}")
    return {label: " with ".join(sorted(kinds)) for label, kinds in told.items()}


def _kind_of(plugged_in: object) -> str:
    return type(plugged_in).__qualname__


def _accumulator_of(combine_fn: CombineFn[Any, Any, Any]) -> str:
    """What kind of accumulators an aggregation has; what it makes of them in the end may change."""
    if isinstance(combine_fn, FoldCombineFn):
        return combine_fn.name
    if isinstance(combine_fn, CombinedCombineFns):
        return f"({', '.join(map(_accumulator_of, combine_fn.parts))})"
    if isinstance(combine_fn, CurriedCombineFn):
        return _accumulator_of(combine_fn.inner)
    return _kind_of(combine_fn)


def _windowing_of(windowing: Windowing) -> str:
    return ", ".join(
        [
            _told(windowing.windowfn),
            _told(windowing.triggerfn),
            windowing.accumulation_mode.name,
            windowing.timestamp_combiner.name,
            f"lateness {windowing.allowed_lateness / 1_000_000:g} s",
        ]
    )


def _told(value: object) -> str:
    """The repr of a value; of a class without one, its name and its attributes, and never an address in memory."""
    if type(value).__repr__ is not object.__repr__:
        return repr(value)
    attributes = ", ".join(f"{name}={_told(part)}" for name, part in sorted(getattr(value, "__dict__", {}).items()))
    return f"{_kind_of(value)}({attributes})"
