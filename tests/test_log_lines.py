"""What the package logs, and the page that says what to do about it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import streamcore

PACKAGE = Path(streamcore.__file__).parent
PAGE = (PACKAGE.parent / "docs" / "reliability.md").read_text()
LOGGERS = {"log", "LOG", "LOGGER"}


def logged() -> Iterator[str]:
    """The texts that are given to a logger, as they stand in the code."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name)), args=arguments) if name in LOGGERS:
                    yield from (text.value for text in arguments if isinstance(text, ast.Constant))


@pytest.mark.parametrize("line", sorted(set(logged())))
def test_a_log_line_is_in_the_table_of_log_lines(line: str) -> None:
    table = PAGE.partition("### Log lines\n")[2].partition("\n## ")[0]
    pieces = re.split("%[rs]", line)
    assert re.search("`" + ".+".join(re.escape(piece) for piece in pieces), table)
