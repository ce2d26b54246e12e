"""State values come back as they were, in value and in type."""

from __future__ import annotations

import datetime
import math
import re
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from streamcore.engine.core.kernels import ABSENT
from streamcore.engine.state.columns import decode, encode
from streamcore.model.pane import PANE_INFO_UNKNOWN, PaneInfo, PaneInfoTiming
from streamcore.model.window import GlobalWindow, IntervalWindow
from streamcore.model.windowed_value import TimestampedValue, WindowedValue
from streamcore.timestamp import Duration, Timestamp
from streamcore.transforms.combine_fn import EMPTY
from streamcore.transforms.combiners.tuples import fields_type
from tests.engine.state import kinds
from tests.engine.state.likeness import likeness

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NAMED_ZONE = datetime.timezone(datetime.timedelta(hours=1), "one")
FIXED_ZONE = datetime.timezone(datetime.timedelta(hours=-2, microseconds=5))
HIDING = kinds.Hiding(1)
HIDING.hide("secret")
CACHED = kinds.Plain(1)
assert CACHED.twice

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=8)
LATE_PANE = PaneInfo(False, True, PaneInfoTiming.LATE, 3, 2)
TIMESTAMPS = st.builds(Timestamp.of_micros, st.integers())
WINDOWS = st.builds(IntervalWindow.of_micros, st.integers(), st.integers()) | st.just(GlobalWindow())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1]),
    st.floats(),
    st.complex_numbers(),
    ANY_TEXT,
    st.binary(max_size=8),
    st.builds(bytearray, st.binary(max_size=8)),
    st.decimals(),
    st.fractions(),
    st.uuids(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(BERLIN) | st.just(FIXED_ZONE) | st.just(NAMED_ZONE)),
    st.times(timezones=st.none() | st.just(FIXED_ZONE)),
    st.timedeltas(),
    TIMESTAMPS,
    st.builds(Duration.of_micros, st.integers()),
    WINDOWS,
    st.builds(kinds.TenantWindow, ANY_TEXT, st.integers()),
    st.sampled_from([GlobalWindow(), ABSENT, EMPTY, ..., msgspec.UNSET, PANE_INFO_UNKNOWN, BERLIN, FIXED_ZONE]),
    st.sampled_from([*kinds.Colour, *kinds.Level, *kinds.Word, *kinds.Access, kinds.Access.READ | kinds.Access.WRITE]),
    st.sampled_from([kinds.Nothing(), kinds.Empty(), HIDING, CACHED]),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.dictionaries(st.one_of(ANY_TEXT, st.integers(), st.booleans(), st.floats()), inner, max_size=4)
    lists = st.lists(inner, max_size=4)
    return st.one_of(
        lists,
        lists.map(tuple),
        st.tuples(inner, inner),
        pairs,
        pairs.map(OrderedDict),
        pairs.map(lambda items: defaultdict(list, items)),
        st.builds(deque, lists, st.none() | st.integers(4, 6)),
        st.builds(kinds.Point, inner, inner),
        st.builds(kinds.Plain, inner),
        st.builds(kinds.Slotted, inner, inner),
        st.builds(kinds.Box, inner),
        st.builds(kinds.Total, inner, inner),
        st.builds(kinds.Frozen, left=inner, right=inner),
        st.builds(kinds.Both, inner, late=inner),
        st.builds(TimestampedValue, inner, TIMESTAMPS),
        st.builds(WindowedValue, inner, TIMESTAMPS, st.tuples(WINDOWS), st.just(LATE_PANE)),
        st.builds(fields_type(2), inner, inner),
        st.builds(fields_type(3), inner, inner, inner),
    )


HASHABLE = st.one_of(st.none(), st.integers(), ANY_TEXT, st.tuples(st.integers(), ANY_TEXT), st.floats(allow_nan=False))
VALUES = st.recursive(
    st.one_of(LEAVES, st.sets(HASHABLE, max_size=4), st.frozensets(HASHABLE, max_size=4)), containers, max_leaves=12
)


def returned(value: Any) -> Any:
    (back,) = decode(encode([value]))
    return back


@given(st.lists(VALUES, max_size=6))
def test_any_values_come_back(values: list[Any]) -> None:
    back = decode(encode(values))
    assert [likeness(value) for value in back] == [likeness(value) for value in values]


@given(st.one_of([st.lists(kind, min_size=2, max_size=20) for kind in (LEAVES, containers(LEAVES))]))
def test_columns_of_few_types_come_back(values: list[Any]) -> None:
    back = decode(encode(values))
    assert [likeness(value) for value in back] == [likeness(value) for value in values]


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -0.0,
        math.inf,
        complex(-0.0, math.nan),
        {1: "a", True + 1: "b"},
        {math.nan: 1},
        Decimal("-0.00"),
        Decimal("sNaN123"),
        Decimal("1E+999999"),
        Fraction(-1, 3),
        10**5000,
        -(10**5000),
        "\ud800",
        [["\udfff", "plain"]],
        uuid.UUID(int=5, is_safe=uuid.SafeUUID.unsafe),
        datetime.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN),
        datetime.datetime.min,
        datetime.time.max.replace(fold=1),
        datetime.timedelta.min,
        datetime.UTC,
        defaultdict(int, a=1),
        defaultdict(None, a=1),
        Counter("abba"),
        Counter(a=-1, b=0),
        deque([1, 2], maxlen=2),
        PaneInfo(True, False, PaneInfoTiming.LATE, 3, -1),
        kinds.Counted(5),
        kinds.Box[int](1),
        kinds.Crate[int](1),
        [{"\ud800": 1}, {"\ud800": 2}],
        tuple(range(1000)),
        tuple((n,) for n in range(1000)),
        [],
        (),
        {},
        set(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_are_easily_lost(value: Any) -> None:
    assert likeness(returned(value)) == likeness(value)


def test_equal_values_of_several_types_stay_what_they_are() -> None:
    values = [1, 1.0, True, "1", b"1", bytearray(b"1"), (1,), [1], kinds.Point(1), kinds.Level.LOW, Fraction(1)]
    back = decode(encode(values))
    assert [likeness(value) for value in back] == [likeness(value) for value in values]


def test_equal_keys_of_several_types_stay_what_they_are() -> None:
    values = [{"a": 1}, {kinds.Word.A: 1}, {1: 0}, {True: 0}, {1.0: 0}]
    assert [likeness(value) for value in decode(encode(values))] == [likeness(value) for value in values]


def test_dicts_with_the_same_keys_in_another_order_keep_it() -> None:
    assert [list(mapping) for mapping in decode(encode([{"a": 1, "b": 2}, {"b": 2, "a": 1}]))] == [
        ["a", "b"],
        ["b", "a"],
    ]


def test_there_is_still_only_one_of_what_is_compared_by_identity() -> None:
    singles = [ABSENT, EMPTY, GlobalWindow(), kinds.Colour.RED, None, ..., datetime.UTC, BERLIN]
    assert all(back is single for back, single in zip(decode(encode(singles)), singles, strict=True))


def test_an_object_in_two_places_comes_back_as_two() -> None:
    shared: list[int] = []
    one, two = returned([shared, [shared, shared], {"a": shared}])[:2]
    one.append(1)
    assert two == [[], []]


def test_a_dataclass_is_restored_without_its_init() -> None:
    value = kinds.Unmade("new")
    value.a = "restored"
    back = returned(value)
    assert back.a == "restored"
    assert not hasattr(back, "late")


def test_a_window_of_the_users_keeps_what_its_base_class_keeps() -> None:
    window = returned(kinds.TenantWindow("a", 5))
    assert (window, window.end_micros) == (kinds.TenantWindow("a", 5), 15)


def test_no_values_at_all() -> None:
    assert decode(encode([])) == []


def test_the_same_values_are_the_same_bytes() -> None:
    values = [("a", 1), None, 2.0, {"x": kinds.Total(1)}]
    assert encode(values) == encode([("a", 1), None, 2.0, {"x": kinds.Total(1)}])


def cyclic_list() -> Any:
    value: list[Any] = [1]
    value += [value] * 1000
    return value


def cyclic_dict() -> Any:
    value: dict[str, Any] = {}
    value["self"] = (1, [value])
    return value


def cyclic_dataclass() -> Any:
    value = kinds.Plain(1)
    value.b = deque([kinds.Slotted(value)])
    return value


def cyclic_timestamped_value() -> Any:
    stamped = TimestampedValue[Any](None, 0)
    stamped.value = stamped
    return stamped


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (cyclic_list, "list"),
        (cyclic_dict, "dict"),
        (cyclic_dataclass, "Plain"),
        (cyclic_timestamped_value, "TimestampedValue"),
    ],
)
def test_a_value_that_contains_itself_is_refused(make: Any, name: str) -> None:
    message = f"cannot store a {name} that contains itself; keep keys in place of references"
    with pytest.raises(TypeError, match=f"^{message}$"):
        encode([make(), make()])


def test_a_value_that_is_nested_too_deeply_is_refused() -> None:
    value: Any = 0
    for _ in range(100):
        value = [value]
    assert returned(value) == value
    message = "cannot store a value that is nested in more than 100 others; keep it in a flat list or dict"
    with pytest.raises(TypeError, match=f"^{message}$"):
        encode([[value]])


def local_class() -> Any:
    class Local(msgspec.Struct):
        a: int

    return Local(1)


def with_attribute(value: Any) -> Any:
    value.extra = 1
    return value


def without_attribute(value: Any, name: str) -> Any:
    delattr(value, name)
    return value


WAY_OUT = "make it a dataclass, a NamedTuple or a msgspec.Struct, or allow pickle"
MODULE = "tests.engine.state.kinds"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (kinds.Ordinary(1), f"cannot store values of type {MODULE}.Ordinary; {WAY_OUT}"),
        (kinds.Mapping(), f"cannot store values of type {MODULE}.Mapping; {WAY_OUT}"),
        (kinds.LongTuple(), f"cannot store values of type {MODULE}.LongTuple; {WAY_OUT}"),
        ({"f": [len]}, f"cannot store values of type builtins.builtin_function_or_method; {WAY_OUT}"),
        (int, f"cannot store values of type builtins.type; {WAY_OUT}"),
        (
            local_class(),
            f"cannot store values of type local_class.<locals>.Local, as the module {__name__} has no such name; "
            "define the class at the top of its module",
        ),
        (
            with_attribute(kinds.Open(1)),
            "cannot store a Open with attributes besides its fields; make them fields, or make the class a dataclass",
        ),
        (
            without_attribute(kinds.Total(1), "total"),
            "cannot store a Total that has no attribute 'total'; set it, or give it a default",
        ),
        (
            defaultdict(kinds.Plain),
            "cannot store a defaultdict whose default_factory is <class 'tests.engine.state.kinds.Plain'>, which is "
            "code; use one of bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, deque, "
            "Counter, or a dict and its `setdefault`",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_stored_is_refused_by_name(value: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        encode([value])


def test_a_time_zone_that_is_a_file_is_refused(tmp_path: Any) -> None:
    source = next(path for path in zoneinfo.TZPATH if path)
    with open(f"{source}/Europe/Berlin", "rb") as file:
        zone = zoneinfo.ZoneInfo.from_file(file)
    message = f"cannot store {zone!r}, a time zone without a key; make it with zoneinfo.ZoneInfo(key)"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        encode([zone])


def test_pickle_stores_what_nothing_else_can() -> None:
    values = [kinds.Ordinary(1), 2, [kinds.Ordinary("x"), kinds.Plain(kinds.Ordinary(3))], len]
    assert decode(encode(values, pickle=True), pickle=True) == values


def test_pickle_is_not_loaded_unless_it_is_allowed() -> None:
    data = encode([kinds.Ordinary(1)], pickle=True)
    message = "stored state has pickled values, which can run any code; allow pickle if you trust who wrote them"
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(data)


def test_values_that_need_no_pickle_are_not_pickled() -> None:
    values = [1, "a", kinds.Plain(1), (kinds.Colour.RED,)]
    assert decode(encode(values, pickle=True)) == values


def test_what_pickle_cannot_store_is_refused() -> None:
    message = (
        f"cannot store values of type {MODULE}.Unpicklable, not even with pickle: holds a socket; "
        "keep what it was made of instead"
    )
    with pytest.raises(TypeError, match=f"^{message}$"):
        encode([kinds.Unpicklable()], pickle=True)
