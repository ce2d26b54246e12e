"""Triggers as values: arguments, equality, text, and what can be asked before anything runs."""

from __future__ import annotations

import copy
import datetime
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import streamcore.triggers
from streamcore.errors import PipelineError, StreamcoreError, TransformTypeError
from streamcore.model.trigger import DataLossReason, Trigger
from streamcore.timestamp import Duration
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
from tests.triggers.driver import AtEnd

MINUTE = 60_000_000
MAY_FINISH = DataLossReason.MAY_FINISH
NO_LOSS = DataLossReason.NO_POTENTIAL_LOSS

KINDS: list[tuple[Callable[[], Trigger], str]] = [
    (DefaultTrigger, "DefaultTrigger()"),
    (Always, "Always"),
    (Never, "Never"),
    (lambda: AfterCount(3), "AfterCount(3)"),
    (AfterProcessingTime, "AfterProcessingTime(delay=0)"),
    (lambda: AfterProcessingTime(1_000_000), "AfterProcessingTime(delay=1000000)"),
    (lambda: AfterProcessingTime(0.25), "AfterProcessingTime(delay=0.25)"),
    (AfterWatermark, "AfterWatermark()"),
    (lambda: AfterWatermark(early=AfterCount(3)), "AfterWatermark(early=AfterCount(3))"),
    (lambda: AfterWatermark(late=Repeatedly(AfterCount(3))), "AfterWatermark(late=AfterCount(3))"),
    (lambda: AfterWatermark(AfterCount(2), Always()), "AfterWatermark(early=AfterCount(2), late=Always)"),
    (lambda: Repeatedly(AfterCount(3)), "Repeatedly(AfterCount(3))"),
    (lambda: AfterAny(AfterCount(3), AfterWatermark()), "AfterAny(AfterCount(3), AfterWatermark())"),
    (lambda: AfterAll(AfterCount(3), AfterWatermark()), "AfterAll(AfterCount(3), AfterWatermark())"),
    (lambda: AfterEach(AfterCount(3), AfterWatermark()), "AfterEach(AfterCount(3), AfterWatermark())"),
    (lambda: OrFinally(Always(), AfterCount(3)), "OrFinally(Always, AfterCount(3))"),
]


@pytest.mark.parametrize(("make", "text"), KINDS, ids=[text for _, text in KINDS])
def test_is_a_value(make: Callable[[], Trigger], text: str) -> None:
    trigger = make()
    assert repr(trigger) == text
    for same in (make(), copy.deepcopy(trigger), pickle.loads(pickle.dumps(trigger))):
        assert same == trigger
        assert hash(same) == hash(trigger)
    assert [other for other, _ in KINDS if other() == trigger] == [make]


def test_every_trigger_is_exported() -> None:
    exported = {value for value in vars(streamcore.triggers).values() if isinstance(value, type)}
    assert exported == {type(make()) for make, _ in KINDS}


def test_early_and_late_are_wrapped_once() -> None:
    trigger = AfterWatermark(early=AfterCount(1), late=Repeatedly(AfterCount(2)))
    assert trigger.early == Repeatedly(AfterCount(1))
    assert trigger.late == Repeatedly(AfterCount(2))
    assert trigger == AfterWatermark(early=Repeatedly(AfterCount(1)), late=AfterCount(2))
    assert AfterWatermark().early is None
    assert AfterWatermark().late is None


def test_parts_have_the_names_they_have_in_beam() -> None:
    assert AfterCount(3).count == 3
    assert AfterProcessingTime(3).delay == 3
    assert Repeatedly(AfterCount(3)).underlying == AfterCount(3)
    for kind in (AfterAny, AfterAll, AfterEach, OrFinally):
        assert kind(AfterCount(1), Always()).triggers == (AfterCount(1), Always())


@pytest.mark.parametrize("delay", [90, 90.0, Duration(90), datetime.timedelta(minutes=1.5)])
def test_delay_is_any_span(delay: Any) -> None:
    assert AfterProcessingTime(delay) == AfterProcessingTime(90)
    assert hash(AfterProcessingTime(delay)) == hash(AfterProcessingTime(90))


COUNT = "`count` of AfterCount must be a positive integer, got {}; use Always() to fire at every element"
DELAY = "`delay` of AfterProcessingTime must be seconds, a Duration or a timedelta, got {}"
REFUSED: list[tuple[Callable[[], Any], type[StreamcoreError], str]] = [
    (lambda: AfterCount(0), PipelineError, COUNT.format("0")),
    (lambda: AfterCount(-1), PipelineError, COUNT.format("-1")),
    (lambda: AfterCount(2.5), PipelineError, COUNT.format("2.5")),  # type: ignore[arg-type]
    (lambda: AfterCount(True), PipelineError, COUNT.format("True")),
    (lambda: AfterCount("3"), PipelineError, COUNT.format("'3'")),  # type: ignore[arg-type]
    (
        lambda: AfterProcessingTime(-5),
        PipelineError,
        "`delay` of AfterProcessingTime must not be negative, got -5; use 0 to fire as soon as an element is in",
    ),
    (lambda: AfterProcessingTime("5"), TransformTypeError, DELAY.format("'5'")),  # type: ignore[arg-type]
    (lambda: AfterProcessingTime(float("nan")), TransformTypeError, DELAY.format("nan")),
    (lambda: AfterProcessingTime(float("inf")), TransformTypeError, DELAY.format("inf")),
    (
        lambda: Repeatedly(3),  # type: ignore[arg-type]
        TransformTypeError,
        "Repeatedly takes triggers, got 3",
    ),
    (
        lambda: Repeatedly(Always),  # type: ignore[arg-type]
        TransformTypeError,
        "Repeatedly takes triggers, got <class 'streamcore.triggers.always.Always'>; write Always(...)",
    ),
    (
        lambda: AfterWatermark(early=3),  # type: ignore[arg-type]
        TransformTypeError,
        "AfterWatermark takes triggers, got 3",
    ),
    (
        lambda: AfterWatermark(late="x"),  # type: ignore[arg-type]
        TransformTypeError,
        "AfterWatermark takes triggers, got 'x'",
    ),
    (
        lambda: OrFinally(Always(), None),  # type: ignore[arg-type]
        TransformTypeError,
        "OrFinally takes triggers, got None",
    ),
    (
        lambda: AfterAny(AfterCount(1), 2),  # type: ignore[arg-type]
        TransformTypeError,
        "AfterAny takes triggers, got 2",
    ),
    (AfterAny, PipelineError, "AfterAny needs at least one trigger, got none; write AfterAny(AfterWatermark(), ...)"),
    (AfterAll, PipelineError, "AfterAll needs at least one trigger, got none; write AfterAll(AfterWatermark(), ...)"),
    (
        AfterEach,
        PipelineError,
        "AfterEach needs at least one trigger, got none; write AfterEach(AfterWatermark(), ...)",
    ),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_refuses(make: Callable[[], Any], error: type[StreamcoreError], message: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert type(caught.value) is error
    assert str(caught.value) == message


LOSSES: list[tuple[Trigger, int, DataLossReason]] = [
    (DefaultTrigger(), 0, NO_LOSS),
    (DefaultTrigger(), MINUTE, NO_LOSS),
    (AfterProcessingTime(42), 0, MAY_FINISH),
    (Always(), 0, NO_LOSS),
    (Never(), MINUTE, NO_LOSS),  # comes out when the window expires
    (AfterCount(42), 0, MAY_FINISH),
    (AfterWatermark(), 0, NO_LOSS),  # nothing comes after the end
    (AfterWatermark(), MINUTE, MAY_FINISH),
    (AfterWatermark(early=AfterCount(1)), MINUTE, MAY_FINISH),
    (AfterWatermark(late=DefaultTrigger()), 0, NO_LOSS),
    (AfterWatermark(late=AfterCount(1)), MINUTE, NO_LOSS),
    (Repeatedly(DefaultTrigger()), 0, NO_LOSS),
    (Repeatedly(AfterCount(42)), 0, NO_LOSS),
    (AfterAny(AfterCount(42), DefaultTrigger()), 0, MAY_FINISH),  # one is enough
    (AfterAny(Repeatedly(AfterCount(42)), DefaultTrigger()), 0, NO_LOSS),
    (AfterAny(AfterWatermark(), DefaultTrigger()), MINUTE, MAY_FINISH),
    (AfterAll(AfterCount(1), DefaultTrigger()), 0, NO_LOSS),  # one that goes on is enough
    (AfterAll(AfterCount(42), AfterProcessingTime(42)), 0, MAY_FINISH),
    (AfterEach(AfterCount(1), DefaultTrigger(), AfterCount(2)), 0, NO_LOSS),
    (AfterEach(AfterCount(1), AfterCount(2), AfterCount(3)), 0, MAY_FINISH),
    (OrFinally(AfterCount(1), Never()), 0, MAY_FINISH),
    (OrFinally(Always(), Never()), MINUTE, NO_LOSS),
    (OrFinally(Always(), AfterCount(100)), 0, MAY_FINISH),
    (OrFinally(Always(), Repeatedly(AfterCount(100))), 0, MAY_FINISH),  # one pane of it is enough
    (OrFinally(Always(), AfterWatermark()), 0, NO_LOSS),  # nothing comes after the end
    (OrFinally(Always(), DefaultTrigger()), 0, NO_LOSS),
    (OrFinally(Always(), AtEnd()), 0, NO_LOSS),
    (OrFinally(Always(), AfterAll(AfterCount(1), AfterWatermark())), 0, NO_LOSS),
    (OrFinally(Always(), AfterWatermark()), MINUTE, MAY_FINISH),
    (OrFinally(Always(), AtEnd()), MINUTE, MAY_FINISH),
    (OrFinally(Always(), AfterWatermark(early=AfterCount(1))), 0, MAY_FINISH),  # fires before the end
]


@pytest.mark.parametrize(("trigger", "lateness", "reason"), LOSSES, ids=[f"{row[0]} {row[1]}" for row in LOSSES])
def test_may_lose_data(trigger: Trigger, lateness: int, reason: DataLossReason) -> None:
    assert trigger.may_lose_data(lateness) == reason


CONTINUATIONS: list[tuple[Trigger, Trigger]] = [
    (DefaultTrigger(), DefaultTrigger()),
    (Always(), Always()),
    (Never(), Never()),
    (AfterCount(1), AfterCount(1)),
    (AfterCount(100), AfterCount(1)),
    (AfterProcessingTime(10), Always()),  # delayed already
    (AfterWatermark(), AfterWatermark()),
    (AfterWatermark(AfterCount(10), AfterCount(20)), AfterWatermark(AfterCount(1), AfterCount(1))),
    (Repeatedly(AfterCount(10)), Repeatedly(AfterCount(1))),
    (AfterAll(AfterCount(2), AfterCount(5)), AfterAll(AfterCount(1), AfterCount(1))),
    (AfterAny(AfterCount(2), AfterCount(5)), AfterAny(AfterCount(1), AfterCount(1))),
    (AfterEach(AfterCount(2), AfterCount(5)), Repeatedly(AfterAny(AfterCount(1), AfterCount(1)))),
    (OrFinally(Repeatedly(AfterCount(2)), AfterCount(5)), OrFinally(Repeatedly(AfterCount(1)), AfterCount(1))),
]


@pytest.mark.parametrize(("trigger", "continuation"), CONTINUATIONS, ids=[repr(row[0]) for row in CONTINUATIONS])
def test_continuation(trigger: Trigger, continuation: Trigger) -> None:
    assert trigger.get_continuation_trigger() == continuation


@pytest.mark.parametrize(
    ("trigger", "uses"),
    [
        (DefaultTrigger(), True),
        (Always(), False),
        (Never(), False),
        (AfterCount(1), False),
        (AfterProcessingTime(1), False),
        (AfterWatermark(), True),
        (Repeatedly(AfterWatermark()), True),
        (Repeatedly(AfterCount(1)), False),
        (AfterAny(AfterCount(1), AfterWatermark()), True),
        (AfterAny(AfterCount(1)), False),
        (AfterAll(AfterCount(1), AfterWatermark()), True),
        (AfterAll(AfterCount(1)), False),
        (AfterEach(AfterCount(1), AfterWatermark()), True),
        (AfterEach(AfterCount(1)), False),
        (OrFinally(AfterCount(1), AfterWatermark()), True),
        (OrFinally(AfterWatermark(), AfterCount(1)), True),
        (OrFinally(AfterCount(1), Never()), False),
    ],
    ids=repr,
)
def test_uses_watermark(trigger: Trigger, uses: bool) -> None:
    assert trigger.uses_watermark() is uses
