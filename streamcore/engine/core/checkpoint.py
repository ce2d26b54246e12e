"""What the state directory remembers of a checkpoint, for the protocol that commits it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from streamcore.model.transactions import Marker


@dataclasses.dataclass(frozen=True, slots=True)
class Checkpoint:
    """The part of a checkpoint that the commit protocol needs; kept with the state of the engine.

    Attributes:
        number: Counted from 0, which is the one before the first record.
        epoch: The claim under which it was prepared.
        is_transactional: Whether a cluster's transaction decides that it holds, or the state directory itself.
        prepared: By the label of a two-phase sink, what its `prepare` returned.
    """

    number: int
    epoch: int
    is_transactional: bool
    prepared: Mapping[str, object]

    def __str__(self) -> str:
        return f"checkpoint {self.number} of epoch {self.epoch}"


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """What the state directory holds at the moment it is claimed.

    Attributes:
        state_id: The directory's own name, which its copies share.
        epoch: Number of the claim. Nobody who claimed it before can write to it any more.
        applied: The last checkpoint that holds; None before there is one.
        prepared: The checkpoint after it, if it is not decided whether that holds.
    """

    state_id: str
    epoch: int
    applied: Checkpoint | None
    prepared: Checkpoint | None


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where a process stands between two checkpoints.

    Attributes:
        state_id: The state directory.
        epoch: The process's claim on it.
        checkpoint: The last checkpoint; it holds.
    """

    state_id: str
    epoch: int
    checkpoint: Checkpoint

    def marker(self) -> Marker:
        """What the cluster is to remember of the checkpoint."""
        return Marker(self.state_id, self.checkpoint.number, self.checkpoint.epoch)
