"""Every entry of a report as rows of a table, as they come from the database: for files of any length.

Each entry counts with its part within the report's dates; its whole times stand beside. Its rounded seconds and its
amount are its share of what the report says in all. Everything here happens once for each entry, a million times:
instants stay seconds, and what many entries have in common is made once.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from quart_app.db import Connection
from quart_app.queries import exports
from quart_app.queries.report_entries import TAG_COMMA, stream_rows
from quart_app.report_rows import Stretch
from quart_app.report_table import MINUTES, SECONDS, Cached, Column, Kind, Row, Rows, iso_day
from quart_app.reporting import Question, Sharing, load_sharing
from quart_app.words import N_, _

CHUNK = 1000
_DAY = 86_400

# Every column that there may be, in the order of the file.
_COLUMNS = (
    Column("date", N_("Date"), Kind.DATE),
    Column("start", N_("Start"), Kind.CLOCK),
    Column("end", N_("End"), Kind.CLOCK),
    Column("seconds", N_("Duration"), Kind.SECONDS, is_summed=True),
    Column("hours", N_("Duration (decimal)"), Kind.HOURS, is_summed=True),
    Column("rounded_seconds", N_("Rounded"), Kind.SECONDS, is_summed=True),
    Column("rounded_hours", N_("Rounded (decimal)"), Kind.HOURS, is_summed=True),
    Column("description", N_("Description"), Kind.TEXT),
    Column("project", N_("Project"), Kind.TEXT),
    Column("client", N_("Client"), Kind.TEXT),
    Column("task", N_("Task"), Kind.TEXT),
    Column("tags", N_("Tags"), Kind.TAGS),
    Column("member", N_("Member"), Kind.TEXT),
    Column("email", N_("Email"), Kind.TEXT),
    Column("billable", N_("Billable"), Kind.FLAG),
    Column("amount", N_("Amount"), Kind.MONEY, is_summed=True),
    Column("start_utc", N_("Start (UTC)"), Kind.INSTANT),
    Column("end_utc", N_("End (UTC)"), Kind.INSTANT),
    Column("id", N_("Entry"), Kind.TEXT),
    Column("running", N_("Running"), Kind.FLAG),
    Column("clipped", N_("Clipped"), Kind.FLAG),
    Column("zone", N_("Time zone"), Kind.TEXT),
    Column("part_start", N_("Start"), Kind.COUNT),
)
# Those that only some files have: _Maker makes their cells after all others.
_EXTRAS = ("rounded_seconds", "rounded_hours", "amount", "zone", "part_start")
_ALWAYS = [column.key for column in _COLUMNS if column.key not in _EXTRAS]
_PLACES = {key: place for place, key in enumerate((*_ALWAYS, *_EXTRAS))}
_MOST_TAGS = 20_000


def columns_of(asked: Question, *, for_calendar: bool = False) -> list[Column]:
    """The columns of this report's entries, as far as the viewer may see them."""
    wanted = dict.fromkeys(_PLACES, True)
    is_rounded = asked.spec.rounding.is_on
    wanted |= {"rounded_seconds": is_rounded, "rounded_hours": is_rounded}
    wanted |= {"email": asked.viewer.may_manage, "amount": not asked.rates.is_empty}
    wanted |= {"zone": asked.is_members_own, "part_start": for_calendar}
    return [
        Column(column.key, _named(column, asked), column.kind, column.is_summed)
        for column in _COLUMNS
        if wanted[column.key]
    ]


def _named(column: Column, asked: Question) -> str:
    if column.key == "amount":
        return _("Amount (%(currency)s)", currency=asked.rates.currency)
    return _(column.name)


async def load_entry_rows(db: Connection, asked: Question, columns: Sequence[Column]) -> Rows:
    """Rows for these of columns_of, in the order that the report is sorted by. All are from the snapshot of `db`, which
    must stay open until the last of them is read."""
    stretches = asked.stretches(asked.days, [asked.days])
    emails = await exports.load_emails(db, asked.viewer) if asked.viewer.may_manage else {}
    sharing = await load_sharing(db, asked) if _is_shared(asked) else None
    maker = _Maker(asked, stretches, emails, sharing)
    wanted = [column.key for column in columns]
    maker.has_extras = wanted != _ALWAYS
    pick = itemgetter(*(_PLACES[key] for key in wanted))
    spec = asked.spec
    found = stream_rows(db, asked.viewer, stretches, spec.filters, spec.sort, asked.now, CHUNK)
    async with aclosing(found) as chunks:
        async for rows in chunks:
            if made := maker.make(rows):
                yield [*map(pick, made)] if maker.has_extras else made


def _is_shared(asked: Question) -> bool:
    """Whether an entry's figures are more than its own seconds."""
    return asked.spec.rounding.is_on or not asked.rates.is_empty


class _Clocks:
    """The wall clocks of a zone, in seconds since 1970 began there."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.offsets: dict[
            int, int | None
        ] = {}  # of each day that begins in UTC; None where it changes within

    def _at(self, instant: int) -> int:
        offset = datetime.fromtimestamp(instant, UTC).astimezone(self.zone).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    def local(self, instant: int) -> int:
        day = instant // _DAY
        try:
            offset = self.offsets[day]
        except KeyError:
            first, last = self._at(day * _DAY), self._at(day * _DAY + _DAY - 1)
            offset = self.offsets[day] = first if first == last else None
        return instant + (self._at(instant) if offset is None else offset)


class _Maker:
    """Makes rows of _ALWAYS, and of _EXTRAS where they are asked for."""

    def __init__(
        self,
        asked: Question,
        stretches: Sequence[Stretch],
        emails: Mapping[UUID, str],
        sharing: Sharing | None,
    ) -> None:
        names = asked.names
        clients = {key: named.name for key, named in names["client"].items()}
        self._now = int(asked.now.timestamp())
        self.has_extras = True
        clocks = [_Clocks(stretch.zone) for stretch in stretches]
        self._places = [
            (int(stretch.since.timestamp()), int(stretch.until.timestamp()), clock, stretch.zone.key)
            for stretch, clock in zip(stretches, clocks, strict=True)
        ]
        self._days = Cached(iso_day)
        self._projects: dict[UUID | None, tuple[str, str]] = {
            key: (named.name, clients.get(named.parent, "") if named.parent else "")
            for key, named in names["project"].items()
        }
        self._tasks = {key: named.name for key, named in names["task"].items()}
        self._members = {key: (named.name, emails.get(key, "")) for key, named in names["member"].items()}
        self._tag_names = {key: named.name for key, named in names["tag"].items()}
        self._tags: dict[str | None, tuple[str, ...]] = {None: ()}
        self._shares = _Shares(asked, stretches, sharing).of if sharing else None

    def make(self, rows: Sequence[Any]) -> list[Row]:
        """Rows for those of stream_rows that have a share in the report."""
        found: list[Row] = []
        keep, now, places, days = found.append, self._now, self._places, self._days
        projects, tasks, members, tags = self._projects, self._tasks, self._members, self._tags
        shares, has_extras, nothing = self._shares, self.has_extras, ("", "")
        for place, key, user, project, task, text, start, ended, billable, tag_ids in rows:
            since, until, clocks, zone = places[place]
            end = (now if now > start else start) if ended is None else ended
            low = start if start > since else since
            high = end if end < until else until
            if high < low or (high == low and start != end):
                continue  # what runs has no share of days to come
            seconds = high - low
            offset = clocks.offsets.get(low // _DAY)
            day, second = divmod(clocks.local(low) if offset is None else low + offset, _DAY)
            if (tagged := tags.get(tag_ids)) is None:
                tagged = self._read_tags(tag_ids)
            name, client = projects.get(project, nothing)
            member, email = members.get(user, nothing)
            begun, begun_at = divmod(start, _DAY)
            if ended is None:
                clock = until_utc = None
            else:
                offset = clocks.offsets.get(high // _DAY)
                last = (clocks.local(high) if offset is None else high + offset) % _DAY
                clock = MINUTES[last // 60] + SECONDS[last % 60]
                over, over_at = divmod(ended, _DAY)
                until_utc = f"{days[over]}T{MINUTES[over_at // 60]}{SECONDS[over_at % 60]}Z"
            cells = (
                days[day],
                MINUTES[second // 60] + SECONDS[second % 60],
                clock,
                seconds,
                seconds,
                text,
                name,
                client,
                tasks.get(task, "") if task else "",
                tagged,
                member,
                email,
                billable,
                f"{days[begun]}T{MINUTES[begun_at // 60]}{SECONDS[begun_at % 60]}Z",
                until_utc,
                str(key),
                ended is None,
                seconds != end - start,
            )
            if has_extras:
                rounded, amount = (
                    (seconds, None) if shares is None else shares(place, low, high, project, user, billable)
                )
                cells += (rounded, rounded, amount, zone, low)  # type: ignore[assignment]  # a longer one
            keep(cells)
        return found

    def _read_tags(self, text: str) -> tuple[str, ...]:
        if len(self._tags) > _MOST_TAGS:
            self._tags = {None: ()}
        names = {self._tag_names.get(UUID(tag), "") for tag in text.split(TAG_COMMA)} - {""}
        found = self._tags[text] = tuple(sorted(names, key=str.casefold))
        return found


class _Shares:
    """What single entries have of the rounded total, and of the amount."""

    def __init__(self, asked: Question, stretches: Sequence[Stretch], sharing: Sharing) -> None:
        self._rounding, self._rates = asked.spec.rounding, asked.rates
        self._firsts = [days.first for days in sharing.columns]
        self._edges = [
            [int(edge.timestamp()) for edge in stretch.edges]
            for stretch in asked.stretches(asked.days, sharing.columns)
        ]
        self._dimensions = sharing.dimensions
        self._done = dict(sharing.starts) if sharing.starts else None

    def of(
        self, place: int, low: int, high: int, project: UUID | None, user: UUID, billable: bool
    ) -> tuple[int, int | None]:
        """Rounded seconds, and the exact amount: None where no rate holds, or nothing is billable."""
        edges, at = self._edges[place], bisect_right(self._edges[place], low) - 1
        at = min(max(at, 0), len(edges) - 2)
        rounded, amount, before = 0, None, 0
        while True:
            end = edges[at + 1] if edges[at + 1] < high else high
            piece = end - low
            made = self._round(at, piece, before, project, user, billable)
            before += piece
            rounded += made
            if billable and (rate := self._rates.rate_on(project, self._firsts[at])) is not None:
                amount = (amount or 0) + made * rate
            if end >= high:
                return rounded, amount
            low, at = end, at + 1

    def _round(
        self, at: int, piece: int, before: int, project: UUID | None, user: UUID, billable: bool
    ) -> int:
        """What a unit's rounding grows by with this piece: the entry itself, of which `before` is done, or what it is
        rounded together with."""
        to_step = self._rounding.round
        if self._done is None:
            return to_step(before + piece) - to_step(before)
        known = {"billable": billable, "project": project, "member": user}
        kind = (*(known[name] for name in self._dimensions), self._firsts[at])
        begun = self._done.get(kind, 0)
        self._done[kind] = begun + piece
        return to_step(begun + piece) - to_step(begun)
