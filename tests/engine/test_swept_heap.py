"""The heap whose stale entries go before their time comes."""

from __future__ import annotations

import heapq

from hypothesis import given, strategies as st

from streamcore.engine.core.swept_heap import SweptHeap

STEPS = st.lists(st.one_of(st.integers(0, 50), st.sampled_from(["pop", "stale"])), max_size=200)


@given(STEPS)
def test_entries_come_in_order_and_only_stale_ones_are_missing(steps: list[int | str]) -> None:
    stale: set[int] = set()
    swept: SweptHeap[tuple[int, int]] = SweptHeap(lambda entry: entry[1] not in stale)
    plain: list[tuple[int, int]] = []
    for number, step in enumerate(steps):
        if isinstance(step, int):
            swept.push((step, number))
            heapq.heappush(plain, (step, number))
        elif step == "stale":
            stale.add(number // 2)
            swept.sweep()
        else:
            while plain and plain[0][1] in stale:
                heapq.heappop(plain)
            while (first := swept.first()) is not None and first[1] in stale:
                assert swept.pop() == first
            assert first == (plain[0] if plain else None)
            if plain:
                assert swept.pop() == heapq.heappop(plain)


def test_about_half_are_stale_at_most() -> None:
    stale: set[int] = set()
    heap: SweptHeap[tuple[int]] = SweptHeap(lambda entry: entry[0] not in stale)
    for number in range(100):
        heap.push((number,))
    for number in range(100, 10_000):
        heap.push((number,))
        stale.add(number - 100)
        heap.sweep()
        assert len(heap) <= 210


def test_an_empty_heap() -> None:
    heap: SweptHeap[tuple[int]] = SweptHeap(lambda entry: True)
    heap.sweep()
    assert heap.first() is None
    assert len(heap) == 0
