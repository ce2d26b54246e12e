from __future__ import annotations

import re

import orjson
import pytest

from streamcore import TaggedOutput, Timestamp
from streamcore.errors import PipelineError, SourceError
from streamcore.io.kafka.serde import (
    DeadLetter,
    RecordPart,
    deserialize_column,
    reason_of,
    refuse_record,
    set_record_aside,
)

LETTER = DeadLetter("clicks", 3, 17, Timestamp(5), b"ann", b"{", (("trace", b"1"),), "value: ValueError: no")


def test_a_bad_record_stops_the_pipeline() -> None:
    cause = ValueError("no")
    message = (
        "the record at offset 17 of partition 3 of topic 'clicks' cannot be deserialized: value: ValueError: no; "
        "its key is b'ann', its value is b'{'"
    )
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$") as raised:
        refuse_record(LETTER, cause)
    assert raised.value.__cause__ is cause


def test_a_bad_record_is_set_aside() -> None:
    output = set_record_aside(LETTER, ValueError("no"))
    assert isinstance(output, TaggedOutput)
    assert (output.tag, output.value) == ("dead_letters", LETTER)


def test_reasons() -> None:
    _, [failure] = deserialize_column(orjson.loads, [b"{"])
    assert reason_of(RecordPart.VALUE, failure.error) == (
        "value: JSONDecodeError: unexpected end of data: line 1 column 2 (char 1)"
    )
    assert reason_of(RecordPart.KEY, PipelineError("the key is wrong")) == "key: the key is wrong"
