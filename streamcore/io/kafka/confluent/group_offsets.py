"""Offsets that a group has committed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from confluent_kafka import Consumer, TopicPartition as Native

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.confluent.connecting import Calls
from streamcore.io.kafka.confluent.properties import consumer_properties, make_client
from streamcore.io.kafka.settings import ClientSettings


class GroupOffsets:
    """Reads the offsets of a group, by a consumer that joins none.

    An admin client could be asked, too; but librdkafka 2.16 ends the whole process by a segmentation fault when a
    broker that has just been started refuses the question of an admin client, who has no coordinator to look for again.

    Args:
        settings: Those of the consumer whose group it is.
        calls: Makes calls that block.
        report: Takes the client's errors.
    """

    def __init__(self, settings: ClientSettings, calls: Calls, report: Any) -> None:
        self._settings = settings
        self._calls = calls
        self._report = report
        self._client: Consumer | None = None

    async def read(self, partitions: Collection[TopicPartition]) -> list[Native]:
        """The offsets; waits while a transaction holds some that are not committed.

        Raises:
            KafkaConnectionError: If that takes longer than the timeout of the settings.
        """
        if self._client is None:
            # Offsets are stable for readers of committed records only.
            properties = consumer_properties(self._settings, self._report) | {"isolation.level": "read_committed"}
            self._client = make_client(Consumer, properties, self._settings)
        asked = [Native(*partition) for partition in partitions]
        doing = f"read the offsets of group {self._settings.group_id!r}"
        return await self._calls.call(doing, self._client.committed, asked, self._settings.timeout)

    async def close(self) -> None:
        """Ends the client."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)
