"""What can go wrong between the pipeline and a Kafka cluster."""

from __future__ import annotations

from streamcore.errors import StreamcoreError


class KafkaError(StreamcoreError):
    """Something a Kafka cluster or its client refused; base of the others."""


class KafkaConnectionError(KafkaError):
    """No broker answered in time."""


class KafkaAuthenticationError(KafkaError):
    """The brokers do not accept the credentials, or the certificate is not trusted."""


class KafkaAuthorizationError(KafkaError):
    """The user may not do what was asked for; the message names the right that is missing."""


class KafkaTopicError(KafkaError):
    """A topic or partition is missing, is another one than before, or may not be used."""


class KafkaOffsetError(KafkaError):
    """An offset to go on from is not in the partition any more, or not yet."""


class KafkaDeliveryError(KafkaError):
    """A record could not be written."""


class KafkaRetriableError(KafkaError):
    """The call may have had its effect or not, and is to be made again."""


class KafkaAbortableError(KafkaError):
    """The transaction cannot be committed: abort it and begin another one."""


class KafkaFencedError(KafkaError):
    """Another producer has taken over this one's transactional id: this one must stop."""


class KafkaFatalError(KafkaError):
    """The client cannot go on; a new one may."""
