"""The weekly grid: rows by dates with their sums, and what is open of it."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote

import pytest

from quart_app.db import Database
from quart_app.forms.reports import key_of
from quart_app.queries import tags
from tests.support.answers import text_of
from tests.support.cast import Cast
from tests.support.catalogue import add_project, track

pytestmark = pytest.mark.usefixtures("afternoon")
NIGHT = datetime(2026, 11, 16, 21, tzinfo=UTC)  # Monday, 22:00 in Berlin
HOUR = timedelta(hours=1)
WEEK = "/reports?view=weekly&period=this-week"


def cells(page: str) -> list[list[str]]:
    """The grid's rows, each with its cells, as one reads them."""
    grid = re.search(r'<table class="grid num".*?</table>', page, re.DOTALL)
    assert grid
    rows = re.findall(r"<tr(?: id=\"[\w-]+\")?>(.*?)</tr>", grid[0], re.DOTALL)
    return [
        [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


async def test_the_grid_sums_both_ways_and_names_its_days(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site", colour=4)
    await track(database, alice, site, NIGHT, NIGHT + 8 * HOUR)
    await track(database, alice, None, NIGHT, NIGHT + HOUR)
    head, first, second, foot = cells(await text_of(cast.alice, WEEK))
    assert head[0] == "Project"
    assert head[1] == "Mon 16 Nov Mon 16 Nov 2026"
    assert first == ["Site", "2:00", "6:00", "", "", "", "", "", "8:00"]
    assert second == ["Without a project", "1:00", "", "", "", "", "", "", "1:00"]
    assert foot == ["Total", "3:00", "6:00", "", "", "", "", "", "9:00"]


async def test_today_is_marked_and_heads_have_their_scope(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    page = await text_of(cast.alice, WEEK)
    assert page.count('aria-current="date"><span aria-hidden="true">Sun<small>22 Nov') == 1
    assert '<th scope="row">' in page
    assert page.count('<th scope="col"') >= 9
    assert "Days are those of Europe/Berlin." in page
    other = await text_of(cast.alice, "/reports?view=weekly&from=2026-11-16&to=2026-11-20")
    grid = other[other.index('<table class="grid num"') :]
    assert 'aria-current="date"' not in grid


async def test_each_figure_opens_where_it_stands(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    await track(database, alice, site, NIGHT, NIGHT + 8 * HOUR)
    page = await text_of(cast.alice, WEEK)
    keys = [
        key_of([("project", site), ("day", date(2026, 11, 16))]),
        key_of([("project", site)]),
        key_of([("day", date(2026, 11, 17))]),
        "total",
    ]
    grid = page[page.index('<table class="grid num"') :]
    links = re.findall(r'<a href="([^"#]+)#(row-[\w-]+)">', grid)
    assert len(links) == 6
    assert {name for _href, name in links} == set(re.findall(r'<tr id="([^"]+)">', grid))
    for key, told in zip(keys, ("2:00:00", "8:00:00", "6:00:00", "8:00:00"), strict=True):
        opened = await text_of(cast.alice, f"{WEEK}&open={key}")
        behind = re.search(r'<section class="behind".*?</section>', opened, re.DOTALL)
        assert behind
        assert f"<b>{told}</b>" in behind[0]
        assert any(key in unquote(href) for href, _name in links)
        assert opened.count('aria-expanded="true"') == 1
        close = re.search(r'href="([^"]+)"[^>]*aria-label="Close', behind[0])
        assert close
        closed = await text_of(cast.alice, close[1].replace("&amp;", "&"))
        assert 'class="behind"' not in closed
    both = await text_of(cast.alice, f"{WEEK}&open={keys[0]}&open=total&open=nonsense")
    assert both.count('<section class="behind"') == 2


async def test_long_periods_have_weeks_and_months(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + 8 * HOUR)
    quarter = cells(await text_of(cast.alice, "/reports?view=weekly&period=this-quarter"))
    assert len(quarter[0]) == 16
    assert quarter[1][-1] == "8:00"
    year = cells(await text_of(cast.alice, "/reports?view=weekly&period=this-year"))
    assert year[0][11].startswith("Nov 2026")
    assert year[1][11] == "8:00"
    month = key_of([("month", date(2026, 11, 1))])
    opened = await text_of(cast.alice, f"/reports?view=weekly&period=this-year&open={month}")
    assert "November 2026" in opened
    assert "<b>8:00:00</b>" in opened


async def test_rows_by_tag_say_that_they_overlap(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    async with database.writing() as db:
        both = await tags.resolve_tags(db, alice, ["ops", "late"], NIGHT)
    await track(database, alice, None, NIGHT, NIGHT + HOUR, tags=tuple(both))
    page = await text_of(cast.alice, f"{WEEK}&by=tag")
    assert "rows add up to more than the total" in page
    assert [row[-1] for row in cells(page)[1:]] == ["1:00", "1:00", "1:00"]
    assert "rows add up" not in await text_of(cast.alice, WEEK)


async def test_rounded_sums_stand_beside_the_measured(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + timedelta(minutes=50))
    page = await text_of(cast.alice, f"{WEEK}&round=up&step=30&per=day")
    assert cells(page)[1][1:3] == ["1:00", ""]
    assert cells(page)[1][-1] == "1:00 0:50"


async def test_an_empty_grid_says_what_to_do(cast: Cast) -> None:
    page = await text_of(cast.alice, WEEK)
    assert "Nothing tracked here" in page
    assert '<table class="grid num"' not in page


async def test_who_does_not_manage_sees_their_own(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NIGHT, NIGHT + HOUR)
    await track(database, cast.bob.viewer, None, NIGHT, NIGHT + 2 * HOUR)
    assert cells(await text_of(cast.alice, WEEK))[-1][-1] == "3:00"
    assert cells(await text_of(cast.bob, f"{WEEK}&by=member"))[-1][-1] == "2:00"
    assert "Nothing tracked here" in await text_of(cast.dana, WEEK)
    assert "Nothing tracked here" in await text_of(cast.charlie, WEEK)
