"""The address of a report: what is written can be read, what can't be read is told, and nothing else is lost."""

import contextlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app import periods
from quart_app.forms.reports import MOST_TEXT, Asked, fields_of, key_of, narrowed, parse_report, query_of
from quart_app.report_spec import (
    BUCKETS,
    DIMENSIONS,
    DURATIONS,
    MEMBERS_OWN,
    PERIODS,
    RUNNING,
    SORTS,
    TAG_MATCHES,
    VIEWS,
    Days,
    Filters,
    Spec,
    bucket_start,
)
from quart_app.rounding import PLAIN, SCOPES, STEPS, WAYS, Rounding

TODAY = date(2026, 11, 22)
NOVEMBER = Days(date(2026, 11, 1), date(2026, 11, 30))
FIELDS = (
    *("view", "period", "from", "to", "by", "then", "chart", "zone", "member", "client", "project", "task"),
    *("tag", "tags", "billable", "q", "running", "round", "step", "per", "show", "sort", "after", "open"),
)


def parse(**fields: str | list[str]) -> Asked:
    return parse_report(
        {name: [value] if isinstance(value, str) else value for name, value in fields.items()}, "dmy", TODAY
    )


def parse_query(query: str) -> Asked:
    return parse_report(parse_qs(query, keep_blank_values=True), "dmy", TODAY)


# --- there and back ----------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=20)
IDS = st.lists(st.uuids(), max_size=3, unique=True).map(tuple)
MAYBE_IDS = st.lists(st.one_of(st.none(), st.uuids()), max_size=3, unique=True).map(tuple)
ROUNDINGS = st.one_of(
    st.just(PLAIN),
    st.builds(Rounding, st.sampled_from(WAYS), st.sampled_from(STEPS), st.sampled_from(SCOPES)),
)


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    period = draw(st.sampled_from(PERIODS))
    first, last = sorted(draw(st.tuples(*[st.dates(date(1990, 1, 1), date(2080, 1, 1))] * 2)))
    sort = draw(st.sampled_from(SORTS))
    return Spec(
        view=draw(st.sampled_from(VIEWS)),
        period=period,
        days=Days(first, last) if period == "custom" else None,
        by=draw(st.sampled_from(DIMENSIONS)),
        then=draw(st.sampled_from(["", *DIMENSIONS])),
        chart=draw(st.sampled_from(["", *BUCKETS])),
        zone=draw(st.sampled_from(["", MEMBERS_OWN, "Asia/Tokyo", "UTC", "Pacific/Apia"])),
        filters=Filters(
            members=draw(IDS),
            clients=draw(MAYBE_IDS),
            projects=draw(MAYBE_IDS),
            tasks=draw(MAYBE_IDS),
            tags=draw(MAYBE_IDS),
            tag_match=draw(st.sampled_from(TAG_MATCHES)),
            billable=draw(st.sampled_from(["", "yes", "no"])),
            text=draw(TEXTS),
            running=draw(st.sampled_from(RUNNING)),
        ),
        rounding=draw(ROUNDINGS),
        durations=draw(st.sampled_from(["", *DURATIONS])),
        sort=draw(st.sampled_from([sort, f"-{sort}"])),
        after=draw(TEXTS),
        opened=tuple(draw(st.lists(TEXTS.filter(bool), max_size=3, unique=True))),
    )


@given(specs())
def test_an_address_gives_its_report_again(spec: Spec) -> None:
    read = parse_query(query_of(spec))
    assert read.spec == spec
    assert not read.errors


def test_the_usual_report_has_an_empty_address() -> None:
    assert query_of(Spec()) == ""
    assert parse_query("").spec == Spec()


@pytest.mark.parametrize("order", ["dmy", "mdy", "ymd"])
def test_an_address_means_the_same_dates_to_everybody(order: str) -> None:
    spec = Spec(period="custom", days=Days(date(2026, 3, 4), date(2026, 5, 6)))
    assert parse_report(parse_qs(query_of(spec)), order, TODAY).spec == spec


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["\x00", "none", "members", "9" * 5000, "-", "2199-12-31", "a\x00b", " x ", "\ud800"]),
    st.uuids().map(str),
    st.sampled_from([*PERIODS, *DIMENSIONS, *SORTS, *WAYS, "up", "15", "line"]),
)


@given(st.dictionaries(st.sampled_from(FIELDS), st.lists(HOSTILE, max_size=3)))
def test_whatever_is_sent_there_is_a_report_that_can_be_asked_for_again(fields: dict[str, list[str]]) -> None:
    read = parse_report(fields, "mdy", TODAY)
    again = parse_query(query_of(read.spec))
    assert again.spec == read.spec
    assert not again.errors
    assert all(name in FIELDS and words for name, words in read.errors.items())
    assert "\x00" not in query_of(read.spec)
    assert "%00" not in query_of(read.spec)


# --- what is typed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "first", "last", "expected"),
    [
        ("dmy", "1.11.2026", "30.11.2026", NOVEMBER),
        ("mdy", "11/01/2026", "11/30/2026", NOVEMBER),
        ("ymd", "2026-11-01", "2026-11-30", NOVEMBER),
        ("dmy", "1 Nov", "30 Nov", NOVEMBER),
        ("dmy", "yesterday", "today", Days(TODAY - timedelta(days=1), TODAY)),
        ("dmy", "1.11.2026", "", Days(date(2026, 11, 1), TODAY)),
        ("dmy", "", "30.11.2026", Days(TODAY, date(2026, 11, 30))),
        ("dmy", "24.12.2026", "", Days(date(2026, 12, 24), date(2026, 12, 24))),
    ],
)
def test_dates_are_read_as_people_write_them(order: str, first: str, last: str, expected: Days) -> None:
    read = parse_report({"from": [first], "to": [last]}, order, TODAY)
    assert (read.spec.period, read.spec.days, read.errors) == ("custom", expected, {})


@pytest.mark.parametrize(
    ("fields", "bad"),
    [
        ({"from": "soon", "to": "1.12.2026"}, "from"),
        ({"from": "1.12.2026", "to": "31.2.2026"}, "to"),
        ({"from": "2.12.2026", "to": "1.12.2026"}, "to"),
        ({"from": "1.1.1900", "to": "1.12.2026"}, "from"),
        ({"from": "1.1.1980", "to": "1.1.2120"}, "to"),
        ({"period": "next-eon"}, "period"),
        ({"view": "pie"}, "view"),
        ({"by": "mood"}, "by"),
        ({"then": "mood"}, "then"),
        ({"chart": "hour"}, "chart"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"member": "none"}, "member"),
        ({"project": "website"}, "project"),
        ({"client": "x"}, "client"),
        ({"task": "x"}, "task"),
        ({"tag": "x"}, "tag"),
        ({"tags": "most"}, "tags"),
        ({"billable": "maybe"}, "billable"),
        ({"q": "x" * (MOST_TEXT + 1)}, "q"),
        ({"running": "fast"}, "running"),
        ({"round": "sideways"}, "round"),
        ({"round": "up", "step": "7"}, "step"),
        ({"round": "up", "per": "moon"}, "per"),
        ({"show": "roman"}, "show"),
        ({"sort": "colour"}, "sort"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field_and_nothing_else_is_lost(
    fields: dict[str, str], bad: str
) -> None:
    others = {"q": "login", "by": "client", "billable": "yes", "show": "both", "sort": "duration", **fields}
    read = parse(**others)
    assert list(read.errors) == [bad]
    assert len(read.errors[bad]) > 10
    assert "%" not in read.errors[bad]
    plain = parse(**{name: value for name, value in others.items() if name not in ("from", "to", bad)}).spec
    text = "x" * MOST_TEXT if bad == "q" else plain.filters.text
    assert read.spec == replace(plain, filters=replace(plain.filters, text=text))


def test_what_was_typed_into_the_date_fields_is_kept() -> None:
    read = parse_report({"from": ["soon"], "to": [" 1.12. "]}, "dmy", TODAY)
    assert read.typed == {"from": "soon", "to": "1.12."}
    assert read.spec.period == "this-month"


def test_dates_count_only_where_no_period_is_chosen_by_its_name() -> None:
    assert parse(period="last-week", **{"from": "2026-11-01", "to": "2026-11-30"}).spec.period == "last-week"
    assert parse(period="custom", **{"from": "2026-11-01", "to": "2026-11-30"}).spec.days == NOVEMBER
    assert parse(period="custom").spec.period == "this-month"


def test_ids_are_read_once_each_in_their_order_and_bad_ones_left_out() -> None:
    one, other = uuid4(), uuid4()
    read = parse(project=[str(one), "x", "none", str(other), str(one).upper(), ""])
    assert read.spec.filters.projects == (one, None, other)
    assert "project" in read.errors


def test_an_older_name_of_a_zone_becomes_todays() -> None:
    assert parse(zone="asia/calcutta").spec.zone == "Asia/Kolkata"


# --- figures that open -------------------------------------------------------------------------------------------

PROJECT, TASK = UUID(int=1), UUID(int=2)


def bucket_of(bucket: str, day: date) -> Days:
    length = {"day": 1, "week": 7, "month": 31}[bucket]
    first = bucket_start(bucket, day, 0)
    return Days(first, first + timedelta(days=length - 1))


def opened(*values: tuple[str, Any], spec: Spec | None = None) -> tuple[Filters, Days]:
    found, days = narrowed(spec or Spec(), key_of(values), NOVEMBER, bucket_of)
    return found.filters, days


@pytest.mark.parametrize(
    ("dimension", "value", "expected"),
    [
        ("project", PROJECT, Filters(projects=(PROJECT,))),
        ("project", None, Filters(projects=(None,))),
        ("client", PROJECT, Filters(clients=(PROJECT,))),
        ("client", None, Filters(clients=(None,))),
        ("task", TASK, Filters(tasks=(TASK,))),
        ("task", None, Filters(tasks=(None,))),
        ("member", PROJECT, Filters(members=(PROJECT,))),
        ("tag", PROJECT, Filters(tagged=(PROJECT,))),
        ("tag", None, Filters(tagged=(None,))),
        ("description", "", Filters(description="")),
        ("description", "none", Filters(description="none")),
        ("description", "a,b:c=d&e %ü\n漢", Filters(description="a,b:c=d&e %ü\n漢")),
        ("billable", True, Filters(billable="yes")),
        ("billable", False, Filters(billable="no")),
    ],
)
def test_a_figure_opens_what_it_is_made_of(dimension: str, value: Any, expected: Filters) -> None:
    assert opened((dimension, value)) == (expected, NOVEMBER)


def test_the_total_opens_the_whole() -> None:
    assert key_of([]) == "total"
    assert opened() == (Filters(), NOVEMBER)


@given(st.text(st.characters(codec="utf-8")))
def test_any_description_opens(text: str) -> None:
    if "\x00" not in text:  # no description has one
        assert opened(("description", text))[0].description == text


def test_two_groupings_open_both_and_keep_the_reports_own_filters() -> None:
    spec = Spec(filters=Filters(text="login", tags=(TASK,), members=(TASK,)))
    filters, days = opened(("project", PROJECT), ("day", date(2026, 11, 3)), spec=spec)
    assert filters == Filters(text="login", tags=(TASK,), members=(TASK,), projects=(PROJECT,))
    assert days == Days(date(2026, 11, 3), date(2026, 11, 3))


def test_a_week_over_the_edge_opens_with_its_part_within() -> None:
    assert opened(("week", date(2026, 10, 26)))[1] == Days(date(2026, 11, 1), date(2026, 11, 1))
    assert opened(("week", date(2026, 11, 30)))[1] == Days(date(2026, 11, 30), date(2026, 11, 30))


@pytest.mark.parametrize(
    "key",
    [
        *(
            "",
            "x",
            "project",
            "mood:1",
            "project:x",
            "day:soon",
            "day:2026-12-01",
            "week:9999-12-31",
            "total,",
        ),
        *("week:0001-01-01", "month:9999-12-31", "description:xyz", "description:ff", "description:00"),
        *("member:none", "billable:maybe", "billable:", "project:,day:2026-11-03", "day:2026-11-03,total"),
    ],
)
def test_a_key_that_nothing_wrote_is_refused(key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whatever its words: nobody reads them)
        narrowed(Spec(), key, NOVEMBER, periods_bucket)


def periods_bucket(bucket: str, day: date) -> Days:
    """As pages reckon it, with nothing to hold it back at the ends of the calendar."""
    first = periods.week_start(day, 6)
    return Days(first, first + timedelta(days=6)) if bucket == "week" else bucket_of(bucket, day)


@given(st.text(max_size=60))
def test_no_key_breaks_anything_else(key: str) -> None:
    with contextlib.suppress(ValueError):
        narrowed(Spec(), key, NOVEMBER, bucket_of)


@given(specs())
def test_fields_are_what_the_address_holds(spec: Spec) -> None:
    fields: dict[str, list[str]] = {}
    for name, value in fields_of(spec):
        fields.setdefault(name, []).append(value)
    assert parse_report(fields, "ymd", TODAY).spec == spec
