"""The DoFn: user code that processes elements one by one, with a life cycle and parameters."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from streamcore.errors import PipelineError, shorten


class ElementParameter(enum.Enum):
    """What a parameter of user code can be filled with; used as the parameter's default value."""

    ELEMENT = "ElementParam"
    TIMESTAMP = "TimestampParam"
    WINDOW = "WindowParam"
    PANE = "PaneInfoParam"
    WINDOWED_VALUE = "WindowedValueParam"
    KEY = "KeyParam"

    def __repr__(self) -> str:
        return f"DoFn.{self.value}"


# What users define, and the engine calls without waiting for anything.
METHODS: Final = ("process", "setup", "start_bundle", "finish_bundle", "teardown")


class DoFn:
    """User code for `ParDo`; subclass it and define `process`.

    The engine calls `setup` once before the first element, `start_bundle` and `finish_bundle` around every bundle, and
    `teardown` once at the end, also after an error. `process` returns an iterable of outputs, or None.

    Every step and every run works with a copy of the object (`copy.copy`, made when the run begins), so what a method
    sets in `self` is of this step and this run alone, and not to be seen in the object that `ParDo` was given. What
    `__init__` made or was given, such as a client, a queue or a list that collects, is not copied: all copies refer to
    the same, as the caller does. So state of its own, and what refers to `self`, a DoFn makes in `setup`.

    A parameter of `process` whose default is `DoFn.TimestampParam`, `DoFn.WindowParam`, `DoFn.PaneInfoParam`,
    `DoFn.WindowedValueParam` or `DoFn.KeyParam` is filled in for every element.

    >>> class Numbered(DoFn):
    ...     def setup(self):
    ...         self.count = 0
    ...
    ...     def process(self, word, window=DoFn.WindowParam):
    ...         self.count += 1
    ...         yield self.count, word, window
    >>> with Pipeline() as p:
    ...     _ = p | Create(["to", "be"]) | ParDo(Numbered()) | Map(print)
    (1, 'to', GlobalWindow)
    (2, 'be', GlobalWindow)
    """

    ElementParam: ClassVar[Any] = ElementParameter.ELEMENT
    TimestampParam: ClassVar[Any] = ElementParameter.TIMESTAMP
    WindowParam: ClassVar[Any] = ElementParameter.WINDOW
    PaneInfoParam: ClassVar[Any] = ElementParameter.PANE
    WindowedValueParam: ClassVar[Any] = ElementParameter.WINDOWED_VALUE
    KeyParam: ClassVar[Any] = ElementParameter.KEY

    def setup(self) -> None:
        """Called once before the first bundle: open connections here."""

    def start_bundle(self) -> None:
        """Called before the first element of a bundle; may put nothing out."""

    def process(self, element: Any, *args: Any, **kwargs: Any) -> Iterable[Any] | None:
        """Processes one element and returns its outputs."""
        msg = f"{type(self).__name__} has no `process`; define process(self, element) that returns an iterable"
        raise NotImplementedError(msg)

    def finish_bundle(self) -> Iterable[Any] | None:
        """Called after the last element of a bundle; may return `WindowedValue`s to put out."""
        return None

    def teardown(self) -> None:
        """Called once at the end: close what `setup` opened."""

    def default_label(self) -> str:
        """The label of a step that runs this DoFn."""
        return type(self).__name__


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class CallPlan:
    """How to call user code for one element: which arguments are fixed, and which are filled in for each.

    Attributes:
        fn: The user's function, or the `process` of a DoFn.
        args: Fixed positional arguments behind the element.
        kwargs: Fixed keyword arguments.
        filled: Keyword arguments to be filled in, by name.
        positions: Names of the function's positional parameters behind the element.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        filled: dict[str, ElementParameter],
        positions: tuple[str, ...] = (),
    ) -> None:
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.filled = filled
        self.positions = positions

    def fills_positions(self) -> bool:
        """Whether the parameters to be filled in are just those behind the element, and no others are given."""
        return not (self.args or self.kwargs) and tuple(self.filled) == self.positions[: len(self.filled)]

    def is_plain(self) -> bool:
        """Whether the function takes the element and nothing else."""
        return not (self.args or self.kwargs or self.filled)


def plan_call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallPlan:
    """Finds the parameters of `fn` that ask to be filled in.

    Raises:
        PipelineError: If `fn` cannot be called with an element and the given arguments.
    """
    signature = _signature(fn)
    if signature is None:
        return CallPlan(fn, args, kwargs, {})
    try:
        bound = signature.bind(None, *args, **kwargs)
    except TypeError as error:
        name = getattr(fn, "__name__", type(fn).__name__)
        call = ["element", *map(shorten, args), *(f"{key}={shorten(value)}" for key, value in kwargs.items())]
        msg = (
            f"{name}{signature} cannot be called as {name}({', '.join(call)}): {error}; "
            "it needs a parameter for the element, and arguments for the others: Map(function, argument)"
        )
        raise PipelineError(msg) from error
    # The element and explicit arguments win over a default that asks to be filled in.
    given = set(bound.arguments)
    filled = {name: asked for name, asked in _asked_for(signature).items() if name not in given}
    positional = [name for name, p in signature.parameters.items() if p.kind in _POSITIONAL]
    return CallPlan(fn, args, kwargs, filled, tuple(positional[1:]))


def plan_tuple_call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallPlan:
    """A call plan for a function that takes the items of a tuple as its first arguments."""
    signature = _signature(fn)
    filled = {} if signature is None else {k: v for k, v in _asked_for(signature).items() if k not in kwargs}
    if args or kwargs or filled:
        return CallPlan(lambda element, *rest, **more: fn(*element, *rest, **more), args, kwargs, filled)
    return CallPlan(lambda element: fn(*element), (), {}, {})


def _signature(fn: Callable[..., Any]) -> inspect.Signature | None:
    """The signature, or None for the many C functions that have none and take what they are given."""
    try:
        return inspect.signature(fn)
    except (TypeError, ValueError):
        return None


def _asked_for(signature: inspect.Signature) -> dict[str, ElementParameter]:
    """The parameters whose default says what to fill them with."""
    parameters = signature.parameters
    return {name: p.default for name, p in parameters.items() if isinstance(p.default, ElementParameter)}
