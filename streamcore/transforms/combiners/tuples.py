"""Several aggregations at once: of the items of tuples, or of the same elements."""

from __future__ import annotations

import ast
import copy
import functools
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from streamcore.transforms.combine_fn import CombineFn, Kernel

if TYPE_CHECKING:
    from typing import Self

MERGED_AT_ONCE: Final = 1000
AnyCombineFn = CombineFn[Any, Any, Any]
Accumulators = tuple[Any, ...]


class CombinedCombineFns(CombineFn[Any, Accumulators, tuple[Any, ...]]):
    """What both kinds have in common; they differ in what of an element each part gets.

    Args:
        *combiners: CombineFns, or functions over an iterable such as `sum`.
        merge_accumulators_batch_size: How many accumulators are in memory at a time while many are merged.
    """

    def __init__(
        self,
        *combiners: AnyCombineFn | Callable[..., Any],
        merge_accumulators_batch_size: int | None = None,
    ) -> None:
        self._combiners = [CombineFn.from_callable(combiner) for combiner in combiners]
        self._batch_size = merge_accumulators_batch_size or max(10, MERGED_AT_ONCE // max(1, len(combiners)))

    def __copy__(self) -> Self:
        """One with parts of its own."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), _combiners=[copy.copy(part) for part in self._combiners])
        return other

    @property
    def parts(self) -> list[AnyCombineFn]:
        """The aggregations that it is made of."""
        return self._combiners

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Sets the parts up."""
        for part in self._combiners:
            part.setup(*args, **kwargs)

    def create_accumulator(self, *args: Any, **kwargs: Any) -> Accumulators:
        """The empty accumulators of the parts."""
        return tuple([part.create_accumulator(*args, **kwargs) for part in self._combiners])

    def merge_accumulators(self, accumulators: Iterable[Accumulators], *args: Any, **kwargs: Any) -> Accumulators:
        """One accumulator for each part."""
        waiting = iter(accumulators)
        batch = list(islice(waiting, self._batch_size + 1))
        merged = batch[0] if batch else self.create_accumulator(*args, **kwargs)
        while len(batch) > 1:
            columns = zip(*batch, strict=True)
            merged = tuple(
                [part.merge_accumulators(c, *args, **kwargs) for part, c in zip(self._combiners, columns, strict=True)]
            )
            del batch, columns
            batch = [merged, *islice(waiting, self._batch_size)]
        return merged

    def extract_output(self, accumulator: Accumulators, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The results of the parts."""
        pairs = zip(self._combiners, accumulator, strict=True)
        return tuple([part.extract_output(a, *args, **kwargs) for part, a in pairs])

    def teardown(self, *args: Any, **kwargs: Any) -> None:
        """Tears the parts down."""
        for part in reversed(self._combiners):
            part.teardown(*args, **kwargs)


class TupleCombineFn(CombinedCombineFns):
    """Aggregates tuples item by item: the first item by the first part, and so on; the result is a tuple.

    >>> TupleCombineFn(sum, max).apply([(1, "a"), (2, "c"), (3, "b")])
    (6, 'c')
    """

    def add_input(self, mutable_accumulator: Accumulators, element: Any, *args: Any, **kwargs: Any) -> Accumulators:
        """Adds each item to its part."""
        rows = zip(self._combiners, mutable_accumulator, element, strict=True)
        return tuple([part.add_input(a, item, *args, **kwargs) for part, a, item in rows])

    def with_common_input(self) -> SingleInputTupleCombineFn:
        """The same parts, each of which gets the whole element.

        >>> TupleCombineFn(min, max).with_common_input().apply([2, 1, 3])
        (1, 3)
        """
        return SingleInputTupleCombineFn(*self._combiners, merge_accumulators_batch_size=self._batch_size)

    def kernel(self) -> Kernel:
        """The parts' expressions, put together."""
        return compose([inline(part) for part in self._combiners], "{v}[%d]")


class SingleInputTupleCombineFn(CombinedCombineFns):
    """Aggregates the same elements in several ways; the result is a tuple.

    >>> SingleInputTupleCombineFn(min, max, sum).apply([2, 1, 3])
    (1, 3, 6)
    """

    def add_input(self, mutable_accumulator: Accumulators, element: Any, *args: Any, **kwargs: Any) -> Accumulators:
        """Adds the element to every part."""
        pairs = zip(self._combiners, mutable_accumulator, strict=True)
        return tuple([part.add_input(a, element, *args, **kwargs) for part, a in pairs])

    def kernel(self) -> Kernel:
        """The parts' expressions, put together."""
        return compose([inline(part) for part in self._combiners], "{v}")


def inline(part: AnyCombineFn) -> Kernel:
    """The kernel of a part; one that calls its methods, where its own consists of statements."""
    kernel = part.kernel()
    if not kernel.in_place:
        return kernel
    called = CombineFn.kernel(part)
    return called._replace(ordered=kernel.ordered, copy=None if kernel.copy is None else called.copy)


@functools.cache
def fields_type(count: int) -> type[msgspec.Struct]:
    """An accumulator with so many fields, which the garbage collector does not follow and which is changed in place."""
    return msgspec.defstruct("Fields", [f"f{number}" for number in range(count)], gc=False)


def compose(parts: list[Kernel], element: str) -> Kernel:
    """One kernel whose accumulator has a field for that of each part.

    >>> compose([CombineFn.from_callable(len).kernel(), CombineFn.from_callable(sum).kernel()], "{v}").add
    '{a}.f0 = {a}.f0 + 1; {a}.f1 = {a}.f1 + {v}'

    Args:
        parts: Kernels that are expressions.
        element: What a part gets of an element; `%d` stands for the part's number.
    """
    places = [_Place(number, part, element.replace("%d", str(number))) for number, part in enumerate(parts)]
    names = {place.renamed(name): value for place in places for name, value in place.part.names.items()}
    copied = [place.rewrite_template(place.part.copy or "{a}") for place in places]
    added = [f"{{a}}.f{n} = {place.rewrite_template(place.part.add)}" for n, place in enumerate(places)]
    return Kernel(
        create=f"Fields({', '.join([place.rewrite(place.part.create) for place in places])})",
        first=f"Fields({', '.join([place.rewrite_template(place.part.first) for place in places])})",
        add="; ".join(added) or "pass",
        merge=f"Fields({', '.join([place.rewrite_template(place.part.merge) for place in places])})",
        extract=_tuple_of([place.rewrite_template(place.part.extract) for place in places]),
        names=names | {"Fields": fields_type(len(parts))},
        in_place=True,
        copy=f"Fields({', '.join(copied)})" if any(part.copy for part in parts) else None,
        ordered=any(part.ordered for part in parts),
    )


def _tuple_of(expressions: list[str]) -> str:
    return f"({', '.join(expressions)}{',' if len(expressions) == 1 else ''})"


class _Place(ast.NodeTransformer):
    """Rewrites the expressions of a part for its place among the others.

    The part's accumulator becomes a field of the whole one, and its names get a prefix, so that parts do not clash.
    """

    def __init__(self, number: int, part: Kernel, element: str) -> None:
        self.part = part
        self._number = number
        self._replaced = {"a_": f"a_.f{number}", "b_": f"b_.f{number}", "v_": element.format(v="v_")}

    def renamed(self, name: str) -> str:
        """A name of the part, as it is called in the whole."""
        return f"p{self._number}_{name}"

    def rewrite(self, expression: str) -> str:
        """An expression of the part, as it stands in the whole."""
        return ast.unparse(self.visit(ast.parse(expression, mode="eval")))

    def rewrite_template(self, template: str) -> str:
        """An expression of the part that refers to accumulators and an element."""
        rewritten = self.rewrite(template.format(a="a_", b="b_", v="v_"))
        escaped = rewritten.replace("{", "{{").replace("}", "}}")
        return re.sub(r"\b([abv])_(?!\w)", r"{\1}", escaped)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """The accumulators, the element, and the names of the part."""
        if node.id in self._replaced:
            return ast.parse(self._replaced[node.id], mode="eval").body
        return ast.Name(self.renamed(node.id), node.ctx) if node.id in self.part.names else node
