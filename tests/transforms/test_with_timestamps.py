from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from streamcore import Create, DoFn, Map, Pipeline, Timestamp, WithTimestamps

EAST = datetime.timezone(datetime.timedelta(hours=1))
SECOND_FIVE = datetime.datetime(1970, 1, 1, 0, 0, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "times",
    [
        [SECOND_FIVE, SECOND_FIVE.astimezone(EAST)],
        [SECOND_FIVE, 5000, Timestamp(5), 5000.0, Decimal(5000)],
    ],
)
def test_a_datetime_with_a_time_zone_is_a_time_in_any_unit(times: list[Any]) -> None:
    seen: list[Timestamp] = []
    with Pipeline() as p:
        stamped = p | Create(times) | WithTimestamps(lambda time: time, unit="ms")
        _ = stamped | Map(lambda _, time=DoFn.TimestampParam: seen.append(time))
    assert seen == [Timestamp(5)] * len(times)
