from __future__ import annotations

import copy
import datetime
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from streamcore.timestamp import (
    END_OF_GLOBAL_WINDOW,
    GLOBAL_WINDOW_MAX_MICROS,
    MAX_MICROS,
    MAX_TIMESTAMP,
    MIN_MICROS,
    MIN_TIMESTAMP,
    Duration,
    Timestamp,
    to_micros,
)

MICROS = st.integers(MIN_MICROS, MAX_MICROS)


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (3, 3_000_000),
        (-3, -3_000_000),
        (1.5, 1_500_000),
        (0.1 + 0.2, 300_000),  # to the nearest microsecond
        (-0.0000014, -1),
        (Timestamp(2), 2_000_000),
        (Duration(2), 2_000_000),
        (datetime.timedelta(days=1, microseconds=1), 86_400_000_001),
        (datetime.timedelta(microseconds=-1), -1),
        (9223372036854, 9223372036854_000_000),  # exact beyond what a float can tell apart
    ],
)
def test_to_micros(value: Any, micros: int) -> None:
    assert to_micros(value) == micros


@pytest.mark.parametrize("value", ["1", None, [], datetime.date(2024, 1, 1)])
def test_to_micros_refuses(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        to_micros(value)
    assert str(caught.value) == f"expected seconds as a number, a Timestamp, a Duration or a timedelta, got {value!r}"


def test_the_ends_of_time_are_those_of_beam() -> None:
    assert MIN_MICROS == MIN_TIMESTAMP.micros == -9223372036854775000
    assert MAX_MICROS == MAX_TIMESTAMP.micros == 9223372036854775000
    assert GLOBAL_WINDOW_MAX_MICROS == END_OF_GLOBAL_WINDOW.micros == 9223371950454775000
    assert (MAX_TIMESTAMP - END_OF_GLOBAL_WINDOW).micros == 24 * 3600 * 1_000_000


def test_timestamps_are_made_of_seconds_and_micros() -> None:
    assert Timestamp().micros == 0
    assert Timestamp(1, 5).micros == 1_000_005
    assert Timestamp(micros=5).micros == 5
    assert Timestamp.of_micros(5) == Timestamp(micros=5)
    stamp = Timestamp(5)
    assert Timestamp.of(stamp) is stamp
    assert Timestamp.of(5) == Timestamp.of(5.0) == stamp
    assert Timestamp.of(datetime.datetime(1970, 1, 1, 0, 0, 5, tzinfo=datetime.UTC)) == stamp
    east = datetime.timezone(datetime.timedelta(hours=1))
    assert Timestamp.of(datetime.datetime(1970, 1, 1, 1, 0, 5, tzinfo=east)) == stamp
    before = Timestamp.from_utc_datetime(datetime.datetime.now(datetime.UTC))
    assert before <= Timestamp.now()


def test_durations_are_made_of_seconds_and_micros() -> None:
    assert Duration().micros == 0
    assert Duration(1, 5).micros == 1_000_005
    assert Duration(micros=-5).micros == -5
    span = Duration(5)
    assert Duration.of(span) is span
    assert Duration.of(5) == Duration.of(5.0) == Duration.of(datetime.timedelta(seconds=5)) == span


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: Timestamp("5"),  # type: ignore[arg-type]
            TypeError,
            "`seconds` of a Timestamp must be a number, got '5'",
        ),
        (
            lambda: Timestamp.of("5"),  # type: ignore[arg-type]
            TypeError,
            "cannot make a Timestamp of '5'; give seconds since the epoch",
        ),
        (
            lambda: Duration.of(Timestamp(5)),  # type: ignore[arg-type]
            TypeError,
            "cannot make a Duration of Timestamp(5); subtract another Timestamp from it",
        ),
        (
            lambda: Timestamp.from_utc_datetime(datetime.datetime(2024, 1, 1)),
            ValueError,
            "expected a datetime in UTC, got datetime.datetime(2024, 1, 1, 0, 0); "
            "if it means UTC, write dt.replace(tzinfo=datetime.UTC)",
        ),
        (
            lambda: Timestamp.of(datetime.datetime(2024, 1, 1)),
            ValueError,
            "expected a datetime in UTC, got datetime.datetime(2024, 1, 1, 0, 0); "
            "if it means UTC, write dt.replace(tzinfo=datetime.UTC)",
        ),
        (
            lambda: Timestamp.from_utc_datetime(
                datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
            ),
            ValueError,
            "expected a datetime in UTC, got datetime.datetime(2024, 1, 1, 0, 0, "
            "tzinfo=datetime.timezone(datetime.timedelta(seconds=3600))); convert it with dt.astimezone(datetime.UTC)",
        ),
        (
            lambda: Timestamp.from_rfc3339("today"),
            ValueError,
            "could not parse RFC 3339 string 'today': Invalid isoformat string: 'today'",
        ),
        (
            lambda: Timestamp.from_rfc3339("2024-01-01T00:00:00"),
            ValueError,
            "could not parse RFC 3339 string '2024-01-01T00:00:00': it has no offset; end it with Z for UTC",
        ),
    ],
)
def test_refuses(make: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.25Z", 1_250_000),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("0001-01-01T00:00:00Z", -62135596800_000_000),
    ],
)
def test_from_rfc3339(text: str, micros: int) -> None:
    assert Timestamp.from_rfc3339(text).micros == micros


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_250_000, "1970-01-01T00:00:01.250000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ],
)
def test_to_rfc3339(micros: int, text: str) -> None:
    stamp = Timestamp.of_micros(micros)
    assert stamp.to_rfc3339() == text
    assert Timestamp.from_rfc3339(text) == stamp
    assert stamp.to_utc_datetime().tzinfo is None
    assert Timestamp.from_utc_datetime(stamp.to_utc_datetime(has_tz=True)) == stamp


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0"), (2_000_000, "2"), (1_500_000, "1.500000"), (-1, "-0.000001"), (-61_000_000, "-61")],
)
def test_text(micros: int, text: str) -> None:
    assert repr(Timestamp.of_micros(micros)) == str(Timestamp.of_micros(micros)) == f"Timestamp({text})"
    assert repr(Duration.of_micros(micros)) == f"Duration({text})"


def test_numbers() -> None:
    assert float(Timestamp(1.5)) == float(Duration(1.5)) == 1.5
    # Towards the past, before the epoch too.
    assert int(Timestamp(-1.5)) == Timestamp(-1.5).seconds() == int(Duration(-1.5)) == -2
    assert Timestamp(1).predecessor() == Timestamp.of_micros(999_999)
    assert Timestamp(1).successor() == Timestamp.of_micros(1_000_001)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Timestamp(5) + 1, Timestamp(6)),
        (1 + Timestamp(5), Timestamp(6)),
        (Timestamp(5) + Duration(1.5), Timestamp(6.5)),
        (Duration(1.5) + Timestamp(5), Timestamp(6.5)),
        (Timestamp(5) + datetime.timedelta(seconds=1), Timestamp(6)),
        (Timestamp(5) - 1, Timestamp(4)),
        (Timestamp(5) - Duration(1), Timestamp(4)),
        (Timestamp(5) - Timestamp(7), Duration(-2)),
        (Timestamp(65) % 60, Duration(5)),
        (Timestamp(-5) % Duration(60), Duration(55)),
        (Duration(5) + 1, Duration(6)),
        (1 + Duration(5), Duration(6)),
        (Duration(5) - 1.5, Duration(3.5)),
        (1 - Duration(5), Duration(-4)),
        (-Duration(5), Duration(-5)),
        (Duration(5) * 1.5, Duration(7.5)),
        (2 * Duration(5), Duration(10)),
        (Duration(65) % 60, Duration(5)),
    ],
)
def test_arithmetic(result: Any, expected: Any) -> None:
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("stamp", "advice"),
    [
        (
            MIN_TIMESTAMP,
            "an element without an event time has the minimum timestamp, give it a time by WithTimestamps(fn)",
        ),
        (
            END_OF_GLOBAL_WINDOW,
            "that is so at the end of the global window; check the unit of other times, which is seconds",
        ),
    ],
)
@pytest.mark.parametrize("show", [Timestamp.to_rfc3339, Timestamp.to_utc_datetime])
def test_there_is_no_date_outside_the_calendar(show: Callable[[Timestamp], Any], stamp: Timestamp, advice: str) -> None:
    with pytest.raises(OverflowError) as caught:
        show(stamp)
    assert str(caught.value) == f"{stamp!r} lies outside the calendar, which has the years 1 to 9999; {advice}"


@pytest.mark.parametrize(
    "nonsense",
    [lambda: Timestamp(1) + Timestamp(1), lambda: Duration(1) - Timestamp(1), lambda: Timestamp(1) < "1"],
)
def test_what_makes_no_sense_is_a_type_error(nonsense: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        nonsense()


@given(MICROS, MICROS, st.sampled_from([Timestamp, Duration]), st.sampled_from([Timestamp, Duration]))
def test_comparisons(left: int, right: int, one: type[Timestamp], other: type[Timestamp]) -> None:
    for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt):
        assert compare(one.of_micros(left), other.of_micros(right)) == compare(left, right)
    assert hash(one.of_micros(left)) == hash(other.of_micros(left))


@pytest.mark.parametrize("kind", [Timestamp, Duration])
def test_compares_with_numbers(kind: type[Timestamp]) -> None:
    assert kind(1.5) == 1.5
    assert kind(2) == 2
    assert 1 < kind(1.5) < 2
    assert 2.0 >= kind(1.5) >= 1.0
    assert kind(1) != "1"
    assert kind(1) is not None
    assert Duration(1.5) < datetime.timedelta(seconds=2)
    assert Duration(2) == datetime.timedelta(seconds=2)


@given(MICROS)
def test_survives_copies(micros: int) -> None:
    for value in (Timestamp.of_micros(micros), Duration.of_micros(micros)):
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
