"""Every window kind and trigger of the package takes part in the laws."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import find, settings, strategies as st
from hypothesis.errors import NoSuchExample

from streamcore import Never, Trigger, WindowFn, triggers, windowing
from tests.exports import exported_kinds
from tests.laws.cases import WINDOWS
from tests.laws.trigger_strategies import TRIGGERS


def is_drawn(strategy: st.SearchStrategy[Any], kind: type) -> bool:
    try:
        find(strategy, lambda drawn: type(drawn) is kind, settings=settings(database=None, max_examples=1000))
    except NoSuchExample:
        return False
    return True


@pytest.mark.parametrize("kind", exported_kinds(windowing, WindowFn))
def test_a_window_kind_is_among_those_of_the_laws(kind: type) -> None:
    assert is_drawn(WINDOWS, kind), f"add {kind.__name__} to WINDOWS in tests/laws/cases.py"


@pytest.mark.parametrize("kind", exported_kinds(triggers, Trigger))
def test_a_trigger_is_among_those_of_the_laws(kind: type) -> None:
    assert is_drawn(TRIGGERS, kind), f"add {kind.__name__} to LEAVES or _composites in tests/laws/trigger_strategies.py"


def test_what_is_missing_is_noticed() -> None:
    assert not is_drawn(WINDOWS, Never)
