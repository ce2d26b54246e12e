"""Families: names under which several transforms are found."""

from __future__ import annotations

from typing import Any

from streamcore.errors import PipelineError


class Family:
    """A name for several transforms, such as `Count`, whose members are `Count.Globally` and others.

    >>> try:
    ...     Mean()
    ... except PipelineError as error:
    ...     print(error)
    Mean is no transform itself; write Mean.Globally(...) or Mean.PerKey(...)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        *most, last = [f"{name}.{member}(...)" for member in vars(type(self)) if not member.startswith("_")]
        msg = f"{name} is no transform itself; write {', '.join(most)} or {last}"
        raise PipelineError(msg)
