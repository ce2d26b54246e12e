"""What a state directory must be like for a run to go on from it; looked at before anything happens."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

from streamcore.engine.durability import Durability
from streamcore.engine.manifest import Manifest, Outcome
from streamcore.engine.plan_steps import PlanStep, compare, is_named
from streamcore.errors import StartRefusedError


def require_origin(manifest: Manifest, durability: Durability, directory: Path) -> None:
    """Looks whether the state began with the savepoint that the run is to begin with.

    Raises:
        StartRefusedError: If it did not.
    """
    wanted = durability.from_savepoint
    if wanted is not None and manifest.origin != str(wanted):
        began = "with nothing" if manifest.origin is None else f"with the savepoint {manifest.origin}"
        msg = (
            f"the state directory {directory} began {began}, got from_savepoint={str(wanted)!r}; "
            "use an empty state directory to begin with that savepoint, or move state.sqlite* out of this one"
        )
        raise StartRefusedError(msg)


def require_plan(
    manifest: Manifest, steps: Sequence[PlanStep], labels: Iterable[str], durability: Durability, where: Path
) -> None:
    """Looks whether the pipeline is the one that wrote the state, but for the changes that are allowed.

    Args:
        manifest: What tells of the state.
        steps: What the pipeline keeps state for.
        labels: The labels of all its steps.
        durability: Which changes are allowed.
        where: Where the state is.

    Raises:
        PlanChangedError: If it is not.
        StartRefusedError: If the name of a step that may change is the name of none.
    """
    # Those that once began anew may have been named since, though they are gone.
    known = [*labels, *(step.label for step in manifest.steps), *manifest.anew]
    require_names(durability.allow_changes, known, f"no step here, nor one of the state in {where}")
    compare(manifest.steps, steps).without(durability.allow_changes).require_none(where)


def require_names(names: Iterable[str], labels: Sequence[str], unknown: str) -> None:
    """Looks whether the names of steps that may change are those of steps.

    Args:
        names: The names.
        labels: The labels of all steps there are, or were.
        unknown: What others are.

    Raises:
        StartRefusedError: If one is not.
    """
    for name in sorted(names):
        if not any(is_named(label, [name]) for label in labels):
            similar = difflib.get_close_matches(name, labels, 1)
            hint = f"write {similar[0]!r}" if similar else "leave it out, or give the full label of a step"
            msg = f"`allow_changes` names {name!r}, which is {unknown}; {hint}"
            raise StartRefusedError(msg)


def has_ended(manifest: Manifest, directory: Path) -> bool:
    """Whether the run has processed all of its input.

    Raises:
        StartRefusedError: If it was drained.
    """
    if manifest.outcome == Outcome.DRAINED:
        msg = (
            f"the run whose state is in {directory} was drained: its windows have been closed before their "
            "time and cannot be filled any more; use an empty state directory to begin anew, with "
            "from_savepoint=... to go on from a savepoint that was taken before"
        )
        raise StartRefusedError(msg)
    return manifest.outcome == Outcome.DONE
