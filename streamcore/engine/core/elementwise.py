"""Map, Filter and FlatMap over the columns of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, compress, repeat
from typing import Any, Final

from streamcore.engine.core.node import Node, Scheduler
from streamcore.engine.core.outputs import are_plain, moved_back, unwrap
from streamcore.errors import PipelineError
from streamcore.model.bundle import Bundle
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import Timestamp
from streamcore.transforms.dofn import CallPlan, ElementParameter

NOT_OUTPUTS: Final = (str, bytes, dict)


class ElementwiseNode(Node):
    """Calls user code for every element.

    What it returns is looked at before the next call, as it may be a generator, or a list that is used again.

    Args:
        label: Full label of the step.
        scheduler: The engine's scheduler.
        plan: How the user's function is called.
        windowfn: The windowing of the input; it assigns windows to outputs that come with a timestamp of their own.
        ignore_unknown_tags: Whether values for outputs that nobody named are dropped instead of refused.

    Attributes:
        may_move_back: Its outputs may be older than the elements they come from; set by the planner.
    """

    def __init__(
        self,
        label: str,
        scheduler: Scheduler,
        plan: CallPlan,
        windowfn: WindowFn,
        ignore_unknown_tags: bool = False,
    ) -> None:
        super().__init__(label, scheduler)
        self.plan = plan
        self.windowfn = windowfn
        self.ignore_unknown_tags = ignore_unknown_tags
        self.may_move_back = True
        self._by_window = ElementParameter.WINDOW in plan.filled.values()
        self._call = bind_columns(plan)

    def push(self, bundle: Bundle) -> None:
        """Calls the function for every element, and emits what follows from the results."""
        self.metrics.elements += len(bundle.values)
        if self._by_window:
            bundle = one_window_each(bundle)
        elements = iter(bundle.values)
        try:
            outputs = self.outputs(bundle, self._call(elements, bundle))
        except Exception as error:
            raise self.failure(bundle, self.position(bundle, elements), error) from error
        self.emit_outputs(outputs)

    def outputs(self, bundle: Bundle, results: Iterable[Any]) -> Bundle:
        """What follows from the results, of which there must be one for each element."""
        raise NotImplementedError

    def emit_outputs(self, bundle: Bundle) -> None:
        """Emits a bundle of outputs, among which may be values with timestamps, windows or tags."""
        if are_plain(bundle.values):
            self.emit(bundle)
            return
        position = None if self.may_move_back else moved_back(bundle)
        if position is not None:
            msg = (
                "the step moves an element back in time, behind the step that takes the watermark from the elements' "
                "times; give it that time there, by WithTimestamps(fn, watermark=...), or here, by WithTimestamps(fn)"
            )
            raise self.failure(bundle, position, PipelineError(msg))
        self.emit_wrapped(bundle)

    def emit_wrapped(self, bundle: Bundle) -> None:
        """Emits outputs among which there are values with timestamps, windows or tags."""
        for tag, part in unwrap(bundle, self.windowfn, partial(self.failure, bundle)):
            if tag in self.consumers:
                self.emit(part, tag)
            elif not self.ignore_unknown_tags:
                msg = (
                    f"step {self.label!r} put out a value tagged {tag!r}, an output it does not have; "
                    f"name it in with_outputs({tag!r})"
                )
                raise PipelineError(msg)


class MapNode(ElementwiseNode):
    """One output for each element."""

    def outputs(self, bundle: Bundle, results: Iterable[Any]) -> Bundle:
        """The results are the outputs."""
        values = list(results)
        check_count(bundle, len(values))
        return bundle.with_values(values)


class FilterNode(ElementwiseNode):
    """The elements for which the function returned something true."""

    def outputs(self, bundle: Bundle, results: Iterable[Any]) -> Bundle:
        """The results choose among the elements."""
        mask = list(results)
        check_count(bundle, len(mask))
        return select(bundle, mask)

    def emit_outputs(self, bundle: Bundle) -> None:
        """Emits elements, whatever they are."""
        self.emit(bundle)


class FlatMapNode(ElementwiseNode):
    """Any number of outputs for each element."""

    def outputs(self, bundle: Bundle, results: Iterable[Any]) -> Bundle:
        """The results hold the outputs; the columns of an element are repeated for each of its outputs."""
        values: list[Any] = []
        counts = []
        for result in results:
            before = len(values)
            values.extend(_checked(result))
            counts.append(len(values) - before)
        check_count(bundle, len(counts))
        return spread(bundle, values, counts)


def check_count(bundle: Bundle, count: int) -> None:
    """Refuses a `StopIteration` of user code, at which a loop over its results ends as if there were no more elements.

    Raises:
        PipelineError: If there are fewer results than elements.
    """
    if count != len(bundle.values):
        msg = "the function raised StopIteration; return a value instead"
        raise PipelineError(msg)


def _checked(result: Any) -> Iterable[Any]:
    if result is None:
        return ()
    if isinstance(result, NOT_OUTPUTS):
        kind = type(result).__name__
        msg = f"the function returned a {kind}, whose parts would become outputs one by one; return [value], or use Map"
        raise PipelineError(msg)
    if not isinstance(result, Iterable):
        msg = f"the function returned {type(result).__name__}, not an iterable of outputs; return [value], or use Map"
        raise PipelineError(msg)
    return result


def select(bundle: Bundle, mask: list[Any]) -> Bundle:
    """The elements of a bundle whose mask is true."""
    stamps, windows, pane, marks = bundle.timestamps, bundle.windows, bundle.pane, bundle.watermarks
    return Bundle(
        list(compress(bundle.values, mask)),
        list(compress(stamps, mask)) if isinstance(stamps, list) else stamps,
        list(compress(windows, mask)) if isinstance(windows, list) else windows,
        list(compress(pane, mask)) if isinstance(pane, list) else pane,
        bundle.split,
        None if marks is None else list(compress(marks, mask)),
        bundle.bounds,
    )


def spread(bundle: Bundle, values: list[Any], counts: list[int]) -> Bundle:
    """Values in the place of elements, `counts[i]` of them for the i-th."""
    stamps, windows, pane, marks = bundle.timestamps, bundle.windows, bundle.pane, bundle.watermarks
    return Bundle(
        values,
        _repeated(stamps, counts) if isinstance(stamps, list) else stamps,
        _repeated(windows, counts) if isinstance(windows, list) else windows,
        _repeated(pane, counts) if isinstance(pane, list) else pane,
        bundle.split,
        None if marks is None else _repeated(marks, counts),
        bundle.bounds,
    )


def _repeated(column: list[Any], counts: list[int]) -> list[Any]:
    return list(chain.from_iterable(map(repeat, column, counts)))


def one_window_each(bundle: Bundle) -> Bundle:
    """The same elements, one for each of their windows: what user code that looks at the window gets."""
    if isinstance(bundle.windows, tuple) and len(bundle.windows) == 1:
        return bundle
    windows = bundle.window_list()
    if set(map(len, windows)) == {1}:
        return bundle
    out = spread(bundle, _repeated(bundle.values, counts := [len(one) for one in windows]), counts)
    out.windows = [(window,) for one in windows for window in one]
    return out


def bind_columns(plan: CallPlan) -> Callable[[Iterable[Any], Bundle], Iterable[Any]]:
    """A function from elements and their bundle to the results of user code, one by one."""
    fn, args, kwargs = plan.fn, plan.args, plan.kwargs
    if plan.is_plain():
        return lambda elements, bundle: map(fn, elements)
    if not plan.filled:
        return lambda elements, bundle: (fn(element, *args, **kwargs) for element in elements)
    columns = [COLUMNS[parameter] for parameter in plan.filled.values()]
    if plan.fills_positions():
        if len(columns) == 1:
            column = columns[0]
            return lambda elements, bundle: map(fn, elements, column(bundle))
        return lambda elements, bundle: map(fn, elements, *(column(bundle) for column in columns))
    names = list(plan.filled)

    def call(elements: Iterable[Any], bundle: Bundle) -> Iterable[Any]:
        rows = zip(*(column(bundle) for column in columns), strict=True)
        for element, row in zip(elements, rows, strict=True):
            yield fn(element, *args, **kwargs, **dict(zip(names, row, strict=True)))

    return call


def _window_column(bundle: Bundle) -> Iterable[Any]:
    if isinstance(bundle.windows, tuple) and len(bundle.windows) == 1:
        return repeat(bundle.windows[0], len(bundle.values))
    return [windows[0] for windows in bundle.window_list()]


def _key_column(bundle: Bundle) -> Iterator[Any]:
    for element in bundle.values:
        try:
            key, _ = element
        except (TypeError, ValueError):
            msg = (
                "DoFn.KeyParam needs elements that are pairs (key, value); "
                "make them with Map(lambda x: (key, value)) or WithKeys"
            )
            raise PipelineError(msg) from None
        yield key


COLUMNS: dict[ElementParameter, Callable[[Bundle], Iterable[Any]]] = {
    ElementParameter.ELEMENT: lambda bundle: bundle.values,
    ElementParameter.TIMESTAMP: lambda bundle: map(Timestamp.of_micros, bundle.timestamp_list()),
    ElementParameter.WINDOW: _window_column,
    ElementParameter.PANE: lambda bundle: bundle.pane_list(),
    ElementParameter.WINDOWED_VALUE: lambda bundle: bundle.windowed_values(),
    ElementParameter.KEY: _key_column,
}
