"""A report on paper (A4), for handing to a client: Typst sets report.typ with the report's words as data.

What people wrote is data in there, never markup.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from quart_app import charts, periods, words
from quart_app.money import to_minor
from quart_app.report_table import Adder, Column, Figure, Kind, Refused, Row, Table
from quart_app.words import _

MOST_LINES = 5000
LONGEST_SECONDS = 120
_TYPESETTER = Path(__file__).with_name("typesetter.py")
_log = structlog.get_logger(__name__)
# The colours of projects, as tokens.css has them on light ground.
_COLOURS = (
    *("#2f7ed8", "#d1495b", "#edae49", "#00798c", "#7b5ea7", "#3f9e4d"),
    *("#e36414", "#c44b9a", "#5c6b73", "#8f6b3a", "#1fa2a6", "#a3b18a"),
)
_REST = "#b9c1bd"
_NUMBERS = {Kind.SECONDS, Kind.HOURS, Kind.MONEY, Kind.COUNT}


# --- cells -----------------------------------------------------------------------------------------------------------


def _duration(seconds: int, style: str) -> str:
    if style == "decimal":
        return words.format_decimal(seconds)
    clock = periods.format_duration(seconds)
    return clock if style == "clock" else f"{clock} · {words.format_decimal(seconds)}"


def _text(table: Table, column: Column, cell: Any) -> str:
    if cell is None:
        return ""
    if column.kind is Kind.SECONDS:
        if not cell and column.key.startswith("seconds_"):
            return ""  # a day of a grid: most are empty
        return _duration(cell, table.durations)
    if column.kind is Kind.MONEY:
        return words.format_amount(to_minor(cell), table.currency)
    if column.kind is Kind.FLAG:
        return _("yes") if cell else _("no")
    return str(cell)


class _Lines:
    """The lines of a summary or a weekly report: its rows as they are, under their groups."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.places = [place for place, column in enumerate(table.columns) if column.is_listed]
        if table.groups:  # the first column is the groups' own
            self.places = self.places[1:]

    def columns(self) -> list[dict[str, Any]]:
        shown = [self.table.columns[place] for place in self.places]
        is_wide = not any(column.kind is Kind.TEXT for column in shown[1:])
        names = [column.name for column in shown]
        if self.table.groups:
            names[0] = f"{self.table.columns[0].name}, {names[0]}"
        return [
            {
                "name": name,
                "number": column.kind in _NUMBERS,
                "wide": int(column.kind is Kind.TEXT and (is_wide or not place)),
            }
            for place, (name, column) in enumerate(zip(names, shown, strict=True))
        ]

    def rows(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        if not self.table.groups:
            return [self._line("row", row) for row in rows]
        found, place = [], 0
        for group in self.table.groups:
            found.append(self._line("group", group.totals, group.name))
            found += [self._line("under", row) for row in rows[place : place + group.rows]]
            place += group.rows
        return found

    def foot(self, totals: Row) -> dict[str, Any]:
        return self._line("total", totals, _("Total"))

    def _line(self, kind: str, row: Row, name: str | None = None) -> dict[str, Any]:
        columns = self.table.columns
        cells = [_text(self.table, columns[place], row[place]) for place in self.places]
        if name is not None:
            cells[0] = name
        return {"kind": kind, "cells": cells}


class _Entries:
    """The lines of a list of entries: what was done with where it belongs beneath it."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.keys = [column.key for column in table.columns]
        has_several = next(column.is_listed for column in table.columns if column.key == "member")
        numbers = [key for key in ("seconds", "rounded_seconds", "amount") if key in self.keys]
        self.shown = ["date", "clock", "description", *(["member"] if has_several else []), *numbers]

    def columns(self) -> list[dict[str, Any]]:
        names = {column.key: column.name for column in self.table.columns} | {"clock": _("Time")}
        numbers = {"seconds", "rounded_seconds", "amount"}
        return [
            {"name": names[key], "number": key in numbers, "wide": int(key == "description")}
            for key in self.shown
        ]

    def rows(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return [{"kind": "row", "cells": self._cells(dict(zip(self.keys, row, strict=True)))} for row in rows]

    def foot(self, totals: Row) -> dict[str, Any]:
        known = dict(zip(self.keys, totals, strict=True))
        cells = [self._number(key, known) if known.get(key) is not None else "" for key in self.shown]
        cells[0] = _("Total")
        return {"kind": "total", "cells": cells}

    def _cells(self, entry: dict[str, Any]) -> list[Any]:
        clock = f"{entry['start'][:5]} – {entry['end'][:5] if entry['end'] else _('now')}"
        place = " · ".join(text for text in (entry["project"], entry["client"], entry["task"]) if text)
        tags = " ".join(f"#{tag}" for tag in entry["tags"])
        beneath = "  ".join(text for text in (place, tags) if text)
        what = entry["description"] or _("No description")
        known: dict[str, Any] = {
            "date": words.date_words(date.fromisoformat(entry["date"])),
            "clock": clock,
            "description": [what, beneath] if beneath else what,
            "member": entry["member"],
        }
        return [known[key] if key in known else self._number(key, entry) for key in self.shown]

    def _number(self, key: str, entry: dict[str, Any]) -> str:
        column = self.table.columns[self.keys.index(key)]
        return _text(self.table, column, entry[key])


# --- the page --------------------------------------------------------------------------------------------------------


def _chart(figure: Figure) -> dict[str, Any]:
    """The chart's geometry, as report.typ draws it."""
    series = [
        (name, _COLOURS[int(colour[1:]) - 1] if colour.startswith("p") else _REST)
        for name, colour in figure.series
    ]
    return {
        "title": figure.title,
        "series": series,
        "margin": 6 + 5 * max((len(label) for label in figure.ticks), default=1),
        "ticks": [
            {"y": tick.y / charts.HEIGHT, "label": label}
            for tick, label in zip(figure.drawing.ticks, figure.ticks, strict=True)
        ],
        "bars": [
            {
                "x": column.x,
                "width": column.bar,
                "label": label,
                "blocks": [
                    {
                        "series": min(block.series, len(series) - 1),
                        "y": block.y / charts.HEIGHT,
                        "height": block.height / charts.HEIGHT,
                    }
                    for block in column.blocks
                ],
            }
            for column, label in zip(figure.drawing.columns, figure.labels, strict=True)
        ],
    }


def _page(table: Table, rows: Sequence[Row], totals: Row) -> dict[str, Any]:
    """All that report.typ asks for."""
    lines = _Entries(table) if table.view == "detailed" else _Lines(table)
    columns = lines.columns()
    is_crowded = len(columns) > 10
    made = [*lines.rows(rows), lines.foot(totals)] if rows else []
    # Said large in the head already.
    about = [pair for pair in table.about if pair[1] not in (table.workspace, table.period)]
    return {
        "title": table.title,
        "workspace": table.workspace,
        "period": table.period,
        "about": about,
        "figures": table.key_figures,
        "chart": _chart(table.figure) if table.figure else None,
        "columns": columns,
        "rows": made,
        "notes": table.notes,
        "nothing": _("No time was tracked here."),
        "footer": f"{table.workspace} · {table.title} · {table.period}",
        "landscape": len(columns) > 8,
        "size": 9.5 if not is_crowded else max(4.5, 9.5 - (len(columns) - 10) * 0.18),
        "inset": 5 if not is_crowded else max(1.2, 5 - (len(columns) - 10) * 0.16),
        "lang": words.taste().locale,
    }


async def typeset(page: dict[str, Any]) -> bytes:
    """The PDF of what _page gives. Raises Refused where it can't be set: for want of memory, it may be."""
    work = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_TYPESETTER), str(len(page["rows"]))),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            made, told = await work.communicate(json.dumps(page, ensure_ascii=False).encode())
    except TimeoutError:
        made, told = b"", b"It took too long."
    finally:
        if work.returncode is None:
            work.kill()
            await work.wait()
    if work.returncode != 0 or not made:
        _log.error("pdf_failed", code=work.returncode, reason=told.decode(errors="replace")[-2000:])
        raise Refused(_("This PDF can't be made here. Choose a shorter period, or CSV."))
    return made


def too_long(rows: int) -> Refused:
    return Refused(
        _(
            "This report has %(n)s lines, and a PDF takes at most %(most)s. Choose a shorter period, or CSV.",
            n=f"{rows:,}",
            most=f"{MOST_LINES:,}",
        )
    )


async def write(table: Table) -> AsyncGenerator[bytes]:
    """The file, once it is whole. Raises Refused."""
    rows: list[Row] = []
    added = Adder(table.columns)
    async for some in table.rows:
        added.add(some)
        if added.rows > MOST_LINES:
            raise too_long(added.rows)
        rows += some
    page = _page(table, rows, table.totals or added.totals)
    yield await typeset(page)
