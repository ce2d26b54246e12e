"""Where the names of Beam's Python SDK live here: module by module, and nothing that is not listed exists.

Each line names a module here and what it has of the Beam module; `theirs=ours` where the names differ.
"""

from __future__ import annotations

from typing import Final

Names = dict[str, str]

_CORE: Final[Names] = {
    "streamcore": (
        "CombineFn CombineGlobally CombinePerKey CombineValues Create DoFn Filter FlatMap FlatMapTuple Flatten "
        "FlattenWith GroupByKey Impulse Map MapTuple PTransform ParDo Partition PartitionFn WindowInto"
    ),
    "streamcore.compat.beam_windowing": "Windowing=beam_windowing",
}

_PTRANSFORM: Final[Names] = {"streamcore": "PTransform ptransform_fn"}

_UTIL: Final[Names] = {
    "streamcore": "CoGroupByKey Distinct Keys KvSwap LogElements Reify Reshuffle Tee ToString Values WithKeys"
}

_CODERS: Final[Names] = {"streamcore.io": "BytesCoder StrUtf8Coder ToBytesCoder"}

_TEXT: Final[Names] = {"streamcore.io": "ReadFromText WriteToText"}

_DIRECT: Final[Names] = {"streamcore": "DirectRunner=EmbeddedRunner BundleBasedDirectRunner=EmbeddedRunner"}


def _together(*parts: Names) -> Names:
    """Several lists of names as one."""
    joined: Names = {}
    for part in parts:
        for home, names in part.items():
            joined[home] = f"{joined[home]} {names}" if home in joined else names
    return joined


MODULES: Final[dict[str, Names]] = {
    "apache_beam": _together(_CORE, _PTRANSFORM, _UTIL, {"streamcore": "PCollection Pipeline TaggedOutput"}),
    "apache_beam.coders": _CODERS,
    "apache_beam.coders.coders": _CODERS,
    "apache_beam.io": _TEXT,
    "apache_beam.io.filesystem": {"streamcore.io": "CompressionTypes"},
    "apache_beam.io.textio": _TEXT,
    "apache_beam.options": {},
    "apache_beam.options.pipeline_options": {
        "streamcore.model.options": "PipelineOptions SetupOptions StandardOptions TypeOptions"
    },
    "apache_beam.pipeline": {"streamcore": "Pipeline PipelineOptions"},
    "apache_beam.pvalue": {"streamcore": "PBegin PCollection PDone TaggedOutput"},
    "apache_beam.runners": {"streamcore": "DirectRunner=EmbeddedRunner"},
    "apache_beam.runners.direct": _DIRECT,
    "apache_beam.runners.direct.direct_runner": _DIRECT,
    "apache_beam.testing": {},
    "apache_beam.testing.test_pipeline": {"streamcore.testing": "TestPipeline"},
    "apache_beam.testing.test_stream": {
        "streamcore.testing": "ElementEvent ProcessingTimeEvent TestStream WatermarkEvent"
    },
    "apache_beam.testing.util": {
        "streamcore.testing": (
            "BeamAssertException SortLists TestWindowedValue assert_that contains_in_any_order equal_to "
            "equal_to_approx equal_to_per_window has_at_least_one is_empty is_not_empty matches_all "
            "row_namedtuple_equals_fn"
        )
    },
    "apache_beam.transforms": _together(_CORE, _PTRANSFORM, _UTIL),
    "apache_beam.transforms.combiners": {
        "streamcore.transforms.combiners": (
            "Count CountCombineFn Largest Latest LatestCombineFn Mean MeanCombineFn Sample SampleCombineFn "
            "SingleInputTupleCombineFn Smallest ToDict ToDictCombineFn ToList ToListCombineFn ToSet ToSetCombineFn "
            "Top TopCombineFn TupleCombineFn"
        )
    },
    "apache_beam.transforms.core": _CORE,
    "apache_beam.transforms.periodicsequence": {"streamcore.io": "PeriodicImpulse RebaseMode"},
    "apache_beam.transforms.ptransform": _PTRANSFORM,
    "apache_beam.transforms.trigger": {
        "streamcore": (
            "AccumulationMode AfterAll AfterAny AfterCount AfterEach AfterProcessingTime AfterWatermark Always "
            "DefaultTrigger OrFinally Repeatedly _Never=Never"
        ),
        "streamcore.model.trigger": "DataLossReason",
    },
    "apache_beam.transforms.util": _UTIL,
    "apache_beam.transforms.window": {
        "streamcore": (
            "BoundedWindow Duration FixedWindows GlobalWindow GlobalWindows IntervalWindow MAX_TIMESTAMP MIN_TIMESTAMP "
            "NonMergingWindowFn Sessions SlidingWindows Timestamp TimestampCombiner TimestampedValue WindowFn "
            "WindowedValue"
        )
    },
    "apache_beam.utils": {},
    "apache_beam.utils.timestamp": {"streamcore": "Duration MAX_TIMESTAMP MIN_TIMESTAMP Timestamp"},
    "apache_beam.utils.windowed_value": {
        "streamcore": "PaneInfo PaneInfoTiming WindowedValue",
        "streamcore.model.pane": "PANE_INFO_UNKNOWN",
    },
}

# Modules that Beam also shows under a second name.
SHOWN_AS: Final[dict[str, str]] = {
    "apache_beam.combiners": "apache_beam.transforms.combiners",
    "apache_beam.core": "apache_beam.transforms.core",
    "apache_beam.window": "apache_beam.transforms.window",
    "apache_beam.transforms.combiners.core": "apache_beam.transforms.core",
    "apache_beam.transforms.core.window": "apache_beam.transforms.window",
}
