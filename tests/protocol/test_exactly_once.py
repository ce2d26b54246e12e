"""No order of events in which up to three things go wrong loses or doubles a record."""

from __future__ import annotations

import pytest

from tests.protocol.searches import QUICK, Search


@pytest.mark.parametrize("search", QUICK, ids=str)
def test_nothing_is_lost_or_doubled(search: Search) -> None:
    report = search.run()
    print(report)
    assert report.violation is None, str(report)
    assert report.ends
    assert (report.refusals > 0) == search.refuses
