from __future__ import annotations

import pytest

from streamcore.model.windowed_value import TimestampedValue
from streamcore.testing import ElementEvent, ProcessingTimeEvent, StreamError, WatermarkEvent

A, B = TimestampedValue("a", 1), TimestampedValue("b", 2)


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (ElementEvent([A, B]), ElementEvent((A, B)), ElementEvent([B, A])),
        (ElementEvent([A], "x"), ElementEvent([A], tag="x"), ElementEvent([A])),
        (WatermarkEvent(5), WatermarkEvent(5.0), WatermarkEvent(6)),
        (WatermarkEvent(5, "x"), WatermarkEvent(5, tag="x"), WatermarkEvent(5)),
        (ProcessingTimeEvent(5), ProcessingTimeEvent(5.0), ProcessingTimeEvent(6)),
        (ProcessingTimeEvent(5), ProcessingTimeEvent(5), WatermarkEvent(5)),
    ],
)
def test_equality(one, same, other):
    assert one == same
    assert hash(one) == hash(same)
    assert one != other


def test_order_within_a_kind():
    assert WatermarkEvent(5) < WatermarkEvent(6)
    assert ProcessingTimeEvent(6) > ProcessingTimeEvent(5)
    assert ElementEvent([A]) <= ElementEvent([B])
    with pytest.raises(TypeError):
        _ = WatermarkEvent(5) < ProcessingTimeEvent(6)


def test_repr_says_what_happens():
    assert repr(WatermarkEvent(5, "x")) == "WatermarkEvent(Timestamp(5), 'x')"
    assert repr(ElementEvent([A])) == "ElementEvent((TimestampedValue('a', Timestamp(1)),), None)"
    assert repr(ProcessingTimeEvent(5)) == "ProcessingTimeEvent(Duration(5))"


def test_elements_need_timestamps():
    with pytest.raises(StreamError) as caught:
        ElementEvent(["a"])
    assert str(caught.value) == (
        "an ElementEvent holds TimestampedValues, got 'a'; use TestStream().add_elements([...])"
    )
