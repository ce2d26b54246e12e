"""ReadFromText: the lines of text files."""

from __future__ import annotations

import os
from typing import Any, Generic, overload

from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.typevars import T
from streamcore.io.compression import CompressionTypes
from streamcore.io.line_coders import LineDecoder, StrUtf8Coder
from streamcore.io.line_formats import TextLines
from streamcore.io.line_source import LineSource
from streamcore.io.unsupported import refuse_unsupported
from streamcore.model.watermark import WatermarkEstimator
from streamcore.transforms.read import Read


class ReadFromText(PTransform[PBegin, PCollection[T]], Generic[T]):
    r"""The lines of text files, each with the minimum timestamp.

    Lines end with `\n` or `\r\n`. The files that match when the run starts are read side by side, each a split with a
    watermark of its own. Compressed and remote files are read in threads; a remote address needs the library that
    fsspec names for it.

    Args:
        file_pattern: A path, a pattern with `*`, `?`, `[...]` or `**`, or an fsspec address such as
            `s3://bucket/*.log.gz`.
        min_bundle_size: Accepted for Beam programs; files are not cut.
        compression_type: One of `CompressionTypes`; `auto` goes by the suffix (`.gz`, `.bz2`, `.xz`, `.lzma`, `.zst`).
        strip_trailing_newlines: Whether the ends of lines are left out.
        coder: Decodes a line: an object with `decode(bytes)`, such as `StrUtf8Coder()` or `BytesCoder()`.
        validate: Whether it is an error if no file matches; for files of this machine it is told at once, for remote
            ones when the run starts.
        skip_header_lines: How many lines are left out at the beginning of every file.
        watermark: An estimator that tells the watermark, as in `Read`.
        **unsupported: What Beam knows besides these; refused by name.

    >>> from streamcore.io import ReadFromText
    >>> from pathlib import Path
    >>> _ = Path("words.txt").write_text("to be\nor not\n")
    >>> with Pipeline() as p:
    ...     _ = p | ReadFromText("words.txt") | Map(print)
    to be
    or not
    """

    @overload
    def __init__(
        self,
        file_pattern: str | os.PathLike[str],
        min_bundle_size: int = 0,
        compression_type: str = CompressionTypes.AUTO,
        strip_trailing_newlines: bool = True,
        *,
        coder: LineDecoder[T],
        validate: bool = True,
        skip_header_lines: int = 0,
        watermark: WatermarkEstimator | None = None,
        **unsupported: Any,
    ) -> None: ...
    @overload
    def __init__(
        self: ReadFromText[str],
        file_pattern: str | os.PathLike[str],
        min_bundle_size: int = 0,
        compression_type: str = CompressionTypes.AUTO,
        strip_trailing_newlines: bool = True,
        *,
        validate: bool = True,
        skip_header_lines: int = 0,
        watermark: WatermarkEstimator | None = None,
        **unsupported: Any,
    ) -> None: ...
    def __init__(
        self,
        file_pattern: str | os.PathLike[str],
        min_bundle_size: int = 0,
        compression_type: str = CompressionTypes.AUTO,
        strip_trailing_newlines: bool = True,
        coder: LineDecoder[Any] = StrUtf8Coder(),  # noqa: B008  # has no state
        validate: bool = True,
        skip_header_lines: int = 0,
        *,
        watermark: WatermarkEstimator | None = None,
        **unsupported: Any,
    ) -> None:
        super().__init__()
        refuse_unsupported("ReadFromText", unsupported)
        if isinstance(coder, type) or not isinstance(coder, LineDecoder):
            msg = f"`coder` must be an object with decode(bytes), got {coder!r}; write coder=BytesCoder() for bytes"
            raise PipelineError(msg)
        lines = TextLines(coder, strip_trailing_newlines)
        self._source = LineSource(file_pattern, lines, compression_type, skip_header_lines, validate)
        self._watermark = watermark

    def expand(self, pvalue: PBegin) -> PCollection[T]:
        """The lines."""
        return pvalue | Read(self._source, watermark=self._watermark)
