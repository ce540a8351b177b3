"""Routes are tested on the database of an application that runs, with the cast signed in to it."""

from datetime import UTC, datetime

import pytest

from quart_app import periods
from tests.support.cast import database

__all__ = ["database"]

# A Sunday, 15:00 in Berlin, where alice is.
NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)


@pytest.fixture
def afternoon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is NOW: for those who type dates, and look at how days are called and where midnight falls."""
    monkeypatch.setattr(periods, "now", lambda: NOW)
