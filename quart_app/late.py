"""What was done while the connection was away, as the routes of timers take it."""

from datetime import datetime

from quart import request
from werkzeug.exceptions import abort

from quart_app import web
from quart_app.forms.late import Late, parse_late


async def read_late(now: datetime) -> Late:
    """When it was done, and to what, as the form says. 422 in words where its time can't be; 401 where it was done on a
    page of somebody else, so that it goes on waiting for them."""
    late, errors = parse_late(await web.form_fields() if request.mimetype else {}, now)
    if late is None:
        abort(422, next(iter(errors.values())))
    check_who(late)
    return late


def check_who(late: Late) -> None:
    if late.who not in ("", web.page_key(web.viewer())):
        abort(401)
