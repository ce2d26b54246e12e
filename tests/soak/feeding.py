"""Writes the story to the input topic, at a steady pace, until it is told to stop."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

from confluent_kafka import KafkaError, Message, Producer

from tests.soak.story import Event, events

TURN_SECONDS: Final = 0.02


class Feeder:
    """A thread that writes events.

    Args:
        bootstrap: The broker.
        topic: The input topic.
        seed: Of the story.
        pace: Events a second.

    Attributes:
        written: The events that the broker has acknowledged.
    """

    def __init__(self, bootstrap: str, topic: str, seed: int, pace: int) -> None:
        self.written: deque[Event] = deque()
        self._topic = topic
        self._story = events(seed)
        self._each_turn = max(1, int(pace * TURN_SECONDS))
        self._stop = threading.Event()
        self._refused: list[str] = []
        # Retried until the broker is back, whatever happens to it.
        settings = {"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "log_level": 0}
        self._producer = Producer(settings | {"message.timeout.ms": 0})
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def finish(self) -> list[Event]:
        """Ends it; all events that were written."""
        self._stop.set()
        self._thread.join()
        left = self._producer.flush(120)
        if left or self._refused:
            raise RuntimeError(f"{left} events were not acknowledged, and {self._refused[:3]} were refused")
        return list(self.written)

    def _run(self) -> None:
        while not self._stop.wait(TURN_SECONDS):
            for _ in range(self._each_turn):
                event = next(self._story)
                self._producer.produce(
                    self._topic, event.value(), partition=event.partition(), on_delivery=self._acknowledge(event)
                )
            self._producer.poll(0)

    def _acknowledge(self, event: Event) -> Any:
        def acknowledge(error: KafkaError | None, _: Message) -> None:
            if error is None:
                self.written.append(event)
            else:
                self._refused.append(str(error))

        return acknowledge
