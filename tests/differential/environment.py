"""A virtual environment with Beam, made once, since Beam's dependencies do not go together with ours."""

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
    if given := os.environ.get("BEAM_PYTHON"):
        return given
    python = PLACE / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = PLACE / "ready"
    if not ready.exists() or ready.read_text() != BEAM:
        shutil.rmtree(PLACE, ignore_errors=True)
        venv.create(PLACE, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", BEAM], check=True)
        ready.write_text(BEAM)
    return str(python)
