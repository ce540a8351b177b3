"""Today's strip and its gaps, with the cast: alice owns, bob is on her team, dana looks on, charlie is a stranger."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quart import Quart

from quart_app import periods, timer_page
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.forms.entries import EntryForm, parse_entry
from quart_app.ids import new_id
from quart_app.queries import entries
from quart_app.tables import users
from tests.support.answers import text_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}
# Sunday, 15:00 in Berlin; 9:00 in New York.
NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def afternoon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "now", lambda: NOW)


def at(text: str) -> datetime:
    """A time of this day in UTC; in Berlin it is an hour later."""
    return datetime.fromisoformat(f"2026-11-22 {text:0>5}+00:00")


async def track(database: Database, person: Person, start: str, end: str, text: str = "Plan") -> str:
    key, new = new_id(), entries.EntryValues(text, None, False, at(start), at(end))
    await database.transaction(lambda db: entries.insert_entry(db, person.viewer, key, new, NOW))
    return str(key)


def blocks(html: str) -> list[tuple[str, str]]:
    """Where the blocks of the strip begin, and how wide they are."""
    return re.findall(r'<rect(?: class="p\d+")? x="([\d.]+)%"[^>]* width="([\d.]+)%"', html)


def spoken(html: str) -> str:
    """What the table says."""
    table = re.search(r"<tbody>(.*?)</tbody>", html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", table[1]).split()) if table else ""


async def test_the_day_stands_on_the_strip_at_its_true_times(cast: Cast, database: Database) -> None:
    first = await track(database, cast.alice, "8:00", "9:00")
    await track(database, cast.alice, "11:00", "11:30", "Write & read")
    html = await text_of(cast.alice, "/timer/today")
    assert html.startswith("<section")
    assert blocks(html) == [("10.0", "10.0"), ("40.0", "5.0")]
    assert '<rect class="present" x="70.0%"' in html
    assert f'href="/timer?edit={first}#entries-row-{first}"' in html
    assert "1 h 30 min</b> of 8 h" in html
    assert "<title>12:00 to 12:30, Write &amp; read</title>" in html
    assert re.findall(r"<text[^>]*>(\d+)", html) == ["8", "10", "12", "14", "16", "18"]


async def test_the_table_says_the_same_as_the_strip(cast: Cast, database: Database) -> None:
    await track(database, cast.alice, "8:00", "9:00")
    await track(database, cast.alice, "11:00", "11:30", "")
    assert spoken(await text_of(cast.alice, "/timer/today")) == (
        "9:00 – 10:00 Plan 1:00 10:00 – 12:00 Untracked · Fill the gap 2:00 12:00 – 12:30 No description 0:30"
    )


async def test_the_page_and_the_refresh_show_the_same(cast: Cast, database: Database) -> None:
    await track(database, cast.alice, "8:00", "9:00")
    for _ in range(2):  # made, and kept
        strip = await text_of(cast.alice, "/timer/today")
        page = await text_of(cast.alice, "/timer")
        assert strip.strip() in page
    assert 'id="timer-today"' not in await text_of(cast.alice, "/timer?before=2026-11-20")


async def test_everybody_sees_their_own_day_in_their_own_zone(cast: Cast, database: Database) -> None:
    await track(database, cast.alice, "8:00", "9:00")
    assert blocks(await text_of(cast.alice, "/timer/today"))
    for person in (cast.bob, cast.dana, cast.charlie):
        assert not blocks(await text_of(person, "/timer/today"))
    assert '<rect class="present" x="10.0%"' in await text_of(cast.dana, "/timer/today")


async def test_a_day_without_entries_has_a_strip_and_no_table(cast: Cast) -> None:
    html = await text_of(cast.alice, "/timer/today")
    assert "0 min</b> of 8 h" in html
    assert "<table" not in html
    assert "Fill the gap" not in html


async def test_what_runs_is_bronze_and_counts_from_the_server(cast: Cast, database: Database) -> None:
    await track(database, cast.alice, "8:00", "9:00")
    started = await cast.alice.client.post("/timer/start", form={"description": "Now"})
    assert started.status_code == 303
    html = await text_of(cast.alice, "/timer/today")
    assert re.search(rf'<rect class="run"[^>]* data-grows="{int(NOW.timestamp())}"', html)
    assert f'data-total="3600" data-at="{int(NOW.timestamp())}"' in html
    assert "15:00 – now" in html


async def test_the_target_and_the_taste_of_the_profile_are_followed(cast: Cast, app: Quart) -> None:
    database: Database = app.extensions["chronos"].database
    await track(database, cast.alice, "8:00", "9:45")
    for values, expected in (
        ({"day_target": 450}, "1 h 45 min</b> of 7 h 30 min"),
        ({"day_target": 0}, "1 h 45 min</b></p>"),
        ({"day_target": 480, "duration_format": "decimal"}, "1.75 h</b> of 8.00 h"),
        ({"hour_cycle": "12"}, '"12">8 am</text>'),
    ):
        async with database.writing() as db:
            mine = users.c.id == cast.alice.viewer.user_id
            revision = users.c.revision + 1
            await db.execute(users.update().where(mine).values(**values, revision=revision))
        html = await text_of(cast.alice, "/timer/today")
        assert expected in html.replace(' class="first"', "")


async def test_a_viewer_is_offered_nothing_to_change(cast: Cast, database: Database) -> None:
    await track(database, cast.bob, "8:00", "9:00")
    await track(database, cast.bob, "11:00", "11:30")
    assert "Fill the gap" in await text_of(cast.bob, "/timer/today")
    async with database.writing() as db:
        await db.exec_driver_sql("UPDATE memberships SET role = 'viewer' WHERE role = 'member'")
    html = await text_of(cast.bob, "/timer/today")
    assert len(blocks(html)) == 2
    assert "/timer?" not in html


# ---- The gap


async def gap_of(person: Person) -> str:
    """Where the hint's link leads."""
    found = re.search(r'<p class="hint">[^<]*<a[^>]*href="(/timer\?[^"]+)"', await text_of(person, "/timer"))
    assert found
    return found[1].replace("&amp;", "&")


async def test_without_script_the_gap_opens_the_page_with_the_form_filled_in(
    cast: Cast, database: Database
) -> None:
    await track(database, cast.alice, "8:00", "9:00")
    await track(database, cast.alice, "9:50", "10:00")
    page = await text_of(cast.alice, "/timer")
    assert "50 min untracked between 10:00 and 10:50" in page
    filled = await text_of(cast.alice, await gap_of(cast.alice))
    form = filled[filled.index('id="entries-new"') :]
    assert form.startswith('id="entries-new" open')
    assert shown(form) >= {"date": "22/11/2026", "start": "10:00", "end": "10:50"}.items()
    assert re.search(r'name="description"[^>]* autofocus', form)


def shown(html: str) -> set[tuple[str, str]]:
    inputs = re.findall(r'<input[^>]*name="(\w+)"[^>]*?value="([^"]*)"', html)
    return {(name, value) for name, value in inputs}


async def test_a_gap_is_filled_to_the_second(cast: Cast, database: Database) -> None:
    await track(database, cast.alice, "08:00:00", "09:00:07")
    await track(database, cast.alice, "09:50:31", "10:00:00")
    path = (await gap_of(cast.alice)).replace("/timer?", "/entries/new?")
    form = dict(shown(await text_of(cast.alice, path)))
    assert (form["start"], form["end"]) == ("10:00:07", "10:50:31")
    form.pop("billable")
    response = await cast.alice.client.post("/entries", form=form, headers=HTMX)
    assert response.status_code == 200
    html = await text_of(cast.alice, "/timer/today")
    assert "Fill the gap" not in html
    assert "2 h</b>" in html


async def test_what_was_typed_in_the_form_already_stays(cast: Cast) -> None:
    path = f"/entries/new?from={int(NOW.timestamp()) - 600}&until={int(NOW.timestamp())}"
    html = await text_of(cast.alice, f"{path}&description=%3CHalf%3E&tags=ops&billable=1")
    assert ("description", "&lt;Half&gt;") in shown(html)
    assert ("tags", "ops") in shown(html)
    assert re.search(r'name="billable" value="1" checked', html)


@pytest.mark.parametrize(
    "span",
    [
        "from=1",
        "until=5",
        "from=x&until=5",
        "from=5&until=5",
        "from=6&until=5",
        "from=-5&until=5",
        "from=1.5&until=5",
        "from=5&until=99999999999",
        "from=5&until=9999999999999999999",
        "from=0&until=40000000",
        "from=%D9%A1&until=%D9%A9",
    ],
)
@pytest.mark.parametrize("path", ["/timer", "/entries/new"])
async def test_what_is_no_span_of_time_is_a_page_that_is_not_there(cast: Cast, path: str, span: str) -> None:
    await text_of(cast.alice, f"{path}?{span}", 404)


ZONES = st.sampled_from(
    ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]
)


@given(
    ZONES, st.integers(1_700_000_000, 1_900_000_000), st.integers(1, 100_000), st.sampled_from(["12", "24"])
)
def test_the_form_of_any_gap_reads_as_that_gap(zone: str, since: int, length: int, cycle: str) -> None:
    """To the second, and in an hour that the clocks repeat, too."""
    person = _anybody(zone, cycle)
    start = datetime.fromtimestamp(since, UTC)
    span = start, start + timedelta(seconds=length)
    now = span[1] + timedelta(hours=1)
    form = timer_page.filled_entry(person, now, span, {})
    read = parse_entry(sent(form), timer_page.way_of(person, now), None)
    assert isinstance(read, EntryForm), form.values
    assert (read.started_at, read.ended_at) == span


@pytest.mark.parametrize("fold", [0, 1])
def test_a_gap_in_the_hour_that_comes_twice_says_which_one(fold: int) -> None:
    person = _anybody("Europe/Berlin", "24")
    start = datetime(2026, 10, 25, 0, 15, tzinfo=UTC) + timedelta(hours=fold)
    span = start, start + timedelta(minutes=20)
    form = timer_page.filled_entry(person, NOW, span, {})
    assert form.values["start_fold"] == form.values["end_fold"] == str(fold)
    assert form.choices.keys() == {"start", "end"}
    read = parse_entry(sent(form), timer_page.way_of(person, NOW), None)
    assert isinstance(read, EntryForm)
    assert (read.started_at, read.ended_at) == span


def sent(form: timer_page.Editing) -> dict[str, str]:
    """What a browser sends of the form as it is: of an unticked box nothing."""
    return {name: value for name, value in form.values.items() if name != "billable"}


def _anybody(zone: str, cycle: str) -> Viewer:
    one = new_id()
    return Viewer(one, one, one, "owner", "ada", "Ada", "", "Hers", zone, "en", cycle, "dmy", 0, "system")


# ---- What is kept


async def test_the_strip_goes_on_with_the_clock(
    cast: Cast, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await track(database, cast.alice, "8:00", "9:00")
    for later, hours, present in ((0, "8–18", "70.0"), (2, "8–18", "90.0"), (5, "8–21", "92.31")):
        monkeypatch.setattr(periods, "now", lambda later=later: NOW + timedelta(hours=later))
        html = await text_of(cast.alice, "/timer/today")
        since, until = (int(text) for text in re.findall(r'data-(?:from|until)="(\d+)"', html)[:2])
        clocks = [datetime.fromtimestamp(moment, UTC).hour + 1 for moment in (since, until)]
        assert "–".join(str(clock) for clock in clocks) == hours
        assert f'<rect class="present" x="{present}%"' in html
    monkeypatch.setattr(periods, "now", lambda: NOW + timedelta(hours=10))
    assert not blocks(await text_of(cast.alice, "/timer/today")), "it is tomorrow"


async def test_what_is_planned_stays_apart_from_what_is_kept(
    cast: Cast, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gap before an entry to come reaches up to now, whenever that is."""
    await track(database, cast.alice, "8:00", "9:00")
    await track(database, cast.alice, "16:00", "17:00", "Planned")
    for later, gap in (
        (0, "5 h untracked between 10:00 and 15:00"),
        (1, "6 h untracked between 10:00 and 16:00"),
    ):
        monkeypatch.setattr(periods, "now", lambda later=later: NOW + timedelta(hours=later))
        assert gap in await text_of(cast.alice, "/timer/today")


async def test_what_runs_beside_another_entry_has_a_lane_of_its_own(
    cast: Cast, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await cast.alice.client.post("/timer/start", form={"description": "Now"})
    assert started.status_code == 303
    alone = await text_of(cast.alice, "/timer/today")
    assert re.search(r'class="run"[^>]* y="4.0"[^>]* height="26.0"', alone)
    await track(database, cast.alice, "14:10", "14:20", "Beside")
    monkeypatch.setattr(periods, "now", lambda: NOW + timedelta(hours=1))
    beside = await text_of(cast.alice, "/timer/today")
    assert re.search(r'class="run"[^>]* y="4.0" width="10.0%" height="12.5"', beside)
    assert len(blocks(beside)) == 1


async def test_only_who_is_signed_in_sees_a_day_and_looking_is_all_that_can_be_done(
    app: Quart, cast: Cast
) -> None:
    assert (await app.test_client().get("/timer/today")).status_code == 303
    assert (await cast.alice.client.post("/timer/today")).status_code == 405
