"""Which addresses of brokers are taken, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore import PipelineError
from streamcore.io.kafka.addresses import join_servers

HOST = "give the name of a host or its IP address, one of version 6 in brackets: '[::1]:9092'"
PORT = "a port is a number from 1 to 65535; if it is left out, it is 9092"


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        ("localhost", "localhost"),
        ("kafka_1.example.com:1", "kafka_1.example.com:1"),
        ("127.0.0.1:65535", "127.0.0.1:65535"),
        ("[::1]:9092,[fe80::1%eth0]", "[::1]:9092,[fe80::1%eth0]"),
        (" a:1 , b:2,", "a:1,b:2"),
        (["a:1", "b:2,c"], "a:1,b:2,c"),
        (("a:1",), "a:1"),
    ],
)
def test_addresses(given: Any, joined: str) -> None:
    assert join_servers(given) == joined


@pytest.mark.parametrize(
    ("given", "address", "advice"),
    [
        ("localhost:99999", "'localhost:99999'", PORT),
        ("localhost:" + "9" * 5000, f"'localhost:{'9' * 189}... (5012 characters)", PORT),
        ("localhost:0", "'localhost:0'", PORT),
        ("localhost:-1", "'localhost:-1'", PORT),
        ("localhost:abc", "'localhost:abc'", PORT),
        ("localhost:٣", "'localhost:٣'", PORT),
        ("a:1,localhost:", "'localhost:'", PORT),
        ("[::1]:0", "'[::1]:0'", PORT),
        ("localhost:9092/path", "'localhost:9092/path'", PORT),
        (":9092", "':9092'", HOST),
        ("::1", "'::1'", HOST),
        ("fe80::1:9092", "'fe80::1:9092'", HOST),
        ("[localhost]:9092", "'[localhost]:9092'", HOST),
        ("[]", "'[]'", HOST),
        ("[::1", "'[::1'", HOST),
        ("a:1 b:2", "'a:1 b:2'", HOST),
        ("a b:2", "'a b:2'", HOST),
        *(
            (
                f"{scheme}://localhost:9092",
                f"'{scheme}://localhost:9092'",
                f"leave out '{scheme}://', and say by the client's property security.protocol (aiokafka: "
                "security_protocol) how to connect",
            )
            for scheme in ("kafka", "SSL", "PLAINTEXT")
        ),
    ],
)
def test_addresses_that_are_refused(given: str, address: str, advice: str) -> None:
    for servers in (given, [given], ["first", given]):
        with pytest.raises(PipelineError) as caught:
            join_servers(servers)
        assert str(caught.value) == (
            f"`bootstrap_servers` must be addresses such as 'localhost:9092', got {address}; {advice}"
        )


@pytest.mark.parametrize("given", [None, 5, "", " , ", [], ["a:1", 5]])
def test_no_address(given: Any) -> None:
    with pytest.raises(PipelineError) as caught:
        join_servers(given)
    assert str(caught.value) == (
        f"`bootstrap_servers` must name a broker, got {given!r}; give an address such as 'localhost:9092'"
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ann:s3cret@localhost:9", "'***@localhost:9'"),
        ("kafka://ann:s3cret@localhost:9", "'***@localhost:9'"),
        ("ann:s3cret,s3cret@localhost:9,b:1", "'***@localhost:9,b:1'"),
        (["a:1", "ann:s3cret@b:1", "c:1"], "'***@b:1,c:1'"),
        (["ann:s3cret@b:1", 5], "'***@b:1'"),
    ],
)
def test_credentials_are_not_shown(given: Any, shown: str) -> None:
    with pytest.raises(PipelineError) as caught:
        join_servers(given)
    assert str(caught.value) == (
        f"`bootstrap_servers` must hold no user and no password, got {shown}; give them as properties of the client: "
        "sasl.username and sasl.password (aiokafka: sasl_plain_username and sasl_plain_password)"
    )
