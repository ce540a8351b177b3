"""The command line: `chronos`, or `python -m quart_app`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from quart_app.ending import end_on_sigterm
from quart_app.settings import Settings, SettingsError, load_settings, unknown_variables

T = TypeVar("T")
PACKAGE = Path(__file__).parent
LONGEST_PAUSE = 2.0  # seconds between two tries to reach the database


class Stop(click.ClickException):
    """Ends the command with exit code 1, and says why in plain words."""

    def show(self, file: Any = None) -> None:
        click.echo(self.message, err=True)


class _Commands(click.Group):
    """Says in words what people can set right themselves; anything else is our fault, and shows its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise Stop(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chronos-time-tracker", prog_name="Chronos")
def main() -> None:
    """Chronos, the time tracker. Settings come from the environment: see docs/settings.md."""
    end_on_sigterm()


def _load(**options: object) -> Settings:
    """Settings from the environment and these options; a slip in a variable's name is told, and no more."""
    given = {name: str(value) for name, value in options.items() if value is not None}
    for line in unknown_variables():
        click.echo(f"Warning: {line}", err=True)
    settings = load_settings(overrides=given)
    from quart_app import logs

    logs.configure(settings.log_format, settings.log_level)
    return settings


# --- serve -------------------------------------------------------------------------------------------------------


@main.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen (CHRONOS_HOST; 127.0.0.1).")
@click.option("--port", metavar="NUMBER", help="The port to listen on (PORT; 8000).")
@click.option("--workers", metavar="NUMBER", help="Processes that serve (CHRONOS_WORKERS; 1).")
@click.option("--reload", is_flag=True, help="Start again whenever a file changes. For development.")
def serve(host: str | None, port: str | None, workers: str | None, reload: bool) -> None:
    """Migrate, then serve until told to stop (Ctrl+C, SIGTERM)."""
    if reload:
        sys.exit(_serve_reloading(host=host, port=port, workers=workers))
    settings = _load(host=host, port=port, workers=workers)
    from quart_app import server
    from quart_app.listening import CannotListen

    try:
        code = server.serve(settings, prepare=lambda: _prepare(settings), announce=_announce)
    except CannotListen as error:
        raise Stop(str(error)) from error
    sys.exit(code)


def _serve_reloading(**options: str | None) -> int:
    from quart_app.reloader import run_reloading

    given = [text for name, value in options.items() if value is not None for text in (f"--{name}", value)]
    command = [sys.executable, "-m", "quart_app", "serve", *given]
    return run_reloading(command, [PACKAGE, PACKAGE.parent / "templates"])


def _announce(url: str) -> None:
    click.echo(f"Chronos is open at {url} (Ctrl+C stops it).")


def _prepare(settings: Settings) -> int:
    """What comes before the first request: the schema, and sample data where it is asked for. An exit code."""
    try:
        asyncio.run(_with_database(settings, lambda database: _migrate_and_fill(settings, database)))
    except Stop as stop:
        stop.show()
        return 1
    return 0


async def _migrate_and_fill(settings: Settings, database: Any) -> None:
    await _migrate(settings, database)
    if settings.sample_data:
        from quart_app import periods, samples

        await samples.fill_samples(database, periods.now())
        for line in await _sign_ins(database):
            click.echo(line)


async def _sign_ins(database: Any) -> list[str]:
    """As whom one can sign in: the sample people that are there, with the passwords that still open."""
    from quart_app import passwords
    from quart_app.queries import accounts
    from quart_app.samples import studio

    lines = []
    for person in studio.PEOPLE:
        async with database.reading() as db:
            known = await accounts.find_credentials(db, person.email)
        if known and (await passwords.verify_password(person.password, known.password_hash))[0]:
            lines.append(f"Sign in as {person.username} with the password: {person.password}")
    return lines


# --- the other commands ------------------------------------------------------------------------------------------


@main.command()
def migrate() -> None:
    """Bring the database's schema to this version of Chronos. `serve` does so too."""
    settings = _load()
    head = asyncio.run(_with_database(settings, lambda database: _migrate(settings, database)))
    click.echo(f"The schema of {settings.database.place} is current ({head}).")


async def _migrate(settings: Settings, database: Any) -> str:
    from quart_app import migrations

    await _reach(settings, database)
    try:
        return (await migrations.upgrade(database)).head
    except migrations.SchemaTooNew as error:
        raise Stop(str(error)) from error


@main.command("sample-data")
@click.option(
    "--entries", type=click.IntRange(1, 100_000_000), help="A big history of so many, for measuring."
)
def sample_data(entries: int | None) -> None:
    """Fill an empty database: alice and bob with eight weeks of work, or a big history."""
    settings = _load()
    asyncio.run(_with_database(settings, lambda database: _fill(settings, database, entries)))


async def _fill(settings: Settings, database: Any, entries: int | None) -> None:
    from quart_app import periods, samples

    await _migrate(settings, database)
    if entries is None:
        if not await samples.fill_samples(database, periods.now()):
            click.echo("There are people here already, so nothing was added.")
        for line in await _sign_ins(database):
            click.echo(line)
        return
    try:
        with click.progressbar(length=entries, label=f"{entries:,} entries") as bar:
            person = await samples.fill_history(database, entries, lambda done, _: bar.update(done - bar.pos))
    except samples.Refused as refused:
        raise Stop(str(refused)) from refused
    click.echo(f"Sign in as {person.username} with the password: {person.password}")


@main.command("create-user")
@click.option("--username", prompt="Username")
@click.option("--email", prompt="Email")
@click.option("--time-zone", default="UTC", show_default=True, help="Where they work, as in Europe/Berlin.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, in one line.")
def create_user(username: str, email: str, time_zone: str, password_stdin: bool) -> None:
    """Make an account with a workspace of its own, whatever CHRONOS_REGISTRATION says."""
    if password_stdin:
        password = sys.stdin.readline().removesuffix("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    fields = {"username": username, "email": email, "time_zone": time_zone, "password": password}
    settings = _load()
    asyncio.run(_with_database(settings, lambda database: _create_user(settings, database, fields)))
    click.echo(f"{username} may sign in.")


async def _create_user(settings: Settings, database: Any, fields: dict[str, str]) -> None:
    from quart_app import passwords, periods
    from quart_app.db import Conflict
    from quart_app.fields import parse
    from quart_app.forms.account import RegisterForm
    from quart_app.queries import accounts

    form, errors = parse(RegisterForm, fields)
    if form is None:
        raise Stop(
            "\n".join(f"{name.replace('_', ' ').capitalize()}: {words}" for name, words in errors.items())
        )
    await _migrate(settings, database)
    hashed = await passwords.hash_password(form.password)
    new = accounts.NewAccount(password_hash=hashed, **form.model_dump(exclude={"password"}))
    try:
        await database.transaction(lambda db: accounts.insert_account(db, new, periods.now()))
    except Conflict as conflict:
        taken = "email" if "email" in str(conflict.constraint) else "username"
        raise Stop(f"There is an account with this {taken} already. Choose another {taken}.") from conflict


@main.command()
@click.option("--user", required=True, help="Whose report: a username or email.")
@click.option("--workspace", default="", help="Of which workspace (the first of their own).")
@click.option(
    "--format",
    "wanted",
    type=click.Choice(("csv", "csv-semicolon", "xlsx", "pdf", "jsonl", "ics")),
    default="csv",
    show_default=True,
)
@click.option("--output", default="-", metavar="FILE|FOLDER|-", help="Where to; - is standard output.")
@click.option("--query", default="", help="A report as its address says it: by=client&billable=yes")
@click.option("--view", help="summary, detailed or weekly.")
@click.option("--period", help="As in last-month, this-week, last-30-days.")
@click.option("--from", "from_", metavar="DATE", help="First day, as in 2026-11-01.")
@click.option("--to", metavar="DATE", help="Last day.")
@click.option("--by", help="project, client, task, member, tag, description, day, week, month or billable.")
@click.option("--zone", help="As in Europe/Berlin; members: each member's own.")
def export(
    user: str, workspace: str, wanted: str, output: str, query: str, from_: str | None, **fields: str | None
) -> None:
    """Write a report to a file: what that person would see, as they would see it."""
    settings = _load()
    from quart_app import exporting

    order = exporting.Order(user, workspace, wanted, output, query, {**fields, "from": from_})
    if told := asyncio.run(_with_database(settings, lambda database: _export(settings, database, order))):
        click.echo(told)


async def _export(settings: Settings, database: Any, order: Any) -> str:
    """Reads, and changes nothing: not the schema either."""
    from quart_app import drafts, exporting, migrations, periods, report_table

    await _reach(settings, database)
    state = await migrations.schema_state(database)
    try:
        migrations.refuse_newer(state.current)
        if not state.is_current:
            raise Stop(
                f"The schema of {settings.database.place} is not yet that of this version. Run: chronos migrate"
            )
        return await exporting.export(database, order, periods.now())
    except (drafts.Refused, report_table.Refused, migrations.SchemaTooNew) as refused:
        raise Stop(str(refused)) from refused


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def static(folder: Path) -> None:
    """Lay out style sheets, scripts and pictures in FOLDER, for a web server to send (docs/deploy.md)."""
    from quart_app import assets

    click.echo(f"{assets.export(folder)} files in {folder}.")


@main.command()
@click.argument("place", metavar="[FILE|FOLDER]", required=False)
@click.option(
    "--keep", type=click.IntRange(min=1), metavar="N", help="Remove all but the newest N in the folder."
)
def backup(place: str | None, keep: int | None) -> None:
    """Back the database up while it is in use, into FILE, or into FOLDER under a name with the time."""
    settings = _load()
    from quart_app import backup, drafts

    try:
        made = backup.back_up(settings, place, keep, datetime.now(UTC))
    except drafts.Refused as refused:
        raise Stop(str(refused)) from refused
    click.echo(f"{settings.database.place} is backed up in {made.path} ({made.size:,} bytes).")
    if made.removed:
        click.echo(f"Removed: {', '.join(path.name for path in made.removed)}")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the database's place. Stop Chronos first."""
    settings = _load()
    from quart_app import backup, drafts, migrations

    try:
        for line in backup.restore(settings, file, datetime.now(UTC)):
            click.echo(line)
    except (drafts.Refused, migrations.SchemaTooNew) as refused:
        raise Stop(str(refused)) from refused


@main.command()
def doctor() -> None:
    """Look at database, schema, clock, secret, proxy and workers, and say what to do about each."""
    settings = _load()
    from quart_app.doctor import examine

    findings = asyncio.run(examine(settings))
    marks = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "fault": ("✗", "red")}
    for finding in findings:
        mark, colour = marks[finding.level]
        click.echo(f"{click.style(mark, fg=colour)} {finding.name}: {finding.words}")
        if finding.advice:
            click.echo(f"  {finding.advice}")
    sys.exit(any(finding.level == "fault" for finding in findings))


# --- the database ------------------------------------------------------------------------------------------------


async def _with_database(settings: Settings, work: Callable[[Any], Awaitable[T]]) -> T:
    """`work(database)`, with the database closed afterwards, and said in words when it can't be reached."""
    from quart_app.db import Database, Unavailable
    from quart_app.doctor import advice_for, reason_of

    database = Database(settings)
    try:
        return await work(database)
    except Unavailable as error:
        place, reason = settings.database.place, reason_of(error)
        raise Stop(
            f"The database {place} can't be reached: {reason}\n{advice_for(settings, error)}"
        ) from error
    finally:
        await database.dispose()


async def _reach(settings: Settings, database: Any) -> None:
    """Wait for a database that is still starting, as long as the settings allow. Raises Unavailable."""
    from quart_app.db import Unavailable
    from quart_app.doctor import reason_of

    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + settings.database_wait_seconds, 0.25
    while True:
        try:
            await database.ping()
        except Unavailable as error:
            if error.trouble == "refused" or loop.time() + pause > deadline:
                raise  # a wrong password stays wrong, however long one waits
            if pause == 0.25:
                click.echo(
                    f"Waiting for the database {settings.database.place}: {reason_of(error)}", err=True
                )
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


if __name__ == "__main__":
    main(prog_name="chronos")
