"""Files that are either there whole or not at all: written as a draft beside their place, then renamed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".draft"


class Refused(Exception):
    """A backup or a restore that can't be done. Its text is for people: why, and what to do."""


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """An empty file beside the target, for its owner alone. It is gone after the block, unless settle() took it.

    Raises Refused when the folder can't be written to, or its disk is full.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft
    except OSError as error:
        raise Refused(f"{target} can't be written: {error.strerror or error}.") from error
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)


def settle(draft: Path, target: Path) -> None:
    """Make the draft the target, with all of it on the disk before anybody finds it there. Raises OSError."""
    _sync(draft)
    draft.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
