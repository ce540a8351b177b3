"""Everybody in their own language: whole pages, refusals and what is typed, in German; strangers by their browser."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from html.parser import HTMLParser
from uuid import uuid4

import pytest
import sqlalchemy as sa
from quart import Quart, Response
from quart.typing import TestClientProtocol

from quart_app import clocks, fields, periods, spans, words
from quart_app.db import Database
from quart_app.forms.projects import ProjectForm
from quart_app.tables import users
from quart_app.words import Taste, speaking
from tests.support import messages
from tests.support.cast import Cast

GERMAN = Taste("de")
HTMX = {"HX-Request": "true"}
# Many pages, whose words do not come from the database.
ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SAID = ("aria-label", "aria-roledescription", "aria-valuetext", "title", "placeholder", "alt")


# ---- Finding English


class Said(HTMLParser):
    """All that a page says, in its text and its attributes, in the order of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[str] = []
        self._silent = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "code", "kbd")
        given = dict(attrs)
        self.all += [value for name in SAID if (value := given.get(name))]
        self.all += [value for name, value in attrs if name.startswith("data-") and value and " " in value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "code", "kbd")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._silent:
            self.all.append(" ".join(data.split()))


@cache
def english() -> list[re.Pattern[str]]:
    """The English messages that German says otherwise."""
    known = messages.translations(messages.read("de"))
    german = {text for message in known for text in messages.forms_of(message.string)}
    texts = {text for message in known for text in messages.forms_of(message.id)} - german
    return [
        re.compile(re.sub(r"%\\\((\w+)\\\)s|%\((\w+)\)s", ".+", re.escape(text)), re.DOTALL)
        for text in texts
        if len(re.sub(r"%\(\w+\)s", "", text)) > 4
    ]


# Names that the cast bears, and that a message might be.
NAMES = {"Alice's workspace", "Charlie's workspace"}


def left_in_english(page: str) -> Iterator[str]:
    for text in Said(page).all:
        if text not in NAMES and any(pattern.fullmatch(text) for pattern in english()):
            yield text


def test_english_is_found() -> None:
    page = '<p title="Fill this in.">Bitte</p><b>Keep this to 5 characters or fewer.</b><i>Timer</i><kbd>Tags</kbd>'
    assert [*left_in_english(page)] == ["Fill this in.", "Keep this to 5 characters or fewer."]


# ---- Pages


async def read(response: Response) -> str:
    return await response.get_data(as_text=True)


async def speak_german(database: Database, *names: str) -> None:
    async with database.writing() as db:
        await db.execute(sa.update(users).where(users.c.username.in_(names)).values(locale="de"))


@pytest.fixture
async def rows(app: Quart, database: Database, cast: Cast) -> dict[str, str]:
    """A workspace with something of each kind in it, all of whose people read German."""
    await speak_german(database, "alice", "bob", "dana", "charlie")
    client = cast.alice.client
    await client.post("/projects", form={"name": "Relaunch", "colour": "3", "new_client": "Muster AG"})
    await client.post("/projects", form={"name": "Altbau", "colour": "4"})
    await client.post("/tags", form={"name": "entwurf"})
    today = periods.local_day(periods.now(), cast.alice.viewer.zone)
    for days_ago, start, end in (
        (0, "0:05", "0:20"),
        (0, "0:40", "0:50"),
        (1, "9", "10"),
        (1, "9:30", "11"),
        (9, "23", "1"),
    ):
        day = (today - timedelta(days=days_ago)).isoformat()
        form = {
            "date": day,
            "start": start,
            "end": end,
            "description": f"Arbeit {days_ago}",
            "tags": "entwurf",
        }
        await client.post("/entries", form=form)
    await client.post("/timer/start", form={"description": "Besprechung"})
    found = {}
    for name, path, noun in (
        ("entry_id", "/timer?before=2199-01-01", "entries"),
        ("project_id", "/projects", "projects"),
        ("client_id", "/clients", "clients"),
        ("tag_id", "/tags", "tags"),
    ):
        page = await read(await client.get(path))
        found[name] = re.findall(rf"/{noun}/([0-9a-f-]{{36}})", page)[0]
    return {**found, "session_id": str(cast.bob.viewer.session_id), "user_id": str(cast.bob.viewer.user_id)}


# What is no page, and what would sign everybody out.
NO_PAGES = ("/static", "/health", "/metrics", "/live", "/logout")


def addresses(app: Quart, rows: dict[str, str], method: str) -> Iterator[str]:
    def value(found: re.Match[str]) -> str:
        return rows.get(found[1], str(uuid4()))

    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and not str(rule).startswith(NO_PAGES):
            yield re.sub(r"<(?:\w+:)?(\w+)>", value, str(rule))


@ONCE
async def test_a_german_reads_no_english_on_any_page(app: Quart, cast: Cast, rows: dict[str, str]) -> None:
    found = {}
    for person in (cast.alice, cast.dana, cast.charlie):
        for address in [*addresses(app, rows, "GET"), "/nichts", "/timer?edit=" + rows["entry_id"]]:
            page = await read(await person.client.get(address))
            if left := [*left_in_english(page)]:
                found[f"{person.viewer.username} {address}"] = left
    assert not found


@ONCE
async def test_a_german_is_refused_and_thanked_in_german(
    app: Quart, cast: Cast, rows: dict[str, str]
) -> None:
    """Every form, sent empty: with htmx, without, and by one who may not."""
    found = {}
    for person in (cast.dana, cast.alice):
        for headers in ({}, HTMX):
            for address in sorted(addresses(app, rows, "POST")):
                response = await person.client.post(
                    address, form={"nothing": ""}, headers=headers, follow_redirects=True
                )
                if left := [*left_in_english(await read(response))]:
                    found[f"{person.viewer.username} {address} {headers}"] = left
    assert not found


async def test_pages_say_which_language_they_are_in(cast: Cast, database: Database) -> None:
    assert '<html lang="en" dir="ltr"' in await read(await cast.alice.client.get("/timer"))
    await speak_german(database, "alice")
    page = await read(await cast.alice.client.get("/timer"))
    assert '<html lang="de" dir="ltr"' in page
    assert "Woran arbeitest du?" in page


@pytest.mark.parametrize("wanted", ["de", "de-AT,en;q=0.5", "fr, de;q=0.7, en;q=0.3"])
async def test_a_stranger_is_spoken_to_as_their_browser_asks(
    client: TestClientProtocol, cast: Cast, wanted: str
) -> None:
    for path in ("/login", "/nichts"):
        response = await client.get(path, headers={"Accept-Language": wanted})
        page = await read(response)
        assert 'lang="de"' in page
        assert not [*left_in_english(page)]
        assert "Accept-Language" in response.headers["Vary"]
    for path in ("/login", "/register"):
        response = await client.post(path, form={"username": ""}, headers={"Accept-Language": wanted})
        page = await read(response)
        assert response.status_code == 422
        assert "Bitte ausfüllen." in page
        assert not [*left_in_english(page)]


async def test_a_language_that_is_not_there_is_english(
    client: TestClientProtocol, cast: Cast, database: Database
) -> None:
    assert 'lang="en"' in await read(await client.get("/login", headers={"Accept-Language": "fr"}))
    async with database.writing() as db:
        await db.execute(sa.update(users).values(locale="tlh"))
    assert 'lang="en"' in await read(await cast.alice.client.get("/timer"))


async def test_two_who_share_a_workspace_read_it_each_in_their_language(
    cast: Cast, database: Database
) -> None:
    """What is kept of a page is kept for each language."""
    await speak_german(database, "bob")
    for _ in range(2):
        for path in ("/timer", "/projects"):
            german = await read(await cast.bob.client.get(path))
            english_page = await read(await cast.alice.client.get(path))
            assert not [*left_in_english(german)]
            assert [*left_in_english(english_page)]


# ---- Dates, numbers, what is typed


def test_days_are_written_as_each_language_does() -> None:
    today = date(2026, 11, 22)
    assert words.day_label(today, today, "dmy") == ("Today", "Sun 22 Nov")
    with speaking(GERMAN):
        assert words.day_label(today, today, "dmy") == ("Heute", "So., 22. Nov.")
        assert words.day_label(date(2026, 11, 20), today, "dmy") == ("Freitag", "20. Nov.")
        assert words.day_label(date(2025, 3, 1), today, "mdy") == ("Samstag", "1. März 2025")
        assert words.day_label(today, today, "ymd") == ("Heute", "So 2026-11-22")
        assert words.format_date(today, "dmy") == "22.11.2026"
        assert words.format_date(today, "ymd") == "2026-11-22"
        assert words.weekday_names("abbreviated")[0] == "Mo"
        assert words.weekday_names("narrow") == ["M", "D", "M", "D", "F", "S", "S"]


def test_numbers_are_written_as_each_language_does() -> None:
    with speaking(Taste("de", "decimal")):
        assert words.format_duration(6120) == "1,70 h"
        assert words.spell_duration(6120) == "1,70 h"
    with speaking(GERMAN):
        assert words.format_duration(6120) == "1:42"
        assert words.spell_duration(6120) == "1 h 42 min"


@pytest.mark.parametrize("order", ["dmy", "mdy", "ymd"])
def test_a_date_that_was_written_is_read_again(order: str) -> None:
    day = date(2026, 3, 9)
    with speaking(GERMAN):
        assert clocks.parse_date(words.format_date(day, order), order) == day
        assert clocks.parse_date(words.date_words(day), order) == day


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("1,5 Std", 5400),
        ("1,5 Std.", 5400),
        ("2 Stunden", 7200),
        ("90 Minuten", 5400),
        ("1 Stunde 30 Min.", 5400),
        ("1.5h", 5400),
        ("1,70 h", 6120),
    ],
)
def test_durations_are_read_in_german(typed: str, seconds: int) -> None:
    with speaking(GERMAN):
        assert clocks.parse_duration(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "hour"),
    [("9 Uhr", 9), ("9.00 Uhr", 9), ("Mittag", 12), ("Mitternacht", 0), ("2 pm", 14), ("21:00", 21)],
)
def test_clocks_are_read_in_german(typed: str, hour: int) -> None:
    with speaking(GERMAN):
        assert clocks.parse_clock(typed).hour == hour


@pytest.mark.parametrize(
    "typed", ["22.11.2026", "22.11.", "22. Nov. 2026", "22 November", "heute", "Heute", "today", "2026-11-22"]
)
def test_dates_are_read_in_german(typed: str) -> None:
    with speaking(GERMAN):
        assert clocks.parse_date(typed, "dmy", today=date(2026, 11, 22)) == date(2026, 11, 22)


def test_a_month_with_an_umlaut_is_read_with_it_and_without() -> None:
    with speaking(GERMAN):
        for typed in ("1. März 2026", "1. Mar 2026", "1 mär 2026"):
            assert clocks.parse_date(typed, "dmy") == date(2026, 3, 1)


def test_refusals_are_german() -> None:
    with speaking(GERMAN):
        with pytest.raises(ValueError, match="Gib eine Uhrzeit ein"):
            clocks.parse_clock("bald")
        with pytest.raises(ValueError, match=r"Gib ein Datum ein, etwa 22\.11\.2026\."):
            clocks.parse_date("bald", "dmy")
        zone = periods.zone("Europe/Berlin")
        with pytest.raises(spans.GapError, match=r"am 29\. März 2026 in Europe/Berlin nicht"):
            spans.resolve_local(date(2026, 3, 29), clocks.parse_clock("2:30"), zone)
        _form, errors = fields.parse(ProjectForm, {"colour": "rot"})
        assert errors == {"name": "Bitte ausfüllen.", "colour": "Wähle einen der angebotenen Werte."}


def test_a_percent_sign_in_what_is_filled_in_stays() -> None:
    assert words._("“%(name)s” added.", name="100 %(n)s") == "“100 %(n)s” added."
