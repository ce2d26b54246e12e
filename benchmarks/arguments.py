"""The command lines of the benchmarks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from benchmarks.data import EVENTS, FOLDER
from benchmarks.measuring import Options, machine


def begin(prog: str, parts: Collection[str], arguments: Sequence[str] | None) -> tuple[Collection[str], Options]:
    """Return the parts to measure and how, and print the line that every output begins with.

    Args:
        prog: What the command is called.
        parts: All there are.
        arguments: What follows the command; None takes it from the process.
    """
    parser = argparse.ArgumentParser(prog=prog, description="Measure streamcore.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"what to measure: {', '.join(parts)} (default: all)")
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events to read (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often to measure each (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where to keep the input (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    for part in chosen.parts:
        if part not in parts:
            parser.error(f"there is no part {part!r}; the parts are {', '.join(parts)}")
    if chosen.events < 1 or chosen.rounds < 1:
        parser.error("--events and --rounds must be at least 1")
    print(f"{machine()}; {chosen.events:,} events, {chosen.rounds} rounds")
    return chosen.parts or parts, Options(chosen.events, chosen.rounds, chosen.data)


def show_lines_at_once() -> None:
    """Let lines come as they are printed, into files and pipes as well."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
