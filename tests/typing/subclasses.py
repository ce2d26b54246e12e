"""Subclasses whose parameters are named as their author likes, or as in Beam's guide. Checked, never run."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamcore as sc
from streamcore.io.kafka.serde import Deserializer, RecordPart, Serde


class Average(sc.CombineFn[float, tuple[float, int], float]):
    def create_accumulator(self) -> tuple[float, int]:
        return (0.0, 0)

    def add_input(self, sum_count: tuple[float, int], input: float) -> tuple[float, int]:
        return (sum_count[0] + input, sum_count[1] + 1)

    def add_inputs(self, sum_count: tuple[float, int], inputs: Iterable[float]) -> tuple[float, int]:
        return sum_count

    def merge_accumulators(self, several: Iterable[tuple[float, int]]) -> tuple[float, int]:
        return (0.0, 0)

    def extract_output(self, sum_count: tuple[float, int]) -> float:
        return sum_count[0] / sum_count[1]


class ByElement(sc.NonMergingWindowFn):
    def assign(self, context: sc.WindowFn.AssignContext) -> list[sc.BoundedWindow]:
        return []

    def get_transformed_output_time(self, of: sc.BoundedWindow, time: sc.Timestamp) -> sc.Timestamp:
        return time


class Merging(sc.WindowFn):
    def assign(self, context: sc.WindowFn.AssignContext) -> list[sc.BoundedWindow]:
        return []

    def merge(self, context: sc.WindowFn.MergeContext) -> None:
        context.merge(context.windows, sc.GlobalWindow())


class ByTime(sc.TimeWindowFn):
    def windows_at(self, micros: int) -> tuple[sc.BoundedWindow, ...]:
        return ()

    def span_at(self, micros: int) -> tuple[int, int]:
        return (0, 1)


class Parse(sc.DoFn):
    def process(self, line: str, time: sc.Timestamp = sc.DoFn.TimestampParam) -> Iterable[int]:
        return [int(line)]


class ByParity(sc.PartitionFn):
    def partition_for(self, number: int, n: int) -> int:
        return number % n


class Same(sc.PTransform[sc.PCollection[int], sc.PCollection[int]]):
    def expand(self, numbers: sc.PCollection[int]) -> sc.PCollection[int]:
        return numbers


class Eager(sc.Trigger):
    def on_elements(self, kept: Any, more: int, present: Any) -> Any:
        return kept

    def on_merge(self, several: list[Any], present: Any) -> Any:
        return several[0]

    def should_fire(self, kept: Any, present: Any) -> bool:
        return True

    def on_fire(self, kept: Any, present: Any) -> tuple[Any, bool]:
        return (kept, False)

    def quiet(self, kept: Any, present: Any) -> int:
        return 0

    def deadline(self, kept: Any) -> int | None:
        return None


class Last(sc.WatermarkEstimator):
    def current(self, mark: Any) -> int:
        return int(mark)

    def observe(self, mark: Any, element: Any, micros: int) -> Any:
        return micros


class Endless(sc.Reader[int]):
    async def poll(self, most: int) -> sc.Batch[int] | None:
        return None

    def poll_nowait(self, most: int) -> sc.Batch[int] | None:
        return None

    async def drain(self, most: int) -> sc.Batch[int] | None:
        return None


class Numbers(sc.Source[int]):
    def resume(self, kept: Mapping[str, Any]) -> None: ...

    async def start_positions(self, names: Sequence[str]) -> Mapping[str, Any]:
        return {}

    def open(self, name: str, start: Any) -> Endless:
        return Endless()

    async def checkpointed(self, kept: Mapping[str, Any]) -> None: ...


class Rows(sc.TwoPhaseSink[int]):
    async def write(self, rows: sc.Bundle) -> None: ...

    def write_nowait(self, rows: sc.Bundle) -> bool:
        return False

    async def flush(self, micros: int) -> None: ...

    async def restart(self, start: sc.SinkRestart) -> None: ...

    async def prepare(self, checkpoint: int) -> Any: ...

    async def commit(self, checkpoint: int, rows: Any) -> None: ...

    async def adopt(self, start: sc.SinkRestart) -> Any: ...


class ReportOptions(sc.PipelineOptions):
    @classmethod
    def _add_argparse_args(cls, flags: argparse.ArgumentParser) -> None: ...


class NumberSerde(Serde[int]):
    def deserializer(self) -> Deserializer[int]:
        return Deserializer(int)

    async def serializer(self, name: str, of: RecordPart) -> Callable[[int], bytes]:
        return bytes
