"""Projects: the list with its hours, and adding, editing, archiving, restoring and deleting each one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, abort, url_for

from quart_app import periods, web
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict, Connection
from quart_app.fields import Errors, parse
from quart_app.forms.projects import COLOUR_NAMES, ProjectForm
from quart_app.queries import clients, projects, tasks
from quart_app.rates_card import rates_card
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _, format_duration, ngettext

blueprint = Blueprint("projects", __name__)
CHANGED = "projects-changed"
EMPTY: Mapping[str, str] = {}


# --- the list --------------------------------------------------------------------------------------------------


@blueprint.get("/projects")
@signed_in
async def index() -> Response:
    return await _page()


async def _page(
    status: int = 200, *, values: Mapping[str, str] = EMPTY, errors: Errors | None = None, problem: str = ""
) -> Response:
    """The page, with what was typed into its form and what is wrong with it, or a problem over the list."""
    context = {**await _listed(), **await _form(values, errors or {})}
    return await web.page("projects/index.html", status, problem=problem, **context)


@blueprint.get("/projects/list", endpoint="list")
@signed_in
async def list_() -> Response:
    return await web.fragment("projects/_list.html", **await _listed())


async def _listed() -> dict[str, Any]:
    async with chronos().database.reading() as db:
        found = await projects.list_projects(db, viewer(), periods.now())
    return {
        "tasks_of": await _tasks_of(),
        "active": [project for project in found if project.archived_at is None],
        "archived": [project for project in found if project.archived_at is not None],
        "is_running": any(project.running_count for project in found),
        "editing": None,
        "is_fresh": False,
    }


@blueprint.get("/projects/<project_id>/row")
@signed_in
async def row(project_id: str) -> Response:
    return await _row(web.row_id(project_id))


async def _row(project_id: UUID) -> Response:
    async with chronos().database.reading() as db:
        found = await projects.list_projects(db, viewer(), periods.now(), only=project_id)
    if not found:
        raise Missing
    context: dict[str, Any] = {"project": found[0], "tasks_of": await _tasks_of()}
    return await web.fragment("projects/_row.html", editing=None, is_fresh=True, **context)


async def _tasks_of() -> dict[UUID, str]:
    """What is offered beneath each active project."""
    offered = (await web.pickers(viewer())).projects
    return {project.id: ", ".join(task.name for task in project.tasks) for project in offered}


# --- adding and editing ----------------------------------------------------------------------------------------


async def _form(values: Mapping[str, str], errors: Errors, client_id: UUID | None = None) -> dict[str, Any]:
    """What the form of a project shows; a client that is archived is offered only where it is the project's own."""
    async with chronos().database.reading() as db:
        choices = await clients.list_client_choices(db, viewer(), with_client=client_id)
        if "colour" not in values:
            values = {**values, "colour": str(await projects.find_spare_colour(db, viewer()))}
    return {
        "values": values,
        "errors": errors,
        "choices": choices,
        "colours": [_(name) for name in COLOUR_NAMES],
    }


@blueprint.get("/projects/form")
@signed_in
async def form() -> Response:
    return await _form_fragment(EMPTY, {})


async def _form_fragment(values: Mapping[str, str], errors: Errors, status: int = 200) -> Response:
    if not viewer().may_manage:
        raise Forbidden
    return await web.fragment("projects/_form.html", status, is_fresh=True, **await _form(values, errors))


@blueprint.post("/projects")
@signed_in
async def create() -> Response:
    if not viewer().may_manage:
        raise Forbidden
    fields = await web.form_fields()
    form, errors = parse(ProjectForm, fields)
    if form is not None:
        errors = await _save(form, None)
    if form is None or errors:
        if web.wants_fragment():
            return await _form_fragment(fields, errors, 422)
        return await _page(422, values=fields, errors=errors)
    await _publish(form)
    toast = web.Toast(_("“%(name)s” added.", name=form.name))
    return await web.respond(
        lambda: _form_fragment(EMPTY, {}), url_for("projects.index"), CHANGED, toast=toast
    )


async def _save(form: ProjectForm, project_id: UUID | None) -> Errors:
    """Write the form, with the client it names; what the database would not take comes back as errors."""
    person, now = viewer(), periods.now()

    async def work(db: Connection) -> None:
        client_id = form.client
        if form.new_client:
            client_id = await clients.resolve_client(db, person, form.new_client, now)
        values = projects.ProjectValues(form.name, form.description, client_id, form.colour, form.is_billable)
        if project_id is None:
            await projects.insert_project(db, person, values, now)
        else:
            await projects.update_project(db, person, project_id, values, now)

    try:
        await chronos().database.transaction(work)
    except Conflict as conflict:
        if conflict.kind == "foreign_key":
            return {"client": _("Choose one from the list.")}
        if conflict.constraint == "uq_projects_name":
            return {"name": await _taken(form.name)}
        raise
    return {}


async def _taken(name: str) -> str:
    async with chronos().database.reading() as db:
        found = await projects.find_taken_name(db, viewer(), name)
    if found is not None and found.is_archived:
        return _(
            "The archived project “%(name)s” has this name. Restore it, or choose another name.",
            name=found.name,
        )
    return _(
        "There is a project called “%(name)s” already. Choose another name.",
        name=found.name if found else name,
    )


async def _publish(form: ProjectForm | None = None) -> None:
    made_client = ("clients-changed",) if form is not None and form.new_client else ()
    await web.publish_workspace(viewer(), CHANGED, *made_client)


async def _find_mine(text: str) -> projects.Project:
    """The project of the address, for one who may change it."""
    async with chronos().database.reading() as db:
        found = await projects.find_project(db, viewer(), web.row_id(text))
    if found is None:
        raise Missing
    if not viewer().may_manage:
        raise Forbidden
    return found


def _values_of(project: projects.Project) -> dict[str, str]:
    return {
        "name": project.name,
        "description": project.description,
        "client": str(project.client_id or ""),
        "colour": str(project.colour),
        "is_billable": "1" if project.is_billable else "",
    }


@blueprint.get("/projects/<project_id>/editor")
@signed_in
async def editor(project_id: str) -> Response:
    """The row with the form in it."""
    project = await _find_mine(project_id)
    return await _editor(project, _values_of(project), {})


async def _editor(
    project: projects.Project, values: Mapping[str, str], errors: Errors, status: int = 200
) -> Response:
    context = await _form(values, errors, project.client_id)
    return await web.fragment("projects/_row.html", status, project=project, editing=project.id, **context)


@blueprint.get("/projects/<project_id>/edit")
@signed_in
async def edit(project_id: str) -> Response:
    """The form on a page of its own, for those without script."""
    project = await _find_mine(project_id)
    return await _edit_page(project, _values_of(project), {})


async def _edit_page(
    project: projects.Project, values: Mapping[str, str], errors: Errors, status: int = 200
) -> Response:
    context = {**await _form(values, errors, project.client_id), **await rates_card(project.id)}
    async with chronos().database.reading() as db:
        context["tasks"] = await tasks.list_tasks(db, viewer(), project.id, periods.now())
    return await web.page("projects/edit.html", status, project=project, **context)


@blueprint.post("/projects/<project_id>")
@signed_in
async def update(project_id: str) -> Response:
    project = await _find_mine(project_id)
    fields = await web.form_fields()
    form, errors = parse(ProjectForm, fields)
    if form is not None:
        errors = await _save(form, project.id)
    if errors:
        refuse = _editor if web.wants_fragment() else _edit_page
        return await refuse(project, fields, errors, 422)
    await _publish(form)
    return await web.respond(lambda: _row(project.id), url_for("projects.index"), CHANGED)


# --- archive, restore, delete ----------------------------------------------------------------------------------


@blueprint.post("/projects/<project_id>/archive")
@signed_in
async def archive(project_id: str) -> Response:
    key, person, now = web.row_id(project_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: projects.archive_project(db, person, key, now))
    await _publish()
    undo = url_for("projects.restore", project_id=key)
    return await _list_again(web.Toast(_("“%(name)s” archived.", name=done.name), undo))


@blueprint.post("/projects/<project_id>/restore")
@signed_in
async def restore(project_id: str) -> Response:
    key, person, now = web.row_id(project_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: projects.restore_project(db, person, key, now))
    await _publish()
    return await _list_again(web.Toast(_("“%(name)s” is back.", name=done.name)))


@blueprint.post("/projects/<project_id>/delete")
@signed_in
async def delete(project_id: str) -> Response:
    """Delete a project that nothing hangs on; what hangs on it, the database knows."""
    key, person, now = web.row_id(project_id), viewer(), periods.now()
    try:
        done = await chronos().database.transaction(lambda db: projects.delete_project(db, person, key, now))
    except Conflict as conflict:
        if conflict.kind != "foreign_key":
            raise
        return await _refuse_delete(key)
    await _publish()
    return await _list_again(web.Toast(_("“%(name)s” deleted.", name=done.name)))


async def _list_again(toast: web.Toast) -> Response:
    return await web.respond(list_, url_for("projects.index"), CHANGED, toast=toast)


async def _refuse_delete(project_id: UUID) -> Response:
    async with chronos().database.reading() as db:
        uses = await projects.count_uses(db, viewer(), project_id, periods.now())
    if uses.entries:
        words = ngettext(
            "It has %(n)s entry, %(length)s in all. Archive it instead.",
            "It has %(n)s entries, %(length)s in all. Archive it instead.",
            uses.entries,
            length=format_duration(uses.seconds),
        )
    else:
        words = ngettext(
            "%(n)s of its entries lies in the trash. Archive it instead.",
            "%(n)s of its entries lie in the trash. Archive it instead.",
            uses.trashed,
        )
    if web.wants_fragment():
        abort(409, words)
    return await _page(409, problem=words)
