"""What belongs to a checkpoint besides the state of the steps."""

from __future__ import annotations

import dataclasses
import enum

from streamcore.engine.core.checkpoint import Checkpoint
from streamcore.engine.plan_steps import PlanStep
from streamcore.engine.state.columns import decode, encode


class Outcome(enum.Enum):
    """How far the run had come.

    Attributes:
        RUNNING: It goes on from here.
        DONE: All input has been processed.
        DRAINED: It was drained: its windows were closed before their time.
    """

    RUNNING = "RUNNING"
    DONE = "DONE"
    DRAINED = "DRAINED"


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """A checkpoint, without the state of the steps.

    Attributes:
        checkpoint: What the commit protocol needs.
        steps: The steps of the plan that keep state.
        now: Processing time, in microseconds.
        outcome: How far the run had come.
        origin: The savepoint that the state began with; None if it began with nothing.
        anew: Labels of the steps that the run was told to begin without their old state.
    """

    checkpoint: Checkpoint
    steps: tuple[PlanStep, ...]
    now: int
    outcome: Outcome
    origin: str | None
    anew: tuple[str, ...]

    def encode(self) -> bytes:
        """The manifest as bytes.

        Raises:
            StateEncodingError: If what a sink has prepared is no plain data.
        """
        checkpoint = self.checkpoint
        values = [
            ("number", checkpoint.number),
            ("epoch", checkpoint.epoch),
            ("is_transactional", checkpoint.is_transactional),
            ("prepared", dict(checkpoint.prepared)),
            ("steps", [tuple(step) for step in self.steps]),
            ("now", self.now),
            ("outcome", self.outcome.value),
            ("origin", self.origin),
            ("anew", list(self.anew)),
        ]
        return encode(values)

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """The manifest of such bytes.

        Raises:
            StateDecodingError: If it cannot be read.
        """
        values = dict(decode(data))
        checkpoint = Checkpoint(values["number"], values["epoch"], values["is_transactional"], values["prepared"])
        steps = tuple([PlanStep(*step) for step in values["steps"]])
        outcome = Outcome(values["outcome"])
        return cls(checkpoint, steps, values["now"], outcome, values["origin"], tuple(values["anew"]))
