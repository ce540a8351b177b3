"""The manifest, the service worker and the page for when the server can't be reached."""

import json
import re
from pathlib import Path

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.support.cast import Cast

STATIC = Path(__file__).parents[2] / "static"


async def text(client: Client, path: str) -> str:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"
    return await response.get_data(as_text=True)


async def test_the_manifest_has_all_that_a_browser_needs_to_install(client: Client) -> None:
    response = await client.get("/manifest.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    about = json.loads(await text(client, "/manifest.webmanifest"))
    assert about["name"] == about["short_name"] == "Chronos"
    assert (about["start_url"], about["scope"], about["display"]) == ("/timer", "/", "standalone")
    assert {icon["purpose"] for icon in about["icons"]} == {"any", "maskable"}
    for icon in about["icons"]:
        assert (STATIC / icon["src"].removeprefix("/static/").partition("?")[0]).exists()
    assert [shortcut["url"] for shortcut in about["shortcuts"]] == ["/timer#timer-start"]


async def test_the_worker_keeps_the_offline_page_and_all_that_it_asks_for(client: Client) -> None:
    worker = await text(client, "/sw.js")
    listed = re.search(r"const SHELL = (\[.*\]);", worker)
    assert listed
    shell = json.loads(listed[1])
    page = await text(client, "/offline")
    assert shell[0] == "/offline"
    assert set(shell[1:]) == set(re.findall(r'"(/static/[^"]+)"', page))
    for path in shell[1:]:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_worker_is_another_where_its_files_are(app: Quart, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await text(app.test_client(), "/sw.js")
    assert before == await text(app.test_client(), "/sw.js")
    monkeypatch.setitem(app.jinja_env.globals, "asset", lambda path: f"/static/{path}?v=0123456789ab")
    after = await text(app.test_client(), "/sw.js")
    assert re.findall(r'CACHE = "(.*)"', before) != re.findall(r'CACHE = "(.*)"', after)


async def test_the_offline_page_says_so_and_knows_nobody(cast: Cast) -> None:
    page = await text(cast.alice.client, "/offline")
    assert "You are offline" in page
    assert 'action="/timer/start"' in page
    for secret in (cast.alice.viewer.username, cast.alice.viewer.workspace_name, "page-key"):
        assert secret not in page


async def test_what_waits_for_the_next_page_is_not_lost_to_the_worker(cast: Cast) -> None:
    """A message after a plain form is for the page, not for what the browser fetches beside it."""
    client = cast.alice.client
    await client.post("/timer/start", form={"description": "Think"})
    await client.post("/timer/discard")
    await client.get("/sw.js")
    assert "Timer discarded" in await (await client.get("/timer")).get_data(as_text=True)


@pytest.mark.parametrize("path", ["/manifest.webmanifest", "/offline", "/sw.js"])
async def test_nothing_can_be_sent_there(client: Client, path: str) -> None:
    assert (await client.post(path)).status_code == 405


async def test_every_page_is_part_of_the_app(cast: Cast, client: Client) -> None:
    for who, path in ((cast.alice.client, "/timer"), (client, "/login")):
        page = await (await who.get(path)).get_data(as_text=True)
        assert '<link rel="manifest" href="/manifest.webmanifest">' in page
