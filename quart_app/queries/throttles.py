"""Throttles: how often something may be tried. GCRA, a leaky bucket that keeps one instant a key.

The instant is when the tries so far would have ended, had they come evenly spaced. Each try moves it on by
one space; a try is refused while it lies more than a burst ahead. Keys are hashes, which tell nobody's name.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from quart_app import periods
from quart_app.db import Connection
from quart_app.dialects import earlier, greatest, upsert
from quart_app.kinds import Folded
from quart_app.tables import throttles

_FOLDED = Folded()
_CLEANED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` tries at once, then one every `seconds`."""

    burst: int
    seconds: int

    @property
    def most_ahead(self) -> timedelta:
        return timedelta(seconds=(self.burst - 1) * self.seconds)


PER_ACCOUNT = Limit(burst=5, seconds=60)
PER_ADDRESS = Limit(burst=20, seconds=15)


def address_key(secret: str, address: str | None) -> bytes:
    """The key of a client's address. Of IPv6 only the first half counts: the rest is the client's own."""
    text = address or ""
    try:
        known = ip_address(text.partition("%")[0])
    except ValueError:
        return _key(secret, "address", text)
    if isinstance(known, IPv6Address):
        known = known.ipv4_mapped or IPv6Address(int(known) >> 64 << 64)
    return _key(secret, "address", str(known))


def account_key(secret: str, name: str) -> bytes:
    """The key of a name to sign in by, in any spelling, whether there is such an account or not."""
    return _key(secret, "account", _FOLDED.process_bind_param(name, DefaultDialect()) or "")


def _key(secret: str, kind: str, value: str) -> bytes:
    return hmac.digest(secret.encode(), f"{kind}:{value}".encode(), hashlib.sha256)


async def take_try(db: Connection, key: bytes, limit: Limit, now: datetime) -> int:
    """Take one try: 0 where it is admitted, else the seconds until the next one will be.

    Admitting and counting is one statement, so tries at the same moment can't be more than the burst.
    """
    space = timedelta(seconds=limit.seconds)
    taken = await db.execute(
        upsert(db, throttles)
        .values(key=key, arrives_at=now + space)
        .on_conflict_do_update(
            index_elements=[throttles.c.key],
            set_={"arrives_at": earlier(greatest(throttles.c.arrives_at, _at(now)), -limit.seconds)},
            where=throttles.c.arrives_at <= now + limit.most_ahead,
        )
        .returning(throttles.c.arrives_at)
    )
    if taken.first() is not None:
        return 0
    arrives_at = await db.scalar(sa.select(throttles.c.arrives_at).where(throttles.c.key == key))
    return max(1, periods.seconds_between(now + limit.most_ahead, arrives_at or now))


async def return_try(db: Connection, key: bytes, limit: Limit) -> None:
    """Take back what one take_try counted."""
    await db.execute(
        sa.update(throttles)
        .where(throttles.c.key == key)
        .values(arrives_at=earlier(throttles.c.arrives_at, limit.seconds))
    )


async def forget_tries(db: Connection, key: bytes) -> None:
    await db.execute(sa.delete(throttles).where(throttles.c.key == key))


async def delete_spent(db: Connection, now: datetime) -> None:
    """Delete some rows that no longer say anything. Those that others hold are left to the next call."""
    spent = (
        sa.select(throttles.c.key)
        .where(throttles.c.arrives_at < now)
        .limit(_CLEANED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await db.execute(sa.delete(throttles).where(throttles.c.key.in_(spent)))


def _at(instant: datetime) -> sa.ColumnElement[datetime]:
    return sa.literal(instant, throttles.c.arrives_at.type)
