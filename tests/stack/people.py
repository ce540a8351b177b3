"""People of a stack who can sign in, with a session each: made by a script that runs within a web."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.stack.stack import Stack

PASSWORD = "a long and quiet afternoon"
# Signing in by the page is limited to few tries a minute, and rightly so.
SCRIPT = """
import asyncio, hashlib, hmac, json, secrets, sys
from quart_app import passwords, periods
from quart_app.db import Database
from quart_app.queries import accounts, sessions
from quart_app.settings import load_settings

async def main(names, password):
    settings = load_settings()
    database = Database(settings)
    hashed, made = await passwords.hash_password(password), []
    for name in names:
        token, now = secrets.token_urlsafe(32), periods.now()
        new = accounts.NewAccount(name, f"{name}@example.com", hashed)
        async def work(db):
            known = await accounts.insert_account(db, new, now)
            digest = hmac.digest(settings.secret_key.encode(), token.encode(), hashlib.sha256)
            session = sessions.NewSession(known.user_id, known.workspace_id, digest, "stack test", "", 30)
            await sessions.insert_session(db, session, now)
            return known
        known = await database.transaction(work)
        made.append([name, str(known.user_id), token])
    await database.dispose()
    print(json.dumps(made))

asyncio.run(main(*json.load(sys.stdin)))
"""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    id: str
    token: str

    @property
    def cookie(self) -> str:
        return f"__Host-chronos={self.token}"


def make_people(stack: Stack, names: Sequence[str]) -> list[Person]:
    said = stack.exec("web", "python", "-c", SCRIPT, stdin=json.dumps([list(names), PASSWORD]))
    return [Person(*row) for row in json.loads(said.splitlines()[-1])]
