"""The form of a client."""

from hypothesis import given
from hypothesis import strategies as st

from quart_app.columns import MAX_NAME
from quart_app.fields import parse
from quart_app.forms.clients import ClientForm


def test_blanks_around_and_within_a_name_are_put_in_order() -> None:
    assert parse(ClientForm, {"name": "\t Acme \r\n GmbH "}) == (ClientForm(name="Acme GmbH"), {})


def test_a_client_needs_a_name() -> None:
    assert parse(ClientForm, {}) == (None, {"name": "Fill this in."})
    assert parse(ClientForm, {"name": " "}) == (None, {"name": "Enter a name."})
    assert parse(ClientForm, {"name": "x" * 121}) == (None, {"name": "Keep this to 120 characters or fewer."})


@given(st.text(max_size=200))
def test_whatever_is_typed_gives_a_name_that_can_be_stored_or_a_message(typed: str) -> None:
    form, errors = parse(ClientForm, {"name": typed})
    assert (form is None) == bool(errors)
    if form is not None:
        assert 0 < len(form.name) <= MAX_NAME
        assert "\x00" not in form.name
