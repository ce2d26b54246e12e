"""Calls that may never return."""

from __future__ import annotations

import threading

import pytest

from streamcore.io.kafka.confluent import bounded_call
from streamcore.io.kafka.confluent.bounded_call import call_within, end_soon


async def test_what_a_call_returns() -> None:
    assert await call_within(30, divmod, 7, 2) == (3, 1)


async def test_what_a_call_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        await call_within(30, divmod, 7, 0)


async def test_a_call_without_a_bound() -> None:
    assert await call_within(None, divmod, 7, 2) == (3, 1)


async def test_what_does_not_end_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    await end_soon(ended.set)
    assert ended.is_set()
    monkeypatch.setattr(bounded_call, "ENDING", 0)
    goes_on = threading.Event()
    await end_soon(goes_on.wait)
    goes_on.set()


async def test_a_call_that_never_returns_is_left_alone() -> None:
    begun, ended = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        ended.wait()

    with pytest.raises(TimeoutError):
        await call_within(0, hang)
    assert begun.wait(30)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "streamcore-kafka-call")
    ended.set()
