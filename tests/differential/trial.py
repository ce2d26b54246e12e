"""Runs the same random cases on both engines."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from tests.differential import ours
from tests.differential.beam import Workers
from tests.differential.cases import cases
from tests.differential.comparing import Summary


def compare(python: str, seed: int, count: int, progress: Callable[[Summary], None] | None = None) -> Summary:
    """Compares `count` cases of a seed.

    Args:
        python: An interpreter that has Beam.
        seed: Which cases.
        count: How many.
        progress: Called after every case.
    """
    summary = Summary()
    # Beam's runner waits most of the time.
    with Workers(python, 4) as workers:
        chosen = list(islice(cases(seed), count))
        for case, answer in zip(chosen, workers.run(chosen), strict=True):
            if "error" in answer:
                summary.fail(case, answer["error"])
            else:
                summary.add(case, ours.run(case), answer["panes"])
            if progress is not None:
                progress(summary)
    return summary
