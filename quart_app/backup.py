"""chronos backup and chronos restore: where a backup goes and how it is called, and which of them may go."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quart_app import copies, dumps, migrations
from quart_app.drafts import SUFFIX, Refused, drafted, settle
from quart_app.settings import Settings

NAME = "chronos-%Y%m%dT%H%M%SZ"
NAMED = r"chronos-[0-9]{8}T[0-9]{6}Z"
OLD_DRAFT = timedelta(days=1)  # whoever wrote it is gone


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup that was made, its size in bytes, and the older ones that went for it."""

    path: Path
    size: int
    removed: tuple[Path, ...]


def back_up(settings: Settings, place: str | None, keep: int | None, now: datetime) -> Backup:
    """Back the database up into a file or a folder; without either, into `backups` beside Chronos' own files.

    With `keep`, only so many backups of this kind stay in the folder, the newest. Raises Refused.
    """
    target = _target(settings, place, now)
    if keep is not None and not re.fullmatch(NAMED, target.stem):
        raise Refused("--keep needs a folder: only backups that Chronos named itself are ever removed.")
    with drafted(target) as draft:
        if (live := settings.database.sqlite_path) is not None:
            if not live.exists():
                raise Refused(f"There is no database {live}, so there is nothing to back up.")
            copies.copy_to(live, draft)
            copies.find_revision(draft, live)
        else:
            dumps.dump(settings.direct, draft)
        settle(draft, target)
    return Backup(target, target.stat().st_size, tuple(_rotate(target, keep, now)) if keep else ())


def _target(settings: Settings, place: str | None, now: datetime) -> Path:
    suffix = ".db" if settings.is_sqlite else ".dump"
    folder = Path(place).expanduser() if place else settings.keep_dir / "backups"
    try:
        if not place:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif place.endswith("/"):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{folder} can't be made: {error.strerror or error}.") from error
    if not folder.is_dir():
        if folder.exists():
            raise Refused(f"{folder} is there already, and nothing is written over. Choose another name.")
        if not folder.parent.is_dir():
            raise Refused(f"There is no folder {folder.parent}.")
        return folder
    moment = now.astimezone(UTC)
    while (target := folder / f"{moment:{NAME}}{suffix}").exists():
        moment += timedelta(seconds=1)
    return target


def _rotate(newest: Path, keep: int, now: datetime) -> list[Path]:
    """Remove what is older than the newest `keep`, and drafts that were left by a process killed long ago."""
    mine = re.compile(NAMED + re.escape(newest.suffix))
    found = sorted(path for path in newest.parent.iterdir() if mine.fullmatch(path.name) and path.is_file())
    old = found[:-keep]
    limit = (now - OLD_DRAFT).timestamp()
    left = re.compile(rf"\.{NAMED}\.(db|dump)\.[0-9a-f]+{re.escape(SUFFIX)}(-journal)?")
    drafts = [path for path in newest.parent.iterdir() if left.fullmatch(path.name)]
    try:
        for path in [*old, *(path for path in drafts if path.stat().st_mtime < limit)]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise Refused(
            f"{newest} was made, but {error.filename} can't be removed: {error.strerror or error}."
        ) from error
    return old


def restore(settings: Settings, file: Path, now: datetime) -> list[str]:
    """Put the backup in the database's place, and say in lines what was done. Raises Refused, SchemaTooNew."""
    try:
        is_sqlite, is_dump = copies.is_database(file), dumps.is_dump(file)
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror or error}.") from error
    live, place = settings.database.sqlite_path, settings.database.place
    if not is_sqlite and not is_dump:
        raise Refused(
            f"{file} is no backup of Chronos: it is neither a SQLite database nor one of pg_dump's."
        )
    if is_sqlite != settings.is_sqlite:
        kinds = ("SQLite", "PostgreSQL") if is_sqlite else ("PostgreSQL", "SQLite")
        raise Refused(
            f"{file} is a backup of {kinds[0]}, and {place} is {kinds[1]}: a backup fits only its kind."
        )
    if live is None:
        return _restore_dump(settings, file)
    if live.exists() and file.samefile(live):
        raise Refused(f"{file} is the database itself.")
    moment = now.astimezone(UTC)
    while (aside := live.with_name(f"{live.name}.before-restore-{moment:%Y%m%dT%H%M%SZ}")).exists():
        moment += timedelta(seconds=1)
    was_there = copies.restore(file, live, aside, migrations.refuse_newer)
    lines = [f"{live} is now as in {file}."]
    if was_there:
        lines.append(f"What was there before is kept in {aside}.")
    return [*lines, "Start Chronos: it migrates, should the backup be of an older version."]


def _restore_dump(settings: Settings, file: Path) -> list[str]:
    contents = dumps.read(file)
    migrations.refuse_newer(contents.revision)
    target = dumps.look_at(settings.direct, contents.schema, is_pooled=settings.direct_database is not None)
    if target.revision is None or migrations.is_known(target.revision):
        strangers = target.tables - migrations.tables() - contents.tables
        if strangers:
            raise Refused(
                f"{settings.direct.place} holds tables that are not Chronos': {', '.join(sorted(strangers))}. "
                "A restore empties its database first, so Chronos needs one of its own."
            )
    dumps.restore(settings.direct, file, contents.schema)
    return [
        f"{settings.direct.place} is now as in {file}.",
        "Start Chronos: it migrates, should the backup be of an older version.",
    ]
