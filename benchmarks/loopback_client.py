"""Ask an echo server one question after another and print the round trips in milliseconds, by the phase it answers.

`python -m benchmarks.loopback_client PORT` ends when the server hangs up.
"""

import argparse
import json
import socket
import time
from collections import defaultdict

UNCOUNTED = "-"


def ask(port: int) -> dict[str, list[float]]:
    """Return the round trips of each phase."""
    found: dict[str, list[float]] = defaultdict(list)
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            began = time.perf_counter()
            try:
                server.sendall(b"?")
                answer = server.recv(1)
            except ConnectionError:
                return found
            if not answer:
                return found
            found[answer.decode()].append((time.perf_counter() - began) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loopback_client", description="Ask an echo server.")
    parser.add_argument("port", type=int)
    found = ask(parser.parse_args().port)
    print(json.dumps({phase: times for phase, times in found.items() if phase != UNCOUNTED}))


if __name__ == "__main__":
    main()
