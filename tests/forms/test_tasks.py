"""The form of a task, and the field that a task is picked in."""

from uuid import UUID

import pytest

from quart_app.fields import parse
from quart_app.forms.entries import What
from quart_app.forms.tasks import TaskForm
from quart_app.places import Place

PROJECT = UUID("01a202ca-6d9c-7769-b89c-218a9727db65")
TASK = UUID("01a202ca-6d9c-7769-b89c-218a9727db66")


def test_a_name_is_one_line_without_what_deceives() -> None:
    form, errors = parse(TaskForm, {"name": "  Design \u202e  and  build\x00 "})
    assert (form and form.name, errors) == ("Design and build", {})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Fill this in."),
        ({"name": " "}, "Enter a name."),
        ({"name": "x" * 121}, "Keep this to 120 characters or fewer."),
    ],
)
def test_what_is_no_name_is_told_at_its_field(fields: dict[str, str], message: str) -> None:
    assert parse(TaskForm, fields) == (None, {"name": message})


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("", None),
        (" ", None),
        (str(PROJECT), Place(PROJECT)),
        (f"{PROJECT}/{TASK}", Place(PROJECT, TASK)),
    ],
)
def test_one_field_says_project_and_task(typed: str, place: Place | None) -> None:
    form, errors = parse(What, {"project": typed})
    assert form is not None
    assert (form.project, errors) == (place, {})
    assert (form.project_id, form.task_id) == ((place.project, place.task) if place else (None, None))


@pytest.mark.parametrize(
    "typed", ["Design", f"{PROJECT}/", f"/{TASK}", f"{PROJECT}/{TASK}/{TASK}", "9" * 30_000]
)
def test_what_is_not_offered_is_told_at_that_field(typed: str) -> None:
    assert parse(What, {"project": typed}) == (None, {"project": "Choose one from the list."})
