"""The one stream that all tabs of a browser listen on."""

from collections.abc import AsyncIterator

from quart import Blueprint, Response

from quart_app.live import events
from quart_app.web import chronos, find_viewer, page_key, page_revision

blueprint = Blueprint("live", __name__)

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


@blueprint.get("/live")
async def stream() -> Response:
    """Names of what changed for this viewer, as server-sent events, until they leave or the server stops."""
    person = await find_viewer()
    if person is None:
        return Response("", 401, {"Cache-Control": "no-store"})
    state = chronos()
    audiences = (f"user:{person.user_id}", f"workspace:{person.workspace_id}", f"session:{person.session_id}")

    async def body() -> AsyncIterator[bytes]:
        with state.live.subscribe(audiences) as mailbox:
            if state.closing.is_set():
                return
            async for event in events(mailbox, f"{page_key(person)} {page_revision(person)}"):
                yield event.encode()

    response = Response(body(), 200, HEADERS)
    response.timeout = None
    return response
