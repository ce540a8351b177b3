"""The team: who sees whom, what runs now, the hours of the week, joining, leaving and roles."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from quart import Quart

from quart_app import periods
from quart_app.access import Viewer
from quart_app.db import Connection, Database
from quart_app.ids import new_id
from quart_app.queries import team
from quart_app.tables import entries, memberships
from tests.support.answers import words_of
from tests.support.cast import Cast, Person

HTMX = {"HX-Request": "true"}


async def see(person: Person, path: str = "/team") -> str:
    response = await person.client.get(path)
    assert response.status_code == 200
    return await words_of(response)


async def post(person: Person, path: str, **fields: str) -> int:
    return (await person.client.post(path, form=fields)).status_code


def at(person: Person, rest: str = "") -> str:
    return f"/team/{person.viewer.user_id}{rest}"


async def set_role(database: Database, person: Person, role: str) -> None:
    async with database.writing() as db:
        await db.execute(
            sa.update(memberships).where(memberships.c.user_id == person.viewer.user_id).values(role=role)
        )


async def membership(database: Database, person: Person, workspace: UUID) -> Any:
    async with database.reading() as db:
        return (
            await db.execute(
                sa.select(memberships.c.role, memberships.c.left_at).where(
                    memberships.c.user_id == person.viewer.user_id,
                    memberships.c.workspace_id == workspace,
                )
            )
        ).first()


async def tracked(database: Database, person: Person, ended_ago: timedelta, length: timedelta) -> None:
    """A finished entry of theirs."""
    now, viewer = periods.now(), person.viewer
    async with database.writing() as db:
        await db.execute(
            sa.insert(entries).values(
                workspace_id=viewer.workspace_id,
                id=new_id(),
                user_id=viewer.user_id,
                started_at=now - ended_ago - length,
                ended_at=now - ended_ago,
                created_at=now,
                updated_at=now,
            )
        )


# --- the page ----------------------------------------------------------------------------------------------------


async def test_everybody_of_the_workspace_is_listed_with_their_roles(cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.dana):
        page = await see(person)
        for words in ("Alice", "Bob", "Dana", "Owner", "Member", "Viewer"):
            assert words in page
        assert "Charlie" not in page
    page = await see(cast.charlie)
    assert "Charlie" in page
    assert "Bob" not in page


async def test_whoever_works_now_is_seen_by_all_of_the_workspace_and_by_nobody_else(cast: Cast) -> None:
    await cast.bob.client.post("/projects", form={"name": "x", "colour": "1"})
    await cast.bob.client.post("/timer/start", form={"description": "Payment retries"})
    for path in ("/team", "/team/list", "/team/now", "/timer"):
        assert "Payment retries" in await see(cast.dana, path), path
        assert "Payment retries" in await see(cast.alice, path), path
        assert "Payment retries" not in await see(cast.charlie, path), path


async def test_the_hours_of_the_week_are_for_those_who_manage(cast: Cast, database: Database) -> None:
    await tracked(database, cast.bob, timedelta(0), timedelta(minutes=7))
    for role, is_shown in (("owner", True), ("admin", True), ("manager", True), ("member", False)):
        await set_role(database, cast.dana, role)
        for path in ("/team", "/team/list", f"/team/{cast.bob.viewer.user_id}/row"):
            page = await see(cast.dana, path)
            assert (">0:07<" in page or ">0:06<" in page) == is_shown, (
                role,
                path,
            )  # a week may begin just now


@pytest.mark.parametrize("week_start", [0, 6])
async def test_hours_of_the_week_are_cut_at_its_edges(
    cast: Cast, database: Database, week_start: int, app: Quart
) -> None:
    """What began before the week counts with its share, were it days before; what runs counts up to now."""
    viewer, now = cast.alice.viewer, periods.now()
    since, _ = periods.week_range(periods.local_day(now, viewer.zone), week_start, viewer.zone)
    rows = [
        (since - timedelta(days=3), since + timedelta(minutes=1)),
        (since - timedelta(hours=2), since),
        (since - timedelta(days=5), since - timedelta(days=4)),
    ]
    async with database.writing() as db:
        await db.exec_driver_sql(f"UPDATE users SET week_start = {week_start}")
        for start, end in rows:
            known = {"workspace_id": viewer.workspace_id, "id": new_id(), "user_id": cast.bob.viewer.user_id}
            times = {"started_at": start, "ended_at": end, "created_at": now, "updated_at": now}
            await db.execute(sa.insert(entries).values(**known, **times))
    assert ">0:01<" in await see(cast.alice, at(cast.bob, "/row"))
    async with database.writing() as db:
        known = {"workspace_id": viewer.workspace_id, "id": new_id(), "user_id": cast.bob.viewer.user_id}
        start = since - timedelta(days=2)
        await db.execute(sa.insert(entries).values(**known, started_at=start, created_at=now, updated_at=now))
    row = await see(cast.alice, at(cast.bob, "/row"))
    found = re.search(r'data-base="(\d+)"', row)
    assert found
    assert 0 <= int(found[1]) - 60 - periods.seconds_between(since, now) < 60


async def test_strangers_to_the_house_are_sent_to_sign_in(app: Quart, cast: Cast) -> None:
    client = app.test_client()
    for path in ("/team", "/team/list", "/team/now", "/team/form", at(cast.bob, "/row")):
        assert (await client.get(path)).location.startswith("/login")
        assert (await client.get(path, headers=HTMX)).status_code == 401
    for path in ("/team", at(cast.bob), at(cast.bob, "/remove"), at(cast.bob, "/restore")):
        assert (await client.post(path, form={})).location == "/login"


@pytest.mark.parametrize("rest", ["/row", "/editor", "/edit"])
async def test_what_is_of_another_workspace_is_missing(cast: Cast, rest: str) -> None:
    assert (await cast.charlie.client.get(at(cast.bob, rest))).status_code == 404
    for key in (str(uuid4()), "0", "nonsense"):
        assert (await cast.alice.client.get(f"/team/{key}{rest}")).status_code == 404


@pytest.mark.parametrize("rest", ["", "/remove", "/restore"])
async def test_what_changes_somebody_asks_for_the_right(cast: Cast, database: Database, rest: str) -> None:
    for role in ("member", "viewer", "manager"):
        await set_role(database, cast.bob, role)
        assert await post(cast.bob, at(cast.dana, rest), role="admin") == 403
        assert await post(cast.bob, at(cast.alice, rest), role="viewer") == 403
    assert await post(cast.charlie, at(cast.dana, rest), role="admin") == 404
    assert await post(cast.alice, f"/team/{uuid4()}{rest}", role="admin") == 404
    assert await post(cast.alice, f"/team/nonsense{rest}", role="admin") == 404
    if rest:
        assert (await cast.alice.client.get(at(cast.dana, rest))).status_code == 405
    assert (await membership(database, cast.dana, cast.dana.viewer.workspace_id))[:2] == ("viewer", None)


async def test_buttons_are_for_those_who_may(cast: Cast, database: Database) -> None:
    assert at(cast.bob, "/edit") in await see(cast.alice)
    assert 'action="/team"' in await see(cast.alice)
    for role in ("member", "manager"):
        await set_role(database, cast.bob, role)
        page = await see(cast.bob)
        assert "/edit" not in page
        assert 'action="/team"' not in page
        for path in (at(cast.dana, "/editor"), at(cast.dana, "/edit"), "/team/form"):
            assert (await cast.bob.client.get(path)).status_code == 403
    await set_role(database, cast.bob, "admin")
    page = await see(cast.bob)
    assert at(cast.dana, "/edit") in page
    assert at(cast.alice, "/edit") not in page


# --- the card ----------------------------------------------------------------------------------------------------


async def test_the_card_shows_who_works_and_then_who_has_just_stopped(cast: Cast, database: Database) -> None:
    await tracked(database, cast.alice, timedelta(minutes=12), timedelta(minutes=5))
    await cast.bob.client.post("/timer/start", form={"description": "Payment retries"})
    card = await see(cast.dana, "/team/now")
    assert card.startswith('<section id="team-now"')
    assert card.index("Payment retries") < card.index("stopped 12 min ago")
    assert "Dana" not in card
    assert "and 1 more" not in card
    card = await see(cast.bob, "/team/now")
    assert "Payment retries" not in card
    assert "and 1 more" in card  # Dana, who has tracked nothing


async def test_what_was_stopped_long_ago_is_not_on_the_card(cast: Cast, database: Database) -> None:
    await tracked(database, cast.alice, timedelta(hours=30), timedelta(minutes=5))
    card = await see(cast.bob, "/team/now")
    assert "Nobody else has tracked time today." in card
    assert re.search(r"stopped \d+ \w{3} \d{4}", await see(cast.bob))
    await tracked(database, cast.alice, timedelta(hours=3), timedelta(minutes=5))
    assert "stopped 3 h ago" in await see(cast.bob, "/team/now")


async def test_the_card_is_short(cast: Cast, app: Quart, database: Database) -> None:
    for number in range(12):
        name = f"person{number}"
        form = {"username": name, "email": f"{name}@example.com", "password": "correct horse battery"}
        client = app.test_client()
        assert (await client.post("/register", form=form)).status_code == 303
        assert await post(cast.alice, "/team", who=name, role="member") == 303
        home = (await see(Person(client, cast.bob.viewer), "/workspace/menu")).count("Alice's workspace")
        assert home
        await client.post("/workspace/switch", form={"workspace": str(cast.alice.viewer.workspace_id)})
        await client.post("/timer/start", form={"description": "Together"})
    card = await see(cast.alice, "/team/now")
    assert card.count("<li ") == 8
    assert "and 6 more" in card


async def test_who_is_alone_has_no_card(cast: Cast) -> None:
    assert re.search(r'<section id="team-now"[^>]* hidden>', await see(cast.charlie, "/timer"))
    assert not re.search(r'<section id="team-now"[^>]* hidden>', await see(cast.bob, "/timer"))


async def test_a_start_and_a_stop_are_told_to_the_workspace_by_name_only(app: Quart, cast: Cast) -> None:
    with app.extensions["chronos"].live.subscribe([f"workspace:{cast.bob.viewer.workspace_id}"]) as mailbox:
        for path in ("/timer/start", "/timer/stop"):
            await cast.bob.client.post(path, form={"description": "Payment retries"})
            assert await mailbox.take() == ["hours-changed"]


async def test_the_card_on_the_page_is_kept_until_something_is_heard(
    app: Quart, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    read = team.list_members

    async def counted(db: Connection, viewer: Viewer) -> list[team.MemberRow]:
        nonlocal asked
        asked += 1
        return await read(db, viewer)

    monkeypatch.setattr(team, "list_members", counted)
    for person in (cast.alice, cast.dana, cast.alice, cast.bob):
        await see(person, "/timer")
    assert asked == 1
    for path, words in (("/timer/start", "Payment retries"), ("/timer/stop", "stopped 0 min ago")):
        await cast.bob.client.post(path, form={"description": "Payment retries"})
        for _ in range(2):
            assert words in await see(cast.alice, "/timer")
    assert asked == 3
    await see(cast.alice, "/team/now")
    assert asked == 4
    await app.extensions["chronos"].live.publish([f"workspace:{cast.charlie.viewer.workspace_id}"], "x")
    await see(cast.alice, "/timer")
    assert asked == 4


async def test_another_name_shows_on_the_card_at_once(cast: Cast) -> None:
    await cast.bob.client.post("/timer/start", form={"description": "Payment retries"})
    assert "Bob" in await see(cast.alice, "/timer")
    form = {"username": "bob", "email": "bob@example.com", "name": "Robert", "theme": "system"}
    form |= {"time_zone": "UTC", "hour_cycle": "24", "date_order": "dmy", "week_start": "0", "locale": "en"}
    form |= {"density": "compact", "duration_format": "clock", "day_target": "8", "timer_limit": "8"}
    assert await post(cast.bob, "/account", **form) == 303
    assert "Robert" in await see(cast.alice, "/timer")
