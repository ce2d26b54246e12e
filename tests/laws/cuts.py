"""Ways to cut what arrives in bundles, none of which may show in what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from tests.laws.arrivals import Event, Replay, cut
from tests.laws.runs import Build, Seen, machine

BUNDLE_SIZES = [1, 2, 3, 7, 256]

sizes = st.lists(st.sampled_from(BUNDLE_SIZES), min_size=1, max_size=4)
cuts = st.tuples(sizes, st.sampled_from(BUNDLE_SIZES), st.booleans(), sizes)
Cut = tuple[list[int], int, bool, list[int]]


def check(
    events: list[Event],
    ports: int,
    ways: Sequence[Cut],
    build: Callable[[Build], None],
    run: Callable[[Build], Seen | None] = Build.run,
) -> None:
    """The result is that of elements that come one by one, in bundles of one, for any other cut and on any machine."""

    def result(sizes: list[int], bundle_size: int, apart: bool, paces: list[int]) -> Seen | None:
        pipeline = Build(Replay(cut(events, sizes, apart), ports), bundle_size)
        build(pipeline)
        with machine(paces):
            return run(pipeline)

    expected = result([1], 1, True, [1])
    for way in [([256], 256, False, [256]), *ways]:
        assert result(*way) == expected, way
