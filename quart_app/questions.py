"""The question of an overlap: what is asked, how a page asks it, and what each answer does. Shared by the routes that
write when an entry was."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from quart import Response, render_template, url_for

from quart_app import exclusion, journal, periods, web
from quart_app.access import EntryRow, Forbidden, Missing, Viewer
from quart_app.answers import MOST_SHOWN, Answer, Other, offered, row_span, times_words
from quart_app.db import Conflict, Connection
from quart_app.queries import entries, overlaps
from quart_app.trimming import Span, cut, overlap
from quart_app.words import ngettext

# The fields of an answer: which way, and what the question stood on.
WAY, FACTS = "overlap", "overlapped"


@dataclass(frozen=True, slots=True)
class Mine:
    """An entry as it is or shall be. `saved` is the row, once there is one as it shall be."""

    id: UUID
    span: Span
    saved: EntryRow | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """`action` is where the answer goes, with the `fields`; None within the form of an editor, which it goes with."""

    mine: Mine
    others: tuple[Other, ...]
    answers: tuple[Answer, ...]
    facts: str
    action: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    target: str = "#overlaps-question"
    swap: str = "outerMorph"

    @property
    def source(self) -> str | None:
        """Where it refreshes itself from, as long as what it asks about is in the database."""
        if not self.may_keep and "until" not in self.fields:
            return None
        return url_for("overlaps.question", entry=self.mine.id, until=self.fields.get("until"))

    @property
    def shown(self) -> tuple[Other, ...]:
        return self.others[:MOST_SHOWN]

    @property
    def may_keep(self) -> bool:
        return self.mine.saved is not None

    @property
    def heading(self) -> str:
        many = len(self.others)
        if self.may_keep:
            return ngettext("This overlaps another entry.", "This overlaps %(n)s other entries.", many)
        return ngettext(
            "This would overlap another entry, and this workspace allows no overlaps.",
            "This would overlap %(n)s other entries, and this workspace allows no overlaps.",
            many,
        )


async def find_others(db: Connection, person: Viewer, mine: Mine, now: datetime) -> list[EntryRow]:
    """The viewer's other entries in this workspace that have a second in common with this one, the earliest first."""
    if mine.span.end is not None and mine.span.end <= mine.span.start:
        return []
    rows = await entries.list_entries(db, person, mine.span.start, mine.span.until(now))
    return _beside(rows, mine, now)


def _beside(rows: Iterable[EntryRow], mine: Mine, now: datetime) -> list[EntryRow]:
    """Those of the rows, which come the latest first, that have a second in common with mine, the earliest first."""
    others = [row for row in rows if row.id != mine.id and overlap(mine.span, row_span(row), now)]
    # Of two that run one ends where the other starts.
    return [row for row in reversed(others) if not (row.is_running and mine.span.end is None)]


def _facts(rows: Iterable[EntryRow]) -> str:
    return " ".join(f"{row.id}:{row.version}" for row in rows)


def ask(
    person: Viewer,
    mine: Mine,
    others: Sequence[EntryRow],
    now: datetime,
    action: str | None = None,
    fields: Mapping[str, str] | None = None,
) -> Question | None:
    """The question, None where nothing is in the way."""
    if not others:
        return None
    facts = _facts([*others, mine.saved] if mine.saved else others)
    shown = tuple(Other(row, times_words(person, row_span(row), mine.span)) for row in others)
    return Question(mine, shown, tuple(offered(person, mine.span, others, now)), facts, action, fields or {})


# --- answers ---------------------------------------------------------------------------------------------------------


async def settle(
    db: Connection, person: Viewer, mine: Mine, fields: Mapping[str, str], now: datetime, action_id: UUID
) -> tuple[Span, ...]:
    """What is to be written of mine, by the answer that these fields carry; what the answer does to the others is done.

    Without an answer it is mine as it was wanted. Raises overlaps.Stale where things are no longer as they were asked
    about.
    """
    way = fields.get(WAY)
    if not way:
        return (mine.span,)
    await journal.touch_user(db, person)
    others = await find_others(db, person, mine, now)
    facts = _facts([*others, mine.saved] if mine.saved else others)
    if facts != fields.get(FACTS) or way not in {
        answer.way for answer in offered(person, mine.span, others, now)
    }:
        raise overlaps.Stale
    if way != "theirs":
        return cut(mine.span, map(row_span, others), now)
    for row in others:
        await overlaps.cut_entry(
            db, person, row, times_of(cut(row_span(row), [mine.span], now)), now, action_id
        )
    return (mine.span,)


def times_of(pieces: Iterable[Span]) -> list[tuple[datetime, datetime | None]]:
    return [(piece.start, piece.end) for piece in pieces]


def split_off(pieces: Sequence[Span]) -> tuple[Span, list[Span]]:
    """The piece that goes on being the entry (what runs, or the first one), and the others."""
    kept = next((piece for piece in pieces if piece.end is None), pieces[0])
    return kept, [piece for piece in pieces if piece is not kept]


async def write(
    db: Connection,
    person: Viewer,
    mine: Mine,
    fields: Mapping[str, str],
    now: datetime,
    action_id: UUID,
    save: Callable[[Span], Awaitable[bool]],
) -> tuple[bool, str]:
    """Save an entry by the answer that these fields carry, if any, and say in words what the answer did.

    `save` writes it with the times that it is given, and says whether it did; of what else is left of it copies are
    made. Raises what `settle` does.
    """
    effect = await effect_of(db, person, mine, fields, now) if fields.get(WAY) else ""
    kept, rest = split_off(await settle(db, person, mine, fields, now, action_id))
    done = await save(kept)
    if rest and done:
        row = await entries.find_entry(db, person, mine.id)
        await overlaps.copy_entry(db, person, row, times_of(rest), now, action_id)
    return done, effect


# What refuses to save an entry and may be a question; reason() tells.
REFUSALS = (Conflict, overlaps.Stale)


def reason(error: Exception) -> Exception | None:
    """The error, where it is one that a question can be asked about: an overlap, or facts that have changed."""
    is_one = isinstance(error, overlaps.Stale) or (
        isinstance(error, Conflict) and exclusion.is_overlap(error)
    )
    return error if is_one else None


async def effect_of(
    db: Connection, person: Viewer, mine: Mine, fields: Mapping[str, str], now: datetime
) -> str:
    """What the answer that these fields carry will do, in words. Raises overlaps.Stale where it is not offered."""
    others = await find_others(db, person, mine, now)
    for answer in offered(person, mine.span, others, now):
        if answer.way == fields.get(WAY):
            return answer.effect
    raise overlaps.Stale


# --- asking ----------------------------------------------------------------------------------------------------------


async def ask_about(
    person: Viewer, entry_id: UUID, now: datetime, until: datetime | None = None
) -> Question | None:
    """The question about an entry as it is, or about a timer that shall stop at `until`. Raises Missing, Forbidden."""
    async with web.chronos().database.reading() as db:
        entry = await entries.find_entry(db, person, entry_id)
        mine = mine_of(entry, until)
        others = await find_others(db, person, mine, now)
    fields = {"until": str(int(until.timestamp()))} if until and entry.is_running else {}
    return ask(person, mine, others, now, url_for("overlaps.answer", entry_id=entry_id), fields)


def mine_of(entry: EntryRow, until: datetime | None) -> Mine:
    if until is None or not entry.is_running:
        return Mine(entry.id, row_span(entry), entry)
    return Mine(entry.id, Span(entry.started_at, max(until, entry.started_at)))


async def ask_saved(person: Viewer, written: Mine, now: datetime) -> Question | None:
    """The question about an entry that has just been written, within these times, for those who want to be asked."""
    if not (person.is_warned_of_overlap or person.forbids_overlap):
        return None
    async with web.chronos().database.reading() as db:
        rows = await entries.list_entries(db, person, written.span.start, written.span.until(now))
    entry = next((row for row in rows if row.id == written.id), None)
    if entry is None:
        return None
    mine = mine_of(entry, None)
    return ask(person, mine, _beside(rows, mine, now), now, url_for("overlaps.answer", entry_id=entry.id))


async def respond(
    person: Viewer,
    written: Mine | None,
    make_fragment: Callable[[], Awaitable[Response]],
    *changed: str,
    toast: web.Toast | None = None,
) -> Response:
    """web.respond() for an action that has written when this entry was, and the question about it, if there is one. A
    plain form comes back to the timer page, or to where its field `next` says."""
    asked = await ask_saved(person, written, periods.now()) if written else None
    otherwise = (
        url_for("overlaps.index", entry=asked.mine.id)
        if asked
        else await web.way_back(url_for("timer.index"))
    )
    return await beside(await web.respond(make_fragment, otherwise, *changed, toast=toast), asked)


async def ask_anew(
    person: Viewer,
    mine: Mine,
    now: datetime,
    action: str | None = None,
    fields: Mapping[str, str] | None = None,
) -> Question | None:
    """The question about an entry that could not be saved."""
    async with web.chronos().database.reading() as db:
        others = await find_others(db, person, mine, now)
    return ask(person, mine, others, now, action, fields)


async def ask_start(person: Viewer, mine: Mine, fields: Mapping[str, str], now: datetime) -> Question | None:
    """The question about a timer that could not start; the answer starts it, by what was typed."""
    sent = {name: value for name, value in fields.items() if name not in (WAY, FACTS, "id")}
    question = await ask_anew(person, mine, now, url_for("timer.start"), {**sent, "id": str(mine.id)})
    return replace(question, target="#timer-bar", swap="outerHTML") if question else None


async def refuse_stop(
    error: Exception,
    entry: EntryRow | None,
    at: datetime,
    now: datetime,
    make_fragment: Callable[[], Awaitable[Response]],
) -> Response:
    """The timer goes on, for another entry is in the way of its end: it is asked which of them gives way. Raises the
    error where it is about something else."""
    if reason(error) is not None and entry is not None:
        with suppress(Missing, Forbidden):
            if question := await ask_about(web.viewer(), entry.id, now, at):
                return await refuse(question, make_fragment)
    raise error


async def refuse(question: Question, make_fragment: Callable[[], Awaitable[Response]]) -> Response:
    """The answer to an action that was refused: its fragment and the question, or a page of the question."""
    if not web.wants_fragment():
        return await page(question, 409)
    response = await beside(await make_fragment(), question)
    response.status_code = 409
    return response


# --- pages -----------------------------------------------------------------------------------------------------------


async def fragment(question: Question | None, status: int = 200) -> Response:
    return await web.fragment("overlaps/_question.html", status, question=question)


async def page(question: Question | None, status: int = 200) -> Response:
    return await web.page("overlaps/index.html", status, question=question)


async def beside(response: Response, question: Question | None, *, clears: bool = False) -> Response:
    """An answer to htmx, and with it the question, which goes to its own place on the page; without one, and if
    `clears`, that place is empty again."""
    if web.wants_fragment() and (question is not None or clears):
        body = await response.get_data(as_text=True)
        response.set_data(body + await render_template("overlaps/partial.html", question=question))
    return response
