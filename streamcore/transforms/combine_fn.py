"""The CombineFn: an aggregation in steps, so that no more than an accumulator is kept per key and window."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from streamcore.errors import PipelineError
from streamcore.model.functions import require_plain, require_plain_methods
from streamcore.model.labels import label_of

InT = TypeVar("InT")
AccT = TypeVar("AccT")
OutT = TypeVar("OutT")


class Kernel(NamedTuple):
    """A CombineFn as Python expressions, which the engine puts into the loop that runs for every element.

    An expression refers to the accumulator as `{a}`, to the element as `{v}` and to anything else by a name in `names`.
    `{a}` and `{v}` stand for simple expressions and may be repeated. Accumulators are best of types that the garbage
    collector does not track: numbers, strings, tuples of these.

    Attributes:
        create: An empty accumulator.
        first: The accumulator of one element.
        add: The accumulator after one more element.
        merge: The accumulator that unites `{a}` and `{b}`.
        extract: The result.
        names: What the expressions refer to; a method is best called as `fn.method()`, with one name `fn`.
        in_place: `add` is a statement that changes the accumulator `{a}` itself.
        copy: An accumulator that may be changed instead of `{a}`, where `merge` or `extract` may change the accumulator
            `{a}` itself or the result may be a part of it; None where that cannot be.
        ordered: The order of the elements shows in the result.
    """

    create: str
    first: str
    add: str
    merge: str
    extract: str = "{a}"
    names: dict[str, Any] = {}  # noqa: RUF012  # never changed
    in_place: bool = False
    copy: str | None = None
    ordered: bool = False


STEPS = ("create_accumulator", "add_input", "merge_accumulators", "extract_output")


class CombineFn(Generic[InT, AccT, OutT]):
    """An aggregation that is commutative and associative; subclass it for your own.

    Every step and every run works with a copy of the object, as with a `DoFn`.

    >>> class Average(CombineFn):
    ...     def create_accumulator(self):
    ...         return (0.0, 0)
    ...
    ...     def add_input(self, accumulator, element):
    ...         return accumulator[0] + element, accumulator[1] + 1
    ...
    ...     def merge_accumulators(self, accumulators):
    ...         totals, counts = zip(*accumulators)
    ...         return sum(totals), sum(counts)
    ...
    ...     def extract_output(self, accumulator):
    ...         return accumulator[0] / accumulator[1] if accumulator[1] else float("nan")
    >>> Average().apply([1, 2, 6])
    3.0
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A subclass that changes a step of an aggregation does not inherit expressions that say otherwise."""
        super().__init_subclass__(**kwargs)
        if "kernel" not in vars(cls) and any(step in vars(cls) for step in STEPS):
            cls.kernel = CombineFn.kernel  # type: ignore[method-assign]

    def setup(self) -> None:
        """Called once before the first accumulator is made."""

    def create_accumulator(self) -> AccT:
        """An empty accumulator."""
        raise NotImplementedError(self._lacking("create_accumulator"))

    def add_input(self, mutable_accumulator: AccT, element: InT, /) -> AccT:
        """The accumulator with one more element; may change the given one."""
        raise NotImplementedError(self._lacking("add_input"))

    def add_inputs(self, mutable_accumulator: AccT, elements: Iterable[InT], /) -> AccT:
        """The accumulator with more elements."""
        for element in elements:
            mutable_accumulator = self.add_input(mutable_accumulator, element)
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[AccT], /) -> AccT:
        """One accumulator for what several have taken up."""
        raise NotImplementedError(self._lacking("merge_accumulators"))

    def extract_output(self, accumulator: AccT, /) -> OutT:
        """The result, also for an empty accumulator.

        It may be the accumulator or change it: where that is needed again, a copy is given here, which
        `merge_accumulators` has made of it and an empty one.
        """
        raise NotImplementedError(self._lacking("extract_output"))

    def teardown(self) -> None:
        """Called once at the end."""

    def apply(self, elements: Iterable[InT]) -> OutT:
        """The result for the given elements, with no pipeline around it."""
        return self.extract_output(self.add_inputs(self.create_accumulator(), elements))

    def kernel(self) -> Kernel:
        """This aggregation as expressions; built-in ones override it to run without a call per element."""
        return Kernel(
            create="fn.create_accumulator()",
            first="fn.add_input(fn.create_accumulator(), {v})",
            add="fn.add_input({a}, {v})",
            merge="fn.merge_accumulators([{a}, {b}])",
            extract="fn.extract_output({a})",
            names={"fn": self},
            copy="fn.merge_accumulators([fn.create_accumulator(), {a}])",
        )

    def default_label(self) -> str:
        """The label of a step that runs this aggregation."""
        return type(self).__name__

    def require_steps(self) -> None:
        """Checks that nothing is missing, or cannot be used; called where an aggregation is put into a pipeline.

        Raises:
            PipelineError: If a step is not defined, or a method is async.
        """
        lacking = [step for step in STEPS if getattr(type(self), step) is getattr(CombineFn, step)]
        if lacking:
            raise PipelineError(self._lacking(*lacking))
        require_plain_methods("an aggregation", self, [*STEPS, "add_inputs", "setup", "teardown"])

    def _lacking(self, *steps: str) -> str:
        names = ", ".join(f"`{step}`" for step in steps)
        return f"{type(self).__name__} has no {names}; a CombineFn must define {', '.join(STEPS[:3])} and {STEPS[3]}"

    @staticmethod
    def from_callable(fn: Callable[..., Any] | CombineFn[Any, Any, Any]) -> CombineFn[Any, Any, Any]:
        """A CombineFn for a plain function over an iterable, such as `sum`; a CombineFn is returned as it is.

        Raises:
            PipelineError: If it is neither, or an async function.
        """
        if isinstance(fn, CombineFn):
            return fn
        if isinstance(fn, type) and issubclass(fn, CombineFn):
            msg = f"got the class {fn.__name__}; write {fn.__name__}()"
            raise PipelineError(msg)
        if not callable(fn):
            msg = f"expected a CombineFn or a function of an iterable such as `sum`, got {fn!r}"
            raise PipelineError(msg)
        return BUILTINS[fn]() if fn in BUILTINS else CallableCombineFn(fn)


class FoldCombineFn(CombineFn[Any, Any, Any]):
    """An aggregation given by its expressions; `add_input` and the others are made of them.

    Args:
        name: Label of the aggregation.
        kernel: The expressions.
    """

    def __init__(self, name: str, kernel: Kernel) -> None:
        self.name = name
        self._kernel = kernel
        scope = dict(kernel.names)
        self._create = eval(f"lambda: {kernel.create}", scope)
        self._add = eval(f"lambda a, v: {kernel.add.format(a='a', v='v')}", scope)
        self._merge = eval(f"lambda a, b: {kernel.merge.format(a='a', b='b')}", scope)
        self._extract = eval(f"lambda a: {kernel.extract.format(a='a')}", scope)

    def create_accumulator(self) -> Any:
        """An empty accumulator."""
        return self._create()

    def add_input(self, mutable_accumulator: Any, element: Any) -> Any:
        """The accumulator with one more element."""
        return self._add(mutable_accumulator, element)

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        """One accumulator for several."""
        merged = self._create()
        for accumulator in accumulators:
            merged = self._merge(merged, accumulator)
        return merged

    def extract_output(self, accumulator: Any) -> Any:
        """The result."""
        return self._extract(accumulator)

    def kernel(self) -> Kernel:
        """The expressions."""
        return self._kernel

    def default_label(self) -> str:
        """The name."""
        return self.name


class CallableCombineFn(CombineFn[Any, Any, Any]):
    """A function over an iterable as an aggregation: applied to parts and then to their results, it must give the same.

    Elements are kept until there are `BUFFER` of them, then the function makes one of them, as in Beam.
    """

    BUFFER = 10

    def __init__(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        require_plain("an aggregation", fn)
        self.fn = fn
        self.args = args
        self.kwargs = kwargs

    def create_accumulator(self) -> list[Any]:
        """No elements yet."""
        return []

    def add_input(self, mutable_accumulator: list[Any], element: Any) -> list[Any]:
        """One more element, or the result of those so far in their place."""
        mutable_accumulator.append(element)
        if len(mutable_accumulator) > self.BUFFER:
            mutable_accumulator = [self.fn(mutable_accumulator, *self.args, **self.kwargs)]
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[list[Any]]) -> list[Any]:
        """The function's result of all that was kept."""
        return [self.fn(kept, *self.args, **self.kwargs) for kept in accumulators if kept]

    def extract_output(self, accumulator: list[Any]) -> Any:
        """The function's result."""
        return self.fn(accumulator, *self.args, **self.kwargs)

    def kernel(self) -> Kernel:
        """Calls the methods, but for a copy needs no call of the function, in whose result the order may show."""
        return super().kernel()._replace(copy="{a}[:]", ordered=True)

    def default_label(self) -> str:
        """The function's name; for a lambda the line it stands in."""
        return label_of(self.fn)


class Empty(enum.Enum):
    """Stands for the accumulator of no elements where every value could be that of some."""

    EMPTY = "empty"


EMPTY = Empty.EMPTY


def _extreme(better: str) -> Kernel:
    """The kernel of `min` and `max`: the first of equals stays, and no elements are an error, as with the functions."""
    return Kernel(
        create="EMPTY",
        first="{v}",
        add=f"{{v}} if {{a}} is EMPTY or {{v}} {better} {{a}} else {{a}}",
        merge=f"{{a}} if {{b}} is EMPTY else {{b}} if {{a}} is EMPTY or {{b}} {better} {{a}} else {{a}}",
        extract="{a} if {a} is not EMPTY else refuse()",
        names={"EMPTY": EMPTY, "refuse": _refuse_empty},
    )


def _refuse_empty() -> Any:
    msg = "min and max need at least one element, got none"
    raise ValueError(msg)


SUM = Kernel("0", "0 + {v}", "{a} + {v}", "{a} + {b}")
COUNT = Kernel("0", "1", "{a} + 1", "{a} + {b}")
ANY = Kernel("False", "bool({v})", "{a} or bool({v})", "{a} or {b}")
ALL = Kernel("True", "bool({v})", "{a} and bool({v})", "{a} and {b}")
BUILTINS: dict[Any, Callable[[], CombineFn[Any, Any, Any]]] = {
    sum: lambda: FoldCombineFn("sum", SUM),
    len: lambda: FoldCombineFn("len", COUNT),
    any: lambda: FoldCombineFn("any", ANY),
    all: lambda: FoldCombineFn("all", ALL),
    min: lambda: FoldCombineFn("min", _extreme("<")),
    max: lambda: FoldCombineFn("max", _extreme(">")),
}
