"""The scheduler: what a piece of work spawns is done before that work goes on."""

from __future__ import annotations

from collections.abc import Iterator

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
