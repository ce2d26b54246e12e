"""WithKeys: pairs out of elements."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, overload

from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, T
from streamcore.model.functions import require_plain
from streamcore.model.labels import label_of_value
from streamcore.transforms.elementwise import ElementFn, Map


class WithKeys(Map[Any, Any], Generic[K]):
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

    @overload
    def __init__(self, k: ElementFn[Any, K], *args: Any, **kwargs: Any) -> None: ...
    @overload
    def __init__(self: WithKeys[Any], k: Hashable) -> None: ...
    def __init__(self, k: Any, *args: Any, **kwargs: Any) -> None:
        if callable(k):
            require_plain("WithKeys", k)
        super().__init__(_keyed_by(k, args, kwargs) if callable(k) else _keyed(k))
        self._name = label_of_value(k)

    def default_label(self) -> str:
        """`WithKeys(len)`, or `WithKeys('a')`."""
        return self.label or f"WithKeys({self._name})"

    def expand(self, pvalue: PCollection[T]) -> PCollection[tuple[K, T]]:
        """Pairs of key and element."""
        return super().expand(pvalue)


def _keyed_by(k: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[Any], tuple[Any, Any]]:
    if args or kwargs:
        return lambda element: (k(element, *args, **kwargs), element)
    return lambda element: (k(element), element)


def _keyed(k: Any) -> Callable[[Any], tuple[Any, Any]]:
    return lambda element: (k, element)
