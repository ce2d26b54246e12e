"""The embedded runner: the engine in the user's own process and event loop."""

from __future__ import annotations

import asyncio

from streamcore.engine.runtime import Job
from streamcore.engine.silent_steps import warn_of_silent_steps
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import check_names


class EmbeddedRunner:
    """Runs pipelines with the embedded engine."""

    def run(self, pipeline: Pipeline) -> Job:
        """Runs a pipeline to its end, in an event loop of its own.

        Raises:
            PipelineError: If this thread has a running event loop already, or an option looks misspelt.
        """
        check_names(pipeline.options)
        warn_of_silent_steps(pipeline)
        if _loop_is_running():
            msg = (
                "an event loop is running in this thread; "
                "use `async with Pipeline() as p:` or `await pipeline.run_async()`"
            )
            raise PipelineError(msg)
        return asyncio.run(self._run(pipeline))

    async def run_async(self, pipeline: Pipeline) -> Job:
        """Starts a pipeline in the running event loop.

        Raises:
            PipelineError: If an option looks misspelt.
        """
        check_names(pipeline.options)
        warn_of_silent_steps(pipeline)
        return Job(pipeline)

    async def _run(self, pipeline: Pipeline) -> Job:
        job = Job(pipeline)
        pipeline.note_run(job)
        await job.run_to_end()
        return job


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
