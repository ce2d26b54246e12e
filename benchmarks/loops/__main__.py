"""Run one hand-written loop on the cached input: `python -m benchmarks.loops j1`."""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.data import EVENTS, input_of
from benchmarks.loops import LOOPS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loops", description="Run one hand-written loop.")
    parser.add_argument("job", choices=LOOPS)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events to read (default: %(default)s)")
    options = parser.parse_args()
    source = input_of(options.job, options.events)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        LOOPS[options.job](source, Path(folder, "rows.jsonl"))
        seconds = time.perf_counter() - begin
    print(f"{options.job}: {options.events / seconds:,.0f} events/s")


if __name__ == "__main__":
    main()
