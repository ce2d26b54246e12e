"""What a window kind says of the windows that it assigns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from streamcore import BoundedWindow, FixedWindows, Sessions, SlidingWindows
from streamcore.model.windowing import WindowFn


class ByElement:
    """Assigns by the element; of no window kind itself."""

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        """No windows."""
        return ()


class OwnAssign(FixedWindows):
    """A kind that looks at the element."""

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        """No windows."""
        return ()


class MixedIn(ByElement, Sessions):  # type: ignore[misc]
    """A kind that has it from elsewhere."""


class Again(OwnAssign):
    """A subclass of that kind."""


class NewWindows(SlidingWindows):
    """A kind with windows of its own, which says what they are like."""

    has_one_window = True

    def windows_at(self, timestamp: int) -> Any:
        """No windows."""
        return ()


class Renamed(Sessions):
    """A kind that assigns as the one it is derived from."""


@pytest.mark.parametrize(
    ("kind", "follows_timestamp", "has_one_window"),
    [
        (OwnAssign, False, False),
        (MixedIn, False, False),
        (Again, False, False),
        (NewWindows, True, True),
        (Renamed, True, True),
    ],
)
def test_a_kind_that_assigns_in_its_own_way_does_not_inherit_what_is_said_of_another(
    kind: type[WindowFn], follows_timestamp: bool, has_one_window: bool
) -> None:
    assert (kind.follows_timestamp, kind.has_one_window) == (follows_timestamp, has_one_window)
