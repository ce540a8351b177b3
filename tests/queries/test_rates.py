"""Rates in the database: who sees them, who changes them, what is kept in the journal, and the currency they are in."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from quart_app.access import Forbidden, Missing, Viewer
from quart_app.db import Conflict, Database
from quart_app.money import Rate, RateCard
from quart_app.queries import projects, rates
from quart_app.tables import memberships, workspaces
from quart_app.tables import rates as table
from tests.support.cast import Cast, Person
from tests.support.catalogue import add_project, journal_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SPRING, AUTUMN = date(2026, 3, 1), date(2026, 9, 1)


async def add(database: Database, viewer: Viewer, project_id: UUID | None, day: date, minor: int) -> UUID:
    return await database.transaction(
        lambda db: rates.insert_rate(db, viewer, project_id, Rate(day, minor), NOW)
    )


async def card_of(database: Database, viewer: Viewer) -> RateCard:
    async with database.reading() as db:
        return await rates.load_rate_card(db, viewer)


async def listed(
    database: Database, viewer: Viewer, project_id: UUID | None = None
) -> list[tuple[date, int]]:
    async with database.reading() as db:
        found = await rates.list_rates(db, viewer, project_id)
    return [(rate.starts_on, rate.rate_minor) for rate in found]


async def remove(database: Database, viewer: Viewer, key: UUID) -> rates.RateRow:
    return await database.transaction(lambda db: rates.delete_rate(db, viewer, key, NOW))


async def restore(database: Database, viewer: Viewer, key: UUID) -> rates.RateRow:
    return await database.transaction(lambda db: rates.restore_rate(db, viewer, key, NOW))


async def change(database: Database, viewer: Viewer, key: UUID, day: date, minor: int) -> None:
    await database.transaction(lambda db: rates.update_rate(db, viewer, key, Rate(day, minor), NOW))


async def set_currency(database: Database, viewer: Viewer, currency: str) -> None:
    await database.transaction(lambda db: rates.set_currency(db, viewer, currency, NOW))


async def revision(database: Database, viewer: Viewer) -> int:
    async with database.reading() as db:
        statement = sa.select(workspaces.c.revision).where(workspaces.c.id == viewer.workspace_id)
        return int((await db.execute(statement)).scalar_one())


async def become(database: Database, person: Person, role: str) -> Viewer:
    """Give the person this role; they are still taken for what they were when their request began."""
    async with database.writing() as db:
        await db.execute(
            sa.update(memberships).where(memberships.c.user_id == person.viewer.user_id).values(role=role)
        )
    return person.viewer


# --- what is there -----------------------------------------------------------------------------------------------


async def test_a_card_holds_all_rates_of_the_workspace(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    await add(database, alice, None, SPRING, 9500)
    await add(database, alice, site, AUTUMN, 11_000)
    card = await card_of(database, alice)
    assert card.currency == "EUR"
    assert [card.rate_on(site, day) for day in (SPRING, AUTUMN)] == [9500, 11_000]
    assert card.rate_on(None, AUTUMN) == 9500
    assert card.changes(date(2026, 1, 1), date(2026, 12, 31)) == [SPRING, AUTUMN]


async def test_a_workspace_without_rates_has_an_empty_card(database: Database, cast: Cast) -> None:
    card = await card_of(database, cast.alice.viewer)
    assert (card.is_empty, card.currency) == (True, "EUR")


async def test_rates_are_listed_with_the_latest_first_each_owner_apart(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    await add(database, alice, None, SPRING, 9500)
    await add(database, alice, None, AUTUMN, 9900)
    await add(database, alice, site, SPRING, 0)
    assert await listed(database, alice) == [(AUTUMN, 9900), (SPRING, 9500)]
    assert await listed(database, alice, site) == [(SPRING, 0)]


@pytest.mark.parametrize(
    ("role", "sees"),
    [("owner", True), ("admin", True), ("manager", True), ("member", False), ("viewer", False)],
)
async def test_amounts_are_for_those_who_manage(
    database: Database, cast: Cast, role: str, sees: bool
) -> None:
    key = await add(database, cast.alice.viewer, None, SPRING, 9500)
    bob = await become(database, cast.bob, role)
    assert (await card_of(database, bob)).is_empty is not sees
    assert bool(await listed(database, bob)) is sees
    async with database.reading() as db:
        if sees:
            assert await rates.find_rate(db, bob, key) == (key, None, SPRING, 9500)
        else:
            with pytest.raises(Forbidden):
                await rates.find_rate(db, bob, key)


async def test_a_stranger_knows_of_no_rate(database: Database, cast: Cast) -> None:
    key = await add(database, cast.alice.viewer, None, SPRING, 9500)
    charlie = cast.charlie.viewer
    assert (await card_of(database, charlie)).is_empty
    async with database.reading() as db:
        assert await rates.find_rate(db, charlie, key) is None


async def test_who_has_left_sees_nothing(database: Database, cast: Cast) -> None:
    await add(database, cast.alice.viewer, None, SPRING, 9500)
    bob = await become(database, cast.bob, "manager")
    async with database.writing() as db:
        await db.execute(
            sa.update(memberships).where(memberships.c.user_id == bob.user_id).values(left_at=NOW)
        )
    assert (await card_of(database, bob)).is_empty


# --- writes ------------------------------------------------------------------------------------------------------


async def test_every_write_is_told_in_the_journal_and_raises_the_revision(
    database: Database, cast: Cast
) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    before = await revision(database, alice)
    key = await add(database, alice, site, SPRING, 9500)
    await change(database, alice, key, SPRING, 9900)
    await change(database, alice, key, SPRING, 9900)
    await remove(database, alice, key)
    told = {"project_id": str(site), "starts_on": "2026-03-01", "currency": "EUR"}
    assert await journal_of(database, key) == [
        ("rate", "create", None, {**told, "rate_minor": 9500}),
        ("rate", "update", {"rate_minor": 9500}, {"rate_minor": 9900}),
        ("rate", "delete", {**told, "rate_minor": 9900}, None),
    ]
    assert await revision(database, alice) == before + 3


async def test_two_rates_cannot_begin_on_one_day(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    for owner in (None, site):
        await add(database, alice, owner, SPRING, 9500)
        later = await add(database, alice, owner, AUTUMN, 9900)
        with pytest.raises(Conflict) as refused:
            await add(database, alice, owner, SPRING, 1)
        assert refused.value.kind == "unique"
        with pytest.raises(Conflict):
            await change(database, alice, later, SPRING, 9900)
        assert await listed(database, alice, owner) == [(AUTUMN, 9900), (SPRING, 9500)]


async def test_a_rate_needs_a_project_of_the_same_workspace(database: Database, cast: Cast) -> None:
    theirs = await add_project(database, cast.charlie.viewer, "Theirs")
    with pytest.raises(Conflict) as refused:
        await add(database, cast.alice.viewer, theirs, SPRING, 9500)
    assert refused.value.kind == "foreign_key"


@pytest.mark.parametrize(
    ("role", "of_project", "of_workspace"),
    [
        ("owner", True, True),
        ("admin", True, True),
        ("manager", True, False),
        ("member", False, False),
        ("viewer", False, False),
    ],
)
async def test_managers_change_projects_and_leaders_the_workspace(
    database: Database, cast: Cast, role: str, of_project: bool, of_workspace: bool
) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    bob = await become(database, cast.bob, role)
    for owner, may in ((site, of_project), (None, of_workspace)):
        key = await add(database, alice, owner, SPRING, 9500)
        for write in (
            lambda db, owner=owner: rates.insert_rate(db, bob, owner, Rate(AUTUMN, 1), NOW),
            lambda db, key=key: rates.update_rate(db, bob, key, Rate(SPRING, 2), NOW),
            lambda db, key=key: rates.update_rate(db, bob, key, Rate(SPRING, 2), NOW),
            lambda db, key=key: rates.delete_rate(db, bob, key, NOW),
        ):
            if may:
                await database.transaction(write)
            else:
                with pytest.raises(Forbidden):
                    await database.transaction(write)
        assert await listed(database, alice, owner) == ([(AUTUMN, 1)] if may else [(SPRING, 9500)])


async def test_a_stranger_changes_nothing(database: Database, cast: Cast) -> None:
    alice, charlie = cast.alice.viewer, cast.charlie.viewer
    key = await add(database, alice, None, SPRING, 9500)
    gone = await add(database, alice, None, AUTUMN, 9900)
    await remove(database, alice, gone)
    for write in (
        lambda db: rates.update_rate(db, charlie, key, Rate(SPRING, 1), NOW),
        lambda db: rates.delete_rate(db, charlie, key, NOW),
        lambda db: rates.restore_rate(db, charlie, gone, NOW),
        lambda db: rates.delete_rate(db, alice, uuid4(), NOW),
    ):
        with pytest.raises(Missing):
            await database.transaction(write)
    assert await listed(database, alice) == [(SPRING, 9500)]


async def test_a_project_takes_its_rates_along(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    await add(database, alice, site, SPRING, 9500)
    await add(database, alice, None, SPRING, 9500)
    await database.transaction(lambda db: projects.delete_project(db, alice, site, NOW))
    async with database.reading() as db:
        assert (await db.execute(sa.select(table.c.project_id))).scalars().all() == [None]


# --- bringing back -----------------------------------------------------------------------------------------------


async def test_a_removed_rate_comes_back_as_it_was(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    key = await add(database, alice, site, SPRING, 9500)
    await remove(database, alice, key)
    back = await restore(database, alice, key)
    assert back == (key, site, SPRING, 9500)
    assert await restore(database, alice, key) == back
    assert await listed(database, alice, site) == [(SPRING, 9500)]
    assert [line[1] for line in await journal_of(database, key)] == ["create", "delete", "restore"]


async def test_a_removed_rate_does_not_push_another_aside(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, None, SPRING, 9500)
    await remove(database, alice, key)
    await add(database, alice, None, SPRING, 9900)
    with pytest.raises(Conflict):
        await restore(database, alice, key)


async def test_who_may_not_write_a_rate_may_not_bring_it_back(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    key = await add(database, alice, None, SPRING, 9500)
    await remove(database, alice, key)
    for role in ("manager", "member", "viewer"):
        bob = await become(database, cast.bob, role)
        with pytest.raises(Forbidden):
            await restore(database, bob, key)


async def test_a_removed_rate_comes_back_in_todays_currency(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    whole = await add(database, alice, None, SPRING, 9500)
    broken = await add(database, alice, None, AUTUMN, 9550)
    for key in (whole, broken):
        await remove(database, alice, key)
    await set_currency(database, alice, "JPY")
    await restore(database, alice, whole)
    assert await listed(database, alice) == [(SPRING, 95)]
    with pytest.raises(Missing):
        await restore(database, alice, broken)


# --- the currency ------------------------------------------------------------------------------------------------


async def test_another_currency_keeps_the_numbers(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    site = await add_project(database, alice, "Site")
    key = await add(database, alice, None, SPRING, 9500)
    await add(database, alice, site, SPRING, 11_000)
    await add(database, cast.charlie.viewer, None, SPRING, 7000)
    for currency, found in (("USD", 9500), ("JPY", 95), ("KWD", 95_000), ("EUR", 9500)):
        await set_currency(database, alice, currency)
        card = await card_of(database, alice)
        assert (card.currency, card.rate_on(None, SPRING)) == (currency, found)
    assert (await card_of(database, alice)).rate_on(site, SPRING) == 11_000
    assert await listed(database, cast.charlie.viewer) == [(SPRING, 7000)]
    assert [line[2:] for line in await journal_of(database, key)][1:] == [
        ({"rate_minor": 9500}, {"rate_minor": 95}),
        ({"rate_minor": 95}, {"rate_minor": 95_000}),
        ({"rate_minor": 95_000}, {"rate_minor": 9500}),
    ]
    told = [line[2:] for line in await journal_of(database, alice.workspace_id)]
    assert told[0] == ({"currency": "EUR"}, {"currency": "USD"})
    assert len(told) == 4


async def test_a_currency_that_would_lose_cents_is_refused(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await add(database, alice, None, SPRING, 9500)
    await add(database, alice, None, AUTUMN, 9550)
    with pytest.raises(rates.Uneven) as refused:
        await set_currency(database, alice, "JPY")
    assert refused.value.rate_minor == 9550
    card = await card_of(database, alice)
    assert (card.currency, card.rate_on(None, SPRING), card.rate_on(None, AUTUMN)) == ("EUR", 9500, 9550)


async def test_a_currency_in_which_a_rate_is_too_large_is_refused(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await add(database, alice, None, SPRING, 100_000_000)
    with pytest.raises(Conflict) as refused:
        await set_currency(database, alice, "KWD")
    assert refused.value.kind == "check"
    assert (await card_of(database, alice)).currency == "EUR"


async def test_the_same_currency_again_changes_nothing(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    before = await revision(database, alice)
    await set_currency(database, alice, "EUR")
    assert await revision(database, alice) == before
    assert await journal_of(database, alice.workspace_id) == []


@pytest.mark.parametrize("role", ["manager", "member", "viewer"])
async def test_the_currency_is_for_those_who_lead(database: Database, cast: Cast, role: str) -> None:
    bob = await become(database, cast.bob, role)
    for currency in ("USD", "EUR"):
        with pytest.raises(Forbidden):
            await set_currency(database, bob, currency)
