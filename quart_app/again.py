"""Starting a timer that says the same as something before: an entry that is continued, a favourite."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from quart import Response, url_for

from quart_app import web
from quart_app.access import EntryRow, Missing
from quart_app.db import Connection
from quart_app.forms.late import Late
from quart_app.ids import new_id
from quart_app.queries import tags, timer
from quart_app.queries.favourites import Favourite
from quart_app.words import _

CHANGED = ("timer-changed", "entries-changed")


async def start_same(
    said: EntryRow | Favourite, now: datetime, late: Late, make_fragment: Callable[[], Awaitable[Response]]
) -> Response:
    """Start it, and answer with the fragment; what runs is stopped. Where its project or task is archived nothing
    starts, and the answer says so. Raises Forbidden."""
    person = web.viewer()

    async def work(db: Connection) -> None:
        tag_ids = await tags.resolve_tags(db, person, said.tags, now) if said.tags else []
        what = (said.description, said.project_id, said.is_billable, tuple(tag_ids), said.tags, said.task_id)
        await timer.start_timer(db, person, timer.NewTimer(late.id or new_id(), *what), now, late.at)

    try:
        await web.chronos().database.transaction(work)
    except Missing:
        toast = web.Toast(_("Its project or task is archived. Restore that first, or start a new timer."))
        return await web.respond(make_fragment, url_for("timer.index"), toast=toast)
    await web.publish_work(person, *CHANGED)
    return await web.respond(make_fragment, url_for("timer.index"), *CHANGED)
