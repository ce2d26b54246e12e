"""The loops that run for every element of an aggregation, made to measure for its CombineFn.

A call per element would cost more than the aggregation itself, so the CombineFn's expressions (its `Kernel`) are set
into the loop's source, which is then compiled, as `dataclasses` does for its methods. What comes out is the loop one
would write by hand for this aggregation.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from streamcore.transforms.combine_fn import Kernel


class Absent:
    """Stands for an accumulator that is not there; None may be one."""

    def __reduce__(self) -> str:
        """Copies stay the one instance."""
        return "ABSENT"


ABSENT = Absent()


def compile_loop(source: str, name: str, kernel: Kernel, **names: Any) -> Callable[..., Any]:
    """The function `name` of a source text, in which the expressions of a kernel have been set.

    Args:
        source: The text of one function.
        name: Its name.
        kernel: Where the expressions come from.
        **names: What the source refers to, besides the names of the kernel.
    """
    names = dict(kernel.names) | names | {"ABSENT": ABSENT}
    exec(compile(textwrap.dedent(source), f"<{name}>", "exec"), names)
    loop: Callable[..., Any] = names[name]
    return loop


def update(kernel: Kernel, target: str) -> str:
    """A statement that adds `v` to the accumulator `a` and leaves the result in `target`."""
    added = kernel.add.format(a="a", v="v")
    return added if kernel.in_place else f"{target} = {added}"


def first(kernel: Kernel) -> str:
    """The expression of the accumulator of `v` alone."""
    return kernel.first.format(v="v")


def extractor(kernel: Kernel, keyed: bool, keeps: bool = False) -> Callable[[Iterable[tuple[Any, Any]]], list[Any]]:
    """A function from pairs of key and accumulator to pairs of key and result, or to results alone.

    Args:
        kernel: The aggregation.
        keyed: Whether the keys are wanted.
        keeps: Whether the accumulators are needed again, and must stay as they are.
    """
    rows = "k, a in pairs"
    if keeps and kernel.copy is not None:
        rows += f" for a in [{kernel.copy.format(a='a')}]"
    elif keyed and kernel.extract == "{a}":
        return list
    result = kernel.extract.format(a="a")
    source = f"""
    def extract_results(pairs):
        return [{f"(k, {result})" if keyed else result} for {rows}]
    """
    return compile_loop(source, "extract_results", kernel)


class SingleFunctions(NamedTuple):
    """A kernel as functions, for where elements are added one at a time."""

    create: Callable[[], Any]
    first: Callable[[Any], Any]
    add: Callable[[Any, Any], Any]
    merge: Callable[[Any, Any], Any]


def single_functions(kernel: Kernel) -> SingleFunctions:
    """The functions of a kernel."""
    source = f"""
    def functions():
        def create():
            return {kernel.create}

        def first(v):
            return {first(kernel)}

        def add(a, v):
            {update(kernel, "a")}
            return a

        def merge(a, b):
            return {kernel.merge.format(a="a", b="b")}

        return create, first, add, merge
    """
    return SingleFunctions(*compile_loop(source, "functions", kernel)())


def merger(kernel: Kernel) -> Callable[[dict[Any, Any], Iterable[tuple[Any, Any]]], None]:
    """A function that unites pairs of key and accumulator with those in a dict."""
    merged = kernel.merge.format(a="a", b="b")
    alone = "b" if kernel.copy is None else kernel.copy.format(a="b")
    source = f"""
    def merge_pairs(totals, pairs):
        get = totals.get
        for k, b in pairs:
            a = get(k, ABSENT)
            totals[k] = {alone} if a is ABSENT else {merged}
    """
    return compile_loop(source, "merge_pairs", kernel)
