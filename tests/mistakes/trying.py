"""Wrong pipelines, as somebody new to them would write them, and what they are told.

Each mistake is a name, the code, and the whole message. In the code `p` is a pipeline, and all public names are there.
"""

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

import streamcore
from streamcore import DoFn, NonMergingWindowFn, Pipeline, Sink, Source


class Words(DoFn):
    def process(self, element: str, *args: Any, **kwargs: Any) -> list[str]:
        return element.split()


class Assigned(NonMergingWindowFn):
    """Asks a function of the element for its windows."""

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self.fn = fn

    def assign(self, assign_context: NonMergingWindowFn.AssignContext) -> Any:
        return self.fn(assign_context.element)


class Nowhere(Sink[Any]):
    async def write(self, bundle: Any) -> None:
        pass


class Endless(Source[Any]):
    bounded = False

    def open(self, split: str, position: Any) -> Any:
        raise NotImplementedError


def build(code: str) -> Pipeline:
    """Runs the code of a mistake and returns its pipeline."""
    p = Pipeline()
    names = vars(streamcore) | {"p": p} | {kind.__name__: kind for kind in (Words, Assigned, Nowhere, Endless)}
    exec(textwrap.dedent(code), names)
    return p


def table(rows: list[tuple[str, str, str]]) -> list[Any]:
    return [pytest.param(code, message, id=name) for name, code, message in rows]
