"""The late data example does what it says."""

from examples.late_data import disorder, main, totals
from streamcore import Pipeline
from streamcore.testing import assert_that, equal_to


def test_late_data_corrects_and_too_late_data_is_told_apart():
    with Pipeline() as pipeline:
        panes, late = totals(pipeline | disorder())
        assert_that(panes, equal_to([("north", 0, "ON_TIME", 10), ("north", 0, "LATE", 15)]), "panes")
        assert_that(late, equal_to([("north", 50, "TOO LATE", 1)]), "late")


def test_it_prints_what_happens(capsys):
    main()
    assert capsys.readouterr().out.splitlines() == [
        "('north', 0, 'ON_TIME', 10)",
        "('north', 0, 'LATE', 15)",
        "('north', 50, 'TOO LATE', 1)",
    ]
