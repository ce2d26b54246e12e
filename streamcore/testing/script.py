"""The events of a `TestStream` as sources of the engine: one for each output, which take turns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from streamcore.model.source import Batch, Reader, Source
from streamcore.testing.events import ElementEvent, Event, ProcessingTimeEvent, WatermarkEvent
from streamcore.testing.virtual_clock import VirtualClock


class Script:
    """The events of a stream, and the run of them that is under way.

    Attributes:
        events: What happens, in order.
        tags: The outputs; the first one's reader also moves processing time.
        clock: The clock that the stream drives.
    """

    def __init__(self, events: Sequence[Event], tags: Sequence[str | None], clock: VirtualClock) -> None:
        self.events = tuple(events)
        self.tags = tuple(tags)
        self.clock = clock
        self._play: Play | None = None

    def open(self, tag: str | None, position: Sequence[int] | None) -> ScriptReader:
        """A reader of one output; the engine opens the first output's first, and a new run begins with it."""
        if self._play is None or tag == self.tags[0]:
            self._play = Play(self)
        if position is not None:
            self._play.go_to(*position)
        return ScriptReader(self._play, tag)


class Play:
    """One run of a script: events are handed out one after another, each when the one before has been processed.

    Attributes:
        turn: Held while an event is handed out; notified when the next may be.
        is_busy: The last event has not been processed yet.
        place: The next event, and how many of its elements have been handed out.
    """

    def __init__(self, script: Script) -> None:
        self.turn = asyncio.Condition()
        self.is_busy = False
        self.place = (0, 0)
        self._script = script

    def go_to(self, event: int, element: int) -> None:
        """Goes on from there, if that is not behind the present place."""
        self.place = max(self.place, (event, element))

    def is_for(self, tag: str | None) -> bool:
        """Whether the reader of this output may go on."""
        if self.is_busy:
            return False
        event = self._next()
        if isinstance(event, ElementEvent | WatermarkEvent):
            return event.tag == tag
        return event is None or tag == self._script.tags[0]

    def hand_out(self, limit: int) -> Batch[Any] | None:
        """The next event as a batch, at most `limit` elements of it; None at the end."""
        event = self._next()
        if event is None:
            return None
        self.is_busy = True
        if isinstance(event, ElementEvent):
            return self._elements(event, limit)
        self.place = (self.place[0] + 1, 0)
        if isinstance(event, WatermarkEvent):
            return Batch([], watermark=event.new_watermark.micros)
        assert isinstance(event, ProcessingTimeEvent)
        self._script.clock.advance(event.advance_by)
        return Batch([])

    def _next(self) -> Event | None:
        events = self._script.events
        return events[self.place[0]] if self.place[0] < len(events) else None

    def _elements(self, event: ElementEvent, limit: int) -> Batch[Any]:
        number, start = self.place
        part = event.timestamped_values[start : start + limit]
        is_last = start + len(part) == len(event.timestamped_values)
        self.place = (number + 1, 0) if is_last else (number, start + len(part))
        return Batch([one.value for one in part], [one.timestamp.micros for one in part])


class ScriptReader(Reader[Any]):
    """Reads one output of a script."""

    def __init__(self, play: Play, tag: str | None) -> None:
        self._play = play
        self._tag = tag
        self._has_event = False

    async def poll(self, limit: int) -> Batch[Any] | None:
        """The next event of this output, as soon as those before it have been processed."""
        play = self._play
        async with play.turn:
            if self._has_event:
                self._has_event = play.is_busy = False
                play.turn.notify_all()
            await play.turn.wait_for(lambda: play.is_for(self._tag))
            batch = play.hand_out(limit)
            self._has_event = batch is not None
            return batch

    def position(self) -> list[int]:
        """The place in the script to go on from."""
        return list(self._play.place)


class ScriptSource(Source[Any]):
    """One output of a script."""

    bounded = False

    def __init__(self, script: Script, tag: str | None) -> None:
        self.clock = script.clock
        self._script = script
        self._tag = tag

    def open(self, split: str, position: Sequence[int] | None) -> Reader[Any]:
        """A reader of this output."""
        return self._script.open(self._tag, position)
