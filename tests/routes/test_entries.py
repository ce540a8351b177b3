"""Routes of entries, with the cast: alice owns, bob is on her team, dana looks on, charlie is a stranger."""

import re
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import EntryRow
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import entries, projects, timer
from quart_app.tables import entries as table
from tests.support.answers import text_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.usefixtures("afternoon")
FORM = {"date": "20/11/2026", "start": "9", "end": "10:30", "description": "Typed <in>", "tags": "ops"}


@pytest.fixture
async def entry_id(cast: Cast, database: Database) -> UUID:
    """An entry of alice's, of an hour, that ended an hour ago."""
    key, end = new_id(), periods.now() - timedelta(hours=1)
    new = entries.EntryValues("Plan", None, False, end - timedelta(hours=1), end)
    viewer = cast.alice.viewer
    await database.transaction(lambda db: entries.insert_entry(db, viewer, key, new, end))
    return key


async def find(database: Database, person: Person, key: UUID) -> EntryRow:
    async with database.reading() as db:
        return await entries.find_entry(db, person.viewer, key)


async def count(database: Database) -> int:
    async with database.reading() as db:
        return int((await db.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


def fields_of(html: str) -> dict[str, str]:
    """The text fields of a form as a browser would send them back."""
    inputs = re.findall(r'<input[^>]*name="(\w+)"[^>]*?value="([^"]*)"', html)
    return {name: value for name, value in inputs if name not in ("billable", "id")}


async def test_time_added_by_hand_stands_on_its_day(cast: Cast, database: Database) -> None:
    response = await cast.alice.client.post("/entries", form=FORM)
    assert (response.status_code, response.headers["Location"]) == (303, "/timer")
    page = await text_of(cast.alice, "/timer")
    assert "Typed &lt;in&gt;" in page
    assert "9:00 – 10:30" in page
    assert "Added: 1:30." in page


async def test_with_htmx_adding_answers_an_empty_form_and_names_what_changed(cast: Cast) -> None:
    response = await cast.alice.client.post("/entries", form=FORM, headers=HTMX)
    body = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert body.strip().startswith('<details class="add" id="entries-new">')
    assert "Typed" not in body
    assert "Added: 1:30." in body
    assert response.headers["HX-Trigger"] == "entries-changed"


async def test_an_end_before_its_start_says_that_it_means_the_next_day(cast: Cast) -> None:
    night = {**FORM, "start": "23:10", "end": "1:10"}
    response = await cast.alice.client.post("/entries", form=night, headers=HTMX)
    assert "It ends the next day, Sat 21 Nov." in await response.get_data(as_text=True)
    page = await text_of(cast.alice, "/timer")
    assert "+1</sup>" in page
    # Each day has its own share, and the shares are what the days' totals are made of.
    assert re.search(r"Friday <small>20 Nov</small></h2><b class=\"num\">0:50</b>", page)
    assert (
        re.search(r"Saturday <small>21 Nov</small></h2><b class=\"num\">1:10</b>", page) or "1:10</b>" in page
    )


async def test_sending_the_form_twice_adds_one_entry(cast: Cast, database: Database) -> None:
    form = {**FORM, "id": str(new_id())}
    for _ in range(2):
        assert (await cast.alice.client.post("/entries", form=form)).status_code == 303
    assert await count(database) == 1


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"date": "31/02/2026"}, "31"),
        ({"start": "half nine"}, "Type a time like"),
        ({"end": ""}, "Enter an end, or a duration."),
        ({"end": "", "duration": "soon"}, "Type a duration like"),
        ({"project": str(uuid4())}, "This project is archived or gone."),
        ({"date": "29/03/2026", "start": "2:30"}, "does not exist"),
        ({"date": "25/10/2026", "start": "2:30"}, "happens twice"),
    ],
)
async def test_bad_input_says_why_and_keeps_what_was_typed(
    cast: Cast, database: Database, change: dict[str, str], words: str, htmx: bool
) -> None:
    response = await cast.alice.client.post("/entries", form={**FORM, **change}, headers=HTMX if htmx else {})
    body = await response.get_data(as_text=True)
    assert response.status_code == 422
    assert words in body
    assert 'value="Typed &lt;in&gt;"' in body
    assert await count(database) == 0


async def test_a_time_that_comes_twice_can_be_chosen(cast: Cast, database: Database) -> None:
    form = {**FORM, "date": "25/10/2026", "start": "2:30", "end": "4:00"}
    body = await (await cast.alice.client.post("/entries", form=form)).get_data(as_text=True)
    assert 'name="start_fold" value="0"' in body
    assert (await cast.alice.client.post("/entries", form={**form, "start_fold": "1"})).status_code == 303
    assert "1:30</b>" in await text_of(cast.alice, "/timer?before=2026-10-26")


async def test_the_editor_sent_back_as_it_is_changes_no_second(
    cast: Cast, database: Database, entry_id: UUID
) -> None:
    before = await find(database, cast.alice, entry_id)
    fields = fields_of(await text_of(cast.alice, f"/entries/{entry_id}/editor"))
    response = await cast.alice.client.post(f"/entries/{entry_id}", form=fields, headers=HTMX)
    assert response.status_code == 200
    after = await find(database, cast.alice, entry_id)
    assert (after.started_at, after.ended_at, after.version) == (before.started_at, before.ended_at, 2)


async def test_without_script_an_entry_is_edited_on_the_page(
    cast: Cast, database: Database, entry_id: UUID
) -> None:
    page = await text_of(cast.alice, f"/timer?edit={entry_id}")
    assert f'<form class="editor" method="post" action="/entries/{entry_id}"' in page
    fields = fields_of(await text_of(cast.alice, f"/entries/{entry_id}/editor"))
    fields |= {"description": "Better", "duration": "2h", "tags": "new one, ops", "billable": "1"}
    response = await cast.alice.client.post(f"/entries/{entry_id}", form=fields)
    assert response.status_code == 303
    entry = await find(database, cast.alice, entry_id)
    assert (entry.description, entry.is_billable, entry.tags) == ("Better", True, ("new one", "ops"))
    assert entry.ended_at == entry.started_at + timedelta(hours=2)


async def test_without_script_an_old_entry_is_edited_on_the_page_of_its_day(
    cast: Cast, database: Database
) -> None:
    viewer, old, now = cast.alice.viewer, new_id(), periods.now()
    for days in range(1, 80):
        key = old if days == 79 else new_id()
        start = now - timedelta(days=days)
        new = entries.EntryValues(f"{days} days", None, False, start, start + timedelta(hours=1))
        await database.transaction(
            partial(entries.insert_entry, viewer=viewer, entry_id=key, new=new, now=now)
        )
    assert f'action="/entries/{old}"' in await text_of(cast.alice, f"/timer?edit={old}")


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_bad_edit_keeps_what_was_typed_and_the_entry_as_it_was(
    cast: Cast, database: Database, entry_id: UUID, htmx: bool
) -> None:
    fields = {**FORM, "end": "quarter past"}
    response = await cast.alice.client.post(f"/entries/{entry_id}", form=fields, headers=HTMX if htmx else {})
    body = await response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'value="quarter past"' in body
    assert 'value="Typed &lt;in&gt;"' in body
    assert (await find(database, cast.alice, entry_id)).version == 1


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_edit_overtaken_by_another_asks_before_it_overwrites(
    cast: Cast, database: Database, entry_id: UUID, htmx: bool
) -> None:
    fields = fields_of(await text_of(cast.alice, f"/entries/{entry_id}/editor"))
    headers = HTMX if htmx else {}
    await cast.alice.client.post(
        f"/entries/{entry_id}", form={**fields, "description": "First"}, headers=headers
    )
    late = {**fields, "description": "Second"}
    response = await cast.alice.client.post(f"/entries/{entry_id}", form=late, headers=headers)
    body = await response.get_data(as_text=True)
    assert response.status_code == 409
    assert "changed elsewhere" in body
    assert 'value="Second"' in body
    assert (await find(database, cast.alice, entry_id)).description == "First"
    again = {**late, "version": re.findall(r'name="version" value="(\d+)"', body)[0]}
    assert (await cast.alice.client.post(f"/entries/{entry_id}", form=again)).status_code == 303
    assert (await find(database, cast.alice, entry_id)).description == "Second"


async def test_continue_starts_the_same_again(cast: Cast, database: Database) -> None:
    await cast.alice.client.post("/entries", form={**FORM, "billable": "1"})
    body = await text_of(cast.alice, "/timer")
    path = re.findall(r'formaction="(/entries/[^"]+/continue)"', body)[0]
    response = await cast.alice.client.post(path, headers=HTMX)
    assert response.headers["HX-Trigger"] == "timer-changed, entries-changed"
    async with database.reading() as db:
        running = await timer.find_running(db, cast.alice.viewer)
    assert running is not None
    assert (running.description, running.tags, running.is_billable) == ("Typed <in>", ("ops",), True)


async def test_continuing_an_entry_of_an_archived_project_says_why_not(
    cast: Cast, database: Database
) -> None:
    viewer, now, key = cast.alice.viewer, periods.now(), new_id()
    values = projects.ProjectValues("Old", "", None, 1, False)
    project = await database.transaction(lambda db: projects.insert_project(db, viewer, values, now))
    new = entries.EntryValues("Work", project, False, now, now)
    await database.transaction(lambda db: entries.insert_entry(db, viewer, key, new, now))
    await database.transaction(lambda db: projects.archive_project(db, viewer, project, now))
    response = await cast.alice.client.post(f"/entries/{key}/continue", headers=HTMX)
    assert "Its project or task is archived." in await response.get_data(as_text=True)
    async with database.reading() as db:
        assert await timer.find_running(db, viewer) is None
    # Its other fields can still be changed: it keeps the project that it has.
    fields = fields_of(await text_of(cast.alice, f"/entries/{key}/editor")) | {"project": str(project)}
    assert (
        await cast.alice.client.post(f"/entries/{key}", form={**fields, "description": "New"})
    ).status_code == 303


async def test_delete_and_undo(cast: Cast, database: Database, entry_id: UUID) -> None:
    response = await cast.alice.client.post(f"/entries/{entry_id}/delete", headers=HTMX)
    undo = re.search(r'action="(/undo/[^"]+)"', await response.get_data(as_text=True))
    assert undo
    await text_of(cast.alice, f"/entries/{entry_id}/row", 404)
    assert (await cast.alice.client.post(undo[1])).status_code == 303
    assert (await find(database, cast.alice, entry_id)).description == "Plan"


async def test_a_deleted_entry_is_restored_once(cast: Cast, entry_id: UUID) -> None:
    for _ in range(2):
        assert (await cast.alice.client.post(f"/entries/{entry_id}/delete")).status_code == 303
    assert "Entry deleted." in await text_of(cast.alice, "/timer")
    for _ in range(2):
        assert (await cast.alice.client.post(f"/entries/{entry_id}/restore")).status_code == 303
    assert "Plan" in await text_of(cast.alice, "/timer")


POSTS = ["", "/continue", "/delete", "/restore", "/duplicate", "/split"]
GETS = ["/row", "/editor", "/split"]


@pytest.mark.parametrize("action", POSTS)
async def test_a_strangers_entry_is_not_found_and_a_team_mates_is_forbidden(
    cast: Cast, database: Database, entry_id: UUID, action: str
) -> None:
    path = f"/entries/{entry_id}{action}"
    for person, status in ((cast.charlie, 404), (cast.bob, 403), (cast.dana, 403)):
        assert (await person.client.post(path, form=FORM)).status_code == status
    assert (await find(database, cast.alice, entry_id)).version == 1


@pytest.mark.parametrize("action", GETS)
async def test_nobody_else_reads_it(cast: Cast, entry_id: UUID, action: str) -> None:
    for person, status in ((cast.charlie, 404), (cast.bob, 403), (cast.dana, 403)):
        assert (await person.client.get(f"/entries/{entry_id}{action}")).status_code == status


async def test_who_only_looks_on_adds_nothing(cast: Cast, database: Database) -> None:
    assert (await cast.dana.client.post("/entries", form=FORM)).status_code == 403
    assert await count(database) == 0


@pytest.mark.parametrize("bad", ["nonsense", "1", "00000000-0000-0000-0000-000000000000", "%00", "../timer"])
@pytest.mark.parametrize("action", POSTS)
async def test_what_is_no_id_is_not_found(cast: Cast, bad: str, action: str) -> None:
    response = await cast.alice.client.post(f"/entries/{bad}{action}", form=FORM)
    assert response.status_code in (404, 405)


@pytest.mark.parametrize("action", [action for action in POSTS if action not in GETS])
async def test_a_get_changes_nothing(cast: Cast, entry_id: UUID, action: str) -> None:
    assert (await cast.alice.client.get(f"/entries/{entry_id}{action}")).status_code == 405


async def test_older_days_come_page_by_page_until_the_beginning(cast: Cast, database: Database) -> None:
    viewer, now = cast.alice.viewer, periods.now()
    for days in range(130):
        start = now - timedelta(days=days, hours=2)
        new = entries.EntryValues(f"entry-{days}-", None, False, start, start + timedelta(hours=1))
        await database.transaction(
            partial(entries.insert_entry, viewer=viewer, entry_id=new_id(), new=new, now=now)
        )
    body, seen = await text_of(cast.alice, "/timer"), ""
    while True:
        seen += body
        more = re.search(r'hx-get="(/entries/older\?before=[\d-]+)"', body)
        if not more:
            break
        body = await text_of(cast.alice, more[1])
    found = re.findall(r'class="desc"[^>]*>(entry-\d+-)</a>', seen)
    assert found == [f"entry-{days}-" for days in range(130)]


async def test_a_page_refreshes_itself_over_the_days_that_it_shows(cast: Cast, database: Database) -> None:
    await cast.alice.client.post("/entries", form=FORM)
    page = await text_of(cast.alice, "/timer")
    refresh = re.search(r'hx-get="(/entries/days\?since=[^"]+)"', page)
    assert refresh
    days = await text_of(cast.alice, refresh[1].replace("&amp;", "&"))
    assert days.strip() in page


async def test_the_week_is_the_sum_of_its_entries(cast: Cast, database: Database) -> None:
    viewer, now = cast.alice.viewer, periods.now()
    start, _ = periods.week_range(periods.local_day(now, viewer.zone), 0, viewer.zone)
    for edge in (start - timedelta(hours=1), start):
        new = entries.EntryValues("x", None, False, edge, edge + timedelta(hours=2))
        await database.transaction(
            partial(entries.insert_entry, viewer=viewer, entry_id=new_id(), new=new, now=now)
        )
    week = await text_of(cast.alice, "/entries/week")
    assert '<b class="num">3:00</b>' in week
    assert week.strip() in await text_of(cast.alice, "/timer")
