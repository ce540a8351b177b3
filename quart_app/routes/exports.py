"""Reports as files to download."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from quart import Blueprint, Response, current_app, request
from werkzeug.exceptions import abort

from quart_app import periods
from quart_app.report_files import Busy, Desk, begin, describe
from quart_app.report_page import read
from quart_app.report_table import Refused
from quart_app.web import chronos, signed_in, viewer

blueprint = Blueprint("exports", __name__)


@blueprint.get("/reports/export.<any(csv, xlsx, pdf, jsonl, ics):kind>")
@signed_in
async def export(kind: str) -> Response:
    """The report of this address as a file. It is streamed from a connection of its own, and one that can't be ended
    breaks off: so nobody takes a part for the whole."""
    person, now = viewer(), periods.now()
    if kind == "csv" and request.args.get("csv") == "semicolon":
        kind = "csv-semicolon"
    asked = read({name: request.args.getlist(name) for name in request.args}, person, now)
    database = chronos().database
    with _told():
        if request.method == "HEAD":
            file = await describe(database, person, asked, kind, now)
            body = None
        else:
            file = await begin(database, person, asked, kind, now, _desk())
            body = file.body
    response = Response(body, 200, _headers(file.name, file.media_type))
    response.timeout = None
    return response


def _headers(name: str, media_type: str) -> dict[str, str]:
    return {
        "Content-Type": media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


@contextmanager
def _told() -> Iterator[None]:
    """What can't be had as a file is said on a page."""
    try:
        yield
    except Busy as busy:
        abort(503, str(busy))
    except Refused as refused:
        abort(422, str(refused))


def _desk() -> Desk:
    """This process's, which is this application's."""
    return cast(Desk, current_app.extensions.setdefault("chronos-exports", Desk()))
