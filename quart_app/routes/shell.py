"""Chronos as an app: its manifest, its service worker, and the page for when the server can't be reached."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from quart import Blueprint, Response, current_app, url_for

from quart_app import web
from quart_app.words import _

blueprint = Blueprint("shell", __name__)
_WORKER = Path(__file__).parents[2] / "static/js/sw.js"
_STATIC = re.compile(r'"(/static/[^"#]+\?v=[0-9a-f]+)["#]')
# Looked at each time: it must be able to say that there is a newer one.
_UNKEPT = {"Cache-Control": "no-cache"}


@blueprint.get("/manifest.webmanifest")
async def manifest() -> Response:
    """Name, icons and colours of the installed app, in the language of who asks."""
    await web.find_viewer()
    icons = [
        {
            "src": _asset(f"img/icon-{name}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for name, size, purpose in (("192", 192, "any"), ("512", 512, "any"), ("maskable", 512, "maskable"))
    ]
    start = url_for("timer.index")
    about = {
        "id": "/",
        "name": "Chronos",
        "short_name": "Chronos",
        "description": _("Time tracking that is right."),
        "start_url": start,
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f7f3",
        "theme_color": "#f7f7f3",
        "icons": icons,
        "shortcuts": [{"name": _("Start timer"), "url": f"{start}#timer-start", "icons": icons[:1]}],
    }
    return Response(json.dumps(about), 200, _UNKEPT, content_type="application/manifest+json")


@blueprint.get("/offline")
async def offline() -> Response:
    """The page that the service worker keeps. It is asked for without cookies, and says nothing of anybody."""
    response = await web.page("shell/offline.html")
    response.headers.update(_UNKEPT)
    return response


@blueprint.get("/sw.js")
async def worker() -> Response:
    """The service worker, with what it has to keep. Another page, or other files for it, make it another one."""
    template = current_app.jinja_env.get_template("shell/offline.html")
    # The messages that wait for this browser's next page are not for this one.
    page = template.render(viewer=None, get_flashed_messages=tuple)
    shell = [url_for("shell.offline"), *sorted({*_STATIC.findall(page)})]
    version = hashlib.sha256(page.encode()).hexdigest()[:12]
    text = f'const CACHE = "chronos-{version}";\nconst SHELL = {json.dumps(shell)};\n{_WORKER.read_text("utf-8")}'
    return Response(text, 200, _UNKEPT, content_type="text/javascript; charset=utf-8")


def _asset(path: str) -> str:
    address: Callable[[str], str] = cast(Any, current_app.jinja_env.globals["asset"])
    return address(path)
