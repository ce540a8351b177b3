"""The form of a project, by what people may type into it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.columns import MAX_NAME
from quart_app.fields import parse
from quart_app.forms.projects import COLOUR_NAMES, ProjectForm
from quart_app.tables import COLOURS, MAX_DESCRIPTION


def test_a_name_is_enough() -> None:
    form, errors = parse(ProjectForm, {"name": " Website \t Redesign "})
    assert errors == {}
    assert form == ProjectForm(name="Website Redesign")
    assert (form.description, form.client, form.new_client, form.colour, form.is_billable) == (
        "",
        None,
        "",
        1,
        False,
    )


def test_a_form_without_a_name_is_refused() -> None:
    assert parse(ProjectForm, {}) == (None, {"name": "Fill this in."})
    assert parse(ProjectForm, {"name": "\n"}) == (None, {"name": "Enter a name."})


def test_all_that_is_wrong_is_told_at_once() -> None:
    typed = {"name": "", "client": "acme", "colour": "0", "is_billable": "so-so", "description": "x" * 5001}
    assert parse(ProjectForm, typed)[1].keys() == typed.keys()


@pytest.mark.parametrize("typed", ["1", "on", "true"])
def test_a_ticked_box_is_billable(typed: str) -> None:
    form, _ = parse(ProjectForm, {"name": "Website", "is_billable": typed})
    assert form is not None
    assert form.is_billable


def test_every_colour_has_a_name_of_its_own() -> None:
    assert len(set(COLOUR_NAMES)) == COLOURS
    for number in range(1, COLOURS + 1):
        form, errors = parse(ProjectForm, {"name": "Website", "colour": str(number)})
        assert (form is not None, errors) == (True, {})


def test_fields_that_are_not_the_forms_are_ignored() -> None:
    form, errors = parse(ProjectForm, {"name": "Website", "archived_at": "now", "workspace_id": "1"})
    assert (form, errors) == (ProjectForm(name="Website"), {})


@given(
    st.dictionaries(
        st.sampled_from(sorted(ProjectForm.model_fields)), st.text(max_size=200) | st.just("x" * 6000)
    )
)
def test_whatever_is_typed_gives_values_that_can_be_stored_or_messages(typed: dict[str, str]) -> None:
    form, errors = parse(ProjectForm, typed)
    assert (form is None) == bool(errors)
    assert errors.keys() <= ProjectForm.model_fields.keys()
    assert all(errors.values())
    if form is not None:
        assert 0 < len(form.name) <= MAX_NAME
        assert len(form.new_client) <= MAX_NAME
        assert len(form.description) <= MAX_DESCRIPTION
        assert 1 <= form.colour <= COLOURS
        assert "\x00" not in form.name + form.description + form.new_client
