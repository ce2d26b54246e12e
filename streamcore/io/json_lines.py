"""ReadFromJsonLines: files with one JSON document a line."""

from __future__ import annotations

import os
from typing import Any, Generic, overload

from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.typevars import T
from streamcore.io.bad_lines import DeadLetter, set_line_aside
from streamcore.io.compression import CompressionTypes
from streamcore.io.dead_letters import ReadWithDeadLetters, refuse_estimator
from streamcore.io.line_formats import JsonLines
from streamcore.io.line_source import LineSource
from streamcore.model.watermark import WatermarkEstimator
from streamcore.transforms.read import Read


class ReadFromJsonLines(PTransform[PBegin, PCollection[T]], Generic[T]):
    r"""The documents of files with one JSON document a line, each with the minimum timestamp.

    Files are read as by `ReadFromText`; blank lines are left out. A line that cannot be decoded stops the pipeline
    with an error that tells file, line and reason; `with_dead_letters()` sets such lines aside instead.

    Args:
        file_pattern: A path, a pattern with `*`, `?`, `[...]` or `**`, or an fsspec address.
        type: What each document is decoded to, and checked against: a `msgspec.Struct` (the fastest), a dataclass, a
            `TypedDict`, and what else msgspec knows; None for dicts, lists and plain values.
        compression_type: One of `CompressionTypes`; `auto` goes by the suffix.
        validate: Whether it is an error if no file matches.
        skip_header_lines: How many lines are left out at the beginning of every file.
        watermark: An estimator that tells the watermark, as in `Read`.

    >>> from streamcore.io import ReadFromJsonLines
    >>> from pathlib import Path
    >>> _ = Path("clicks.jsonl").write_text('{"user": "ann", "at": 12}\n{"user": "bob", "at": 70}\n')
    >>> with Pipeline() as p:
    ...     _ = p | ReadFromJsonLines("clicks.jsonl") | Map(lambda click: click["user"]) | Map(print)
    ann
    bob
    """

    @overload
    def __init__(
        self,
        file_pattern: str | os.PathLike[str],
        type: type[T],
        *,
        compression_type: str = CompressionTypes.AUTO,
        validate: bool = True,
        skip_header_lines: int = 0,
        watermark: WatermarkEstimator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: ReadFromJsonLines[Any],
        file_pattern: str | os.PathLike[str],
        type: Any = None,
        *,
        compression_type: str = CompressionTypes.AUTO,
        validate: bool = True,
        skip_header_lines: int = 0,
        watermark: WatermarkEstimator | None = None,
    ) -> None: ...
    def __init__(
        self,
        file_pattern: str | os.PathLike[str],
        type: Any = None,
        *,
        compression_type: str = CompressionTypes.AUTO,
        validate: bool = True,
        skip_header_lines: int = 0,
        watermark: WatermarkEstimator | None = None,
    ) -> None:
        super().__init__()
        try:
            self._lines = JsonLines(type)
        except TypeError as error:
            msg = f"`type` must be one that msgspec can decode JSON to, got {type!r}: {error}"
            raise PipelineError(msg) from error
        self._files = (file_pattern, self._lines, compression_type, skip_header_lines, validate)
        self._source = LineSource(*self._files)
        self._watermark = watermark

    def with_dead_letters(self) -> ReadWithDeadLetters[T, DeadLetter]:
        r"""Two outputs: the documents, and a `DeadLetter` for every line that could not be decoded.

        Raises:
            PipelineError: If the reader has a watermark: its estimator would have to know both outputs.

        >>> from streamcore.io import ReadFromJsonLines
        >>> from pathlib import Path
        >>> _ = Path("mixed.jsonl").write_text('{"user": "ann"}\n{"user": \n')
        >>> with Pipeline() as p:
        ...     users, dead = p | ReadFromJsonLines("mixed.jsonl").with_dead_letters()
        ...     _ = dead | Map(lambda letter: print(letter.line_number, letter.line))
        2 b'{"user": '
        """
        refuse_estimator(self._watermark)
        return ReadWithDeadLetters(LineSource(*self._files, set_line_aside), self.default_label())

    def expand(self, pvalue: PBegin) -> PCollection[T]:
        """The documents."""
        return pvalue | Read(self._source, watermark=self._watermark)
