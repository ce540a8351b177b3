"""The period of a report, and what can't be read of its address: told beside its field, with the rest left standing."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from quart_app.db import Database
from tests.support.answers import text_of
from tests.support.cast import Cast
from tests.support.catalogue import add_project, add_task, track

pytestmark = pytest.mark.usefixtures("afternoon")
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)  # 9:00 in Berlin
HOUR = timedelta(hours=1)
HTMX = {"HX-Request": "true"}


# --- period ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "said", "before", "after"),
    [
        ("", "1 – 30 Nov 2026", "period=last-month", "from=2026-12-01&amp;to=2026-12-31"),
        ("period=today", "22 Nov 2026", "period=yesterday", "from=2026-11-23&amp;to=2026-11-23"),
        ("period=this-year", "1 Jan – 31 Dec 2026", "period=last-year", "from=2027-01-01&amp;to=2027-12-31"),
        ("period=last-week", "9 – 15 Nov 2026", "from=2026-11-02&amp;to=2026-11-08", "period=this-week"),
        ("from=30/12/2025&to=5/1/2026", "30 Dec 2025 – 5 Jan 2026", "from=2025-12-23", "from=2026-01-06"),
    ],
)
async def test_the_period_is_told_and_so_are_its_neighbours(
    cast: Cast, state: str, said: str, before: str, after: str
) -> None:
    page = await text_of(cast.alice, f"/reports?{state}")
    assert f"Period: </span>{said}" in page
    previous, following = re.findall(r'href="([^"]*)" data-key="([\[\]])"', page)
    assert previous[1] == "["
    assert previous[0].startswith(f"/reports?{before}")
    assert following[0].startswith(f"/reports?{after}")


async def test_the_calendar_asks_for_two_days(cast: Cast) -> None:
    page = await text_of(cast.alice, "/reports?cal=2026-10")
    assert '<b id="r-month">October 2026</b>' in page
    assert "/reports?cal=2026-10&amp;pick=2026-10-05" in page
    assert '<details class="menu drop" id="reports-period" open>' in page
    page = await text_of(cast.alice, "/reports?cal=2026-10&pick=2026-10-05")
    assert "From 5 Oct 2026. Now choose the last day." in page
    assert "/reports?from=2026-10-02&amp;to=2026-10-05" in page
    assert "/reports?from=2026-10-05&amp;to=2026-10-09" in page


@pytest.mark.parametrize("cal", ["1970-01", "2199-12", "nonsense", "2026-13", "9999-99"])
async def test_the_calendar_ends_where_dates_do(cast: Cast, cal: str) -> None:
    page = await text_of(cast.alice, f"/reports?cal={cal}&pick={cal}-01")
    assert 'class="cal"' in page


async def test_a_named_period_stays_one_when_the_form_is_sent(cast: Cast) -> None:
    shown = "shown=09/11/2026|15/11/2026"
    page = await text_of(cast.alice, f"/reports?period=last-week&from=09/11/2026&to=15/11/2026&{shown}")
    assert 'name="period" value="last-week"' in page
    page = await text_of(cast.alice, f"/reports?period=last-week&from=09/11/2026&to=16/11/2026&{shown}")
    assert 'name="period" value="custom"' in page
    assert "9 – 16 Nov 2026" in page
    page = await text_of(cast.alice, f"/reports?period=last-week&from=&to=&{shown}")
    assert 'name="period" value="last-week"' in page


async def test_what_the_form_sends_becomes_the_short_address(cast: Cast) -> None:
    dates = "from=01/11/2026&to=30/11/2026&shown=01/11/2026|30/11/2026"
    sent = f"/reports?period=this-month&{dates}&q=grid&by=project&zone="
    response = await cast.alice.client.get(sent, headers=HTMX)
    assert response.headers["HX-Push-Url"] == "/reports?q=grid"
    assert "HX-Push-Url" not in (await cast.alice.client.get(sent)).headers


async def test_tasks_are_offered_once_projects_are_chosen_where_they_are_many(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quart_app.report_controls.MOST_TASKS", 2)
    site, shop = [await add_project(database, cast.alice.viewer, name) for name in ("Site", "Shop")]
    design, checks = [
        await add_task(database, cast.alice.viewer, site, name) for name in ("Design", "Checks")
    ]
    await add_task(database, cast.alice.viewer, shop, "Design")
    page = await text_of(cast.alice, f"/reports?task={design}")
    assert re.findall(r'name="task" value="([^"]+)"( checked)?', page) == [
        ("none", ""),
        (str(design), " checked"),
    ]
    assert "2 more are not shown here. Choose projects first" in page
    page = await text_of(cast.alice, f"/reports?project={site}")
    assert re.findall(r'name="task" value="([^"]+)"', page) == ["none", str(checks), str(design)]


# --- what can't be read ------------------------------------------------------------------------------------------


async def test_dates_that_are_none_are_told_and_the_rest_stands(database: Database, cast: Cast) -> None:
    site = await add_project(database, cast.alice.viewer, "Site")
    await track(database, cast.alice.viewer, site, MORNING, MORNING + HOUR)
    state = (
        f"period=this-week&from=yestermorrow&to=22/11/2026&shown=16/11/2026|22/11/2026&project={site}&q=%22x"
    )
    page = await text_of(cast.alice, f"/reports?{state}")
    assert 'value="yestermorrow"' in page
    assert 'aria-describedby="r-from-error"' in page
    assert 'id="r-from-error"' in page
    assert "16 – 22 Nov 2026" in page
    assert f'value="{site}" checked' in page
    assert 'value="&#34;x"' in page
    assert '<details class="menu drop" id="reports-period" open>' in page


async def test_the_last_day_does_not_come_before_the_first(cast: Cast) -> None:
    page = await text_of(cast.alice, "/reports?from=2026-11-20&to=2026-11-10")
    assert "The last day comes before the first." in page
    assert 'value="2026-11-20"' in page
    assert 'value="2026-11-10"' in page


async def test_a_zone_may_be_typed_and_what_is_none_stays_typed(cast: Cast) -> None:
    page = await text_of(cast.alice, "/reports?zone=&zone_other=asia/tokyo")
    assert '<option value="Asia/Tokyo" selected>' in page
    assert "Days begin and end in Asia/Tokyo." in page
    page = await text_of(cast.alice, "/reports?zone=&zone_other=Nowhere/Land")
    assert 'value="Nowhere/Land"' in page
    assert 'id="r-zone-error"' in page
    assert '<option value="" selected>Yours: Europe/Berlin</option>' in page


@pytest.mark.parametrize(
    "state",
    [
        *(
            "view=x",
            "by=x",
            "then=x",
            "chart=x",
            "billable=x",
            "tags=x",
            "running=x",
            "show=x",
            "round=up&step=7",
        ),
        *(
            "round=x",
            "round=up&per=x",
            "sort=x",
            "project=x",
            "member=x",
            "period=x",
            "zone=x",
            "after=x&sort=x",
        ),
        *("view=detailed&after=x", "from=x", "open=x", "q=" + "x" * 201, "from=0001-01-01&to=9999-12-31"),
        "from=2100-01-01&to=2199-12-31",
    ],
)
async def test_what_can_t_be_read_never_breaks_the_page(cast: Cast, state: str) -> None:
    for path in ("/reports", "/reports/figures"):
        assert (await cast.alice.client.get(f"{path}?{state}")).status_code == 200
