"""JSON of any element that a sink may be given."""

from __future__ import annotations

from typing import Any

import msgspec

from streamcore.timestamp import Timestamp


def plain(value: Any) -> Any:
    """What JSON shall show of a value that orjson does not know: `default` of `orjson.dumps`.

    Named tuples become objects, other tuples arrays; timestamps are shown as in RFC 3339; structs, sets and what else
    msgspec knows are shown as msgspec does.

    Raises:
        TypeError: If nobody knows the value.
    """
    if isinstance(value, tuple):
        as_dict = getattr(value, "_asdict", None)
        return list(value) if as_dict is None else as_dict()
    if isinstance(value, Timestamp):
        return value.to_rfc3339()
    return msgspec.to_builtins(value, builtin_types=(), enc_hook=unknown)


def unknown(value: Any) -> Any:
    """What JSON shall show of a value that msgspec does not know: `enc_hook` of its encoders.

    Raises:
        TypeError: Unless it is a timestamp.
    """
    if isinstance(value, Timestamp):
        return value.to_rfc3339()
    msg = f"JSON cannot show {type(value).__name__}"
    raise TypeError(msg)
