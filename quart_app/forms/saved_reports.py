"""The forms of a saved report: what it is called, which report it is, whom it is for."""

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from quart_app.fields import Form, Name

# Of an address, as it is sent; what is saved is shorter (tables.py).
MOST_SENT = 20_000
MOST_SAVED = 5000


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Query = Annotated[str, StringConstraints(max_length=MOST_SENT)]
Shared = Annotated[bool, BeforeValidator(lambda value: _none_if_blank(value) or False)]


class SaveForm(Form):
    """A new one. Without a query it is the report of this month by project."""

    name: Name
    query: Query = ""
    is_shared: Shared = False


class UpdateForm(Form):
    """What is to change; what is not sent stays."""

    name: Name | None = None
    query: Query | None = None
    is_shared: Annotated[bool | None, BeforeValidator(_none_if_blank)] = None

    @property
    def values(self) -> dict[str, str | bool]:
        """What is to change, by column."""
        found = {"name": self.name, "query": self.query, "is_shared": self.is_shared}
        return {name: value for name, value in found.items() if value is not None}
