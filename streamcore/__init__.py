"""streamcore: the Apache Beam model, batch and streaming, on an asyncio engine in your own process.

Where things are; each name below is defined in one place and exported here once:

timestamp    Timestamp, Duration
errors       the error tree
model        windows, panes, windowed values, watermark estimators; sources and sinks for you to write
windowing    window kinds: FixedWindows, SlidingWindows, Sessions, CalendarWindows, GlobalWindows
triggers     when panes come out
graph        Pipeline, PCollection, PTransform
transforms   what is done with elements: ParDo, Map, GroupByKey, Combine, Flatten, WindowInto
combiners    aggregations and their CombineFns: `streamcore.combiners.Count`, also exported here as `Count`
engine       StateDirectory: what is kept on disk, to look after it
io           sources and sinks that come with the library
testing      TestPipeline, TestStream, assert_that
"""

from __future__ import annotations

from streamcore.engine.state.directory import StateDirectory as StateDirectory
from streamcore.errors import (
    InvariantError as InvariantError,
    MissingExtraError as MissingExtraError,
    PipelineError as PipelineError,
    SinkError as SinkError,
    SourceError as SourceError,
    StreamcoreError as StreamcoreError,
    TransformTypeError as TransformTypeError,
    UserCodeError as UserCodeError,
)
from streamcore.graph.pipeline import Pipeline as Pipeline
from streamcore.graph.ptransform import PTransform as PTransform, ptransform_fn as ptransform_fn
from streamcore.graph.pvalue import PBegin as PBegin, PCollection as PCollection, PDone as PDone
from streamcore.graph.runner import JobHandle as JobHandle, Runner as Runner, register_runner as register_runner
from streamcore.model.bundle import Bundle as Bundle
from streamcore.model.options import (
    PipelineOptions as PipelineOptions,
    StandardOptions as StandardOptions,
    TypeOptions as TypeOptions,
)
from streamcore.model.pane import PaneInfo as PaneInfo, PaneInfoTiming as PaneInfoTiming
from streamcore.model.sink import Sink as Sink
from streamcore.model.source import Batch as Batch, Reader as Reader, Source as Source
from streamcore.model.trigger import Trigger as Trigger
from streamcore.model.two_phase import SinkRestart as SinkRestart, TwoPhaseSink as TwoPhaseSink
from streamcore.model.watermark import (
    BoundedOutOfOrderness as BoundedOutOfOrderness,
    ManualWatermark as ManualWatermark,
    Monotonous as Monotonous,
    Punctuated as Punctuated,
    WatermarkEstimator as WatermarkEstimator,
)
from streamcore.model.window import (
    BoundedWindow as BoundedWindow,
    GlobalWindow as GlobalWindow,
    IntervalWindow as IntervalWindow,
)
from streamcore.model.windowed_value import (
    TaggedOutput as TaggedOutput,
    TimestampedValue as TimestampedValue,
    WindowedValue as WindowedValue,
)
from streamcore.model.windowing import (
    AccumulationMode as AccumulationMode,
    ClosingBehavior as ClosingBehavior,
    NonMergingWindowFn as NonMergingWindowFn,
    OnTimeBehavior as OnTimeBehavior,
    TimestampCombiner as TimestampCombiner,
    TimeWindowFn as TimeWindowFn,
    WindowFn as WindowFn,
    Windowing as Windowing,
)
from streamcore.runners.embedded import EmbeddedRunner as EmbeddedRunner
from streamcore.timestamp import (
    END_OF_GLOBAL_WINDOW as END_OF_GLOBAL_WINDOW,
    MAX_TIMESTAMP as MAX_TIMESTAMP,
    MIN_TIMESTAMP as MIN_TIMESTAMP,
    Duration as Duration,
    Timestamp as Timestamp,
)
from streamcore.transforms import combiners as combiners
from streamcore.transforms.co_group_by_key import CoGroupByKey as CoGroupByKey
from streamcore.transforms.combine_fn import CombineFn as CombineFn
from streamcore.transforms.combine_globally import CombineGlobally as CombineGlobally
from streamcore.transforms.combine_values import CombineValues as CombineValues
from streamcore.transforms.combiners import (
    Count as Count,
    Latest as Latest,
    Mean as Mean,
    Sample as Sample,
    ToDict as ToDict,
    ToList as ToList,
    Top as Top,
    ToSet as ToSet,
)
from streamcore.transforms.distinct import Distinct as Distinct
from streamcore.transforms.dofn import DoFn as DoFn
from streamcore.transforms.elementwise import (
    Filter as Filter,
    FlatMap as FlatMap,
    FlatMapTuple as FlatMapTuple,
    Map as Map,
    MapTuple as MapTuple,
)
from streamcore.transforms.flatten import Flatten as Flatten
from streamcore.transforms.flatten_with import FlattenWith as FlattenWith
from streamcore.transforms.group import CombinePerKey as CombinePerKey, GroupByKey as GroupByKey
from streamcore.transforms.keys import Keys as Keys, KvSwap as KvSwap, Values as Values
from streamcore.transforms.log_elements import LogElements as LogElements
from streamcore.transforms.pardo import ParDo as ParDo
from streamcore.transforms.partition import Partition as Partition, PartitionFn as PartitionFn
from streamcore.transforms.read import Create as Create, Impulse as Impulse, Read as Read
from streamcore.transforms.reify import Reify as Reify
from streamcore.transforms.reshuffle import Reshuffle as Reshuffle
from streamcore.transforms.tee import Tee as Tee
from streamcore.transforms.to_string import ToString as ToString
from streamcore.transforms.window_into import WindowInto as WindowInto
from streamcore.transforms.with_keys import WithKeys as WithKeys
from streamcore.transforms.with_timestamps import WithTimestamps as WithTimestamps
from streamcore.transforms.write import Write as Write
from streamcore.triggers import (
    AfterAll as AfterAll,
    AfterAny as AfterAny,
    AfterCount as AfterCount,
    AfterEach as AfterEach,
    AfterProcessingTime as AfterProcessingTime,
    AfterWatermark as AfterWatermark,
    Always as Always,
    DefaultTrigger as DefaultTrigger,
    Never as Never,
    OrFinally as OrFinally,
    Repeatedly as Repeatedly,
)
from streamcore.windowing import (
    CalendarWindows as CalendarWindows,
    FixedWindows as FixedWindows,
    GlobalWindows as GlobalWindows,
    Sessions as Sessions,
    SlidingWindows as SlidingWindows,
)

# Programs written for Beam name its local runners; here they all mean the embedded engine.
for _name in (
    "default",
    "DirectRunner",
    "SwitchingDirectRunner",
    "BundleBasedDirectRunner",
    "FnApiRunner",
    "TestDirectRunner",
):
    register_runner(_name, EmbeddedRunner)
