"""Taking back what a person did with entries, by what the journal says of it.

An action is the group of journal lines that bear its id. Taking it back is an action, too, and names the one that it
took back: so that can be taken back as well, which does the first one again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app import catalogue, exclusion, journal
from quart_app.access import TRACKING, Forbidden, Missing, Viewer, may_track, names_of, tag_text
from quart_app.db import Connection
from quart_app.dialects import upsert
from quart_app.ids import new_id
from quart_app.kinds import fold
from quart_app.tables import changes, entries, entry_tags, memberships, tags

# How far back "the latest" is looked for.
LATEST = timedelta(days=1)
_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "description": str,
    "project_id": UUID,
    "task_id": UUID,
    "is_billable": bool,
    "started_at": datetime.fromisoformat,
    "ended_at": datetime.fromisoformat,
    "confirmed_at": datetime.fromisoformat,
}
_OF_SOMEBODY_ELSE = sa.exists().where(
    entries.c.workspace_id == changes.c.workspace_id,
    entries.c.id == changes.c.subject_id,
    entries.c.user_id != changes.c.user_id,
)
Key = tuple[UUID, UUID]  # workspace and entry


class Refused(Exception):
    """It stays as it is. `reason`: "again" (taken back already), "changed" (an entry is not as the action left it),
    "runs" (another timer runs where one would have to run on)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back: a kind of action ("create", "update", "delete", "restore", "start", "stop") on so many
    entries. `is_redone`: a taking back was taken back, so the action is done again."""

    action_id: UUID  # of the taking back
    kind: str
    count: int
    is_redone: bool
    workspaces: frozenset[UUID]
    tags: frozenset[str]  # that entries bear again


@dataclass(slots=True)
class _Target:
    """An entry before and after an action: whether it was there, and the columns that changed."""

    was_there: bool | None = None
    is_there: bool = True
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def add(self, before: journal.Values, after: journal.Values) -> None:
        """The next line of the journal. None: the entry was, or is now, not there (or in the trash, unchanged)."""
        if before is None or after is None:
            if self.was_there is None:
                self.was_there = before is not None
            self.is_there = after is not None
        else:
            self.before = {**before, **self.before}
        self.after |= after or {}


# --- actions -----------------------------------------------------------------------------------------------------


async def undo_action(db: Connection, viewer: Viewer, action_id: UUID, now: datetime) -> Undone:
    """Take back an action of the viewer's, all of it or nothing.

    Raises Missing (none of theirs), Forbidden (they may not track there any more), Refused; and Conflict "exclusion"
    where entries would overlap, "foreign_key" where a project or task has been deleted since.
    """
    # The person's lock: nothing of theirs may be taken back twice at once, and no timer start meanwhile.
    await journal.touch_user(db, viewer)
    lines = await _read_lines(db, viewer, action_id)
    if not lines:
        raise Missing if viewer.may_track else Forbidden
    if action_id in _taken_back(await _read_links(db, viewer, action_id)):
        raise Refused("again")
    targets: dict[Key, _Target] = {}
    for line in lines:
        targets.setdefault((line.workspace_id, line.subject_id), _Target()).add(line.before, line.after)
    undo_id = new_id()
    borne = await _take_back(db, viewer, targets, now, undo_id, action_id)
    root, is_redone = lines, False
    while undoes := root[0].undoes_action_id:
        root, is_redone = await _read_lines(db, viewer, undoes) or root[:0], not is_redone
        if not root:
            break
    return Undone(
        undo_id,
        _kind_of({line.action for line in root}),
        len({line.subject_id for line in root or lines}),
        is_redone,
        frozenset(workspace for workspace, _ in targets),
        borne,
    )


async def undo_last(db: Connection, viewer: Viewer, now: datetime) -> Undone | None:
    """Take back what the viewer did last in this workspace and has not taken back; None where there is nothing, or
    nothing as young as LATEST. Raises what undo_action raises, but Missing."""
    await journal.touch_user(db, viewer)
    statement = (
        sa.select(changes.c.action_id, changes.c.undoes_action_id)
        .where(
            changes.c.workspace_id == viewer.workspace_id,
            _own_lines(viewer, _first_id(now - LATEST)),
            changes.c.action_id.is_not(None),
        )
        .distinct()
    )
    actions = [(row.action_id, row.undoes_action_id) for row in await db.execute(statement)]
    done = {action_id for action_id, undoes in actions if undoes is None}
    left = done - _taken_back((action_id, undoes) for action_id, undoes in actions if undoes)
    if left:
        return await undo_action(db, viewer, max(left), now)
    if not viewer.may_track:
        raise Forbidden
    return None


def _own_lines(viewer: Viewer, since: UUID) -> sa.ColumnElement[bool]:
    """What the viewer did with their own entries, in all of their workspaces: to start a timer here stops the one that
    runs there. What they did with somebody else's, as they took them from the team, is not theirs to take back."""
    theirs = sa.select(memberships.c.workspace_id).where(memberships.c.user_id == viewer.user_id)
    return sa.and_(
        changes.c.workspace_id.in_(theirs),
        changes.c.user_id == viewer.user_id,
        changes.c.id >= since,
        changes.c.subject == "entry",
        ~_OF_SOMEBODY_ELSE,
    )


async def _read_lines(db: Connection, viewer: Viewer, action_id: UUID) -> list[Any]:
    statement = (
        sa.select(changes)
        .where(_own_lines(viewer, _just_before(action_id)), changes.c.action_id == action_id)
        .order_by(changes.c.id)
    )
    return list(await db.execute(statement))


async def _read_links(db: Connection, viewer: Viewer, action_id: UUID) -> list[tuple[UUID, UUID]]:
    """All that was taken back since this action: (by which action, which one)."""
    statement = (
        sa.select(changes.c.action_id, changes.c.undoes_action_id)
        .where(_own_lines(viewer, _just_before(action_id)), changes.c.undoes_action_id.is_not(None))
        .distinct()
    )
    return [(row.action_id, row.undoes_action_id) for row in await db.execute(statement)]


def _taken_back(links: Iterable[tuple[UUID, UUID]]) -> set[UUID]:
    """The actions that were taken back by one that was not taken back itself. Later ids are greater."""
    found: set[UUID] = set()
    for action_id, undoes in sorted(links, reverse=True):
        if action_id not in found:
            found.add(undoes)
    return found


def _first_id(moment: datetime) -> UUID:
    """The smallest id that could have been made then: a UUIDv7 begins with its milliseconds."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _just_before(action_id: UUID) -> UUID:
    """Below the ids of this action's lines: the action's own is made before these, by the same clock, more or less."""
    return UUID(int=max((action_id.int >> 80) - 60_000, 0) << 80)


def _kind_of(actions: set[str]) -> str:
    if "start" in actions:
        return "start"  # and with it, what it stopped
    return actions.pop() if len(actions) == 1 else "update"


# --- rows --------------------------------------------------------------------------------------------------------


async def _take_back(
    db: Connection,
    viewer: Viewer,
    targets: Mapping[Key, _Target],
    now: datetime,
    undo_id: UUID,
    undoes: UUID,
) -> frozenset[str]:
    """Write the entries as they were before the action; the tags that they bear again."""
    rows = await _lock_rows(db, viewer, targets)
    goals: dict[Key, dict[str, Any]] = {}
    for key, target in targets.items():
        row = rows.get(key)
        if row is None or (row["deleted_at"] is None) is not target.is_there:
            raise Refused("changed")
        if target.is_there and not _is_as_left(row, target.after):
            raise Refused("changed")
        goals[key] = {**row, **_parsed(target.before)}
        goals[key]["deleted_at"] = None if target.was_there is not False else row["deleted_at"] or now
    await _keep_one_running(db, viewer, rows, goals)
    borne = await _write_tags(db, viewer, rows, goals, now)
    await _write_rows(db, viewer, rows, goals, now)
    for (workspace, entry_id), goal in goals.items():
        if goal["deleted_at"] is None:
            await exclusion.refuse_beside_running(db, replace(viewer, workspace_id=workspace), entry_id, now)
    lines = [line for key in goals for line in _lines_of(key, rows[key], goals[key])]
    await journal.record_all(db, viewer, "entry", lines, now, action_id=undo_id, undoes=undoes)
    return borne


async def _lock_rows(db: Connection, viewer: Viewer, keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    """The viewer's entries, in the trash or not, held until the transaction ends. Raises Forbidden."""
    names = [*_COLUMNS, "deleted_at", "is_exclusive"]
    wanted = sa.tuple_(entries.c.workspace_id, entries.c.id).in_(list(keys))
    mine = sa.and_(wanted, entries.c.user_id == viewer.user_id)
    ids = [entries.c.workspace_id, entries.c.id]
    # First the lock: only then what hangs on a row is sure to stay.
    locking = sa.select(*ids).where(mine).order_by(*ids).with_for_update()
    await db.execute(locking)
    tracks = sa.exists().where(
        memberships.c.workspace_id == entries.c.workspace_id,
        memberships.c.user_id == viewer.user_id,
        memberships.c.left_at.is_(None),
        memberships.c.role.in_(sorted(TRACKING)),
    )
    columns = [entries.c[name] for name in names]
    found: dict[Key, dict[str, Any]] = {}
    for row in await db.execute(
        sa.select(*ids, tracks.label("tracks"), tag_text(entries).label("tags"), *columns).where(mine)
    ):
        if not row.tracks:
            raise Forbidden
        values = {name: getattr(row, name) for name in names}
        found[row.workspace_id, row.id] = {**values, "tags": names_of(row.tags)}
    return found


def _parsed(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal holds as JSON, as values of the columns; what is no column of an entry is left out."""
    known = {name: values[name] for name in _COLUMNS if name in values}
    if "project_id" in known:
        known.setdefault("task_id")  # without a word of one there is none: it would be another project's
    parsed = {name: None if value is None else _COLUMNS[name](value) for name, value in known.items()}
    return parsed | ({"tags": tuple(values["tags"])} if "tags" in values else {})


def _is_as_left(row: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return all(_same(name, row[name], value) for name, value in _parsed(after).items())


def _same(name: str, one: Any, other: Any) -> bool:
    return bool(_folded(one) == _folded(other) if name == "tags" else one == other)


def _folded(names: Iterable[str]) -> set[str]:
    return {fold(name) for name in names}


async def _keep_one_running(
    db: Connection, viewer: Viewer, rows: Mapping[Key, Any], goals: Mapping[Key, dict[str, Any]]
) -> None:
    """Where another timer runs by now, what comes out of the trash running ends when it came there; what had been
    stopped can't run on: Refused."""
    going = [key for key, goal in goals.items() if goal["deleted_at"] is None and goal["ended_at"] is None]
    if not going:
        return
    runs = sa.and_(
        entries.c.user_id == viewer.user_id, entries.c.ended_at.is_(None), entries.c.deleted_at.is_(None)
    )
    found = await db.execute(sa.select(entries.c.workspace_id, entries.c.id).where(runs))
    if all((row.workspace_id, row.id) in goals for row in found):
        return
    for key in going:
        if rows[key]["deleted_at"] is None:
            raise Refused("runs")
        goals[key]["ended_at"] = max(rows[key]["deleted_at"], goals[key]["started_at"])


async def _write_rows(
    db: Connection, viewer: Viewer, rows: Mapping[Key, Any], goals: Mapping[Key, Any], now: datetime
) -> None:
    written = [*_COLUMNS, "deleted_at"]
    here = sa.and_(
        entries.c.workspace_id == sa.bindparam("of_workspace"),
        entries.c.id == sa.bindparam("of_entry"),
        entries.c.user_id == viewer.user_id,
    )
    values = {name: sa.bindparam(f"new_{name}", type_=entries.c[name].type) for name in written}
    # What must not overlap is not asked until all of them are in their places.
    statement = (
        sa.update(entries)
        .where(here)
        .values(**values, is_exclusive=sa.false(), updated_at=now, version=entries.c.version + 1)
    )
    # One timer a person: first those that stop or go, then those that run on.
    order = sorted(goals, key=lambda key: goals[key]["deleted_at"] is None and goals[key]["ended_at"] is None)
    known = {key: {"of_workspace": key[0], "of_entry": key[1]} for key in order}
    await db.execute(
        statement, [known[key] | {f"new_{name}": goals[key][name] for name in written} for key in order]
    )
    if exclusive := [known[key] for key in order if rows[key]["is_exclusive"]]:
        await db.execute(sa.update(entries).where(here).values(is_exclusive=sa.true()), exclusive)


async def _write_tags(
    db: Connection,
    viewer: Viewer,
    rows: Mapping[Key, Any],
    goals: Mapping[Key, Any],
    now: datetime,
) -> frozenset[str]:
    """Give entries the tags of their goals; the names of these. A tag that is gone is made again."""
    keys = [key for key in goals if not _same("tags", rows[key]["tags"], goals[key]["tags"])]
    if not keys:
        return frozenset()
    here = sa.tuple_(entry_tags.c.workspace_id, entry_tags.c.entry_id)
    await db.execute(sa.delete(entry_tags).where(here.in_(keys)))
    given = []
    for workspace in sorted({workspace for workspace, _ in keys}):
        person = replace(viewer, workspace_id=workspace)
        mine = [key for key in keys if key[0] == workspace]
        names = {fold(name): name for key in mine for name in goals[key]["tags"]}
        ids = await catalogue.resolve_names(db, person, tags, [*names.values()], may_track(person), now)
        by_name = dict(zip(names, ids, strict=True))
        for key in mine:
            found = {by_name[fold(name)] for name in goals[key]["tags"]}
            given += [{"workspace_id": workspace, "entry_id": key[1], "tag_id": tag} for tag in found]
    if given:
        await db.execute(upsert(db, entry_tags).on_conflict_do_nothing(), given)
    return frozenset(name for key in keys for name in goals[key]["tags"])


def _lines_of(key: Key, row: Mapping[str, Any], goal: Mapping[str, Any]) -> list[journal.Line]:
    """What the journal says of the way from `row` to `goal`: a column changes only while the entry is there."""
    names = [*_COLUMNS, "tags"]
    changed = [name for name in names if not _same(name, row[name], goal[name])]
    old, new = (journal.plain_values({name: each[name] for name in names}) for each in (row, goal))
    update: journal.Line = (
        *key,
        "update",
        {name: old[name] for name in changed},
        {name: new[name] for name in changed},
    )
    was_there, is_there = row["deleted_at"] is None, goal["deleted_at"] is None
    if was_there is is_there:
        return [update]
    updates = [update] if changed else []
    if is_there:
        return [(*key, "restore", None, old), *updates]
    return [*updates, (*key, "delete", new, None)]
