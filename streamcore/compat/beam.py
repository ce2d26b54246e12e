"""Runs programs written for Beam's Python SDK: `apache_beam` and its modules become names for what is here.

What is there stands in `beam_names`; everything else is missing, and says so.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from streamcore.compat.beam_names import MODULES, SHOWN_AS
from streamcore.errors import StreamcoreError

BEAM: Final = "apache_beam"


class BeamImportedError(StreamcoreError, ImportError):
    """The real `apache_beam` was imported before `install()`: part of the program uses it already."""


class StandIn(ModuleType):
    """A module of Beam's name, whose content comes from here."""

    def __getattr__(self, name: str) -> Any:
        msg = f"streamcore has no counterpart of {self.__name__}.{name}; docs/beam.md tells what is missing"
        raise AttributeError(msg, name=name, obj=self)


def install() -> None:
    """Makes `import apache_beam`, in all its forms, mean streamcore in this process.

    Call it before the first such import. Calling it again changes nothing.

    Raises:
        BeamImportedError: If the real `apache_beam` was imported already.

    >>> install()
    >>> import apache_beam as beam
    >>> from apache_beam.transforms.window import FixedWindows
    >>> beam.Map.__module__, FixedWindows.__module__
    ('streamcore.transforms.elementwise', 'streamcore.windowing.fixed')
    >>> uninstall()
    """
    present = sys.modules.get(BEAM)
    if isinstance(present, StandIn):
        return
    if present is not None:
        place = getattr(present, "__file__", None) or "an unknown place"
        msg = (
            f"the real apache_beam is imported already, from {place}; "
            "call streamcore.compat.beam.install() before anything imports apache_beam"
        )
        raise BeamImportedError(msg, name=BEAM)
    modules = {name: _stand_in(name, homes) for name, homes in MODULES.items()}
    for name, module in modules.items():
        _hang(modules, name, module)
    for name, target in SHOWN_AS.items():
        _hang(modules, name, modules[target])
    sys.modules.update(modules)


def uninstall() -> None:
    """Takes the names away again, so that `import apache_beam` means the real one, if there is one.

    What a program has imported from them stays what it is.
    """
    for name in [name for name, module in sys.modules.items() if isinstance(module, StandIn)]:
        del sys.modules[name]


def _stand_in(name: str, homes: dict[str, str]) -> StandIn:
    """The module of a name, with what the table lists for it."""
    module = StandIn(name, f"What streamcore has of Beam's `{name}`.")
    is_package = any(other.startswith(f"{name}.") for other in MODULES)
    module.__spec__ = ModuleSpec(name, None, origin="streamcore", is_package=is_package)
    module.__package__ = name if is_package else name.rpartition(".")[0]
    if is_package:
        module.__path__ = []
    for home, names in homes.items():
        source = importlib.import_module(home)
        for entry in names.split():
            theirs, _, ours = entry.partition("=")
            setattr(module, theirs, getattr(source, ours or theirs))
    return module


def _hang(modules: dict[str, StandIn], name: str, module: StandIn) -> None:
    """Makes a module an attribute of the one around it."""
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(modules[parent], last, module)
