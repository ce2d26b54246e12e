"""What can go wrong with a schema registry."""

from __future__ import annotations

from streamcore.errors import StreamcoreError


class SchemaRegistryError(StreamcoreError):
    """A schema registry could not be reached, or refused a request.

    Attributes:
        status: The HTTP status it answered with, or None if it could not be reached.
        code: The registry's own number of the error, such as 42201, or None.
        reason: What the registry said is wrong, or None.
    """

    def __init__(
        self, message: str, status: int | None = None, code: int | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.reason = reason


class IncompatibleSchemaError(SchemaRegistryError):
    """A schema does not go with the versions that its subject has already."""
