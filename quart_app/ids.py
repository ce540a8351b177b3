"""Keys of rows: UUIDv7 (RFC 9562), which sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh key. A client may send one of its own instead, which makes a retry harmless."""
    return uuid7()
