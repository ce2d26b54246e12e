"""What the methods of sources and readers raise, told with the step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from streamcore.engine.cancellation import is_cancelled
from streamcore.errors import SourceError, StreamcoreError, note_step


def source_failure(label: str, what: str, cause: BaseException) -> SourceError:
    """The error that names the step, what it could not do, and why."""
    return SourceError(f"step {label!r} could not {what}: {type(cause).__name__}: {cause}")


@contextlib.contextmanager
def naming_step(label: str, what: str) -> Iterator[None]:
    """Names the step where a method of a source or reader fails, unless the error is one of ours.

    Args:
        label: The step.
        what: What it could not do then.

    Raises:
        SourceError: If it fails.
    """
    try:
        yield
    except StreamcoreError:
        raise
    except (Exception, asyncio.CancelledError) as error:
        if is_cancelled(error):
            raise
        raise source_failure(label, what, error) from error
    except BaseException as error:  # such as that of `pytest.fail`, which has to stay what it is
        note_step(error, label)
        raise
