"""What streamcore puts out is what Beam puts out, but for the known differences."""

from __future__ import annotations

import pathlib

import pytest

from tests.differential.comparing import RULES, Summary, shown
from tests.differential.environment import beam_python
from tests.differential.trial import compare

CASES = 300
SEED = 3


@pytest.fixture(scope="module")
def summary() -> Summary:
    return compare(beam_python(), SEED, CASES)


def test_nothing_differs_but_what_is_known(summary: Summary) -> None:
    assert not summary.disagreed, "\n".join([*map(shown, summary.disagreed[:5]), str(summary)])
    assert not summary.failed, summary.failed[0]


def test_most_cases_need_no_rule(summary: Summary) -> None:
    assert summary.cases == CASES
    assert summary.agreed > CASES / 2, str(summary)


def test_the_page_tells_of_every_difference() -> None:
    page = pathlib.Path(__file__).parents[2] / "docs" / "beam_differences.md"
    text = " ".join(page.read_text(encoding="utf-8").split())
    for rule in RULES:
        assert rule.quote in text, rule.name
