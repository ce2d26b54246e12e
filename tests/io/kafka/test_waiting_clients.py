"""Clients that wait for a token when they are made do not hold up the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from streamcore.io.kafka.clients import Client
from streamcore.io.kafka.errors import KafkaAuthenticationError
from streamcore.io.kafka.outgoing import RecordFormat
from streamcore.io.kafka.settings import ClientSettings
from streamcore.io.kafka.transactional_sink import TransactionalKafkaSink
from streamcore.io.kafka.transactions import KafkaTransactions

SETTINGS = ClientSettings("127.0.0.1:1")


class Waiting:
    """Makes clients that wait for the event loop to go on, and are refused then."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.goes_on = threading.Event()

    def make(self, *settings: object) -> Any:
        self.began.set()
        assert self.goes_on.wait(60), "the event loop is held up"
        raise KafkaAuthenticationError("no token")


def take_over(client: Client) -> Awaitable[object]:
    return KafkaTransactions(client, SETTINGS, "id", "t").initialise()


def read_marker(client: Client) -> Awaitable[object]:
    return KafkaTransactions(client, SETTINGS, "id", "t").read_marker()


def open_sink(client: Client) -> Awaitable[object]:
    sink = TransactionalKafkaSink(RecordFormat("t"), SETTINGS, client, "t")
    sink.join(sink.transactions("id"))
    return sink.open()


@pytest.mark.parametrize("doing", [take_over, read_marker, open_sink])
async def test_the_event_loop_goes_on(doing: Callable[[Client], Awaitable[object]]) -> None:
    waiting = Waiting()
    client = Client(waiting.make, waiting.make, waiting.make, waiting.make, waiting.make)
    done = asyncio.ensure_future(doing(client))
    while not waiting.began.is_set():
        await asyncio.sleep(0)
    waiting.goes_on.set()
    with pytest.raises(KafkaAuthenticationError, match="no token"):
        await done
