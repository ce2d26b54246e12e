"""How types flow through a pipeline. Checked by mypy and pyright, never run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar, assert_type

import streamcore as sc
from streamcore.io import (
    BytesCoder,
    DeadLetter,
    ReadFromAsyncIterable,
    ReadFromIterable,
    ReadFromJsonLines,
    ReadFromQueue,
    ReadFromText,
)

T = TypeVar("T")


class Order:
    user: str
    amount: float


def shout(word: str) -> str:
    return word.upper()


def scaled(x: int, factor: float = 2.0) -> float:
    return factor * x


def stamped(word: str, timestamp: sc.Timestamp = sc.DoFn.TimestampParam) -> tuple[str, sc.Timestamp]:
    return word, timestamp


def show(pair: tuple[str, int]) -> str:
    return f"{pair[0]}: {pair[1]}"


def repeated(word: str, n: int, times: int = 1) -> str:
    return n * times * word


def part(pair: tuple[str, int], n: int, seed: int) -> int:
    return (pair[1] + seed) % n


def median(prices: Iterable[float]) -> float:
    return sorted(prices)[0]


def untyped() -> sc.CombineFn[Any, Any, Any]:
    raise NotImplementedError


class Lengths(sc.DoFn):
    def process(self, element: str, *args: Any, **kwargs: Any) -> list[int] | None:
        return [len(element)]


class Windowed(sc.DoFn):
    def process(self, element: str, window: sc.IntervalWindow = sc.DoFn.WindowParam, n: int = 1) -> Iterator[int]:
        yield n


class Times(sc.DoFn):
    def process(self, element: str) -> Iterable[sc.TimestampedValue[int]]:
        return [sc.TimestampedValue(1, 2)]


class Sorted(sc.DoFn):
    def process(self, element: str) -> Iterable[int | sc.TaggedOutput[Literal["short"], str]]:
        return [1, sc.TaggedOutput("short", element)]


class Repeated(sc.DoFn, Generic[T]):
    def process(self, element: T) -> Iterable[list[T]]:
        return [[element]]


class Longest(sc.CombineFn[str, str, str]):
    pass


def elements(p: sc.Pipeline, stamped_pairs: list[sc.TimestampedValue[tuple[str, int]]]) -> None:
    assert_type(p | sc.Create([1, 2]), sc.PCollection[int])
    assert_type(p | "labelled" >> sc.Create(["a"]), sc.PCollection[str])
    assert_type(p | sc.Impulse(), sc.PCollection[bytes])
    assert_type(p | sc.Create({"a": 1}), sc.PCollection[tuple[str, int]])
    assert_type(p | sc.Create(stamped_pairs), sc.PCollection[tuple[str, int]])
    stamped = p | sc.Create([sc.TimestampedValue(("a", 1), 5)])
    assert_type(stamped | sc.CombinePerKey(sum) | sc.Map(show), sc.PCollection[str])
    assert_type(p | "empty" >> sc.Create([]), sc.PCollection[Any])


def sources(p: sc.Pipeline, orders: asyncio.Queue[Order], timed: asyncio.Queue[sc.TimestampedValue[int]]) -> None:
    assert_type(p | ReadFromText("a.txt"), sc.PCollection[str])
    assert_type(p | "labelled" >> ReadFromText("a.txt", coder=BytesCoder()), sc.PCollection[bytes])
    assert_type(p | ReadFromJsonLines("a.jsonl", Order), sc.PCollection[Order])
    assert_type(p | ReadFromJsonLines("a.jsonl"), sc.PCollection[Any])
    documents, dead = p | ReadFromJsonLines("a.jsonl", Order).with_dead_letters()
    assert_type(documents, sc.PCollection[Order])
    assert_type(dead, sc.PCollection[DeadLetter])
    assert_type(p | ReadFromQueue(orders), sc.PCollection[Order])
    assert_type(p | ReadFromQueue(timed), sc.PCollection[int])
    assert_type(p | ReadFromIterable(range(3)), sc.PCollection[int])
    assert_type(p | ReadFromIterable(lambda: ["a"]), sc.PCollection[str])
    assert_type(p | "labelled" >> ReadFromAsyncIterable(ticks), sc.PCollection[float])


async def ticks() -> AsyncIterator[sc.TimestampedValue[float]]:
    yield sc.TimestampedValue(1.5, 0)


def functions(numbers: sc.PCollection[int], words: sc.PCollection[str]) -> None:
    assert_type(words | sc.Map(shout), sc.PCollection[str])
    assert_type(words | "labelled" >> sc.Map(shout), sc.PCollection[str])
    assert_type(words | sc.Map(stamped), sc.PCollection[tuple[str, sc.Timestamp]])
    assert_type(numbers | sc.Map(scaled), sc.PCollection[float])
    assert_type(numbers | sc.Map(scaled, 3.0), sc.PCollection[float])
    assert_type(numbers | sc.Map(scaled, factor=3.0), sc.PCollection[float])
    assert_type(words | sc.Map(len), sc.PCollection[int])
    assert_type(words | sc.FlatMap(str.split), sc.PCollection[str])
    assert_type(words | sc.Filter(str.isdigit), sc.PCollection[str])
    assert_type(words | sc.MapTuple(shout), sc.PCollection[str])


def dofns(words: sc.PCollection[str], dofn: sc.DoFn) -> None:
    assert_type(words | sc.ParDo(Lengths()), sc.PCollection[int])
    assert_type(words | "labelled" >> sc.ParDo(Lengths()), sc.PCollection[int])
    assert_type(words | "labelled" >> sc.ParDo(Windowed(), n=3), sc.PCollection[int])
    assert_type(words | "labelled" >> sc.ParDo(Times()), sc.PCollection[int])
    assert_type(words | "labelled" >> sc.ParDo(Sorted()), sc.PCollection[int])
    assert_type(words | "labelled" >> sc.ParDo(Repeated[str]()), sc.PCollection[list[str]])
    assert_type(words | "labelled" >> sc.ParDo(dofn), sc.PCollection[Any])
    assert_type(words | "labelled" >> sc.ParDo(str.split), sc.PCollection[str])


def lambdas(numbers: sc.PCollection[int], orders: sc.PCollection[Order]) -> None:
    assert_type(numbers | sc.Map(lambda x: str(x)), sc.PCollection[str])
    assert_type(numbers | "labelled" >> sc.Map(lambda x: str(x)), sc.PCollection[str])
    assert_type(numbers | sc.Map(lambda x: x + 1), sc.PCollection[Any])
    assert_type(numbers | sc.Map(lambda x, y=3: str(x + y)), sc.PCollection[str])
    assert_type(numbers | sc.Map(lambda x, y: str(x + y), 3), sc.PCollection[str])
    assert_type(numbers | sc.Map(lambda x, y: str(x + y), y=3), sc.PCollection[str])
    assert_type(orders | sc.Map(lambda order: (str(order.user), len(order.user))), sc.PCollection[tuple[str, int]])
    pairs = orders | "pair" >> sc.Map(lambda order: (order.user, 1))
    counted = pairs | "count" >> sc.CombinePerKey(sum)
    assert_type(counted | sc.Map(show), sc.PCollection[str])


def pairs(pairs: sc.PCollection[tuple[str, int]], words: sc.PCollection[str]) -> None:
    assert_type(pairs | sc.Keys(), sc.PCollection[str])
    assert_type(pairs | "labelled" >> sc.Values(), sc.PCollection[int])
    assert_type(pairs | sc.KvSwap(), sc.PCollection[tuple[int, str]])
    assert_type(pairs | sc.GroupByKey(), sc.PCollection[tuple[str, list[int]]])
    assert_type(pairs | sc.GroupByKey() | "labelled" >> sc.CombineValues(sum), sc.PCollection[tuple[str, int]])
    assert_type(pairs | "labelled" >> sc.CombinePerKey(sum), sc.PCollection[tuple[str, int]])
    assert_type(pairs | sc.Count.PerKey(), sc.PCollection[tuple[str, int]])
    assert_type(pairs | sc.Mean.PerKey(), sc.PCollection[tuple[str, float]])
    assert_type(pairs | sc.Top.PerKey(3), sc.PCollection[tuple[str, list[int]]])
    assert_type(pairs | "labelled" >> sc.Top.LargestPerKey(3), sc.PCollection[tuple[str, list[int]]])
    assert_type(pairs | sc.Latest.PerKey(), sc.PCollection[tuple[str, int]])
    assert_type(pairs | sc.Sample.FixedSizePerKey(3), sc.PCollection[tuple[str, list[int]]])
    totals, late = pairs | "with late" >> sc.CombinePerKey(sum).with_late_output()
    assert_type(totals, sc.PCollection[tuple[str, int]])
    assert_type(late, sc.PCollection[tuple[str, int]])
    longest, _ = words | sc.WithKeys(len) | sc.CombinePerKey(Longest()).with_late_output()
    assert_type(longest, sc.PCollection[tuple[int, str]])
    groups, late_pairs = pairs | sc.GroupByKey().with_late_output()
    assert_type(groups, sc.PCollection[tuple[str, list[int]]])
    assert_type(late_pairs, sc.PCollection[tuple[str, int]])
    lengths, late_words = words | "late words" >> sc.CombineGlobally(len).without_defaults().with_late_output()
    assert_type(lengths, sc.PCollection[int])
    assert_type(late_words, sc.PCollection[str])
    assert_type((words | sc.CombineGlobally(max).with_late_output()).main, sc.PCollection[str])
    assert_type(words | sc.WithKeys(len), sc.PCollection[tuple[int, str]])
    assert_type(words | sc.WithKeys(shout) | sc.CombinePerKey(Longest()), sc.PCollection[tuple[str, str]])
    assert_type(words | sc.Count.PerElement(), sc.PCollection[tuple[str, int]])


def tuples(pairs: sc.PCollection[tuple[str, int]], triples: sc.PCollection[tuple[str, int, float]]) -> None:
    assert_type(pairs | sc.MapTuple(lambda name, n: n), sc.PCollection[Any])
    assert_type(pairs | "labelled" >> sc.MapTuple(lambda name, n: f"{name}{n}"), sc.PCollection[str])
    assert_type(triples | sc.MapTuple(lambda name, n, x: f"{name}{n}"), sc.PCollection[str])
    assert_type(pairs | sc.MapTuple(repeated), sc.PCollection[str])
    assert_type(pairs | sc.MapTuple(repeated, times=3), sc.PCollection[str])
    assert_type(pairs | sc.FlatMapTuple(lambda name, n: [str(name)]), sc.PCollection[str])
    assert_type(triples | sc.FlatMapTuple(lambda name, n, x: [str(name)]), sc.PCollection[str])
    assert_type(pairs | sc.Partition(lambda pair, n: 0, 2), tuple[sc.PCollection[tuple[str, int]], ...])
    assert_type(pairs | "labelled" >> sc.Partition(part, 2, 7), tuple[sc.PCollection[tuple[str, int]], ...])


def same_elements(words: sc.PCollection[str]) -> None:
    assert_type(words | "labelled" >> sc.Filter(bool), sc.PCollection[str])
    assert_type(words | sc.Filter(lambda word: word.isdigit()), sc.PCollection[str])
    assert_type(words | sc.WindowInto(sc.FixedWindows(10)), sc.PCollection[str])
    assert_type(words | sc.WindowInto(words.windowing, sc.Always(), allowed_lateness=60), sc.PCollection[str])
    assert_type(words | "labelled" >> sc.WithTimestamps(lambda word: len(word)), sc.PCollection[str])
    assert_type(words | "dated" >> sc.WithTimestamps(datetime.fromisoformat), sc.PCollection[str])
    assert_type(words | sc.Distinct(), sc.PCollection[str])
    assert_type(words | sc.Reshuffle(), sc.PCollection[str])
    assert_type(words | sc.LogElements(), sc.PCollection[str])
    assert_type(words | sc.Tee(sc.Map(print)), sc.PCollection[str])
    assert_type(words | sc.Sample.Any(3), sc.PCollection[str])
    assert_type(words | sc.FlattenWith(sc.Create(["a"])), sc.PCollection[str])
    assert_type(words | sc.Partition(lambda word, n: len(word) % n, 2), tuple[sc.PCollection[str], ...])


def aggregations(numbers: sc.PCollection[int], words: sc.PCollection[str]) -> None:
    assert_type(numbers | sc.CombineGlobally(sum).without_defaults(), sc.PCollection[int])
    assert_type(words | "longest" >> sc.CombineGlobally(Longest()), sc.PCollection[str])
    assert_type(words | sc.Count.Globally(), sc.PCollection[int])
    assert_type(numbers | sc.Mean.Globally(), sc.PCollection[float])
    assert_type(words | sc.ToList(), sc.PCollection[list[str]])
    assert_type(words | "labelled" >> sc.ToSet(), sc.PCollection[set[str]])
    assert_type(words | sc.WithKeys(len) | sc.ToDict(), sc.PCollection[dict[int, str]])
    assert_type(words | sc.Top.Largest(3), sc.PCollection[list[str]])
    assert_type(words | sc.Sample.FixedSizeGlobally(3), sc.PCollection[list[str]])


def functions_of_values(
    prices: sc.PCollection[tuple[str, float]], sums: sc.PCollection[tuple[str, Decimal]], words: sc.PCollection[str]
) -> None:
    assert_type(prices | sc.CombinePerKey(sum), sc.PCollection[tuple[str, float]])
    assert_type(prices | "labelled" >> sc.CombinePerKey(sum), sc.PCollection[tuple[str, float]])
    assert_type(sums | "labelled" >> sc.CombinePerKey(sum), sc.PCollection[tuple[str, Decimal]])
    assert_type(sums | sc.CombinePerKey(min), sc.PCollection[tuple[str, Decimal]])
    assert_type(sums | "labelled" >> sc.CombinePerKey(max), sc.PCollection[tuple[str, Decimal]])
    assert_type(prices | "labelled" >> sc.CombinePerKey(len), sc.PCollection[tuple[str, int]])
    assert_type(prices | sc.CombinePerKey(any), sc.PCollection[tuple[str, bool]])
    assert_type(prices | sc.CombinePerKey(all), sc.PCollection[tuple[str, bool]])
    assert_type(prices | sc.CombinePerKey(median), sc.PCollection[tuple[str, float]])
    assert_type(prices | "labelled" >> sc.CombinePerKey(untyped()), sc.PCollection[tuple[str, Any]])
    assert_type(prices | sc.GroupByKey() | sc.CombineValues(sum), sc.PCollection[tuple[str, float]])
    assert_type(prices | sc.Values() | sc.CombineGlobally(sum), sc.PCollection[float])
    assert_type(prices | sc.Values() | "labelled" >> sc.CombineGlobally(max), sc.PCollection[float])
    assert_type(words | sc.CombineGlobally(max).without_defaults(), sc.PCollection[str])
    assert_type(words | sc.CombineGlobally(len), sc.PCollection[int])
    _: sc.CombinePerKey[float, float] = sc.CombinePerKey(sum)


def chains(words: sc.PCollection[str]) -> None:
    count = sc.Map(len) | sc.Filter(lambda n: n > 1) | sc.Count.Globally()
    assert_type(words | count, sc.PCollection[int])


def several(numbers: sc.PCollection[int], more: sc.PCollection[int]) -> None:
    assert_type((numbers, more) | sc.Flatten(), sc.PCollection[int])
    assert_type([numbers, more] | "labelled" >> sc.Flatten(), sc.PCollection[int])


@sc.ptransform_fn
def Halved(numbers: sc.PCollection[int], by: int = 2) -> sc.PCollection[float]:
    halved: sc.PCollection[float] = numbers | sc.Map(lambda x: float(x / by))
    return halved


class Doubled(sc.PTransform[sc.PCollection[int], sc.PCollection[int]]):
    def expand(self, pvalue: sc.PCollection[int]) -> sc.PCollection[int]:
        return pvalue | sc.Map(lambda x: int(2 * x))


def composites(numbers: sc.PCollection[int]) -> None:
    assert_type(numbers | Doubled(), sc.PCollection[int])
    assert_type(numbers | "twice" >> Doubled(), sc.PCollection[int])
    assert_type(numbers | Halved(3), sc.PCollection[float])


async def results(handle: sc.JobHandle, words: sc.PCollection[str]) -> None:
    async with contextlib.aclosing(handle.stream(words)) as stream:
        assert_type(await anext(stream), sc.WindowedValue[str])
    iterator: AsyncIterator[sc.WindowedValue[str]] = stream
    assert_type([element.value async for element in iterator], list[str])
    await stream.aclose()


# Each line below must be refused: a checker that accepted one would report its comment as unneeded.
def refused(numbers: sc.PCollection[int], words: sc.PCollection[str]) -> None:
    numbers | sc.ParDo(Lengths())  # type: ignore[arg-type]
    numbers | "labelled" >> sc.ParDo(Lengths())  # type: ignore[operator]
    sc.ParDo(Lengths)  # type: ignore[arg-type]
    numbers | sc.Map(shout)  # type: ignore[arg-type]
    numbers | "labelled" >> sc.Map(shout)  # type: ignore[operator]
    words | Doubled()  # type: ignore[operator]
    words | sc.GroupByKey()  # type: ignore[operator]
    words | sc.GroupByKey().with_late_output()  # type: ignore[operator]
    sc.Map(3)  # type: ignore[arg-type]
    words | len  # type: ignore[operator]
