"""Exports are tested on the database of an application that runs, with the cast signed in to it."""

from tests.support.cast import database

__all__ = ["database"]
