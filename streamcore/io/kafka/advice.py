"""What to do about what brokers refuse for good, in the same words for both clients."""

from __future__ import annotations

from typing import Any, Final

from streamcore.errors import shorten
from streamcore.io.kafka.errors import KafkaDeliveryError

TRANSACTIONAL_ID: Final = "the user needs the rights Write and Describe for this transactional id"
GROUP: Final = "the user needs the right Read for this group"
CLUSTER: Final = "the user needs the right Write for a topic, or IdempotentWrite for the cluster"
TOPIC: Final = "the user needs the right Read for this topic to read, Write to write, and both to write exactly once"
# Offsets are committed without being a member, which brokers allow only while nobody is one.
MEMBERS: Final = "other consumers are members of this group; give the pipeline a `group_id` of its own"
# Brokers take or refuse whole batches, and do not say because of which record.
BATCH: Final = "it was this record, or another one of the same batch"

# What both clients take if they are not told.
DEFAULT_TIMEOUT_MILLIS: Final = 60_000


def about_timeout(name: str, given: Any) -> str:
    """What to do if a transaction is to last longer than the broker lets it.

    Args:
        name: The client's name for the property.
        given: What the user has set it to, or None.
    """
    millis = DEFAULT_TIMEOUT_MILLIS if given is None else given
    return f"lower {name!r} in `producer_config`, which is {millis}, or raise the broker's transaction.max.timeout.ms"


def refusal(row: tuple[Any, ...], reason: str) -> KafkaDeliveryError:
    """The error for a record that could not be written.

    Args:
        row: Its topic, value and key; what follows does not matter.
        reason: Why, and what to do.
    """
    topic, value, key, *_ = row
    what = f"the record with key {shorten(key)} and value {shorten(value)}"
    return KafkaDeliveryError(f"{what} could not be written to topic {topic!r}: {reason}")
