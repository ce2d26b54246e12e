"""How a run keeps its state, as its options say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from streamcore.engine.core.verdict import Verdict
from streamcore.engine.state.savepoints import savepoint_file
from streamcore.errors import PipelineError, shorten
from streamcore.model.options import PipelineOptions, flag_of
from streamcore.model.spans import span_argument


class Durability(NamedTuple):
    """How a run keeps its state.

    Attributes:
        state_dir: The state directory; absolute, as the process may change to another directory meanwhile.
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
    state_dir = Path(_path("state_dir", options.state_dir, "a directory, such as 'state'")).absolute()
    savepoint = options.from_savepoint
    return Durability(
        state_dir,
        None if options.checkpoint_interval is None else _interval(options.checkpoint_interval),
        flag_of(options, "take_over"),
        flag_of(options, "allow_pickle"),
        _labels(options.allow_changes),
        None
        if savepoint is None
        else savepoint_file(state_dir, _path("from_savepoint", savepoint, "its file or name")),
        None if options.undecided is None else _verdict(options.undecided),
    )


def _path(name: str, given: object, wanted: str) -> str:
    path = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if not isinstance(path, str) or not path:
        msg = f"`{name}` must be a path, got {shorten(given)}; give {wanted}, or leave it out"
        raise PipelineError(msg)
    return path


def _interval(given: Any) -> int:
    interval = span_argument("checkpoint_interval", given)
    if interval <= 0:
        msg = f"`checkpoint_interval` must be positive, got {given!r}; use None for checkpoints on request only"
        raise PipelineError(msg)
    return interval


def _labels(given: object) -> frozenset[str]:
    if isinstance(given, str):
        msg = f"`allow_changes` must be a list of labels, got {given!r}; write [{given!r}]"
        raise PipelineError(msg)
    if not isinstance(given, list | tuple | set | frozenset) or not all(isinstance(label, str) for label in given):
        msg = f"`allow_changes` must be a list of labels, got {shorten(given)}; write ['label of a step']"
        raise PipelineError(msg)
    return frozenset(given)


def _verdict(given: object) -> Verdict:
    try:
        return Verdict(given)
    except ValueError:
        msg = (
            f"`undecided` must be 'committed' or 'aborted', got {given!r}; look whether the output of the checkpoint "
            "is in the topics, and leave the option out if no start has asked for it"
        )
        raise PipelineError(msg) from None
