"""What functions and their arguments are called in labels; the same in every run, as state is kept under labels."""

from __future__ import annotations

import functools
import operator
import os
from collections.abc import Callable
from typing import Any, Final

from streamcore.errors import shorten

# Of anything else the repr may show an address, or an order that is another one in every run.
_PLAIN: Final = (type(None), bool, int, float, complex, str, bytes)


def label_of(fn: Callable[..., Any]) -> str:
    """What a function is called in labels: its name; of a lambda, which has none, where it stands.

    Functions that are made of arguments are told apart by these.

    >>> label_of(len)
    'len'
    >>> label_of(functools.partial(max, 1, key=abs))
    'partial(max, 1, key=abs)'
    """
    name: str | None = getattr(fn, "__name__", None)
    if name is None:
        return _label_of_object(fn)
    code = getattr(fn, "__code__", None)
    if name != "<lambda>" or code is None:
        return name
    return f"<lambda at {os.path.basename(code.co_filename)}:{code.co_firstlineno}>"


def label_of_value(value: Any) -> str:
    """What an argument is called in labels: a function as above, a plain value as it is, all else by its type.

    >>> label_of_value(("a", 1)), label_of_value({"a": 1})
    ("('a', 1)", 'dict')
    """
    if callable(value):
        return label_of(value)
    return shorten(value) if _is_plain(value) else type(value).__name__


def _label_of_object(fn: Any) -> str:
    kind = type(fn).__name__
    if isinstance(fn, functools.partial):
        return f"{kind}({_arguments((fn.func, *fn.args), fn.keywords)})"
    if isinstance(fn, operator.itemgetter | operator.attrgetter | operator.methodcaller):
        # Made again as pickle does it, which is the only way to their arguments.
        reduced: Any = fn.__reduce__()
        make, args = reduced
        made = functools.partial(make, *args)
        return f"operator.{kind}({_arguments(made.args, made.keywords)})"
    return kind


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    named = (f"{name}={label_of_value(value)}" for name, value in kwargs.items())
    return ", ".join([*map(label_of_value, args), *named])


def _is_plain(value: Any) -> bool:
    if type(value) is tuple:
        return all(map(_is_plain, value))
    if type(value) is slice:
        return _is_plain((value.start, value.stop, value.step))
    return type(value) in _PLAIN
