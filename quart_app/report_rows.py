"""Which entries a report is about: whose, of which instants, by which filters. What its queries start from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from quart_app import periods
from quart_app.access import MANAGING, Viewer, has_role, own_entries, visible
from quart_app.dialects import containing, earlier, is_long
from quart_app.kinds import Instant
from quart_app.report_spec import Filters
from quart_app.tables import LONG_SECONDS, entries, entry_tags, projects

_DAY: sa.ColumnElement[int] = sa.literal_column(str(LONG_SECONDS))


class Run(NamedTuple):
    """Buckets of one length, one after the other: of `step` seconds each; 0: the run is one bucket."""

    start: datetime
    end: datetime
    step: int = 0

    @property
    def is_one(self) -> bool:
        return not self.step or periods.seconds_between(self.start, self.end) == self.step


@dataclass(frozen=True, slots=True)
class Stretch:
    """The instants that a report is about, in one zone. `edges` are the starts of its buckets and its end. `members`:
    those whose zone it is; None for everybody."""

    zone: ZoneInfo
    edges: tuple[datetime, ...]
    members: tuple[UUID, ...] | None = None

    @property
    def since(self) -> datetime:
        return self.edges[0]

    @property
    def until(self) -> datetime:
        return self.edges[-1]

    def runs(self) -> list[Run]:
        """Buckets of the same length put together: most days have 24 hours."""
        found: list[Run] = []
        for start, end in zip(self.edges, self.edges[1:], strict=False):
            step = periods.seconds_between(start, end)
            if found and found[-1].step == step and step:
                found[-1] = Run(found[-1].start, end, step)
            elif step:
                found.append(Run(start, end, step))
        return found


def reported(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Entries that the viewer's reports are made of: everybody's where they manage the workspace, else their own."""
    if not viewer.may_manage:
        return own_entries(viewer)
    return sa.and_(visible(entries, viewer), entries.c.deleted_at.is_(None), has_role(viewer, MANAGING))


# --- filters ---------------------------------------------------------------------------------------------------------


def conditions(viewer: Viewer, filters: Filters, *, by_words: bool = True) -> list[sa.ColumnElement[bool]]:
    """What the filters ask of an entry, but for what runs. `by_words`: the index of words may be used."""
    found: list[sa.ColumnElement[bool]] = []
    if filters.members:
        found.append(entries.c.user_id.in_(filters.members))
    if filters.projects:
        found.append(_one_of(entries.c.project_id, filters.projects))
    if filters.tasks:
        found.append(_one_of(entries.c.task_id, filters.tasks))
    if filters.clients:
        found.append(_of_clients(viewer, filters.clients))
    if filters.tags:
        found.append(_tagged(viewer, filters.tags, filters.tag_match))
    if filters.tagged:
        found.append(_tagged(viewer, filters.tagged, "all"))
    if filters.billable:
        found.append(entries.c.is_billable if filters.billable == "yes" else sa.not_(entries.c.is_billable))
    if filters.text:
        said = entries.c.description
        found.append(containing(said if by_words else said.concat(""), filters.text))
    if filters.description is not None:
        found.append(entries.c.description == filters.description)
    return found


def _one_of(column: sa.ColumnElement[Any], values: Iterable[UUID | None]) -> sa.ColumnElement[bool]:
    ids = [value for value in values if value is not None]
    found = [column.in_(ids)] if ids else []
    return sa.or_(*found, column.is_(None)) if None in values else sa.or_(*found)


def _of_clients(viewer: Viewer, wanted: Sequence[UUID | None]) -> sa.ColumnElement[bool]:
    theirs = sa.select(projects.c.id).where(visible(projects, viewer), _one_of(projects.c.client_id, wanted))
    found = entries.c.project_id.in_(theirs)
    return sa.or_(found, entries.c.project_id.is_(None)) if None in wanted else found


def _tagged(viewer: Viewer, wanted: Sequence[UUID | None], match: str) -> sa.ColumnElement[bool]:
    def has(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        here = sa.and_(
            entry_tags.c.workspace_id == viewer.workspace_id, entry_tags.c.entry_id == entries.c.id
        )
        return (
            sa.select(sa.literal(1)).select_from(entry_tags).where(here, *which).correlate(entries).exists()
        )

    each = [has(entry_tags.c.tag_id == tag) if tag is not None else ~has() for tag in wanted]
    if match == "all":
        return sa.and_(*each)
    return ~sa.or_(*each) if match == "none" else sa.or_(*each)


def of_stretch(stretch: Stretch) -> list[sa.ColumnElement[bool]]:
    return [] if stretch.members is None else [entries.c.user_id.in_(stretch.members)]


def reaching_in(
    stretch: Stretch, select: Callable[[], sa.Select[Any]], running: str, now: datetime
) -> list[sa.Select[Any]]:
    """Searches, each with an index of its own, for what a look at the starts within the stretch does not find: entries
    that began before it and reach into it, and what runs up to now. `select` makes the statement that each narrows."""
    since, until = sa.literal(stretch.since, Instant), sa.literal(stretch.until, Instant)
    day_before = earlier(since, _DAY)
    lasts_long: sa.ColumnElement[Any] = is_long(entries.c.started_at, entries.c.ended_at)
    lasts_long.type = sa.Integer()  # as in queries/entries.py: SQLite compares the words of the index
    began = earlier(entries.c.started_at, sa.literal_column("0"))
    found = []
    if running != "only":
        reaches = entries.c.ended_at > since
        found = [
            select().where(entries.c.started_at < since, entries.c.started_at >= day_before, reaches),
            select().where(lasts_long, began < day_before, reaches),
        ]
    if running != "without":
        # The version holds always: it keeps SQLite from the index of reports, where it would look at all there are.
        runs = select().where(entries.c.ended_at.is_(None), began < until, entries.c.version > 0)
        found.append(runs if now > stretch.since else runs.where(began >= since))
    return found


def reaching_over(run: Run, select: Callable[[], sa.Select[Any]]) -> list[sa.Select[Any]]:
    """Searches for what begins within the run and ends after it, as those of reaching_in()."""
    begins, ends = sa.literal(run.start, Instant), sa.literal(run.end, Instant)
    day_before = earlier(ends, _DAY)
    lasts_long: sa.ColumnElement[Any] = is_long(entries.c.started_at, entries.c.ended_at)
    lasts_long.type = sa.Integer()
    began = earlier(entries.c.started_at, sa.literal_column("0"))
    start, reaches = entries.c.started_at, entries.c.ended_at > ends
    return [
        select().where(start < ends, start >= day_before, start >= begins, reaches),
        select().where(lasts_long, began < day_before, began >= begins, reaches),
    ]
