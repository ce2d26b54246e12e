"""Virtual environments of other engines, made once, since their dependencies do not go together with ours."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import venv

BEAM = "apache-beam==2.77.0"
PLACE = pathlib.Path(__file__).parents[2] / ".beam-venv"


def beam_python() -> str:
    """The interpreter that `BEAM_PYTHON` names, else one that has Beam, in a directory that git ignores."""
    return os.environ.get("BEAM_PYTHON") or python_with(BEAM, PLACE)


def python_with(requirement: str, place: pathlib.Path) -> str:
    """The interpreter of an environment that has just this; a place where it is already is taken as it is."""
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = place / "ready"
    if not ready.exists() or ready.read_text() != requirement:
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
        subprocess.run(install, check=True)
        ready.write_text(requirement)
    return str(python)
