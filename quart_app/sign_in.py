"""Signing in: counting tries, checking passwords, opening and ending sessions. The account's routes stand on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quart_app import live, passwords, web
from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.forms.account import RegisterForm
from quart_app.queries import accounts, sessions, throttles
from quart_app.queries.throttles import PER_ACCOUNT, PER_ADDRESS
from quart_app.words import N_, Taste, _, speaking

WRONG = N_("This name and password don't go together. Check both, then try again.")
WRONG_PASSWORD = N_("This isn't your current password.")


class Refused(Exception):
    """What somebody typed doesn't open this; `wait` is how many seconds until they may try again."""

    def __init__(self, words: str, wait: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.wait = wait

    @property
    def status(self) -> int:
        return 429 if self.wait else 422


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from, and with which browser."""

    address: str
    user_agent: str

    @property
    def key(self) -> bytes:
        return throttles.address_key(_secret(), self.address)


def _secret() -> str:
    return web.chronos().settings.secret_key


async def register(form: RegisterForm, caller: Caller, now: datetime) -> str:
    """Make the account and sign it in; the session's token. Raises accounts.NotFirst, Conflict and Refused.

    Only tries that fail count: whoever asks for names that are taken learns who is here.
    """
    state, token = web.chronos(), web.new_token()
    await take_tries(now, (caller.key, PER_ADDRESS))
    password_hash = await passwords.hash_password(form.password)
    with speaking(Taste(form.locale)):
        workspace = _("%(name)s's workspace", name=form.username)
    account = form.model_dump(exclude={"password"})
    new = accounts.NewAccount(password_hash=password_hash, workspace_name=workspace, **account)
    only_first = state.settings.registration == "first-only"
    insert = accounts.insert_first_account if only_first else accounts.insert_account

    async def work(db: Connection) -> None:
        made = await insert(db, new, now)
        await throttles.return_try(db, caller.key, PER_ADDRESS)
        await _insert_session(db, made, token, caller, now)

    await state.database.transaction(work)
    return token


async def sign_in(name: str, password: str, caller: Caller, now: datetime) -> str:
    """Open a session for the person of this name; its token. Raises Refused.

    The answer, and the time it takes, are the same for a wrong password and for an account that isn't there. Tries are
    counted by the name as it is typed: counted by account, they would tell which email belongs to which name.
    """
    database, token = web.chronos().database, web.new_token()
    by_name = throttles.account_key(_secret(), name)
    await take_tries(now, (caller.key, PER_ADDRESS), (by_name, PER_ACCOUNT))
    async with database.reading() as db:
        known = await accounts.find_credentials(db, name)
    is_right, fresh = await passwords.verify_password(password, known.password_hash if known else None)
    if known is None or not is_right:
        raise Refused(_(WRONG))

    async def work(db: Connection) -> None:
        # The password may have been changed while this one was verified.
        if not await accounts.confirm_password(db, known, fresh):
            raise Refused(_(WRONG))
        await throttles.return_try(db, caller.key, PER_ADDRESS)
        await throttles.forget_tries(db, by_name)
        await _insert_session(db, known, token, caller, now)

    await database.transaction(work)
    await web.chronos().live.publish([f"user:{known.user_id}"], "sessions-changed")
    return token


async def check_password(person: Viewer, typed: str, now: datetime) -> str:
    """The hash of the person's password, where `typed` is it. Raises Refused; a wrong one counts as a try."""
    database, key = web.chronos().database, throttles.account_key(_secret(), f"id {person.user_id}")
    await take_tries(now, (key, PER_ACCOUNT))
    async with database.reading() as db:
        known = await accounts.find_password_hash(db, person)
    is_right, _fresh = await passwords.verify_password(typed, known)
    if known is None or not is_right:
        raise Refused(_(WRONG_PASSWORD))
    await database.transaction(lambda db: throttles.forget_tries(db, key))
    return known


async def change_password(person: Viewer, known: str, password: str, now: datetime) -> None:
    """Replace the checked password, and end the person's other sessions: they may be why. Raises Refused."""
    fresh = await passwords.hash_password(password)

    async def work(db: Connection) -> list[UUID]:
        if not await accounts.update_password(db, person, known, fresh, now):
            raise Refused(_(WRONG_PASSWORD))
        return await sessions.delete_sessions(db, person, but_this=True)

    await end_streams(person, await web.chronos().database.transaction(work))


async def take_tries(now: datetime, *tries: tuple[bytes, throttles.Limit]) -> None:
    """Count one try of each key before it is made. Raises Refused where one of them had too many."""

    async def work(db: Connection) -> int:
        await throttles.delete_spent(db, now)
        for key, limit in tries:
            if wait := await throttles.take_try(db, key, limit, now):
                return wait
        return 0

    if wait := await web.chronos().database.transaction(work):
        minutes = -(-wait // 60)
        raise Refused(
            _("Too many tries. Wait %(n)s seconds, then try again.", n=wait)
            if wait < 90
            else _("Too many tries. Wait %(n)s minutes, then try again.", n=minutes),
            wait,
        )


async def _insert_session(
    db: Connection, known: accounts.Credentials, token: str, caller: Caller, now: datetime
) -> None:
    days = web.chronos().settings.session_days
    hashed = web.hash_token(token)
    new = sessions.NewSession(
        known.user_id, known.workspace_id, hashed, caller.user_agent, caller.address, days
    )
    await sessions.insert_session(db, new, now)


async def end_session(person: Viewer, session_id: UUID) -> bool:
    """End one of the person's sessions with its streams; whether there was one."""
    is_ended = await web.chronos().database.transaction(
        lambda db: sessions.delete_session(db, person, session_id)
    )
    if is_ended:
        await end_streams(person, [session_id])
    return is_ended


async def end_all_sessions(person: Viewer) -> None:
    ended = await web.chronos().database.transaction(
        lambda db: sessions.delete_sessions(db, person, but_this=False)
    )
    await end_streams(person, ended)


async def end_streams(person: Viewer, session_ids: Iterable[UUID]) -> None:
    """Tell the tabs of ended sessions that they are over, and the person's others that the list has changed."""
    await web.chronos().live.publish([f"session:{session_id}" for session_id in session_ids], live.END)
    await web.publish(person, "sessions-changed")


# Marks in a User-Agent, the first that is there counts: most browsers claim to be others, too.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Vivaldi/": "Vivaldi",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def device_words(user_agent: str) -> str:
    """A User-Agent as its owner would say it: "Firefox on Linux"."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("Unknown device")
