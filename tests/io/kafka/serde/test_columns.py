from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st

from streamcore.errors import PipelineError
from streamcore.io.kafka.serde import Converted, Failure, deserialize_column, serialize_column


class PoisonError(Exception):
    """Raised on purpose."""


class Recorder:
    """Deserializes by `int`, fails at poison, and remembers what it was called with."""

    def __init__(self, error: type[Exception] = PoisonError) -> None:
        self.error = error
        self.seen: list[Any] = []

    def __call__(self, payload: bytes) -> int:
        self.seen.append(payload)
        if payload.startswith(b"!"):
            raise self.error(payload)
        return int(payload)


class Truthless:
    """A value that is neither true nor false, and equal to nothing, as arrays are."""

    def __bool__(self) -> bool:
        raise AssertionError("asked for its truth")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    __hash__ = None  # type: ignore[assignment]


COLUMNS = st.lists(
    st.one_of(
        st.none(),
        st.integers(0, 99).map(lambda number: b"%d" % number),
        st.integers(0, 99).map(lambda number: b"!%d" % number),
    ),
    max_size=60,
)


@given(COLUMNS)
def test_a_column_is_what_its_payloads_are_one_by_one(column: list[bytes | None]) -> None:
    recorder = Recorder()
    values, failures = deserialize_column(recorder, column)
    poison = [position for position, payload in enumerate(column) if payload and payload.startswith(b"!")]
    good = [None if payload is None or position in poison else int(payload) for position, payload in enumerate(column)]
    assert values == good
    assert [failure.position for failure in failures] == poison
    assert [failure.error.args for failure in failures] == [(column[position],) for position in poison]
    assert recorder.seen == [payload for payload in column if payload is not None]


@given(COLUMNS)
def test_a_function_that_raises_stop_iteration_ends_nothing(column: list[bytes | None]) -> None:
    recorder = Recorder(StopIteration)
    values, failures = deserialize_column(recorder, column)
    poison = [position for position, payload in enumerate(column) if payload and payload.startswith(b"!")]
    assert len(values) == len(column)
    assert [failure.position for failure in failures] == poison
    assert recorder.seen == [payload for payload in column if payload is not None]
    for failure in failures:
        assert isinstance(failure.error, PipelineError)
        assert str(failure.error) == "the function raised StopIteration; return a value instead"


@given(st.lists(st.sampled_from([b"[1]", b"{}", b"", b"{", b"nul"]), max_size=40))
def test_c_functions(column: list[bytes]) -> None:
    values, failures = deserialize_column(orjson.loads, column)
    expected = {b"[1]": [1], b"{}": {}}
    assert values == [expected.get(payload) for payload in column]
    assert [position for position, _ in failures] == [i for i, payload in enumerate(column) if payload not in expected]


def test_none_is_not_given_to_the_function() -> None:
    assert deserialize_column(lambda payload: payload, [None, b"", None]) == Converted([None, b"", None], [])
    assert deserialize_column(int, []) == Converted([], [])


def test_values_are_serialized_whatever_their_truth() -> None:
    strange = Truthless()
    assert serialize_column(lambda value: b"x", [strange, 0, "", strange]) == Converted([b"x"] * 4, [])
    assert serialize_column(lambda value: b"x", [strange, None, 0]) == Converted([b"x", None, b"x"], [])


def test_a_value_that_cannot_be_serialized() -> None:
    serialize: Callable[[Any], bytes] = str.encode
    payloads, failures = serialize_column(serialize, ["a", None, 3, "b"])
    assert payloads == [b"a", None, None, b"b"]
    assert [position for position, _ in failures] == [2]
    assert isinstance(failures[0], Failure)


def test_an_interruption_is_no_failure() -> None:
    def interrupted(payload: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deserialize_column(interrupted, [b"1"])
