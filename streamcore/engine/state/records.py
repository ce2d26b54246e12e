"""The types that are stored by their parts, and the values of which there is only one.

A name in these tables stands on disk: entries are added, never renamed.
"""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from streamcore.engine.core.kernels import ABSENT
from streamcore.errors import StateDecodingError, StateEncodingError
from streamcore.model.pane import PaneInfo, PaneInfoTiming
from streamcore.model.window import GlobalWindow, IntervalWindow
from streamcore.model.windowed_value import TimestampedValue, WindowedValue
from streamcore.timestamp import Duration, Timestamp
from streamcore.transforms.combine_fn import EMPTY


class NoAttribute:
    """Stands for an attribute that an instance does not have."""


NO_ATTRIBUTE: Final = NoAttribute()

CONSTANTS: Final[dict[str, Any]] = {
    "None": None,
    "Ellipsis": ...,
    "ABSENT": ABSENT,
    "EMPTY": EMPTY,
    "GlobalWindow": GlobalWindow(),
    "NO_ATTRIBUTE": NO_ATTRIBUTE,
    "UNSET": msgspec.UNSET,
}
CONSTANT_NAMES: Final = {type(value): name for name, value in CONSTANTS.items()}


class Record(NamedTuple):
    """How values of one type are taken apart and put together again.

    Attributes:
        name: What the type is called on disk.
        type: The exact type; subclasses are not stored this way.
        parts: Functions of a value that give its parts.
        build: The function of the parts that gives an equal value.
        is_container: Whether a value may contain itself.
    """

    name: str
    type: type[Any]
    parts: tuple[Callable[[Any], Any], ...]
    build: Callable[..., Any]
    is_container: bool = False


def _attributes(*names: str) -> tuple[Callable[[Any], Any], ...]:
    return tuple(map(attrgetter, names))


def _clock_text(moment: datetime.datetime | datetime.time) -> str:
    """What clock and calendar show, without the time zone."""
    return moment.replace(tzinfo=None).isoformat()


def _datetime(text: str, fold: int, tzinfo: datetime.tzinfo | None) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(fold=fold, tzinfo=tzinfo)


def _time(text: str, fold: int, tzinfo: datetime.tzinfo | None) -> datetime.time:
    return datetime.time.fromisoformat(text).replace(fold=fold, tzinfo=tzinfo)


def _zone_arguments(zone: Any) -> tuple[Any, ...]:
    """Offset, and the name if it was given one; `tzname` does not tell a name that was given from one made up."""
    arguments: tuple[Any, ...] = zone.__getinitargs__()
    return arguments


def _zone_key(zone: zoneinfo.ZoneInfo) -> str:
    if zone.key is None:
        msg = f"cannot store {zone!r}, a time zone without a key; make it with zoneinfo.ZoneInfo(key)"
        raise StateEncodingError(msg)
    return zone.key


# What a defaultdict makes its values with is code; these are enough to count and to collect.
_FACTORIES: Final[dict[str, Callable[[], Any]]] = {
    kind.__name__: kind
    for kind in (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, deque, Counter)
}


def _factory_name(mapping: defaultdict[Any, Any]) -> str | None:
    factory = mapping.default_factory
    if factory is None:
        return None
    name = getattr(factory, "__name__", "")
    if _FACTORIES.get(name) is not factory:
        msg = (
            f"cannot store a defaultdict whose default_factory is {factory!r}, which is code; "
            f"use one of {', '.join(_FACTORIES)}, or a dict and its `setdefault`"
        )
        raise StateEncodingError(msg)
    return name


def _defaultdict(factory: str | None, items: dict[Any, Any]) -> defaultdict[Any, Any]:
    if factory is not None and factory not in _FACTORIES:
        msg = f"stored state names {factory!r} as the default_factory of a defaultdict, which is not a known one"
        raise StateDecodingError(msg)
    return defaultdict(None if factory is None else _FACTORIES[factory], items)


def _uuid(data: bytes, is_safe: int | None) -> uuid.UUID:
    return uuid.UUID(bytes=data, is_safe=uuid.SafeUUID(is_safe))


def _counter(counts: dict[Any, int]) -> Counter[Any]:
    # Not `Counter(counts)`, which would add to what it has.
    counter: Counter[Any] = Counter()
    dict.update(counter, counts)
    return counter


def _pairs(mapping: dict[Any, Any]) -> dict[Any, Any]:
    return dict(mapping.items())


def _list(values: Iterable[Any]) -> list[Any]:
    return list(values)


_DELTA: Final = _attributes("days", "seconds", "microseconds")
_MOMENT: Final = (_clock_text, *_attributes("fold", "tzinfo"))
_PANE: Final = _attributes("is_first", "is_last", "timing", "index", "nonspeculative_index")
_STAMPED: Final = _attributes("value", "timestamp")
_WINDOWED: Final = _attributes("value", "timestamp", "windows", "pane_info")

_ALL: Final = (
    Record("tuple", tuple, (_list,), tuple),
    Record("set", set, (_list,), set),
    Record("frozenset", frozenset, (_list,), frozenset),
    Record("deque", deque, (_list, attrgetter("maxlen")), deque, is_container=True),
    Record("Counter", Counter, (_pairs,), _counter, is_container=True),
    Record("OrderedDict", OrderedDict, (_pairs,), OrderedDict, is_container=True),
    Record("defaultdict", defaultdict, (_factory_name, _pairs), _defaultdict, is_container=True),
    Record("bytearray", bytearray, (bytes,), bytearray),
    Record("complex", complex, _attributes("real", "imag"), complex),
    Record("Decimal", Decimal, (str,), Decimal),
    Record("Fraction", Fraction, _attributes("numerator", "denominator"), Fraction),
    Record("UUID", uuid.UUID, _attributes("bytes", "is_safe.value"), _uuid),
    Record("date", datetime.date, (datetime.date.toordinal,), datetime.date.fromordinal),
    Record("datetime", datetime.datetime, _MOMENT, _datetime),
    Record("time", datetime.time, _MOMENT, _time),
    Record("timedelta", datetime.timedelta, _DELTA, datetime.timedelta),
    Record("timezone", datetime.timezone, (_zone_arguments,), lambda arguments: datetime.timezone(*arguments)),
    Record("ZoneInfo", zoneinfo.ZoneInfo, (_zone_key,), zoneinfo.ZoneInfo),
    Record("Timestamp", Timestamp, _attributes("micros"), Timestamp.of_micros),
    Record("Duration", Duration, _attributes("micros"), Duration.of_micros),
    Record("IntervalWindow", IntervalWindow, _attributes("start_micros", "end_micros"), IntervalWindow.of_micros),
    Record("PaneInfoTiming", PaneInfoTiming, (int,), PaneInfoTiming),
    Record("PaneInfo", PaneInfo, _PANE, PaneInfo),
    Record("TimestampedValue", TimestampedValue, _STAMPED, TimestampedValue, is_container=True),
    Record("WindowedValue", WindowedValue, _WINDOWED, WindowedValue, is_container=True),
)

RECORDS: Final = {record.name: record for record in _ALL}
RECORDS_BY_TYPE: Final = {record.type: record for record in _ALL}
