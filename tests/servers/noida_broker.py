"""The embedded broker for machines without Java: it speaks Kafka's protocol, and keeps nothing through a crash."""

from __future__ import annotations

import shutil
import sysconfig
import tempfile
from importlib import metadata
from pathlib import Path

from tests.servers.broker import is_ready, wait_until
from tests.servers.kafka_files import NoServerError
from tests.servers.ports import HOST, free_port
from tests.servers.process import ServerProcess


class NoidaBroker:
    """noida-db; implements `Broker`."""

    is_real = False
    sasl = tls = ca_file = None

    def __init__(self) -> None:
        program = shutil.which("noida-db", path=sysconfig.get_path("scripts"))
        if program is None:
            raise NoServerError("noida-db is not installed")
        self.name = f"noida-db {metadata.version('noida-db')}"
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="streamcore-noida-"))
        self._port = free_port()
        self.bootstrap = f"{HOST}:{self._port}"
        self._process: ServerProcess | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        if self._process is not None:
            return
        options = ["--only", "kafka", "--kafka-port", str(self._port), "--data-dir", str(self._folder)]
        self._process = ServerProcess([self._program, "start", *options], self._folder)
        wait_until(lambda: is_ready(self.bootstrap), "the start of noida-db")

    def kill(self) -> None:
        """Not offered: it would lose its data."""
        raise NotImplementedError

    def pause(self) -> None:
        """Not offered."""
        raise NotImplementedError

    def resume(self) -> None:
        """Not offered."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends it and removes its data."""
        if self._process is not None:
            self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
