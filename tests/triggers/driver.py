"""One window's cell, reduced to its trigger: what an engine asks, and when."""

from __future__ import annotations

from streamcore.model.trigger import UNLIMITED, Moment, Trigger, TriggerState

SECOND = 1_000_000
ELEMENT = "e"
END = "W"


class AtEnd(Trigger):
    """A trigger as a user may write it, which does what `AfterWatermark()` does."""

    def create(self) -> TriggerState:
        return False

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        return moment.ended and not state

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        return True, True

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        return 0 if moment.ended and not state else UNLIMITED

    def uses_watermark(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "AtEnd()"


class Cell:
    """Drives a trigger step by step, one element at a time.

    The trigger is asked after every element, when the watermark passes the window's end, and when its deadline is due.
    """

    def __init__(self, trigger: Trigger) -> None:
        self.trigger = trigger
        self.state = trigger.create()
        self.moment = Moment(ended=False, now=0)
        self.finished = False

    def step(self, token: str) -> int:
        """Does one step (an element, the end of the window, seconds that pass); returns how many panes came out."""
        if self.finished:
            return 0
        if token == ELEMENT:
            self.state = self.trigger.on_elements(self.state, 1, self.moment)
            return self.ask()
        if token == END:
            self.moment = self.moment._replace(ended=True)
            return self.ask()
        return self.advance(self.moment.now + round(float(token) * SECOND))

    def ask(self) -> int:
        if not self.trigger.should_fire(self.state, self.moment):
            return 0
        self.state, self.finished = self.trigger.on_fire(self.state, self.moment)
        return 1

    def advance(self, target: int) -> int:
        fired, asked = 0, -1
        while not self.finished:
            deadline = self.trigger.deadline(self.state)
            # A deadline that has passed without a pane is not asked about again.
            if deadline is None or deadline > target or deadline <= asked:
                break
            asked = deadline
            self.moment = self.moment._replace(now=max(self.moment.now, deadline))
            fired += self.ask()
        self.moment = self.moment._replace(now=target)
        return fired


def play(trigger: Trigger, script: str) -> str:
    """The script with a `!` for every pane behind the step that it came out at, and a `.` where the trigger finished.

    >>> from streamcore.triggers import AfterCount
    >>> play(AfterCount(2), "e e e W")
    'e e!. e W'
    """
    cell = Cell(trigger)
    steps = []
    for token in script.split():
        was_finished = cell.finished
        panes = "!" * cell.step(token)
        steps.append(token + panes + ("." if cell.finished and not was_finished else ""))
    return " ".join(steps)


def replay(trigger: Trigger, played: str) -> str:
    """Plays a script that has its panes marked already; the answer is the same script if the marks are right."""
    return play(trigger, played.replace("!", "").replace(". ", " ").removesuffix("."))
