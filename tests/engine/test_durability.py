"""Options about how a run keeps its state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.durability import durability_of
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import PipelineOptions
from streamcore.transforms.read import Create

SECONDS = "`checkpoint_interval` must be seconds, a Duration or a timedelta"
ON_REQUEST = "use None for checkpoints on request only"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"checkpoint_interval": 0}, f"`checkpoint_interval` must be positive, got 0; {ON_REQUEST}"),
        ({"checkpoint_interval": "5"}, f"{SECONDS}, got '5'"),
        ({"checkpoint_interval": float("nan")}, f"{SECONDS}, got nan"),
        ({"checkpoint_interval": float("inf")}, f"{SECONDS}, got inf"),
        ({"allow_changes": "sum"}, "`allow_changes` must be a list of labels, got 'sum'; write ['sum']"),
        ({"allow_changes": 3}, "`allow_changes` must be a list of labels, got 3; write ['label of a step']"),
        ({"allow_changes": [3]}, "`allow_changes` must be a list of labels, got [3]; write ['label of a step']"),
        ({"allow_pickle": "no"}, "`allow_pickle` must be True or False, got 'no'; leave it out for False"),
        ({"take_over": "false"}, "`take_over` must be True or False, got 'false'; leave it out for False"),
        ({"take_over": 1}, "`take_over` must be True or False, got 1; leave it out for False"),
        ({"take_over": None}, "`take_over` must be True or False, got None; leave it out for False"),
        (
            {"state_dir": 3},
            "`state_dir` must be a path, got 3; give a directory, such as 'state', or leave it out",
        ),
        (
            {"state_dir": ""},
            "`state_dir` must be a path, got ''; give a directory, such as 'state', or leave it out",
        ),
        (
            {"state_dir": b"state"},
            "`state_dir` must be a path, got b'state'; give a directory, such as 'state', or leave it out",
        ),
        (
            {"from_savepoint": True},
            "`from_savepoint` must be a path, got True; give its file or name, or leave it out",
        ),
    ],
)
def test_options_that_make_no_sense(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    p = Pipeline(options=PipelineOptions(**({"state_dir": tmp_path / "state"} | settings)))
    _ = p | Create([1])
    with pytest.raises(PipelineError) as caught:
        p.run()
    assert str(caught.value) == message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_options_that_make_sense(tmp_path: Path, kind: type) -> None:
    found = durability_of(
        PipelineOptions(
            state_dir=str(tmp_path),
            take_over=True,
            allow_changes=kind(["a"]),
            checkpoint_interval=None,
            from_savepoint="mine",
        )
    )
    assert found is not None
    assert (found.state_dir, found.interval, found.take_over) == (tmp_path, None, True)
    assert (found.allow_pickle, found.allow_changes) == (False, {"a"})
    assert found.from_savepoint == (tmp_path / "savepoints" / "mine.sqlite").resolve()


def test_no_state_is_kept_unless_there_is_a_place_for_it() -> None:
    assert durability_of(PipelineOptions(take_over=True)) is None
