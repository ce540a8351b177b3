"""How well a few letters fit a text: in which order, with which letters marked, and never slowly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app import fuzzy

TITLES = ["Website Redesign", "Web shop", "Weekly sync", "Settle on the calendar grid", "Über uns"]


def found(typed: str, texts: list[str] = TITLES) -> list[str]:
    return [text for text, _ in fuzzy.rank(typed, texts, lambda text: (text,), 9)]


def marked(typed: str, text: str) -> str:
    fit = fuzzy.match(typed, text)
    assert fit is not None
    for start, end in reversed(fit.marks[0]):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("web", "[Web]site Redesign"),
        ("wr", "[W]ebsite [R]edesign"),
        ("webred", "[Web]site [Red]esign"),
        ("design", "Website Re[design]"),
        ("wbste", "[W]e[b][s]i[te] Redesign".replace("[b][s]", "[bs]")),
        ("wesbite", "[Website] Redesign"),
        ("redesing", "Website [Redesign]"),
        ("red web", "[Web]site [Red]esign"),
        ("WEB", "[Web]site Redesign"),
    ],
)
def test_the_letters_that_were_typed_are_marked(typed: str, expected: str) -> None:
    assert marked(typed, "Website Redesign") == expected


@pytest.mark.parametrize(
    ("typed", "text"), [("uber", "Über uns"), ("Über", "uber uns"), ("lodz", "Łódź"), ("strasse", "Straße")]
)
def test_accents_and_case_make_no_difference(typed: str, text: str) -> None:
    assert fuzzy.match(typed, text) is not None


def test_an_accent_typed_apart_is_the_same_letter() -> None:
    assert marked("café", "Cafe\u0301 au lait") in ("[Cafe\u0301] au lait", "[Cafe]\u0301 au lait")


@pytest.mark.parametrize("typed", ["xyz", "web xyz", "wrx", "nothing-like-it", "sub"])
def test_what_does_not_fit_is_not_found(typed: str) -> None:
    assert found(typed) == []


def test_beginnings_come_before_parts_and_slips_come_last() -> None:
    texts = ["Cobweb", "Wbe", "Big web", "Web", "Website"]
    assert found("web", texts) == ["Web", "Big web", "Website", "Cobweb"]
    assert found("website", ["Wesbite", "Old website", "Website"]) == ["Website", "Old website", "Wesbite"]


def test_of_equals_the_earlier_comes_first_unless_a_bonus_speaks_for_the_other() -> None:
    texts = ["Plan A", "Plan B"]
    assert found("plan", texts) == texts
    ranked = fuzzy.rank("plan", texts, lambda text: (text,), 9, lambda text: 0.1 * (text == "Plan B"))
    assert [text for text, _ in ranked] == ["Plan B", "Plan A"]


def test_what_was_done_lately_or_often_comes_before_what_was_not() -> None:
    assert fuzzy.habit(0, 1) > fuzzy.habit(50, 1) > fuzzy.habit(250, 1)
    assert fuzzy.habit(50, 20) > fuzzy.habit(50, 1)
    assert fuzzy.habit(0, 10_000) < 0.32, "habit never makes up for a much worse fit"


def test_other_texts_count_too_but_for_less() -> None:
    items = [("Send letters", "Plan"), ("Plan the week", "")]
    ranked = fuzzy.rank("plan", items, lambda item: item, 9)
    assert [item for item, _ in ranked] == [items[1], items[0]]
    assert ranked[1][1].marks == ((), ((0, 4),))


def test_nothing_typed_fits_everything_as_it_comes() -> None:
    assert found("") == TITLES


words = st.text(max_size=80)


@given(typed=st.text(max_size=300), texts=st.lists(words, max_size=4))
def test_nothing_breaks_it_and_its_marks_lie_within_the_texts(typed: str, texts: list[str]) -> None:
    fit = fuzzy.match(typed, *texts)
    if fit is None:
        return
    assert 0 <= fit.quality <= 1.2001
    assert len(fit.marks) == len(texts)
    for text, marks in zip(texts, fit.marks, strict=True):
        edges = [edge for mark in marks for edge in mark]
        assert edges == sorted(set(edges))
        assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))


@given(text=st.text(alphabet=st.characters(categories=["L", "N", "Zs"]), min_size=1, max_size=60))
def test_a_text_fits_itself(text: str) -> None:
    assert fuzzy.match(text, text) is not None


@pytest.mark.parametrize(
    "typed", ["a" * 5000, "ab " * 2000, "xyzzyplugh deplyoment", "wwwwwwwwwwww", "🎉" * 500]
)
def test_however_much_is_typed_it_takes_no_longer_than_one_would_wait(typed: str) -> None:
    texts = [
        f"Some {word} of number {word}{number} deployment " * 20
        for number in range(300)
        for word in ("ab", "w")
    ]
    began = time.process_time()
    fuzzy.rank(typed, texts, lambda text: (text,), 8)
    assert time.process_time() - began < 2
