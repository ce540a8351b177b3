"""What Chronos says: every message is marked, and is there in every language; dates and numbers as each writes them."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import nodes

from tests.support import messages
from tests.support.messages import forms_of

ROOT = Path(__file__).parents[1]
MARKS = frozenset(messages.KEYWORDS)


# ---- Catalogues


@pytest.fixture(scope="module")
def fresh() -> Catalog:
    return messages.extract()


def ids(catalogue: Catalog) -> set[object]:
    return {message.id for message in messages.translations(catalogue)}


def test_the_template_has_what_the_code_says(fresh: Catalog) -> None:
    with messages.TEMPLATE.open("rb") as file:
        kept = read_po(file)
    assert ids(kept) == ids(fresh), "make messages"


def test_a_catalogue_depends_on_the_sources_alone(fresh: Catalog, tmp_path: Path) -> None:
    """No dates and no line numbers: what did not change makes no difference to look at."""
    first, second = tmp_path / "first.pot", tmp_path / "second.pot"
    messages.write(fresh, first)
    messages.write(messages.extract(), second)
    assert first.read_bytes() == second.read_bytes()
    assert not re.search(r"^#: .*:\d|Date:|Generated", first.read_text(), re.MULTILINE)


@pytest.mark.parametrize("locale", messages.languages())
def test_every_message_is_translated(fresh: Catalog, locale: str) -> None:
    known = messages.read(locale)
    assert ids(known) == ids(fresh), "make messages"
    missing = [message.id for message in messages.translations(known) if not messages.is_translated(message)]
    assert not missing
    assert not [message.id for message in messages.translations(known) if message.fuzzy]
    assert not known.obsolete


@pytest.mark.parametrize("locale", messages.languages())
def test_a_translation_fills_in_what_the_message_does(locale: str) -> None:
    catalogue = messages.read(locale)
    for message in messages.translations(catalogue):
        wanted = names_in(forms_of(message.id))
        for text in forms_of(message.string):
            # The form for one may say it in words: "an entry" and not "1 entry".
            assert wanted - {"n"} <= names_in([text]) <= wanted, f"{message.id}: {text}"


@pytest.mark.parametrize("locale", messages.languages())
def test_a_number_has_a_form_for_each_of_its_plurals(locale: str) -> None:
    catalogue = messages.read(locale)
    for message in messages.translations(catalogue):
        if message.pluralizable:
            assert len(forms_of(message.string)) == catalogue.num_plurals, message.id


@pytest.mark.parametrize("locale", messages.languages())
def test_a_translation_begins_and_ends_as_its_message_does(locale: str) -> None:
    """No stray blanks, and a sentence stays a sentence."""
    for message in messages.translations(messages.read(locale)):
        for text, translation in zip(forms_of(message.id), forms_of(message.string), strict=True):
            assert translation == translation.strip(), message.id
            assert text.endswith((".", "?", "!")) == translation.endswith((".", "?", "!")), message.id


def names_in(texts: list[str]) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", " ".join(texts)))


def test_a_message_keeps_its_values_apart(fresh: Catalog) -> None:
    """Where values are filled in, a percent sign is written twice: so a message has either names or nothing."""
    for message in messages.translations(fresh):
        for text in forms_of(message.id):
            rest = re.sub(r"%\(\w+\)s|%%", "", text)
            assert "%" not in rest or not names_in([text]), text


# ---- Nothing is said but in messages


# What is the same in every language, or no language at all.
SAME = {
    "Chronos",
    "Ctrl",
    "Esc",
    "Enter",
    "Shift",
    "Tab",
    "Space",
    "Alt",
    "Cmd",
    "PM",
    "AM",
    "pm",
    "am",
    "UTC",
}
SAID_ATTRIBUTES = ("aria-label", "aria-roledescription", "aria-valuetext", "title", "placeholder", "alt")
TEMPLATES = sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html"))
PROSE = re.compile(r"[A-Z“][^\W\d_].*", re.DOTALL)


class BareText(HTMLParser):
    """The text and the attributes of a template that people would read, as they stand there."""

    SILENT = frozenset(("script", "style", "kbd", "code"))

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
        source = re.sub(r"\{\{.*?\}\}", "§", source, flags=re.DOTALL)
        source = re.sub(r"\{%.*?%\}", "§", source, flags=re.DOTALL)
        # What a macro puts into a tag stands outside of any.
        self.feed(
            re.sub(rf'(?<=[ §])(?!{"|".join(SAID_ATTRIBUTES)})[a-z-]+="[^"<>]*"(?=[^<>]*(<|$))', "", source)
        )
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        for name, value in attrs:
            if name in SAID_ATTRIBUTES:
                self._look(value or "")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not (self.open and self.open[-1] in self.SILENT):
            self._look(data)

    def _look(self, text: str) -> None:
        if set(re.findall(r"[^\W\d_]{2,}", text)) - SAME:
            self.found.append(" ".join(text.split()))


def spoken_in_expressions(source: str) -> Iterator[str]:
    """The English in a template's expressions that no `_` marks."""
    tree = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=True).parse(source)
    marked = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in MARKS
        for constant in call.args[:2]
    }
    for constant in tree.find_all(nodes.Const):
        text = constant.value
        if (
            isinstance(text, str)
            and id(constant) not in marked
            and PROSE.fullmatch(text)
            and text not in SAME
        ):
            yield text


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_says_nothing_but_messages(name: str) -> None:
    source = (ROOT / "templates" / name).read_text()
    assert not BareText(source).found
    assert not [*spoken_in_expressions(source)]


# Modules that speak to those who run Chronos, in English: the command line, the log, settings, the database.
OPERATORS = """
__main__ access backup copies database_url db db_errors dialects doctor drafts dumps ending healthcheck housekeeping ids
kinds listening live logs metrics migrations money periods proxy reloader samples server settings supervisor tables
variables words
"""
# Who calls these says nothing to people: the words are for developers, or are names.
SILENT_CALLS = """
RuntimeError TypeError AssertionError NotImplementedError KeyError LookupError TypeVar ParamSpec compile
"""
# What machines read, kinds of characters, and what makers call their browsers and systems.
NAMES = """
Lax Origin Form Pickers General Cc Cf Mn Mc Nd So
Edg Edge Opera Firefox Chrome Safari Android Windows Macintosh Mac CrOS ChromeOS Linux Vivaldi
"""
CODES = re.compile(
    r"[A-Z0-9_]+|[A-Z]+:[A-Z]+|([A-Z][a-z]+){2,}|[A-Z]\w*(-\w+)+|[A-Z]\w*/|Samsung Internet|[A-Z]+[ (].*|.*;.*=.*",
    re.DOTALL,
)


def spoken() -> list[Path]:
    return sorted(
        path
        for path in (ROOT / "quart_app").rglob("*.py")
        if path.relative_to(ROOT / "quart_app").with_suffix("").parts[0] not in OPERATORS.split()
        and path.name != "health.py"
    )


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _types(node: ast.AST) -> list[ast.expr]:
    """What stands there as a type: a class that comes later is named in quotes."""
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        kinds = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
        return [kind for kind in [*kinds, node.returns] if kind is not None]
    return []


def bare_strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The lines and words of what reads like a sentence and is no message."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in MARKS.union(SILENT_CALLS.split()):
            silent.update(id(each) for argument in node.args for each in ast.walk(argument))
        elif isinstance(node, ast.Expr):  # docstrings
            silent.add(id(node.value))
        silent.update(id(each) for kind in _types(node) for each in ast.walk(kind))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            text = node.value.strip()
            if PROSE.fullmatch(text) and text not in SAME.union(NAMES.split()) and not CODES.fullmatch(text):
                yield node.lineno, text


@pytest.mark.parametrize("path", spoken(), ids=lambda path: path.stem)
def test_the_code_says_nothing_but_messages(path: Path) -> None:
    assert not [*bare_strings(ast.parse(path.read_text()))]


@pytest.mark.parametrize("path", spoken(), ids=lambda path: path.stem)
def test_no_name_hides_the_one_that_messages_are_marked_by(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "quart_app.words"
        for alias in node.names
    }
    if "_" in imported:
        hiding = (ast.Name, ast.arg)
        assert not [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, hiding)
            and (node.arg if isinstance(node, ast.arg) else node.id) == "_"
            and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        ]


def bare_in_script(source: str) -> list[str]:
    """The strings of a script that read like words for people."""
    code = re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", source, flags=re.DOTALL)
    return [text for _quote, text in re.findall(r"([\"'`])([A-Z][a-z']+ [^\"`\n]*?)\1", code)]


@pytest.mark.parametrize("path", sorted((ROOT / "static/js").glob("*.js")), ids=lambda path: path.name)
def test_a_script_says_nothing_of_its_own(path: Path) -> None:
    """Its words come from the page, which is in the reader's language."""
    assert not bare_in_script(path.read_text())


def test_bare_words_are_found() -> None:
    assert bare_in_script('// "Not this one"\nsay("Saved again."); at("Escape"); x = `Now ${y}`') == [
        "Saved again.",
        "Now ${y}",
    ]
    assert BareText('<p title="Go">{{ x }}<b>Now</b> {{ _("Fine") }} 1:42 h</p>').found == ["Go", "Now"]
    assert [*spoken_in_expressions('{{ f("name", "Name") }}{{ _("Fine") }}{{ x or "Not yet" }}')] == [
        "Name",
        "Not yet",
    ]
    source = 'x = Toast("Saved.")\ny = _("Fine.")\nz = f"There is {x} already."\nlog("GET")'
    assert [text for _line, text in bare_strings(ast.parse(source))] == ["Saved.", "There is"]
