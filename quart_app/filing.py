"""What stands in a description as @project and #tag, taken for what it means: for a timer and for an entry."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from quart_app import periods, web
from quart_app.access import EntryRow, Viewer
from quart_app.fields import MAX_TAGS
from quart_app.forms import typed
from quart_app.forms.entries import EntryForm, Refused, What
from quart_app.places import Place
from quart_app.queries import projects
from quart_app.words import _


@dataclass(frozen=True, slots=True)
class Question:
    """A name that no one thing has, and whether it may be made: templates/timer/questions.html asks it."""

    about: typed.Question
    is_archived: bool
    may_create: bool


async def refuse_place(person: Viewer, place: Place | None, own: Place | None = None) -> str:
    """Why nothing can be put there, "" where it can: a project, or a task of it, must be one that is offered, or the
    one that an entry has already (it may be archived by now)."""
    if place is None or place == own or (own and place == Place(own.project)):
        return ""
    offered = (await web.pickers(person)).projects
    project = next((one for one in offered if one.id == place.project), None)
    if project is None and not (own and own.project == place.project):
        return _("This project is archived or gone. Choose another.")
    if place.task and not (project and any(task.id == place.task for task in project.tasks)):
        return _("This task is archived or gone. Choose another.")
    return ""


async def file_typed(
    person: Viewer, what: What, fields: Mapping[str, str], *, kept: str = "", asks: bool = True
) -> What | Refused:
    """What a good form says once its description is read: for the last step before it is written. A project whose
    making was confirmed is made.

    Of several projects that a name may mean it is the chosen one. Names that stand in `kept`, the text before, stay in
    the text. So does, where nobody is there to answer (`asks` False), what is not known.
    """
    pickers, said = await web.pickers(person), typed.answers(fields)
    if what.project is not None:
        said = replace(said, which=said.which | {str(what.project.project)})
    read = typed.read(what.description, pickers.projects, pickers.tag_names, said, kept)
    if read.questions and not asks:
        said = replace(said, plain=said.plain | {question.key for question in read.questions})
        read = typed.read(what.description, pickers.projects, pickers.tag_names, said, kept)
    asked = list(read.questions)
    made = await _ask(person, typed.Question("@", read.new_project)) if read.new_project else None
    if made and not made.may_create:
        asked.append(made.about)
    if asked:
        return Refused(
            {"description": _("The text names something that isn't there.")},
            {},
            tuple([await _ask(person, question) for question in asked]),
        )
    names = {name.casefold(): name for name in (*what.tags, *read.tags)}
    if len(names) > MAX_TAGS:
        return Refused({"tags": _("Use %(most)s tags or fewer on one entry.", most=MAX_TAGS)}, {})
    project, billable = what.project, what.billable
    if read.new_project:
        project = Place(await _make_project(person, read.new_project))
    elif read.project and (what.project is None or read.project != what.project.project):
        project = Place(read.project)
        billable = billable or any(one.is_billable for one in pickers.projects if one.id == read.project)
    values = {"description": read.description, "project": project, "tags": tuple(names.values())}
    return what.model_copy(update={**values, "billable": billable})


async def file_entry(
    person: Viewer, form: EntryForm, fields: Mapping[str, str], entry: EntryRow | None
) -> EntryForm | Refused:
    """The good form of a new entry, or of this one, once its description is read."""
    if wrong := await refuse_place(person, form.what.project, entry.place if entry else None):
        return Refused({"project": wrong}, {})
    what = await file_typed(person, form.what, fields, kept=entry.description if entry else "")
    return what if isinstance(what, Refused) else replace(form, what=what)


async def _ask(person: Viewer, question: typed.Question) -> Question:
    if not question.is_project:
        return Question(question, False, person.may_track)
    async with web.chronos().database.reading() as db:
        taken = await projects.find_taken_name(db, person, question.name)
    is_archived = taken is not None and taken.is_archived
    return Question(question, is_archived, person.may_manage and not is_archived)


async def _make_project(person: Viewer, name: str) -> UUID:
    """The project that was asked for; everybody hears of it. Raises Forbidden."""
    now = periods.now()
    made = await web.chronos().database.transaction(
        lambda db: projects.resolve_project(db, person, name, now)
    )
    await web.publish_workspace(person, "projects-changed")
    await web.find_viewer_again()
    return made
