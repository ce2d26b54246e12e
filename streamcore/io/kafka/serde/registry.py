"""SchemaRegistry: where producers and consumers of a topic look up how its records are written."""

from __future__ import annotations

import dataclasses
import ssl
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any, Final

from streamcore.io.kafka.serde.registry_errors import IncompatibleSchemaError, SchemaRegistryError
from streamcore.io.kafka.serde.registry_http import RegistryHttp

RETRY_DELAYS: Final = (0.1, 0.5, 2.0)


@dataclasses.dataclass(frozen=True, slots=True)
class SchemaReference:
    """Another schema that a schema builds on.

    Attributes:
        name: What the schema calls it: the full name of a type in Avro, the path of an import in Protobuf.
        subject: The subject it is kept under.
        version: Its version there, from 1.
    """

    name: str
    subject: str
    version: int


@dataclasses.dataclass(frozen=True, slots=True)
class Schema:
    """A schema as the registry keeps it.

    Attributes:
        kind: `AVRO`, `PROTOBUF` or `JSON`.
        text: The schema itself.
        references: The schemas it builds on.
    """

    kind: str
    text: str
    references: tuple[SchemaReference, ...] = ()


class SchemaRegistry:
    """A schema registry with the API of Confluent's: theirs, Karapace, Apicurio, Redpanda.

    A schema is asked for by its id until it has been told, and then not again. Requests are made in threads.

    Args:
        url: Its address, such as `https://registry:8081`, without credentials.
        basic_auth: User and password.
        bearer_token: A token, or a function that returns one. The function is called in a thread before each request,
            so it may fetch a new token when the old one is about to expire.
        ssl_context: Whom to trust and what certificate to show, as `ssl.create_default_context(cafile="ca.pem")` makes
            it; None for the system's authorities.
        timeout: How many seconds the registry may be silent.
        retry_delays: After how many seconds a request that failed for the moment is sent again, one for each attempt.

    Raises:
        PipelineError: If an argument cannot be used.

    >>> from streamcore.io.kafka.serde import SchemaRegistry
    >>> SchemaRegistry("https://registry:8081", basic_auth=("ann", "secret"))
    SchemaRegistry('https://registry:8081')
    """

    def __init__(
        self,
        url: str,
        *,
        basic_auth: tuple[str, str] | None = None,
        bearer_token: str | Callable[[], str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self._http = RegistryHttp(url, basic_auth, bearer_token, ssl_context, timeout, retry_delays)
        self._schemas: dict[tuple[int, bool], Schema] = {}

    def __repr__(self) -> str:
        return f"SchemaRegistry({self._http.url!r})"

    @property
    def url(self) -> str:
        """Its address."""
        return self._http.url

    async def schema(self, schema_id: int, *, serialized: bool = False) -> Schema | None:
        """The schema with an id, or None if there is none.

        Args:
            schema_id: The number that the frame of a payload holds.
            serialized: Whether a Protobuf schema shall come as a `FileDescriptorProto` in Base64; a registry that
                cannot convert it returns it as it is.

        Raises:
            SchemaRegistryError: If the registry cannot be asked.
        """
        found = self._schemas.get((schema_id, serialized))
        if found is None:
            query = "?format=serialized" if serialized else ""
            status, document = await self._http.send("GET", f"/schemas/ids/{schema_id}{query}")
            if status == 404:
                return None
            found = self._schemas[schema_id, serialized] = _schema(document)
        return found

    async def version(self, reference: SchemaReference) -> Schema:
        """The schema that a reference leads to.

        Raises:
            SchemaRegistryError: If there is none, or the registry cannot be asked.
        """
        status, document = await self._http.send("GET", f"{_path(reference.subject)}/versions/{reference.version}")
        if status == 404:
            what = f"version {reference.version} of subject {reference.subject!r}, which another schema refers to"
            raise SchemaRegistryError(self._missing(what, document), status, document["error_code"])
        return _schema(document)

    async def id_of(self, subject: str, schema: Schema, auto_register: bool) -> int:
        """The id of a schema under a subject: registered there, or looked up if it must be there already.

        Raises:
            SchemaRegistryError: As `register` and `lookup` do.
        """
        if auto_register:
            return await self.register(subject, schema)
        schema_id, _ = await self.lookup(subject, schema)
        return schema_id

    async def register(self, subject: str, schema: Schema) -> int:
        """The id of a schema that is, from now on at the latest, a version of a subject.

        Raises:
            IncompatibleSchemaError: If it does not go with the versions that are there.
            SchemaRegistryError: If the registry refuses it for another reason, or cannot be asked.
        """
        try:
            _, document = await self._http.send("POST", f"{_path(subject)}/versions", _document(schema))
        except SchemaRegistryError as error:
            if error.status != 409:
                raise
            msg = (
                f"the schema is not compatible with those that the schema registry at {self.url} has under "
                f"{subject!r}: {error.reason}; change it compatibly, or the compatibility level of the subject"
            )
            raise IncompatibleSchemaError(msg, error.status, error.code, error.reason) from error
        return int(document["id"])

    async def lookup(self, subject: str, schema: Schema) -> tuple[int, int]:
        """Id and version of a schema that is a version of a subject.

        Raises:
            SchemaRegistryError: If it is none, or the registry cannot be asked.
        """
        status, document = await self._http.send("POST", _path(subject), _document(schema))
        if status == 404:
            what = f"the schema under subject {subject!r}; register it there, or let auto_register=True do so"
            raise SchemaRegistryError(self._missing(what, document), status, document["error_code"])
        return int(document["id"]), int(document["version"])

    def _missing(self, what: str, document: Any) -> str:
        return f"the schema registry at {self.url} does not have {what} (it says: {document.get('message')})"


def _path(subject: str) -> str:
    return f"/subjects/{urllib.parse.quote(subject, safe='')}"


def _schema(document: Any) -> Schema:
    listed = document.get("references") or ()
    references = (SchemaReference(each["name"], each["subject"], each["version"]) for each in listed)
    # Avro is what a schema is unless the registry says otherwise.
    return Schema(document.get("schemaType") or "AVRO", document["schema"], tuple(references))


def _document(schema: Schema) -> dict[str, Any]:
    references = [dataclasses.asdict(reference) for reference in schema.references]
    return {"schemaType": schema.kind, "schema": schema.text, "references": references}
