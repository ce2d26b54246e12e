"""What is in a state directory, read past the engine."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def contents(state_dir: Path) -> list[str]:
    """All that the database holds, as SQL."""
    connection = sqlite3.connect(f"file:{state_dir / 'state.sqlite'}?mode=ro", uri=True)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def state_id(state_dir: Path) -> str:
    """The name of the state."""
    connection = sqlite3.connect(f"file:{state_dir / 'state.sqlite'}?mode=ro", uri=True)
    try:
        ((name,),) = connection.execute("SELECT state_id FROM state")
        return str(name)
    finally:
        connection.close()
