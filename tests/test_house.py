"""The house rules of docs/architecture.md, held by reading the files themselves."""

import ast
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path

import pytest
from quart import Quart

from quart_app import assets
from tests.conftest import settings_for

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "quart_app"
TEMPLATES = ROOT / "templates"
LONGEST_FILE = 400  # lines; from 300 on, and from 40 in a function, they are only reported

# Which floor may look at which: the ones named here, and whatever these may look at. A folder is one floor,
# and its modules never import each other.
ARROWS = {
    "__main__": "server samples doctor backup exporting reloader ending",
    "server": "app listening supervisor migrations",
    "doctor": "queries migrations",
    "backup": "copies dumps migrations",
    "copies": "drafts",
    "dumps": "drafts db",
    "app": "routes errors outermost assets proxy housekeeping words",
    "outermost": "errors",
    "housekeeping": "queries",
    "routes": "timer_page report_files report_controls report_summary report_grid report_list rates_card "
    "again late filing sign_in web migrations",
    "sign_in": "web forms passwords",
    "team_card": "web",
    "saved_card": "at_hand report_controls",
    "rates_card": "web forms",
    "questions": "web answers trimming",
    "answers": "access trimming words",
    "again": "web forms",
    "late": "web forms",
    "timer_page": "questions today_page team_card saved_card at_hand forms",
    "today_page": "days_page strip",
    "days_page": "web timesheet words",
    "at_hand": "web forms",
    "filing": "web forms",
    "errors": "web logs",
    "web": "activity queries live logs metrics clocks shelf words",
    "activity": "forgotten queries",
    "forgotten": "access",
    "samples": "queries migrations passwords",
    "queries": "catalogue exclusion hindsight journal access money report_rows",
    "report_rows": "access report_spec",
    "exporting": "report_files drafts",
    "report_files": "exports report_document report_stream",
    "exports": "report_table words",
    "report_document": "report_chart report_table",
    "report_stream": "reporting report_table words",
    "report_table": "charts",
    "report_controls": "report_page",
    "report_summary": "report_chart",
    "report_chart": "report_page charts",
    "report_grid": "report_list",
    "report_list": "report_page shares",
    "report_page": "reporting forms words",
    "shares": "words",
    "charts": "report",
    "reporting": "queries report",
    "report": "report_spec money",
    "report_spec": "periods rounding",
    "catalogue": "journal access",
    "exclusion": "access",
    "hindsight": "journal access",
    "journal": "access ids",
    "access": "db dialects periods places",
    "migrations": "db",
    "live": "db",
    "db": "db_errors settings",
    "db_errors": "tables",
    "dialects": "tables",
    "tables": "columns",
    "columns": "kinds",
    "metrics": "settings",
    "logs": "settings",
    "listening": "settings",
    "settings": "variables database_url",
    "forms": "report_spec fields spans money ids fuzzy",
    "spans": "periods clocks",
    "clocks": "words",
    "words": "periods money",
    "timesheet": "periods",
    "strip": "timesheet",
    "fields": "words places",
    "shelf": "",
    **dict.fromkeys(("database_url", "ids", "money", "passwords", "periods", "proxy", "trimming"), ""),
    **dict.fromkeys(("assets", "fuzzy", "healthcheck", "reloader", "supervisor", "kinds", "variables"), ""),
    **dict.fromkeys(("drafts", "ending", "places", "rounding"), ""),
}
# Which floors may import a library: the others get what they need from these.
HTTP = {
    *("server", "app", "outermost", "routes", "timer_page", "questions", "days_page", "errors", "web"),
    *("activity", "again", "late", "logs", "metrics"),
}
SQL = {
    "report_rows",
    "columns",
    "queries",
    "catalogue",
    "exclusion",
    "hindsight",
    "journal",
    "access",
    "tables",
    "kinds",
    "db",
    "db_errors",
    "dialects",
    "migrations",
    "samples",
}
LIBRARIES = {
    "quart": HTTP,
    "werkzeug": HTTP,
    "hypercorn": {"server"},
    "sqlalchemy": SQL,
    "alembic": {"migrations"},
}


# ---- Arrows


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def dotted(path: Path) -> str:
    """quart_app/queries/timer.py: queries.timer; a folder's __init__.py: the folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def floor(module: str) -> str:
    return module.partition(".")[0]


def imports(path: Path) -> Iterator[str]:
    """The full names of what a file imports anywhere, for type checking too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(names: Iterator[str]) -> Iterator[str]:
    yield from (name.removeprefix("quart_app.") for name in names if name.startswith("quart_app."))


def below(name: str) -> set[str]:
    """Every floor that may be imported from this one."""
    direct = ARROWS.get(name, "").split()
    return set(direct).union(*(below(lower) for lower in direct))


def test_every_module_has_its_floor() -> None:
    strays = {floor(dotted(path)) for path in modules()} - ARROWS.keys()
    assert not strays, "give them a place in ARROWS, and in docs/architecture.md"


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_arrows_only_go_down(path: Path) -> None:
    here = dotted(path)
    for name in own(imports(path)):
        inside_one_file = name.startswith(f"{here}.")
        if floor(name) == floor(here) and not inside_one_file:
            pytest.fail(f"{here} imports {name}: modules of one folder never import each other")
        assert inside_one_file or floor(name) in below(floor(here)), (
            f"{here} imports {name}, which is not below it"
        )


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_libraries_stay_on_their_floors(path: Path) -> None:
    for name in imports(path):
        allowed = LIBRARIES.get(floor(name))
        assert allowed is None or floor(dotted(path)) in allowed, f"{dotted(path)} imports {name}"


# ---- Sizes


def test_no_file_is_too_long() -> None:
    files = sorted(chain(PACKAGE.rglob("*.py"), (ROOT / "tests").rglob("*.py")))
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in files}
    long_functions = [
        f"{path}:{node.lineno} {node.name} {length} lines"
        for path in lengths
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > 40
    ]
    print(
        *(f"{path} {length} lines" for path, length in lengths.items() if length > 300),
        *long_functions,
        sep="\n",
    )
    assert not {path: length for path, length in lengths.items() if length > LONGEST_FILE}


def test_tests_are_functions() -> None:
    sources = {path: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    assert not [path for path, source in sources.items() if re.search(r"^class Test", source, re.MULTILINE)]


# ---- Templates


@pytest.fixture(scope="module")
def unstarted(tmp_path_factory: pytest.TempPathFactory) -> Quart:
    """The application, with no database behind it."""
    from quart_app.app import create_app

    folder = tmp_path_factory.mktemp("house")
    return create_app(settings_for(f"sqlite+aiosqlite:///{folder / 'none.db'}", folder))


def templates(pattern: str = "**/*.html") -> list[str]:
    return sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.glob(pattern))


class Tags(HTMLParser):
    """The elements of a template: their names and attributes, and which of them stand outside all others."""

    VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))

    def __init__(self, template: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str]]] = []
        self.roots: list[tuple[str, dict[str, str]]] = []
        self.depth = 0
        self.feed(without_jinja((TEMPLATES / template).read_text()))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = tag, {name: value or "" for name, value in attrs}
        self.all.append(element)
        if self.depth == 0:
            self.roots.append(element)
        self.depth += tag not in self.VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.depth -= tag not in self.VOID

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag not in self.VOID


def without_jinja(source: str) -> str:
    """The HTML of a template, with § in the place of values."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%-?\s*macro\b.*?\bendmacro\s*-?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}", "§", source, flags=re.DOTALL)
    return re.sub(r"\{%.*?%\}", " ", source, flags=re.DOTALL)


@pytest.mark.parametrize("name", templates())
def test_every_template_compiles(unstarted: Quart, name: str) -> None:
    assert unstarted.jinja_env.get_template(name).name == name


def fragments() -> list[str]:
    """The fragments that the code answers with."""
    code = "".join(path.read_text() for path in modules())
    return [name for name in templates("*/_*.html") if f'"{name}"' in code and not name.startswith("errors/")]


@pytest.mark.parametrize("name", fragments())
def test_a_fragment_has_one_root_that_bears_its_name(name: str) -> None:
    noun, fragment = Path(name).parent.name, Path(name).stem.removeprefix("_")
    # One element, or one in each branch. Its own id follows where there are many (entries-days-…), and what takes
    # the place of a row bears the row's name.
    names = {f"{noun}-{fragment}".replace("_", "-"), f"{noun}-row"}
    ids = [attributes.get("id", "") for _, attributes in Tags(name).roots]
    strays = [found for found in ids if found not in names and found.partition("-§")[0] not in names]
    assert not strays, f"{strays} should be one of {names}"


@pytest.mark.parametrize("name", templates())
def test_nothing_in_a_template_needs_a_weaker_content_security_policy(name: str) -> None:
    for tag, attributes in Tags(name).all:
        assert tag != "style", "styles stand in static/css"
        assert tag != "script" or "src" in attributes, "scripts stand in static/js"
        for attribute, value in attributes.items():
            assert attribute != "style", "styles stand in static/css"
            assert not attribute.startswith(("on", "hx-on")), f"{attribute}: listeners stand in static/js"
            assert not value.strip().startswith(("js:", "javascript:")), f"{attribute}={value} is evaluated"
            assert attribute != "hx-trigger" or "[" not in value, f"{value}: a filter is evaluated"


def test_every_style_and_script_of_ours_is_sent() -> None:
    bundled = {path for paths in assets.BUNDLES.values() for path in paths}
    assert bundled == {path for path in bundled if (ROOT / "static" / path).is_file()}
    asked_for = "".join(path.read_text() for path in [*TEMPLATES.rglob("*.html"), *PACKAGE.rglob("*.py")])
    found = {
        str(path.relative_to(ROOT / "static"))
        for kind in ("css", "js")
        for path in (ROOT / "static" / kind).glob(f"*.{kind}")
    }
    assert not {path for path in found - bundled if path not in asked_for}


def test_a_script_that_is_sent_with_others_stands_alone() -> None:
    for path in assets.BUNDLES["all.js"]:
        text = (ROOT / "static" / path).read_text()
        assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE), path


def test_every_route_has_tests_under_its_noun(unstarted: Quart) -> None:
    nouns = {rule.endpoint.rpartition(".")[0] for rule in unstarted.url_map.iter_rules()} - {""}
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    assert not {noun for noun in nouns if not any(f"{name}_".startswith(f"{noun}_") for name in tested)}


# ---- Styles

# What is turned over where lines run from the right has a logical name: margin-inline-start and not margin-left.
PHYSICAL = re.compile(
    r"(?<![\w-])(?:"
    r"(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b[\w-]*\s*:"
    r"|border-(?:top|bottom)-(?:left|right)-radius\s*:"
    r"|(?:left|right)\s*:"
    r"|(?:text-align|float|clear|text-align-last)\s*:\s*(?:left|right)\b"
    r"|(?:margin|padding|inset|border-width|border-style|border-color)\s*:(?:\s+[^\s;()]+){4}\s*;"
    r")"
)
# A tick of two borders, turned by 45 degrees.
DRAWN = {"border-width: 0 1.5px 1.5px 0;"}


@pytest.mark.parametrize("path", sorted((ROOT / "static/css").glob("*.css")), ids=lambda path: path.name)
def test_styles_do_not_say_left_and_right(path: Path) -> None:
    found = {match[0] for match in PHYSICAL.finditer(path.read_text())}
    assert not found - DRAWN


def test_left_and_right_are_found() -> None:
    styles = "a { margin-left: 1px } b { left:0; text-align: right; padding: 0 1px 2px 3px; border-left-width: 1px }"
    assert len(PHYSICAL.findall(styles)) == 5
    assert not PHYSICAL.findall(
        "a { padding: 0 1px 2px; inset-inline-start: 0; text-align: start; border-top: 1px }"
    )


# ---- What comes from elsewhere


LOCKS = [*sorted((ROOT / "requirements").glob("*.lock")), ROOT / "package-lock.json"]


def pins(name: str) -> set[str]:
    return set(
        re.findall(r"^\S+==\S+(?: ;.*?)?(?= \\$)", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
    )


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_names_no_host(path: Path) -> None:
    assert not re.findall(r"^.*(?:://|resolved|index-url|find-links).*$", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", LOCKS[:-1], ids=lambda path: path.name)
def test_every_locked_package_has_its_hashes(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", path.read_text().strip())
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_runs_is_what_is_tested() -> None:
    assert pins("runtime.lock")
    assert pins("runtime.lock") <= pins("dev.lock")


def test_vendored_files_are_the_ones_written_down() -> None:
    vendor = ROOT / "static/vendor"
    written = dict(
        re.findall(r"^\| (\S+) \|.*`([0-9a-f]{64})` \|$", (vendor / "README.md").read_text(), re.MULTILINE)
    )
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in vendor.iterdir()}
    found.pop("README.md")
    assert found == written
