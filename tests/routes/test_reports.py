"""The page of a report: what its address asks for, for whom, and what it says about it."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from quart_app.db import Database
from quart_app.forms.reports import key_of
from quart_app.queries import tags
from tests.support.answers import body_of, text_of, words_of
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project, add_task, track
from tests.support.pricing import SPRING, add

pytestmark = pytest.mark.usefixtures("afternoon")
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)  # 9:00 in Berlin
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


async def words(person: Person, path: str, status: int = 200) -> str:
    """What one reads on a page, without the tags."""
    response = await person.client.get(path)
    assert response.status_code == status, path
    text = (await words_of(response)).replace("\N{NO-BREAK SPACE}", " ")
    main = text[text.find('<div id="reports-page"') :] if status == 200 else text
    return re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<title>.*?</title>", "", main, flags=re.DOTALL))
    )


def kpi(page: str, title: str) -> str:
    """What a key figure says."""
    cards = re.findall(r'<div class="kpi">(.*?)</div>', page, re.DOTALL)
    found = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", card)).strip() for card in cards]
    (card,) = [card.removeprefix(title).strip() for card in found if card.startswith(title)]
    return card.replace("\N{NO-BREAK SPACE}", " ")


def lines(page: str) -> list[tuple[str, ...]]:
    """The lines of the table: name, hours, billable (and amount)."""
    rows = re.findall(r'<tr id="l-[^>]*>(.*?)</tr>', page, re.DOTALL)
    found = []
    for row in rows:
        cells = re.split(r"<t[hd]\b", row)[1:]
        texts = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", f"<x{cell}")).strip() for cell in cells]
        found.append(tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in [texts[0], *texts[2:]]))
    return found


async def billed(person: Person, **fields: str) -> None:
    """A billable entry of 20 November."""
    known = {"date": "2026-11-20", "start": "9", "end": "10", "billable": "1"}
    answer = await person.client.post("/entries", form=known | fields)
    assert answer.status_code == 303


# --- who ---------------------------------------------------------------------------------------------------------


async def test_a_stranger_signs_in_first_and_comes_back(cast: Cast) -> None:
    client = cast.alice.client
    client.cookie_jar.clear()  # type: ignore[union-attr]
    response = await client.get("/reports?period=last-month")
    assert response.status_code == 303
    assert parse_qs(urlsplit(response.headers["Location"]).query)["next"] == ["/reports?period=last-month"]


async def test_each_sees_the_hours_that_are_theirs_to_see(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    await track(database, cast.alice.viewer, site, MORNING, MORNING + HOUR)
    await track(database, cast.bob.viewer, site, MORNING, MORNING + 2 * HOUR)
    assert kpi(await text_of(cast.alice, "/reports"), "Total").startswith("3:00")
    assert kpi(await text_of(cast.bob, "/reports"), "Total").startswith("2:00")
    assert "Nothing was tracked here" in await words(cast.dana, "/reports")
    assert "Nothing was tracked here" in await words(cast.charlie, "/reports")


async def test_a_team_mate_is_no_filter_for_those_who_may_not_see_their_hours(cast: Cast) -> None:
    alice, bob = cast.alice.viewer.user_id, cast.bob.viewer.user_id
    await words(cast.alice, f"/reports?member={bob}")
    await words(cast.bob, f"/reports?member={bob}")
    for path in ("/reports", "/reports/figures"):
        await words(cast.bob, f"{path}?member={alice}", 403)
        await words(cast.dana, f"{path}?member={alice}", 403)
        await words(cast.charlie, f"{path}?member={alice}", 404)


@pytest.mark.parametrize("kind", ["member", "client", "project", "task", "tag"])
async def test_an_id_of_nothing_here_is_not_found(cast: Cast, kind: str) -> None:
    await words(cast.alice, f"/reports?{kind}={uuid4()}", 404)
    await words(cast.alice, f"/reports/figures?{kind}={uuid4()}", 404)


async def test_a_project_of_another_workspace_is_not_found(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    await words(cast.alice, f"/reports?project={site}")
    await words(cast.charlie, f"/reports?project={site}", 404)


@pytest.mark.parametrize("path", ["/reports", "/reports/figures"])
async def test_reports_are_only_read(cast: Cast, path: str) -> None:
    assert (await cast.alice.client.post(path)).status_code == 405


async def test_amounts_are_for_those_who_may_see_rates(database: Database, cast: Cast) -> None:
    await add(database, cast.alice.viewer, minor=9500)
    for person in (cast.alice, cast.bob):
        await billed(person)
    page = await text_of(cast.alice, "/reports")
    assert kpi(page, "Amount").startswith("€ 190.00 at 95.00 an hour on average")
    assert lines(page) == [("Without a project", "2:00", "2:00", "€ 190.00")]
    assert "Amount" not in await words(cast.bob, "/reports")


async def test_time_without_a_rate_is_told(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site", is_billable=True)
    await add(database, cast.alice.viewer, site, SPRING, 10_000)
    await billed(cast.alice, project=str(site))
    await billed(cast.alice, start="10", end="10:30")
    assert "0:30 h without a rate" in kpi(await text_of(cast.alice, "/reports"), "Amount")


# --- key figures -------------------------------------------------------------------------------------------------


async def test_key_figures_stand_beside_those_of_the_period_before(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, MORNING - 31 * DAY, MORNING - 31 * DAY + 2 * HOUR)
    await track(database, cast.alice.viewer, None, MORNING, MORNING + 3 * HOUR)
    page = await text_of(cast.alice, "/reports")
    assert kpi(page, "Total") == "3:00 +50 % on October 50 % more than October"
    assert kpi(page, "Billable") == "0:00 0 % of the total"
    # Fifteen Mondays to Fridays up to Sunday, 22 November; twenty-two in October.
    assert kpi(page, "Day on average") == "0:12 15 working days +120 % on October 120 % more than October"
    page = await text_of(cast.alice, "/reports?period=last-month")
    assert kpi(page, "Total") == "2:00"
    page = await text_of(cast.alice, "/reports?period=this-week")
    assert "on last week" not in page


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ("period=this-week", "last week"),
        ("period=last-month", "September"),
        ("from=2026-01-01&to=2026-01-31", "December 2025"),
        ("period=this-quarter", "Q3"),
        ("period=this-year", "2025"),
        ("period=today", "yesterday"),
        ("from=2026-11-16&to=2026-11-20", "11 – 15 Nov"),
    ],
)
async def test_the_period_before_has_a_name(database: Database, cast: Cast, state: str, named: str) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for number in range(700):
        if number % 4 == 0 or number > 680:
            day = start + number * DAY
            await track(database, cast.alice.viewer, None, day, day + HOUR)
    said = kpi(await text_of(cast.alice, f"/reports?{state}"), "Total")
    assert re.search(rf" (on|as) {named} ", said), said


async def test_what_runs_is_marked_and_may_be_left_out(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, datetime(2026, 11, 22, 13, 18, tzinfo=UTC))
    page = await text_of(cast.alice, "/reports")
    assert "with 0:42 running" in kpi(page, "Total")
    assert 'class="run"' in page
    assert "every 60s" in page
    page = await text_of(cast.alice, "/reports?running=without")
    assert "running</small>" not in page
    assert "every 60s" not in page


# --- rounding and durations --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per", "said", "rounded"),
    [
        ("entry", "Each entry rounded up to 15 minutes; measured: 1:22", "1:30"),
        ("day", "Each person's day on a project rounded up to 15 minutes; measured: 1:22", "1:30"),
        ("line", "Each line rounded up to 15 minutes; measured: 1:22", "1:30"),
    ],
)
async def test_rounding_is_named_and_stands_beside_what_was_measured(
    database: Database, cast: Cast, per: str, said: str, rounded: str
) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    await track(database, cast.alice.viewer, site, MORNING, MORNING + timedelta(minutes=41))
    await track(database, cast.alice.viewer, site, MORNING + HOUR, MORNING + HOUR + timedelta(minutes=41))
    state = f"/reports?round=up&per={per}"
    page = await text_of(cast.alice, state)
    assert kpi(page, "Total").startswith(f"{rounded} measured 1:22")
    assert lines(page) == [("Site", f"{rounded} 1:22", "–")]
    assert said in await words(cast.alice, state)
    assert "measured 1:22" not in await words(cast.alice, "/reports")


@pytest.mark.parametrize(
    ("show", "figure"), [("clock", "1:42"), ("decimal", "1.70"), ("both", "1:42 · 1.70")]
)
async def test_durations_are_shown_as_asked(database: Database, cast: Cast, show: str, figure: str) -> None:
    await track(database, cast.alice.viewer, None, MORNING, MORNING + timedelta(minutes=102))
    page = await text_of(cast.alice, f"/reports?show={show}")
    assert kpi(page, "Total") == figure
    assert lines(page) == [("Without a project", figure, "–")]


# --- lines -------------------------------------------------------------------------------------------------------


async def test_lines_nest_by_two_groupings(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    design = await add_task(database, cast.alice.viewer, site, "Design")
    await track(database, cast.alice.viewer, site, MORNING, MORNING + 2 * HOUR, task_id=design)
    await track(database, cast.alice.viewer, site, MORNING + 3 * HOUR, MORNING + 4 * HOUR)
    await track(database, cast.alice.viewer, None, MORNING + 5 * HOUR, MORNING + 6 * HOUR)
    page = await text_of(cast.alice, "/reports?then=task")
    assert lines(page) == [
        ("Site", "3:00", "–"),
        ("Design", "2:00", "–"),
        ("Without a task", "1:00", "–"),
        ("Without a project", "1:00", "–"),
        ("Without a task", "1:00", "–"),
    ]
    assert page.count('type="checkbox" checked aria-label="Show what is in') == 2


async def test_a_tag_report_says_that_its_lines_overlap(database: Database, cast: Cast) -> None:
    names = ["design", "review"]
    now = MORNING

    async def make(names: list[str]) -> list[object]:
        return list(
            await database.transaction(lambda db: tags.resolve_tags(db, cast.alice.viewer, names, now))
        )

    both = tuple(await make(names))
    await track(database, cast.alice.viewer, None, MORNING, MORNING + HOUR, tags=both)  # type: ignore[arg-type]
    page = await text_of(cast.alice, "/reports?by=tag")
    assert sorted(lines(page)) == [("design", "1:00", "–"), ("review", "1:00", "–")]
    assert kpi(page, "Total") == "1:00"
    overlapping = "lines add up to more than the total"
    assert overlapping in page
    assert overlapping not in await text_of(cast.alice, f"/reports?by=tag&tag={both[0]}&q=nothing")


async def test_a_line_s_figures_open_what_is_behind_them(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    await track(database, cast.alice.viewer, site, MORNING, MORNING + HOUR, description="Rate limits")
    await track(database, cast.alice.viewer, None, MORNING, MORNING + HOUR, description="Tidy up")
    key = key_of([("project", site)])
    closed = await text_of(cast.alice, "/reports")
    assert f"/reports?open={key}#l-" in closed
    assert "Rate limits" not in closed
    opened = await text_of(cast.alice, f"/reports?open={key}")
    assert "Rate limits" in opened
    assert "Tidy up" not in opened
    assert f'data-opened="{key}"' in opened
    assert re.search(r'<a href="/reports#l-\w+" aria-expanded="true"', opened)
    both = await text_of(cast.alice, f"/reports/figures?open={key}&open=total")
    assert "Tidy up" in both


async def test_a_figure_of_nothing_is_left_closed(cast: Cast) -> None:
    for key in (
        "nonsense",
        "project:none,nonsense:1",
        f"project:{uuid4()}",
        "day:2026-02-30",
        "description:zz",
    ):
        assert "data-opened" not in await text_of(cast.alice, f"/reports?open={key}")


async def test_of_very_many_lines_some_are_shown_and_all_if_asked(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quart_app.report_summary.MOST_LINES", 4)
    for number in range(6):
        start = MORNING - number * DAY
        await track(database, cast.alice.viewer, None, start, start + HOUR, description=f"Work {number}")
    page = await text_of(cast.alice, "/reports?by=description")
    assert len(lines(page)) == 4
    assert "2 more lines." in page
    assert len(lines(await text_of(cast.alice, "/reports?by=description&all=1"))) == 6
    nested = await text_of(cast.alice, "/reports?then=description")
    assert len(lines(nested)) == 1
    assert "Show its 6 lines" in nested
    assert len(lines(await text_of(cast.alice, "/reports?then=description&all=1"))) == 7


async def test_lines_by_date_stand_in_their_order(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, MORNING - DAY, MORNING - DAY + HOUR)
    await track(database, cast.alice.viewer, None, MORNING, MORNING + 2 * HOUR)
    page = await text_of(cast.alice, "/reports?by=day")
    assert lines(page) == [("Thu 19 Nov 2026", "1:00", "–"), ("Fri 20 Nov 2026", "2:00", "–")]
    assert [line[0] for line in lines(await text_of(cast.alice, "/reports?by=week"))] == ["16 – 22 Nov 2026"]
    assert [line[0] for line in lines(await text_of(cast.alice, "/reports?by=month"))] == ["November 2026"]


# --- chart -------------------------------------------------------------------------------------------------------


async def test_bars_and_their_table_say_the_same(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site", colour=4)
    await track(database, cast.alice.viewer, site, MORNING, MORNING + 2 * HOUR)
    await track(database, cast.alice.viewer, None, MORNING - DAY, MORNING - DAY + HOUR)
    page = await text_of(cast.alice, "/reports")
    assert 'role="img" aria-label="Hours a day, 1 – 30 Nov 2026. By project"' in page
    assert re.search(r"<title>Fri 20 Nov 2026: 2:00\s+Site: 2:00</title>", page)
    assert page.count('<rect class="p4"') == 2  # the block, and the share of the line
    table = page[page.index('class="chart-table"') :]
    row = re.search(r">Fri 20 Nov 2026</a>(.*?)</tr>", table, re.DOTALL)
    assert row
    cells = re.findall(r'<td class="r num">(.*?)</td>', row[1])
    assert [re.sub(r"<[^>]+>", "", cell) for cell in cells] == ["2:00", "2:00", ""]
    assert '<a href="/reports?from=2026-11-20&amp;to=2026-11-20">Fri 20 Nov 2026</a>' in table


async def test_bars_are_of_days_weeks_or_months(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, MORNING, MORNING + HOUR)
    for bucket, title, bars in (
        ("day", "Hours a day", 30),
        ("week", "Hours a week", 6),
        ("month", "Hours a month", 1),
    ):
        page = await text_of(cast.alice, f"/reports?chart={bucket}")
        assert f">{title}</h2>" in page
        assert page[page.index('class="hits"') :].split("</svg>")[0].count("<a ") == bars


async def test_bars_that_would_be_too_many_are_of_more(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, MORNING, MORNING + HOUR)
    page = await text_of(cast.alice, "/reports?from=1999-01-01&to=2026-12-31&chart=day")
    assert "Hours a month" in page
    assert ">Day</a>" not in page[page.index("Hours a month") : page.index('class="chart"')]
    assert "Hours a" not in await text_of(cast.alice, "/reports?from=1970-01-01&to=2060-12-31")


# --- the rest ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["summary", "detailed", "weekly"])
async def test_the_fragment_is_what_the_page_shows(database: Database, cast: Cast, view: str) -> None:
    await track(database, cast.alice.viewer, None, MORNING, MORNING + HOUR, description="Rate limits")
    page = await text_of(cast.alice, f"/reports?view={view}")
    fragment = await text_of(cast.alice, f"/reports/figures?view={view}")
    assert fragment.strip().startswith('<section id="reports-figures"')
    assert fragment.strip() in page
    assert 'name="by"' not in fragment


async def test_a_report_of_nothing_says_what_to_do(database: Database, cast: Cast) -> None:
    page = await words(cast.alice, "/reports")
    assert "Nothing was tracked here" in page
    assert "Go to the timer" in page
    site = await add_project(database, cast.alice.viewer, "Site")
    await track(database, cast.alice.viewer, None, MORNING, MORNING + HOUR)
    page = await words(cast.alice, f"/reports?project={site}")
    assert "No entry of these days fits the filters." in page
    assert "Go to the timer" not in await words(cast.dana, "/reports")


async def test_chips_count_what_is_chosen_and_clear_it(database: Database, cast: Cast) -> None:
    site, shop = [await add_project(database, cast.alice.viewer, name) for name in ("Site", "Shop")]
    page = await text_of(cast.alice, f"/reports?project={site}&project={shop}&project=none&by=day")
    assert "Project: 3" in page
    clear = re.search(r'<p class="foot"><a class="[^"]*" href="([^"]*)"', page)
    assert clear
    assert clear[1] == "/reports?by=day"


async def test_reports_follow_the_language_and_the_day_order(cast: Cast) -> None:
    page = await text_of(cast.alice, "/reports?from=1/2/2026&to=3/2/2026")
    assert "1 – 3 Feb 2026" in page
    assert 'value="01/02/2026"' in page


async def test_a_day_of_another_zone_is_that_zone_s(database: Database, cast: Cast) -> None:
    night = datetime(2026, 11, 20, 16, tzinfo=UTC)  # 1:00 on the 21st in Tokyo
    await track(database, cast.alice.viewer, None, night, night + HOUR)
    assert lines(await text_of(cast.alice, "/reports?by=day"))[0][0] == "Fri 20 Nov 2026"
    assert lines(await text_of(cast.alice, "/reports?by=day&zone=Asia/Tokyo"))[0][0] == "Sat 21 Nov 2026"


async def test_the_page_is_light(database: Database, cast: Cast) -> None:
    for number in range(200):
        start = MORNING - number * timedelta(hours=2)
        await track(database, cast.alice.viewer, None, start, start + HOUR, description=f"Work {number}")
    response = await cast.alice.client.get("/reports?period=this-month&by=description")
    assert len(await body_of(response)) < 160_000
