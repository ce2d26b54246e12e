"""The thread that takes messages off a consumer, so that waiting for them does not hold up the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer as Client, Message

# How many messages are handed over at once, how many times before the loop has taken them in, and how long the thread
# waits in one go, in seconds.
MESSAGES_AT_ONCE: Final = 1000
HANDED_OVER: Final = 3
WAIT: Final = 0.1


class PollThread:
    """Polls while its gate is open, and hands messages to the event loop in the order they came.

    Args:
        client: The consumer that is polled; callbacks of the client are made in this thread, too.
        deliver: Called in the event loop with messages, never with none, and how many orders were carried out before
            they were taken.
        look_around: Called in this thread after every poll, with whether there was nothing for a moment; what it raises
            ends the thread.
        fail: Called in the event loop with what made the thread end.
    """

    def __init__(
        self,
        client: Client,
        deliver: Callable[[list[Message], int], None],
        look_around: Callable[[bool], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._client = client
        self._deliver = deliver
        self._look_around = look_around
        self._fail = fail
        self._loop = asyncio.get_running_loop()
        self._gate = threading.Event()
        self._room = threading.Semaphore(HANDED_OVER)
        self._orders: deque[Callable[[], object]] = deque()
        self._ordered = 0
        self._done = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="streamcore-kafka-poll", daemon=True)
        self._thread.start()

    def order(self, work: Callable[[], object]) -> int:
        """Has the thread make a call of the client before it polls again; returns the number of the order, from 1.

        A call from another thread would wait for the end of a poll, in competition with the next one, and some calls
        hold the interpreter lock meanwhile.
        """
        self._orders.append(work)
        self._ordered += 1
        return self._ordered

    def open_gate(self) -> None:
        """Lets the thread poll."""
        self._gate.set()

    def close_gate(self) -> None:
        """Holds the thread back before its next poll."""
        self._gate.clear()

    async def stop(self) -> None:
        """Ends the thread."""
        self._stopped = True
        self._gate.set()
        self._room.release()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while not self._stopped:
                self._poll()
        except Exception as error:
            self._tell(self._fail, error)

    def _poll(self) -> None:
        while self._orders:
            self._orders.popleft()()
            self._done += 1
        if not self._gate.wait(WAIT):
            return
        messages = self._client.consume(MESSAGES_AT_ONCE, 0)
        if not messages:
            # `consume` would wait until it has as many as asked for.
            messages = self._client.consume(1, WAIT)
            if messages:
                messages += self._client.consume(MESSAGES_AT_ONCE - 1, 0)
        self._look_around(not messages)
        if messages:
            self._room.acquire()
            self._tell(self._take, messages, self._done)

    def _take(self, messages: list[Message], done: int) -> None:
        self._room.release()
        if self._stopped:
            return
        try:
            self._deliver(messages, done)
        except Exception as error:  # else messages would be lost, and nobody would notice
            self._fail(error)

    def _tell(self, receive: Callable[..., None], *what: object) -> None:
        try:
            self._loop.call_soon_threadsafe(receive, *what)
        except RuntimeError:  # the loop has been closed: nobody listens any more
            self._stopped = True
