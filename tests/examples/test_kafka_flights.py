"""The parts of the Kafka demo that need no broker; `make demo-kafka` runs the whole."""

from __future__ import annotations

from examples.kafka_flights.totals import last_totals


def row(pane, flights, delay, origin="JFK", hour=3600):
    return {"origin": origin, "hour": hour, "pane": pane, "flights": flights, "delay_min": delay}


def test_the_last_pane_of_an_hour_counts():
    rows = [row(0, 1, 5), row(2, 3, 9), row(1, 2, 7), row(0, 4, 4, origin="EWR")]
    assert last_totals(rows) == ({("JFK", 3600): (3, 9), ("EWR", 3600): (4, 4)}, 0)


def test_panes_that_stand_twice_are_counted():
    assert last_totals([row(0, 1, 5), row(0, 1, 5), row(1, 2, 6)]) == ({("JFK", 3600): (2, 6)}, 1)
