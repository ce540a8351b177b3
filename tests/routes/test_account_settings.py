"""Settings of taste on the account page: each takes effect at once, and is typed as people type."""

import re

import pytest
import sqlalchemy as sa
from quart import Quart

from quart_app.tables import users
from tests.routes.test_account_page import HTMX, error_at, html_of, page_of, profile_of, save
from tests.support.answers import body_of
from tests.support.cast import Cast

LOOKS = {
    "theme": ("dark", "data-theme", "dark"),
    "density": ("compact", "data-density", "compact"),
    "hour_cycle": ("12", "data-clock", "12"),
    "duration_format": ("decimal", "data-durations", "decimal"),
    "locale": ("de", "lang", "de"),
}


@pytest.mark.parametrize("field", LOOKS)
async def test_each_look_stands_on_the_page_and_in_what_other_tabs_fetch(cast: Cast, field: str) -> None:
    value, attribute, written = LOOKS[field]
    assert (await save(cast.alice, **{field: value})).status_code == 303
    assert html_of(await page_of(cast.alice))[attribute] == written
    me = await body_of(await cast.alice.client.get("/account/me"))
    assert f'{attribute if attribute != "lang" else "data-lang"}="{written}"' in me


@pytest.mark.parametrize(
    ("field", "typed", "minutes", "shown"),
    [
        ("day_target", "7:30", 450, "7:30"),
        ("day_target", "7.5h", 450, "7:30"),
        ("day_target", "6", 360, "6"),
        ("day_target", "", 0, ""),
        ("day_target", "0", 0, ""),
        ("timer_limit", "12", 720, "12"),
        ("timer_limit", "", 0, ""),
    ],
)
async def test_hours_are_typed_as_people_type_them(
    app: Quart, cast: Cast, field: str, typed: str, minutes: int, shown: str
) -> None:
    assert (await save(cast.alice, **{field: typed})).status_code == 303
    async with app.extensions["chronos"].database.reading() as db:
        wanted = sa.select(users.c[field]).where(users.c.id == cast.alice.viewer.user_id)
        assert await db.scalar(wanted) == minutes
    assert re.search(rf'name="{field}" type="text" value="{shown}"', await page_of(cast.alice))


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("day_target", "much", "Type hours like 8"),
        ("day_target", "25", "24 hours at most"),
        ("timer_limit", "169", "168 hours at most"),
        ("timer_limit", "-1", "Type hours like 8"),
        ("density", "tight", "offered values"),
        ("duration_format", "roman", "offered values"),
        ("locale", "xx", "offered values"),
    ],
)
async def test_a_wrong_setting_is_told_at_its_field(cast: Cast, field: str, typed: str, words: str) -> None:
    for headers in ({}, HTMX):
        form = profile_of(cast.alice, **{field: typed})
        response = await cast.alice.client.post("/account", form=form, headers=headers)
        page = await body_of(response)
        assert response.status_code == 422
        assert words in error_at(page, f"f-{field}")
        if field in ("day_target", "timer_limit"):
            assert f'value="{typed}"' in page


async def test_one_may_be_spared_the_question_about_overlaps(cast: Cast) -> None:
    tick = re.compile(r'name="is_warned_of_overlap" type="checkbox" value="1" checked')
    assert tick.search(await page_of(cast.alice))
    await save(cast.alice, is_warned_of_overlap="no tick")
    assert not tick.search(await page_of(cast.alice))
    await save(cast.alice)
    assert tick.search(await page_of(cast.alice))


async def test_another_language_is_spoken_from_the_answer_on(cast: Cast) -> None:
    form = profile_of(cast.alice, locale="de")
    response = await cast.alice.client.post("/account", form=form, headers=HTMX)
    assert (response.status_code, response.headers["HX-Refresh"]) == (200, "true")
    assert html_of(await page_of(cast.alice))["lang"] == "de"
