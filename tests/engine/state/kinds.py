"""Classes of all kinds that a user may keep in state."""

from __future__ import annotations

import dataclasses
import enum
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from streamcore.model.window import BoundedWindow
from streamcore.timestamp import Timestamp

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "r"
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(enum.StrEnum):
    A = "a"


class Access(enum.Flag):
    READ = 1
    WRITE = 2
    ALL = 1 << 70


class Point(NamedTuple):
    x: Any
    y: Any = 0


class Nothing(NamedTuple):
    pass


@dataclasses.dataclass
class Plain:
    a: Any
    b: Any = None

    @cached_property
    def twice(self) -> Any:
        return (self.a, self.a)


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    a: Any
    b: Any = None


@dataclasses.dataclass(frozen=True)
class Box(Generic[T]):
    content: T
    shown: str = dataclasses.field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", f"box of {type(self.content).__name__}")


@dataclasses.dataclass
class Crate(Generic[T]):
    content: T


@dataclasses.dataclass
class Unmade:
    """Not by `__init__`, which must not run a second time."""

    a: Any
    late: Any = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        if self.a == "restored":
            raise AssertionError("made anew")


@dataclasses.dataclass(frozen=True)
class Empty:
    pass


class WithPrivateSlot:
    __slots__ = ("__hidden",)

    def hide(self, value: Any) -> None:
        self.__hidden = value

    def show(self) -> Any:
        return self.__hidden


@dataclasses.dataclass(slots=True)
class Hiding(WithPrivateSlot):
    a: Any


@dataclasses.dataclass(frozen=True, eq=True, order=False)
class TenantWindow(BoundedWindow):
    tenant: str
    begin: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "end_micros", self.begin + 10)

    @property
    def start(self) -> Timestamp:
        return Timestamp.of_micros(self.begin)

    def __hash__(self) -> int:
        return hash((self.tenant, self.begin))


class Total(msgspec.Struct):
    count: Any
    total: Any = 0.0


class Frozen(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    left: Any
    right: Any = None


class HalfKeyword(msgspec.Struct, kw_only=True):
    late: Any = 0


class Both(HalfKeyword):
    early: Any


class Counted(msgspec.Struct):
    """Its `__post_init__` counts up, but what comes back must be as it was."""

    n: int

    def __post_init__(self) -> None:
        self.n += 1


class Open(msgspec.Struct, dict=True):
    a: Any


@dataclasses.dataclass
class Mapping(dict[Any, Any]):
    """Holds more than attributes."""

    a: Any = 0


class Ordinary:
    """A class that says nothing about its attributes."""

    def __init__(self, a: Any) -> None:
        self.a = a

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ordinary) and other.a == self.a

    def __hash__(self) -> int:
        return hash(self.a)


class Unpicklable:
    def __reduce__(self) -> str:
        raise RuntimeError("holds a socket")


class LongTuple(tuple[Any, ...]):
    """A tuple, but no named one."""
