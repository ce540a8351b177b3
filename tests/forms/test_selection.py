"""The form of several entries: what it leaves as it is, and what it asks for."""

import pytest

from quart_app.forms.selection import KEEP, MOST, SelectionForm, count_error, parse_selection
from quart_app.places import Place

KEY = "01a202ca-6d9c-7769-b89c-218a9727db65"


def good(**fields: str) -> SelectionForm:
    form, errors = parse_selection(fields, 1)
    assert errors == {}
    assert form is not None
    return form


def test_what_is_not_sent_stays_as_it_is() -> None:
    form = good(billable="no")
    assert (form.project, form.tags, form.tag_mode, form.billable) == (KEEP, (), "add", "no")


@pytest.mark.parametrize(
    ("typed", "project"),
    [("", None), (KEEP, KEEP), (KEY, Place.read(KEY)), (f"{KEY}/{KEY}", Place.read(f"{KEY}/{KEY}"))],
)
def test_no_project_is_not_the_same_as_the_one_there_is(typed: str, project: object) -> None:
    form = good(project=typed, billable="yes")
    assert form.project == project
    assert form.place == (project if isinstance(project, Place) else None)


def test_replacing_by_nothing_takes_all_tags_away() -> None:
    assert good(tag_mode="replace").tags == ()


@pytest.mark.parametrize("fields", [{}, {"project": KEEP}, {"tag_mode": "add", "tags": " , "}])
def test_a_form_that_says_nothing_is_asked_what_it_means(fields: dict[str, str]) -> None:
    form, errors = parse_selection(fields, 1)
    assert form is None
    assert set(errors) == {"form"}


@pytest.mark.parametrize("name", ["project", "billable", "tag_mode"])
def test_what_is_not_offered_is_refused_at_its_field(name: str) -> None:
    form, errors = parse_selection({"tags": "ops", name: "other"}, 1)
    assert form is None
    assert set(errors) == {name}


def test_one_to_five_hundred_may_be_selected() -> None:
    assert [count_error(count) is None for count in (0, 1, MOST, MOST + 1)] == [False, True, True, False]
