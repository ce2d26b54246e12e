"""The source behind ReadFromKafka: one split a partition."""

from __future__ import annotations

import asyncio
import copy
import logging
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any, Final

from streamcore.engine.clock import WallClock
from streamcore.errors import InvariantError
from streamcore.io.kafka.client import CommittedOffset, Consumer, TopicPartition
from streamcore.io.kafka.elements import ElementFormat
from streamcore.io.kafka.errors import KafkaConnectionError, KafkaError, KafkaTopicError
from streamcore.io.kafka.extent import Offsets, Start, Until, find_ends, find_starts, refuse_outside
from streamcore.io.kafka.records import Records
from streamcore.io.kafka.settings import ClientSettings
from streamcore.io.kafka.subscription import Subscription, partition_of, refuse_changed, refuse_missing, split_of
from streamcore.model.clock import Clock
from streamcore.model.source import Batch, Reader, Source

LOG: Final = logging.getLogger("streamcore.io.kafka")
# A position that was saved goes before `start`.
START_ANEW: Final = "start anew with another state directory, and choose where with `start`"
# Offset, id of the topic (empty if not known), and the offset at which a bounded read ends (else None).
Position = tuple[int, str, int | None]


class KafkaSource(Source[Any]):
    """Partitions of topics.

    Args:
        subscription: Which topics.
        settings: How clients are set up.
        make_consumer: Makes a consumer.
        elements: Makes elements of records.
        start: Where partitions are begun that have no saved position.
        until: Where they end; None: never.
        discovery: How often new partitions are looked for, in microseconds.
    """

    tells_watermark = False

    def __init__(
        self,
        subscription: Subscription,
        settings: ClientSettings,
        make_consumer: Callable[[ClientSettings], Consumer],
        elements: ElementFormat,
        start: Start,
        until: Until,
        discovery: int,
    ) -> None:
        self.bounded = until is not None
        self._subscription = subscription
        self._settings = settings
        self._make_consumer = make_consumer
        self._elements = elements
        self._start: Start = start
        self._until: Until = until
        self._discovery = discovery
        self._clock: Clock = WallClock()
        self._saved: Mapping[str, Any] | None = None  # of a run that does not begin
        self._consumer: Consumer | None = None
        self._not_shown = ""  # why offsets were not committed at the last checkpoint
        self._starts: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._ids: dict[str, str] = {}
        self._reading: set[TopicPartition] = set()
        self._ended = asyncio.Event()

    def for_run(self) -> KafkaSource:
        """A source with a consumer of its own."""
        return copy.copy(self)

    def attach_clock(self, clock: Clock) -> None:
        """Keeps the clock."""
        self._clock = clock

    def resume(self, positions: Mapping[str, Any]) -> None:
        """Keeps the positions; they are checked when a broker can be asked."""
        self._saved = positions

    async def splits(self) -> Sequence[str]:
        """The partitions that there are, with all that `open` needs to know of them.

        Raises:
            KafkaError: If no broker answers, a topic is not there, or it is not possible to go on from a position.
        """
        consumer = await self._connected()
        self._reading, self._ended = set(), asyncio.Event()
        partitions = self._subscription.choose(await consumer.topics())
        self._ids = dict(await consumer.topic_ids({partition.topic for partition in partitions}))
        saved = {partition_of(split): position for split, position in (self._saved or {}).items()}
        await self._check_saved(consumer, partitions, saved)
        new = [partition for partition in partitions if partition not in saved]
        start: Start = self._start if self._saved is None else "earliest"
        self._starts = dict(await find_starts(consumer, new, start, self._settings.group_id))
        endless = [partition for partition in partitions if partition in new or saved[partition][2] is None]
        self._ends = dict(await find_ends(consumer, endless, self._until))
        return list(map(split_of, partitions))

    async def start_positions(self, splits: Sequence[str]) -> Mapping[str, Position]:
        """The offsets that `start` and `until` mean now."""
        partitions = {split: partition_of(split) for split in splits}
        return {
            split: (self._starts[partition], self._ids.get(partition.topic, ""), self._ends.get(partition))
            for split, partition in partitions.items()
        }

    async def new_splits(self) -> AsyncIterator[str]:
        """Partitions that are added while the run goes on; a bounded read only looks what becomes of its own.

        Raises:
            KafkaTopicError: If a topic has been deleted, or deleted and made again.
        """
        missing = 0
        while await self._pause():
            try:
                found = await self._look_for_new()
                missing = 0
            except KafkaTopicError:
                # A broker that has just started does not know all topics yet.
                missing += 1
                if missing > 1:
                    raise
                continue
            except KafkaConnectionError:
                continue  # readers wait for the connection, too
            for partition in found:
                yield split_of(partition)
        await self._refuse_changed_at_the_end()

    def open(self, split: str, position: Sequence[Any] | None) -> Reader[Any]:
        """A reader from a position on, or from where the partition is begun."""
        if self._consumer is None:
            what = "a split is opened before the splits have been asked for"
            raise InvariantError(what)
        partition = partition_of(split)
        if position is None:
            offset, end = self._starts[partition], self._ends.get(partition)
        else:
            offset, _, end = position
            end = self._ends.get(partition, end) if self.bounded else None
        identity = self._ids.get(partition.topic, "")
        self._reading.add(partition)
        return KafkaReader(self._consumer, partition, self._elements, offset, end, identity, self._note_end)

    async def checkpointed(self, positions: Mapping[str, Any]) -> None:
        """Commits the offsets for the group, so that Kafka's own tools see the progress.

        That it fails is no reason to end the run; it is logged once for as long as it fails for the same reason.
        """
        if self._settings.group_id is None or self._consumer is None:
            return
        reached = {split: position[0] for split, position in positions.items() if position is not None}
        offsets = {partition_of(split): CommittedOffset(offset) for split, offset in reached.items()}
        try:
            if offsets:
                await self._consumer.commit(offsets)
        except KafkaError as error:
            if self._not_shown != str(error):
                LOG.warning("offsets are not shown to others: %s", error)
            self._not_shown = str(error)
        else:
            self._not_shown = ""

    async def close(self) -> None:
        """Ends the consumer."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.close()

    async def _connected(self) -> Consumer:
        """The consumer; a run that goes back to a checkpoint asks for the splits again."""
        if self._consumer is None:
            consumer = self._consumer = await asyncio.to_thread(self._make_consumer, self._settings)
            await consumer.connect()
        return self._consumer

    async def _check_saved(
        self, consumer: Consumer, partitions: Collection[TopicPartition], saved: Mapping[TopicPartition, Position]
    ) -> None:
        for partition in saved:
            if partition not in partitions:
                msg = (
                    f"partition {partition.partition} of topic {partition.topic!r}, of which a position is saved, is "
                    "not read any more; read the same topics, or start anew with another state directory"
                )
                raise KafkaTopicError(msg)
        refuse_changed({partition.topic: position[1] for partition, position in saved.items()}, self._ids)
        offsets = {partition: position[0] for partition, position in saved.items()}
        first, end = await consumer.beginning_offsets(saved), await consumer.end_offsets(saved)
        refuse_outside(offsets, first, end, START_ANEW)

    async def _pause(self) -> bool:
        """Waits until it is time to look at the topics again; False if a bounded read has come to its end."""
        if self.bounded and not self._reading:
            return False
        pause = asyncio.ensure_future(self._clock.sleep_for(self._discovery))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({pause, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            ended.cancel()
        return not self._ended.is_set()

    async def _look_for_new(self) -> Sequence[TopicPartition]:
        if self._consumer is None:
            return ()
        topics = await self._consumer.topics()
        refuse_missing(self._reading, topics)
        partitions = [] if self.bounded else self._subscription.choose(topics)
        ids = await self._consumer.topic_ids({partition.topic for partition in (*self._reading, *partitions)})
        refuse_changed(self._ids, ids)
        self._ids.update(ids)
        known = self._starts.keys() | {partition_of(split) for split in self._saved or ()}
        new = [partition for partition in partitions if partition not in known]
        first: Offsets = await self._consumer.beginning_offsets(new)
        self._starts.update(first)
        return new

    async def _refuse_changed_at_the_end(self) -> None:
        """A topic that was made again meanwhile may have been read with offsets of the old one."""
        known = {topic for topic, identity in self._ids.items() if identity}
        if self._consumer is None or not known:
            return
        try:
            ids = await self._consumer.topic_ids(known)
        except KafkaError:
            return  # what was read was there
        refuse_changed(self._ids, ids)

    def _note_end(self, partition: TopicPartition) -> None:
        self._reading.discard(partition)
        if self.bounded and not self._reading:
            self._ended.set()


class KafkaReader(Reader[Any]):
    """Reads one partition.

    Args:
        consumer: What reads.
        partition: The partition.
        elements: Makes elements of its records.
        offset: Where to begin.
        end: Where to end, without that offset; None: never.
        identity: Id of the topic.
        note_end: Told when the partition is read no more.
    """

    def __init__(
        self,
        consumer: Consumer,
        partition: TopicPartition,
        elements: ElementFormat,
        offset: int,
        end: int | None,
        identity: str,
        note_end: Callable[[TopicPartition], None],
    ) -> None:
        self._consumer = consumer
        self._partition = partition
        self._elements = elements
        self._offset = offset
        self._end = end
        self._identity = identity
        self._note_end = note_end
        self._taken: Records | None = None
        if not self._is_at_end():
            consumer.assign(partition, offset)

    async def poll(self, limit: int) -> Batch[Any] | None:
        """The next elements; waits until there are any."""
        while not self._is_at_end():
            if self._taken is None:
                self._taken = self._cut(await self._consumer.fetch(self._partition, limit))
            await self._elements.prepare(self._taken)
            batch = self._convert(self._taken)
            self._taken = None
            if batch is not None:
                return batch
        self._note_end(self._partition)
        return None

    def poll_nowait(self, limit: int) -> Batch[Any] | None:
        """The next elements, if there are any."""
        if self._elements.needs_preparing or self._is_at_end():
            return None
        records = self._consumer.fetch_nowait(self._partition, limit)
        return None if records is None else self._convert(self._cut(records))

    def position(self) -> Position:
        """The next offset, the topic it is in, and where a bounded read ends."""
        return self._offset, self._identity, self._end

    def is_connected(self) -> bool:
        """Whether the partition's broker answers."""
        return self._is_at_end() or self._consumer.is_connected(self._partition)

    def lag(self) -> int | None:
        """How many offsets there are to the end of the partition, or of a bounded read."""
        if self._end is not None:
            return max(self._end - self._offset, 0)
        return self._consumer.lag(self._partition, self._offset)

    async def close(self) -> None:
        """Ends reading the partition."""
        self._consumer.unassign(self._partition)
        self._note_end(self._partition)

    def _convert(self, records: Records) -> Batch[Any] | None:
        """The elements of records that were taken; None if there are none."""
        values, stamps = self._elements.elements(records, self._partition) if len(records) else ([], [])
        self._offset = records.next_offset
        return Batch(values, stamps) if values else None

    def _is_at_end(self) -> bool:
        return self._end is not None and self._offset >= self._end

    def _cut(self, records: Records) -> Records:
        """Without what lies behind the end."""
        if self._end is None or records.next_offset <= self._end or not len(records):
            return records
        kept = records.slice(0, bisect_left(records.offsets, self._end))
        kept.next_offset = self._end
        return kept
