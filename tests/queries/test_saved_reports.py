"""Saved reports: whose they are, who sees them, what is pinned, and what an undo brings back."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from quart_app import periods
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict, Database
from quart_app.queries import saved_reports
from quart_app.queries.saved_reports import NewReport, SavedReport, TooMany
from quart_app.tables import memberships, report_pins, users, workspaces
from tests.support.cast import Cast, Person
from tests.support.catalogue import journal_of


async def save(
    database: Database, person: Person, name: str = "Client", query: str = "", *, is_shared: bool = False
) -> UUID:
    new = NewReport(name, query, is_shared)
    return await database.transaction(
        lambda db: saved_reports.insert_report(db, person.viewer, new, periods.now())
    )


async def update(database: Database, person: Person, key: UUID, **values: object) -> SavedReport:
    return await database.transaction(
        lambda db: saved_reports.update_report(db, person.viewer, key, values, periods.now())
    )


async def delete(database: Database, person: Person, key: UUID) -> NewReport | None:
    return await database.transaction(
        lambda db: saved_reports.delete_report(db, person.viewer, key, periods.now())
    )


async def restore(database: Database, person: Person, key: UUID) -> SavedReport:
    return await database.transaction(
        lambda db: saved_reports.restore_report(db, person.viewer, key, periods.now())
    )


async def pin(database: Database, person: Person, key: UUID) -> None:
    await database.transaction(lambda db: saved_reports.pin_report(db, person.viewer, key, periods.now()))


async def unpin(database: Database, person: Person, key: UUID) -> None:
    await database.transaction(lambda db: saved_reports.unpin_report(db, person.viewer, key, periods.now()))


async def names(database: Database, person: Person) -> list[str]:
    async with database.reading() as db:
        return [report.name for report in await saved_reports.list_reports(db, person.viewer)]


async def pinned(database: Database, person: Person) -> list[str]:
    async with database.reading() as db:
        return [report.name for report in await saved_reports.list_pinned_reports(db, person.viewer)]


async def find(database: Database, person: Person, key: UUID) -> SavedReport:
    async with database.reading() as db:
        return await saved_reports.find_report(db, person.viewer, key)


async def revisions(database: Database, person: Person) -> tuple[int, int]:
    async with database.reading() as db:
        mine = sa.select(users.c.revision).where(users.c.id == person.viewer.user_id)
        ours = sa.select(workspaces.c.revision).where(workspaces.c.id == person.viewer.workspace_id)
        return (await db.execute(mine)).scalar_one(), (await db.execute(ours)).scalar_one()


async def test_ones_own_come_first_and_those_of_others_where_they_share(
    database: Database, cast: Cast
) -> None:
    await save(database, cast.alice, "weekly", is_shared=True)
    await save(database, cast.alice, "Private")
    await save(database, cast.bob, "Mine")
    await save(database, cast.charlie, "Elsewhere", is_shared=True)
    assert await names(database, cast.alice) == ["Private", "weekly"]
    assert await names(database, cast.bob) == ["Mine", "weekly"]
    assert await names(database, cast.dana) == ["weekly"]
    assert await names(database, cast.charlie) == ["Elsewhere"]


async def test_a_report_keeps_what_it_is_and_says_whose_it_is(database: Database, cast: Cast) -> None:
    key = await save(database, cast.alice, "Client", "period=last-month&by=task", is_shared=True)
    found = await find(database, cast.bob, key)
    assert (found.query, found.owner, found.is_shared) == ("period=last-month&by=task", "Alice", True)
    assert await journal_of(database, key) == [
        ("saved_report", "create", None, {"name": "Client", "query": found.query, "is_shared": True})
    ]


async def test_a_name_is_ones_own_once_whatever_its_case(database: Database, cast: Cast) -> None:
    await save(database, cast.alice, "Client")
    await save(database, cast.bob, "Client")
    with pytest.raises(Conflict) as refused:
        await save(database, cast.alice, "CLIENT")
    assert refused.value.constraint == "uq_saved_reports_name"
    async with database.reading() as db:
        found = await saved_reports.find_named_report(db, cast.alice.viewer, "cLIENT")
    assert found is not None
    assert found.name == "Client"


async def test_of_two_that_are_one_too_many_the_second_is_refused(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_reports, "MOST", 1)
    await save(database, cast.alice)
    with pytest.raises(TooMany):
        await save(database, cast.alice, "Another")
    await save(database, cast.bob, "Of somebody else")


async def test_a_viewer_saves_her_own_and_shares_nothing(database: Database, cast: Cast) -> None:
    key = await save(database, cast.dana, "Dana's")
    with pytest.raises(Forbidden):
        await save(database, cast.dana, "For all", is_shared=True)
    with pytest.raises(Forbidden):
        await update(database, cast.dana, key, is_shared=True)
    assert (await update(database, cast.dana, key, name="Renamed")).name == "Renamed"
    assert await names(database, cast.alice) == []


async def test_who_has_become_a_viewer_shares_no_more_whatever_the_request_thinks(
    database: Database, cast: Cast
) -> None:
    key = await save(database, cast.bob, "Bob's")
    mine = memberships.c.user_id == cast.bob.viewer.user_id
    async with database.writing() as db:
        await db.execute(sa.update(memberships).where(mine).values(role="viewer"))
    assert cast.bob.viewer.may_track
    with pytest.raises(Forbidden):
        await update(database, cast.bob, key, is_shared=True)
    with pytest.raises(Forbidden):
        await save(database, cast.bob, "New", is_shared=True)


async def test_only_the_owner_changes_or_deletes(database: Database, cast: Cast) -> None:
    shared = await save(database, cast.bob, "Shared", is_shared=True)
    private = await save(database, cast.bob, "Private")
    for person, key, refusal in (
        (cast.alice, shared, Forbidden),
        (cast.dana, shared, Forbidden),
        (cast.charlie, shared, Missing),
        (cast.alice, private, Missing),
        (cast.charlie, private, Missing),
        (cast.bob, uuid4(), Missing),
    ):
        with pytest.raises(refusal):
            await update(database, person, key, name="Taken")
        with pytest.raises(refusal):
            await delete(database, person, key)
        with pytest.raises(refusal):
            await restore(database, person, key)
    assert await names(database, cast.bob) == ["Private", "Shared"]


async def test_a_change_is_told_and_what_is_the_same_is_none(database: Database, cast: Cast) -> None:
    key = await save(database, cast.alice, "Client", "by=task")
    before = await revisions(database, cast.alice)
    await update(database, cast.alice, key, name="Client", query="by=task", is_shared=False)
    assert await revisions(database, cast.alice) == before
    done = await update(database, cast.alice, key, name="Clients", query="by=client")
    assert (done.name, done.query, done.is_shared) == ("Clients", "by=client", False)
    old, new = {"name": "Client", "query": "by=task"}, {"name": "Clients", "query": "by=client"}
    assert (await journal_of(database, key))[1:] == [("saved_report", "update", old, new)]
    with pytest.raises(Conflict):
        await update(database, cast.alice, await save(database, cast.alice, "Other"), name="clients")


async def test_the_workspace_hears_of_what_is_shared_and_nobody_else_of_the_rest(
    database: Database, cast: Cast
) -> None:
    mine, ours = await revisions(database, cast.alice)
    key = await save(database, cast.alice)
    assert await revisions(database, cast.alice) == (mine + 1, ours)
    await update(database, cast.alice, key, is_shared=True)
    assert await revisions(database, cast.alice) == (mine + 2, ours + 1)
    await update(database, cast.alice, key, is_shared=False)
    assert await revisions(database, cast.alice) == (mine + 3, ours + 2)
    await pin(database, cast.alice, key)
    assert await revisions(database, cast.alice) == (mine + 4, ours + 2)
    await delete(database, cast.alice, key)
    assert await revisions(database, cast.alice) == (mine + 5, ours + 2)


async def test_one_report_is_pinned_and_another_takes_its_place(database: Database, cast: Cast) -> None:
    first, second = (
        await save(database, cast.alice, "First", is_shared=True),
        await save(database, cast.alice, "Second"),
    )
    for key, name in ((first, "First"), (second, "Second"), (second, "Second")):
        await pin(database, cast.alice, key)
        assert await pinned(database, cast.alice) == [name]
    await pin(database, cast.bob, first)
    assert (await pinned(database, cast.bob), await pinned(database, cast.alice)) == (["First"], ["Second"])
    await unpin(database, cast.alice, first)
    assert await pinned(database, cast.alice) == ["Second"], "that one was not pinned"
    for _ in range(2):
        await unpin(database, cast.alice, second)
        assert await pinned(database, cast.alice) == []


async def test_nobody_pins_what_they_do_not_see(database: Database, cast: Cast) -> None:
    private, shared = (
        await save(database, cast.alice),
        await save(database, cast.alice, "Shared", is_shared=True),
    )
    for person, key in ((cast.bob, private), (cast.charlie, shared), (cast.alice, uuid4())):
        for work in (pin, unpin):
            with pytest.raises(Missing):
                await work(database, person, key)
    await pin(database, cast.dana, shared)
    assert await pinned(database, cast.dana) == ["Shared"]


async def test_what_is_shared_no_more_leaves_the_pages_of_others(database: Database, cast: Cast) -> None:
    key = await save(database, cast.alice, is_shared=True)
    await pin(database, cast.bob, key)
    await update(database, cast.alice, key, is_shared=False)
    assert await pinned(database, cast.bob) == []
    with pytest.raises(Missing):
        await find(database, cast.bob, key)


async def test_what_was_deleted_comes_back_with_its_pins(database: Database, cast: Cast) -> None:
    key = await save(database, cast.alice, "Client", "by=task", is_shared=True)
    other = await save(database, cast.dana, "Dana's")
    for person in (cast.alice, cast.bob, cast.dana):
        await pin(database, person, key)
    assert await delete(database, cast.alice, key) == NewReport("Client", "by=task", True)
    assert await delete(database, cast.alice, key) is None
    assert (await names(database, cast.bob), await pinned(database, cast.bob)) == ([], [])
    await pin(database, cast.dana, other)
    for _ in range(2):
        back = await restore(database, cast.alice, key)
        assert back[1:4] + back[6:] == ("Client", "by=task", True, True)
    assert await pinned(database, cast.bob) == ["Client"]
    assert await pinned(database, cast.dana) == ["Dana's"], "what is pinned since stays"
    assert [line[1] for line in await journal_of(database, key)][-2:] == ["delete", "restore"]


async def test_what_was_deleted_is_not_brought_back_over_another_of_its_name(
    database: Database, cast: Cast
) -> None:
    key = await save(database, cast.alice)
    await delete(database, cast.alice, key)
    await save(database, cast.alice)
    with pytest.raises(Conflict):
        await restore(database, cast.alice, key)


async def test_who_has_left_gets_no_pin_back(database: Database, cast: Cast) -> None:
    key = await save(database, cast.alice, is_shared=True)
    await pin(database, cast.bob, key)
    await delete(database, cast.alice, key)
    mine = memberships.c.user_id == cast.bob.viewer.user_id
    async with database.writing() as db:
        await db.execute(sa.update(memberships).where(mine).values(left_at=periods.now()))
    await restore(database, cast.alice, key)
    async with database.reading() as db:
        assert (await db.execute(sa.select(report_pins.c.user_id))).all() == []


async def test_a_session_of_another_workspace_sees_its_own(database: Database, cast: Cast) -> None:
    key = await save(database, cast.alice)
    elsewhere = Person(
        cast.alice.client, replace(cast.alice.viewer, workspace_id=cast.charlie.viewer.workspace_id)
    )
    assert await names(database, elsewhere) == []
    with pytest.raises(Missing):
        await delete(database, elsewhere, key)
    with pytest.raises(Forbidden):
        await save(database, elsewhere, "There")


async def test_of_two_at_once_one_name_and_one_pin_are_left(database: Database, cast: Cast) -> None:
    done = await asyncio.gather(*(save(database, cast.alice) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "Conflict", "UUID"]
    keys = [await save(database, cast.alice, f"Report {number}") for number in range(4)]
    await asyncio.gather(*(pin(database, cast.alice, key) for key in keys))
    assert len(await pinned(database, cast.alice)) == 1
