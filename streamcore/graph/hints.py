"""Type hints of a transform: what `with_input_types` and `with_output_types` have noted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

UNKNOWN: Any = object()


@dataclasses.dataclass(frozen=True, slots=True)
class TypeHints:
    """The types that a transform was said to take and to put out.

    No element is checked against them. A run that keeps state compares those of what it aggregates with those of the
    last run, and is refused where they differ.

    Attributes:
        input: Type of the input's elements; UNKNOWN if nobody said.
        output: Type of the main output's elements; UNKNOWN if nobody said.
        tagged: Types of tagged outputs.
    """

    input: Any = UNKNOWN
    output: Any = UNKNOWN
    tagged: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def with_input(self, kind: Any) -> TypeHints:
        """The same hints with another input type."""
        return dataclasses.replace(self, input=kind)

    def with_output(self, kind: Any, tagged: Mapping[str, Any]) -> TypeHints:
        """The same hints with other output types."""
        return dataclasses.replace(self, output=kind, tagged=tagged)

    def output_of(self, tag: str | None, present: Any) -> Any:
        """The type of an output's elements, `present` if nobody said.

        >>> TypeHints().with_output(int, {"errors": str}).output_of("errors", Any)
        <class 'str'>
        """
        kind = self.output if tag is None else self.tagged.get(tag, UNKNOWN)
        return present if kind is UNKNOWN else kind
