"""Ports for servers of tests."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """A port outside the range of outgoing connections.

    A client that tries a dead server's port again and again from inside that range ends up connected to itself, and
    then the server cannot have its port back.
    """
    for port in random.sample(range(15000, 32000), 200):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError("no free port from 15000 to 31999")
