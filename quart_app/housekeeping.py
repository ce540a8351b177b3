"""Once an hour each process throws away what was kept for a time only. Several may do it at once: no harm is done."""

import asyncio
import random
from functools import partial

import structlog

from quart_app import periods
from quart_app.db import Database, Unavailable
from quart_app.queries import expiry

HOUR = 3600.0
_log = structlog.get_logger(__name__)


async def keep_house(database: Database, every: float = HOUR) -> None:
    """Until cancelled. The first time comes at random within the interval, so that processes take turns."""
    await asyncio.sleep(random.uniform(0, every))  # noqa: S311 (spreads load, guards nothing)
    while True:
        try:
            await tidy(database)
        except Unavailable:
            _log.warning("housekeeping_put_off")
        await asyncio.sleep(every)


async def tidy(database: Database) -> int:
    """Throw away all that is over, in small transactions; how many rows went. Raises Unavailable."""
    total = 0
    while True:
        gone = await database.transaction(partial(expiry.delete_expired, now=periods.now()))
        total += gone
        if not gone:
            return total
