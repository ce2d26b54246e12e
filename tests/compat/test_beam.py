"""Beam's names for what is here."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

import streamcore
from streamcore.compat import beam
from streamcore.compat.beam_names import MODULES, SHOWN_AS
from streamcore.compat.beam_windowing import beam_windowing
from streamcore.errors import PipelineError


@pytest.fixture(autouse=True)
def without_beam(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in sys.modules if name.split(".")[0] == "apache_beam"]:
        monkeypatch.delitem(sys.modules, name)
    yield
    beam.uninstall()


@pytest.fixture
def installed() -> ModuleType:
    beam.install()
    return importlib.import_module("apache_beam")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", MODULES)
def test_every_name_is_there(name: str) -> None:
    module = importlib.import_module(name)
    for names in MODULES[name].values():
        for entry in names.split():
            assert getattr(module, entry.partition("=")[0]) is not None


def test_the_names_are_ours(installed: ModuleType) -> None:
    from apache_beam.transforms import window

    assert installed.Map is streamcore.Map
    assert installed.window is window
    assert vars(window)["FixedWindows"] is streamcore.FixedWindows
    assert installed.transforms.trigger._Never is streamcore.Never
    assert installed.runners.DirectRunner is streamcore.EmbeddedRunner


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("name", "target"), SHOWN_AS.items())
def test_modules_are_shown_under_second_names(name: str, target: str) -> None:
    parent, _, last = name.rpartition(".")
    around = sys.modules.get(parent) or sys.modules[SHOWN_AS[parent]]
    assert getattr(around, last) is sys.modules[target]


def test_every_import_form_works(installed: ModuleType) -> None:
    space: dict[str, object] = {}
    exec(
        "import apache_beam.transforms.combiners as combine\n"
        "import apache_beam.io.textio\n"
        "from apache_beam import combiners, pvalue\n"
        "from apache_beam.transforms import *\n",
        space,
    )
    assert space["combine"] is space["combiners"] is installed.combiners
    assert space["GroupByKey"] is streamcore.GroupByKey


def test_what_is_missing_says_so(installed: ModuleType) -> None:
    with pytest.raises(AttributeError) as caught:
        _ = installed.pvalue.AsList
    assert str(caught.value) == (
        "streamcore has no counterpart of apache_beam.pvalue.AsList; docs/beam.md tells what is missing"
    )
    with pytest.raises(ImportError, match=r"cannot import name 'AsList' from 'apache_beam\.pvalue'"):
        exec("from apache_beam.pvalue import AsList")
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'apache_beam\.ml'"):
        importlib.import_module("apache_beam.ml")


def test_installing_again_changes_nothing(installed: ModuleType) -> None:
    beam.install()
    assert sys.modules["apache_beam"] is installed


@pytest.mark.parametrize(("place", "shown"), [("/lib/apache_beam/__init__.py", None), (None, "an unknown place")])
def test_refuses_when_beam_is_imported(monkeypatch: pytest.MonkeyPatch, place: str | None, shown: str | None) -> None:
    real = ModuleType("apache_beam")
    real.__file__ = place
    monkeypatch.setitem(sys.modules, "apache_beam", real)
    with pytest.raises(beam.BeamImportedError) as caught:
        beam.install()
    assert str(caught.value) == (
        f"the real apache_beam is imported already, from {shown or place}; "
        "call streamcore.compat.beam.install() before anything imports apache_beam"
    )
    beam.uninstall()
    assert sys.modules["apache_beam"] is real


def test_uninstalling_takes_all_names_away(installed: ModuleType) -> None:
    beam.uninstall()
    assert not [name for name in sys.modules if name.startswith("apache_beam")]
    assert installed.Map is streamcore.Map


def test_a_windowing_is_called_as_in_beam() -> None:
    windowfn = streamcore.FixedWindows(60)
    assert beam_windowing(windowfn).triggerfn == streamcore.DefaultTrigger()
    assert beam_windowing(windowfn, allowed_lateness=2).allowed_lateness == 2_000_000
    with pytest.raises(PipelineError, match="may fire more than once"):
        beam_windowing(windowfn, streamcore.AfterCount(2))
