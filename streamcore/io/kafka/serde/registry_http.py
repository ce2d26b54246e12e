"""Requests to a schema registry: credentials, TLS, retries, and what went wrong in words."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from typing import IO, Any, Final, NamedTuple

from streamcore.errors import PipelineError
from streamcore.io.kafka.serde.registry_errors import SchemaRegistryError

CONTENT_TYPE: Final = "application/vnd.schemaregistry.v1+json"
TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
REFUSED: Final = frozenset({401, 403})
MAX_REASON: Final = 1000


class Answer(NamedTuple):
    """What a registry answered: the HTTP status, and the JSON document."""

    status: int
    document: Any


class RegistryHttp:
    """Sends requests to a registry, each in a thread, so that the event loop goes on.

    Args:
        url: The registry's address.
        basic_auth: User and password.
        bearer_token: A token, or a function that returns one; it is called in the thread, before each request.
        ssl_context: Whom to trust and what certificate to show; None for the system's authorities.
        timeout: How many seconds the registry may be silent.
        retry_delays: After how many seconds a request that failed for the moment is sent again, one for each attempt.
    """

    def __init__(
        self,
        url: str,
        basic_auth: tuple[str, str] | None,
        bearer_token: str | Callable[[], str] | None,
        ssl_context: ssl.SSLContext | None,
        timeout: float,
        retry_delays: Sequence[float],
    ) -> None:
        self.url = _checked_url(url)
        self._authorization = _authorization(basic_auth, bearer_token)
        # A redirect would carry the credentials to another server.
        self._opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=ssl_context))
        if timeout <= 0:
            msg = f"`timeout` must be a positive number of seconds, got {timeout}"
            raise PipelineError(msg)
        self._timeout = timeout
        self._retry_delays = tuple(retry_delays)

    async def send(self, method: str, path: str, document: Any = None) -> Answer:
        """The answer to a request, if it is a success or 404.

        Args:
            method: GET or POST.
            path: What follows the registry's address; starts with a slash.
            document: What is posted, as JSON.

        Raises:
            SchemaRegistryError: With every other status, or if the registry cannot be reached.
        """
        for delay in self._retry_delays:
            try:
                answer = await asyncio.to_thread(self._send_once, method, path, document)
            except SchemaRegistryError as error:
                if error.status is not None:
                    raise
            else:
                if answer.status not in TRANSIENT:
                    return self._checked(method, path, answer)
            await asyncio.sleep(delay)
        return self._checked(method, path, await asyncio.to_thread(self._send_once, method, path, document))

    def _send_once(self, method: str, path: str, document: Any) -> Answer:
        headers = {"Accept": f"{CONTENT_TYPE}, application/json", **self._authorization()}
        body = None
        if document is not None:
            body = json.dumps(document).encode()
            headers["Content-Type"] = CONTENT_TYPE
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return Answer(response.status, self._document(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _error_document(error))
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            msg = f"the schema registry at {self.url} cannot be reached: {reason}; check its address and that it runs"
            raise SchemaRegistryError(msg) from error

    def _document(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError as error:
            msg = f"{self.url} did not answer as a schema registry does, with JSON; check the address"
            raise SchemaRegistryError(msg, 200) from error

    def _checked(self, method: str, path: str, answer: Answer) -> Answer:
        status, document = answer
        told = document if isinstance(document, dict) else {}
        # A 404 without a number is some other web server's.
        if status < 300 or (status == http.client.NOT_FOUND and "error_code" in told):
            return answer
        reason = str(told.get("message", "it gave no reason"))[:MAX_REASON]
        msg = f"the schema registry at {self.url} answered {method} {path} with status {status}: {reason}"
        raise SchemaRegistryError(msg + _advice(status), status, told.get("error_code"), reason)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Refuses; the status then comes out as an error."""


def _advice(status: int) -> str:
    if status in REFUSED:
        return "; check `basic_auth`, `bearer_token` or the certificate in `ssl_context`"
    if 300 <= status < 400:
        return "; redirects are not followed, give the address it leads to"
    return "; check the address" if status == http.client.NOT_FOUND else ""


def _error_document(error: urllib.error.HTTPError) -> Any:
    try:
        return json.loads(error.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None


def _checked_url(url: str) -> str:
    if "@" in url:
        msg = "`url` must not hold credentials, which would show up in messages; use basic_auth=(user, password)"
        raise PipelineError(msg)
    try:
        parts = urllib.parse.urlsplit(url)
        well_formed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        well_formed = False
    # What follows a question mark may be a secret.
    address, *rest = url.split("?")
    if not well_formed or rest:
        msg = f"`url` must be the address of a schema registry, like 'https://host:8081', got {address!r}"
        raise PipelineError(msg)
    return address.rstrip("/")


def _authorization(
    basic_auth: tuple[str, str] | None, bearer_token: str | Callable[[], str] | None
) -> Callable[[], dict[str, str]]:
    if basic_auth is not None and bearer_token is not None:
        msg = "`basic_auth` and `bearer_token` exclude each other; give one of them"
        raise PipelineError(msg)
    if basic_auth is not None:
        if not isinstance(basic_auth, tuple) or len(basic_auth) != 2:
            msg = "`basic_auth` must be a tuple of user and password"
            raise PipelineError(msg)
        user, password = basic_auth
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return lambda: {"Authorization": f"Basic {encoded}"}
    if callable(bearer_token):
        return lambda: _bearer(bearer_token())
    if bearer_token is not None:
        _bearer(bearer_token)
        return lambda: _bearer(bearer_token)
    return dict


def _bearer(token: str) -> dict[str, str]:
    # The HTTP client would show the token in its own error.
    if not token or not token.isascii() or not token.isprintable():
        msg = "`bearer_token` must be one line of ASCII characters; look for a line break at its end"
        raise PipelineError(msg)
    return {"Authorization": f"Bearer {token}"}
