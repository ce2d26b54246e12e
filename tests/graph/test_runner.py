"""Runners by their names."""

from __future__ import annotations

import pytest

from streamcore import EmbeddedRunner, Pipeline, PipelineError, PipelineOptions

LOCAL = ["DirectRunner", "SwitchingDirectRunner", "BundleBasedDirectRunner", "FnApiRunner"]


@pytest.mark.parametrize("name", [*LOCAL, "TestDirectRunner", "direct", "Direct", "directrunner", "fnapi"])
def test_the_local_runners_of_beam_are_the_embedded_engine(name: str) -> None:
    assert isinstance(Pipeline(runner=name).runner, EmbeddedRunner)
    assert isinstance(Pipeline(options=PipelineOptions([f"--runner={name}"])).runner, EmbeddedRunner)


@pytest.mark.parametrize("path", ["direct.direct_runner.DirectRunner", "portability.fn_api_runner.FnApiRunner"])
def test_they_may_be_named_by_their_paths(path: str) -> None:
    assert isinstance(Pipeline(runner=f"apache_beam.runners.{path}").runner, EmbeddedRunner)


@pytest.mark.parametrize(
    "name", ["flink", "prism", "apache_beam.runners.portability.flink_runner.FlinkRunner", "mine.Direct"]
)
def test_others_are_refused(name: str) -> None:
    with pytest.raises(PipelineError) as error:
        Pipeline(runner=name)
    assert str(error.value) == (
        f"no runner is called {name!r}; the known ones are BundleBasedDirectRunner, DirectRunner, FnApiRunner, "
        "SwitchingDirectRunner, TestDirectRunner, default"
    )
