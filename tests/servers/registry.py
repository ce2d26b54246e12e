"""A real schema registry for tests, on this machine only, with its schemas in memory."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import registry_files
from tests.servers.kafka_files import NoServerError, find_java
from tests.servers.ports import HOST, free_port
from tests.servers.process import ServerProcess

ADDRESS = "STREAMCORE_REGISTRY"
NEEDS_REGISTRY = "needs a schema registry"
API = "/apis/ccompat/v7"
START_SECONDS = 120
# Quick to start matters more than quick later on.
JAVA_OPTIONS = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


@pytest.fixture(scope="session")
def registry_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a schema registry, one for the whole run: Apicurio, or what `STREAMCORE_REGISTRY` names."""
    given = os.environ.get(ADDRESS)
    if given:
        yield given
        return
    try:
        java = find_java()
        registry_files.install()
    except NoServerError as error:
        pytest.skip(f"{NEEDS_REGISTRY}: {error}")
    port = free_port()
    listen = (f"-Dquarkus.http.host={HOST}", f"-Dquarkus.http.port={port}")
    folder: Path = tmp_path_factory.mktemp("registry")
    server = ServerProcess([java, *JAVA_OPTIONS, *listen, "-jar", str(registry_files.JAR)], folder)
    try:
        url = f"http://{HOST}:{port}{API}"
        wait_until_ready(server, url)
        yield url
    finally:
        server.kill()


@pytest.fixture(scope="session")
def new_topic() -> Callable[[], str]:
    """Makes up names that no other test has, so that one registry does for all."""
    run, numbers = uuid.uuid4().hex[:8], itertools.count(1)
    return lambda: f"clicks-{run}-{next(numbers)}"


def wait_until_ready(server: ServerProcess, url: str) -> None:
    """Returns when the registry answers."""
    pause = threading.Event()
    for _ in range(START_SECONDS * 10):
        if not server.is_running():
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/subjects", timeout=5):
            return
        pause.wait(0.1)
    raise RuntimeError(f"the schema registry did not start:\n{server.last_words()}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out because there is no registry, and why."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    left_out = [reason for reason in reasons if NEEDS_REGISTRY in reason]
    if left_out:
        why = left_out[0].partition(f"{NEEDS_REGISTRY}: ")[2].rstrip("')")
        terminalreporter.write_line(
            f"{len(left_out)} tests need a schema registry and were left out: {why}.", yellow=True
        )
