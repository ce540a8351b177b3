"""A task is picked beneath its project, in one field: for a timer, an entry, several entries, by hand and again."""

import re
from uuid import UUID

import pytest

from quart_app.db import Database
from tests.support.answers import body_of, get
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project, add_task

pytestmark = pytest.mark.usefixtures("afternoon")
HTMX = {"HX-Request": "true"}
ENTRY = {"date": "20/11/2026", "start": "9", "end": "10", "description": "Plan"}


@pytest.fixture
async def website(database: Database, cast: Cast) -> UUID:
    return await add_project(database, cast.alice.viewer, "Website", is_billable=True, colour=3)


@pytest.fixture
async def design(database: Database, cast: Cast, website: UUID) -> UUID:
    return await add_task(database, cast.alice.viewer, website, "Design")


@pytest.fixture
async def shop(database: Database, cast: Cast) -> UUID:
    return await add_project(database, cast.alice.viewer, "Shop")


async def post(person: Person, path: str, **form: str) -> str:
    response = await person.client.post(path, form=form, headers=HTMX)
    body = await body_of(response)
    assert response.status_code == 200, (path, body)
    return body


def option(page: str, value: str) -> str:
    """The option of this value, with what it says."""
    found = re.search(rf'<option value="{value}"[^>]*>[^<]*</option>', page)
    assert found, value
    return found[0]


def key_in(page: str) -> str:
    """The latest entry of a page."""
    return str(re.findall(r'data-entry="([0-9a-f-]{36})"', page)[0])


def undo_in(said: str) -> str:
    return str(re.findall(r'action="(/undo/[0-9a-f-]{36})"', said)[-1])


async def shown(person: Person) -> list[str]:
    """Where the entries of the timer page are, the latest first."""
    page = await get(person.client, "/entries/days")
    cells = re.findall(r'class="proj"[^>]*>(?:<i [^>]*></i><span>([^<]*)</span>)?', page)
    return [cell or "nowhere" for cell in cells]


async def add(person: Person, place: object, **fields: str) -> str:
    await post(person, "/entries", **{**ENTRY, "project": str(place), **fields})
    return key_in(await get(person.client, "/entries/days"))


async def test_every_list_of_projects_offers_their_tasks_beneath_them(
    cast: Cast, website: UUID, design: UUID
) -> None:
    value = f"{website}/{design}"
    for path in ("/timer", "/timer/bar", "/entries/new", "/selection/bar", "/projects"):
        page = await get(cast.bob.client, path)
        assert page.index(f'value="{website}"') < page.index(f'value="{value}"'), path
        assert ">Website · Design<" in option(page, value), path
    chosen = option(await get(cast.bob.client, "/timer/bar"), value)
    assert 'class="p3"' in chosen
    assert "data-billable" in chosen
    assert value not in await get(cast.charlie.client, "/timer")


async def test_a_timer_on_a_task_says_so(cast: Cast, website: UUID, design: UUID) -> None:
    alice = cast.alice
    bar = await post(alice, "/timer/start", description="Sketch", project=f"{website}/{design}")
    assert "Website · Design" in bar[: bar.index('id="timer-start"')]
    assert await shown(alice) == ["Website · Design"]
    assert "Website · Design" in await get(alice.client, "/timer/today")
    await post(alice, "/timer/start", description="Other", project=str(website))
    assert await shown(alice) == ["Website", "Website · Design"]


async def test_the_same_without_script(cast: Cast, website: UUID, design: UUID) -> None:
    form = {"description": "Sketch", "project": f"{website}/{design}"}
    assert (await cast.alice.client.post("/timer/start", form=form)).status_code == 303
    assert (
        await cast.alice.client.post("/entries", form={**ENTRY, "project": f"{website}/{design}"})
    ).status_code == 303
    assert await shown(cast.alice) == ["Website · Design"] * 2


async def test_an_entry_by_hand_is_put_on_a_task_and_taken_off(
    cast: Cast, website: UUID, design: UUID, shop: UUID
) -> None:
    alice = cast.alice
    key = await add(alice, f"{website}/{design}")
    editor = await get(alice.client, f"/entries/{key}/editor")
    assert " selected" in option(editor, f"{website}/{design}")
    assert " selected" not in option(editor, str(website))
    said = ""
    for place, says in (
        (website, "Website"),
        (f"{website}/{design}", "Website · Design"),
        (shop, "Shop"),
        ("", "nowhere"),
    ):
        said = await post(alice, f"/entries/{key}", **{**ENTRY, "project": str(place)})
        assert await shown(alice) == [says]
    await post(alice, undo_in(said))
    assert await shown(alice) == ["Shop"]


async def test_an_archived_task_is_kept_by_its_entry_and_offered_to_no_other(
    cast: Cast, website: UUID, design: UUID
) -> None:
    alice, value = cast.alice, f"{website}/{design}"
    key = await add(alice, value)
    await post(alice, f"/tasks/{design}/archive")
    assert value not in await get(alice.client, "/timer/bar")
    kept = option(await get(alice.client, f"/entries/{key}/editor"), value)
    assert "Website · Design (archived)" in kept
    assert " selected" in kept
    await post(alice, f"/entries/{key}", **{**ENTRY, "project": value, "description": "Still"})
    assert await shown(alice) == ["Website · Design"]
    said = await post(alice, f"/entries/{key}/continue")
    assert "Its project or task is archived." in said
    assert await shown(alice) == ["Website · Design"]


async def test_an_entry_of_an_archived_project_may_leave_its_task(
    cast: Cast, website: UUID, design: UUID
) -> None:
    alice, value = cast.alice, f"{website}/{design}"
    key = await add(alice, value)
    await post(alice, f"/projects/{website}/archive")
    editor = await get(alice.client, f"/entries/{key}/editor")
    assert "Website (archived)" in option(editor, str(website))
    assert "Website · Design (archived)" in option(editor, value)
    await post(alice, f"/entries/{key}", **{**ENTRY, "project": str(website)})
    assert await shown(alice) == ["Website"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
async def test_what_is_not_offered_is_told_at_its_field_and_nothing_typed_is_lost(
    cast: Cast, website: UUID, design: UUID, shop: UUID, headers: dict[str, str]
) -> None:
    alice = cast.alice
    key = await add(alice, website)
    await post(alice, f"/tasks/{design}/archive")
    for place, message in (
        (f"{website}/{design}", "This task is archived or gone. Choose another."),
        (f"{shop}/{design}", "This task is archived or gone. Choose another."),
        (f"{design}/{website}", "This project is archived or gone. Choose another."),
        (f"{website}/", "Choose one from the list."),
    ):
        form = {**ENTRY, "description": "As typed", "project": place}
        for path, extra in (
            ("/timer/start", {}),
            ("/entries", {}),
            (f"/entries/{key}", {}),
            ("/selection/update", {"entry": key}),
        ):
            response = await alice.client.post(path, form={**form, **extra}, headers=headers)
            page = await body_of(response)
            assert response.status_code == 422, (path, place)
            assert message in page, (path, place)
            assert ("<html" in page) is not bool(headers)
            assert 'value="As typed"' in page or path == "/selection/update"
    assert await shown(alice) == ["Website"]


async def test_several_are_put_on_a_task_together_and_back(
    cast: Cast, website: UUID, design: UUID, shop: UUID
) -> None:
    alice = cast.alice
    first = await add(alice, shop)
    second = await add(alice, "", start="11", end="12", description="Other")
    said = await post(alice, "/selection/update", entry=f"{first},{second}", project=f"{website}/{design}")
    assert "2 entries changed." in said
    assert await shown(alice) == ["Website · Design"] * 2
    assert "They are all like that already." in await post(
        alice, "/selection/update", entry=f"{first},{second}", project=f"{website}/{design}"
    )
    await post(alice, undo_in(said))
    assert await shown(alice) == ["nowhere", "Shop"]


async def test_alike_entries_on_different_tasks_do_not_fold(cast: Cast, website: UUID, design: UUID) -> None:
    alice = cast.alice
    for start, place in (("9", website), ("11", f"{website}/{design}")):
        await add(alice, place, start=start, end=f"{start}:30")
    assert 'class="fold"' not in await get(alice.client, "/entries/days")
    await add(alice, f"{website}/{design}", start="13", end="14")
    page = await get(alice.client, "/entries/days")
    fold = page[page.index('<li class="fold"') :]
    assert "Website · Design" in fold[: fold.index('<ul class="parts"')]


async def test_continue_duplicate_and_split_keep_the_task(cast: Cast, website: UUID, design: UUID) -> None:
    alice = cast.alice
    key = await add(alice, f"{website}/{design}")
    await post(alice, f"/entries/{key}/split", at="9:20")
    await post(alice, f"/entries/{key}/duplicate")
    await post(alice, f"/entries/{key}/continue")
    assert set(await shown(alice)) == {"Website · Design"}
    assert len(re.findall(r'data-entry="', await get(alice.client, "/entries/days"))) == 4


async def test_a_favourite_starts_on_its_task(cast: Cast, website: UUID, design: UUID) -> None:
    alice = cast.alice
    key = await add(alice, f"{website}/{design}")
    pinned = await post(alice, "/favourites", entry=key)
    assert "Website · Design" in pinned
    start = re.findall(r'action="(/favourites/[0-9a-f-]{36}/start)"', pinned)[0]
    await post(alice, start)
    assert await shown(alice) == ["Website · Design"] * 2
    await post(alice, f"/tasks/{design}/archive")
    assert "Its project or task is archived" in await get(alice.client, "/favourites/list")


async def test_a_suggestion_fills_in_the_task_and_is_found_by_it(
    cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice
    await add(alice, f"{website}/{design}")
    found = ""
    for typed in ("pla", "desi"):
        found = await get(alice.client, f"/timer/suggestions?q={typed}")
        assert f'data-project="{website}/{design}"' in found
        assert "Website · " in found
    assert "<mark>Desi</mark>gn" in found
    assert "Website · <mark>Desi</mark>gn" in await get(alice.client, "/palette/results?q=desi")


async def test_a_project_named_in_the_text_takes_the_place_of_a_task_of_another(
    cast: Cast, website: UUID, design: UUID, shop: UUID
) -> None:
    alice, place = cast.alice, f"{website}/{design}"
    for text, says in (("Plan @Website", "Website · Design"), ("Plan @Shop", "Shop")):
        await post(alice, "/timer/start", description=text, project=place)
        assert (await shown(alice))[0] == says


async def test_a_task_renamed_is_so_in_every_row(cast: Cast, website: UUID, design: UUID) -> None:
    await add(cast.bob, f"{website}/{design}")
    assert await shown(cast.bob) == ["Website · Design"]
    await post(cast.alice, f"/tasks/{design}", name="Look")
    assert await shown(cast.bob) == ["Website · Look"]


async def test_a_started_timer_without_a_connection_keeps_its_task(
    cast: Cast, website: UUID, design: UUID
) -> None:
    alice = cast.alice
    at = "1795355000"  # 2026-11-22 13:43:20 UTC, some minutes ago
    await post(alice, "/timer/start", description="On the train", project=f"{website}/{design}", at=at)
    assert await shown(alice) == ["Website · Design"]
