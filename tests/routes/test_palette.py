"""The palette's routes, with the cast: each finds what they may see, and is offered what they may do."""

import re

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app.routes import palette
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}


async def found(person: Person, q: str = "", path: str = "/palette/results") -> str:
    response = await person.client.get(path, query_string={"q": q})
    assert response.status_code == 200
    body = await response.get_data(as_text=True)
    return re.sub(r"</?mark>", "", body)


@pytest.fixture
async def studio(cast: Cast) -> Cast:
    alice = cast.alice.client
    await alice.post(
        "/projects",
        form={"name": "Website Redesign", "colour": "3", "new_client": "Acme", "is_billable": "1"},
    )
    await alice.post("/tags", form={"name": "website"})
    await alice.post(
        "/entries", form={"date": "2026-11-20", "start": "9", "end": "10", "description": "Web plan"}
    )
    return cast


async def test_page_and_fragment_hold_the_same(studio: Cast) -> None:
    fragment = await found(studio.alice, "web")
    page = await found(studio.alice, "web", "/palette")
    assert fragment.strip() in page
    assert 'value="web"' in page


async def test_every_page_is_found_by_its_name(app: Quart, studio: Cast) -> None:
    everything = await found(studio.alice)
    async with app.test_request_context("/"):
        for endpoint, title, _ in palette.PAGES:
            path = app.url_for(endpoint)
            assert f'href="{path}"' in everything
            assert f'href="{path}"' in await found(studio.alice, title.lower())


async def test_a_project_is_started_on_or_gone_to(studio: Cast) -> None:
    body = await found(studio.alice, "wr")
    assert re.search(r'href="/projects/[0-9a-f-]{36}/edit"', body)
    start = re.search(r'<form method="post" action="/timer/start".*?</form>', body, re.DOTALL)
    assert start
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', start[0]))
    assert fields.keys() == {"project", "billable"}
    await studio.alice.client.post("/timer/start", form=fields)
    assert "Website Redesign" in await found(studio.alice, "", "/timer")


async def test_clients_tags_and_recent_entries_are_found(studio: Cast) -> None:
    body = await found(studio.alice, "web")
    assert re.search(r'href="/tags/[0-9a-f-]{36}/edit"', body)
    assert re.search(r'action="/entries/[0-9a-f-]{36}/continue"', body)
    assert "Web plan" in body
    assert re.search(r'href="/clients/[0-9a-f-]{36}/edit"', await found(studio.alice, "acme"))


async def test_members_see_what_they_may_not_change_and_viewers_are_offered_no_timer(studio: Cast) -> None:
    bob = await found(studio.bob, "web")
    assert re.search(r'href="/projects#projects-row-[0-9a-f-]{36}"', bob)
    assert 'action="/timer/start"' in bob
    assert "/edit" not in bob
    assert "Web plan" not in bob
    dana = await found(studio.dana, "web") + await found(studio.dana)
    assert re.search(r'href="/projects#projects-row-[0-9a-f-]{36}"', dana)
    assert 'action="/timer' not in dana
    assert "Website" not in await found(studio.charlie, "web")


async def test_what_is_typed_can_be_started(studio: Cast) -> None:
    body = await found(studio.alice, 'Call <b>"Ada"</b>')
    assert "Start “Call &lt;b&gt;&#34;Ada&#34;&lt;/b&gt;”" in body
    assert 'name="description" value="Call &lt;b&gt;&#34;Ada&#34;&lt;/b&gt;"' in body
    assert "Nothing like" in await found(studio.dana, "qqqq")


async def test_what_can_be_done_depends_on_what_runs(studio: Cast) -> None:
    assert 'action="/timer/stop"' not in await found(studio.alice)
    await studio.alice.client.post("/timer/start", form={"description": "Web work"})
    body = await found(studio.alice, "stop")
    assert 'action="/timer/stop"' in body
    assert "Web work" in body
    assert 'action="/favourites"' in await found(studio.alice, "pin")


async def test_a_favourite_comes_before_the_entry_that_it_was_pinned_from(studio: Cast) -> None:
    entry = re.findall(r"/entries/([0-9a-f-]{36})/continue", await found(studio.alice, "plan"))[0]
    await studio.alice.client.post("/favourites", form={"entry": entry}, headers=HTMX)
    body = await found(studio.alice, "plan")
    assert re.search(r'action="/favourites/[0-9a-f-]{36}/start"', body)
    assert "/continue" not in body


async def test_it_is_up_to_date_after_every_change(studio: Cast) -> None:
    assert "Cellar" not in await found(studio.bob, "cellar")
    await studio.alice.client.post("/projects", form={"name": "Cellar", "colour": "3"})
    assert "Cellar" in await found(studio.bob, "cellar")


@pytest.mark.parametrize("path", ["/palette", "/palette/results", "/palette/keys"])
async def test_strangers_to_the_house_are_sent_to_sign_in(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login?next=/palette")
    assert (await client.post(path)).status_code == 405


async def test_the_list_of_keys_has_words_for_those_of_a_list(cast: Cast) -> None:
    response = await cast.dana.client.get("/palette/keys")
    body = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert body.strip().startswith('<div id="palette-keys">')
    for key in "ecx":
        assert f"<kbd>{key}</kbd>" in body
