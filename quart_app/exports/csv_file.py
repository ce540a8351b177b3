"""CSV (RFC 4180): UTF-8 with a mark at its start, by which Excel knows it; one head, then rows, and nothing else.

The plain one is for programs: commas, English heads, decimal points. The other is for Excel where commas are decimal:
semicolons between, and numbers with commas.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

from quart_app.money import minor_digits, to_minor
from quart_app.report_table import (
    Cached,
    Kind,
    Table,
    format_hours,
    format_minor,
    format_seconds,
)
from quart_app.words import _

# What a spreadsheet takes for a formula, and what may stand before it unseen.
_BEGINS = frozenset("=+-@\t\r\n＝＋－＠")
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060\u00ad \t\r\n\x00\xa0"
_SUSPECTS = _BEGINS | frozenset(_UNSEEN)
MARK = "\ufeff"
_QUOTE, _LINE = '"', "\r\n"

Maker = Callable[[Iterable[Any]], Iterable[str]]


def defused(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would calculate."""
    if text and text[0] in _SUSPECTS and (text[0] in "\t\r\n" or text.lstrip(_UNSEEN)[:1] in _BEGINS):
        return f"'{text}"
    return text


def quoted(text: str, mark: str) -> str:
    """A cell as it stands in the file: in quotes where it needs them."""
    if '"' in text or mark in text or "\n" in text or "\r" in text:
        return f'"{text.replace(_QUOTE, _QUOTE * 2)}"'
    return text


def _makers(table: Table, mark: str) -> list[Maker]:
    """For each column what makes text of its cells, all of a chunk at once: a million rows have some twenty million
    cells, and most have been written before."""
    digits = minor_digits(table.currency) if table.currency else 2
    is_german = mark == ";"
    yes, no = (_("yes"), _("no")) if is_german else ("yes", "no")

    def number(text: str) -> str:
        return text.replace(".", ",") if is_german else text

    def kept(make: Callable[[Any], str]) -> Maker:
        known = Cached(lambda cell: "" if cell is None else make(cell))
        return lambda cells: map(known.__getitem__, cells)

    def name(text: str) -> str:
        return quoted(defused(text), mark)

    def texts(cells: Iterable[str]) -> Iterable[str]:
        return [
            name(cell)
            if '"' in cell or mark in cell or "\n" in cell or "\r" in cell or cell[:1] in _SUSPECTS
            else cell
            for cell in cells
        ]

    by_kind: dict[Kind, Maker] = {
        Kind.TEXT: kept(name),
        Kind.TAGS: kept(lambda tags: name(", ".join(tags))),
        Kind.DATE: kept(str),
        Kind.CLOCK: _plain,
        Kind.INSTANT: _plain,
        Kind.SECONDS: kept(format_seconds),
        Kind.HOURS: kept(lambda seconds: number(format_hours(seconds))),
        Kind.MONEY: kept(lambda amount: number(format_minor(to_minor(amount), digits))),
        Kind.COUNT: kept(str),
        Kind.FLAG: kept(lambda flag: yes if flag else no),
    }
    alone = {"description": texts, "id": _plain}  # hardly any is there twice
    return [alone.get(column.key, by_kind[column.kind]) for column in table.columns]


def _plain(cells: Iterable[str | None]) -> Iterable[str]:
    """Those that need no quotes, whatever they say."""
    return [cell or "" for cell in cells]


async def write(table: Table, *, semicolon: bool = False) -> AsyncGenerator[bytes]:
    """The file in pieces."""
    mark = ";" if semicolon else ","
    join, makers = mark.join, _makers(table, mark)
    head = f"{MARK}{join(quoted(defused(column.name), mark) for column in table.columns)}{_LINE}"
    async for rows in table.rows:
        cells = (make(column) for make, column in zip(makers, zip(*rows, strict=True), strict=True))
        yield f"{head}{_LINE.join(map(join, zip(*cells, strict=True)))}{_LINE}".encode()
        head = ""  # it goes out with the first rows, which may fail to come
    if head:
        yield head.encode()
