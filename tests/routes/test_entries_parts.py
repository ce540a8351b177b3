"""Folded, duplicated and split entries, and the editor at a field: as pages, fragments and plain forms."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from quart_app import periods
from quart_app.access import EntryRow
from quart_app.db import Database
from quart_app.ids import new_id
from quart_app.queries import entries
from tests.support.answers import text_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
FORM = {"date": "20/11/2026", "start": "9", "end": "11", "description": "Weekly <sync>", "tags": "ops"}


async def add(person: Person, **fields: str) -> UUID:
    """An entry by hand; its id."""
    key = new_id()
    response = await person.client.post("/entries", form={**FORM, **fields, "id": str(key)})
    assert response.status_code == 303
    return key


async def find(database: Database, person: Person, key: UUID) -> EntryRow:
    async with database.reading() as db:
        return await entries.find_entry(db, person.viewer, key)


async def post(person: Person, path: str, form: dict[str, str], *, htmx: bool = False) -> tuple[int, str]:
    response = await person.client.post(path, form=form, headers=HTMX if htmx else {})
    return response.status_code, await response.get_data(as_text=True)


def split_form(html: str) -> dict[str, str]:
    form = html[html.index('class="editor split"') :]
    return dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*?value="([^"]*)"', form[: form.index("</form>")]))


# --- folds


async def test_alike_entries_of_a_day_are_one_line_with_their_count(cast: Cast) -> None:
    first = await add(cast.alice)
    second = await add(cast.alice, start="13:00", end="13:30")
    await add(cast.alice, start="14:00", end="15:00", description="Another")
    page = await text_of(cast.alice, "/timer")
    fold = re.search(r'<li class="fold".*?<ul class="parts">.*?</ul>', page, re.DOTALL)
    assert fold
    assert f'data-entries="{second},{first}"' in fold[0]
    assert re.search(
        r'<span class="count"[^>]*>2</span><span class="visually-hidden"> 2 entries</span>', fold[0]
    )
    assert '<span class="span num">9:00 – 13:30</span>' in fold[0]
    assert '<b class="num dur">2:30</b>' in fold[0]
    assert f'formaction="/entries/{second}/continue"' in fold[0]
    assert fold[0].count("data-entry=") == 2
    assert "Another" not in fold[0]
    assert '<b class="num">3:30</b>' in page


@pytest.mark.parametrize(
    "change", [{"description": "Other"}, {"tags": "ops, more"}, {"billable": "1"}, {"date": "19/11/2026"}]
)
async def test_what_differs_in_anything_does_not_fold(cast: Cast, change: dict[str, str]) -> None:
    await add(cast.alice)
    await add(cast.alice, **{"start": "13:00", "end": "13:30", **change})
    assert 'class="fold"' not in await text_of(cast.alice, "/timer")


async def test_a_fold_is_open_where_one_of_its_entries_is_edited(cast: Cast) -> None:
    first = await add(cast.alice)
    await add(cast.alice, start="13:00", end="13:30")
    assert '<details class="unfold">' in await text_of(cast.alice, "/timer")
    page = await text_of(cast.alice, f"/timer?edit={first}")
    assert '<details class="unfold" open>' in page
    assert f'action="/entries/{first}"' in page


async def test_a_fold_keeps_its_name_whatever_joins_or_leaves_it(cast: Cast) -> None:
    await add(cast.alice)
    second = await add(cast.alice, start="13:00", end="13:30")
    names = re.findall(r'id="(entries-fold-[^"]+)"', await text_of(cast.alice, "/timer"))
    await add(cast.alice, start="14:00", end="14:30")
    await cast.alice.client.post(f"/entries/{second}/delete")
    assert re.findall(r'id="(entries-fold-[^"]+)"', await text_of(cast.alice, "/timer")) == names
    assert len(names) == 1


async def test_who_may_change_a_row_can_pick_it(cast: Cast) -> None:
    key = await add(cast.alice)
    night = await add(cast.alice, start="23:00", end="1:00", description="Night")
    page = await text_of(cast.alice, "/timer")
    picks = re.findall(r'<input class="pick" [^>]*value="([^"]+)" form="selection"', page)
    assert sorted(picks) == sorted([str(key), str(night)])  # once, though the night has two lines
    assert 'class="pick"' not in await text_of(cast.dana, "/timer")


# --- the editor at a field


@pytest.mark.parametrize("field", ["description", "project", "tags", "start", "end", "duration", "billable"])
async def test_the_editor_puts_the_focus_into_the_field_that_is_asked_for(cast: Cast, field: str) -> None:
    key = await add(cast.alice)
    for path in (f"/entries/{key}/editor?field={field}", f"/timer?edit={key}&field={field}"):
        found = re.findall(
            r'<(?:input|select)[^>]*id="e-[^>]*\bautofocus\b[^>]*>', await text_of(cast.alice, path)
        )
        assert [re.findall(r'name="(\w+)"', tag) for tag in found] == [[field]]


async def test_an_unknown_field_moves_no_focus(cast: Cast) -> None:
    key = await add(cast.alice)
    assert "autofocus" not in await text_of(cast.alice, f"/entries/{key}/editor?field=nonsense")


async def test_after_an_error_the_focus_goes_to_its_field(cast: Cast) -> None:
    key = await add(cast.alice)
    status, body = await post(cast.alice, f"/entries/{key}", {**FORM, "end": "late"}, htmx=True)
    assert status == 422
    assert re.findall(r'name="(\w+)"[^>]*\bautofocus\b', body) == ["end"]


# --- duplicate


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_duplicate_has_the_same_times_and_can_be_undone(
    cast: Cast, database: Database, htmx: bool
) -> None:
    key, copy = await add(cast.alice), new_id()
    status, body = await post(cast.alice, f"/entries/{key}/duplicate", {"id": str(copy)}, htmx=htmx)
    assert status == (200 if htmx else 303)
    if not htmx:
        body = await text_of(cast.alice, "/timer")
    assert "Duplicated." in body
    one, other = await find(database, cast.alice, key), await find(database, cast.alice, copy)
    assert (one.started_at, one.ended_at, one.likeness) == (other.started_at, other.ended_at, other.likeness)
    undo = re.search(r'action="(/undo/[^"]+)"', body[body.index("Duplicated.") :])
    assert undo
    assert (await post(cast.alice, undo[1], {}))[0] == 303
    assert str(copy) not in await text_of(cast.alice, "/timer")
    assert (await find(database, cast.alice, key)).version == 1


async def test_sending_the_copy_twice_makes_one(cast: Cast) -> None:
    key, form = await add(cast.alice), {"id": str(new_id())}
    for _ in range(2):
        assert (await post(cast.alice, f"/entries/{key}/duplicate", form))[0] == 303
    assert len(re.findall(r"data-entry=", await text_of(cast.alice, "/timer"))) == 2


async def test_without_an_id_of_its_own_a_copy_gets_one(cast: Cast) -> None:
    key = await add(cast.alice)
    for form in ({}, {"id": "nonsense"}):
        assert (await post(cast.alice, f"/entries/{key}/duplicate", form))[0] == 303
    assert len(re.findall(r"data-entry=", await text_of(cast.alice, "/timer"))) == 3


async def test_what_runs_is_not_duplicated_and_that_is_said(cast: Cast) -> None:
    key = new_id()
    await cast.alice.client.post("/timer/start", form={"id": str(key), "description": "Run"})
    status, body = await post(cast.alice, f"/entries/{key}/duplicate", {}, htmx=True)
    assert status == 200
    assert "still runs" in body
    assert len(re.findall(r"data-entry=", await text_of(cast.alice, "/timer"))) == 1
    editor = await text_of(cast.alice, f"/entries/{key}/editor")
    assert "/duplicate" not in editor
    assert f"/entries/{key}/split" in editor


# --- split


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_entry_is_split_in_its_middle_by_the_untouched_form(
    cast: Cast, database: Database, htmx: bool
) -> None:
    key = await add(cast.alice)
    path = f"/entries/{key}/split" if htmx else f"/timer?split={key}"
    form = split_form(await text_of(cast.alice, path))
    assert form["at"] == "10:00"
    status, body = await post(cast.alice, f"/entries/{key}/split", form, htmx=htmx)
    assert status == (200 if htmx else 303)
    if not htmx:
        body = await text_of(cast.alice, "/timer")
    assert "Split in two." in body
    first, second = await find(database, cast.alice, key), await find(database, cast.alice, UUID(form["id"]))
    assert first.ended_at == second.started_at == first.started_at + timedelta(hours=1)
    assert first.likeness == second.likeness
    undo = re.search(r'action="(/undo/[^"]+)"', body[body.index("Split in two.") :])
    assert undo
    assert (await post(cast.alice, undo[1], {}))[0] == 303
    assert (await find(database, cast.alice, key)).ended_at == second.ended_at
    assert form["id"] not in await text_of(cast.alice, "/timer")


async def test_sending_the_split_twice_splits_once(cast: Cast, database: Database) -> None:
    key = await add(cast.alice)
    form = split_form(await text_of(cast.alice, f"/entries/{key}/split"))
    for _ in range(2):
        assert (await post(cast.alice, f"/entries/{key}/split", form, htmx=True))[0] == 200
    assert (await find(database, cast.alice, key)).version == 2
    assert len(re.findall(r"data-entry=", await text_of(cast.alice, "/timer"))) == 2


async def test_of_a_running_timer_the_second_part_runs_on_and_undo_joins_them(
    cast: Cast, database: Database
) -> None:
    key = new_id()
    await cast.alice.client.post("/timer/start", form={"id": str(key), "description": "Run"})
    ran = await find(database, cast.alice, key)
    start = periods.now() - timedelta(hours=2)
    values = entries.EntryValues("Run", None, False, start, None)
    await database.transaction(
        lambda db: entries.update_entry(db, cast.alice.viewer, key, ran.version, values, periods.now())
    )
    form = split_form(await text_of(cast.alice, f"/entries/{key}/split"))
    status, body = await post(cast.alice, f"/entries/{key}/split", form, htmx=True)
    assert status == 200
    assert (await find(database, cast.alice, UUID(form["id"]))).is_running
    assert not (await find(database, cast.alice, key)).is_running
    undo = re.search(r'action="(/undo/[^"]+)"', body)
    assert undo
    assert (await post(cast.alice, undo[1], {}))[0] == 303
    assert (await find(database, cast.alice, key)).is_running


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter a time."),
        ("<soon>", "Type a time like"),
        ("9:00", "between 9:00 and 11:00"),
        ("11:00", "between 9:00 and 11:00"),
        ("12:00", "between 9:00 and 11:00"),
    ],
)
async def test_a_bad_clock_says_why_at_its_field_and_keeps_what_was_typed(
    cast: Cast, database: Database, typed: str, words: str, htmx: bool
) -> None:
    key = await add(cast.alice)
    form = {"at": typed, "version": "1"}
    status, body = await post(cast.alice, f"/entries/{key}/split", form, htmx=htmx)
    assert status == 422
    assert words in body
    assert split_form(body)["at"] == typed.replace("<", "&lt;").replace(">", "&gt;")
    assert re.search(r'name="at"[^>]*aria-invalid="true"', body)
    assert (await find(database, cast.alice, key)).version == 1


@pytest.mark.parametrize("htmx", [False, True])
async def test_splitting_what_was_changed_elsewhere_asks_first(
    cast: Cast, database: Database, htmx: bool
) -> None:
    key = await add(cast.alice)
    form = split_form(await text_of(cast.alice, f"/entries/{key}/split"))
    await cast.alice.client.post(f"/entries/{key}", form={**FORM, "description": "Changed"})
    status, body = await post(cast.alice, f"/entries/{key}/split", form, htmx=htmx)
    assert status == 409
    assert "changed elsewhere" in body
    assert (await find(database, cast.alice, key)).version == 2
    status, _ = await post(cast.alice, f"/entries/{key}/split", split_form(body), htmx=htmx)
    assert status == (200 if htmx else 303)
    assert (await find(database, cast.alice, key)).version == 3


async def test_over_midnight_the_form_asks_for_the_date_too(cast: Cast, database: Database) -> None:
    key = await add(cast.alice, start="23:00", end="3:00")
    form = split_form(await text_of(cast.alice, f"/entries/{key}/split"))
    assert (form["at"], form["date"]) == ("1:00", "21/11/2026")
    status, _ = await post(cast.alice, f"/entries/{key}/split", {**form, "at": "0:00"})
    assert status == 303
    page = await text_of(cast.alice, "/timer")
    assert "23:00 – 0:00" in page
    assert "0:00 – 3:00" in page
