"""The form of a tag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.fields import MAX_TAG, Form, TagNames, parse
from quart_app.forms.tags import TagForm


class Several(Form):
    tags: TagNames


@pytest.mark.parametrize("typed", ["ops", "#ops", " # ops ", "##ops"])
def test_a_hash_before_the_name_may_stand_or_not(typed: str) -> None:
    assert parse(TagForm, {"name": typed}) == (TagForm(name="ops"), {})


@pytest.mark.parametrize("typed", ["", "#", "# #", " "])
def test_a_tag_needs_a_name(typed: str) -> None:
    assert parse(TagForm, {"name": typed}) == (None, {"name": "Enter a name."})


@pytest.mark.parametrize("typed", ["a, b", "a; b", "#a #b", "a,"])
def test_several_tags_at_once_are_refused(typed: str) -> None:
    form, errors = parse(TagForm, {"name": typed})
    assert form is None
    assert errors["name"].startswith("One tag at a time")


@given(st.text(max_size=80))
def test_a_tag_that_is_accepted_can_be_typed_on_an_entry(typed: str) -> None:
    form, errors = parse(TagForm, {"name": typed})
    assert (form is None) == bool(errors)
    if form is not None:
        assert 0 < len(form.name) <= MAX_TAG
        assert parse(Several, {"tags": form.name}) == (Several(tags=form.name), {})
        again, _ = parse(Several, {"tags": form.name})
        assert again is not None
        assert again.tags == (form.name,)
