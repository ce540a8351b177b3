"""The entries behind a report: pages hold each of them once, in order, and their parts sum to the figure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from hypothesis import strategies as st

from quart_app import periods, reporting
from quart_app.access import Viewer
from quart_app.db import Database
from quart_app.forms.reports import parse_report, query_of
from quart_app.money import RateCard
from quart_app.queries import report_entries
from quart_app.queries.report_entries import BadCursor, PartRow, list_rows, stream_rows
from quart_app.report_rows import Stretch
from quart_app.report_spec import MEMBERS_OWN, SORTS, Days, Filters, Spec
from quart_app.report_stream import columns_of, load_entry_rows
from quart_app.rounding import Rounding
from tests.support.cast import Cast
from tests.support.catalogue import track
from tests.support.reckoning import World, drawn, replace_entries, shares_of
from tests.support.worlds import ODD_DAYS, cases, effort, furnish, question, set_role

SUMMED = {"seconds", "rounded_seconds", "amount"}


def cut(row: PartRow, stretches: list[Stretch], now: datetime) -> int:
    """The seconds of a row within the stretch that it was found in."""
    stretch, start = stretches[row.place], datetime.fromtimestamp(row.started, UTC)
    end = max(start, now) if row.ended is None else datetime.fromtimestamp(row.ended, UTC)
    return periods.overlap_seconds(start, end, stretch.since, stretch.until)


async def test_pages_hold_each_entry_once_and_sum_to_the_total(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        report_entries, "NEAR", 2
    )  # so that words are looked for beyond the nearest entries, too
    things = await furnish(database, cast)

    async def check(case: tuple[tuple[World, Viewer, list[Spec]], int, str, bool]) -> None:
        (world, viewer, wanted), size, name, is_down = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, replace(spec, rounding=Rounding()), world.now)
            stretches = asked.stretches(asked.days, [asked.days])
            sort, rows, after = f"-{name}" if is_down else name, list[PartRow](), ""
            async with database.snapshot() as db:
                ask = (db, viewer, stretches, spec.filters, sort, world.now)
                while page := await list_rows(*ask, size, after):
                    rows, after = rows + page, page[-1].cursor
                assert rows == await list_rows(*ask, 1000)
                streamed = [row async for part in stream_rows(*ask, size) for row in part]
                alone = await reporting.load_total(db, asked)
            expected = {share.made.id for share in shares_of(world, viewer, spec, asked.days)}
            assert {row.id for row in rows} == expected
            assert len(rows) == len(expected)
            assert [str(row[1]).replace("-", "") for row in streamed] == [row.id.hex for row in rows]
            parts = sum(cut(row, stretches, world.now) for row in rows)
            assert (parts, len(rows)) == (alone.seconds, alone.entries)
            if name in ("start", "duration"):
                keys = [row.started if name == "start" else cut(row, stretches, world.now) for row in rows]
                assert keys == sorted(keys, reverse=is_down)

    paged = st.tuples(cases(things), st.integers(1, 5), st.sampled_from(SORTS), st.booleans())
    await drawn(paged, check, effort(database))


async def test_rows_of_files_sum_to_the_total_in_every_column(database: Database, cast: Cast) -> None:
    things = await furnish(database, cast)
    card = RateCard(
        "EUR", [(None, day - timedelta(days=3 * n), 9500 + n) for _, day in ODD_DAYS for n in (0, 1)]
    )

    async def check(case: tuple[tuple[World, Viewer, list[Spec]], bool]) -> None:
        (world, viewer, wanted), has_rates = case
        await replace_entries(database, world)
        for spec in wanted:
            asked = await question(database, viewer, replace(spec, view="detailed"), world.now)
            asked = replace(asked, rates=card if has_rates else RateCard("EUR"))
            columns = columns_of(asked)
            async with database.snapshot() as db:
                rows = [row async for chunk in load_entry_rows(db, asked, columns) for row in chunk]
                alone = await reporting.load_total(db, asked)
            keys = [column.key for column in columns]
            sums = {
                key: sum(row[place] or 0 for row in rows) for place, key in enumerate(keys) if key in SUMMED
            }
            assert (sums["seconds"], len(rows)) == (alone.seconds, alone.entries)
            assert sums.get("rounded_seconds", alone.rounded) == alone.rounded
            assert sums.get("amount", alone.amount) == alone.amount

    await drawn(st.tuples(cases(things), st.booleans()), check, effort(database) // 2)


NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
WEEK = Days(NOON.date() - timedelta(days=2), NOON.date() + timedelta(days=4))
HOUR = timedelta(hours=1)


async def listed(database: Database, viewer: Viewer, spec: Spec, *, limit: int = 100) -> list[PartRow]:
    asked = await question(database, viewer, spec, NOON)
    async with database.snapshot() as db:
        stretches = asked.stretches(asked.days, [asked.days])
        return await list_rows(db, viewer, stretches, spec.filters, spec.sort, NOON, limit, spec.after)


OF_WEEK = Spec(period="custom", days=WEEK)


async def test_a_manager_lists_everybodys_entries_and_all_others_their_own(
    database: Database, cast: Cast
) -> None:
    made = {
        person.viewer.username: await track(database, person.viewer, None, NOON - HOUR, NOON)
        for person in (cast.alice, cast.bob, cast.dana, cast.charlie)
    }
    seen = {
        person.viewer.username: {row.id for row in await listed(database, person.viewer, OF_WEEK)}
        for person in (cast.alice, cast.bob, cast.dana, cast.charlie)
    }
    assert seen["alice"] == {made["alice"], made["bob"], made["dana"]}
    assert all(seen[name] == {made[name]} for name in ("bob", "dana", "charlie"))


async def test_who_no_longer_manages_lists_nothing_from_then_on(database: Database, cast: Cast) -> None:
    await track(database, cast.bob.viewer, None, NOON - HOUR, NOON)
    assert len(await listed(database, cast.alice.viewer, OF_WEEK)) == 1
    await set_role(database, cast.alice.viewer, "member")
    assert await listed(database, cast.alice.viewer, OF_WEEK) == []


async def test_what_runs_is_no_part_of_days_to_come(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    await track(database, alice, None, NOON - HOUR)
    tomorrow = NOON.date() + timedelta(days=1)
    assert len(await listed(database, alice, OF_WEEK)) == 1
    assert await listed(database, alice, OF_WEEK.over(Days(tomorrow, tomorrow))) == []


NONSENSE = (
    "x",
    "~",
    "~1",
    f"{UUID(int=1)}",
    f"{UUID(int=1)}~{'9' * 40}",
    f"{UUID(int=1)}~{'9' * 5000}",
    "a~b~c",
)


async def test_a_page_after_nonsense_is_refused_or_a_page(database: Database, cast: Cast) -> None:
    for sort in (*SORTS, *(f"-{name}" for name in SORTS)):
        for after in NONSENSE:
            spec = replace(OF_WEEK, sort=sort, after=after)
            is_text = sort.removeprefix("-") in ("description", "project", "member")
            if is_text and after.startswith(f"{UUID(int=1)}~"):
                assert await listed(database, cast.alice.viewer, spec) == []
            else:
                with pytest.raises(BadCursor):
                    await listed(database, cast.alice.viewer, spec)


@pytest.mark.parametrize("text", ["", "login"])
async def test_a_report_of_nobody_has_no_pages(database: Database, cast: Cast, text: str) -> None:
    await track(database, cast.alice.viewer, None, NOON - HOUR, NOON, description="login")
    stranger = cast.charlie.viewer.user_id
    for zone in ("", MEMBERS_OWN):
        spec = replace(OF_WEEK, zone=zone, filters=Filters(members=(stranger,), text=text))
        assert await listed(database, cast.alice.viewer, spec) == []


async def test_a_description_of_any_kind_can_end_a_page(database: Database, cast: Cast) -> None:
    alice = cast.alice.viewer
    words = ["", "~", "a~b", "Zebra", "zebra", "ä", "line\nline", "100%", "\U0001f600"]
    for text in words:
        await track(database, alice, None, NOON - HOUR, NOON, description=text)
    spec, found = replace(OF_WEEK, sort="description"), list[str]()
    while page := await listed(database, alice, spec, limit=1):
        found.append(page[0].description)
        spec = parse_report(parse_qs(query_of(replace(spec, after=page[0].cursor))), "dmy", NOON.date()).spec
    assert sorted(found) == sorted(words)
