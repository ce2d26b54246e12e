"""Settings for the whole test run, and the code in README.md and docs/ as tests.

In a Markdown page every ```` ```python ```` block runs, from top to bottom in one namespace and in an empty directory.
A block that starts with ``>>>`` is a doctest. An ```` ```output ```` block must be exactly what the program above it
printed, with ``/srv/job`` for that directory. ``<!-- skip: next -->`` leaves out the block that follows, for one that
needs a server or an extra.
"""

import contextlib
import difflib
import io
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from sybil.region import Lexeme

import streamcore
from tests.servers.shared_broker import shared_broker

pytest_plugins = ["tests.servers.plugin", "tests.servers.registry"]

# Speed belongs in benchmarks, so no example has a deadline. A test run tries the same examples every time, so that it
# tells of nothing but the change; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("streamcore", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("streamcore")

PRINTED = "__printed__"
# Where pages have their broker.
KAFKA = "localhost:9092"
# What pages print for the directory in which they run.
DIRECTORY = "/srv/job"
run_python = PythonEvaluator()


def run_program(example: Example) -> None:
    """Run a program and keep what it prints for the output block below it; Kafka is the broker of the test run."""
    program: Lexeme = example.parsed
    if KAFKA in program:
        there = program.replace(KAFKA, shared_broker().get().bootstrap)
        example.parsed = Lexeme(there, program.offset, program.line_offset)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run_python(example)
    example.namespace[PRINTED] = printed.getvalue().replace(os.getcwd(), DIRECTORY)


def compare_output(example: Example) -> str | None:
    """Return a diff when the page and the program above the block disagree."""
    shown = example.parsed.rstrip().splitlines()
    printed = example.namespace.pop(PRINTED, "").rstrip().splitlines()
    return "\n".join(difflib.unified_diff(shown, printed, "the page shows", "the program prints", lineterm="")) or None


def as_main(namespace: dict[str, object]) -> None:
    """Let a page's ``if __name__ == "__main__"`` run."""
    namespace["__name__"] = "__main__"


python_blocks = PythonCodeBlockParser()
python_blocks.codeblock_parser = CodeBlockParser("python", run_program)

pytest_collect_file = Sybil(
    parsers=[python_blocks, CodeBlockParser("output", compare_output), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    setup=as_main,
    fixtures=["page_directory"],
).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Report what a page leaks as a warning: as an error Sybil could not show it, and the whole run would end."""
    for item in items:
        if isinstance(item, SybilItem):
            item.add_marker(pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"))
            item.add_marker(pytest.mark.filterwarnings("default::pytest.PytestUnhandledThreadExceptionWarning"))


@pytest.fixture(scope="module")
def page_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run one Markdown page in an empty directory of its own."""
    with contextlib.chdir(tmp_path_factory.mktemp("page")):
        yield


@pytest.fixture(autouse=True)
def docstring_directory(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the examples of one docstring in an empty directory of their own, with the public names at hand."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    public = {name: value for name, value in vars(streamcore).items() if not name.startswith("_")}
    request.getfixturevalue("doctest_namespace").update(public)
    with contextlib.chdir(request.getfixturevalue("tmp_path")):
        yield
