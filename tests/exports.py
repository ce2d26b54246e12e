"""What a package exports of a kind, for tests that look whether all of them are somewhere."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def exported_kinds(package: ModuleType, kind: type[T]) -> list[type[T]]:
    """The classes that a package exports and that one can use as they are."""
    exported = [value for value in vars(package).values() if inspect.isclass(value) and issubclass(value, kind)]
    return [found for found in exported if not inspect.isabstract(found)]
