"""streamcore: the Apache Beam model, batch and streaming, on an asyncio engine in your own process."""

from __future__ import annotations

from streamcore.graph.pipeline import Pipeline as Pipeline
from streamcore.graph.runner import register_runner
from streamcore.model.watermark import BoundedOutOfOrderness as BoundedOutOfOrderness
from streamcore.runners.embedded import EmbeddedRunner
from streamcore.transforms.elementwise import Filter as Filter
from streamcore.transforms.elementwise import FlatMap as FlatMap
from streamcore.transforms.elementwise import Map as Map
from streamcore.transforms.dofn import DoFn as DoFn
from streamcore.transforms.group import CombinePerKey as CombinePerKey
from streamcore.transforms.group import GroupByKey as GroupByKey
from streamcore.transforms.read import Create as Create
from streamcore.transforms.read import Read as Read
from streamcore.transforms.window_into import WindowInto as WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps as WithTimestamps
from streamcore.transforms.write import Write as Write
from streamcore.windowing import FixedWindows as FixedWindows
from streamcore.windowing import Sessions as Sessions
from streamcore.windowing import SlidingWindows as SlidingWindows

# Programs written for Beam name its local runners; here they all mean the embedded engine.
for _name in ("default", "DirectRunner", "FnApiRunner", "BundleBasedDirectRunner", "TestDirectRunner"):
    register_runner(_name, EmbeddedRunner)
