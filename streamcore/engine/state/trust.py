"""Whether anybody else could have written what is in a state directory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from streamcore.errors import StateDirectoryError


def require_private(*paths: Path) -> None:
    """Sees to it that only this user can write to files and directories.

    Pickled state is code: who can write it can have anything run by who reads it.

    Raises:
        StateDirectoryError: If one of them belongs to, or lets itself be written to by, others.
    """
    for path in paths:
        status = path.stat()
        if status.st_uid != os.geteuid():
            msg = (
                f"{path} belongs to user {status.st_uid}, not to user {os.geteuid()} who runs this; pickled state is "
                "read only from a directory of one's own: change the owner, or do not allow pickle"
            )
            raise StateDirectoryError(msg)
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            msg = (
                f"{path} can be written to by others (mode {stat.S_IMODE(status.st_mode):o}); pickled state is read "
                f"only from a directory that nobody else can write to: run `chmod go-w {path}`, or do not allow pickle"
            )
            raise StateDirectoryError(msg)
