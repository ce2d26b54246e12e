"""Names of options that nobody declares: those that look misspelt are refused, and others warned of."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import PipelineOptions, SetupOptions, check_names
from streamcore.model.windowing import AccumulationMode
from streamcore.transforms.group import GroupByKey
from streamcore.transforms.read import Create
from streamcore.transforms.window_into import WindowInto
from streamcore.triggers import AfterCount
from streamcore.windowing import GlobalWindows
from tests.model.beam_options import BEAM_OPTIONS


class ReportOptions(PipelineOptions):
    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--report_title", default="Totals")


def run(options: PipelineOptions) -> None:
    p = Pipeline(options=options)
    _ = p | Create([1])
    p.run()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (PipelineOptions(statedir="state"), "no option is called 'statedir'; write 'state_dir'"),
        (PipelineOptions(checkpoint_intervall=1), "no option is called 'checkpoint_intervall'; write "),
        (PipelineOptions(["--state-dir=state"]), "no option is called '--state-dir'; write '--state_dir'"),
        (PipelineOptions(["--StateDir", "state"]), "no option is called '--StateDir'; write '--state_dir'"),
        (PipelineOptions(["-takeover"]), "no option is called '-takeover'; write '--take_over'"),
        (PipelineOptions(reporttitle="Sums"), "no option is called 'reporttitle'; write 'report_title'"),
    ],
)
def test_a_misspelt_name_is_refused(options: PipelineOptions, message: str) -> None:
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}"):
        run(options)


def misspellings(name: str) -> set[str]:
    """A name with one letter wrong, missing, doubled or swapped with its neighbour."""
    places = range(len(name))
    wrong = {f"{name[:at]}{letter}{name[at + 1 :]}" for at in places for letter in "xq_"}
    missing = {name[:at] + name[at + 1 :] for at in places}
    doubled = {name[: at + 1] + name[at:] for at in places}
    swapped = {name[:at] + name[at : at + 2][::-1] + name[at + 2 :] for at in places}
    return (wrong | missing | doubled | swapped) - {name}


def names_of(*classes: type[PipelineOptions]) -> list[str]:
    parser = argparse.ArgumentParser(add_help=False)
    for cls in classes:
        cls._add_argparse_args(parser)
    return list(vars(parser.parse_args([])))


@pytest.mark.parametrize("name", names_of(PipelineOptions, SetupOptions))
def test_every_slip_in_a_name_is_refused(name: str) -> None:
    for given in misspellings(name):
        with pytest.raises(PipelineError) as error:
            check_names(PipelineOptions(**{given: "x"}))
        assert str(error.value) == f"no option is called {given!r}; write {name!r}"


@pytest.mark.filterwarnings("ignore:no option is called")
@pytest.mark.parametrize("name", BEAM_OPTIONS)
def test_no_option_of_a_beam_program_is_refused(name: str) -> None:
    check_names(PipelineOptions(**{name: "x"}))


@pytest.mark.parametrize("name", names_of(PipelineOptions, SetupOptions))
def test_an_option_stands_in_the_table_of_options(name: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "getting_started.md"
    table = page.read_text().partition("## Options\n")[2].partition("\n## ")[0]
    assert f"| `{name}` |" in table


@pytest.mark.parametrize("name", names_of(PipelineOptions))
def test_help_names_an_option(name: str) -> None:
    assert f"\n    {name}: " in str(PipelineOptions.__doc__)


class ShortOptions(PipelineOptions):
    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--topic", default=None)


def test_a_short_name_may_be_like_another() -> None:
    with pytest.warns(UserWarning, match="^no option is called 'topics', so it changes nothing "):
        run(PipelineOptions(topics="x"))


async def test_a_misspelt_name_is_refused_in_a_running_loop() -> None:
    with pytest.raises(PipelineError, match="no option is called 'statedir'"):
        await Pipeline(options=PipelineOptions(statedir="state")).run_async()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (PipelineOptions(project="p"), "no option is called 'project', so it changes nothing; a subclass"),
        (PipelineOptions(["--region", "eu"]), "no option is called '--region', so it changes nothing; a subclass"),
        (
            PipelineOptions(["--checkpointing_interval=60000"]),
            "no option is called '--checkpointing_interval', so it changes nothing "
            "(did you mean '--checkpoint_interval'?); a subclass of PipelineOptions may declare it",
        ),
    ],
)
def test_another_unknown_name_is_warned_of(options: PipelineOptions, message: str) -> None:
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}") as warned:
        run(options)
    assert [warning.filename for warning in warned] == [__file__]


def test_a_declared_name_is_neither() -> None:
    run(PipelineOptions(["--report_title=Sums", "--streaming"], allow_unsafe_triggers=True))
    assert ReportOptions().report_title == "Totals"


@pytest.mark.parametrize(("flag", "interval"), [("None", None), ("2.5", 2.5)])
def test_an_interval_as_a_flag(flag: str, interval: float | None) -> None:
    assert PipelineOptions(["--checkpoint_interval", flag]).checkpoint_interval == interval


def test_a_word_is_not_taken_for_yes() -> None:
    p = Pipeline(options=PipelineOptions(allow_unsafe_triggers="no"))
    once = WindowInto(GlobalWindows(), AfterCount(5), AccumulationMode.DISCARDING)
    with pytest.raises(PipelineError) as error:
        _ = p | Create([("a", 1)]) | once | GroupByKey()
    assert str(error.value) == "`allow_unsafe_triggers` must be True or False, got 'no'; leave it out for False"
