"""The timer's routes, with the cast: alice owns, bob is on her team, dana looks on, charlie is a stranger."""

import re
from uuid import uuid4

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app import periods
from quart_app.access import EntryRow
from quart_app.db import Database
from quart_app.queries import projects, timer
from tests.support.answers import text_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}


async def start(person: Person, *, htmx: bool = False, **fields: str) -> int:
    response = await person.client.post("/timer/start", form=fields, headers=HTMX if htmx else {})
    return response.status_code


async def running(database: Database, person: Person) -> EntryRow | None:
    async with database.reading() as db:
        return await timer.find_running(db, person.viewer)


async def test_without_script_a_start_comes_back_to_the_page_with_the_timer_running(cast: Cast) -> None:
    response = await cast.alice.client.post(
        "/timer/start", form={"description": "Think", "tags": "Ops, design"}
    )
    assert (response.status_code, response.headers["Location"]) == (303, "/timer")
    page = await text_of(cast.alice)
    assert "Think" in page
    assert "#design" in page
    assert ">Stop<" in page


async def test_with_htmx_a_start_answers_the_bar_and_names_what_changed(cast: Cast) -> None:
    response = await cast.alice.client.post("/timer/start", form={"description": "Think"}, headers=HTMX)
    body = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert body.strip().startswith('<section id="timer-bar"')
    assert response.headers["HX-Trigger"] == "timer-changed, entries-changed"


async def test_the_bar_answers_the_same_fragment_to_page_post_and_refresh(cast: Cast) -> None:
    await start(cast.alice, description="Think")
    bar = await text_of(cast.alice, "/timer/bar")
    page = await text_of(cast.alice)
    stripped = re.sub(r'name="id" value="[^"]+"|data-now="\d+"|>\d+:\d\d:\d\d<', "", bar)
    assert stripped.strip() in re.sub(r'name="id" value="[^"]+"|data-now="\d+"|>\d+:\d\d:\d\d<', "", page)


async def test_stopping_twice_succeeds(cast: Cast, database: Database) -> None:
    await start(cast.alice, description="Think")
    for _ in range(2):
        assert (await cast.alice.client.post("/timer/stop")).status_code == 303
    assert await running(database, cast.alice) is None


async def test_a_discarded_timer_offers_its_undo(cast: Cast, database: Database) -> None:
    await start(cast.alice, description="Think")
    response = await cast.alice.client.post("/timer/discard", headers=HTMX)
    body = await response.get_data(as_text=True)
    undo = re.search(r'action="(/undo/[^"]+)"', body)
    assert undo
    assert await running(database, cast.alice) is None
    assert (await cast.alice.client.post(undo[1], headers=HTMX)).status_code == 200
    assert await running(database, cast.alice) is not None


async def test_without_script_the_page_after_a_discard_offers_the_undo(cast: Cast) -> None:
    await start(cast.alice, description="Think")
    await cast.alice.client.post("/timer/discard")
    page = await text_of(cast.alice)
    assert "Timer discarded." in page
    assert re.search(r'action="/undo/[^"]+"', page)


async def test_the_timers_of_a_team_are_its_members_own(cast: Cast, database: Database) -> None:
    await start(cast.alice, description="Alice's secret")
    for person in (cast.bob, cast.dana, cast.charlie):
        assert "Alice's secret" not in (await text_of(person, "/timer/bar")).replace("&#39;", "'")
        assert "Alice's secret" not in (await text_of(person, "/entries/days")).replace("&#39;", "'")
    await start(cast.bob, description="Bob's")
    assert (await cast.bob.client.post("/timer/stop")).status_code == 303
    assert await running(database, cast.alice) is not None


@pytest.mark.parametrize("htmx", [False, True])
async def test_who_only_looks_on_may_not_start(cast: Cast, htmx: bool) -> None:
    assert await start(cast.dana, htmx=htmx, description="No") == 403


@pytest.mark.parametrize(
    "path", ["/timer", "/timer/bar", "/timer/running", "/timer/suggestions", "/entries/days"]
)
async def test_strangers_to_the_house_are_sent_to_sign_in(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login?next=/")
    assert (await client.get(path, headers=HTMX)).status_code == 401


@pytest.mark.parametrize("path", ["/timer/start", "/timer/stop", "/timer/discard"])
async def test_a_get_changes_nothing(cast: Cast, path: str) -> None:
    assert (await cast.alice.client.get(path)).status_code == 405


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"project": "nonsense"}, "Choose one from the list."),
        ({"project": str(uuid4())}, "This project is archived or gone. Choose another."),
        ({"tags": "x" * 61}, "Keep each tag to 60 characters or fewer."),
        ({"description": "x" * 5001}, "Keep this to 5000 characters or fewer."),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
async def test_bad_input_says_why_and_keeps_what_was_typed(
    cast: Cast, database: Database, fields: dict[str, str], words: str, htmx: bool
) -> None:
    typed = {"description": "Half a day <b>", "billable": "1", **fields}
    response = await cast.alice.client.post("/timer/start", form=typed, headers=HTMX if htmx else {})
    body = await response.get_data(as_text=True)
    assert response.status_code == 422
    assert words in body
    assert ("Half a day &lt;b&gt;" in body) or len(typed["description"]) > 5000
    assert 'name="billable" value="1" checked' in body
    assert await running(database, cast.alice) is None


async def test_nothing_typed_starts_a_timer_without_words(cast: Cast, database: Database) -> None:
    assert await start(cast.alice) == 303
    found = await running(database, cast.alice)
    assert found is not None
    assert found.description == ""


@pytest.mark.parametrize("description", ["\u202eevil", "🎉 launch", "שלום", "a\x00b", "  many   blanks  "])
async def test_odd_characters_are_kept_or_cleaned_but_break_nothing(
    cast: Cast, database: Database, description: str
) -> None:
    assert await start(cast.alice, description=description) == 303
    found = await running(database, cast.alice)
    assert found is not None
    assert not set(found.description) & set("\x00\u202e")


async def test_another_sites_form_is_refused(cast: Cast, database: Database) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        response = await cast.alice.client.post("/timer/start", form={}, headers=headers)
        assert response.status_code == 403
    assert await running(database, cast.alice) is None


async def test_content_of_another_kind_is_refused(cast: Cast) -> None:
    response = await cast.alice.client.post("/timer/start", json={"description": "x"})
    assert response.status_code == 415


async def test_ten_megabytes_are_too_much(cast: Cast) -> None:
    response = await cast.alice.client.post("/timer/start", form={"description": "x" * 10_000_000})
    assert response.status_code == 413
    assert "at a time" in await response.get_data(as_text=True)


async def test_suggestions_fill_project_tags_and_billable(cast: Cast, database: Database) -> None:
    await start(cast.alice, description="Write the plan", tags="ops", billable="1")
    await cast.alice.client.post("/timer/stop")
    body = await text_of(cast.alice, "/timer/suggestions?q=plan")
    assert 'data-description="Write the plan"' in body
    assert 'data-tags="ops"' in body
    assert 'data-billable="1"' in body
    assert 'role="option"' not in await text_of(cast.alice, "/timer/suggestions?q=nothing-like-it")


async def test_a_project_of_another_workspace_is_not_taken(cast: Cast, database: Database) -> None:
    values, now = projects.ProjectValues("Theirs", "", None, 1, False), periods.now()
    charlie = cast.charlie.viewer
    key = await database.transaction(lambda db: projects.insert_project(db, charlie, values, now))
    assert await start(cast.alice, project=str(key)) == 422
    assert await start(cast.alice, htmx=True, project=str(key)) == 422
    assert await start(cast.charlie, project=str(key)) == 303


async def test_the_home_page_is_the_timer_for_who_is_signed_in(cast: Cast) -> None:
    assert "What are you working on?" in await text_of(cast.alice, "/")


@pytest.mark.parametrize(
    "path", ["/timer?before=x", "/timer?edit=x", "/timer?before=0000-00-00", "/entries/days?since=q"]
)
async def test_an_address_that_says_nothing_is_not_found(cast: Cast, path: str) -> None:
    assert (await cast.alice.client.get(path)).status_code == 404
