"""For any entries: once one of them has given way to the others nothing overlaps, and no other second is lost."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from quart_app.trimming import Span, cut, overlap

# An hour before the clocks of Berlin go back, and a while before its midnight.
ORIGIN = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
NOW = ORIGIN + timedelta(seconds=60)


def at(second: int) -> datetime:
    return ORIGIN + timedelta(seconds=second)


def span(start: int, end: int | None) -> Span:
    return Span(at(start), None if end is None else at(end))


ended = st.builds(lambda start, length: span(start, start + length), st.integers(0, 90), st.integers(0, 40))
running = st.builds(lambda start: span(start, None), st.integers(0, 60))
any_span = st.one_of(ended, running)


def seconds(one: Span) -> set[int]:
    """Each second of it. What runs takes all of those to come, of which a few will do."""
    last = 200 if one.end is None else int((one.end - ORIGIN).total_seconds())
    return set(range(int((one.start - ORIGIN).total_seconds()), last))


def test_what_touches_does_not_overlap() -> None:
    assert not overlap(span(0, 10), span(10, 20), NOW)
    assert not overlap(span(10, 20), span(0, 10), NOW)
    assert overlap(span(0, 11), span(10, 20), NOW)


def test_what_has_no_length_overlaps_nothing() -> None:
    assert not overlap(span(5, 5), span(0, 10), NOW)
    assert not overlap(span(5, 5), span(5, 5), NOW)


def test_what_runs_overlaps_up_to_now() -> None:
    assert overlap(span(50, None), span(55, 58), NOW)
    assert not overlap(span(50, None), span(60, 70), NOW)
    assert not overlap(span(50, None), span(40, 50), NOW)


def test_a_timer_that_starts_this_second_overlaps_what_goes_on_after_it() -> None:
    assert overlap(span(60, None), span(30, 90), NOW)
    assert not overlap(span(60, None), span(30, 60), NOW)


def test_one_end_is_cut_off() -> None:
    assert cut(span(0, 20), [span(15, 30)], NOW) == (span(0, 15),)
    assert cut(span(0, 20), [span(-5, 5)], NOW) == (span(5, 20),)


def test_what_is_in_the_middle_leaves_two_parts() -> None:
    assert cut(span(0, 30), [span(10, 15), span(12, 20)], NOW) == (span(0, 10), span(20, 30))


def test_what_is_covered_leaves_nothing() -> None:
    assert cut(span(5, 10), [span(0, 20)], NOW) == ()
    assert cut(span(5, 10), [span(5, 8), span(8, 10)], NOW) == ()


def test_what_runs_goes_on_after_what_is_cut_out_of_it() -> None:
    assert cut(span(0, None), [span(10, 20)], NOW) == (span(0, 10), span(20, None))
    assert cut(span(0, None), [span(0, 60)], NOW) == (span(60, None),)


def test_what_runs_ends_where_something_lies_ahead_of_now() -> None:
    assert cut(span(0, None), [span(50, 90)], NOW) == (span(0, 50),)


def test_what_runs_leaves_nothing_of_the_time_after_it() -> None:
    assert cut(span(30, 90), [span(60, None)], NOW) == (span(30, 60),)


@given(any_span, st.lists(ended, max_size=5))
def test_no_overlap_is_left_and_no_other_second_is_lost(mine: Span, others: list[Span]) -> None:
    pieces = cut(mine, others, NOW)
    assert not any(overlap(piece, other, NOW) for piece in pieces for other in others)
    taken = set().union(*(seconds(other) for other in others if overlap(mine, other, NOW)), set())
    left = set().union(*map(seconds, pieces), set())
    if mine.end is None and any(
        other.end and other.end > NOW for other in others if overlap(mine, other, NOW)
    ):
        # It can't run on: the time to come is not lost, for nobody has worked it.
        assert left == {second for second in seconds(mine) - taken if at(second) < NOW}
    else:
        assert left == seconds(mine) - taken


@given(ended, any_span)
def test_whichever_gives_way_the_time_of_both_stays(mine: Span, other: Span) -> None:
    both = seconds(mine) | seconds(other)
    if not overlap(mine, other, NOW):
        return
    for kept, given_way in ((mine, other), (other, mine)):
        left = set().union(*map(seconds, cut(given_way, [kept], NOW)), set())
        assert not left & seconds(kept)
        ahead = {second for second in both if at(second) >= NOW}
        assert (left | seconds(kept)) - ahead == both - ahead


@given(any_span, st.lists(ended, max_size=5))
def test_pieces_come_in_order_and_have_a_length(mine: Span, others: list[Span]) -> None:
    pieces = cut(mine, others, NOW)
    if pieces != (mine,):
        assert all(piece.end is None or piece.start < piece.end for piece in pieces)
    assert all(one.end is not None and one.end < other.start for one, other in pairwise(pieces))
