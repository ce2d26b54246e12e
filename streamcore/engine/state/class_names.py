"""Names that lead to a user's class and back."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import msgspec

from streamcore.engine.state.instances import Kind
from streamcore.errors import StateDecodingError, StateEncodingError
from streamcore.transforms.combiners.tuples import fields_type

# The accumulators that compositions of aggregations make for themselves: not a name that Python could import.
_GENERATED: Final = "<fields>"


def name_class(cls: type[Any]) -> str:
    """The name that leads back to a class.

    >>> import fractions
    >>> name_class(fractions.Fraction)
    'fractions:Fraction'

    Raises:
        StateEncodingError: If no name does.
    """
    if issubclass(cls, msgspec.Struct) and cls is fields_type(len(cls.__struct_fields__)):
        return f"{_GENERATED}:{len(cls.__struct_fields__)}"
    if _find(cls.__module__, cls.__qualname__) is not cls:
        msg = (
            f"cannot store values of type {cls.__qualname__}, as the module {cls.__module__} has no such name; "
            "define the class at the top of its module"
        )
        raise StateEncodingError(msg)
    return f"{cls.__module__}:{cls.__qualname__}"


def find_class(name: str, kind: Kind) -> type[Any]:
    """The class of a name; its module is imported if it was not yet.

    Raises:
        StateDecodingError: If there is no such class, or it is not of the kind.
    """
    module, _, qualname = name.partition(":")
    if module == _GENERATED:
        return fields_type(int(qualname))
    try:
        importlib.import_module(module)
    except ImportError as error:
        msg = f"stored state has values of type {name}, but its module cannot be imported: {error}; {_WAY_OUT}"
        raise StateDecodingError(msg) from error
    cls = _find(module, qualname)
    if not isinstance(cls, type) or not kind.accepts(cls):
        msg = f"stored state has values of type {name}, but there is no {kind.name} of that name; {_WAY_OUT}"
        raise StateDecodingError(msg)
    return cls


_WAY_OUT: Final = "put the class back where it was, or start without the state"


def _find(module: str, qualname: str) -> object:
    found: object = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found
