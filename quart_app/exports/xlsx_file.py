"""An Excel workbook: a sheet with the rows, whose dates, times and durations are numbers that can be calculated with
and whose foot are formulas, and a sheet that says what the report is about.

It is made on the disk, a row at a time and beside the event loop, for it takes a while, and handed out when it is
whole."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.utility import xl_col_to_name

from quart_app.money import minor_digits
from quart_app.report_table import Adder, Column, Kind, Refused, Row, Table
from quart_app.words import _

# A sheet has 2**20 rows. One is the head, one the foot.
MOST_ROWS = 2**20 - 2
_PIECE = 1 << 16
_DAY = 86_400
_FIRST = date(1899, 12, 30).toordinal()  # of Excel's calendar, from 1 March 1900 on
_WIDTHS = {
    Kind.TEXT: 24,
    Kind.TAGS: 20,
    Kind.DATE: 12,
    Kind.CLOCK: 10,
    Kind.INSTANT: 21,
    Kind.SECONDS: 12,
    Kind.HOURS: 10,
    Kind.MONEY: 14,
    Kind.COUNT: 9,
    Kind.FLAG: 9,
}
_NOTHING = ("", ())
_LONGEST = 32_767  # characters of a cell
_SECONDS = tuple(number / _DAY for number in range(_DAY))


def _day_number(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _FIRST


class _Sheet:
    """The sheet with the rows, and how each kind of cell is written to it."""

    def __init__(self, table: Table, folder: Path) -> None:
        self.table = table
        self.path = folder / "report.xlsx"
        options = {
            "constant_memory": True,
            "tmpdir": str(folder),
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self.book = xlsxwriter.Workbook(self.path, options)
        self.digits = minor_digits(table.currency) if table.currency else 2
        self.formats = {kind: self._format(kind) for kind in Kind}
        self.bold = {kind: self._format(kind, bold=True, top=1) for kind in Kind}
        self.days: dict[str, int] = {}
        self.sheet = self.book.add_worksheet(_("Report"))
        self.about = self.book.add_worksheet(_("About"))
        self.row = 1
        self._begin()

    def _format(self, kind: Kind, **more: Any) -> Any:
        zeros = f".{'0' * self.digits}" if self.digits else ""
        numbers = {
            Kind.DATE: "yyyy-mm-dd",
            Kind.CLOCK: "hh:mm:ss",
            Kind.SECONDS: "[h]:mm:ss",
            Kind.HOURS: "0.00",
            Kind.MONEY: f"#,##0{zeros}",
            Kind.COUNT: "#,##0",
        }
        return self.book.add_format({"num_format": numbers.get(kind, "General"), "valign": "top", **more})

    def _begin(self) -> None:
        head = self.book.add_format({"bold": True, "bottom": 1, "valign": "top", "text_wrap": True})
        columns = self.table.columns
        for place, column in enumerate(columns):
            width = max(_WIDTHS[column.kind], min(len(column.name) + 3, 30))
            self.sheet.set_column(place, place, 42 if column.key == "description" else width)
        for place, column in enumerate(columns):
            self.sheet.write_string(0, place, column.name, head)
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(0)

    def _makers(self) -> list[tuple[Callable[..., Any], Callable[[Any], Any], Any]]:
        """For each column: what writes a cell, what makes its value, and its format."""
        sheet, per_unit = self.sheet, 3600 * 10**self.digits
        number, text = sheet.write_number, sheet.write_string
        values: dict[Kind, tuple[Callable[..., Any], Callable[[Any], Any]]] = {
            Kind.TEXT: (text, lambda cell: cell[:_LONGEST]),
            Kind.TAGS: (text, lambda cell: ", ".join(cell)[:_LONGEST]),
            Kind.DATE: (number, self._day),
            Kind.CLOCK: (number, _clock),
            Kind.INSTANT: (text, str),
            Kind.SECONDS: (number, lambda cell: cell / _DAY),
            Kind.HOURS: (number, lambda cell: cell / 3600),
            Kind.MONEY: (number, lambda cell: cell / per_unit),
            Kind.COUNT: (number, int),
            Kind.FLAG: (text, {True: _("yes"), False: _("no")}.__getitem__),
        }
        return [(*values[column.kind], self.formats[column.kind]) for column in self.table.columns]

    def _day(self, text: str) -> int:
        if (found := self.days.get(text)) is None:
            found = self.days[text] = _day_number(text)
        return found

    def write(self, rows: Sequence[Row]) -> None:
        makers, at = self._makers(), self.row
        for row in rows:
            for place, (write, value, form) in enumerate(makers):
                cell = row[place]
                if cell is not None and cell not in _NOTHING:
                    write(at, place, value(cell), form)
            at += 1
        self.row = at

    def finish(self, totals: Row) -> None:
        """The foot, the other sheet, and the file."""
        columns, last = self.table.columns, max(self.row, 2)
        self.sheet.autofilter(0, 0, max(self.row - 1, 1), max(len(columns) - 1, 0))
        self.sheet.write_string(self.row, 0, _("Total"), self.bold[Kind.TEXT])
        for place, (column, cell) in enumerate(zip(columns, totals, strict=True)):
            if cell is not None and place:
                self._write_total(place, column, cell, last)
        self._tell()
        self.book.close()

    def _write_total(self, place: int, column: Column, cell: int, last: int) -> None:
        parts = {Kind.SECONDS: _DAY, Kind.HOURS: 3600, Kind.MONEY: 3600 * 10**self.digits}
        value, form = cell / parts.get(column.kind, 1), self.bold[column.kind]
        name = xl_col_to_name(place)
        if self.table.overlaps or not column.is_summed:
            self.sheet.write_number(self.row, place, value, form)
        else:
            self.sheet.write_formula(self.row, place, f"=SUM({name}2:{name}{last})", form, value)

    def _tell(self) -> None:
        bold = self.book.add_format({"bold": True, "valign": "top"})
        wrapped = self.book.add_format({"text_wrap": True, "valign": "top"})
        self.about.set_column(0, 0, 24)
        self.about.set_column(1, 1, 70)
        lines = [
            (_("Report"), self.table.title),
            *self.table.about,
            *(("", note) for note in self.table.notes),
        ]
        for place, (name, text) in enumerate(lines):
            self.about.write_string(place, 0, name, bold)
            self.about.write_string(place, 1, text[:_LONGEST], wrapped)


def _clock(text: str) -> float:
    return _SECONDS[int(text[:2]) * 3600 + int(text[3:5]) * 60 + int(text[6:])]


def too_long(rows: int) -> Refused:
    return Refused(
        _(
            "This report has %(n)s rows, and a sheet of Excel holds %(most)s. Choose a shorter period, or CSV.",
            n=f"{rows:,}",
            most=f"{MOST_ROWS:,}",
        )
    )


async def write(table: Table) -> AsyncGenerator[bytes]:
    """The file in pieces, once it is whole. Raises Refused."""
    with TemporaryDirectory(prefix="chronos-") as folder:
        sheet, added = _Sheet(table, Path(folder)), Adder(table.columns)
        try:
            async for rows in table.rows:
                added.add(rows)
                if added.rows > MOST_ROWS:
                    raise too_long(added.rows)
                await _work(sheet.write, rows)
            await _work(sheet.finish, table.totals or added.totals)
        except BaseException:
            _close(sheet)
            raise
        with sheet.path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


async def _work(step: Callable[..., None], *given: Any) -> None:
    """A step in a thread. Raises Refused where the disk won't have it."""
    try:
        await asyncio.to_thread(step, *given)
    except (OSError, XlsxWriterException) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refused(_("The file can't be made: %(reason)s.", reason=reason)) from error


def _close(sheet: _Sheet) -> None:
    """Let go of the files of a workbook that nobody will finish."""
    for one in sheet.book.worksheets():
        if (file := getattr(one, "row_data_fh", None)) is not None:
            file.close()
    sheet.book.fileclosed = 1
