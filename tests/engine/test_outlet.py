"""The task that writes to a sink."""

from __future__ import annotations

import asyncio

from streamcore.engine.core.egress import SinkNode
from streamcore.engine.core.node import Scheduler
from streamcore.engine.outlet import Outlet
from streamcore.model.bundle import Bundle
from streamcore.model.window import GlobalWindow
from tests.engine.sources import calm
from tests.engine.test_runtime import Collected


async def test_a_sink_that_is_held_is_not_written_to_when_the_input_ends() -> None:
    sink, node = Collected(), SinkNode("out", Scheduler(), 10, 1 << 20)
    outlet = Outlet(node, sink, lambda: None)
    outlet.attach(node)
    await outlet.open()
    writing = asyncio.create_task(outlet.run())
    outlet.hold()
    node.push(Bundle([1], 0, (GlobalWindow(),)))
    outlet.finish()
    await calm()
    assert sink.values == []
    outlet.release()
    await writing
    assert sink.values == [1]
