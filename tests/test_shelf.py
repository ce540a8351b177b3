"""What is kept, and what has to go."""

from quart_app.shelf import Shelf


def test_the_one_that_was_not_used_for_longest_goes() -> None:
    shelf: Shelf[str, int] = Shelf()
    for key, value in (("a", 1), ("b", 2)):
        shelf.keep(key, value, 2)
    assert shelf.use("a") == 1
    shelf.keep("c", 3, 2)
    assert list(shelf.items()) == [("a", 1), ("c", 3)]


def test_what_is_kept_again_takes_no_more_room_and_counts_as_used() -> None:
    shelf: Shelf[str, int] = Shelf()
    for key, value in (("a", 1), ("b", 2), ("a", 3)):
        shelf.keep(key, value, 2)
    assert list(shelf.items()) == [("b", 2), ("a", 3)]


def test_what_is_not_there_is_none_and_nothing_comes_of_asking() -> None:
    shelf: Shelf[str, int] = Shelf()
    assert shelf.use("a") is None
    assert not shelf
