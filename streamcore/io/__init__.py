"""Where elements come from and go to: files, SQLite, queues, iterables, the clock, functions; Kafka in `io.kafka`."""

from __future__ import annotations

from streamcore.io.async_iterables import ReadFromAsyncIterable as ReadFromAsyncIterable
from streamcore.io.bad_lines import DeadLetter as DeadLetter
from streamcore.io.callables import WriteToCallable as WriteToCallable
from streamcore.io.compression import CompressionTypes as CompressionTypes
from streamcore.io.iterables import ReadFromIterable as ReadFromIterable
from streamcore.io.json_lines import ReadFromJsonLines as ReadFromJsonLines
from streamcore.io.line_coders import (
    BytesCoder as BytesCoder,
    StrUtf8Coder as StrUtf8Coder,
    ToBytesCoder as ToBytesCoder,
)
from streamcore.io.periodic import PeriodicImpulse as PeriodicImpulse, RebaseMode as RebaseMode
from streamcore.io.queues import ReadFromQueue as ReadFromQueue
from streamcore.io.sqlite import WriteToSqlite as WriteToSqlite
from streamcore.io.text import ReadFromText as ReadFromText
from streamcore.io.write_lines import WriteToJsonLines as WriteToJsonLines, WriteToText as WriteToText
