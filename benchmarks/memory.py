"""Whether a slow sink holds the source back, or elements pile up in memory."""

from __future__ import annotations

import json

from benchmarks.measuring import Options, run_child

PER_EVENT = 5
"""This part takes so many elements for one event of the others: 5 million by default."""

MEGABYTE = 1_000_000


def run(options: Options) -> None:
    """Print how much memory the process had on the way, and how much more at most after the first tenth."""
    elements = options.events * PER_EVENT
    found = json.loads(run_child("benchmarks.slow_sink", elements))
    resident = found["resident"]
    after = {share: resident[share * (len(resident) - 1) // 100] for share in (10, 50, 100)}
    shown = ", ".join(f"{size / MEGABYTE:.1f} MB after {share}%" for share, size in after.items())
    print(f"memory of {elements:,} elements: {shown}; at most {found['ahead']:,} elements ahead of the sink")
    grown = max(resident[(len(resident) - 1) // 10 :]) - after[10]
    print(f"memory flat: +{grown / MEGABYTE:.1f} MB")
