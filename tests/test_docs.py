"""The documentation says what the code does: links, files, commands, addresses, arrows, tables, names, the version."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from quart import Quart

from quart_app import live
from quart_app.__main__ import main
from quart_app.app import create_app
from quart_app.metrics import Metrics
from quart_app.tables import metadata
from tests import test_house
from tests.conftest import settings_for

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Files and folders of this repository, as the documentation names them.
NAMED = re.compile(r"`((?:quart_app|templates|static|tests|docs|requirements)/[\w./-]*)`")


def read(name: str) -> str:
    return (ROOT / name).read_text()


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(page: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", page, flags=re.DOTALL | re.MULTILINE)


def code(page: str) -> str:
    """What stands in a page's blocks of code and between backticks."""
    return "\n".join([*re.findall(r"```sh\n(.*?)```", page, re.DOTALL), *ticked(prose(page))])


def ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next of its rank or a higher one."""
    rank = heading.partition(" ")[0]
    pattern = rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(rank)}}} |\Z)"
    found = re.search(pattern, page, re.DOTALL | re.MULTILINE)
    assert found, f"no heading {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {place - 1 for place, line in enumerate(lines) if re.fullmatch(r"[|\-: ]+", line)}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for place, line in enumerate(lines)
        if place not in heads and place - 1 not in heads
    ]


# ---- Links and files


def anchors(page: str) -> set[str]:
    """The fragments that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Where a page's links lead within this repository: the file, and the fragment or ""."""
    for target in LINK.findall(prose(page.read_text())):
        if not re.match(r"[a-z]+:", target):
            name, _, fragment = target.partition("#")
            yield (page.parent / name).resolve() if name else page, fragment


@pytest.mark.parametrize("page", DOCS, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, fragment in links(page):
        assert target.exists(), f"{name_of(target)} is not there"
        assert not fragment or fragment in anchors(target.read_text()), f"{target.name} has no #{fragment}"


@pytest.mark.parametrize("page", DOCS, ids=name_of)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    assert not [name for name in NAMED.findall(page.read_text()) if not (ROOT / name).exists()]


def test_every_page_can_be_reached_from_the_readme() -> None:
    found: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        waiting += {target for target, _ in links(page) if target in DOCS} - found
    assert not [name_of(page) for page in DOCS if page not in found]


def test_every_page_that_the_code_names_is_there() -> None:
    sources = [*(ROOT / "quart_app").rglob("*.py"), *(ROOT / "templates").rglob("*.html"), ROOT / "Makefile"]
    named = {name for path in sources for name in re.findall(r"\bdocs/\w+\.md", path.read_text())}
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]


# ---- Commands


def test_every_make_command_is_documented_and_no_other() -> None:
    makefile = read("Makefile")
    declared = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert declared
    targets = set(declared[1].split())
    told = set(re.findall(r'^\t@echo "make ([\w-]+)', makefile, re.MULTILINE))
    assert told | {"help"} == targets, "make help"
    documented = set(re.findall(r"^\| `make ([\w-]+)` \|", read("docs/development.md"), re.MULTILINE))
    assert documented == targets
    for page in DOCS:
        named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code(page.read_text())))
        assert named <= targets, name_of(page)


def test_every_command_of_chronos_is_documented_with_its_options_and_no_other() -> None:
    page = read("docs/operations.md")
    headings = {
        heading.split()[2]: heading for heading in re.findall(r"^### chronos .+$", page, re.MULTILINE)
    }
    assert headings.keys() == main.commands.keys()
    for name, command in main.commands.items():
        arguments = [one.human_readable_name for one in command.params if one.param_type_name == "argument"]
        assert headings[name] == " ".join(["### chronos", name, *arguments])
        documented = {ticked(cells[0])[0] for cells in rows(section(page, headings[name]))}
        options = [one for one in command.params if one.param_type_name == "option"]
        assert documented == {word for option in options for word in option.opts}, name
    for path in DOCS:
        named = set(re.findall(r"\bchronos ([a-z][a-z-]*)", code(path.read_text())))
        assert named <= main.commands.keys(), name_of(path)


# ---- The map


@pytest.fixture(scope="module")
def unstarted(tmp_path_factory: pytest.TempPathFactory) -> Quart:
    """The application, with no database behind it."""
    folder = tmp_path_factory.mktemp("docs")
    return create_app(settings_for(f"sqlite+aiosqlite:///{folder / 'none.db'}", folder))


def test_every_address_is_documented_and_no_other(unstarted: Quart) -> None:
    table = rows(section(read("docs/architecture.md"), "## Every address"))
    documented = sorted((ticked(request)[0], ticked(route)[0]) for request, _, route in table)
    assert documented == sorted(
        (f"{method} {rule.rule}", rule.endpoint)
        for rule in unstarted.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def test_the_arrows_are_those_that_are_held() -> None:
    table = rows(section(read("docs/architecture.md"), "## The house"))
    floors = {test_house.floor(test_house.dotted(path)) for path in test_house.modules()}
    assert {ticked(cells[0])[0]: sorted(ticked(cells[1])) for cells in table} == {
        floor: sorted(test_house.ARROWS[floor].split()) for floor in floors
    }


def test_every_table_is_documented_with_its_columns() -> None:
    page = section(read("docs/data.md"), "## The tables")
    sections = {
        name: section(page, f"### {heading}")
        for heading in re.findall(r"^### (.+)$", page, re.MULTILINE)
        for name in heading.split(", ")
    }
    assert sections.keys() == metadata.tables.keys()
    for name, table in metadata.tables.items():
        assert not {column.name for column in table.columns} - set(ticked(sections[name])), name


def test_every_rule_and_index_that_is_documented_is_there() -> None:
    tables = metadata.tables.values()
    rules = {str(rule.name) for table in tables for rule in table.constraints}
    rules |= {str(index.name) for table in tables for index in table.indexes}
    named = set(re.findall(r"`((?:uq|ck|ix|fk)_\w+)`", read("docs/data.md")))
    assert named <= rules
    assert {str(index.name) for index in metadata.tables["entries"].indexes} <= named


def test_every_live_name_is_documented_and_no_other() -> None:
    documented = {ticked(cells[0])[0] for cells in rows(section(read("docs/live.md"), "## The names"))}
    fragments = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    heard = set(re.findall(r"([a-z-]+) from:body", fragments))
    said = {
        name
        for path in (ROOT / "quart_app").rglob("*.py")
        for name in re.findall(r'"(\w+-changed)"', path.read_text())
    }
    assert documented == heard | {live.RESYNC, live.END, "beat"}
    assert said <= heard, "nobody listens"


def test_every_metric_is_documented() -> None:
    page = section(read("docs/operations.md"), "## Metrics")
    families = Metrics(dict, dict).registry.collect()
    asked = re.findall(r'"(chronos_\w+)"', read("quart_app/routes/health.py"))
    assert not [name for name in [*(family.name for family in families), *asked] if f"`{name}" not in page]


# ---- The version


def test_the_changelog_is_about_the_version_that_this_is() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## \[(.+?)\](.*?)(?=^## |\Z)", read("CHANGELOG.md"), re.DOTALL | re.MULTILINE)
    assert newest
    to_become = re.search(r"^To become (\S+),", newest[2], re.MULTILINE)
    assert version == (to_become[1] if to_become else newest[1])
