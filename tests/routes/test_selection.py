"""Several entries at once, over HTTP: all of them or none, with one undo, with and without script."""

import re
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import sqlalchemy as sa

from quart_app.db import Database
from quart_app.forms.selection import MOST
from quart_app.tables import changes, entries, entry_tags, tags
from tests.support.answers import text_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
KEEP = {"project": "keep", "tag_mode": "add", "tags": "", "billable": "keep"}


async def add(person: Person, *names: str, **fields: str) -> list[str]:
    """Entries of these descriptions, one after the other; their ids."""
    for at, name in enumerate(names):
        times = {"date": "2026-11-20", "start": f"{9 + at}:00", "end": f"{10 + at}:00"}
        sent = {"description": name, **times, **fields}
        assert (await person.client.post("/entries", form=sent)).status_code == 303
    page = await text_of(person)
    rows = {
        name: re.search(rf'data-entry="([0-9a-f-]{{36}})"(?:(?!data-entry).)*>{name}<', page, re.DOTALL)
        for name in names
    }
    return [row[1] for row in rows.values() if row]


async def send(
    person: Person, path: str, ids: list[str], *, htmx: bool = True, **fields: str
) -> tuple[int, str]:
    form = {**(KEEP if path == "/selection/update" else {}), **fields, "entry": ids}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await person.client.post(
        path, data=urlencode(form, doseq=True), headers=kind | (HTMX if htmx else {})
    )
    body = await response.get_data(as_text=True)
    if response.status_code == 303:
        assert response.headers["Location"] == "/timer"
        body = await text_of(person)
    return response.status_code, body


async def kept(database: Database) -> dict[str, tuple[bool, bool, set[str]]]:
    """By description: whether it has a project, whether it is billable, and its tags."""
    async with database.reading() as db:
        rows = await db.execute(
            sa.select(entries, tags.c.name)
            .select_from(
                entries.outerjoin(entry_tags, entry_tags.c.entry_id == entries.c.id).outerjoin(
                    tags, tags.c.id == entry_tags.c.tag_id
                )
            )
            .where(entries.c.deleted_at.is_(None))
        )
        found: dict[str, tuple[bool, bool, set[str]]] = {}
        for row in rows:
            known = found.setdefault(row.description, (row.project_id is not None, row.is_billable, set()))
            known[2].update([row.name] if row.name else [])
    return found


async def project(person: Person, name: str = "Website") -> str:
    await person.client.post("/projects", form={"name": name, "colour": "3"})
    found = re.search(r"/projects/([0-9a-f-]{36})/", await text_of(person, "/projects"))
    assert found
    return found[1]


@pytest.mark.parametrize("htmx", [True, False])
async def test_several_get_a_project_tags_and_are_billable_and_back(
    cast: Cast, database: Database, htmx: bool
) -> None:
    ids = await add(cast.alice, "One", "Two", "Three")
    before = await kept(database)
    wanted = {"project": await project(cast.alice), "tags": "ops, design", "billable": "yes"}
    status, said = await send(cast.alice, "/selection/update", ids[:2], htmx=htmx, **wanted)
    assert status == (200 if htmx else 303)
    assert "2 entries changed." in said
    changed = (True, True, {"ops", "design"})
    assert await kept(database) == {"One": changed, "Two": changed, "Three": (False, False, set())}
    undo = re.search(r'action="(/undo/[^"]+)"', said)
    assert undo
    await cast.alice.client.post(undo[1], headers=HTMX)
    assert await kept(database) == before


@pytest.mark.parametrize(
    ("mode", "names", "result"),
    [
        ("add", "design, OPS", {"ops", "late", "design"}),
        ("remove", "OPS, nowhere", {"late"}),
        ("replace", "design", {"design"}),
        ("replace", "", set()),
        ("add", "", {"ops", "late"}),
    ],
)
async def test_tags_are_added_removed_or_replaced(
    cast: Cast, database: Database, mode: str, names: str, result: set[str]
) -> None:
    ids = await add(cast.alice, "One", tags="ops, late") + await add(cast.alice, "Two")
    await send(cast.alice, "/selection/update", ids, tag_mode=mode, tags=names, billable="yes")
    found = await kept(database)
    assert found["One"][2] == result
    assert found["Two"][2] == (
        set() if mode == "remove" or not names else result - {"ops", "late"} | found["Two"][2]
    )
    async with database.reading() as db:
        assert "nowhere" not in (await db.execute(sa.select(tags.c.name))).scalars().all()


async def test_the_journal_tells_only_what_changed_as_one_action(cast: Cast, database: Database) -> None:
    ids = await add(cast.alice, "One", tags="ops") + await add(cast.alice, "Two")
    await send(cast.alice, "/selection/update", ids, tags="ops", billable="no")
    async with database.reading() as db:
        statement = sa.select(changes).where(changes.c.action == "update", changes.c.subject == "entry")
        lines = (await db.execute(statement)).all()
    assert [(str(line.subject_id), line.before, line.after) for line in lines] == [
        (ids[1], {"tags": []}, {"tags": ["ops"]})
    ]


async def test_where_all_is_so_already_nothing_changes(cast: Cast) -> None:
    ids = await add(cast.alice, "One", "Two")
    status, said = await send(cast.alice, "/selection/update", ids, billable="no", project="")
    assert (status, "They are all like that already." in said) == (200, True)
    assert "/undo/" not in said


async def test_no_project_takes_it_away(cast: Cast, database: Database) -> None:
    key = await project(cast.alice)
    ids = await add(cast.alice, "One", project=key)
    await send(cast.alice, "/selection/update", ids, project="")
    assert (await kept(database))["One"][0] is False


@pytest.mark.parametrize("htmx", [True, False])
async def test_several_are_deleted_and_come_back_at_once(cast: Cast, database: Database, htmx: bool) -> None:
    ids = await add(cast.alice, "One", "Two", "Three", tags="ops")
    before = await kept(database)
    status, said = await send(cast.alice, "/selection/delete", ids, htmx=htmx)
    assert status == (200 if htmx else 303)
    assert "3 entries deleted." in said
    assert await kept(database) == {}
    undo = re.search(r'action="(/undo/[^"]+)"', said)
    assert undo
    response = await cast.alice.client.post(undo[1], headers=HTMX)
    assert "Undone: 3 entries deleted." in await response.get_data(as_text=True)
    assert await kept(database) == before


async def test_a_running_timer_may_be_among_them(cast: Cast) -> None:
    await cast.alice.client.post("/timer/start", form={"description": "Think"})
    key = re.findall(r'class="pick" type="checkbox" name="entry" value="([^"]+)"', await text_of(cast.alice))
    await send(cast.alice, "/selection/update", key, tags="ops")
    page = await text_of(cast.alice)
    assert "#ops" in page
    assert ">Stop<" in page


@pytest.mark.parametrize("path", ["/selection/update", "/selection/delete"])
@pytest.mark.parametrize("htmx", [True, False])
async def test_one_that_is_not_theirs_keeps_all_as_they_are(
    cast: Cast, database: Database, path: str, htmx: bool
) -> None:
    alices, bobs = await add(cast.alice, "One"), await add(cast.bob, "Two")
    charlies = await add(cast.charlie, "Three")
    before = await kept(database)
    for ids, status in (
        ([*alices, *bobs], 403),
        ([*alices, *charlies], 404),
        ([*alices, str(uuid4())], 404),
        ([*alices, "x"], 404),
    ):
        answered, _ = await send(cast.alice, path, ids, htmx=htmx, billable="yes", tags="ops")
        assert answered == status
    assert (await send(cast.dana, path, alices, htmx=htmx, billable="yes"))[0] == 403
    assert await kept(database) == before
    async with database.reading() as db:
        assert (await db.execute(sa.select(tags.c.name))).first() is None


@pytest.mark.parametrize("path", ["/selection/update", "/selection/delete"])
@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("count", [0, MOST + 1])
async def test_none_and_too_many_are_said(cast: Cast, path: str, htmx: bool, count: int) -> None:
    ids = [str(uuid4()) for _ in range(count)]
    status, body = await send(cast.alice, path, ids, htmx=htmx, tags="ops", billable="yes")
    assert status == 422
    assert ("Select 500 entries or fewer at a time." if count else "Select an entry first.") in body
    assert body.strip().startswith(
        '<section id="selection-bar" class="selection open"' if htmx else "<!doctype"
    )


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose what they shall have in common"),
        ({"tags": "x" * 61}, "Keep each tag to 60 characters or fewer."),
        ({"project": "x", "tags": "ops"}, "Choose one from the list."),
        ({"project": str(uuid4()), "tags": "ops"}, "This project is archived or gone."),
        ({"billable": "perhaps", "tags": "ops"}, "Choose one of the offered values."),
        ({"tag_mode": "mix", "tags": "ops"}, "Choose one of the offered values."),
        ({"tags": ", ".join("abcdefghijklmnopqrst"), "billable": "yes"}, "more than 20 tags"),
    ],
)
async def test_a_bad_form_comes_back_with_what_was_typed(
    cast: Cast, database: Database, fields: dict[str, str], words: str, htmx: bool
) -> None:
    ids = await add(cast.alice, "One", "Two", tags="other")
    before = await kept(database)
    status, body = await send(cast.alice, "/selection/update", ids, htmx=htmx, **fields)
    assert status == 422
    assert words in body
    assert f'value="{fields.get("tags", "")}"' in body
    for key in ids:
        assert htmx or f'<input type="hidden" name="entry" value="{key}">' in body
    assert await kept(database) == before


async def test_the_bar_is_one_fragment(cast: Cast) -> None:
    bar = (await text_of(cast.alice, "/selection/bar")).strip()
    assert bar.startswith('<section id="selection-bar"')
    assert bar in await text_of(cast.alice)
    assert "selection-bar" not in await text_of(cast.dana)


async def test_rows_are_picked_by_who_may_change_them(cast: Cast) -> None:
    (key,) = await add(cast.alice, "One")
    assert f'name="entry" value="{key}" form="selection"' in await text_of(cast.alice)


@pytest.mark.parametrize("path", ["/selection/update", "/selection/delete"])
async def test_a_selection_is_posted(cast: Cast, path: str) -> None:
    assert (await cast.alice.client.get(path)).status_code == 405
    assert (await cast.alice.client.post("/selection/bar")).status_code == 405
