"""Who joins the team, who leaves it, and who may do what in it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from quart import Quart

from quart_app import periods
from quart_app.db import Database
from quart_app.live import END
from quart_app.tables import entries, sessions
from tests.routes.test_team import HTMX, at, membership, post, see, set_role, tracked
from tests.support.answers import words_of
from tests.support.cast import Cast

# --- joining -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["charlie", "CHARLIE", "Charlie@Example.com", " charlie "])
async def test_somebody_with_an_account_is_taken_in(
    app: Quart, cast: Cast, database: Database, typed: str
) -> None:
    key = f"workspace:{cast.alice.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([key]) as mailbox:
        response = await cast.alice.client.post("/team", form={"who": typed, "role": "manager"})
        assert (response.status_code, response.location) == (303, "/team")
        assert "team-changed" in await mailbox.take()
    page = await see(cast.alice)
    assert "“Charlie” is in the team now." in page
    assert "4 members" in page
    found = await membership(database, cast.charlie, cast.alice.viewer.workspace_id)
    assert tuple(found) == ("manager", None)
    # They look at their own as before, and may switch.
    assert "Charlie's workspace" in await see(cast.charlie, "/workspace/name")
    assert "Alice's workspace" in await see(cast.charlie, "/workspace/menu")


async def test_with_htmx_the_form_comes_back_empty(cast: Cast) -> None:
    response = await cast.alice.client.post("/team", form={"who": "charlie", "role": "member"}, headers=HTMX)
    body = await words_of(response)
    assert (response.status_code, response.headers["HX-Trigger"]) == (200, "team-changed")
    assert body.startswith('<form id="team-form"')
    assert "“Charlie” is in the team now." in body
    assert 'value="charlie"' not in body


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type a username or an email address."),
        ("\x00", "Type a username or an email address."),
        ("nobody", "Nobody here has this username or email."),
        ("nobody@example.com", "Nobody here has this username or email."),
        ("bob", "“Bob” is in the team already."),
    ],
)
async def test_who_cannot_be_taken_in_is_told_at_the_field(cast: Cast, typed: str, words: str) -> None:
    for headers in ({}, HTMX):
        response = await cast.alice.client.post(
            "/team", form={"who": typed, "role": "viewer"}, headers=headers
        )
        page = await words_of(response)
        assert response.status_code == 422
        assert words in page
        assert 'value="viewer" selected' in page
        if typed.isalpha():
            assert f'value="{typed}"' in page


async def test_trying_name_after_name_is_throttled_and_finding_somebody_is_not(cast: Cast) -> None:
    answers = [await post(cast.alice, "/team", who=f"nobody{number}", role="member") for number in range(7)]
    assert answers == [422] * 5 + [429] * 2
    response = await cast.alice.client.post("/team", form={"who": "nobody", "role": "member"})
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert "Too many tries" in await words_of(response)
    assert await post(cast.alice, "/team", who="charlie", role="member") == 429


async def test_only_an_owner_makes_owners(cast: Cast, database: Database) -> None:
    await set_role(database, cast.bob, "admin")
    assert await post(cast.bob, "/team", who="charlie", role="owner") == 403
    assert await post(cast.bob, at(cast.dana), role="owner") == 403
    assert await post(cast.bob, at(cast.alice), role="member") == 403
    assert await post(cast.bob, at(cast.alice, "/remove")) == 403
    assert "Owner:" not in await see(cast.bob, "/team/form")
    assert await post(cast.bob, at(cast.dana), role="manager") == 303
    assert await post(cast.alice, at(cast.dana), role="owner") == 303
    assert await membership(database, cast.charlie, cast.alice.viewer.workspace_id) is None


# --- roles -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_another_role_counts_at_once(
    app: Quart, cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    with app.extensions["chronos"].live.subscribe([f"user:{cast.dana.viewer.user_id}"]) as mailbox:
        response = await cast.alice.client.post(at(cast.dana), form={"role": "member"}, headers=headers)
        assert response.status_code == (200 if headers else 303)
        assert await mailbox.take() == ["resync"]
    if headers:
        body = await words_of(response)
        assert response.headers["HX-Trigger"] == "team-changed"
        assert body.startswith(f'<tr id="team-row-{cast.dana.viewer.user_id}"')
        assert "Member" in body
    assert await post(cast.dana, "/timer/start", description="Now I may") == 303


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_the_last_owner_stays_one(cast: Cast, database: Database, headers: dict[str, str]) -> None:
    response = await cast.alice.client.post(at(cast.alice), form={"role": "member"}, headers=headers)
    assert response.status_code == 422
    page = await words_of(response)
    assert "A workspace needs an owner." in page
    assert 'value="member" selected' in page
    response = await cast.alice.client.post(at(cast.alice, "/remove"), headers=headers)
    assert response.status_code == 409
    assert "A workspace needs an owner." in await words_of(response)
    assert (await membership(database, cast.alice, cast.alice.viewer.workspace_id))[:2] == ("owner", None)
    assert await post(cast.alice, at(cast.bob), role="owner") == 303
    assert await post(cast.alice, at(cast.alice), role="member") == 303


@pytest.mark.parametrize("role", ["", "emperor"])
async def test_a_role_that_is_none_is_told_at_its_field(cast: Cast, role: str) -> None:
    for headers in ({}, HTMX):
        response = await cast.alice.client.post(at(cast.bob), form={"role": role}, headers=headers)
        assert response.status_code == 422
        assert "Choose one of the offered values." in await words_of(response)


# --- leaving -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_who_is_removed_is_out_at_once_and_their_time_stays(
    app: Quart, cast: Cast, database: Database, headers: dict[str, str]
) -> None:
    await cast.bob.client.post("/timer/start", form={"description": "Payment retries"})
    with app.extensions["chronos"].live.subscribe([f"session:{cast.bob.viewer.session_id}"]) as mailbox:
        response = await cast.alice.client.post(at(cast.bob, "/remove"), headers=headers)
        assert END in await mailbox.take()
    assert response.status_code == (200 if headers else 303)
    page = await words_of(response) if headers else await see(cast.alice)
    assert "“Bob” is no longer in the team." in page
    assert f"/team/{cast.bob.viewer.user_id}/restore" in page
    assert "2 members" in await see(cast.alice)
    assert (await cast.bob.client.get("/timer")).status_code == 303
    async with database.reading() as db:
        kept = (await db.execute(sa.select(entries.c.ended_at))).scalars().all()
        assert len(kept) == 1
        assert kept[0] is not None
        gone = sa.select(sessions.c.id).where(sessions.c.user_id == cast.bob.viewer.user_id)
        assert await db.scalar(gone) is None
    # Their account is theirs: it opens a workspace of their own.
    client = app.test_client()
    form = {"username": "bob", "password": "correct horse battery"}
    assert (await client.post("/login", form=form)).status_code == 303
    page = await words_of(await client.get("/workspace/menu"))
    assert "bob's workspace" in page
    assert "Alice's workspace" not in page
    wanted = {"workspace": str(cast.alice.viewer.workspace_id)}
    assert (await client.post("/workspace/switch", form=wanted)).status_code == 404


@pytest.mark.parametrize("ahead", [False, True])
async def test_the_rule_of_no_overlaps_keeps_nobody_in(cast: Cast, database: Database, ahead: bool) -> None:
    """What runs may have run into an entry that lay ahead: it ends all the same, and then without the rule."""
    assert await post(cast.alice, "/workspace/rule", forbids="1") == 303
    assert await post(cast.bob, "/timer/start", description="Long work") == 303
    now = periods.now()
    async with database.writing() as db:
        running = sa.update(entries).where(entries.c.ended_at.is_(None))
        await db.execute(running.values(started_at=now - timedelta(hours=2)))
    if ahead:
        await tracked(database, cast.bob, timedelta(minutes=1), timedelta(minutes=30))
        async with database.writing() as db:
            ended = sa.update(entries).where(entries.c.ended_at.is_not(None))
            await db.execute(ended.values(is_exclusive=True))
    assert await post(cast.alice, at(cast.bob, "/remove")) == 303
    async with database.reading() as db:
        long = entries.c.description == "Long work"
        kept = (await db.execute(sa.select(entries.c.is_exclusive, entries.c.ended_at).where(long))).one()
    assert kept.ended_at is not None
    assert kept.is_exclusive != ahead


async def test_who_has_left_may_come_back_as_they_were(cast: Cast, app: Quart, database: Database) -> None:
    workspace = cast.alice.viewer.workspace_id
    assert await post(cast.alice, at(cast.bob, "/remove")) == 303
    assert await post(cast.alice, at(cast.bob)) == 404
    for _ in range(2):
        assert await post(cast.alice, at(cast.bob, "/restore")) == 303
        assert tuple(await membership(database, cast.bob, workspace)) == ("member", None)
    assert await post(cast.alice, at(cast.bob, "/remove")) == 303
    assert await post(cast.alice, "/team", who="bob", role="manager") == 303
    assert tuple(await membership(database, cast.bob, workspace)) == ("manager", None)


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_one_leaves_by_oneself_and_goes_on_in_another_workspace(
    app: Quart, cast: Cast, headers: dict[str, str]
) -> None:
    key = f"workspace:{cast.alice.viewer.workspace_id}"
    with app.extensions["chronos"].live.subscribe([key]) as mailbox:
        response = await cast.dana.client.post(at(cast.dana, "/remove"), headers=headers)
        assert "team-changed" in await mailbox.take()
    assert response.status_code == (200 if headers else 303)
    page = await see(cast.dana, "/workspace")
    assert "dana's workspace" in page
    assert "Dana" not in await see(cast.alice)


async def test_each_change_is_in_the_journal(cast: Cast, database: Database) -> None:
    await post(cast.alice, "/team", who="charlie", role="member")
    await post(cast.alice, at(cast.charlie), role="viewer")
    await post(cast.alice, at(cast.charlie, "/remove"))
    await post(cast.alice, at(cast.charlie, "/restore"))
    async with database.reading() as db:
        rows = await db.exec_driver_sql(
            "SELECT action FROM changes WHERE subject = 'member' ORDER BY created_at, id"
        )
        assert [row[0] for row in rows] == ["join", "update", "leave", "join"]
