"""WriteToText and WriteToJsonLines."""

from __future__ import annotations

import os
from typing import Any

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, PDone
from streamcore.io.compression import CompressionTypes, check_compression, compression_of, require_extra
from streamcore.io.file_names import FileNaming, check_template
from streamcore.io.file_systems import locate
from streamcore.io.line_coders import LineEncoder, ToBytesCoder
from streamcore.io.line_encoders import ColumnEncoder, JsonEncoder, TextEncoder
from streamcore.io.line_shards import FileLayout
from streamcore.io.line_sink import LineSink
from streamcore.io.pane_sink import PaneSink
from streamcore.io.unsupported import refuse_unsupported
from streamcore.model.sink import Sink
from streamcore.transforms.write import Write
from streamcore.windowing import GlobalWindows


class WriteLines(PTransform[PCollection[Any], PDone]):
    """What the writers of text and JSON lines have in common; they say how elements become lines.

    Args:
        file_path_prefix: What the names begin with: a path or an fsspec address.
        file_name_suffix: What the names end with.
        encoder: Makes lines of elements.
        num_shards: How many files the elements are spread over; 0 and 1 are one file.
        shard_name_template: What stands between prefix and suffix.
        compression_type: One of `CompressionTypes`.
        header: What each file begins with.
        footer: What each file ends with.
        skip_if_empty: Whether there is no file if there are no elements.
        by_window: Whether each window and pane gets a file; None: if the input is unbounded.
    """

    def __init__(
        self,
        file_path_prefix: str | os.PathLike[str],
        file_name_suffix: str,
        encoder: ColumnEncoder,
        *,
        num_shards: int = 0,
        shard_name_template: str | None = None,
        compression_type: str = CompressionTypes.AUTO,
        header: bytes = b"",
        footer: bytes = b"",
        skip_if_empty: bool = False,
        by_window: bool | None = None,
    ) -> None:
        super().__init__()
        if isinstance(num_shards, bool) or not isinstance(num_shards, int) or num_shards < 0:
            msg = f"`num_shards` must be a whole number from 0 on, got {num_shards!r}"
            raise PipelineError(msg)
        self._files, prefix = locate(file_path_prefix)
        # A checkpoint keeps the paths of what is not complete, and a later run may begin in another working directory.
        self._prefix = os.path.join(os.getcwd(), prefix) if self._files.is_local else prefix
        self._suffix = file_name_suffix
        self._encoder = encoder
        self._shards = max(num_shards, 1)
        self._template = shard_name_template
        self._compression = check_compression(compression_type)
        self._header = header
        self._footer = footer
        self._skip_if_empty = skip_if_empty
        self._by_window = by_window
        require_extra(compression_of(self._prefix + file_name_suffix, self._compression))

    def expand(self, pvalue: PCollection[Any]) -> PDone:
        """Writes to one file, or to one for each window and pane."""
        pcoll = require_pcollection(self, pvalue)
        by_window = not pcoll.is_bounded if self._by_window is None else self._by_window
        if self._by_window is None and by_window and isinstance(pcoll.windowing.windowfn, GlobalWindows):
            msg = (
                f"{self.default_label()!r} would complete no file of its unbounded input before the run ends; put "
                "WindowInto(FixedWindows(60)) before it, or give by_window=False for one file at the end"
            )
            raise PipelineError(msg)
        template = check_template(self._template, by_window, self._shards)
        layout = FileLayout(
            self._files,
            FileNaming(self._prefix, template, self._suffix),
            self._encoder,
            self._shards,
            self._compression,
            self._header,
            self._footer,
            self._skip_if_empty,
        )
        sink: Sink[Any] = PaneSink(layout, pcoll.windowing.allowed_lateness) if by_window else LineSink(layout)
        return pcoll | Write(sink)


class WriteToText(WriteLines):
    r"""Writes each element as a line of text.

    A bounded input goes to one file, `prefix-00000-of-00001suffix`; an unbounded one to a file for each window and
    pane, such as `prefix-20130101T0000-20130101T0100-pane-0-on-time.txt`. Files are written under hidden names and
    renamed when they are complete; if the run fails or is cancelled, what is not complete is removed.

    Args:
        file_path_prefix: What the names begin with: a path, or an fsspec address such as `s3://bucket/totals`.
        file_name_suffix: What the names end with.
        append_trailing_newlines: Whether each element gets a newline.
        num_shards: How many files the elements are spread over, in turn; 0 and 1 are one file.
        shard_name_template: What stands between prefix and suffix: `S...` is the number of the shard, `N...` how many
            there are, `W` window and pane; `''` leaves prefix and suffix alone.
        coder: Encodes an element: an object with `encode(value)`.
        compression_type: One of `CompressionTypes`; `auto` goes by the suffix.
        header: First line of each file.
        footer: Last line of each file.
        skip_if_empty: Whether there is no file if there are no elements.
        by_window: Whether each window and pane gets a file; None: if the input is unbounded.
        **unsupported: What Beam knows besides these; refused by name.

    >>> from pathlib import Path
    >>> from streamcore.io import WriteToText
    >>> with Pipeline() as p:
    ...     _ = p | Create(["to be", "or not"]) | WriteToText("words", ".txt", shard_name_template="")
    >>> Path("words.txt").read_text()
    'to be\nor not\n'
    """

    def __init__(
        self,
        file_path_prefix: str | os.PathLike[str],
        file_name_suffix: str = "",
        append_trailing_newlines: bool = True,
        num_shards: int = 0,
        shard_name_template: str | None = None,
        coder: LineEncoder = ToBytesCoder(),  # noqa: B008  # has no state
        compression_type: str = CompressionTypes.AUTO,
        header: str | None = None,
        footer: str | None = None,
        *,
        skip_if_empty: bool = False,
        by_window: bool | None = None,
        **unsupported: Any,
    ) -> None:
        refuse_unsupported("WriteToText", unsupported)
        if isinstance(coder, type) or not isinstance(coder, LineEncoder):
            msg = f"`coder` must be an object with encode(value), got {coder!r}; write coder=StrUtf8Coder() for str"
            raise PipelineError(msg)
        end = "\n" if append_trailing_newlines else ""
        super().__init__(
            file_path_prefix,
            file_name_suffix,
            TextEncoder(coder, append_trailing_newlines),
            num_shards=num_shards,
            shard_name_template=shard_name_template,
            compression_type=compression_type,
            header=b"" if header is None else (header + end).encode(),
            footer=b"" if footer is None else (footer + end).encode(),
            skip_if_empty=skip_if_empty,
            by_window=by_window,
        )


class WriteToJsonLines(WriteLines):
    r"""Writes each element as a line of JSON: dicts, dataclasses, named tuples, msgspec structs, and what orjson knows.

    Names and completion of the files are those of `WriteToText`.

    Args:
        file_path_prefix: What the names begin with: a path, or an fsspec address.
        file_name_suffix: What the names end with.
        num_shards: How many files the elements are spread over, in turn.
        shard_name_template: What stands between prefix and suffix, as in `WriteToText`.
        compression_type: One of `CompressionTypes`; `auto` goes by the suffix.
        skip_if_empty: Whether there is no file if there are no elements.
        by_window: As in `WriteToText`.

    >>> from pathlib import Path
    >>> from streamcore.io import WriteToJsonLines
    >>> with Pipeline() as p:
    ...     _ = p | Create([{"user": "ann", "n": 2}]) | WriteToJsonLines("totals", shard_name_template="")
    >>> Path("totals.jsonl").read_text()
    '{"user":"ann","n":2}\n'
    """

    def __init__(
        self,
        file_path_prefix: str | os.PathLike[str],
        file_name_suffix: str = ".jsonl",
        *,
        num_shards: int = 0,
        shard_name_template: str | None = None,
        compression_type: str = CompressionTypes.AUTO,
        skip_if_empty: bool = False,
        by_window: bool | None = None,
    ) -> None:
        super().__init__(
            file_path_prefix,
            file_name_suffix,
            JsonEncoder(),
            num_shards=num_shards,
            shard_name_template=shard_name_template,
            compression_type=compression_type,
            skip_if_empty=skip_if_empty,
            by_window=by_window,
        )
