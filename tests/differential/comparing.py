"""Compares what the two engines put out, and counts what explains the differences."""

from __future__ import annotations

import dataclasses
from collections import Counter

from tests.differential.cases import Case, written
from tests.differential.differences import CHOICES, KNOWN_DIFFERENCES, OPEN_QUESTIONS, Cell
from tests.differential.story import Pane, Story

RULES = [*KNOWN_DIFFERENCES, *CHOICES, *OPEN_QUESTIONS]


@dataclasses.dataclass
class Summary:
    """What a number of cases showed.

    Attributes:
        cases: How many there were.
        agreed: In how many the engines agree in everything.
        by_rule: How many cases each known difference touched.
        disagreed: The cells that nothing explains.
        failed: The cases that Beam's runner did not carry out, and why.
    """

    cases: int = 0
    agreed: int = 0
    by_rule: Counter[str] = dataclasses.field(default_factory=Counter)
    disagreed: list[Cell] = dataclasses.field(default_factory=list)
    failed: list[tuple[Case, str]] = dataclasses.field(default_factory=list)

    def add(self, case: Case, ours: list[Pane], beam: list[Pane]) -> None:
        """Takes a case."""
        self.cases += 1
        rules: set[str] = set()
        agreed = True
        for cell in cells(case, ours, beam):
            if not cell.agree():
                agreed = False
                explained = explain(cell)
                if explained is None:
                    self.disagreed.append(cell)
                else:
                    rules |= explained
        self.agreed += agreed
        self.by_rule.update(rules)

    def fail(self, case: Case, error: str) -> None:
        """Takes a case that Beam's runner did not carry out."""
        self.cases += 1
        self.failed.append((case, error))

    def __str__(self) -> str:
        lines = [f"{self.cases} cases, {self.agreed} agree in everything"]
        lines += [f"{self.by_rule[rule.name]:6} {rule.name}" for rule in RULES]
        cases = {id(cell.story.case) for cell in self.disagreed}
        lines.append(f"{len(cases)} cases disagree, in {len(self.disagreed)} windows")
        if self.failed:
            lines.append(f"{len(self.failed)} cases failed in Beam, the first with {self.failed[0][1]}")
        return "\n".join(lines)


def cells(case: Case, ours: list[Pane], beam: list[Pane]) -> list[Cell]:
    """The panes of both by key and window, in the order they came out."""
    found: dict[tuple[str, int, int], Cell] = {}
    for number, panes in enumerate((ours, beam)):
        for pane in panes:
            place = (pane["key"], *pane["window"])
            cell = found.setdefault(place, Cell(Story(case, pane["key"], pane["window"]), [], []))
            (cell.beam if number else cell.ours).append(pane)
    return [found[place] for place in sorted(found)]


def explain(cell: Cell) -> set[str] | None:
    """The names of the rules that make both sides agree, None if they do not."""
    names = set()
    for rule in RULES:
        repaired = rule.repair(cell)
        if repaired != cell:
            names.add(rule.name)
            cell = repaired
            if cell.agree():
                return names
    return None


def shown(cell: Cell) -> str:
    """A cell as a reader needs it."""
    case = cell.story.case
    lines = [
        f"{case['window']} {written(case['trigger'])} {case['mode']} {case['combiner']} lateness {case['lateness']}",
        "  " + " ".join(":".join(map(str, event)) for event in case["events"]),
    ]
    for name, panes in (("ours", cell.ours), ("beam", cell.beam)):
        lines += [f"  {name} {_pane(pane, case['base'])}" for pane in panes] or [f"  {name} nothing"]
    return "\n".join(lines)


def _pane(pane: Pane, base: int) -> str:
    start, end, stamp = ((time / 1e6) - base for time in (*pane["window"], pane["timestamp"]))
    flags = " first" * pane["is_first"] + " last" * pane["is_last"]
    number = f"{pane['index']}/{pane['nonspeculative_index']}"
    return f"{pane['key']} [{start:g}, {end:g}) {pane['values']} at {stamp:g} {pane['timing']}{flags} {number}"
