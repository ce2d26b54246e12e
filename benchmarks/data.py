"""The input of the benchmark jobs: JSON lines, a pure function of the seed, in order of arrival.

Event time starts at `START` and moves 2 ms an event. Events arrive up to 9 s late, so a watermark 10 s behind the
largest timestamp seen never calls one late, and every exact engine gives the same rows.
"""

import heapq
import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, islice
from pathlib import Path

EVENTS = 1_000_000
START = 1_700_000_040_000
"""Event time of the first event in milliseconds; a multiple of 60 s, so fixed windows start full."""

WATERMARK_LAG = 10_000
"""How far the watermark stays behind the largest timestamp seen, in milliseconds."""

KINDS = tuple(f"kind{i:02}" for i in range(20))
KEPT_KINDS = frozenset(KINDS[::2])
"""The half of the kinds that job j4 keeps."""

SEED = 20231114
# Part of the file name: raise it whenever the lines change, or a stale cache is measured.
VERSION = 1
FOLDER = Path(__file__).parent / ".data"

_STEP = 2
_USERS = 10_000
_PAGES = 500
_SESSION_GAP = 30_000
_FIRST_ID = 1_000
_ACTIVE_PERSONS = 1_000
_ACTIVE_AUCTIONS = 100
# The powers of a primitive root modulo a prime visit every number below it once: prices look random and never tie.
_PRICE_MODULUS = 99_999_989
_PRICE_ROOT = 48_270

_FIRST_NAMES = (
    "Ada",
    "Alan",
    "Barbara",
    "Donald",
    "Edsger",
    "Frances",
    "Grace",
    "John",
    "Leslie",
    "Margaret",
    "Radia",
    "Tony",
)
_LAST_NAMES = (
    "Allen",
    "Backus",
    "Dijkstra",
    "Hamilton",
    "Hoare",
    "Hopper",
    "Knuth",
    "Lamport",
    "Liskov",
    "Perlman",
    "Turing",
)
_CITIES = (
    ("Phoenix", "AZ"),
    ("Palo Alto", "CA"),
    ("Boise", "ID"),
    ("Portland", "OR"),
    ("Bend", "OR"),
    ("Seattle", "WA"),
)


def event_time(index: int) -> int:
    """Return the timestamp of the event with this index, in milliseconds.

    Engines disagree on whether two events exactly one session gap apart share a session, so no two timestamps are:
    they are even in one stretch of 30 s and odd in the next.
    """
    offset = index * _STEP
    return START + offset + offset // _SESSION_GAP % 2


def event_lines(count: int, seed: int = SEED) -> Iterator[str]:
    """Yield `count` page events as JSON lines, in order of arrival."""
    return _in_order_of_arrival(_page_events(count, random.Random(seed)), random.Random(seed + 1))


def nexmark_lines(count: int, seed: int = SEED) -> Iterator[str]:
    """Yield `count` Nexmark events (of 50: 1 person, 3 auctions, 46 bids) as JSON lines, in order of arrival."""
    return _in_order_of_arrival(islice(_nexmark_events(random.Random(seed)), count), random.Random(seed + 1))


LINES: dict[str, Callable[[int], Iterator[str]]] = {"events": event_lines, "nexmark": nexmark_lines}


def dataset(name: str, count: int = EVENTS, folder: Path = FOLDER) -> Path:
    """Return the file with `count` events of the dataset `name`, generating it if it is not there yet."""
    path = folder / f"{name}-{count}-v{VERSION}.jsonl"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(path, LINES[name](count))
    return path


def input_of(job: str, count: int = EVENTS, folder: Path = FOLDER) -> Path:
    """Return the file that a job reads: the q jobs are Nexmark queries."""
    return dataset("nexmark" if job.startswith("q") else "events", count, folder)


def _write_atomically(path: Path, lines: Iterable[str]) -> None:
    """Write the lines so that `path` either holds all of them or does not exist, even with two writers at once."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _in_order_of_arrival(lines: Iterable[str], rng: random.Random) -> Iterator[str]:
    """Delay each line and yield them as they arrive, holding back only those still on their way."""
    pending: list[tuple[int, int, str]] = []
    for index, line in enumerate(lines):
        now = event_time(index)
        # The index settles ties, so the order never depends on the text.
        heapq.heappush(pending, (now + _delay(rng.random()), index, line))
        while pending and pending[0][0] <= now:
            yield heapq.heappop(pending)[2]
    while pending:
        yield heapq.heappop(pending)[2]


def _delay(chance: float) -> int:
    """Return a delay in milliseconds: 70% none, 25% up to 2 s, 5% up to 9 s."""
    if chance < 0.70:
        return 0
    if chance < 0.95:
        return int((chance - 0.70) * 8_000)
    return int((chance - 0.95) * 180_000)


def _page_events(count: int, rng: random.Random) -> Iterator[str]:
    """Yield page events in order of event time."""
    weights = list(accumulate(1 / (i + 20) for i in range(_USERS)))
    pick = rng.random
    for index in range(count):
        user = rng.choices(range(_USERS), cum_weights=weights)[0]
        # Multiples of 0.25 add up exactly in floating point, in any order.
        amount = (1 + int(pick() * 4_000)) / 4
        kind = KINDS[int(pick() * len(KINDS))]
        page = int(pick() * _PAGES)
        yield f'{{"user":"u{user}","ts":{event_time(index)},"amount":{amount},"kind":"{kind}","page":"/page/{page}"}}\n'


def _nexmark_events(rng: random.Random) -> Iterator[str]:
    """Yield Nexmark events in order of event time, without end."""
    index, person, auction, price = 0, _FIRST_ID - 1, _FIRST_ID - 1, _PRICE_ROOT
    while True:
        person += 1
        yield _person(event_time(index), person, rng)
        for step in range(1, 4):
            auction += 1
            yield _auction(event_time(index + step), auction, _recent(person, _ACTIVE_PERSONS, rng), rng)
        for step in range(4, 50):
            price = price * _PRICE_ROOT % _PRICE_MODULUS
            bidder = _recent(person, _ACTIVE_PERSONS, rng)
            yield (
                f'{{"t":"bid","ts":{event_time(index + step)},"auction":{_bid_on(auction, rng)},'
                f'"bidder":{bidder},"price":{price}}}\n'
            )
        index += 50


def _person(ts: int, number: int, rng: random.Random) -> str:
    name = f"{rng.choice(_FIRST_NAMES)} {rng.choice(_LAST_NAMES)}"
    city, state = rng.choice(_CITIES)
    return f'{{"t":"person","ts":{ts},"id":{number},"name":"{name}","city":"{city}","state":"{state}"}}\n'


def _auction(ts: int, number: int, seller: int, rng: random.Random) -> str:
    item, category, reserve = rng.randrange(10_000), 10 + rng.randrange(5), 1 + rng.randrange(1_000_000)
    return (
        f'{{"t":"auction","ts":{ts},"id":{number},"item":"item{item}","seller":{seller},'
        f'"category":{category},"reserve":{reserve}}}\n'
    )


def _bid_on(newest: int, rng: random.Random) -> int:
    """Return the auction of a bid: half of the bids go to the hot one, the newest whose number is a multiple of 100."""
    hot = newest // 100 * 100
    return hot if rng.random() < 0.5 else _recent(newest, _ACTIVE_AUCTIONS, rng)


def _recent(newest: int, many: int, rng: random.Random) -> int:
    """Return one of the `many` newest numbers, each as likely."""
    return newest - int(rng.random() * min(many, newest - _FIRST_ID + 1))
