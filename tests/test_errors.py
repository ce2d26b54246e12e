"""Errors travel between processes: a pool of processes that cannot unpickle one breaks as a whole."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator
from types import FunctionType

import pytest

# Imported for the errors in them.
import streamcore.compat.beam
import streamcore.io.kafka.errors
import streamcore.io.kafka.serde.framing
import streamcore.io.kafka.serde.registry_errors
import streamcore.testing  # noqa: F401
from streamcore.errors import StreamcoreError, UserCodeError


def kinds_of(kind: type[StreamcoreError]) -> Iterator[type[StreamcoreError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__.startswith("streamcore."):
            yield from kinds_of(below)


def example(kind: type[StreamcoreError]) -> StreamcoreError:
    if not isinstance(kind.__init__, FunctionType):
        return kind("what went wrong")
    names = inspect.signature(kind).parameters
    return kind(*[ValueError("deep") if name == "cause" else f"the {name}" for name in names])


@pytest.mark.parametrize("kind", sorted(set(kinds_of(StreamcoreError)), key=lambda kind: kind.__name__))
def test_copies_have_the_same_text_and_attributes(kind: type[StreamcoreError]) -> None:
    error = example(kind)
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(same) is kind
        assert str(same) == str(error)
        assert vars(same) == vars(error)


def test_a_copy_knows_the_element_and_not_the_cause() -> None:
    same = pickle.loads(pickle.dumps(UserCodeError("parse", {"id": 1}, None, ValueError("no"))))
    assert (same.step, same.element, same.window, same.__cause__) == ("parse", {"id": 1}, None, None)
