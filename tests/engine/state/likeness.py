"""Whether two values are the same in value and in type, all the way down."""

from __future__ import annotations

import dataclasses
import datetime
import struct
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from types import MemberDescriptorType
from typing import Any

import msgspec

from streamcore.model.window import GlobalWindow
from streamcore.model.windowed_value import TimestampedValue, WindowedValue


def likeness(value: Any) -> Any:
    """Something printable that is equal for two values only if nothing tells them apart, but their identity."""
    return (type(value), _content(value))


def _content(value: Any) -> Any:
    match value:
        case int() if type(value) in (int, bool):
            return value
        case float():
            return struct.pack("<d", value)
        case complex():
            return struct.pack("<dd", value.real, value.imag)
        case defaultdict():
            return value.default_factory, _pairs(value)
        case dict() | Counter() | OrderedDict():
            return _pairs(value)
        case deque():
            return value.maxlen, [likeness(item) for item in value]
        case set() | frozenset():
            return sorted((likeness(item) for item in value), key=repr)
        case datetime.datetime() | datetime.time():
            return value.isoformat(), value.fold, repr(value.tzinfo), id(type(value.tzinfo))
        case uuid.UUID():
            return value, value.is_safe
        case list() | tuple():
            return [likeness(item) for item in value], _attributes(value)
        case msgspec.Struct():
            return [likeness(getattr(value, name)) for name in value.__struct_fields__]
        case TimestampedValue() | WindowedValue():
            return [likeness(getattr(value, name)) for name in type(value).__slots__]
        case GlobalWindow():
            return id(value)
        case _ if dataclasses.is_dataclass(value):
            return _attributes(value)
        case _:
            return repr(value)


def _pairs(mapping: dict[Any, Any]) -> Any:
    return [(likeness(key), likeness(value)) for key, value in mapping.items()]


def _attributes(value: Any) -> Any:
    found = dict(getattr(value, "__dict__", {}))
    for base in type(value).__mro__:
        for name, member in vars(base).items():
            if isinstance(member, MemberDescriptorType) and hasattr(value, name):
                found[name] = getattr(value, name)
    return sorted((name, likeness(item)) for name, item in found.items() if name != "__orig_class__")
