"""Triggers and scripts for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from streamcore.model.trigger import Trigger
from streamcore.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Always,
    DefaultTrigger,
    Never,
    OrFinally,
    Repeatedly,
)
from tests.triggers.driver import ELEMENT, END

LEAVES: st.SearchStrategy[Trigger] = st.one_of(
    st.builds(AfterCount, st.integers(1, 4)),
    st.builds(AfterProcessingTime, st.integers(0, 6)),
    st.sampled_from([DefaultTrigger(), AfterWatermark(), Always(), Never()]),
)


def _composites(inner: st.SearchStrategy[Trigger]) -> st.SearchStrategy[Trigger]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(Repeatedly, inner),
        st.builds(AfterWatermark, st.none() | inner, st.none() | inner),
        st.builds(OrFinally, inner, inner),
        several.map(lambda triggers: AfterAny(*triggers)),
        several.map(lambda triggers: AfterAll(*triggers)),
        several.map(lambda triggers: AfterEach(*triggers)),
    )


TRIGGERS: st.SearchStrategy[Trigger] = st.recursive(LEAVES, _composites, max_leaves=6)


@st.composite
def scripts(draw: st.DrawFn, late: bool = True) -> list[str]:
    """Elements and passing seconds, and somewhere the end of the window; nothing but time after it unless `late`."""
    step = st.sampled_from([ELEMENT, ELEMENT, "1", "2", "5"])
    before = draw(st.lists(step, max_size=12))
    after = draw(st.lists(step if late else st.sampled_from(["1", "5"]), max_size=8))
    return [*before, END, *after]
