"""How a run keeps its state, as its options say."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from streamcore.engine.core.verdict import Verdict
from streamcore.errors import PipelineError
from streamcore.model.options import PipelineOptions
from streamcore.timestamp import to_micros

SAVEPOINT_SUFFIX: Final = ".sqlite"


class Durability(NamedTuple):
    """How a run keeps its state.

    Attributes:
        state_dir: The state directory.
        interval: Microseconds from one checkpoint to the next; None: only on request.
        take_over: Whether to take the directory from a process that has it but hangs.
        allow_pickle: Whether values of any type may be stored.
        allow_changes: Labels of steps that may differ from those that wrote the state, and begin without theirs.
        from_savepoint: The file of the savepoint that an empty directory begins with.
        undecided: What became of a prepared checkpoint that its cluster has forgotten; None to refuse to start.
    """

    state_dir: Path
    interval: int | None
    take_over: bool
    allow_pickle: bool
    allow_changes: frozenset[str]
    from_savepoint: Path | None
    undecided: Verdict | None


def durability_of(options: PipelineOptions) -> Durability | None:
    """What the options say; None if no state is kept.

    Raises:
        PipelineError: If an option makes no sense.
    """
    if options.state_dir is None:
        return None
    seconds = options.checkpoint_interval
    interval = None if seconds is None else to_micros(seconds)
    if interval is not None and interval <= 0:
        msg = f"`checkpoint_interval` must be positive, got {seconds!r}; use None for checkpoints on request only"
        raise PipelineError(msg)
    if isinstance(options.allow_changes, str):
        given = options.allow_changes
        msg = f"`allow_changes` must be a list of labels, got {given!r}; write [{given!r}]"
        raise PipelineError(msg)
    state_dir = Path(options.state_dir)
    return Durability(
        state_dir,
        interval,
        options.take_over,
        options.allow_pickle,
        frozenset(options.allow_changes),
        None if options.from_savepoint is None else _savepoint_file(state_dir, str(options.from_savepoint)),
        None if options.undecided is None else _verdict(options.undecided),
    )


def _verdict(given: object) -> Verdict:
    try:
        return Verdict(given)
    except ValueError:
        msg = (
            f"`undecided` must be 'committed' or 'aborted', got {given!r}; look whether the output of the checkpoint "
            "is in the topics, and leave the option out if no start has asked for it"
        )
        raise PipelineError(msg) from None


def _savepoint_file(state_dir: Path, given: str) -> Path:
    """The file of a savepoint; a bare name is one of the state directory itself."""
    if given.endswith(SAVEPOINT_SUFFIX) or Path(given).name != given:
        return Path(given).resolve()
    return (state_dir / "savepoints" / f"{given}{SAVEPOINT_SUFFIX}").resolve()
