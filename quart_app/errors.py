"""What a request may not do, and how every refusal and failure looks: same-origin check, headers, error pages."""

from contextlib import suppress
from typing import cast
from urllib.parse import urlsplit

import structlog
from quart import Quart, Response, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException, abort

from quart_app import exclusion, logs
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict, Trouble, Unavailable
from quart_app.web import find_viewer, speak_to, wants_fragment
from quart_app.words import N_, _

_log = structlog.get_logger(__name__)
Fields = list[tuple[str, str]]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_cross_site() -> None:
    """403 for a state-changing request that another site's page makes (Fetch Metadata, then Origin).

    Browsers leave Sec-Fetch-Site out on plain-HTTP hosts other than localhost, so Origin is compared with Host there.
    Neither header: not a browser, which carries no one's cookie unless told to.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        origin = request.headers.get("Origin")
        allowed = origin is None or urlsplit(origin).netloc.casefold() == request.host.casefold()
    if not allowed:
        abort(403, _("This form came from another site. Open Chronos itself and try again."))


SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


# What happened, and what to do next.
WORDS = {
    400: (N_("That didn't work"), N_("The address or the form can't be read. Go back and try again.")),
    403: (
        N_("This isn't yours to do"),
        N_("Ask an owner or manager of the workspace to do it, or to change your role."),
    ),
    404: (
        N_("Nothing here"),
        N_("It may have been deleted, or the address is wrong. Your time is safe on the timer page."),
    ),
    405: (N_("That address doesn't do this"), N_("Go back to the page and use its buttons.")),
    409: (N_("Something else came first"), N_("Look at the page again: it shows how things stand now.")),
    413: (N_("That is too much at once"), N_("Send less than 1 MB at a time.")),
    415: (N_("That kind of content isn't understood"), N_("Send it as an ordinary form.")),
    429: (N_("Too many tries"), N_("Wait a little, then try again.")),
    500: (
        N_("Something broke on our side"),
        N_("Nothing of yours was lost. Try again; if it stays, tell whoever runs this Chronos."),
    ),
    503: (
        N_("Chronos is catching its breath"),
        N_("The database can't be reached right now. Try again in a few seconds."),
    ),
}


# The same for a database that can still be read.
UNSAVED = N_("Nothing can be saved right now")
TROUBLES: dict[Trouble, tuple[str, str]] = {
    "full": (
        UNSAVED,
        N_("The database's disk is full. Tell whoever runs this Chronos, and try again when there is room."),
    ),
    "read-only": (UNSAVED, N_("The database takes no changes at the moment. Try again in a while.")),
    "broken": (
        UNSAVED,
        N_("The database's disk does not work. Tell whoever runs this Chronos, and try again later."),
    ),
}
# Seconds after which trying again makes sense: a restart takes a few, making room takes somebody.
RETRY_AFTER, RETRY_AFTER_HELP = "5", "60"


async def _find_language(*, ask_database: bool) -> None:
    """Where nobody has asked yet who the caller is. An outage leaves what the browser prefers."""
    if "is_spoken_to" not in g:
        speak_to(None)
        if ask_database:
            with suppress(Unavailable):
                await find_viewer()


# Where a question can be asked, routes do so themselves.
OVERLAPS = N_(
    "This would overlap another entry, and this workspace allows no overlaps. Change the times of one of them."
)


async def error_response(
    status: int, detail: str | None = None, *, trouble: Trouble = "away", again: Fields | None = None
) -> Response:
    """An error as a page of the site's look, or as a fragment where htmx asks. One of ours asks no database, which may
    be the trouble. `again` is what was sent, to be sent once more by a button on the page."""
    await _find_language(ask_database=status < 500)
    title, advice = TROUBLES.get(trouble, WORDS.get(status, WORDS[400 if status < 500 else 500]))
    template = "errors/_error.html" if wants_fragment() else "errors/error.html"
    body = await render_template(
        template,
        status=status,
        title=_(title),
        advice=detail or _(advice),
        request_id=logs.request_id(),
        again=again,
        address=request.full_path.removesuffix("?"),
    )
    response = cast(Response, await make_response(body, status))
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER_HELP if trouble in TROUBLES else RETRY_AFTER
    if wants_fragment():
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "beforeend"
    return response


async def _what_was_sent() -> Fields | None:
    """The fields of a plain form, for htmx leaves the form as it is. Nothing of one with a password, which must not
    stand in a page."""
    if request.method != "POST" or wants_fragment():
        return None
    try:
        fields = [*(await request.form).items(multi=True)]
    except HTTPException:
        return None
    return None if any("password" in name for name, _value in fields) else fields


def install(app: Quart) -> None:
    """Every error answers in the site's look; what we did not expect is logged with its traceback."""

    async def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400 and error.response is not None:
            return cast(Response, error.response)
        own_words = error.description if error.description != type(error).description else None
        response = await error_response(status, own_words)
        for name, value in error.get_headers():
            if name.lower() in ("retry-after", "allow"):
                response.headers[name] = value
        return response

    async def unavailable(error: Unavailable) -> Response:
        tell = _log.error if error.trouble in TROUBLES else _log.warning
        tell("database_unavailable", path=request.path, reason=error.meaning, error=str(error))
        return await error_response(503, trouble=error.trouble, again=await _what_was_sent())

    async def missing(error: Missing) -> Response:
        return await error_response(404)

    async def forbidden(error: Forbidden) -> Response:
        return await error_response(403)

    async def unexpected(error: Exception) -> Response:
        if isinstance(error, Conflict) and exclusion.is_overlap(error):
            return await error_response(409, _(OVERLAPS))
        _log.exception("unexpected_error", path=request.path, exc_info=error)
        return await error_response(500)

    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(Missing, missing)
    app.register_error_handler(Forbidden, forbidden)
    app.register_error_handler(Exception, unexpected)
