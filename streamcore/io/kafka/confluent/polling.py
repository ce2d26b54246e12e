"""Takes messages off a consumer, without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from confluent_kafka import Consumer as Client, Message

from streamcore.io.kafka.confluent.bounded_call import end_soon

R = TypeVar("R")
# How many messages are taken at once: less than a millisecond of work, and few enough to be in the cache still when
# they are looked at.
MESSAGES_AT_ONCE: Final = 256
# How long a thread waits for the next message in one go, in seconds.
WAIT: Final = 0.1


class Polling:
    """Polls while messages are wanted; owns the client.

    What librdkafka has fetched already is taken in the event loop. Only to wait for more is a thread's work: handing
    over messages from thread to thread costs more than taking them, as a thread gets the interpreter lock of a busy one
    only after some milliseconds.

    Args:
        client: The consumer that is polled.
        is_wanted: Whether to go on.
        deliver: Called with messages, maybe none, and how many orders were carried out before they were taken.
        look_around: Called in a thread when there was nothing for a moment; it may block.
        fail: Called with what has ended the polling; what the functions above raise ends it.
        may_block: Whether the client makes calls, when it is polled, that may block: it is polled in a thread only.
    """

    def __init__(
        self,
        client: Client,
        is_wanted: Callable[[], bool],
        deliver: Callable[[list[Message], int], None],
        look_around: Callable[[], None],
        fail: Callable[[Exception], None],
        may_block: bool,
    ) -> None:
        self._client = client
        self._is_wanted = is_wanted
        self._deliver = deliver
        self._look_around = look_around
        self._fail = fail
        self._may_block = may_block
        self._thread = ThreadPoolExecutor(1, "streamcore-kafka-poll")
        self._orders: deque[Callable[[], object]] = deque()
        self._ordered = 0
        self._done = 0
        self._is_stopped = False
        self._task: asyncio.Task[None] | None = None

    def order(self, work: Callable[[], object]) -> int:
        """Has something done in a thread before the client is polled again, which may be much later.

        While a thread waits in the client, a call from elsewhere would wait, too, and some hold the interpreter lock.

        Returns:
            The number of the order, from 1.
        """
        self._orders.append(work)
        self._ordered += 1
        return self._ordered

    def poll_now(self) -> None:
        """Takes what has come already, without a change of tasks; does nothing where that is not possible."""
        if self._orders or self._may_block or self._is_stopped or self._is_running():
            return
        try:
            self._deliver(self._client.consume(MESSAGES_AT_ONCE, 0), self._done)
        except Exception as error:
            self._fail(error)

    def go_on(self) -> None:
        """Polls, until nothing is wanted any more."""
        if not self._is_stopped and not self._is_running() and self._is_wanted():
            self._task = asyncio.create_task(self._run(), name="poll Kafka")

    async def stop(self) -> None:
        """Ends it, and closes the client, even if this is cancelled meanwhile."""
        self._is_stopped = True
        if self._task is not None:
            self._task.cancel()
        await end_soon(self._end)

    def _is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _run(self) -> None:
        try:
            while self._is_wanted():
                await self._poll()
        except Exception as error:
            self._fail(error)

    async def _poll(self) -> None:
        while self._orders:
            orders = list(self._orders)
            self._orders.clear()
            await self._in_thread(partial(_carry_out, orders))
            self._done += len(orders)
        done = self._done
        messages = [] if self._may_block else self._client.consume(MESSAGES_AT_ONCE, 0)
        if not messages:
            messages = await self._in_thread(self._wait)
        self._deliver(messages, done)
        await asyncio.sleep(0)  # those who wanted them take them

    def _in_thread(self, function: Callable[[], R]) -> asyncio.Future[R]:
        return asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _end(self) -> None:
        self._thread.shutdown()
        self._client.close()

    def _wait(self) -> list[Message]:
        # `consume` would wait until it has as many as asked for.
        messages = self._client.consume(1, WAIT)
        if messages:
            return messages + self._client.consume(MESSAGES_AT_ONCE - 1, 0)
        self._look_around()
        return messages


def _carry_out(orders: list[Callable[[], object]]) -> None:
    for work in orders:
        work()
