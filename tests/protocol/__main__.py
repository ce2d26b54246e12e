"""The long searches: `python -m tests.protocol` takes some minutes."""

from __future__ import annotations

from tests.protocol.searches import LONG, QUICK

for search in [*QUICK, *LONG]:
    print(f"{search}, {search.faults} faults: {search.run()}", flush=True)
