"""What stands in a description as @project and #tag: what is taken, what is left, what is asked."""

from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.forms import typed
from quart_app.forms.typed import Read, escape

SPACE = UUID(int=0)


@dataclass(frozen=True)
class Project:
    id: UUID
    name: str


def project(name: str) -> Project:
    return Project(uuid5(SPACE, name), name)


PROJECTS = [project(name) for name in ("Website Redesign", "Web shop", "Platform", "Über uns", "2026")]
TAGS = ["urgent", "bug", "code review", "Café"]
IDS = {one.name: one.id for one in PROJECTS}


def read(text: str, kept: str = "", **answers: str) -> Read:
    return typed.read(text, PROJECTS, TAGS, typed.answers(answers), kept)


@pytest.mark.parametrize(
    ("text", "description", "name", "tags"),
    [
        ("Fix login @platform #bug, #urgent", "Fix login", "Platform", ("bug", "urgent")),
        ("@plat fix it", "fix it", "Platform", ()),
        ("Fix @pltform now", "Fix now", "Platform", ()),
        ("Say hello @uber", "Say hello", "Über uns", ()),
        ("Fix @wr", "Fix", "Website Redesign", ()),
        ('Fix @"web shop" now', "Fix now", "Web shop", ()),
        ("Fix @“Web shop” now", "Fix now", "Web shop", ()),
        ("Fix @Web shop now!", "Fix now!", "Web shop", ()),
        ('Plan @"2026"', "Plan", "2026", ()),
        ("@platform: fix it", "fix it", "Platform", ()),
        ("Ship it #urgent!", "Ship it!", None, ("urgent",)),
        ("Read #code review, then sleep", "Read then sleep", None, ("code review",)),
        ("Read (#bug #urgent) twice", "Read twice", None, ("bug", "urgent")),
        ("Sit in the #cafe", "Sit in the", None, ("Café",)),
        ("#URGENT #urgent", "", None, ("urgent",)),
        ("@platform and @web", "and @web", "Platform", ()),
    ],
)
def test_names_are_taken_out_of_the_text(
    text: str, description: str, name: str | None, tags: tuple[str, ...]
) -> None:
    assert read(text) == Read(description, IDS.get(name or ""), tags)


@pytest.mark.parametrize(
    "text",
    [
        "Answer ada@platform.example",
        "Learn C# and F#",
        "Close #12, #3456 and #1.2",
        "Meet @10:30 or @ noon",
        "# A heading",
        "Mail @ada@social.example",
        "Write #/path and @/src",
        "Look at page#bug",
        "a @ b # c",
        '@"" and #""',
        "#" + "x" * 61,
    ],
)
def test_what_only_looks_like_a_name_stays(text: str) -> None:
    assert read(text) == Read(text)


@pytest.mark.parametrize(
    ("text", "description"),
    [(r"Mail \@platform", "Mail @platform"), (r"\#bug \\#bug", r"#bug \#bug"), (r"C:\#bug", r"C:\#bug")],
)
def test_a_backslash_makes_it_a_sign_like_others(text: str, description: str) -> None:
    assert read(text) == Read(description)


def test_two_projects_that_begin_so_are_asked_about() -> None:
    found = read("Fix @web now")
    assert (found.description, found.project) == ("Fix @web now", None)
    (question,) = found.questions
    assert [choice.name for choice in question.choices] == ["Website Redesign", "Web shop"]
    answered = read("Fix @web now", which=question.choices[1].answer)
    assert answered == Read("Fix now", IDS["Web shop"])


def test_what_is_not_there_is_asked_about_and_made_only_when_confirmed() -> None:
    found = read("Paint @garden #fun")
    assert [(one.sign, one.name, one.choices) for one in found.questions] == [
        ("@", "garden", ()),
        ("#", "fun", ()),
    ]
    one = read("Paint @garden #fun", create='@"garden"')
    assert (one.new_project, [question.name for question in one.questions]) == ("garden", ["fun"])
    both = read("Paint @garden #fun", create='@"garden",#"fun"')
    assert both == Read("Paint", None, ("fun",), "garden", ("fun",))


def test_a_confirmation_is_for_that_name_alone() -> None:
    found = read("Paint @gardens", create='@"garden"')
    assert found.new_project is None
    assert len(found.questions) == 1


def test_a_tag_that_is_nearly_there_is_offered_and_not_just_taken() -> None:
    (question,) = read("Hurry #urgnet").questions
    assert [choice.answer for choice in question.choices] == ["#urgent"]
    assert read("Hurry #urgnet", which="#urgent") == Read("Hurry", None, ("urgent",))


def test_what_shall_stay_in_the_text_stays() -> None:
    assert read("Thank @anna for #joy", plain='@"anna",#"joy"') == Read("Thank @anna for #joy")


def test_what_stood_in_the_text_before_is_not_asked_about_again() -> None:
    assert read("Thank @anna again", kept="Thank @anna") == Read("Thank @anna again")
    assert len(read("Thank @annas", kept="Thank @anna").questions) == 1


def test_the_answer_of_a_question_is_read_as_the_name_it_is_about() -> None:
    for text in ('Paint @"a, b; c"', "Paint #straße", "@x"):
        (question,) = read(text).questions
        assert not read(text, create=question.answer).questions


lines = st.text(max_size=120).map(lambda text: " ".join(text.split()))
signs = st.lists(
    st.sampled_from(
        ["@", "#", "\\", '"', "“", "”", " ", "web", "bug", "12", ",", ".", "(", ")", "é", "🎉", "plat"]
    ),
    max_size=30,
).map(lambda parts: " ".join("".join(parts).split()))


@given(
    text=st.one_of(lines, signs),
    kept=lines,
    fields=st.dictionaries(st.sampled_from(["create", "plain", "which"]), st.one_of(lines, signs)),
)
def test_nothing_that_is_typed_breaks_it(text: str, kept: str, fields: dict[str, str]) -> None:
    found = typed.read(text, PROJECTS, TAGS, typed.answers(fields), kept)
    assert len(found.description) <= len(text)
    assert found.description == " ".join(found.description.split())
    assert found.project is None or found.project in IDS.values()
    assert set(found.new_tags) <= set(found.tags)
    for tag in found.tags:
        assert 0 < len(tag) <= 60


@given(text=st.one_of(lines, signs))
def test_an_escaped_text_is_read_as_itself(text: str) -> None:
    assert typed.read(escape(text), PROJECTS, TAGS) == Read(text)


@given(text=st.one_of(lines, signs))
def test_with_every_question_answered_none_is_left(text: str) -> None:
    asked = typed.read(text, PROJECTS, TAGS).questions
    answered = typed.read(
        text, PROJECTS, TAGS, typed.answers({"plain": ",".join(one.answer for one in asked)})
    )
    assert not {one.key for one in answered.questions} & {one.key for one in asked}
