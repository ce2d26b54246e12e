"""When each trigger fires: `e` is an element, `W` the end of the window, a number seconds that pass.

`!` is a pane, `.` the end of the trigger.
"""

from __future__ import annotations

import pytest

from streamcore.model.trigger import Trigger
from streamcore.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Always,
    DefaultTrigger,
    Never,
    OrFinally,
    Repeatedly,
)
from tests.triggers.driver import replay

SCRIPTS: list[tuple[Trigger, str, str]] = [
    (DefaultTrigger(), "e e W! e! e!", "at the end, then at every late element"),
    (DefaultTrigger(), "e 60 W! 60", "the clock plays no part"),
    (Always(), "e! e! e!", "at every element"),
    (Never(), "e e W e 60 e", "not even at the end"),
    (AfterCount(1), "e!. e", "once, at the first element"),
    (AfterCount(3), "e e e!. e e e W", "once, at the third"),
    (AfterCount(3), "e e W 60", "too few elements"),
    (AfterProcessingTime(10), "e 9 1!. e", "ten seconds after the first element"),
    (AfterProcessingTime(10), "e 9 e 1!.", "a second element does not move the time"),
    (AfterProcessingTime(10), "60 e 9 1!.", "what passes before the first element does not count"),
    (AfterProcessingTime(10), "e 60!.", "a clock that jumps"),
    (AfterProcessingTime(10), "60 W 60", "nothing to wait for"),
    (AfterProcessingTime(), "e!. e", "no delay"),
    (AfterProcessingTime(0.5), "e 0.4 0.1!.", "a fraction of a second"),
    (AfterWatermark(), "e e 60 W!. e", "once, at the end"),
    (AfterWatermark(early=AfterCount(2)), "e e! e e! e W!. e", "early panes are repeated"),
    (AfterWatermark(early=AfterCount(2)), "e e! W!.", "at the end even if nothing is new"),
    (AfterWatermark(late=AfterCount(2)), "e e W! e e! e e! e", "late panes are repeated"),
    (AfterWatermark(AfterCount(3), AfterCount(2)), "e e W! e e!", "early counts do not carry over"),
    (AfterWatermark(AfterProcessingTime(10), Always()), "e 10! e 5 W! e! 10 e!", "early time is over at the end"),
    (AfterWatermark(late=AfterProcessingTime(10)), "e W! 60 e 9 1! 60 e 10!", "late, some time after an element"),
    (AfterWatermark(early=Repeatedly(AfterCount(1))), "e! e! W!.", "repeated already"),
    (AfterWatermark(early=Never(), late=Never()), "e e W! e e", "nothing else ever fires"),
    (AfterWatermark(late=DefaultTrigger()), "e W! e! e!", "the end stays passed"),
    (Repeatedly(AfterCount(2)), "e e! e e! W e e!", "starts anew each time"),
    (Repeatedly(AfterProcessingTime(10)), "e 10! 60 e 10!", "with the first element after the last pane"),
    (Repeatedly(AfterProcessingTime(0)), "e! e!", "no delay"),
    (Repeatedly(AfterWatermark()), "e W! e! e!", "the default"),
    (Repeatedly(Never()), "e W", "never"),
    (Repeatedly(AfterEach(AfterCount(1), AfterCount(2))), "e! e e! e! e e!", "a sequence in a circle"),
    (AfterAny(AfterCount(2), AfterProcessingTime(10)), "e e!.", "the count comes first"),
    (AfterAny(AfterCount(2), AfterProcessingTime(10)), "e 10!. e", "the time comes first"),
    (AfterAny(AfterCount(5), AfterWatermark()), "e e W!. e", "the end comes first"),
    (AfterAny(AfterCount(3), Repeatedly(AfterCount(2))), "e e! e!.", "goes on until one has finished"),
    (AfterAny(Repeatedly(AfterCount(2)), Repeatedly(AfterCount(3))), "e e! e! e!", "each counts for itself"),
    (AfterAny(Never(), Never()), "e W 60", "none"),
    (Repeatedly(AfterAny(AfterCount(3), AfterWatermark())), "e e e! e W! e! e!", "all start anew"),
    (Repeatedly(AfterAny(AfterCount(3), AfterProcessingTime(10))), "e e 5 e! e 9 1! e e e!", "all start anew"),
    (AfterAll(AfterCount(2), AfterWatermark()), "e e e W!. e", "the end comes last"),
    (AfterAll(AfterCount(4), AfterWatermark()), "e e W e e!.", "the count comes last"),
    (AfterAll(AfterProcessingTime(5), AfterProcessingTime(10)), "e 9 1!.", "the later time"),
    (AfterAll(AfterCount(2), AfterProcessingTime(10)), "e 60 e!.", "the count comes after the time"),
    (AfterAll(AfterCount(2), AfterProcessingTime(10)), "e e 9 1!.", "the time comes after the count"),
    (AfterAll(AfterCount(1), Repeatedly(AfterCount(2))), "e e! e e! e e!", "what has finished lets the others decide"),
    (AfterAll(AfterCount(2), AfterEach(AfterCount(1), AfterCount(2))), "e e! e e!.", "until all have finished"),
    (AfterAll(AfterAny(AfterCount(2), AfterProcessingTime(9)), AfterProcessingTime(5)), "e e 4 1!.", "inner count"),
    (AfterAll(AfterAny(AfterCount(2), AfterProcessingTime(9)), AfterProcessingTime(5)), "e 8 1!.", "inner time"),
    (AfterAll(Always(), AfterCount(2)), "e e! e!", "always does not restrain, nor finish"),
    (AfterAll(Never(), AfterCount(1)), "e e W", "never restrains for good"),
    (AfterEach(AfterCount(2), AfterCount(3)), "e e! e e e!. e", "one after the other"),
    (AfterEach(AfterCount(1), AfterWatermark()), "e! e e W!.", "a first look, then the end"),
    (AfterEach(AfterWatermark(), AfterCount(2)), "e e W! e e!.", "elements of the first do not count for the second"),
    (AfterEach(AfterProcessingTime(5), AfterProcessingTime(10)), "e 5! e 9 1!.", "each from its own first element"),
    (AfterEach(AfterCount(1)), "e!.", "only one"),
    (OrFinally(Repeatedly(AfterCount(2)), AfterCount(5)), "e e! e e! e!. e e", "counts through the panes of main"),
    (OrFinally(AfterCount(2), AfterCount(5)), "e e!. e", "main has finished"),
    (OrFinally(Repeatedly(AfterCount(2)), AfterCount(4)), "e e! e e!.", "both at once"),
    (OrFinally(Repeatedly(AfterProcessingTime(10)), AfterWatermark()), "e 10! e 5 W!. e", "until the end"),
    (OrFinally(Always(), Repeatedly(AfterCount(3))), "e! e! e!.", "one pane of a repeated trigger is enough"),
    (OrFinally(Never(), AfterProcessingTime(5)), "e 4 1!.", "only until fires"),
]  # fmt: skip


@pytest.mark.parametrize(("trigger", "played", "_why"), SCRIPTS, ids=[f"{row[0]}: {row[2]}" for row in SCRIPTS])
def test_fires(trigger: Trigger, played: str, _why: str) -> None:
    assert replay(trigger, played) == played
