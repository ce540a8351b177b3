"""Where an entry belongs, as a form's one field says it."""

from uuid import UUID

import pytest

from quart_app.places import Place

PROJECT = UUID("01a202ca-6d9c-7769-b89c-218a9727db65")
TASK = UUID("01a202ca-6d9c-7769-b89c-218a9727db66")


@pytest.mark.parametrize("place", [Place(PROJECT), Place(PROJECT, TASK)])
def test_what_is_written_is_read_again(place: Place) -> None:
    assert Place.read(str(place)) == place
    assert Place.read(f" {place} ") == place


def test_a_task_alone_is_nowhere() -> None:
    assert Place.of(None, TASK) is None
    assert Place.of(PROJECT, None) == Place(PROJECT)


@pytest.mark.parametrize(
    "text",
    ["", "/", f"{PROJECT}/", f"/{TASK}", f"{PROJECT}/{TASK}/", f"{PROJECT}/{TASK}/{TASK}", "x/y", "9" * 400],
)
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        Place.read(text)
