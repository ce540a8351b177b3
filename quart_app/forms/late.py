"""What a browser says of something that was done while the connection was away, and is sent when it is back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator

from quart_app.fields import Errors, Form, OptionalId, Typed, parse
from quart_app.words import _

# How far a device's clock may be ahead of ours, once the page has set it right, and how late something may come.
SKEW = timedelta(minutes=2)
LATEST = timedelta(days=7)
_MILLISECONDS = 100_000_000_000  # as many seconds would be in the year 5138


def _moment(value: str) -> str:
    if value and not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise ValueError(_("This time can't be read."))
    return value


class LateForm(Form):
    """`id`: of the timer to start, or the entry to stop. `at`: when, in seconds or milliseconds since 1970. `who`: the
    key of the page that it was done on (web.page_key)."""

    id: OptionalId = None
    at: Annotated[Typed, AfterValidator(_moment)] = ""
    who: Typed = ""


@dataclass(frozen=True, slots=True)
class Late:
    """`at` is None for what is done now."""

    id: UUID | None
    at: datetime | None
    who: str


def parse_late(fields: Mapping[str, str], now: datetime) -> tuple[Late | None, Errors]:
    """When it was done, cut to whole seconds; a clock that is a little ahead makes it now. An error for what lies
    in the future, or too long ago to be put right by itself."""
    form, errors = parse(LateForm, fields)
    if form is None:
        return None, errors
    if not form.at:
        return Late(form.id, None, form.who), {}
    seconds = int(form.at)
    if seconds >= _MILLISECONDS:
        seconds //= 1000
    ago = now.timestamp() - seconds
    if ago < -SKEW.total_seconds():
        return None, {
            "at": _("This time is still to come. Set the clock of this device right, then try again.")
        }
    if ago > LATEST.total_seconds():
        return None, {"at": _("This was more than a week ago. Add it as an entry by hand.")}
    return Late(form.id, min(datetime.fromtimestamp(seconds, UTC), now), form.who), {}
