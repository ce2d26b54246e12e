"""What aiokafka writes to the log, without secrets, and without the same line again and again."""

from __future__ import annotations

import logging
from typing import Final

# How long a line is not repeated, in seconds.
QUIET: Final = 60.0


class OncePerMinute(logging.Filter):
    """Lets a line pass that has not passed in the last minute.

    aiokafka asks ten times a second for a topic that is absent or may not be used, and tells of each answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line passes."""
        now, line = record.created, record.getMessage()
        self._passed = {known: moment for known, moment in self._passed.items() if now - moment < QUIET}
        return self._passed.setdefault(line, now) == now


def has_no_credentials(record: logging.LogRecord) -> bool:
    """Whether a line holds no request with a password: at level DEBUG aiokafka logs every request."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return not any(type(argument).__name__.startswith("SaslAuthenticate") for argument in arguments)


logging.getLogger("aiokafka.conn").addFilter(has_no_credentials)
logging.getLogger("aiokafka.cluster").addFilter(OncePerMinute())
