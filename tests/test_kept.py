"""What is kept of a page is never shown once it is out of date, whoever changed it, and in whichever process."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from quart import Quart
from quart.typing import TestClientProtocol

from quart_app import days_page, periods, web
from quart_app.access import EntryRow
from quart_app.app import create_app
from quart_app.queries import entries, projects, tags
from quart_app.settings import Settings
from quart_app.timesheet import days_of
from tests.support.cast import Cast

PATHS = (
    "/timer",
    "/entries/days",
    "/entries/days?since=2026-01-01",
    "/entries/week",
    "/timer/today",
    "/timer/bar",
    "/timer/running",
    "/favourites/list",
    "/timer/suggestions?q=",
    "/palette/results?q=a",
)
# What differs from one moment to the next, and the ids that new forms bear.
_PASSING = re.compile(
    r'data-now="\d+"|data-since="\d+"|data-base="\d+"|content="\d{13}"|name="id" value="[0-9a-f-]{36}"'
    # What moves on the strip of today, its total, and the running bar of the week.
    r'|x="[\d.]+%" width="2"|x="[\d.]+%" y="[\d.]+" width="[\d.]+%"(?= height="[\d.]+" data-grows)'
    r'|data-(total|at)="\d+"|(?<=data-foot=)("[\d.]+" x="\d+") y="[\d.]+" width="26" height="[\d.]+"'
)


@pytest.fixture
async def other(settings: Settings, cast: Cast) -> AsyncIterator[Quart]:
    """Another process on the same database."""
    other = create_app(settings)
    async with other.test_app():
        yield other


def client_in(app: Quart, name: str = "alice") -> TestClientProtocol:
    client = app.test_client()
    client.set_cookie("localhost", "chronos", f"the-token-of-{name}")
    return client


async def look(app: Quart, name: str = "alice") -> list[str]:
    client = client_in(app, name)
    texts = [await (await client.get(path)).get_data(as_text=True) for path in PATHS]
    return [_PASSING.sub("", text) for text in texts]


async def assert_up_to_date(app: Quart, other: Quart, name: str = "alice") -> None:
    """What `app` shows, with all that it has kept, is what a process shows that has kept nothing."""
    state = other.extensions["chronos"]
    for _ in range(3):  # a second may pass between the two
        shown = await look(app, name)
        state.kept_days.clear()
        state.kept_pickers.clear()
        state.kept_at_hand.clear()
        if shown == await look(other, name):
            return
    pytest.fail("what is shown is out of date")


class Studio:
    """Ids to change things by: a project with a client, a tag, two finished entries."""

    project: UUID
    client: str
    tag: UUID
    entry: UUID
    old: UUID


@pytest.fixture
async def studio(app: Quart, cast: Cast) -> Studio:
    database, viewer, now = app.extensions["chronos"].database, cast.alice.viewer, periods.now()
    made = Studio()
    form = {"name": "Apollo", "new_client": "Acme", "colour": "3"}
    await cast.alice.client.post("/projects", form=form)
    await cast.alice.client.post("/tags", form={"name": "ops"})
    async with database.reading() as db:
        made.project = (await projects.list_pickable_projects(db, viewer))[0].id
        made.tag = (await tags.list_tags(db, viewer))[0].id
    clients_page = await (await cast.alice.client.get("/clients")).get_data(as_text=True)
    found = re.search(r"/clients/([0-9a-f-]{36})", clients_page)
    assert found
    made.client = found[1]
    made.entry, made.old = uuid4(), uuid4()
    for key, ago in ((made.entry, timedelta(hours=3)), (made.old, timedelta(days=1, hours=3))):
        start = now - ago
        new = entries.EntryValues(
            "Plan", made.project, False, start, start + timedelta(hours=1), (made.tag,), ("ops",)
        )
        await database.transaction(
            lambda db, key=key, new=new: entries.insert_entry(db, viewer, key, new, now)
        )
    return made


Write = Callable[[TestClientProtocol, Studio], Awaitable[object]]
PROFILE = {"username": "alice", "email": "alice@example.com", "name": "Alice", "theme": "system"}
TASTE = {"density": "comfortable", "locale": "en", "duration_format": "clock"}
WORK = {"day_target": "8", "timer_limit": "8", "is_warned_of_overlap": "1"}
CLOCK = {"time_zone": "Europe/Berlin", "hour_cycle": "24", "date_order": "dmy", "week_start": "0"}


def profile(**changed: str) -> Write:
    return lambda client, _: client.post("/account", form={**PROFILE, **CLOCK, **TASTE, **WORK, **changed})


def posted(path: str, **form: str) -> Write:
    async def write(client: TestClientProtocol, studio: Studio) -> object:
        return await client.post(path.format(**vars(studio)), form=form)

    return write


WRITES: dict[str, Write] = {
    "start": posted("/timer/start", description="Now", project="", tags="new tag"),
    "start another": posted("/timer/start", description="Then", project="", tags=""),
    "stop": posted("/timer/stop"),
    "continue": posted("/entries/{old}/continue"),
    "discard": posted("/timer/discard"),
    "add": posted("/entries", description="By hand", date="2026-11-20", start="9", end="10", id=str(uuid4())),
    "edit": posted(
        "/entries/{entry}", description="Edited", date="2026-11-19", start="22", end="1", tags="ops"
    ),
    "delete": posted("/entries/{entry}/delete"),
    "restore": posted("/entries/{entry}/restore"),
    "change the selected": lambda client, studio: client.post(
        "/selection/update", form={"entry": f"{studio.entry},{studio.old}", "tags": "picked"}
    ),
    "pin": lambda client, studio: client.post("/favourites", form={"entry": str(studio.entry)}),
    "undo": posted("/undo"),
    "rename the project": posted(
        "/projects/{project}", name="Artemis", client="", new_client="Acme", colour="5"
    ),
    "rename the client": posted("/clients/{client}", name="Umbrella"),
    "rename the tag": posted("/tags/{tag}", name="operations"),
    "another project": posted("/projects", name="Beacon", colour="1"),
    "archive the project": posted("/projects/{project}/archive"),
    "restore the project": posted("/projects/{project}/restore"),
    "archive the tag": posted("/tags/{tag}/archive"),
    "another zone": profile(time_zone="Pacific/Auckland"),
    "another clock": profile(hour_cycle="12"),
    "another form of dates": profile(date_order="mdy"),
    "another first day of the week": profile(week_start="6"),
    "another name": profile(name="Alicia"),
    "another form of durations": profile(duration_format="decimal"),
    "another density": profile(density="compact"),
    "another target": profile(day_target="6"),
}


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_every_change_shows_at_once(app: Quart, other: Quart, studio: Studio, where: str) -> None:
    writer = client_in(app if where == "here" else other)
    before = await look(app)
    await assert_up_to_date(app, other)
    for name, write in WRITES.items():
        response = await write(writer, studio)
        assert getattr(response, "status_code", 0) == 303, name
        after = await look(app)
        assert after != before, f"{name} is to be seen somewhere"
        await assert_up_to_date(app, other)
        before = after


async def test_a_change_of_rights_shows_at_once(app: Quart, other: Quart, cast: Cast, studio: Studio) -> None:
    await client_in(app, "bob").post("/timer/start", form={"description": "Bob's"})
    await client_in(app, "bob").post("/timer/stop")
    before = await look(app, "bob")
    async with app.extensions["chronos"].database.writing() as db:
        await db.exec_driver_sql("UPDATE memberships SET role = 'viewer' WHERE role = 'member'")
    assert await look(app, "bob") != before
    await assert_up_to_date(app, other, "bob")


async def test_nobody_sees_what_is_kept_of_others(app: Quart, other: Quart, studio: Studio) -> None:
    for _ in range(2):
        for name in ("alice", "bob", "charlie", "dana"):
            await assert_up_to_date(app, other, name)
    assert "Plan" not in "".join(await look(app, "bob"))


async def test_what_runs_is_laid_out_as_if_nothing_were_kept(app: Quart, cast: Cast) -> None:
    """Over a midnight, beside an entry of the same start, and with a start still to come."""
    viewer, now = cast.alice.viewer, periods.now()
    zone = viewer.zone
    midnight = periods.day_start(periods.local_day(now, zone), zone)
    hour, first = timedelta(hours=1), periods.local_day(now, zone) - timedelta(days=6)

    def row(start_after: timedelta, length: timedelta | None) -> EntryRow:
        start = midnight + start_after
        end = None if length is None else start + length
        return EntryRow(uuid4(), None, "x", start, end, False, 1, None, None, None, None)

    ended = [row(hour * n, hour) for n in (-50, -26, -25, -2, -1, -1, 0, 0, 1)]
    for started in (-30 * hour, -hour, 0 * hour, hour, 48 * hour):
        running = row(started, None)
        rows = sorted([*ended, running], key=lambda one: (one.started_at, one.id), reverse=True)
        for moment in (midnight, midnight + 2 * hour, midnight + 30 * hour):
            kept = days_page._Newest(
                days_of([one for one in rows if one is not running], zone, days_page.FOREVER, first),
                running,
                first,
                False,
            )
            page = kept.page_at(moment, zone, periods.local_day(moment, zone))
            assert page.days == days_of(rows, zone, moment, first)


async def test_what_is_kept_has_its_bounds(app: Quart, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    state: web.Chronos = app.extensions["chronos"]
    monkeypatch.setattr(days_page, "MOST_KEPT", 2)
    for name in ("alice", "bob", "dana", "alice"):
        await look(app, name)
    assert len(state.kept_days) == 2
    for _ in range(5):  # of a person only the latest revision
        await cast.alice.client.post("/timer/start", form={"description": "Again"})
        await look(app)
    assert len(state.kept_days) == 2
    monkeypatch.setattr(days_page, "MOST_ROWS", 0)
    state.kept_days.clear()
    await look(app)
    assert not state.kept_days


async def test_a_form_that_came_back_keeps_what_was_typed_and_others_do_not_see_it(
    app: Quart, cast: Cast
) -> None:
    await look(app)
    refused = await cast.alice.client.post(
        "/timer/start", form={"description": "Mine", "project": str(uuid4())}
    )
    assert refused.status_code == 422
    assert 'value="Mine"' in await refused.get_data(as_text=True)
    assert 'value="Mine"' not in "".join(await look(app))
    refused = await cast.alice.client.post("/entries", form={"description": "Mine too", "date": "no day"})
    assert refused.status_code == 422
    assert 'value="Mine too"' in await refused.get_data(as_text=True)
    assert 'value="Mine too"' not in "".join(await look(app))
