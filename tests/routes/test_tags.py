"""Tags in the browser: the list, the forms with and without script, and who may do what."""

from datetime import timedelta
from uuid import UUID

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app import periods
from quart_app.db import Database
from quart_app.queries import tags
from tests.support.answers import get
from tests.support.cast import Cast
from tests.support.catalogue import track

HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)
UNKNOWN = "0193b9a0-0000-7000-8000-000000000000"
CHANGES = ("", "/archive", "/restore", "/delete")


async def post(client: Client, path: str, name: str = "ops", **headers: str) -> tuple[int, str]:
    response = await client.post(path, form={"name": name}, headers=headers)
    return response.status_code, await response.get_data(as_text=True)


async def add(database: Database, cast: Cast, name: str = "ops") -> UUID:
    alice = cast.alice.viewer
    return await database.transaction(lambda db: tags.insert_tag(db, alice, name, periods.now()))


async def names(database: Database, cast: Cast) -> list[str]:
    async with database.reading() as db:
        found = await tags.list_tags(db, cast.alice.viewer)
    return [f"{tag.name} (archived)" if tag.archived_at else tag.name for tag in found]


async def test_an_empty_list_says_what_to_do_next(cast: Cast) -> None:
    assert "Type some where you start the timer" in await get(cast.bob.client, "/tags")
    assert "as soon as somebody puts one on an entry" in await get(cast.dana.client, "/tags")


async def test_a_tag_stands_with_the_number_of_its_entries(cast: Cast, database: Database) -> None:
    ops, now = await add(database, cast), periods.now()
    for _ in range(3):
        await track(database, cast.bob.viewer, None, now - HOUR, now, tags=(ops,))
    for path in ("/tags", "/tags/list", f"/tags/{ops}/row"):
        page = await get(cast.alice.client, path)
        assert "#ops" in page
        assert '<td class="r num">3</td>' in page
    assert '<td class="r num">0</td>' in await get(cast.dana.client, "/tags")
    assert "#ops" not in await get(cast.charlie.client, "/tags")


async def test_a_tag_is_added_without_script(cast: Cast, database: Database) -> None:
    assert (await post(cast.alice.client, "/tags", "#deep work"))[0] == 303
    assert await names(database, cast) == ["deep work"]


async def test_with_script_a_fresh_form_comes_back(cast: Cast, database: Database) -> None:
    response = await cast.alice.client.post("/tags", form={"name": "ops"}, headers=HTMX)
    assert response.headers["HX-Trigger"] == "tags-changed"
    fragment = await response.get_data(as_text=True)
    assert fragment.lstrip().startswith('<form id="tags-form"')
    assert 'value="ops"' not in fragment
    assert await names(database, cast) == ["ops"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_a_taken_name_is_told_at_its_field(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    await add(database, cast, "ops")
    dev = await add(database, cast, "dev")
    for path in ("/tags", f"/tags/{dev}"):
        status, page = await post(cast.alice.client, path, "OPS", **headers)
        assert status == 422
        assert ("<html" in page) is not bool(headers)
        assert "There is a tag called “ops” already. Choose another name." in page
        assert 'value="OPS"' in page
    await cast.alice.client.post(f"/tags/{dev}/archive", form={})
    assert "The archived tag “dev”" in (await post(cast.alice.client, "/tags", "Dev"))[1]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Enter a name."),
        ("#", "Enter a name."),
        ("a, b", "One tag at a time"),
        ("x" * 61, "Keep each tag to 60 characters or fewer."),
        ("x" * 10_000, "Keep this to 120 characters or fewer."),
    ],
)
async def test_bad_input_is_told_at_its_field(
    cast: Cast, database: Database, name: str, message: str
) -> None:
    for headers in ({}, HTMX):
        status, page = await post(cast.alice.client, "/tags", name, **headers)
        assert (status, message in page) == (422, True)
    assert (await cast.alice.client.post("/tags", form={})).status_code == 422
    assert await names(database, cast) == []


async def test_a_tag_is_renamed_with_and_without_script(cast: Cast, database: Database) -> None:
    ops = await add(database, cast)
    assert 'value="ops"' in await get(cast.alice.client, f"/tags/{ops}/edit")
    assert 'class="editing" hx-morph-skip' in await get(cast.alice.client, f"/tags/{ops}/editor")
    assert (await post(cast.alice.client, f"/tags/{ops}", "Operations"))[0] == 303
    status, row = await post(cast.alice.client, f"/tags/{ops}", "On call", **HTMX)
    assert status == 200
    assert row.lstrip().startswith(f'<tr id="tags-row-{ops}">')
    assert await names(database, cast) == ["On call"]


async def test_archive_restore_and_delete_come_back_to_the_list(cast: Cast, database: Database) -> None:
    ops = await add(database, cast)
    for change, left in (("archive", ["ops (archived)"]), ("restore", ["ops"]), ("delete", [])):
        assert (await post(cast.alice.client, f"/tags/{ops}/{change}"))[0] == 303
        assert await names(database, cast) == left


async def test_archiving_offers_to_undo(cast: Cast, database: Database) -> None:
    ops = await add(database, cast)
    status, fragment = await post(cast.alice.client, f"/tags/{ops}/archive", **HTMX)
    assert status == 200
    assert f'action="/tags/{ops}/restore"' in fragment[fragment.index("#toasts") :]


async def test_a_tag_that_entries_bear_is_not_deleted(cast: Cast, database: Database) -> None:
    ops, now = await add(database, cast), periods.now()
    for _ in range(2):
        await track(database, cast.bob.viewer, None, now - HOUR, now, tags=(ops,))
    for headers in ({}, HTMX):
        status, page = await post(cast.alice.client, f"/tags/{ops}/delete", **headers)
        assert (status, "2 entries bear it. Archive it instead." in page) == (409, True)
    assert await names(database, cast) == ["ops"]


async def refused(client: Client, key: UUID | str, status: int) -> None:
    for change in CHANGES:
        for headers in ({}, HTMX):
            assert (await post(client, f"/tags/{key}{change}", **headers))[0] == status, change
    for path in ("editor", "edit"):
        assert (await client.get(f"/tags/{key}/{path}")).status_code == status, path


async def test_a_mate_without_the_right_is_refused(cast: Cast, database: Database) -> None:
    ops = await add(database, cast)
    for person in (cast.bob, cast.dana):
        await refused(person.client, ops, 403)
        assert (await post(person.client, "/tags", "new"))[0] == 403
        assert (await person.client.get("/tags/form")).status_code == 403
        page = await get(person.client, "/tags")
        assert "<form" not in page[page.index("<main") : page.index("</main>")]
    assert await names(database, cast) == ["ops"]


async def test_a_stranger_finds_nothing(cast: Cast, database: Database) -> None:
    ops = await add(database, cast)
    await refused(cast.charlie.client, ops, 404)
    assert (await cast.charlie.client.get(f"/tags/{ops}/row")).status_code == 404


@pytest.mark.parametrize("key", ["nothing", "%00", UNKNOWN])
async def test_what_is_no_tag_is_not_found(cast: Cast, key: str) -> None:
    await refused(cast.alice.client, key, 404)


async def test_the_wrong_method_is_refused(cast: Cast) -> None:
    for change in CHANGES:
        assert (await cast.alice.client.get(f"/tags/{UNKNOWN}{change}")).status_code == 405


async def test_every_change_is_told_to_the_workspace(cast: Cast, app: Quart) -> None:
    audience = f"workspace:{cast.alice.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([audience]) as mailbox:
        await post(cast.alice.client, "/tags")
        assert await mailbox.take() == ["tags-changed"]
