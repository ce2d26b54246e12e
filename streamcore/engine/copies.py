"""Copies of user objects: no step and no run sees what another one has set in its own."""

from __future__ import annotations

import copy
from typing import TypeVar

from streamcore.errors import PipelineError

T = TypeVar("T")


def own_copy(label: str, original: T) -> T:
    """The DoFn or CombineFn that a step of one run works with.

    The copy is shallow: what the original refers to, such as a client or a list that collects, is in the copy, too.

    Args:
        label: Full label of the step.
        original: What the step was given.

    Raises:
        PipelineError: If it cannot be copied.
    """
    try:
        return copy.copy(original)
    except Exception as error:
        kind = type(original).__name__
        msg = (
            f"step {label!r} works with a copy of its {kind}, which cannot be made: {type(error).__name__}: {error}; "
            f"let {kind} define `__copy__`"
        )
        raise PipelineError(msg) from error
