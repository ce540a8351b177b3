"""The messages of the code and the templates, and the catalogues that `make messages` brings up to date with them.

What it writes depends on the sources alone: no dates, no line numbers, and the messages in the order of their text.
"""

import copy
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from quart_app import words

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "quart_app/translations"
TEMPLATE = FOLDER / "messages.pot"
# Whose names mean a message, and which of what they are given it is: one, or the forms for one and for many.
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "form_for": (1, 2)}
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
HEADER = "# What Chronos says in {language}. docs/development.md tells how to change it."
# Of the header of a catalogue: what would change each time, and who did what, which the history knows.
PASSING = (
    *(b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Last-Translator', b'"Language-Team'),
    *(b'"Generated-By', b'"Report-Msgid-Bugs-To', b'"Project-Id-Version'),
)


def languages() -> list[str]:
    """Those that need a catalogue: English stands in the code."""
    return sorted(words.LANGUAGES.keys() - {"en"})


def path_of(locale: str) -> Path:
    return FOLDER / locale / "LC_MESSAGES/messages.po"


def extract() -> Catalog:
    """What the code says today."""
    found = _blank(None)
    for folder, method in (("quart_app", "python"), ("templates", "jinja2")):
        mapping = [("**.py" if method == "python" else "**.html", method)]
        for name, _line, message, comments, context in extract_from_dir(
            ROOT / folder,
            mapping,
            {"**.html": JINJA},
            KEYWORDS,
            ("For translators:",),
            strip_comment_tags=True,
        ):
            place = [(f"{folder}/{name}", 0)]
            found.add(message, locations=place, auto_comments=comments, context=context)
    return found


def _blank(locale: str | None) -> Catalog:
    language = words.LANGUAGES[locale] if locale else "English, to begin another language from"
    return Catalog(locale, header_comment=HEADER.format(language=language), fuzzy=False)


def read(locale: str) -> Catalog:
    with path_of(locale).open("rb") as file:
        return read_po(file, locale)


def translations(catalogue: Catalog) -> list[Message]:
    """Its messages, without the header."""
    return [message for message in catalogue if message.id]


def write(catalogue: Catalog, path: Path) -> None:
    made = BytesIO()
    write_po(made, catalogue, width=120, sort_output=True, include_lineno=False)
    lines = [line for line in made.getvalue().splitlines(keepends=True) if not line.startswith(PASSING)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))


def update() -> None:
    """Write the template, and into each catalogue what is new; what is no longer said is left out."""
    fresh = extract()
    write(fresh, TEMPLATE)
    for locale in languages():
        known = read(locale) if path_of(locale).is_file() else _blank(locale)
        known.update(copy.deepcopy(fresh), no_fuzzy_matching=True)
        known.obsolete.clear()
        known.fuzzy, known.header_comment = False, _blank(locale).header_comment
        write(known, path_of(locale))
        missing = [
            message.id for message in translations(known) if not is_translated(message) or message.fuzzy
        ]
        print(
            f"{locale}: {len(translations(known))} messages, {len(missing)} without a translation",
            *missing,
            sep="\n  ",
        )


def forms_of(text: object) -> list[str]:
    """A message, or its translation, in each of its forms."""
    return [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload]


def is_translated(message: Message) -> bool:
    """In all its forms."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


if __name__ == "__main__":
    update()
