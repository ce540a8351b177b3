"""The people of the tests, signed in, each with a client and as the viewer that queries take.

Alice owns her workspace. Bob (member) and Dana (viewer) are in it with her and look at it. Charlie is a
stranger with a workspace of his own. All of them have the same password.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from quart import Quart
from quart.typing import TestClientProtocol

from quart_app import periods, web
from quart_app.access import Viewer
from quart_app.db import Connection, Database
from quart_app.ids import new_id
from quart_app.tables import memberships, sessions, users, workspaces

PASSWORD = "correct horse battery"
# Made once, with the parameters of passwords.py: hashing takes longer than all the rest of this.
PASSWORD_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$CaI3hU729y7WZ0Qs+L/Lkg$jx++DAfIJwG8y6EXpO8NQNpfALfHL7GyL0+LoulqedU"
)
ZONES = {"alice": "Europe/Berlin", "bob": "Asia/Kathmandu", "dana": "America/New_York", "charlie": "UTC"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in: a browser of theirs, and what find_presence makes of it."""

    client: TestClientProtocol
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Cast:
    alice: Person
    bob: Person
    dana: Person
    charlie: Person


async def make_cast(app: Quart) -> Cast:
    """Write the four into the (empty) database of the app and sign each of them in."""
    now = periods.now()
    async with app.extensions["chronos"].database.writing() as db:
        ours = await _insert_workspace(db, "Alice's workspace", now)
        theirs = await _insert_workspace(db, "Charlie's workspace", now)
        return Cast(
            alice=await _sign_in(app, db, await _insert_person(db, "alice", "owner", ours, now), now),
            bob=await _sign_in(app, db, await _insert_person(db, "bob", "member", ours, now), now),
            dana=await _sign_in(app, db, await _insert_person(db, "dana", "viewer", ours, now), now),
            charlie=await _sign_in(app, db, await _insert_person(db, "charlie", "owner", theirs, now), now),
        )


@pytest.fixture
async def cast(app: Quart) -> Cast:
    """Alice, Bob, Dana and Charlie, signed in to `app`."""
    return await make_cast(app)


@pytest.fixture
def database(app: Quart) -> Database:
    """The database of `app` itself, to look behind it: for folders whose conftest.py takes it."""
    found: Database = app.extensions["chronos"].database
    return found


async def _insert_workspace(db: Connection, name: str, now: datetime) -> tuple[UUID, str]:
    workspace_id = new_id()
    await db.execute(sa.insert(workspaces).values(id=workspace_id, name=name, created_at=now))
    return workspace_id, name


async def _insert_person(
    db: Connection, username: str, role: str, workspace: tuple[UUID, str], now: datetime
) -> Viewer:
    workspace_id, workspace_name = workspace
    viewer = Viewer(
        user_id=new_id(),
        workspace_id=workspace_id,
        session_id=new_id(),
        role=role,
        username=username,
        name=username.capitalize(),
        email=f"{username}@example.com",
        workspace_name=workspace_name,
        time_zone=ZONES[username],
        locale="en",
        hour_cycle="24",
        date_order="dmy",
        week_start=0,
        theme="system",
    )
    profile = {column: value for column, value in asdict(viewer).items() if column in users.c}
    await db.execute(
        sa.insert(users).values(
            id=viewer.user_id,
            username_key=username,
            email_key=viewer.email,
            password_hash=PASSWORD_HASH,
            created_at=now,
            updated_at=now,
            **profile,
        )
    )
    await db.execute(
        sa.insert(memberships).values(
            workspace_id=workspace_id, user_id=viewer.user_id, role=role, created_at=now
        )
    )
    return viewer


async def _sign_in(app: Quart, db: Connection, viewer: Viewer, now: datetime) -> Person:
    token = f"the token of {viewer.username}".replace(" ", "-")
    async with app.app_context():
        token_hash = web.hash_token(token)
    await db.execute(
        sa.insert(sessions).values(
            id=viewer.session_id,
            user_id=viewer.user_id,
            workspace_id=viewer.workspace_id,
            token_hash=token_hash,
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(days=1),
        )
    )
    client = app.test_client()
    client.set_cookie("localhost", "chronos", token)
    return Person(client, viewer)
