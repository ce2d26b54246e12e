"""The pipeline of a test: options from the command line of the test run, and a time limit."""

from __future__ import annotations

import argparse
import asyncio
import pickle
import shlex
import unittest
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, ClassVar

from streamcore.graph.pipeline import Pipeline
from streamcore.graph.runner import JobHandle, Runner
from streamcore.model.options import PipelineOptions


class TestPipeline(Pipeline):
    """A `Pipeline` for tests, as in Beam: options can be given to a whole test run.

    They are taken from the flag `--test-pipeline-options="..."` of the test run, or from the class attribute
    `pytest_test_pipeline_options` where a conftest sets it; `options` goes before both.

    Args:
        runner: As for `Pipeline`.
        options: As for `Pipeline`.
        argv: Flags to look for `--test-pipeline-options` in; those of the process by default.
        is_integration_test: Skip the test where no options are given.
        blocking: Accepted for Beam programs; `run` waits for the end in any case.
        additional_pipeline_args: Flags to be added.
        display_data: Accepted for Beam programs.
        timeout: Milliseconds of real time after which `run` gives up with an `AssertionError`; None: no limit.

    >>> from streamcore.testing import TestPipeline, assert_that, equal_to
    >>> with TestPipeline() as p:
    ...     _ = assert_that(p | Create([1, 2]), equal_to([2, 1]))
    """

    __test__: ClassVar[bool] = False
    pytest_test_pipeline_options: ClassVar[str | None] = None

    def __init__(
        self,
        runner: Runner | str | None = None,
        options: PipelineOptions | None = None,
        argv: Sequence[str] | None = None,
        is_integration_test: bool = False,
        blocking: bool = True,
        additional_pipeline_args: Sequence[str] | None = None,
        display_data: object = None,
        timeout: int | None = None,
    ) -> None:
        self.is_integration_test = is_integration_test
        self.blocking = blocking
        self.timeout = timeout
        self.options_list = [*self.get_options_list(argv), *(additional_pipeline_args or ())]
        if is_integration_test and not self.options_list:
            msg = "this is an integration test, and `--test-pipeline-options` is not given"
            raise unittest.SkipTest(msg)
        super().__init__(runner, PipelineOptions(self.options_list) if options is None else options)

    @classmethod
    def get_options_list(cls, argv: Sequence[str] | None = None) -> list[str]:
        """The flags given to the test run."""
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("--test-pipeline-options")
        given = parser.parse_known_args(argv)[0].test_pipeline_options or cls.pytest_test_pipeline_options
        return shlex.split(given) if given else []

    def run(self, test_runner_api: bool = True) -> JobHandle:
        """Runs the pipeline to its end and returns its handle.

        Raises:
            AssertionError: If it takes longer than `timeout`.
        """
        if self.timeout is None:
            return super().run()
        return asyncio.run(self._run_within(self.timeout / 1000))

    def get_pipeline_options(self) -> PipelineOptions:
        """The options."""
        return self.options

    def get_full_options_as_args(self, **extra_opts: Any) -> list[str]:
        """The flags given to the test run, and more of them: `get_full_options_as_args(name="x", student=True)`.

        What is false is left out; an option with `matcher` in its name is pickled.
        """
        return [*self.options_list, *(_flag(name, value) for name, value in extra_opts.items() if value)]

    def get_option(self, opt_name: str, bool_option: bool = False) -> Any:
        """One of the flags given to the test run, None or False where it is not given."""
        name = opt_name.removeprefix("--")
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument(f"--{name}", action="store_true" if bool_option else "store", dest="found")
        return parser.parse_known_args(self.options_list)[0].found

    async def _run_within(self, seconds: float) -> JobHandle:
        handle = await self.run_async()
        try:
            await asyncio.wait_for(handle.wait(), seconds)
        except TimeoutError:
            if handle.state != "RUNNING":
                raise
            await handle.cancel()
            msg = f"the pipeline did not end within {self.timeout} ms; give a longer `timeout`, or end its sources"
            raise AssertionError(msg) from None
        return handle


def _flag(name: str, value: Any) -> str:
    if value is True:
        return f"--{name}"
    if "matcher" in name:
        value = b64encode(pickle.dumps(value)).decode()
    return f"--{name}={value}"
