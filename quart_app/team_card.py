"""The card beside the timer that says who of the team works now. Shared by the timer page and the team's own routes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from quart_app import web
from quart_app.access import Viewer
from quart_app.queries import team

# Who stopped longer ago than this is not shown, nor are more than so many people.
RECENTLY = timedelta(hours=24)
MOST = 8
# What is kept of a workspace is read anew after so long, even where nothing was heard of it; so many are kept.
LONGEST = timedelta(minutes=1)
MOST_KEPT = 200


async def team_now(person: Viewer, now: datetime, *, kept: bool = False) -> dict[str, Any]:
    """What the card shows: the others who work in this workspace, then those who stopped lately, and how many of its
    members it leaves out. Nothing is read where there is nobody else.

    With `kept`, what another page of this workspace has read will do, unless this process has heard of a change since:
    so it may be late by as long as a notice takes between processes. A card that a notice has sent for reads anew.
    """
    if (await web.pickers(person)).member_count < 2:
        return {"mates": [], "more": 0, "has_team": False}
    members = (_find(person, now) if kept else None) or await _read(person, now)
    others = [row for row in members if row.user_id != person.user_id]
    mates = team.at_work(others, now - RECENTLY)[:MOST]
    return {"mates": mates, "more": len(others) - len(mates), "has_team": True}


def _find(person: Viewer, now: datetime) -> Sequence[team.MemberRow] | None:
    state = web.chronos()
    turn, then, members = state.kept_teams.get(person.workspace_id, (None, now, None))
    is_new = turn is not None and turn == state.live.turn_of(_audience(person)) and now - then < LONGEST
    return cast(Sequence[team.MemberRow] | None, members) if is_new else None


async def _read(person: Viewer, now: datetime) -> Sequence[team.MemberRow]:
    state = web.chronos()
    turn = state.live.turn_of(_audience(person))  # before the rows: what is heard of meanwhile counts
    async with state.database.reading() as db:
        members = await team.list_members(db, person)
    state.kept_teams.keep(person.workspace_id, (turn, now, members), MOST_KEPT)
    return members


def _audience(person: Viewer) -> str:
    return f"workspace:{person.workspace_id}"
