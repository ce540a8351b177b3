"""Accounts: people, how they sign in, and the workspace that each gets of their own."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from quart_app import journal
from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.dialects import upsert
from quart_app.ids import new_id
from quart_app.tables import memberships, throttles, users, workspaces

# The journal is read by a whole workspace, and an email address is its owner's own.
_UNTOLD = {"email"}
_FIRST = b"the first account"


class NotFirst(Exception):
    """Only the first account may be made here, and there is one already."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`workspace_name` "" names their workspace after them, in English."""

    username: str
    email: str
    password_hash: str
    time_zone: str = "UTC"
    locale: str = "en"
    hour_cycle: str = "24"
    date_order: str = "dmy"
    week_start: int = 0
    workspace_name: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What people may change about themselves."""

    username: str
    email: str
    name: str
    time_zone: str
    hour_cycle: str
    date_order: str
    week_start: int
    theme: str
    density: str
    locale: str
    duration_format: str
    day_target: int  # minutes, 0 for none
    timer_limit: int  # minutes, 0 for never
    is_warned_of_overlap: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in asks for, and the workspace that it opens."""

    user_id: UUID
    password_hash: str
    workspace_id: UUID


async def has_accounts(db: Connection) -> bool:
    return bool(await db.scalar(sa.select(sa.exists(sa.select(users.c.id)))))


async def insert_account(db: Connection, new: NewAccount, now: datetime) -> Credentials:
    """Make an account, its workspace, and its owner's membership there.

    Raises Conflict (uq_users_username, uq_users_email) where a name is taken, in whatever case.
    """
    user_id, workspace_id = new_id(), new_id()
    await db.execute(
        sa.insert(users).values(
            id=user_id,
            username_key=new.username,
            email_key=new.email,
            created_at=now,
            updated_at=now,
            **{name: value for name, value in asdict(new).items() if name != "workspace_name"},
        )
    )
    called = new.workspace_name or f"{new.username}'s workspace"
    await db.execute(sa.insert(workspaces).values(id=workspace_id, name=called, created_at=now))
    await db.execute(
        sa.insert(memberships).values(
            workspace_id=workspace_id, user_id=user_id, role="owner", created_at=now
        )
    )
    return Credentials(user_id, new.password_hash, workspace_id)


async def insert_first_account(db: Connection, new: NewAccount, now: datetime) -> Credentials:
    """insert_account where there is no account yet; raises NotFirst elsewhere. Begins its transaction."""
    # Whoever holds this row goes on; the others wait for its commit, and only then look for accounts.
    await db.execute(
        upsert(db, throttles)
        .values(key=_FIRST, arrives_at=now)
        .on_conflict_do_update(index_elements=[throttles.c.key], set_={"arrives_at": now})
    )
    if await has_accounts(db):
        raise NotFirst
    return await insert_account(db, new, now)


async def find_credentials(db: Connection, name: str) -> Credentials | None:
    """By username or email, whatever the case. Usernames have no @ in them, addresses always do."""
    of = memberships.c
    key = users.c.email_key if "@" in name else users.c.username_key
    row = await db.execute(
        sa.select(users.c.id, users.c.password_hash, of.workspace_id)
        .join(memberships, of.user_id == users.c.id)
        .where(key == name, of.left_at.is_(None))
        # The workspace of their own before those that they were asked into.
        .order_by(
            (memberships.c.role == "owner").desc(), memberships.c.created_at, memberships.c.workspace_id
        )
        .limit(1)
    )
    found = row.first()
    return Credentials(*found) if found else None


async def find_password_hash(db: Connection, viewer: Viewer) -> str | None:
    return await db.scalar(sa.select(users.c.password_hash).where(users.c.id == viewer.user_id))


async def confirm_password(db: Connection, known: Credentials, fresh_hash: str | None) -> bool:
    """Whether the password that was verified still is the person's, which holds until this transaction ends.

    `fresh_hash` takes the place of the hash, where given.
    """
    still = sa.and_(users.c.id == known.user_id, users.c.password_hash == known.password_hash)
    if fresh_hash is not None:
        changed = await db.execute(
            sa.update(users).where(still).values(password_hash=fresh_hash).returning(users.c.id)
        )
        return changed.first() is not None
    return await db.scalar(sa.select(users.c.id).where(still).with_for_update(read=True)) is not None


async def update_password(db: Connection, viewer: Viewer, known: str, fresh: str, now: datetime) -> bool:
    """Replace the hash `known`; False where it no longer is the person's."""
    changed = await db.execute(
        sa.update(users)
        .where(users.c.id == viewer.user_id, users.c.password_hash == known)
        .values(password_hash=fresh, updated_at=now)
        .returning(users.c.id)
    )
    if changed.first() is None:
        return False
    await journal.record(db, viewer, "user", viewer.user_id, "change-password", None, None, now)
    return True


async def update_profile(db: Connection, viewer: Viewer, profile: Profile, now: datetime) -> None:
    """Write what differs from what the viewer was. Raises Conflict as insert_account does."""
    after = {name: value for name, value in asdict(profile).items() if value != getattr(viewer, name)}
    if not after:
        return
    before = {name: getattr(viewer, name) for name in after}
    keys = {f"{name}_key": after[name] for name in ("username", "email") if name in after}
    await db.execute(
        sa.update(users).where(users.c.id == viewer.user_id).values(updated_at=now, **keys, **after)
    )
    await journal.record(db, viewer, "user", viewer.user_id, "update", _told(before), _told(after), now)
    await journal.touch_user(db, viewer)


def _told(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if name not in _UNTOLD}
