"""Offsets of a group as they are when no transaction is open: a version of a call that aiokafka knows an older one of.

Without it, the mark that a transaction has just committed may not be seen for some milliseconds.
"""

from __future__ import annotations

from typing import Any, Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

OFFSET_FETCH: Final = 9
# Codes of answers that change by themselves: the coordinator is loading, moving, or waits for a transaction.
PASSING: Final = frozenset({14, 15, 16, 88})
TAGS: Final = ("tags", TaggedFields)
NAME: Final = CompactString("utf-8")


class StableOffsetFetchResponse(Response):  # type: ignore[misc]  # aiokafka has no types
    """What each partition has, and what is wrong with the group."""

    API_KEY = OFFSET_FETCH  # pyright: ignore  # a constant in all of aiokafka's own answers, too
    API_VERSION = 7  # pyright: ignore
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", NAME),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", NAME),
                        ("error_code", Int16),
                        TAGS,
                    ),
                ),
                TAGS,
            ),
        ),
        ("error_code", Int16),
        TAGS,
    )


class StableOffsetFetchRequest_v7(RequestStruct):  # type: ignore[misc]  # noqa: N801  # aiokafka's way to name them
    """The first version that can wait for stable offsets."""

    FLEXIBLE_VERSION = True
    API_KEY = OFFSET_FETCH
    API_VERSION = 7
    RESPONSE_TYPE = StableOffsetFetchResponse
    SCHEMA = Schema(
        ("group", NAME),
        ("topics", CompactArray(("topic", NAME), ("partitions", CompactArray(Int32)), TAGS)),
        ("require_stable", Boolean),
        TAGS,
    )


class StableOffsetFetch(Request[StableOffsetFetchRequest_v7]):  # type: ignore[misc]
    """Asks for the stable offsets of a group.

    Args:
        group: The group.
        topics: Topics with the partitions that are asked for.
    """

    API_KEY = OFFSET_FETCH

    def __init__(self, group: str, topics: dict[str, list[int]]) -> None:
        self._group = group
        self._topics = topics

    def build(self, request_struct_class: Any) -> Any:
        topics: list[Any] = [(topic, partitions, {}) for topic, partitions in self._topics.items()]
        return request_struct_class(self._group, topics, True, {})
