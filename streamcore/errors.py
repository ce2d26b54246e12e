"""The error tree: every error streamcore raises on purpose derives from `StreamcoreError`."""

from __future__ import annotations

from typing import Any, Final

MAX_SHOWN: Final = 200


class StreamcoreError(Exception):
    """Base of all errors that streamcore raises on purpose.

    A copy that comes out of another process has the text and the attributes, but not the cause.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Made again of its text, and not of what the text was made of."""
        reduced = super().__reduce__()
        assert isinstance(reduced, tuple)
        kind, args, *state = reduced
        return (_made_again, (kind, args), *state)


def _made_again(kind: type[StreamcoreError], args: tuple[Any, ...]) -> StreamcoreError:
    return kind.__new__(kind, *args)


class PipelineError(StreamcoreError, ValueError):
    """A pipeline was built wrongly; it is refused before anything runs."""


class TransformTypeError(PipelineError, TypeError):
    """A transform was given an argument of a type it cannot use."""


class MissingExtraError(StreamcoreError, ImportError):
    """An optional dependency is not installed; the message carries the install line."""


class UserCodeError(StreamcoreError):
    """User code raised while it processed an element; the cause is kept as `__cause__`.

    Attributes:
        step: Full label of the step.
        element: The element, as it was handed to the user's code.
        window: The element's window or windows, or None where none is involved.
        method: The method that raised, where it is not the step's own function; else None.
    """

    def __init__(
        self, step: str, element: object, window: object, cause: BaseException, method: str | None = None
    ) -> None:
        self.step = step
        self.element = element
        self.window = window
        self.method = method
        place = "" if method is None else f" in {method}"
        where = "" if window is None else f" in window {shorten(window)}"
        function = "the step's function" if method is None else method
        hint = f"handle it in {function}, or filter such elements out before it"
        super().__init__(f"step {step!r} failed{place} on element {shorten(element)}{where}: {_told(cause, hint)}")
        self.__cause__ = cause


class LifeCycleError(UserCodeError):
    """User code raised in a method that is called without an element, such as `DoFn.setup`."""

    def __init__(self, step: str, method: str, cause: BaseException) -> None:
        self.step = step
        self.element = self.window = None
        self.method = method
        StreamcoreError.__init__(self, f"step {step!r} failed in {method}: {_told(cause, f'handle it in {method}')}")
        self.__cause__ = cause


class EmptyPaneError(UserCodeError):
    """A pane without elements came out, and a CombineFn could make no result of none.

    Attributes:
        key: The key, or None where there are no keys.
    """

    def __init__(self, step: str, key: object, window: object, missing: str, cause: BaseException, remedy: str) -> None:
        self.step = step
        self.element = self.method = None
        self.key = key
        self.window = window
        whose = "" if key is None else f" for key {shorten(key)}"
        StreamcoreError.__init__(
            self,
            f"step {step!r} failed{whose} in window {shorten(window)}: {missing}, and no result can be made of none "
            f"({type(cause).__name__}: {cause}); {remedy}, or let extract_output take an accumulator without elements",
        )
        self.__cause__ = cause


class SourceError(StreamcoreError):
    """A source could not be opened or read."""


class SinkError(StreamcoreError):
    """A sink could not be opened or written."""


class StateError(StreamcoreError):
    """Base of the errors about state that outlives the process."""


class StateEncodingError(StateError, TypeError):
    """A value cannot be stored."""


class StateDecodingError(StateError, ValueError):
    """Stored bytes cannot be turned back into the values they were made of."""


class StateDirectoryError(StateError):
    """A state directory cannot be used as it is, or does not hold what was asked for."""


class StateLockedError(StateDirectoryError):
    """Another process has the state directory."""


class StateTakenOverError(StateError):
    """Another process took the state directory over; this one can write nothing any more."""


class StateWriteError(StateError):
    """Nothing was written, as the disk is full or does not let itself be written to; it may be tried again."""


class StateDamagedError(StateError):
    """What is on disk is not what was written.

    Attributes:
        number: The checkpoint that cannot be read; None where that is not known.
        whole: The latest earlier checkpoint that can be read, or None.
    """

    def __init__(self, message: str, number: int | None = None, whole: int | None = None) -> None:
        super().__init__(message)
        self.number = number
        self.whole = whole


class TransactionError(SinkError):
    """A transaction of a sink's cluster did not go through; the engine goes back to its last checkpoint and goes on."""


class TransactionFencedError(TransactionError):
    """The cluster takes nothing more from this writer: its transaction expired, or another one has begun."""


class TransactionAbortedError(TransactionError):
    """The transaction was aborted: nothing of it will be seen."""


class TransactionUnknownError(TransactionError):
    """No answer came, so that the transaction may have been committed, or may yet be, or not."""


class StartRefusedError(StreamcoreError):
    """Going on from a state directory could lose or double output; nothing has been changed."""


class MarkerMissingError(StartRefusedError):
    """A checkpoint was prepared, and the cluster no longer tells whether its transaction was committed."""

    def __init__(self, checkpoint: int) -> None:
        super().__init__(
            f"checkpoint {checkpoint} was prepared, but its cluster no longer knows whether the transaction was "
            "committed: the marker has expired or was deleted, or this is another cluster; look whether the output of "
            "the last checkpoint is in the topics, then start once with undecided='committed' if it is, and "
            "undecided='aborted' if it is not"
        )


class MarkerAheadError(StartRefusedError):
    """The cluster has committed more than the state directory knows of: the directory is an older copy."""

    def __init__(self, known: str, marker: str) -> None:
        super().__init__(
            f"the state directory knows of {known}, but its cluster has committed {marker}: the directory is an older "
            "copy, and going on from it would write output a second time; use the directory that ran last, or an "
            "empty one to begin anew"
        )


class MarkerBehindError(StartRefusedError):
    """The cluster has not committed what the state directory knows was committed."""

    def __init__(self, known: str, marker: str) -> None:
        super().__init__(
            f"the state directory knows of {known}, but its cluster has committed only {marker}: the cluster has lost "
            "transactions, or this is another one; use the cluster that was written to, or an empty state directory "
            "to begin anew"
        )


class UndecidedCheckpointError(StartRefusedError):
    """A checkpoint was prepared by a pipeline with other sinks, which decide in another way."""

    def __init__(self, checkpoint: int, sinks: str) -> None:
        super().__init__(
            f"checkpoint {checkpoint} was prepared by a pipeline {sinks}, and only that one can tell whether it was "
            "committed; start the pipeline once as it was, then change it"
        )


class PlanChangedError(StartRefusedError):
    """The pipeline has other steps than the one that wrote the state; what does not fit is named."""


class InvariantError(StreamcoreError):
    """Something that streamcore guarantees to itself does not hold: our bug, not the user's."""

    def __init__(self, what: str) -> None:
        super().__init__(f"internal invariant broken: {what}; this is a bug in streamcore, please report it")


def _told(cause: BaseException, hint: str) -> str:
    """What happened and what to do; our own errors say so themselves."""
    return str(cause) if isinstance(cause, StreamcoreError) else f"{type(cause).__name__}: {cause}; {hint}"


def note_step(error: BaseException, label: str) -> None:
    """Adds to an error that does not name it the step that it happened in."""
    if repr(label) not in str(error):
        error.add_note(f"This happened in step {label!r}.")


def describe(value: object) -> str:
    """A value as messages name it: a class by its name, anything else by its repr.

    >>> describe(int), describe(3)
    ('the class int', '3')
    """
    return f"the class {value.__name__}" if isinstance(value, type) else shorten(value)


def shorten(value: object, limit: int = MAX_SHOWN) -> str:
    """The repr of a value, cut to a sane length; a repr that raises does not hide the error being told.

    >>> shorten("x" * 500, 10)
    "'xxxxxxxxx... (502 characters)"
    """
    try:
        text = repr(value)
    except Exception as error:  # user classes may have a broken repr
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"
