"""Runs the demo; Ctrl-C ends it quietly at any moment, while it loads too."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from examples.flights.app import main

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
