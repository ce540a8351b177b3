"""Data outlives its stack: backup and restore, an upgrade, a step back that is refused."""

import base64
import re
from collections.abc import Callable

import pytest

from tests.stack.conftest import Record
from tests.stack.engines import Engine
from tests.stack.load import Ledger, working
from tests.stack.people import Person
from tests.stack.stack import Stack, image_names
from tests.stack.waiting import Watch, until

BACKUPS = "/var/lib/chronos/backups"
EVERYTHING = """
SELECT name, rows, hash FROM (
  SELECT 'users' AS name, count(*) AS rows, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash FROM users t
  UNION ALL SELECT 'entries', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM entries t
  UNION ALL SELECT 'projects', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM projects t
  UNION ALL SELECT 'changes', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM changes t
  UNION ALL SELECT 'sessions', count(*), md5(string_agg(t.id::text, '|' ORDER BY t.id::text)) FROM sessions t
) all_of_them ORDER BY name;
"""
NEXT = '''"""A migration that only this test knows."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    # Long enough for all webs to come to it at the same time.
    op.execute("SELECT pg_sleep(3)")
    op.add_column("projects", sa.Column("rate_of_test", sa.Integer, server_default="7", nullable=False))
    op.execute("CREATE TABLE IF NOT EXISTS upgrades (at TIMESTAMPTZ DEFAULT clock_timestamp())")
    op.execute("INSERT INTO upgrades DEFAULT VALUES")
'''


@pytest.fixture(scope="module")
def worked(stack: Stack, people: list[Person]) -> Ledger:
    """Some work, so that there is something to keep."""
    stack.wait_healthy()
    with working(stack, people) as load:
        load.go_on(60)
    load.ledger.verify(stack)
    return load.ledger


def backup(stack: Stack, *command: str, check: bool = True) -> str:
    return stack.compose("run", "--rm", "--no-deps", "-T", "backup", *command, check=check)


def test_a_backup_is_restored_into_an_empty_stack(
    stack: Stack, worked: Ledger, new_stack: Callable[..., Stack], record: Record
) -> None:
    # Nothing may change between the backup and the look at what it holds.
    stack.compose("stop", "proxy")
    watch = Watch()
    said = backup(stack, "now")
    took = str(watch)
    before = stack.sql(EVERYTHING)
    stack.compose("start", "proxy")
    name = re.search(r"made (chronos-\d{8}T\d{6}Z\.dump)", said)
    assert name, said
    assert name[1] in backup(stack, "list")

    second = new_stack("second")
    second.up()
    assert second.value("SELECT count(*) FROM users") == "0"
    copy_backup(stack, second, name[1])
    assert "Stop the webs first" in backup(second, "restore", "latest", check=False), (
        "restored under the webs"
    )
    second.compose("stop", "web")
    watch = Watch()
    backup(second, "restore", "latest")
    restored = str(watch)
    assert second.sql(EVERYTHING) == before
    damaged = second.compose(
        *("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", "backup", "-c"),
        f"head -c $(( $(stat -c %s {BACKUPS}/{name[1]}) / 2 )) {BACKUPS}/{name[1]} > {BACKUPS}/half.dump;"
        " chronos-backup restore half.dump",
        check=False,
    )
    assert re.search("(?i)damaged|nothing was changed", damaged), damaged
    assert second.sql(EVERYTHING) == before, "half a backup was restored"
    second.compose("start", "web")
    second.wait_healthy()
    worked.verify(second)
    rows = {row[0]: row[1] for row in before}
    record("backup, restore", f"{took}, {restored}: {rows['entries']} entries, {rows['changes']} changes")
    second.down()


def copy_backup(source: Stack, target: Stack, name: str) -> None:
    """By way of this machine, as an operator would carry it."""
    shell = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", "backup", "-c")
    dump = source.compose(*shell, f"base64 {BACKUPS}/{name}")
    encoded = "".join(re.findall(r"^[A-Za-z0-9+/]{76}$|^[A-Za-z0-9+/]{1,76}={0,2}$", dump, re.MULTILINE))
    target.compose(*shell, f"base64 -d > {BACKUPS}/{name}", stdin=encoded)


def test_old_backups_go_and_foreign_files_stay(stack: Stack, record: Record) -> None:
    """A backup a day for a hundred days: the newest 14 stay, and the newest of each month before them."""
    script = f"""
        cd {BACKUPS}; touch mine.dump chronos-notes.txt
        for day in $(seq 1 100); do : > "chronos-$(date -u -d "$day days ago" +%Y%m%d)T030000Z.dump"; done
    """
    shell = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "bash", "backup", "-c")
    stack.compose(*shell, script)
    backup(stack, "now")
    left = stack.compose(*shell, f"ls {BACKUPS}").split()
    dumps = sorted(name for name in left if re.fullmatch(r"chronos-\d{8}T\d{6}Z\.dump", name))
    newest = dumps[-14:]
    months = {name[8:14] for name in dumps}
    assert {"mine.dump", "chronos-notes.txt"} <= set(left)
    older = [name for name in dumps if name not in newest]
    assert len(older) == len({name[8:14] for name in older}), "more than one of a month is kept"
    assert len(months) >= 4
    assert 14 < len(dumps) <= 14 + 6
    record("rotation: of a hundred days' backups stay", len(dumps))


def test_the_service_makes_one_at_its_start(stack: Stack) -> None:
    count = len(re.findall(r"chronos-\d{8}T\d{6}Z\.dump", backup(stack, "list")))
    stack.compose("--profile", "backup", "up", "-d", "--no-build", "--pull", "never", "backup")
    until(lambda: "made chronos-" in stack.logs("backup"), "the service has made one", 30)
    assert count > 0
    watch = Watch()
    stack.compose("--profile", "backup", "stop", "backup")
    assert watch.seconds < 8
    assert stack.state(stack.containers("backup")[0])["ExitCode"] == 0


def test_an_upgrade_keeps_the_data_and_migrates_once(
    stack: Stack, worked: Ledger, engine: Engine, run_name: str, record: Record
) -> None:
    tag, old = f"{run_name}-next", stack.settings["CHRONOS_TAG"]
    revision = next_release(stack, engine, run_name, tag)
    try:
        before = stack.sql("SELECT id, description, started_at, ended_at FROM entries ORDER BY id")
        stack.set(CHRONOS_TAG=tag, CHRONOS_WEB_REPLICAS="3")
        watch = Watch()
        stack.up()
        took = str(watch)
        assert len(stack.containers("web")) == 3
        assert stack.value("SELECT version_num FROM alembic_version") == revision
        assert stack.value("SELECT count(*) FROM upgrades") == "1"
        assert [known["RestartCount"] for known in stack.inspect("web")] == [0] * 3, (
            "one was in another's way"
        )
        assert stack.sql("SELECT id, description, started_at, ended_at FROM entries ORDER BY id") == before
        stack.wait_ready()
        worked.verify(stack)
        record(
            "upgrade with three webs starting at once", f"{took}, migrated once, {len(before)} entries kept"
        )

        stack.set(CHRONOS_TAG=old)
        stack.up(wait=False)
        until(lambda: f"is at schema {revision}" in stack.logs("web"), "going back is refused in words", 60)
        assert "restore a backup" in stack.logs("web")
        assert stack.value("SELECT count(*) FROM upgrades") == "1"
        stack.set(CHRONOS_TAG=tag)
        stack.up()
        worked.verify(stack)
    finally:
        stack.down()
        engine.run("rmi", "--force", *image_names(tag), check=False)


def next_release(stack: Stack, engine: Engine, run_name: str, tag: str) -> str:
    """Images of a release that has one migration more; its revision."""
    before = stack.value("SELECT version_num FROM alembic_version")
    revision = f"{int(before) + 1:04}"
    migration = base64.b64encode(NEXT.format(revision=revision, before=before).encode()).decode()
    file = f"/app/quart_app/migrations/versions/{revision}_next.py"
    add = f"USER 0\nRUN echo {migration} | base64 -d > {file}\nUSER 10001:10001\n"
    web, *others = image_names(tag)
    engine.run("build", "--tag", web, "-", stdin=f"FROM localhost/chronos:{run_name}\n{add}")
    for image in others:
        engine.run("tag", image.replace(tag, run_name), image)
    return revision
