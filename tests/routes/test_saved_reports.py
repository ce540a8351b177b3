"""The routes of saved reports, with the cast."""

import re
from html import unescape
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.db import Database
from quart_app.queries import saved_reports
from quart_app.queries.saved_reports import SavedReport
from tests.support.answers import body_of, text_of, words_of
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project
from tests.support.saved import save, send

pytestmark = pytest.mark.usefixtures("afternoon")
ACTIONS = ["delete", "restore", "pin", "unpin"]


async def find(database: Database, person: Person, key: str) -> SavedReport:
    async with database.reading() as db:
        return await saved_reports.find_report(db, person.viewer, UUID(key))


async def opened(person: Person, key: str) -> str:
    """Where a saved report leads to."""
    response = await person.client.get(f"/saved-reports/{key}")
    assert response.status_code == 303
    return response.headers["Location"]


async def flashed(person: Person) -> str:
    """What the next page says first."""
    page = unescape(await text_of(person, "/saved-reports"))
    found = re.search(r'class="notice ok".*?<p>(.*?)</p>', page)
    return found[1] if found else ""


# --- saving ------------------------------------------------------------------------------------------------------


async def test_a_report_is_saved_with_its_relative_period_and_its_filters(
    cast: Cast, database: Database
) -> None:
    project = await add_project(database, cast.alice.viewer, "Website")
    query = f"then=task&period=this-month&by=client&project={project}&open=total&after=x&rubbish=1"
    key = await save(cast.alice, "Acme", query)
    assert (await find(database, cast.alice, key)).query == f"by=client&then=task&project={project}"
    assert await opened(cast.alice, key) == f"/reports?by=client&then=task&project={project}"
    page = await text_of(cast.alice, "/saved-reports")
    assert "This month" in page
    assert "These dates stay." not in page


async def test_dates_that_were_typed_stay_and_the_page_says_so(cast: Cast, database: Database) -> None:
    key = await save(cast.alice, query=f"from={quote('1/11/2026')}&to={quote('15/11/2026')}")
    assert (await find(database, cast.alice, key)).query == "from=2026-11-01&to=2026-11-15"
    page = await text_of(cast.alice, "/saved-reports")
    assert "1 – 15 Nov 2026" in page
    assert "These dates stay." in page
    form = await text_of(cast.alice, "/saved-reports/save?from=2026-11-01&to=2026-11-15")
    assert "Its dates stay as they are." in form
    assert "moves along" in await text_of(cast.alice, "/saved-reports/save?period=this-week")


async def test_the_answer_is_the_form_anew_and_the_lists_are_told(cast: Cast) -> None:
    response = await send(cast.alice, "/saved-reports", name="Client", query="by=task")
    body = unescape(await body_of(response))
    assert response.headers["HX-Trigger"] == "reports-changed"
    assert body.startswith('<details id="saved-reports-save" class="menu drop">')
    assert "“Client” saved." in body
    assert 'name="query" value="by=task"' in body


async def test_without_script_one_comes_back_to_the_report(cast: Cast) -> None:
    response = await send(cast.alice, "/saved-reports", htmx=False, name="Client", query="by=task&then=day")
    assert (response.status_code, response.headers["Location"]) == (303, "/reports?by=task&then=day")
    assert await flashed(cast.alice) == "“Client” saved."


@pytest.mark.parametrize("htmx", [True, False])
async def test_a_name_that_is_missing_is_asked_for_and_nothing_is_lost(cast: Cast, htmx: bool) -> None:
    response = await send(cast.alice, "/saved-reports", htmx=htmx, name=" ", query="by=task", is_shared="1")
    body = await body_of(response)
    assert response.status_code == 422
    assert "Enter a name." in body
    assert 'name="query" value="by=task"' in body
    assert re.search(r'value="1" checked', body)
    assert ("<!doctype html>" in body) is not htmx
    if htmx:
        assert re.match(r'<details id="saved-reports-save" class="menu drop" open>', body)


@pytest.mark.parametrize("htmx", [True, False])
async def test_a_name_that_is_taken_may_be_replaced(cast: Cast, database: Database, htmx: bool) -> None:
    key = await save(cast.alice, "Client", "by=task")
    response = await send(cast.alice, "/saved-reports", htmx=htmx, name="CLIENT", query="by=tag")
    body = unescape(await body_of(response))
    assert response.status_code == 422
    assert "You have a report called “Client” already." in body
    assert "Replace “Client”" in body
    assert f'name="from" value="save" formaction="/saved-reports/{key}"' in body
    fields = {"name": "CLIENT", "query": "by=tag", "is_shared": "0", "from": "save"}
    response = await send(cast.alice, f"/saved-reports/{key}", htmx=htmx, **fields)
    found = await find(database, cast.alice, key)
    assert (found.name, found.query) == ("CLIENT", "by=tag")
    if htmx:
        assert (await body_of(response)).startswith('<details id="saved-reports-save"')
    else:
        assert (response.status_code, response.headers["Location"]) == (303, "/reports?by=tag")


async def test_the_same_name_is_free_for_everybody_else(cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.dana, cast.charlie):
        await save(person, "Client")


async def test_more_filters_than_can_be_kept_are_refused_in_words(cast: Cast) -> None:
    query = "&".join(f"project={uuid4()}" for _ in range(150))
    assert len(query) > 5000
    response = await send(cast.alice, "/saved-reports", name="Big", query=query)
    assert response.status_code == 422
    assert "Choose fewer filters." in await words_of(response)
    key = await save(cast.alice, "Small")
    for extra in ({}, {"from": "save"}):
        response = await send(cast.alice, f"/saved-reports/{key}", name="Small", query=query, **extra)
        assert response.status_code == 422
        assert "Choose fewer filters." in await words_of(response)


async def test_one_too_many_is_refused_in_words(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_reports, "MOST", 1)
    await save(cast.alice)
    response = await send(cast.alice, "/saved-reports", name="Another", query="")
    assert response.status_code == 422
    assert "1 reports are the most that you can save. Delete one first." in await body_of(response)


async def test_a_viewer_saves_her_own_and_shares_nothing(cast: Cast) -> None:
    key = await save(cast.dana)
    assert "is_shared" not in await text_of(cast.dana, "/saved-reports/save")
    response = await send(cast.dana, "/saved-reports", name="All", query="", is_shared="1")
    assert response.status_code == 403
    assert (await send(cast.dana, f"/saved-reports/{key}", is_shared="1")).status_code == 403
    assert (await send(cast.dana, f"/saved-reports/{key}", name="New")).status_code == 200
    assert "New" not in await text_of(cast.alice, "/saved-reports")


# --- the list, changing ------------------------------------------------------------------------------------------


async def test_nothing_saved_says_what_to_do(cast: Cast) -> None:
    for path in ("/saved-reports", "/saved-reports/list"):
        assert "No saved reports yet" in await text_of(cast.alice, path)


async def test_what_is_shared_is_in_the_lists_of_all_with_whose_it_is(cast: Cast) -> None:
    key = await save(cast.alice, "Studio", is_shared="1")
    await save(cast.alice, "Private")
    for path in ("/saved-reports", "/saved-reports/list", "/saved-reports/menu"):
        for person in (cast.bob, cast.dana):
            body = await text_of(person, path)
            assert "Studio" in body
            assert "Alice" in body
            assert "Private" not in body
            assert f"/saved-reports/{key}/edit" not in body
        assert "Studio" not in await text_of(cast.charlie, path)
    assert "Everybody, by Alice" in await text_of(cast.bob, "/saved-reports/list")


@pytest.mark.parametrize("htmx", [True, False])
async def test_the_owner_renames_and_shares_it(cast: Cast, database: Database, htmx: bool) -> None:
    key = await save(cast.alice, "Client", "by=task")
    for path in ("editor", "edit"):
        form = await text_of(cast.alice, f"/saved-reports/{key}/{path}")
        assert 'value="Client"' in form
        assert re.search(r'value="0" checked', form)
    response = await send(cast.alice, f"/saved-reports/{key}", htmx=htmx, name="Clients", is_shared="1")
    assert response.status_code == (200 if htmx else 303)
    if htmx:
        body = await body_of(response)
        assert body.lstrip().startswith(f'<tr id="saved-reports-row-{key}">')
        assert response.headers["HX-Trigger"] == "reports-changed"
    else:
        assert response.headers["Location"] == "/saved-reports"
    found = await find(database, cast.bob, key)
    assert (found.name, found.query, found.is_shared) == ("Clients", "by=task", True)


@pytest.mark.parametrize("htmx", [True, False])
async def test_a_change_that_is_refused_says_why_at_its_field(cast: Cast, htmx: bool) -> None:
    await save(cast.alice, "Taken")
    key = await save(cast.alice, "Client")
    for name, words in (("taken", "You have a report called “Taken” already."), ("", "Enter a name.")):
        response = await send(cast.alice, f"/saved-reports/{key}", htmx=htmx, name=name, is_shared="1")
        body = unescape(await body_of(response))
        assert response.status_code == 422
        assert words in body
        assert f'value="{name}"' in body
        assert re.search(r'value="1" checked', body)


@pytest.mark.parametrize("path", ["", "/row", "/editor", "/edit", *(f"/{action}" for action in ACTIONS)])
async def test_whose_it_is_decides(cast: Cast, database: Database, path: str) -> None:
    shared, private = await save(cast.alice, "Shared", is_shared="1"), await save(cast.alice, "Private")
    is_post = path in ("", *(f"/{action}" for action in ACTIONS))
    may = path in ("/row", "/pin", "/unpin")

    async def status_of(person: Person, key: str) -> int:
        at = f"/saved-reports/{key}{path}"
        response = await (send(person, at, name="Taken") if is_post else person.client.get(at))
        return response.status_code

    for person in (cast.bob, cast.dana):
        assert await status_of(person, shared) == (200 if may else 403)
        assert await status_of(person, private) == 404
    for key in (shared, private):
        assert await status_of(cast.charlie, key) == 404
    for key in (str(uuid4()), "nonsense"):
        assert await status_of(cast.alice, key) == 404
    assert {(await find(database, cast.alice, key)).name for key in (shared, private)} == {
        "Shared",
        "Private",
    }


@pytest.mark.parametrize("action", ACTIONS)
async def test_nothing_changes_by_looking(cast: Cast, action: str) -> None:
    key = await save(cast.alice)
    assert (await cast.alice.client.get(f"/saved-reports/{key}/{action}")).status_code == 405


async def test_strangers_to_the_house_are_sent_to_sign_in(client: Client) -> None:
    for path in ("", "/list", "/menu", "/save", "/pinned", f"/{uuid4()}", f"/{uuid4()}/edit"):
        assert (await client.get(f"/saved-reports{path}")).status_code == 303
    for path in ("", f"/{uuid4()}", *(f"/{uuid4()}/{action}" for action in ACTIONS)):
        assert (await client.post(f"/saved-reports{path}", form={})).status_code == 303


@pytest.mark.parametrize("htmx", [True, False])
async def test_deleting_offers_an_undo(cast: Cast, htmx: bool) -> None:
    key = await save(cast.alice, is_shared="1")
    await send(cast.bob, f"/saved-reports/{key}/pin")
    response = await send(cast.alice, f"/saved-reports/{key}/delete", htmx=htmx)
    body = await body_of(response) if htmx else await text_of(cast.alice, "/saved-reports")
    assert "“Client” deleted." in unescape(body)
    undo = re.search(r'action="(/saved-reports/[^"]+/restore)"', body)
    assert undo
    for person in (cast.alice, cast.bob):
        assert key not in await text_of(person, "/saved-reports/list")
    assert "hidden" in await text_of(cast.bob, "/saved-reports/pinned")
    assert (await send(cast.alice, f"/saved-reports/{key}/delete")).status_code == 200, "twice is once"
    assert (await send(cast.alice, undo[1])).status_code == 200
    assert key in await text_of(cast.bob, "/saved-reports/list")
    assert "Client" in await text_of(cast.bob, "/saved-reports/pinned")


async def test_an_undo_that_comes_too_late_says_why(cast: Cast) -> None:
    key = await save(cast.alice)
    await send(cast.alice, f"/saved-reports/{key}/delete")
    await save(cast.alice)
    response = await send(cast.alice, f"/saved-reports/{key}/restore")
    assert response.status_code == 409
    assert "Rename that one first." in await body_of(response)


# --- opening -----------------------------------------------------------------------------------------------------


async def test_what_has_been_deleted_since_is_left_out_and_told(cast: Cast, database: Database) -> None:
    kept = await add_project(database, cast.alice.viewer, "Kept")
    gone = await add_project(database, cast.alice.viewer, "Gone")
    key = await save(cast.alice, query=f"project={kept}&project={gone}&tag={uuid4()}&tag=none")
    await send(cast.alice, f"/projects/{gone}/delete")
    assert await opened(cast.alice, key) == f"/reports?project={kept}&tag=none"
    assert await flashed(cast.alice) == "No longer there: 1 project, 1 tag. The report shows the rest."
    assert await flashed(cast.alice) == "", "once"


async def test_a_shared_report_opens_with_the_rights_of_who_opens_it(cast: Cast, database: Database) -> None:
    alice, bob = cast.alice.viewer.user_id, cast.bob.viewer.user_id
    key = await save(cast.alice, query=f"by=member&member={alice}&member={bob}", is_shared="1")
    assert await opened(cast.alice, key) == f"/reports?by=member&member={alice}&member={bob}"
    assert await flashed(cast.alice) == ""
    assert await opened(cast.bob, key) == f"/reports?by=member&member={bob}"
    assert await flashed(cast.bob) == "It was made for the hours of others. You see your own."
    assert await opened(cast.dana, key) == "/reports?by=member"


async def test_a_report_that_is_not_theirs_does_not_open(cast: Cast) -> None:
    private, shared = await save(cast.alice), await save(cast.alice, "Shared", is_shared="1")
    for person, key in (
        (cast.bob, private),
        (cast.charlie, shared),
        (cast.alice, "x"),
        (cast.alice, str(uuid4())),
    ):
        assert (await person.client.get(f"/saved-reports/{key}")).status_code == 404
