"""The formats by themselves: what people wrote stays what they wrote, whatever it looks like, and memory is bounded."""

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Sequence
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.exports import csv_file, ics_file, jsonl_file, pdf_file, xlsx_file
from quart_app.report_spec import Days
from quart_app.report_table import (
    Adder,
    Column,
    Kind,
    Row,
    Rows,
    Table,
    chunks_of,
    format_hours,
    format_minor,
    format_seconds,
)
from tests.exports.reading import read_csv, read_ics, read_jsonl, read_xlsx
from tests.exports.test_exports import NOW

NASTY = [
    *(
        '=HYPERLINK("http://evil.example","x")',
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\ufeff=1",
    ),
    *(
        'say "yes", then; go',
        "two\nlines",
        "two\r\nlines",
        "🎉 Größe",
        "日本",
        "'",
        "''=",
        "0012",
        "1e5",
        "\u202eabc",
    ),
    *(
        "#let x = 1",
        "*bold*",
        "\\u{41}",
        "`raw`",
        "$x^2$",
        '#read("/etc/passwd")',
        "<label> @ref",
        "//comment",
        "]",
    ),
]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
COLUMNS = [
    Column("description", "Description", Kind.TEXT),
    Column("project", "Project", Kind.TEXT),
    Column("tags", "Tags", Kind.TAGS),
    Column("seconds", "Duration", Kind.SECONDS, is_summed=True),
    Column("hours", "Duration (decimal)", Kind.HOURS, is_summed=True),
    Column("amount", "Amount", Kind.MONEY, is_summed=True),
]


def table(rows: Sequence[Row] | Rows, columns: Sequence[Column] = COLUMNS, **more: Any) -> Table:
    known: dict[str, Any] = {
        "view": "summary",
        "title": "Summary",
        "about": [("Workspace", "Studio")],
        "days": Days(NOW.date(), NOW.date()),
        "currency": "EUR",
        "workspace": "Studio",
        "period": "November",
        "facts": {"made_at": NOW.isoformat()},
    }
    read = chunks_of(rows) if isinstance(rows, Sequence) else rows
    return Table(columns=columns, rows=read, **{**known, **more})


async def whole(pieces: Any) -> bytes:
    return b"".join([piece async for piece in pieces])


def run(pieces: Any) -> bytes:
    """Of a writer that waits for nobody: it lets others have their turn at most."""
    work = whole(pieces)
    while True:
        try:
            work.send(None)
        except StopIteration as end:
            return bytes(end.value)


def row(text: str, seconds: int = 60) -> Row:
    return (text, text, (text,) if text else (), seconds, seconds, seconds * 9500)


# ---- CSV


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8), st.booleans())
def test_a_csv_reads_back_as_it_was_written(pairs: list[tuple[str, str]], semicolon: bool) -> None:
    rows: list[Row] = [(one, other, (one,), 61, 61, 95) for one, other in pairs]
    made = run(csv_file.write(table(rows), semicolon=semicolon))
    mark = ";" if semicolon else ","
    found = [*csv.reader(io.StringIO(made.decode("utf-8", "surrogatepass")[1:], newline=""), delimiter=mark)]
    assert [line[:2] for line in found[1:]] == [
        [csv_file.defused(one), csv_file.defused(other)] for one, other in pairs
    ]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark, lineterminator="\r\n").writerows(found)
    assert made.decode()[1:] == out.getvalue()


@given(TEXTS)
def test_no_text_becomes_a_formula(text: str) -> None:
    made = csv_file.defused(text)
    assert made in (text, f"'{text}")
    shown = made.lstrip("\ufeff\u200b\u00a0 \t\r\n")
    assert not shown.startswith(("=", "+", "-", "@"))
    assert not made.startswith(("\t", "\r", "\n"))


def test_what_is_no_formula_stays_as_it_is() -> None:
    for text in ("", "a=b", "Fix #12", "100%", "1+1", "'", "–1", "x\n=1"):
        assert csv_file.defused(text) == text


def test_numbers_stay_numbers() -> None:
    (found,) = read_csv(run(csv_file.write(table([("", "", (), 6127, 6127, 3600 * 5)]))))
    assert (found["Duration"], found["Duration (decimal)"], found["Amount"]) == ("1:42:07", "1.7019", "0.05")
    assert format_seconds(360_000) == "100:00:00"
    assert format_hours(1) == "0.0003"
    assert (format_minor(5, 2), format_minor(12345, 3), format_minor(7, 0)) == ("0.05", "12.345", "7")


@given(st.integers(0, 10**9))
def test_decimal_hours_are_true_to_the_second(seconds: int) -> None:
    assert round(float(format_hours(seconds)) * 3600) == seconds


# ---- JSON Lines, iCalendar


@given(st.lists(TEXTS, max_size=5))
def test_json_lines_hold_any_text(texts: list[str]) -> None:
    made = run(jsonl_file.write(table([row(text) for text in texts])))
    _facts, rows, end = read_jsonl(made)
    assert [one["description"] for one in rows] == texts
    assert end["seconds"] == 60 * len(texts)


EVENTS = [
    Column("description", "", Kind.TEXT),
    Column("project", "", Kind.TEXT),
    Column("client", "", Kind.TEXT),
    Column("task", "", Kind.TEXT),
    Column("member", "", Kind.TEXT),
    Column("tags", "", Kind.TAGS),
    Column("seconds", "", Kind.SECONDS, is_summed=True),
    Column("billable", "", Kind.FLAG),
    Column("id", "", Kind.TEXT),
    Column("running", "", Kind.FLAG),
    Column("clipped", "", Kind.FLAG),
    Column("part_start", "", Kind.COUNT),
]


@pytest.mark.parametrize("text", [text for text in NASTY if "\r" not in text and "\ufeff" not in text])
def test_an_event_says_what_somebody_wrote(text: str) -> None:
    entry = (text, text, "", "", "Ada", ("a,b", text), 60, True, "an-id", False, False, 1_790_000_000)
    (event,) = read_ics(run(ics_file.write(table([entry], EVENTS))))
    assert str(event["SUMMARY"]) == text
    assert [str(tag) for tag in event["CATEGORIES"].cats] == ["a,b", text]
    assert f"Project: {text}" in str(event["DESCRIPTION"])
    assert str(event["UID"]) == "an-id"


@given(TEXTS.filter(lambda text: "\x00" not in text))
def test_no_line_of_a_calendar_is_too_long_and_none_is_broken(text: str) -> None:
    entry = (text, text, "", "", text, (text or "x",), 60, False, "an-id", True, True, 1_790_000_000)
    made = run(ics_file.write(table([entry], EVENTS)))
    lines = made.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)
    assert lines.count(b"BEGIN:VEVENT") == lines.count(b"END:VEVENT") == 1
    assert len(read_ics(made)) == 1


# ---- XLSX


async def test_a_workbook_holds_text_as_text_and_totals_as_formulas() -> None:
    made = await whole(xlsx_file.write(table([row(text, 3661) for text in NASTY])))
    sheet = read_xlsx(made)
    shown = [found["Description"] for found in sheet.rows]
    assert [text.replace("\r\n", "\n").replace("\r", "\n") for text in shown] == [
        text.replace("\r\n", "\n").replace("\r", "\n") for text in NASTY
    ]
    assert sheet.foot["Duration"] == 3661 * len(NASTY)
    assert round(sheet.foot["Amount"], 6) == round(3661 * len(NASTY) * 95 / 3600, 6)
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        written = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    last = len(NASTY) + 1
    assert f"<f>SUM(D2:D{last})</f>" in written
    assert written.count("<f>") == 3
    assert "[h]:mm:ss" in styles
    assert 'state="frozen"' in written
    assert f'<autoFilter ref="A1:F{last}"/>' in written
    assert "hyperlink" not in written


async def test_rows_that_overlap_have_a_total_that_is_no_sum() -> None:
    totals = (None, None, None, 60, 60, 0)
    made = await whole(xlsx_file.write(table([row("a"), row("b")], totals=totals, overlaps=True)))
    assert read_xlsx(made).foot["Duration"] == 60
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


# ---- PDF


@pytest.mark.parametrize("view", ["summary", "detailed"])
async def test_what_people_wrote_is_no_markup(view: str) -> None:
    texts = [text for text in NASTY if text.isascii() and text.isprintable()]
    if view == "summary":
        made = await whole(
            pdf_file.write(table([row(text) for text in texts], notes=texts, title="#x *y* `z`"))
        )
    else:
        made = await whole(pdf_file.write(table([_entry(text) for text in texts], DETAILED, view=view)))
    pages = pypdfium2.PdfDocument(made)
    shown = "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)
    for text in texts:
        assert "".join(text.split()) in shown
    assert "root:" not in shown


DETAILED = [
    Column("date", "Date", Kind.DATE),
    Column("start", "Start", Kind.CLOCK),
    Column("end", "End", Kind.CLOCK),
    *COLUMNS,
    Column("client", "Client", Kind.TEXT),
    Column("task", "Task", Kind.TEXT),
    Column("member", "Member", Kind.TEXT, is_listed=False),
]


def _entry(text: str) -> Row:
    return ("2026-11-22", "09:00:00", "09:01:00", *row(text), "", "", "Ada")


async def test_pages_are_numbered_and_repeat_the_head_and_are_not_blank() -> None:
    made = await whole(pdf_file.write(table([row(f"Line {number}") for number in range(120)])))
    pages = [*pypdfium2.PdfDocument(made)]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        text = page.get_textpage().get_text_range()
        assert f"{number} / {len(pages)}" in text
        assert "Duration" in text
        assert round(page.get_width()) == 595  # A4
        assert round(page.get_height()) == 842
        picture = bytes(page.render(scale=0.3).buffer)
        assert len(set(picture)) > 10, "nothing is drawn"
    assert "2:00" in pages[-1].get_textpage().get_text_range()  # 120 minutes in all


# ---- Sums, memory


@given(st.lists(st.integers(0, 10**6), max_size=50), st.integers(1, 7))
def test_sums_do_not_depend_on_chunks(seconds: list[int], size: int) -> None:
    added = Adder(COLUMNS)
    rows = [row("x", number) for number in seconds]
    for start in range(0, len(rows), size):
        added.add(rows[start : start + size])
    assert added.rows == len(seconds)
    assert added.totals[3] == sum(seconds)
    assert added.totals[0] is None


async def many(chunks: int) -> Rows:
    for chunk in range(chunks):
        yield [row(f"Entry {chunk * 1000 + number}", chunk + number) for number in range(1000)]


@pytest.mark.parametrize("write", [csv_file.write, jsonl_file.write])
async def test_ten_times_the_rows_take_no_more_memory(write: Any) -> None:
    peaks = []
    for chunks in (10, 100):
        tracemalloc.start()
        async for _ in write(table(many(chunks))):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + 3_000_000
    assert peaks[1] < 20_000_000
