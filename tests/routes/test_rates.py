"""Rates in the browser: on the pages of the workspace and of a project, with and without script."""

import re
from datetime import date

import pytest
from quart import Quart

from quart_app.db import Database
from tests.support.answers import body_of, get, words_of
from tests.support.cast import Cast
from tests.support.catalogue import add_project
from tests.support.pricing import SPRING, add, currency_of, plain, stored

HTMX = {"HX-Request": "true"}
AUTUMN = date(2026, 9, 1)


# --- what is shown -----------------------------------------------------------------------------------------------


async def test_the_workspace_shows_its_currency_and_its_rates(cast: Cast, database: Database) -> None:
    await add(database, cast.alice.viewer)
    site = await add_project(database, cast.alice.viewer, "Site")
    await add(database, cast.alice.viewer, site, AUTUMN, 11_000)
    for path in ("/workspace", "/rates"):
        page = plain(await get(cast.alice.client, path))
        assert '<option value="EUR" selected>EUR · Euro</option>' in page
        assert "1 Mar 2026" in page
        assert "€ 95.00" in page
        assert "€ 110.00" not in page


async def test_a_project_shows_its_own_and_says_what_holds_without(cast: Cast, database: Database) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    path = f"/projects/{site}/edit"
    assert "No rate holds today" in await get(cast.alice.client, path)
    await add(database, alice)
    assert "The workspace&#39;s rate holds: € 95.00 an hour." in plain(await get(cast.alice.client, path))
    await add(database, alice, site, date(2199, 1, 1), 20_000)
    page = plain(await get(cast.alice.client, path))
    assert "Until then the workspace&#39;s rate holds: € 95.00 an hour." in page
    assert "In force" not in page
    await add(database, alice, site, SPRING, 0)
    page = plain(await get(cast.alice.client, path))
    assert "workspace&#39;s rate" not in page
    assert "€ 0.00" in page
    assert page.count("In force") == 1


async def test_a_workspace_without_rates_says_so(cast: Cast) -> None:
    assert "No rates yet" in await get(cast.alice.client, "/workspace")


async def test_of_several_rates_the_one_of_today_is_marked(cast: Cast, database: Database) -> None:
    for day, minor in ((date(2025, 1, 1), 9000), (SPRING, 9500), (date(2199, 1, 1), 9900)):
        await add(database, cast.alice.viewer, day=day, minor=minor)
    page = plain(await get(cast.alice.client, "/rates/list"))
    (row,) = [row for row in page.split("<tr") if "In force" in row]
    assert "€ 95.00" in row
    assert page.index("€ 99.00") < page.index("€ 95.00") < page.index("€ 90.00")


async def test_the_list_listens_and_holds_no_field(cast: Cast, database: Database) -> None:
    await add(database, cast.alice.viewer)
    fragment = await get(cast.alice.client, "/rates/list")
    assert "rates-changed from:body" in fragment
    assert "resync from:body" in fragment
    assert "<input" not in fragment
    site = await add_project(database, cast.alice.viewer, "Site")
    fragment = await get(cast.alice.client, f"/rates/list?project={site}")
    assert f'hx-get="/rates/list?project={site}"' in fragment


async def test_amounts_are_written_in_the_readers_language(cast: Cast, database: Database) -> None:
    await add(database, cast.alice.viewer, minor=125_050)
    profile = {"username": "alice", "email": "alice@example.com", "time_zone": "UTC", "locale": "de"}
    profile |= {"hour_cycle": "24", "date_order": "dmy", "week_start": "0", "theme": "system"}
    profile |= {"density": "comfortable", "duration_format": "clock", "day_target": "8", "timer_limit": "8"}
    assert (await cast.alice.client.post("/account", form=profile)).status_code == 303
    assert "1.250,50 €" in plain(await get(cast.alice.client, "/rates/list"))


# --- adding ------------------------------------------------------------------------------------------------------


async def test_a_rate_is_added_without_script(cast: Cast, database: Database) -> None:
    form = {"project": "", "starts_on": "01/03/2026", "rate": "1.250,50"}
    response = await cast.alice.client.post("/rates", form=form)
    assert (response.status_code, response.location) == (303, "/workspace")
    assert await stored(database, cast.alice.viewer) == [("2026-03-01", 125_050)]
    assert "Rate added, from 1 Mar 2026 on." in await get(cast.alice.client, "/workspace")


async def test_with_script_a_fresh_form_comes_back_and_all_hear_of_it(
    app: Quart, cast: Cast, database: Database
) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    form = {"project": str(site), "starts_on": "2026-03-01", "rate": "110"}
    key = f"workspace:{cast.alice.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([key]) as mailbox:
        response = await cast.alice.client.post("/rates", form=form, headers=HTMX)
        assert await mailbox.take() == ["rates-changed"]
    assert (response.status_code, response.headers["HX-Trigger"]) == (200, "rates-changed")
    fragment = await body_of(response)
    assert fragment.lstrip().startswith('<form id="rates-form"')
    assert f'name="project" value="{site}"' in fragment
    assert 'value="110"' not in fragment
    assert await stored(database, cast.alice.viewer, site) == [("2026-03-01", 11_000)]
    assert await stored(database, cast.alice.viewer) == []


async def test_without_script_one_comes_back_to_the_project(cast: Cast, database: Database) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    form = {"project": str(site), "starts_on": "2026-03-01", "rate": "110"}
    response = await cast.alice.client.post("/rates", form=form)
    assert (response.status_code, response.location) == (303, f"/projects/{site}/edit")


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    for project in ("", str(site)):
        form = {"project": project, "starts_on": "some day", "rate": "<much>"}
        response = await cast.alice.client.post("/rates", form=form, headers=headers)
        page = await body_of(response)
        assert response.status_code == 422
        assert 'value="some day"' in page
        assert 'value="&lt;much&gt;"' in page
        assert re.search(r'id="f-rate-starts-on-error".*?Type a date like', page, re.DOTALL)
        assert re.search(r'id="f-rate-rate-error".*?Type an amount like', page, re.DOTALL)
        assert f'name="project" value="{project}"' in page
        assert page.lstrip().startswith("<form") == bool(headers)
    assert await stored(database, cast.alice.viewer) == []


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_second_rate_of_the_same_day_is_refused_in_words(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    for owner in (None, site):
        await add(database, cast.alice.viewer, owner)
        other = await add(database, cast.alice.viewer, owner, AUTUMN, 9900)
        form = {"project": str(owner or ""), "starts_on": "2026-03-01", "rate": "42"}
        for path in ("/rates", f"/rates/{other}"):
            response = await cast.alice.client.post(path, form=form, headers=headers)
            page = await body_of(response)
            assert response.status_code == 422
            assert "There is a rate from 1 Mar 2026 on already." in page
            assert 'value="42"' in page
        assert await stored(database, cast.alice.viewer, owner) == [
            ("2026-09-01", 9900),
            ("2026-03-01", 9500),
        ]


# --- changing ----------------------------------------------------------------------------------------------------


async def test_a_rate_is_changed_in_its_row(cast: Cast, database: Database) -> None:
    key = await add(database, cast.alice.viewer)
    editor = await get(cast.alice.client, f"/rates/{key}/editor")
    assert editor.lstrip().startswith(f'<tr id="rates-row-{key}"')
    assert "hx-morph-skip" in editor
    assert 'value="01/03/2026"' in editor
    assert 'value="95.00"' in editor
    form = {"starts_on": "1 Sep 2026", "rate": "99"}
    response = await cast.alice.client.post(f"/rates/{key}", form=form, headers=HTMX)
    assert (response.status_code, response.headers["HX-Trigger"]) == (200, "rates-changed")
    row = plain(await body_of(response))
    assert row.lstrip().startswith(f'<tr id="rates-row-{key}"')
    assert "1 Sep 2026" in row
    assert "€ 99.00" in row
    assert await stored(database, cast.alice.viewer) == [("2026-09-01", 9900)]


async def test_a_rate_is_changed_without_script(cast: Cast, database: Database) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    for owner, back in ((None, "/workspace#rates"), (site, f"/projects/{site}/edit#rates")):
        key = await add(database, cast.alice.viewer, owner)
        page = await get(cast.alice.client, f"/rates/{key}/edit")
        assert 'value="95.00"' in page
        assert f'href="{back}"' in page
        response = await cast.alice.client.post(
            f"/rates/{key}", form={"starts_on": "2026-09-01", "rate": "99"}
        )
        assert (response.status_code, response.location) == (303, back)
        assert await stored(database, cast.alice.viewer, owner) == [("2026-09-01", 9900)]


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_wrong_change_keeps_what_was_typed(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    key = await add(database, cast.alice.viewer)
    response = await cast.alice.client.post(
        f"/rates/{key}", form={"starts_on": "2026-09-01", "rate": "9 to 5"}, headers=headers
    )
    page = await body_of(response)
    assert response.status_code == 422
    assert 'value="9 to 5"' in page
    assert 'value="2026-09-01"' in page
    assert "Type an amount like" in page
    assert page.lstrip().startswith("<tr") == bool(headers)
    assert await stored(database, cast.alice.viewer) == [("2026-03-01", 9500)]


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_rate_is_removed_and_brought_back(
    cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    key = await add(database, cast.alice.viewer)
    response = await cast.alice.client.post(f"/rates/{key}/delete", headers=headers)
    said = await body_of(response) if headers else await get(cast.alice.client, "/workspace")
    assert "Rate from 1 Mar 2026 on removed." in said
    assert f"/rates/{key}/restore" in said
    assert await stored(database, cast.alice.viewer) == []
    response = await cast.alice.client.post(f"/rates/{key}/restore", headers=headers)
    assert response.status_code == (200 if headers else 303)
    assert await stored(database, cast.alice.viewer) == [("2026-03-01", 9500)]


async def test_what_is_there_by_now_is_not_pushed_aside(cast: Cast, database: Database) -> None:
    key = await add(database, cast.alice.viewer)
    await cast.alice.client.post(f"/rates/{key}/delete")
    await add(database, cast.alice.viewer, minor=9900)
    response = await cast.alice.client.post(f"/rates/{key}/restore", headers=HTMX)
    assert response.status_code == 409
    assert "another rate from that day on" in await body_of(response)
    assert await stored(database, cast.alice.viewer) == [("2026-03-01", 9900)]


# --- the currency ------------------------------------------------------------------------------------------------


async def test_the_currency_is_changed_without_script(cast: Cast, database: Database) -> None:
    await add(database, cast.alice.viewer)
    response = await cast.alice.client.post("/rates/currency", form={"currency": "JPY"})
    assert (response.status_code, response.location) == (303, "/workspace")
    assert await currency_of(database, cast.alice.viewer) == "JPY"
    assert await currency_of(database, cast.charlie.viewer) == "EUR"
    assert "¥ 95<" in plain(await get(cast.alice.client, "/workspace"))


async def test_with_script_the_form_comes_back_and_all_lists_follow(
    app: Quart, cast: Cast, database: Database
) -> None:
    key = f"workspace:{cast.alice.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([key]) as mailbox:
        response = await cast.alice.client.post("/rates/currency", form={"currency": "CHF"}, headers=HTMX)
        assert await mailbox.take() == ["rates-changed"]
    assert (response.status_code, response.headers["HX-Trigger"]) == (200, "rates-changed")
    fragment = await body_of(response)
    assert fragment.lstrip().startswith('<div id="rates-currency"')
    assert '<option value="CHF" selected>CHF · Swiss Franc</option>' in fragment
    assert await currency_of(database, cast.alice.viewer) == "CHF"


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("currency", "minor", "words"),
    [
        ("JPY", 9550, "The rate of € 95.50 has decimals that JPY has not."),
        ("KWD", 100_000_000, "A rate would become too large in it."),
        ("XXX", 9500, "Choose one from the list."),
        ("", 9500, "Choose one from the list."),
    ],
)
async def test_a_currency_that_does_not_fit_is_told_at_its_field(
    cast: Cast, database: Database, headers: dict[str, str], currency: str, minor: int, words: str
) -> None:
    await add(database, cast.alice.viewer, minor=minor)
    form = {"currency": currency}
    response = await cast.alice.client.post("/rates/currency", form=form, headers=headers)
    page = plain(await words_of(response))
    assert response.status_code == 422
    assert words in page
    assert (f'value="{currency}" selected' in page) == (currency in ("JPY", "KWD"))
    assert page.lstrip().startswith("<div") == bool(headers)
    assert await currency_of(database, cast.alice.viewer) == "EUR"
