"""JSON Lines, for programs: a line about the report, a line for each row, and a last line by which one knows that
nothing is missing."""

import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

from quart_app.money import minor_digits, to_minor
from quart_app.report_table import Adder, Kind, Row, Table, format_minor


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cells(table: Table) -> list[tuple[int, str, Callable[[Any], Any] | None]]:
    """Place and key of each column that is written, and what makes JSON of its cells. Decimal hours say nothing that
    seconds do not."""
    digits = minor_digits(table.currency) if table.currency else 2

    def money(amount: int | None) -> str | None:
        return None if amount is None else format_minor(to_minor(amount), digits)

    makers = {Kind.MONEY: money}
    return [
        (place, column.key, makers.get(column.kind))
        for place, column in enumerate(table.columns)
        if column.kind is not Kind.HOURS
    ]


def _object(cells: list[tuple[int, str, Callable[[Any], Any] | None]], row: Row) -> dict[str, Any]:
    return {key: make(row[place]) if make else row[place] for place, key, make in cells}


async def write(table: Table) -> AsyncGenerator[bytes]:
    """The file in pieces."""
    cells, added = _cells(table), Adder(table.columns)
    head = f"{_line({'report': table.facts})}\n"
    async for rows in table.rows:
        added.add(rows)
        lines = "".join(f"{_line(_object(cells, row))}\n" for row in rows)
        yield f"{head}{lines}".encode()
        head = ""  # it goes out with the first rows, which may fail to come
    totals = table.totals or added.totals
    sums = {
        key: value
        for key, value in _object(cells, totals).items()
        if value is not None and key in _summed(table)
    }
    yield f"{head}{_line({'end': True, 'rows': added.rows, **sums})}\n".encode()


def _summed(table: Table) -> set[str]:
    return {column.key for column in table.columns if column.is_summed}
