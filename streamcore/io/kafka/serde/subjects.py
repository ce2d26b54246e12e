"""Under which subject of a schema registry the schema of a topic's keys or values is kept."""

from __future__ import annotations

import enum

from streamcore.io.kafka.serde.serde import RecordPart


class SubjectNameStrategy(enum.Enum):
    """How a subject is named; the registry checks the versions of one subject for compatibility with each other.

    Attributes:
        TOPIC: `clicks-value` or `clicks-key`: one type for all records of a topic. The usual one.
        RECORD: `shop.Click`, the full name of the record or message: one type wherever it is written to.
        TOPIC_RECORD: `clicks-shop.Click`: several types in a topic, each with a history of its own there.
    """

    TOPIC = "topic"
    RECORD = "record"
    TOPIC_RECORD = "topic-record"

    def subject(self, topic: str, part: RecordPart, record_name: str) -> str:
        """The name of the subject.

        >>> SubjectNameStrategy.TOPIC.subject("clicks", RecordPart.VALUE, "shop.Click")
        'clicks-value'
        """
        if self is SubjectNameStrategy.TOPIC:
            return f"{topic}-{part.value}"
        return record_name if self is SubjectNameStrategy.RECORD else f"{topic}-{record_name}"
