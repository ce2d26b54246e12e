"""Pipeline options: named settings, given as keywords or as command line flags in Beam's spelling."""

from __future__ import annotations

import argparse
import difflib
import itertools
import warnings
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from streamcore.errors import PipelineError, shorten

OptionsT = TypeVar("OptionsT", bound="PipelineOptions")

# How alike two names are if one is the other misspelt. Flink's runner has `checkpointing_interval`, which is less so.
MISSPELT: Final = 0.93
# In names that are shorter than this one letter makes another word.
SHORTEST_MISSPELT: Final = 6


class PipelineOptions:
    """Settings of a pipeline; `view_as` gives a view with other named settings on the same values.

    Args:
        flags: Command line flags; None for none.
        **kwargs: Settings by name; they win over flags.

    Names that no subclass declares change nothing; a run warns of them, or refuses those that look misspelt. A subclass
    declares its own in `_add_argparse_args`, as in Beam. These are known:

    runner: Name of the runner; None, the default: the embedded engine.
    streaming: Accepted for Beam programs, False by default; the input decides.
    allow_unsafe_triggers: Whether triggers may finish while their window is open and drop what comes after; False.
    bundle_size: Most elements that travel together; None, the default: 256. It does not show in results.
    state_dir: Directory for checkpoints, from which a later run goes on; None, the default: nothing is kept.
    checkpoint_interval: Seconds from one checkpoint to the next; 10 by default. None: on request only.
    take_over: Whether to take the state directory from a process that has it but hangs; False.
    allow_pickle: Whether values of any type may be kept; False. Others may not be able to write to the directory then.
    allow_changes: Labels of steps that may differ from those that wrote the state, and begin without theirs; none.
    from_savepoint: File of the savepoint that an empty state directory begins with, or its name, if it is in a state
        directory that holds nothing but savepoints; None, the default: none.
    undecided: "committed" or "aborted": what became of a checkpoint that its cluster has forgotten; None by default.

    >>> options = PipelineOptions(["--checkpoint_interval=5"], state_dir="state")
    >>> options.checkpoint_interval, options.state_dir
    (5.0, 'state')

    Raises:
        PipelineError: If `flags` is a str.
    """

    def __init__(self, flags: Sequence[str] | None = None, **kwargs: Any) -> None:
        if isinstance(flags, str):
            msg = f"`flags` must be a list of flags, got {shorten(flags)}; write {shorten(flags.split())}"
            raise PipelineError(msg)
        self._flags = list(flags or [])
        self._values: dict[str, Any] = dict(kwargs)

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser, /) -> None:
        """Declares settings; subclasses override it, as in Beam."""
        parser.add_argument("--runner", default=None, help="name of the runner; the embedded engine by default")
        parser.add_argument("--streaming", action="store_true", help="accepted for Beam programs; the input decides")
        parser.add_argument(
            "--allow_unsafe_triggers",
            action="store_true",
            help="allow triggers that can finish, after which further elements of the window are dropped",
        )
        parser.add_argument("--bundle_size", type=int, default=None, help="most elements that travel together")
        parser.add_argument(
            "--state_dir",
            default=None,
            help="directory for checkpoints, from which a later run goes on; none by default",
        )
        parser.add_argument(
            "--checkpoint_interval",
            type=seconds,
            default=10.0,
            help="seconds from one checkpoint to the next; None: only on request",
        )
        parser.add_argument(
            "--take_over", action="store_true", help="take the state directory from a process that has it but hangs"
        )
        parser.add_argument(
            "--allow_pickle",
            action="store_true",
            help="keep values of any type in the state directory, which nobody else may be able to write to then",
        )
        parser.add_argument(
            "--allow_changes",
            nargs="*",
            default=[],
            help="labels of steps that may differ from those that wrote the state, and begin without theirs, once",
        )
        parser.add_argument(
            "--from_savepoint",
            default=None,
            help="savepoint an empty state directory begins with: its file, such as OTHER_DIR/savepoints/NAME.sqlite; "
            "or its name, if it is in a state directory that holds nothing but savepoints",
        )
        parser.add_argument(
            "--undecided",
            default=None,
            help="'committed' or 'aborted': what became of a checkpoint that its cluster has forgotten; for one start",
        )

    @classmethod
    def from_dictionary(cls: type[OptionsT], options: dict[str, Any]) -> OptionsT:
        """Options of a dict."""
        return cls(**options)

    def view_as(self, cls: type[OptionsT]) -> OptionsT:
        """The same settings, seen through the names that `cls` declares."""
        view = cls.__new__(cls)
        view._flags = self._flags
        view._values = self._values
        return view

    def get_all_options(self, drop_default: bool = False) -> dict[str, Any]:
        """All settings, declared by this class and its subclasses, by name."""
        parser = self._parser()
        parsed = vars(parser.parse_known_args(self._flags)[0])
        if drop_default:
            parsed = {name: value for name, value in parsed.items() if value != parser.get_default(name)}
        return parsed | self._values

    def _names(self) -> tuple[list[str], list[str]]:
        """The names that are declared, and the names and flags that are given and are not."""
        parsed, rest = self._parser().parse_known_args(self._flags)
        known = list(vars(parsed))
        flags = [flag.partition("=")[0] for flag in rest if flag.startswith("-")]
        return known, flags + [name for name in self._values if name not in known]

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        known: list[type[PipelineOptions]] = [PipelineOptions, *_subclasses(PipelineOptions), type(self)]
        for cls in dict.fromkeys(known):
            if "_add_argparse_args" in vars(cls):
                cls._add_argparse_args(parser)
        return parser

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        options = self.get_all_options()
        if name not in options:
            msg = f"no option is called {name!r}; the known ones are {', '.join(sorted(options))}"
            raise AttributeError(msg)
        return options[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self._values[name] = value

    def __repr__(self) -> str:
        return f"PipelineOptions({self.get_all_options(drop_default=True)})"


class StandardOptions(PipelineOptions):
    """The settings every runner knows: `runner` and `streaming`."""


class SetupOptions(PipelineOptions):
    """Beam's settings about what workers need; the embedded engine has no workers, so they change nothing."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--save_main_session", action="store_true", help="accepted for Beam programs")


class TypeOptions(PipelineOptions):
    """Beam's settings about types; `allow_unsafe_triggers` is among them there."""


def seconds(flag: str) -> float | None:
    """The number of seconds that a flag tells; none for `None`, as where the option is given as a keyword."""
    return None if flag == "None" else float(flag)


def flag_of(options: PipelineOptions, name: str) -> bool:
    """An option that is on or off; a text such as "no" would be taken for on.

    Raises:
        PipelineError: If it is neither True nor False.
    """
    given = getattr(options, name)
    if not isinstance(given, bool):
        msg = f"`{name}` must be True or False, got {shorten(given)}; leave it out for False"
        raise PipelineError(msg)
    return given


def check_names(options: PipelineOptions) -> None:
    """Refuses an option that is called almost like one there is, and warns of any other that nobody declares.

    Called when a run begins, as options may be declared until then. Beam warns, too: its programs have options for
    other runners.

    Raises:
        PipelineError: If an option looks misspelt.
    """
    known, unknown = options._names()
    for name in unknown:
        bare = name.lstrip("-").replace("-", "_").lower()
        dashes = "--" if name.startswith("-") else ""
        misspelt = difflib.get_close_matches(bare, known, 1, MISSPELT)
        misspelt += [one for one in known if len(one) >= SHORTEST_MISSPELT and _is_one_slip(bare, one)]
        if misspelt:
            msg = f"no option is called {name!r}; write {dashes + misspelt[0]!r}"
            raise PipelineError(msg)
        similar = difflib.get_close_matches(bare, known, 1)
        hint = f" (did you mean {dashes + similar[0]!r}?)" if similar else ""
        msg = f"no option is called {name!r}, so it changes nothing{hint}; a subclass of PipelineOptions may declare it"
        warnings.warn(msg, stacklevel=4)  # the caller of `Pipeline.run`


def _is_one_slip(given: str, name: str) -> bool:
    """Whether one letter is wrong, missing or too many, or swapped with its neighbour."""
    start = _count_alike(given, name)
    given, name = given[start:][::-1], name[start:][::-1]
    end = _count_alike(given, name)
    given, name = given[end:], name[end:]
    return max(len(given), len(name)) <= 1 or (len(name) == 2 and given == name[::-1])


def _count_alike(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _subclasses(cls: type[PipelineOptions]) -> list[type[PipelineOptions]]:
    found = []
    for sub in cls.__subclasses__():
        found += [sub, *_subclasses(sub)]
    return found
