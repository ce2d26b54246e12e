"""WithKeys: pairs out of elements."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic

from streamcore.graph.typevars import K, T
from streamcore.transforms.elementwise import ElementFn, Map


class WithKeys(Map[T, tuple[K, T]], Generic[T, K]):
    """Puts a key in front of each element.

    Args:
        k: A function of an element that gives its key, or the one key of all.
        *args: More positional arguments for the function.
        **kwargs: Keyword arguments for it.

    >>> with Pipeline() as p:
    ...     _ = p | Create(["to", "be", "not"]) | WithKeys(len) | Map(print)
    (2, 'to')
    (2, 'be')
    (3, 'not')
    """

    def __init__(self, k: ElementFn[T, K] | Hashable, *args: Any, **kwargs: Any) -> None:
        super().__init__(_keyed_by(k, args, kwargs) if callable(k) else _keyed(k))

    def default_label(self) -> str:
        """`WithKeys`."""
        return self.label or "WithKeys"


def _keyed_by(k: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[Any], tuple[Any, Any]]:
    if args or kwargs:
        return lambda element: (k(element, *args, **kwargs), element)
    return lambda element: (k(element), element)


def _keyed(k: Any) -> Callable[[Any], tuple[Any, Any]]:
    return lambda element: (k, element)
