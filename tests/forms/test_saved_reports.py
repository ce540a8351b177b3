"""The forms of a saved report."""

import pytest

from quart_app.fields import parse
from quart_app.forms.saved_reports import MOST_SENT, SaveForm, UpdateForm


def test_a_name_is_all_that_is_needed() -> None:
    form, errors = parse(SaveForm, {"name": "  Client \x00 report "})
    assert errors == {}
    assert form is not None
    assert (form.name, form.query, form.is_shared) == ("Client report", "", False)


@pytest.mark.parametrize(("sent", "is_shared"), [("1", True), ("0", False), ("", False), (" ", False)])
def test_whom_it_is_for_is_one_of_two(sent: str, is_shared: bool) -> None:
    form, _errors = parse(SaveForm, {"name": "Client", "is_shared": sent})
    assert form is not None
    assert form.is_shared is is_shared


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 121), ("is_shared", "9"), ("query", "x" * (MOST_SENT + 1))],
)
def test_what_is_wrong_is_told_at_its_field(field: str, value: str) -> None:
    for kind in (SaveForm, UpdateForm):
        form, errors = parse(kind, {"name": "Client", field: value})
        assert form is None
        assert list(errors) == [field]


def test_what_is_not_sent_stays() -> None:
    form, _errors = parse(UpdateForm, {})
    assert form is not None
    assert form.values == {}
    form, _errors = parse(UpdateForm, {"name": "Client", "query": "", "is_shared": "0"})
    assert form is not None
    assert form.values == {"name": "Client", "query": "", "is_shared": False}
