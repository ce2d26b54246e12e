from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from streamcore.errors import PipelineError
from streamcore.io.kafka.serde import IncompatibleSchemaError, SchemaRegistry, SchemaRegistryError
from streamcore.io.kafka.serde.registry import Schema, SchemaReference
from tests.io.kafka.serde.scripted_server import Answer, ScriptedServer, scripted_server
from tests.servers.ports import free_port

SECRET = "hunter2-s3cr3t"
INT = Schema("AVRO", '"int"')
FOUND = Answer(200, {"schema": '"int"'})
BUSY = Answer(503, {"error_code": 50302, "message": "starting"})


def registry_of(server: ScriptedServer, **arguments: Any) -> SchemaRegistry:
    return SchemaRegistry(server.url, retry_delays=arguments.pop("retry_delays", (0, 0)), **arguments)


async def test_a_schema_is_asked_for_once(server: ScriptedServer) -> None:
    reference = {"name": "shop.Money", "subject": "money", "version": 2}
    server.answers = [Answer(200, {"schema": "{}", "schemaType": "PROTOBUF", "references": [reference]})]
    registry = registry_of(server)
    expected = Schema("PROTOBUF", "{}", (SchemaReference("shop.Money", "money", 2),))
    assert [await registry.schema(7), await registry.schema(7)] == [expected, expected]
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/schemas/ids/7")]


async def test_a_schema_without_a_kind_is_avro(server: ScriptedServer) -> None:
    server.answers = [FOUND]
    assert await registry_of(server).schema(1) == INT


async def test_an_unknown_id_is_asked_for_again(server: ScriptedServer) -> None:
    server.answers = [Answer(404, {"error_code": 40403, "message": "Schema not found"}), FOUND]
    registry = registry_of(server)
    assert [await registry.schema(1), await registry.schema(1)] == [None, INT]


async def test_registering_and_looking_up(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"id": 5}), Answer(200, {"id": 5, "version": 2})]
    registry = registry_of(server)
    schema = Schema("PROTOBUF", "x", (SchemaReference("a.proto", "a", 1),))
    assert await registry.register("shop/clicks value", schema) == 5
    assert await registry.lookup("shop/clicks value", schema) == (5, 2)
    sent = {
        "schema": "x",
        "schemaType": "PROTOBUF",
        "references": [{"name": "a.proto", "subject": "a", "version": 1}],
    }
    assert [(request.path, request.document) for request in server.requests] == [
        ("/subjects/shop%2Fclicks%20value/versions", sent),
        ("/subjects/shop%2Fclicks%20value", sent),
    ]
    assert server.requests[0].headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"


async def test_a_schema_that_is_not_there(server: ScriptedServer) -> None:
    server.answers = [Answer(404, {"error_code": 40403, "message": "Schema not found"})]
    message = (
        f"the schema registry at {server.url} does not have the schema under subject 'clicks-value'; register it "
        "there, or let auto_register=True do so (it says: Schema not found)"
    )
    with pytest.raises(SchemaRegistryError, match=f"^{re.escape(message)}$") as raised:
        await registry_of(server).lookup("clicks-value", INT)
    assert (raised.value.status, raised.value.code) == (404, 40403)


async def test_a_reference_that_leads_nowhere(server: ScriptedServer) -> None:
    server.answers = [Answer(404, {"error_code": 40402, "message": "Version not found"})]
    message = (
        f"the schema registry at {server.url} does not have version 3 of subject 'money', which another schema refers "
        "to (it says: Version not found)"
    )
    with pytest.raises(SchemaRegistryError, match=f"^{re.escape(message)}$"):
        await registry_of(server).version(SchemaReference("shop.Money", "money", 3))
    assert server.requests[0].path == "/subjects/money/versions/3"


async def test_an_incompatible_schema(server: ScriptedServer) -> None:
    server.answers = [Answer(409, {"error_code": 409, "message": "field `at` has no default"})]
    message = (
        f"the schema is not compatible with those that the schema registry at {server.url} has under 'clicks-value': "
        "field `at` has no default; change it compatibly, or the compatibility level of the subject"
    )
    with pytest.raises(IncompatibleSchemaError, match=f"^{re.escape(message)}$") as raised:
        await registry_of(server).register("clicks-value", INT)
    assert (raised.value.status, raised.value.code, raised.value.reason) == (409, 409, "field `at` has no default")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(422, {"error_code": 42201, "message": "Invalid schema"}), "status 422: Invalid schema"),
        (
            Answer(401, {"error_code": 401, "message": "Unauthorized"}),
            "status 401: Unauthorized; check `basic_auth`, `bearer_token` or the certificate in `ssl_context`",
        ),
        (
            Answer(403, b"<html>"),
            "status 403: it gave no reason; check `basic_auth`, `bearer_token` or the certificate in `ssl_context`",
        ),
        (Answer(404, b"no such page"), "status 404: it gave no reason; check the address"),
        (
            Answer(302, b"", (("Location", "http://127.0.0.1:1/"),)),
            "status 302: it gave no reason; redirects are not followed, give the address it leads to",
        ),
        (Answer(422, {"error_code": 1, "message": "x" * 5000}), f"status 422: {'x' * 1000}"),
    ],
)
async def test_what_is_refused_is_not_asked_for_again(server: ScriptedServer, answer: Answer, told: str) -> None:
    server.answers = [answer, FOUND]
    message = f"the schema registry at {server.url} answered GET /schemas/ids/1 with {told}"
    with pytest.raises(SchemaRegistryError, match=f"^{re.escape(message)}$") as raised:
        await registry_of(server).schema(1)
    assert raised.value.status == answer.status
    assert len(server.requests) == 1


async def test_another_web_server(server: ScriptedServer) -> None:
    server.answers = [Answer(200, b"<html>"), FOUND]
    message = f"{server.url} did not answer as a schema registry does, with JSON; check the address"
    with pytest.raises(SchemaRegistryError, match=f"^{re.escape(message)}$"):
        await registry_of(server).schema(1)


async def test_what_fails_for_the_moment_is_asked_for_again(server: ScriptedServer) -> None:
    server.answers = [BUSY, Answer(429, b""), FOUND]
    assert await registry_of(server).schema(1) == INT


async def test_patience_ends(server: ScriptedServer) -> None:
    server.answers = [BUSY, BUSY, BUSY, FOUND]
    message = f"the schema registry at {server.url} answered GET /schemas/ids/1 with status 503: starting"
    with pytest.raises(SchemaRegistryError, match=f"^{re.escape(message)}$"):
        await registry_of(server).schema(1)
    assert len(server.requests) == 3


async def test_nobody_listens() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    message = (
        rf"the schema registry at {re.escape(url)} cannot be reached: .*refused; check its address and that it runs"
    )
    with pytest.raises(SchemaRegistryError, match=f"^{message}$") as raised:
        await SchemaRegistry(url, retry_delays=(0,)).schema(1)
    assert raised.value.status is None


async def test_basic_auth(server: ScriptedServer) -> None:
    server.answers = [FOUND]
    await registry_of(server, basic_auth=("ann", "p:ä")).schema(1)
    assert server.requests[0].headers["Authorization"] == "Basic " + base64.b64encode("ann:p:ä".encode()).decode()


async def test_bearer_tokens(server: ScriptedServer) -> None:
    server.answers = [FOUND] * 3
    tokens = iter(["one", "two"])
    await registry_of(server, bearer_token=SECRET).schema(1)
    registry = registry_of(server, bearer_token=lambda: next(tokens))
    await registry.schema(1)
    await registry.schema(2)
    sent = [request.headers["Authorization"] for request in server.requests]
    assert sent == [f"Bearer {SECRET}", "Bearer one", "Bearer two"]


async def test_no_credentials_unless_given(server: ScriptedServer) -> None:
    server.answers = [FOUND]
    await registry_of(server).schema(1)
    assert "Authorization" not in server.requests[0].headers


async def test_credentials_do_not_follow_a_redirect(server: ScriptedServer) -> None:
    with scripted_server() as other:
        server.answers = [Answer(307, b"", (("Location", f"{other.url}/schemas/ids/1"),))]
        with pytest.raises(SchemaRegistryError):
            await registry_of(server, bearer_token=SECRET).schema(1)
        assert other.requests == []


@pytest.mark.parametrize("arguments", [{"basic_auth": ("ann", SECRET)}, {"bearer_token": SECRET}])
@pytest.mark.parametrize("status", [401, 404, 409, 500])
async def test_secrets_are_not_told(
    server: ScriptedServer, arguments: dict[str, Any], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers = [Answer(status, {"message": "no"})] * 3
    registry = registry_of(server, **arguments)
    with pytest.raises(SchemaRegistryError) as raised:
        await registry.register("clicks-value", INT)
    error: BaseException | None = raised.value
    told = [repr(registry), str(registry), caplog.text]
    while error is not None:
        told += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    encoded = base64.b64encode(f"ann:{SECRET}".encode()).decode()
    assert not [text for text in told if SECRET in text or encoded in text]


def test_its_repr_is_its_address() -> None:
    assert (
        repr(SchemaRegistry("https://registry:8081/", bearer_token=SECRET)) == "SchemaRegistry('https://registry:8081')"
    )


CREDENTIALS = "`url` must not hold credentials, which would show up in messages; use basic_auth=(user, password)"
ADDRESS = "`url` must be the address of a schema registry, like 'https://host:8081', got "
TOKEN = "`bearer_token` must be one line of ASCII characters; look for a line break at its end"


@pytest.mark.parametrize(
    ("url", "arguments", "message"),
    [
        (f"https://ann:{SECRET}@registry", {}, CREDENTIALS),
        (f"ann:{SECRET}@registry", {}, CREDENTIALS),
        (f"https://registry?token={SECRET}", {}, ADDRESS + "'https://registry'"),
        ("registry:8081", {}, ADDRESS + "'registry:8081'"),
        ("file:///etc/passwd", {}, ADDRESS + "'file:///etc/passwd'"),
        ("http://", {}, ADDRESS + "'http://'"),
        ("http://registry:port", {}, ADDRESS + "'http://registry:port'"),
        ("http://[::1", {}, ADDRESS + "'http://[::1'"),
        ("https://registry", {"bearer_token": f"{SECRET}\n"}, TOKEN),
        ("https://registry", {"bearer_token": ""}, TOKEN),
        ("https://registry", {"timeout": 0}, "`timeout` must be a positive number of seconds, got 0"),
        (
            "https://registry",
            {"basic_auth": f"ann:{SECRET}"},
            "`basic_auth` must be a tuple of user and password",
        ),
        (
            "https://registry",
            {"bearer_token": SECRET, "basic_auth": ("ann", SECRET)},
            "`basic_auth` and `bearer_token` exclude each other; give one of them",
        ),
    ],
)
def test_arguments_that_cannot_be_used(url: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        SchemaRegistry(url, **arguments)
