"""Overlaps: which spans do, and what is left of one once others are cut out of it. Half-open, so what touches does not
overlap, and a span of no length never does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SECOND = timedelta(seconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end); end None: it runs on."""

    start: datetime
    end: datetime | None

    def until(self, now: datetime) -> datetime:
        """Its end. What runs takes up the time to now, and be it the second that it began in."""
        return max(now, self.start + _SECOND) if self.end is None else self.end


def overlap(one: Span, other: Span, now: datetime) -> bool:
    """Whether they have a second in common."""
    return max(one.start, other.start) < min(one.until(now), other.until(now))


def cut(span: Span, others: Iterable[Span], now: datetime) -> tuple[Span, ...]:
    """What is left of `span` without `others`: pieces in order, each of some length; none where nothing is left.

    What runs leaves nothing of the time after its start. A piece that runs on itself begins at `now` at the latest. A
    span that overlaps none of them is left as it is, whatever its length.
    """
    taken = sorted((other for other in others if overlap(span, other, now)), key=lambda other: other.start)
    if not taken:
        return (span,)
    pieces, start = [], span.start
    for other in taken:
        if start < other.start:
            pieces.append(Span(start, other.start))
        start = max(start, other.end or _NEVER)
    if start < span.end if span.end else start <= now:
        pieces.append(Span(start, span.end))
    return tuple(pieces)
