from __future__ import annotations

import re
import shutil
import ssl
from pathlib import Path

import pytest

from streamcore.io.kafka.serde import SchemaRegistry, SchemaRegistryError
from streamcore.io.kafka.serde.registry import Schema
from tests.io.kafka.serde.scripted_server import Answer, scripted_server
from tests.servers.certificate import make_certificate

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by `openssl`")
FOUND = Answer(200, {"schema": '"int"'})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate[0])
    return context


async def test_an_authority_of_ones_own(certificate: tuple[Path, Path]) -> None:
    with scripted_server(server_context(certificate)) as server:
        server.answers = [FOUND]
        trusting = ssl.create_default_context(cafile=certificate[1])
        registry = SchemaRegistry(server.url, ssl_context=trusting, retry_delays=())
        assert await registry.schema(1) == Schema("AVRO", '"int"')


async def test_a_server_that_is_not_trusted_gets_nothing(certificate: tuple[Path, Path]) -> None:
    with scripted_server(server_context(certificate)) as server:
        message = rf"the schema registry at {re.escape(server.url)} cannot be reached: .*certificate verify failed.*"
        with pytest.raises(SchemaRegistryError, match=message):
            await SchemaRegistry(server.url, bearer_token="secret", retry_delays=()).schema(1)
        assert server.requests == []


async def test_a_certificate_of_the_client(certificate: tuple[Path, Path]) -> None:
    context = server_context(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate[1])
    known = ssl.create_default_context(cafile=certificate[1])
    known.load_cert_chain(certificate[0])
    unknown = ssl.create_default_context(cafile=certificate[1])
    with scripted_server(context) as server:
        server.answers = [FOUND]
        assert await SchemaRegistry(server.url, ssl_context=known, retry_delays=()).schema(1) is not None
        with pytest.raises(SchemaRegistryError):
            await SchemaRegistry(server.url, ssl_context=unknown, retry_delays=()).schema(1)
        assert len(server.requests) == 1
