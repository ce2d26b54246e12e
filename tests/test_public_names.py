"""What `import streamcore` gives: every name once, in order, and defined in the package."""

import ast
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import streamcore
from streamcore import PTransform, Trigger, WatermarkEstimator, WindowFn, errors, io, triggers, windowing
from streamcore.io import kafka
from streamcore.io.kafka import Serde, serde
from streamcore.transforms.family import Family
from tests.exports import exported_kinds


def exports(package: ModuleType) -> list[tuple[str | None, str, str | None]]:
    """What a package imports to export it: module, name, and the name it is given."""
    return [
        (statement.module, name.name, name.asname)
        for statement in ast.parse(Path(str(package.__file__)).read_text()).body
        if isinstance(statement, ast.ImportFrom) and statement.module != "__future__"
        for name in statement.names
    ]


EXPORTS = exports(streamcore)
NAMES = [name for _, name, _ in EXPORTS]
DOCS = Path(streamcore.__file__).parents[1] / "docs"
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
CODE = "\n".join(code for page in PAGES for code in re.findall("```.*?```|`[^`\n]+`", page.read_text(), re.S))


def transforms() -> list[str]:
    """The transforms that are exported; of a family its members."""
    found = []
    for name in NAMES:
        value = getattr(streamcore, name)
        if inspect.isclass(value) and issubclass(value, Family):
            found += [f"{name}.{member}" for member in vars(value) if not member.startswith("_")]
        elif inspect.isclass(value) and issubclass(value, streamcore.PTransform):
            found.append(name)
    return found


def test_every_name_is_exported_once() -> None:
    assert sorted(NAMES) == sorted(set(NAMES))


def test_every_name_is_marked_as_exported() -> None:
    assert [name for _, name, public in EXPORTS if public != name] == []


def test_modules_are_in_order() -> None:
    modules = [module for module, _, _ in EXPORTS]
    assert modules == sorted(modules)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_resolves_and_is_documented(name: str) -> None:
    value = getattr(streamcore, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__module__.startswith("streamcore.")
        assert value.__name__ == name
        assert value.__doc__


def test_nothing_else_is_public() -> None:
    modules = {name for name, value in vars(streamcore).items() if inspect.ismodule(value)}
    others = {name for name in vars(streamcore) if not name.startswith("_")} - set(NAMES) - modules
    assert others == {"annotations"}


@pytest.mark.parametrize("name", transforms())
def test_a_transform_is_named_on_the_page_of_transforms(name: str) -> None:
    assert re.search(rf"`{name}\b", (DOCS / "transforms.md").read_text())


@pytest.mark.parametrize("name", sorted({name for at in (streamcore, io, kafka) for _, name, _ in exports(at)}))
def test_a_name_is_on_a_page(name: str) -> None:
    assert re.search(rf"\b{name}\b", CODE)


@pytest.mark.parametrize("name", [name for name in vars(errors) if name.endswith("Error")])
def test_an_error_is_on_the_page_of_errors(name: str) -> None:
    assert f"`{name}`" in (DOCS / "errors.md").read_text()


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        *((kind, "windowing.md") for kind in exported_kinds(windowing, WindowFn)),
        *((kind, "windowing.md") for kind in exported_kinds(triggers, Trigger)),
        *((kind, "watermarks.md") for kind in exported_kinds(streamcore, WatermarkEstimator)),
        *((kind, "connectors.md") for kind in exported_kinds(io, PTransform)),
        *((kind, "connectors.md") for kind in exported_kinds(kafka, PTransform)),
        *((kind, "serialization.md") for kind in exported_kinds(serde, Serde)),
    ],
)
def test_what_can_be_plugged_in_is_in_a_table_of_its_page(kind: type, page: str) -> None:
    assert re.search(rf"^\|.*`{kind.__name__}\b", (DOCS / page).read_text(), re.M)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda it: it.name)
def test_pages_take_what_they_show_from_public_places(page: Path) -> None:
    internal = re.findall(
        r"^from (streamcore\.(?:engine|graph|model|runners|transforms)\b\S*) import", page.read_text(), re.M
    )
    assert internal == []
