"""A broker for the demo: the one at STREAMCORE_KAFKA, or one that a Python package brings along."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

ADDRESS: Final = "STREAMCORE_KAFKA"
START_SECONDS: Final = 30


@contextlib.contextmanager
def open_broker(folder: Path) -> Iterator[str]:
    """The address of a broker, which ends with the block if it was started for it."""
    given = os.environ.get(ADDRESS)
    if given:
        print(f"Kafka at {given}")
        yield given
        return
    program = shutil.which("noida-db", path=sysconfig.get_path("scripts"))
    if program is None:
        raise SystemExit(
            f"no broker: set {ADDRESS}=host:port to use your own, or pip install 'streamcore-engine[demo]' for one "
            "that starts by itself"
        )
    address = f"127.0.0.1:{_free_port()}"
    command = [
        program,
        "start",
        "--only",
        "kafka",
        "--kafka-port",
        address.split(":")[1],
        "--data-dir",
        folder / "kafka",
    ]
    with (folder / "broker.log").open("wb") as log:
        # It starts a server of its own: both end as a group.
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for(address)
        print(f"an embedded broker at {address}")
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=1).brokers:
                return
        except KafkaException:
            continue
    raise SystemExit(f"the embedded broker did not answer at {address} within {START_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
