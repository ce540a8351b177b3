"""Downloads: who gets what, under which name, and that a file which can't be ended is seen as cut."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from quart import Quart
from sqlalchemy.engine import make_url

from quart_app import periods, report_files
from quart_app.db import Database
from quart_app.exports import pdf_file, xlsx_file
from quart_app.forms.reports import Asked
from quart_app.ids import new_id
from quart_app.queries.report_entries import stream_rows
from quart_app.report_spec import Days, Spec
from quart_app.tables import entries
from tests.browser.server import Server
from tests.exports.reading import read_csv, read_ics, read_jsonl, read_xlsx
from tests.support import pricing
from tests.support.cast import Cast
from tests.support.catalogue import add_project, track
from tests.test_outage import Line

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
ENTRIES = "/reports/export.csv?view=detailed&from=2026-11-01&to=2026-11-30"
COOKIE = "chronos=the-token-of-alice"
IDLE = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state LIKE 'idle in transaction%'"
)
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "jsonl": "application/jsonl; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
}


@pytest.fixture(autouse=True)
def afternoon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "now", lambda: NOW)


async def get(person: Any, path: str, status: int = 200) -> bytes:
    response = await person.client.get(path)
    assert response.status_code == status, await response.get_data(as_text=True)
    body: bytes = await response.get_data(as_text=False)
    return body


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_has_a_name_and_is_kept_nowhere(cast: Cast, kind: str) -> None:
    address = f"/reports/export.{kind}?from=2026-11-01&to=2026-11-30"
    response = await cast.alice.client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == KINDS[kind]
    what = "entries" if kind == "ics" else "summary"
    name = f"chronos-2026-11-01-to-2026-11-30-{what}.{kind}"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    head = await cast.alice.client.head(address)
    assert head.status_code == 200
    assert await head.get_data(as_text=False) == b""
    assert head.headers["Content-Disposition"] == response.headers["Content-Disposition"]
    assert (await cast.alice.client.post(address)).status_code == 405


async def test_an_empty_report_is_a_file_too(cast: Cast) -> None:
    address = "?view=detailed&period=today"
    assert read_csv(await get(cast.alice, f"/reports/export.csv{address}")) == []
    assert read_jsonl(await get(cast.alice, f"/reports/export.jsonl{address}"))[1] == []
    assert read_ics(await get(cast.alice, f"/reports/export.ics{address}")) == []
    assert read_xlsx(await get(cast.alice, f"/reports/export.xlsx{address}")).foot["Duration"] == 0
    assert (await get(cast.alice, f"/reports/export.pdf{address}")).startswith(b"%PDF-")


async def test_a_second_is_a_second(database: Database, cast: Cast) -> None:
    start = NOW - timedelta(hours=2)
    await track(database, cast.alice.viewer, None, start, start + timedelta(seconds=1))
    (row,) = read_csv(await get(cast.alice, "/reports/export.csv?view=detailed&period=today"))
    assert (row["Duration"], row["Duration (decimal)"]) == ("0:00:01", "0.0003")
    (other,) = read_xlsx(await get(cast.alice, "/reports/export.xlsx?view=detailed&period=today")).rows
    assert other["Duration"] == 1


async def test_what_runs_counts_up_to_now_and_is_marked(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NOW - timedelta(minutes=90))
    (row,) = read_csv(await get(cast.alice, "/reports/export.csv?view=detailed&period=today"))
    assert (row["Duration"], row["End"], row["End (UTC)"], row["Running"]) == ("1:30:00", "", "", "yes")
    (event,) = read_ics(await get(cast.alice, "/reports/export.ics?period=today"))
    assert event.decoded("DTEND") == NOW
    assert str(event["STATUS"]) == "TENTATIVE"
    assert "still running" in str(event["DESCRIPTION"])
    left_out = "/reports/export.csv?view=detailed&period=today&running=without"
    assert read_csv(await get(cast.alice, left_out)) == []


async def test_members_get_their_own_entries_and_no_amounts(database: Database, cast: Cast) -> None:
    await pricing.add(database, cast.alice.viewer, None, date(2026, 1, 1), 9500)
    for person in (cast.alice, cast.bob):
        start = NOW - timedelta(hours=3)
        await track(database, person.viewer, None, start, start + timedelta(hours=1))
    everybody = read_csv(await get(cast.alice, "/reports/export.csv?view=detailed"))
    assert sorted(row["Member"] for row in everybody) == ["Alice", "Bob"]
    assert sorted(row["Email"] for row in everybody) == ["alice@example.com", "bob@example.com"]
    assert "Amount (EUR)" in everybody[0]
    (own,) = read_csv(await get(cast.bob, "/reports/export.csv?view=detailed"))
    assert own["Member"] == "Bob"
    assert not {"Email", "Amount (EUR)"} & own.keys()
    assert "amount" not in read_jsonl(await get(cast.bob, "/reports/export.jsonl"))[2]
    assert read_csv(await get(cast.charlie, "/reports/export.csv?view=detailed")) == []


async def test_who_asks_for_what_is_not_theirs_gets_a_page(database: Database, cast: Cast) -> None:
    project = await add_project(database, cast.alice.viewer, "Ours")
    bob = cast.bob.viewer.user_id
    for kind in KINDS:
        await get(cast.charlie, f"/reports/export.{kind}?project={project}", 404)
        await get(cast.dana, f"/reports/export.{kind}?member={bob}", 403)
        await get(cast.charlie, f"/reports/export.{kind}?member={bob}", 404)
    await get(cast.alice, "/reports/export.docx", 404)
    response = await cast.alice.client.get("/reports/export.csv?from=2026-13-45&to=2026-11-02")
    assert response.status_code == 422
    assert response.headers["Content-Type"].startswith("text/html")


async def test_a_stranger_is_led_to_the_door(app: Quart) -> None:
    response = await app.test_client().get("/reports/export.csv")
    assert response.status_code == 303
    assert "/login" in response.headers["Location"]


async def test_semicolons_come_with_decimal_commas(database: Database, cast: Cast) -> None:
    await track(database, cast.alice.viewer, None, NOW - timedelta(hours=2), NOW - timedelta(minutes=30))
    made = await get(cast.alice, "/reports/export.csv?view=detailed&period=today&csv=semicolon")
    (row,) = read_csv(made, ";")
    assert (row["Duration"], row["Duration (decimal)"]) == ("1:30:00", "1,5000")


async def test_a_report_too_long_for_its_format_says_so(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in range(3):
        start = NOW - timedelta(hours=3) + timedelta(minutes=minutes)
        await track(database, cast.alice.viewer, None, start, start + timedelta(seconds=5))
    monkeypatch.setattr(pdf_file, "MOST_LINES", 2)
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 2)
    for kind, most in (("pdf", "a PDF takes at most 2"), ("xlsx", "a sheet of Excel holds 2")):
        body = await get(cast.alice, f"/reports/export.{kind}?view=detailed", 422)
        assert most in body.decode()
        assert "CSV" in body.decode()


async def test_too_many_at_once_wait_and_are_told(cast: Cast, app: Quart) -> None:
    desk = report_files.Desk(wait=0.01)
    app.extensions["chronos-exports"] = desk
    wanted = report_files.FORMATS["pdf"]
    async with desk.seat(wanted):
        response = await cast.alice.client.get("/reports/export.pdf")
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert (await cast.alice.client.get("/reports/export.csv")).status_code == 200
    assert (await cast.alice.client.get("/reports/export.pdf")).status_code == 200


# ---- Cut


async def fill(database: Database, cast: Cast, count: int) -> None:
    now, viewer = NOW, cast.alice.viewer
    row = {"workspace_id": viewer.workspace_id, "user_id": viewer.user_id, "description": "x" * 200}
    row |= {"created_at": now, "updated_at": now, "is_billable": False}
    begin = now - timedelta(seconds=count + 10)
    async with database.writing() as db:
        await db.execute(
            sa.insert(entries),
            [
                {**row, "id": new_id(), "started_at": at, "ended_at": at + timedelta(seconds=1)}
                for at in (begin + timedelta(seconds=number) for number in range(count))
            ],
        )


@pytest.mark.parametrize("kind", ["csv", "jsonl", "ics"])
@pytest.mark.parametrize("encodings", [b"", b"gzip, zstd"], ids=["plain", "compressed"])
async def test_a_failure_midway_breaks_the_transfer(
    app: Quart, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch, kind: str, encodings: bytes
) -> None:
    await fill(database, cast, 5)

    async def failing(*arguments: Any) -> AsyncIterator[Sequence[Any]]:
        async for rows in stream_rows(*arguments):
            yield rows
            raise ConnectionResetError("The database has gone.")

    monkeypatch.setattr("quart_app.report_stream.stream_rows", failing)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0)
        if sent:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/reports/export.{kind}",
        "raw_path": f"/reports/export.{kind}".encode(),
        "query_string": b"view=detailed&period=today",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"cookie", COOKIE.encode()), (b"accept-encoding", encodings)],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
    with pytest.raises(BaseException) as raised:  # noqa: PT011 (a group of them, or the one)
        await app(scope, receive, send)  # type: ignore[arg-type]
    assert "gone" in repr(raised.value) or "Unavailable" in repr(raised.value)
    assert sent[0]["status"] == 200
    assert any(event.get("body") for event in sent) or encodings
    assert not [event for event in sent[1:] if not event.get("more_body")], "it looks whole"
    used = database.pool_counts()["used"]
    assert used == 0


async def test_whoever_stops_reading_leaves_no_connection_behind(database: Database, cast: Cast) -> None:
    await fill(database, cast, 5000)
    spec = Spec(view="detailed", period="custom", days=Days(date(2026, 11, 1), date(2026, 11, 30)))
    for is_begun in (True, False):
        made = await report_files.begin(
            database, cast.alice.viewer, Asked(spec), "csv", NOW, report_files.Desk()
        )
        if is_begun:
            assert await anext(made.body)
            assert await anext(made.body)
        await made.body.aclose()
        assert [piece async for piece in made.body] == []
        if database.dialect == "postgresql":
            async with database.reading() as db:
                busy = await db.scalar(sa.text(IDLE))
            assert busy == 0
        assert database.pool_counts()["used"] == 0
    await track(database, cast.alice.viewer, None, NOW)  # nothing is locked


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_database_that_goes_away_midway_cuts_the_file(
    database_url: str, database: Database, cast: Cast, tmp_path: Path
) -> None:
    await fill(database, cast, 40_000)
    url = make_url(database_url)
    line = Line(url)
    await line.mend()
    through = sa.URL.create(url.drivername, url.username, url.password, "127.0.0.1", line.port, url.database)
    server = Server(
        tmp_path / "served", through.render_as_string(hide_password=False), CHRONOS_ENV="development"
    )
    await asyncio.to_thread(server.start)
    try:
        whole = await download(server, ENTRIES)
        assert whole.endswith(b"0\r\n\r\n")
        part = await download(server, ENTRIES, line)
        assert 200_000 < len(part) < len(whole)
        assert not part.endswith(b"0\r\n\r\n")
    finally:
        await line.cut()
        await asyncio.to_thread(server.stop)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_server_that_serves_makes_every_format(
    database_url: str, database: Database, cast: Cast, tmp_path: Path
) -> None:
    await fill(database, cast, 3)
    server = Server(tmp_path / "served", database_url, CHRONOS_ENV="development")
    await asyncio.to_thread(server.start)
    try:
        for kind, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK\x03\x04"), ("ics", b"BEGIN:VCALENDAR")):
            answer = await download(
                server, f"/reports/export.{kind}?view=detailed&from=2026-11-01&to=2026-11-30"
            )
            assert begins in answer
            assert answer.endswith(b"0\r\n\r\n")
        assert not server.complaints()
    finally:
        await asyncio.to_thread(server.stop)


async def download(server: Server, address: str, line: Line | None = None) -> bytes:
    """All bytes of the answer, until the server closes; the line to the database is cut after the first of them."""
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=65_536)
    head = (
        f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {COOKIE}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode())
    heard = b""
    async with asyncio.timeout(60):
        while piece := await reader.read(65_536):
            heard += piece
            if line is not None and len(heard) > 200_000:
                await line.cut()
                line = None
    writer.close()
    assert heard.startswith(b"HTTP/1.1 200")
    return heard
