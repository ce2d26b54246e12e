"""Names of the files that sinks write."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from streamcore.errors import PipelineError
from streamcore.model.pane import PaneInfo, PaneInfoTiming
from streamcore.model.window import BoundedWindow, GlobalWindow
from streamcore.timestamp import MICROS_PER_SECOND, Timestamp

ONE_FILE: Final = "-SSSSS-of-NNNNN"
FILE_PER_PANE: Final = "-W"
FILES_PER_PANE: Final = "-W-SSSSS-of-NNNNN"


@dataclasses.dataclass(frozen=True, slots=True)
class FileNaming:
    """How a file's name is made of a prefix, a template and a suffix, as in Beam.

    In the template `S...` stands for the number of the shard, `N...` for how many there are, and `W` for the window and
    the pane.

    >>> naming = FileNaming("out/totals", "-SSSSS-of-NNNNN", ".txt")
    >>> naming.name(2, 10)
    'out/totals-00002-of-00010.txt'
    """

    prefix: str
    template: str
    suffix: str

    def name(self, shard: int, count: int, pane: str = "") -> str:
        """The name of one file."""
        fillings = {"S": shard, "N": count}

        def fill(found: re.Match[str]) -> str:
            letters = found.group()
            return pane if letters == "W" else str(fillings[letters[0]]).zfill(len(letters))

        return self.prefix + re.sub(r"S+|N+|W", fill, self.template) + self.suffix


def check_template(template: str | None, by_pane: bool, shards: int) -> str:
    """The template to use.

    Raises:
        PipelineError: If files would get the same name.
    """
    if template is None:
        return (FILE_PER_PANE if shards == 1 else FILES_PER_PANE) if by_pane else ONE_FILE
    if not isinstance(template, str):
        msg = f"`shard_name_template` must be a str such as '-SSSSS-of-NNNNN', got {template!r}"
        raise PipelineError(msg)
    if by_pane and "W" not in template:
        msg = f"`shard_name_template` needs a W for the window, got {template!r}; write '-W-SSSSS-of-NNNNN'"
        raise PipelineError(msg)
    if not by_pane and "W" in template:
        msg = f"`shard_name_template` has a W for the window, got {template!r}; give by_window=True, or leave it out"
        raise PipelineError(msg)
    if shards > 1 and "S" not in template:
        msg = f"`shard_name_template` needs S for {shards} shards, got {template!r}; write '-SSSSS-of-NNNNN'"
        raise PipelineError(msg)
    return template


def pane_name(window: BoundedWindow, pane: PaneInfo) -> str:
    """The part of a file's name that tells window and pane; in UTC, and safe for any file system.

    >>> from streamcore.model.window import IntervalWindow
    >>> from streamcore.model.pane import ONLY_FIRING
    >>> pane_name(IntervalWindow(1356998400, 1357002000), ONLY_FIRING)
    '20130101T0000-20130101T0100-pane-0-on-time'
    """
    span = window_name(window)
    if pane.timing == PaneInfoTiming.UNKNOWN:  # no aggregation has put it out
        return span
    return f"{span}-pane-{pane.index}-{pane.timing.name.lower().replace('_', '-')}"


def window_name(window: BoundedWindow) -> str:
    """Start and end of a window in ISO 8601's basic format, as short as is exact."""
    if isinstance(window, GlobalWindow):
        return "global"
    try:
        return f"{_moment(window.start)}-{_moment(window.end)}"
    except NotImplementedError:  # a window kind of the user's that has only an end
        return f"until-{_moment(window.end)}"


def _moment(moment: Timestamp) -> str:
    try:
        at = moment.to_utc_datetime()
    except OverflowError:
        return f"{moment.micros}us"
    if moment.micros % MICROS_PER_SECOND:
        return at.strftime("%Y%m%dT%H%M%S.%f")
    return at.strftime("%Y%m%dT%H%M%S" if at.second else "%Y%m%dT%H%M")
