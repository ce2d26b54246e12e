"""Which topics are read, and what becomes of them while they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from streamcore.errors import PipelineError, shorten
from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.errors import KafkaTopicError


class Subscription:
    """Topics by their names, or by a pattern for names.

    Args:
        topics: A name or several.
        pattern: A regular expression for whole names.

    Raises:
        PipelineError: If both are given or none, or one is not what it should be.
    """

    def __init__(self, topics: str | Iterable[str] | None, pattern: str | re.Pattern[str] | None) -> None:
        self._topics = _names(topics)
        self._pattern = _compiled(pattern)
        if bool(self._topics) == (self._pattern is not None):
            msg = f"give either `topics` or `topic_pattern`, got {topics!r} and {pattern!r}"
            raise PipelineError(msg)

    def __str__(self) -> str:
        return ", ".join(self._topics) if self._pattern is None else f"/{self._pattern.pattern}/"

    def choose(self, topics: Mapping[str, int]) -> list[TopicPartition]:
        """The partitions to read, in the order of their names.

        Raises:
            KafkaTopicError: If a topic that is asked for by name is not there.
        """
        names: Collection[str] = self._topics
        if self._pattern is not None:
            names = filter(self._pattern.fullmatch, topics)  # type: ignore[assignment]
        chosen = []
        for name in sorted(names):
            if name not in topics:
                msg = f"topic {name!r} does not exist, or may not be read; create it, or check the name"
                raise KafkaTopicError(msg)
            chosen += [TopicPartition(name, number) for number in range(topics[name])]
        return chosen


def split_of(partition: TopicPartition) -> str:
    """The name of a split: `topic/partition`; names of topics have no slash."""
    return f"{partition.topic}/{partition.partition}"


def partition_of(split: str) -> TopicPartition:
    """The partition that a split is."""
    topic, _, number = split.rpartition("/")
    return TopicPartition(topic, int(number))


def refuse_missing(partitions: Iterable[TopicPartition], topics: Mapping[str, int]) -> None:
    """Finds partitions that are read and are not there any more.

    Args:
        partitions: What is read.
        topics: How many partitions each topic has.

    Raises:
        KafkaTopicError: For the first of them.
    """
    for topic, partition in partitions:
        if partition >= topics.get(topic, 0):
            msg = (
                f"partition {partition} of topic {topic!r} is not there any more: the topic has been deleted, or may "
                "not be read now; start anew, with another state directory"
            )
            raise KafkaTopicError(msg)


def refuse_changed(known: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Finds topics that have been deleted and made again.

    Args:
        known: Ids of topics as they were; empty where they were not known.
        found: Ids of the same topics now.

    Raises:
        KafkaTopicError: For the first of them.
    """
    for topic, identity in known.items():
        if identity and found.get(topic) and found[topic] != identity:
            msg = (
                f"topic {topic!r} has been deleted and made again: offsets of the old one mean nothing in the new one; "
                "start anew, with start='earliest' and another state directory"
            )
            raise KafkaTopicError(msg)


def _names(topics: Any) -> list[str]:
    if topics is None:
        return []
    names = [topics] if isinstance(topics, str) or not isinstance(topics, Iterable) else list(topics)
    if not all(isinstance(name, str) and name for name in names):
        msg = f"`topics` must be names of topics, got {shorten(topics)}"
        raise PipelineError(msg)
    return sorted(set(names))


def _compiled(pattern: Any) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        msg = f"`topic_pattern` must be a regular expression, got {pattern!r}: {error}"
        raise PipelineError(msg) from error
