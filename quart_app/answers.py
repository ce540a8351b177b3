"""What can be done about an overlap, and what each of it will do, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from quart_app import periods, words
from quart_app.access import EntryRow, Viewer
from quart_app.trimming import Span, cut
from quart_app.words import _, ngettext

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Other:
    """An entry that is in the way, with its times in words."""

    entry: EntryRow
    times: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A button: "mine" (it gives way), "theirs" (the others do) or "around" (mine is split). `effect` says what will
    happen."""

    way: str
    label: str
    effect: str


def row_span(row: EntryRow) -> Span:
    return Span(row.started_at, row.ended_at)


def offered(person: Viewer, mine: Span, others: Sequence[EntryRow], now: datetime) -> Iterator[Answer]:
    """What can be done at all: nobody is offered to trim an entry away, and what runs is not cut short unsaid."""
    pieces = cut(mine, map(row_span, others), now)
    if pieces and (mine.end is not None or pieces[-1].end is None):
        effect = _effect(person, None, mine, pieces, mine)
        if len(pieces) == 1:
            yield Answer("mine", _("Trim mine"), effect)
        else:
            yield Answer("around", _("Split around"), effect)
    cuts = [(row, cut(row_span(row), [mine], now)) for row in others]
    if not any(row.is_running and not pieces for row, pieces in cuts):
        effects = [_effect(person, row, row_span(row), pieces, mine) for row, pieces in cuts[:MOST_SHOWN]]
        if left := len(cuts) - len(effects):
            effects.append(ngettext("And %(n)s more.", "And %(n)s more.", left))
        label = _("Trim theirs") if any(pieces for _row, pieces in cuts) else _("Delete theirs")
        yield Answer("theirs", label, " ".join(effects))


def _effect(person: Viewer, row: EntryRow | None, old: Span, pieces: Sequence[Span], beside: Span) -> str:
    """What becomes of an entry, in a sentence; `row` None is mine."""
    name = _("Mine") if row is None else _("“%(name)s”", name=_short(row.description))
    if not pieces:
        return _("%(name)s goes to the trash.", name=name)
    if len(pieces) > 1:
        return _(
            "%(name)s is split: %(times)s.",
            name=name,
            times=", ".join(times_words(person, piece, beside) for piece in pieces),
        )
    (piece,) = pieces
    if piece.end is not None and piece.start == old.start:
        if old.end is None:
            return _("%(name)s stops at %(time)s.", name=name, time=_at(person, piece.end, beside))
        return _("%(name)s ends at %(time)s.", name=name, time=_at(person, piece.end, beside))
    if piece.end == old.end:
        return _("%(name)s starts at %(time)s.", name=name, time=_at(person, piece.start, beside))
    return _("%(name)s becomes %(times)s.", name=name, times=times_words(person, piece, beside))


def _short(description: str) -> str:
    text = description or _("No description")
    return text if len(text) <= 40 else f"{text[:39].rstrip()}…"


def times_words(person: Viewer, span: Span, beside: Span) -> str:
    """From when to when, with days where they differ from that of the other entry."""
    end = _("now") if span.end is None else _at(person, span.end, beside)
    return f"{_at(person, span.start, beside)} – {end}"


def time_words(person: Viewer, instant: datetime, now: datetime) -> str:
    """A time, with its day where that is not today."""
    return _at(person, instant, Span(now, None))


def _at(person: Viewer, instant: datetime, beside: Span) -> str:
    """A time, with its day where that is not the one on which the other entry starts."""
    clock = periods.format_clock(instant, person.zone, person.hour_cycle)
    day = periods.local_day(instant, person.zone)
    if day == periods.local_day(beside.start, person.zone):
        return clock
    today = periods.local_day(periods.now(), person.zone)
    return _("%(time)s on %(date)s", time=clock, date=words.day_label(day, today, person.date_order)[1])
