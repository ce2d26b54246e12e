"""Beam in processes of its own, each of which runs one case after another."""

from __future__ import annotations

import json
import pathlib
import queue
import subprocess
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from tests.differential.cases import Case

HERE = pathlib.Path(__file__).parent
PATIENCE = 30.0


class Worker:
    """One process; started anew when Beam does not come to an end.

    Args:
        python: An interpreter that has Beam.
    """

    def __init__(self, python: str) -> None:
        self._python = python
        self._start()

    def run(self, case: Case) -> dict[str, Any]:
        """`{"panes": [...]}` or `{"error": "..."}`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        try:
            answer: dict[str, Any] = json.loads(self._answers.get(timeout=PATIENCE))
        except queue.Empty:
            self.close()
            self._start()
            return {"error": f"no answer after {PATIENCE:g} seconds"}
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _start(self) -> None:
        code = "import beam_worker; beam_worker.main()"
        self._process = subprocess.Popen(
            [self._python, "-c", code],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(self._process, self._answers), daemon=True)
        self._reader.start()

    @staticmethod
    def _read(process: subprocess.Popen[str], answers: queue.SimpleQueue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answers.put(line)


class Workers:
    """Several processes that share the cases."""

    def __init__(self, python: str, count: int = 3) -> None:
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(count)
        self._all = [Worker(python) for _ in range(count)]
        for worker in self._all:
            self._idle.put(worker)

    def run(self, cases: Iterable[Case]) -> Iterator[dict[str, Any]]:
        """The answers, in the order of the cases."""
        return self._threads.map(self._run, cases)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.close()

    def _run(self, case: Case) -> dict[str, Any]:
        worker = self._idle.get()
        try:
            return worker.run(case)
        finally:
            self._idle.put(worker)
