"""chronos export: a report as a file, without a browser."""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs

from quart_app import periods, words
from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Database
from quart_app.drafts import drafted, settle
from quart_app.forms.reports import parse_report
from quart_app.queries import exports
from quart_app.report_files import Desk, File, begin
from quart_app.report_table import Refused
from quart_app.words import _

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for: whose report of which workspace ("": their own), in which of
    report_files.FORMATS, where to ("-": standard output), and the fields of its address."""

    user: str
    workspace: str
    wanted: str
    output: str
    query: str
    fields: Mapping[str, str | None]


async def export(database: Database, order: Order, now: datetime) -> str:
    """Write the file, and return its name and size in words, "" where it went to standard output. Raises Refused,
    drafts.Refused and Unavailable."""
    # As in server.py: rows come and go by the thousand, and none of them refers to itself.
    gc.set_threshold(100_000, 50, 1_000)
    viewer = await _find_viewer(database, order)
    locale = viewer.locale if viewer.locale in words.LANGUAGES else "en"
    words.speak(words.Taste(locale, viewer.duration_format))
    fields: dict[str, Sequence[str]] = dict(parse_qs(order.query.removeprefix("?"), keep_blank_values=True))
    fields |= {name: [value] for name, value in order.fields.items() if value}
    asked = parse_report(fields, "ymd", periods.local_day(now, viewer.zone))
    try:
        file = await begin(database, viewer, asked, order.wanted, now, Desk())
    except (Missing, Forbidden) as error:
        raise Refused(
            _("The report asks for something that %(name)s may not see.", name=viewer.username)
        ) from error
    async with aclosing(file.body):
        if order.output == STDOUT:
            await _print(file)
            return ""
        place = Path(order.output)
        return await _save(file, place / file.name if place.is_dir() else place)  # noqa: ASYNC240 (nobody waits beside it)


async def _find_viewer(database: Database, order: Order) -> Viewer:
    async with database.reading() as db:
        found = await exports.find_viewers(db, order.user)
    if not found:
        raise Refused(_("There is no account with the name %(name)s.", name=order.user))
    if not order.workspace:
        return found[0]
    for viewer in found:
        if order.workspace.casefold() in (viewer.workspace_name.casefold(), str(viewer.workspace_id)):
            return viewer
    names = ", ".join(viewer.workspace_name for viewer in found)
    raise Refused(
        _(
            "%(name)s is in no workspace %(workspace)s, but in these: %(names)s.",
            name=order.user,
            workspace=order.workspace,
            names=names,
        )
    )


async def _save(file: File, target: Path) -> str:
    """The file is there once it is whole."""
    with drafted(target) as draft:
        with draft.open("wb") as out:
            await _write(file, out)
        settle(draft, target)
    return f"{target} ({target.stat().st_size:,} bytes)"  # noqa: ASYNC240


async def _print(file: File) -> None:
    """To standard output, as long as anybody reads it."""
    try:
        await _write(file, sys.stdout.buffer)
    except BrokenPipeError:
        # Else Python tries once more at its end, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _write(file: File, out: BinaryIO) -> None:
    async for piece in file.body:
        out.write(piece)
    out.flush()
