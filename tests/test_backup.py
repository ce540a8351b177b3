"""chronos backup and chronos restore: a consistent copy while people work, and all of it back again."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from quart_app import backup, copies, migrations
from quart_app.db import Conflict
from quart_app.drafts import Refused, drafted
from quart_app.ids import new_id
from quart_app.settings import Settings
from quart_app.tables import changes, clients, workspaces
from tests.support.backups import NOW, filled, opened, rows_of, spoilt
from tests.support.backups import empty as empty
from tests.support.backups import folder as folder
from tests.support.backups import good as good
from tests.support.backups import programs as programs

# ---- There and back


async def test_all_comes_back_into_a_database_that_went_on(settings: Settings, folder: Path) -> None:
    before = await filled(settings)
    assert before["entries"]
    assert before["changes"]
    made = backup.back_up(settings, str(folder), None, NOW)
    await spoilt(settings)
    lines = backup.restore(settings, made.path, NOW)
    assert str(made.path) in lines[0]
    async with opened(settings) as database:
        assert await rows_of(database) == before
        assert (await migrations.upgrade(database)).is_current


async def test_all_comes_back_into_an_empty_database(
    settings: Settings, empty: Settings, folder: Path
) -> None:
    before = await filled(settings)
    made = backup.back_up(settings, str(folder), None, NOW)
    backup.restore(empty, made.path, NOW)
    async with opened(empty) as database:
        assert await rows_of(database) == before
        assert (await migrations.upgrade(database)).is_current


async def test_what_is_restored_keeps_the_rules_of_the_schema(settings: Settings, folder: Path) -> None:
    await filled(settings)
    backup.restore(settings, backup.back_up(settings, str(folder), None, NOW).path, NOW)
    async with opened(settings) as database:
        with pytest.raises(Conflict):
            async with database.writing() as db:
                await db.execute(sa.delete(changes))
        async with database.reading() as db:
            assert await db.scalar(sa.select(sa.func.count()).select_from(changes))


async def test_a_backup_taken_while_others_write_holds_one_moment(settings: Settings, folder: Path) -> None:
    """Each write makes a client and raises the workspace's revision, in one transaction: no backup parts them."""
    workspace = new_id()
    async with opened(settings) as database:
        async with database.writing() as db:
            await db.execute(
                sa.insert(workspaces).values(id=workspace, name="Ours", revision=0, created_at=NOW)
            )
        done, warm, copied = 0, asyncio.Event(), asyncio.Event()

        async def work() -> None:
            nonlocal done
            while not copied.is_set():
                async with database.writing() as db:
                    name = f"client {done}"
                    await db.execute(
                        sa.insert(clients).values(
                            workspace_id=workspace,
                            id=new_id(),
                            name=name,
                            name_key=name,
                            created_at=NOW,
                            updated_at=NOW,
                        )
                    )
                    await db.execute(sa.update(workspaces).values(revision=workspaces.c.revision + 1))
                done += 1
                if done == 20:
                    warm.set()

        working = asyncio.create_task(work())
        try:
            await asyncio.wait_for(warm.wait(), 30)
            first = done
            made = [
                await asyncio.to_thread(backup.back_up, settings, str(folder), None, NOW) for _ in range(3)
            ]
        finally:
            copied.set()
            await working
    assert done > first
    counts: list[int] = []
    for one in made:
        backup.restore(settings, one.path, NOW + timedelta(seconds=len(counts)))
        async with opened(settings) as database, database.reading() as db:
            revision = await db.scalar(sa.select(workspaces.c.revision))
            counts.append(await db.scalar(sa.select(sa.func.count()).select_from(clients)) or 0)
        assert counts[-1] == revision
    assert first <= counts[0] <= counts[1] <= counts[2] <= done


# ---- Names and rotation


def test_a_backup_is_named_by_its_time_and_is_for_its_owner_alone(settings: Settings, folder: Path) -> None:
    made = backup.back_up(settings, str(folder), None, NOW)
    suffix = "db" if settings.is_sqlite else "dump"
    assert made.path == folder / f"chronos-20261122T160005Z.{suffix}"
    assert made.size == made.path.stat().st_size > 0
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert [*folder.iterdir()] == [made.path]
    assert backup.back_up(settings, str(folder), None, NOW).path.stem == "chronos-20261122T160006Z"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_old_backups_of_the_same_kind_go(settings: Settings, folder: Path) -> None:
    others = ("chronos-20200101T000000Z.dump", "chronos-2020.db", "chronos-20200101T000000Z.db.gz", "mine.db")
    for name in (*others, "chronos-20200101T000000Z.db", "chronos-20200102T000000Z.db"):
        (folder / name).touch()
    left = folder / ".chronos-20200101T000000Z.db.0a1b2c3d.draft"
    left.touch()
    os.utime(left, (0, 0))
    made = backup.back_up(settings, str(folder), 2, NOW)
    assert [path.name for path in made.removed] == ["chronos-20200101T000000Z.db"]
    assert {path.name for path in folder.iterdir()} == {
        *others,
        "chronos-20200102T000000Z.db",
        made.path.name,
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_place_backups_lie_beside_the_database(settings: Settings, tmp_path: Path) -> None:
    made = backup.back_up(settings, None, None, NOW)
    assert made.path.parent == tmp_path / "backups"
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_written_over(settings: Settings, tmp_path: Path, folder: Path) -> None:
    for place in (tmp_path / "chronos.db", folder / "there.db"):
        place.touch()
        with pytest.raises(Refused, match="nothing is written over"):
            backup.back_up(settings, str(place), None, NOW)
    with pytest.raises(Refused, match="There is no folder"):
        backup.back_up(settings, str(folder / "no" / "where.db"), None, NOW)
    with pytest.raises(Refused, match="--keep needs a folder"):
        backup.back_up(settings, str(folder / "mine.db"), 1, NOW)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_that_fails_leaves_nothing_behind(settings: Settings, tmp_path: Path, folder: Path) -> None:
    live = tmp_path / "chronos.db"
    live.write_bytes(live.read_bytes()[:20_000])
    with pytest.raises(Refused, match=r"chronos\.db (is damaged|can't be copied)"):
        backup.back_up(settings, str(folder), None, NOW)
    live.unlink()
    with pytest.raises(Refused, match="nothing to back up"):
        backup.back_up(settings, str(folder), None, NOW)
    assert not [*folder.iterdir()]


def test_a_draft_on_a_full_disk_is_said_in_words(folder: Path) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    with (
        pytest.raises(Refused, match=r"a\.db can't be written: No space left on device"),
        drafted(folder / "a.db"),
    ):
        fail()
    assert not [*folder.iterdir()]


# ---- What is not restored


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_restore_keeps_what_was_there_before(settings: Settings, good: Path, tmp_path: Path) -> None:
    asyncio.run(filled(settings))
    lines = backup.restore(settings, good, NOW)
    aside = tmp_path / "chronos.db.before-restore-20261122T160005Z"
    assert str(aside) in lines[1]
    with closing(sqlite3.connect(aside)) as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone()[0]
    with closing(sqlite3.connect(tmp_path / "chronos.db")) as db:
        assert not db.execute("SELECT count(*) FROM entries").fetchone()[0]
    assert not [*tmp_path.glob("chronos.db-*")]
    backup.restore(settings, good, NOW)
    assert len([*tmp_path.glob("chronos.db.before-restore-*")]) == 2


HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA journal_mode=WAL")
db.execute("SELECT count(*) FROM users").fetchone()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_in_use_is_left_alone(settings: Settings, good: Path, tmp_path: Path) -> None:
    """Whoever has it open need not be doing anything."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "chronos.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(Refused, match="is in use: stop Chronos"):
            backup.restore(settings, good, NOW)
        assert not [*tmp_path.glob("*before*"), *tmp_path.glob(".*draft*")]
        holder.communicate()
    backup.restore(settings, good, NOW)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damaged_database_is_replaced_with_its_log(settings: Settings, good: Path, tmp_path: Path) -> None:
    live = tmp_path / "chronos.db"
    live.write_bytes(b"no database any more" * 1000)
    for ending in ("-wal", "-shm"):
        live.with_name(live.name + ending).write_bytes(b"x" * 5000)
    backup.restore(settings, good, NOW)
    kept = {path.name.removeprefix("chronos.db") for path in tmp_path.glob("chronos.db*")}
    stamp = ".before-restore-20261122T160005Z"
    assert kept == {"", stamp, f"{stamp}-wal"}
    assert copies.find_revision(live, live) == copies.find_revision(good, good)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_no_backup_of_chronos_is_refused(settings: Settings, good: Path, tmp_path: Path) -> None:
    live = tmp_path / "chronos.db"
    was = live.read_bytes()
    words, other, short, newer = (
        good.with_name(name) for name in ("a.txt", "other.db", "short.db", "newer.db")
    )
    words.write_text("Dear diary")
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE entries (id)")
        db.commit()
    short.write_bytes(good.read_bytes()[:30_000])
    shutil.copyfile(good, newer)
    with closing(sqlite3.connect(newer)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    for path, told in (
        (words, "is no backup of Chronos"),
        (other, "holds no tables of Chronos"),
        (short, "damaged|malformed"),
        (live, "is the database itself"),
        (good.with_name("nowhere.db"), "can't be read"),
    ):
        with pytest.raises(Refused, match=told):
            backup.restore(settings, path, NOW)
    with pytest.raises(migrations.SchemaTooNew, match="is at schema 9999"):
        backup.restore(settings, newer, NOW)
    assert live.read_bytes() == was
    assert {path.name for path in tmp_path.iterdir()} >= {"chronos.db", "kept"}
    assert not [*tmp_path.glob("*before*"), *tmp_path.glob(".*draft*")]
