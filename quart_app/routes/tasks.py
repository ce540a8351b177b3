"""Tasks: those of a project with their hours, and adding, renaming, archiving, restoring and deleting each one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from quart import Blueprint, Response, abort, url_for

from quart_app import periods, web
from quart_app.access import Forbidden, Missing
from quart_app.db import Conflict
from quart_app.fields import Errors, parse
from quart_app.forms.tasks import TaskForm
from quart_app.queries import projects, tasks
from quart_app.web import chronos, signed_in, viewer
from quart_app.words import _, ngettext

blueprint = Blueprint("tasks", __name__)
CHANGED = "projects-changed"
EMPTY: Mapping[str, str] = {}


# --- the list --------------------------------------------------------------------------------------------------


async def _project(text: str) -> projects.Project:
    """The project of the address."""
    async with chronos().database.reading() as db:
        found = await projects.find_project(db, viewer(), web.row_id(text))
    if found is None:
        raise Missing
    return found


@blueprint.get("/projects/<project_id>/tasks")
@signed_in
async def index(project_id: str) -> Response:
    """A page of their own: for those who may not edit the project, and where a plain form comes back to."""
    return await _page(await _project(project_id))


async def _page(
    project: projects.Project,
    status: int = 200,
    *,
    values: Mapping[str, str] = EMPTY,
    errors: Errors | None = None,
    problem: str = "",
) -> Response:
    context = {**await _listed(project), "values": values, "errors": errors or {}, "problem": problem}
    return await web.page("tasks/index.html", status, **context)


@blueprint.get("/projects/<project_id>/tasks/list", endpoint="list")
@signed_in
async def list_(project_id: str) -> Response:
    return await _list(await _project(project_id))


async def _list(project: projects.Project) -> Response:
    return await web.fragment("tasks/_list.html", **await _listed(project))


async def _listed(project: projects.Project) -> dict[str, Any]:
    async with chronos().database.reading() as db:
        found = await tasks.list_tasks(db, viewer(), project.id, periods.now())
    return {"project": project, "tasks": found, "editing": None, "is_fresh": False}


@blueprint.get("/tasks/<task_id>/row")
@signed_in
async def row(task_id: str) -> Response:
    return await _row(await _find(task_id))


async def _row(task: tasks.Task) -> Response:
    async with chronos().database.reading() as db:
        found = await tasks.list_tasks(db, viewer(), task.project_id, periods.now(), only=task.id)
    if not found:
        raise Missing
    return await web.fragment("tasks/_row.html", task=found[0], editing=None, is_fresh=True)


# --- adding and renaming ---------------------------------------------------------------------------------------


@blueprint.get("/projects/<project_id>/tasks/form")
@signed_in
async def form(project_id: str) -> Response:
    return await _form(await _project(project_id), EMPTY, {})


async def _form(
    project: projects.Project, values: Mapping[str, str], errors: Errors, status: int = 200
) -> Response:
    if not viewer().may_manage:
        raise Forbidden
    context = {"project": project, "values": values, "errors": errors}
    return await web.fragment("tasks/_form.html", status, is_fresh=True, **context)


@blueprint.post("/projects/<project_id>/tasks")
@signed_in
async def create(project_id: str) -> Response:
    project = await _project(project_id)
    if not viewer().may_manage:
        raise Forbidden
    fields = await web.form_fields()
    form, errors = parse(TaskForm, fields)
    if form is not None:
        errors = await _save(form, project.id, None)
    if form is None or errors:
        if web.wants_fragment():
            return await _form(project, fields, errors, 422)
        return await _page(project, 422, values=fields, errors=errors)
    await _publish()
    toast = web.Toast(_("“%(name)s” added.", name=form.name))
    return await web.respond(lambda: _form(project, EMPTY, {}), _home(project.id), CHANGED, toast=toast)


def _home(project_id: UUID) -> str:
    """Where the tasks of a project are managed."""
    return url_for("projects.edit", project_id=project_id, _anchor="tasks-list")


async def _save(form: TaskForm, project_id: UUID, task_id: UUID | None) -> Errors:
    """Write the form; what the database would not take comes back as errors."""
    person, now, database = viewer(), periods.now(), chronos().database
    try:
        if task_id is None:
            await database.transaction(lambda db: tasks.insert_task(db, person, project_id, form.name, now))
        else:
            await database.transaction(lambda db: tasks.update_task(db, person, task_id, form.name, now))
    except Conflict as conflict:
        if conflict.constraint != "uq_tasks_name":
            raise
        return {"name": await _taken(project_id, form.name)}
    return {}


async def _taken(project_id: UUID, name: str) -> str:
    async with chronos().database.reading() as db:
        found = await tasks.find_taken_name(db, viewer(), project_id, name)
    if found is not None and found.is_archived:
        return _(
            "The archived task “%(name)s” has this name. Restore it, or choose another name.", name=found.name
        )
    return _(
        "The project has a task called “%(name)s” already. Choose another name.",
        name=found.name if found else name,
    )


async def _publish() -> None:
    await web.publish_workspace(viewer(), CHANGED)


async def _find(text: str) -> tasks.Task:
    """The task of the address."""
    async with chronos().database.reading() as db:
        found = await tasks.find_task(db, viewer(), web.row_id(text))
    if found is None:
        raise Missing
    return found


async def _find_mine(text: str) -> tasks.Task:
    """The task of the address, for one who may change it."""
    found = await _find(text)
    if not viewer().may_manage:
        raise Forbidden
    return found


@blueprint.get("/tasks/<task_id>/editor")
@signed_in
async def editor(task_id: str) -> Response:
    """The row with the form in it."""
    task = await _find_mine(task_id)
    return await _editor(task, {"name": task.name}, {})


async def _editor(task: tasks.Task, values: Mapping[str, str], errors: Errors, status: int = 200) -> Response:
    context = {"task": task, "editing": task.id, "values": values, "errors": errors}
    return await web.fragment("tasks/_row.html", status, **context)


@blueprint.get("/tasks/<task_id>/edit")
@signed_in
async def edit(task_id: str) -> Response:
    """The form on a page of its own, for those without script."""
    task = await _find_mine(task_id)
    return await _edit_page(task, {"name": task.name}, {})


async def _edit_page(
    task: tasks.Task, values: Mapping[str, str], errors: Errors, status: int = 200
) -> Response:
    return await web.page("tasks/edit.html", status, task=task, values=values, errors=errors)


@blueprint.post("/tasks/<task_id>")
@signed_in
async def update(task_id: str) -> Response:
    task = await _find_mine(task_id)
    fields = await web.form_fields()
    form, errors = parse(TaskForm, fields)
    if form is not None:
        errors = await _save(form, task.project_id, task.id)
    if errors:
        refuse = _editor if web.wants_fragment() else _edit_page
        return await refuse(task, fields, errors, 422)
    await _publish()
    return await web.respond(lambda: _row(task), _home(task.project_id), CHANGED)


# --- archive, restore, delete ----------------------------------------------------------------------------------


@blueprint.post("/tasks/<task_id>/archive")
@signed_in
async def archive(task_id: str) -> Response:
    task, person, now = await _find(task_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: tasks.archive_task(db, person, task.id, now))
    await _publish()
    undo = url_for("tasks.restore", task_id=task.id)
    return await _list_again(task, web.Toast(_("“%(name)s” archived.", name=done.name), undo))


@blueprint.post("/tasks/<task_id>/restore")
@signed_in
async def restore(task_id: str) -> Response:
    task, person, now = await _find(task_id), viewer(), periods.now()
    done = await chronos().database.transaction(lambda db: tasks.restore_task(db, person, task.id, now))
    await _publish()
    return await _list_again(task, web.Toast(_("“%(name)s” is back.", name=done.name)))


@blueprint.post("/tasks/<task_id>/delete")
@signed_in
async def delete(task_id: str) -> Response:
    """Delete a task that no entry is on; whether one is, the database knows."""
    task, person, now = await _find(task_id), viewer(), periods.now()
    try:
        done = await chronos().database.transaction(lambda db: tasks.delete_task(db, person, task.id, now))
    except Conflict as conflict:
        if conflict.kind != "foreign_key":
            raise
        return await _refuse_delete(task)
    await _publish()
    return await _list_again(task, web.Toast(_("“%(name)s” deleted.", name=done.name)))


async def _list_again(task: tasks.Task, toast: web.Toast) -> Response:
    project = await _project(str(task.project_id))
    return await web.respond(lambda: _list(project), _home(project.id), CHANGED, toast=toast)


async def _refuse_delete(task: tasks.Task) -> Response:
    async with chronos().database.reading() as db:
        count = await tasks.count_uses(db, viewer(), task.id)
    words = ngettext(
        "%(n)s entry is on it, in the trash or not. Archive it instead.",
        "%(n)s entries are on it, in the trash or not. Archive it instead.",
        count,
    )
    if web.wants_fragment():
        abort(409, words)
    return await _page(await _project(str(task.project_id)), 409, problem=words)
