"""The scheduler: what a piece of work spawns is done before that work goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streamcore.engine.core.node import Scheduler


def test_a_spawned_task_is_done_whole_before_its_parent_goes_on() -> None:
    scheduler, log = Scheduler(), []

    def child(name: str) -> Iterator[None]:
        log.append(f"{name} 1")
        yield
        log.append(f"{name} 2")

    def parent() -> Iterator[None]:
        log.append("parent 1")
        scheduler.spawn(child("a"))
        scheduler.spawn(child("b"))
        yield
        log.append("parent 2")

    scheduler.spawn(parent())
    scheduler.run()
    assert log == ["parent 1", "a 1", "a 2", "b 1", "b 2", "parent 2"]
    assert scheduler.is_idle()


def adapted(loads: list[float], begin: int = 16) -> int:
    """The size of bundles after some that were as large as could be, and took so much of a slice."""
    scheduler = Scheduler()
    scheduler.bundle_size = begin
    for load in loads:
        scheduler.handed_on = scheduler.bundle_size
        scheduler.adapt(load)
    return scheduler.bundle_size


@pytest.mark.parametrize(
    ("loads", "size"),
    [
        ([0.1] * 3, 16),
        ([0.1] * 4, 32),
        ([0.1, 0.1, 0.1, 0.5, 0.1], 16),
        ([0.1] * 100, 256),
        ([2.0], 8),
        ([100.0], 1),
        ([16.0, *[0.5] * 9], 1),
    ],
)
def test_slow_bundles_become_smaller_and_quick_ones_larger(loads: list[float], size: int) -> None:
    assert adapted(loads) == size


def test_a_piece_without_elements_says_nothing_of_bundles() -> None:
    scheduler = Scheduler()
    for _ in range(10):
        scheduler.adapt(50)
        scheduler.adapt(0.01)
    assert scheduler.bundle_size == 16


def test_a_task_spawned_by_a_last_piece_is_done_too() -> None:
    scheduler, log = Scheduler(), []

    def child() -> Iterator[None]:
        log.append("child")
        yield

    def parent() -> Iterator[None]:
        yield
        scheduler.spawn(child())

    scheduler.spawn(parent())
    scheduler.run()
    assert log == ["child"]


def test_step_tells_whether_there_was_something_to_do() -> None:
    scheduler = Scheduler()
    assert not scheduler.step()
    scheduler.spawn(iter([None]))
    assert not scheduler.is_idle()
    assert scheduler.step()
    assert scheduler.step()  # the end of the task is a piece of its own
    assert not scheduler.step()
