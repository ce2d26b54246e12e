"""Type checkers find the types of a pipeline's elements, and what does not fit."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = [str(Path(__file__).with_name(name)) for name in ("flow.py", "strict.py", "subclasses.py")]
ROOT = Path(__file__).parents[2]
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-error-summary", *PROGRAMS],
    "pyright": ["pyright", "--pythonpath", sys.executable, *PROGRAMS],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_types_flow_through_a_pipeline(checker: str) -> None:
    command, *arguments = CHECKERS[checker]
    program = shutil.which(command, path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"{checker} is not installed")
    checked = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
