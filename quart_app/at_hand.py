"""What a person may mean by a few letters: favourites, what they tracked lately, projects, tags. Ranked, and marked."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from markupsafe import Markup, escape

from quart_app import fuzzy, web
from quart_app.access import Viewer
from quart_app.db import Connection
from quart_app.forms import typed
from quart_app.fuzzy import Marks
from quart_app.queries import favourites, saved_reports, suggestions
from quart_app.queries.favourites import Favourite
from quart_app.queries.projects import PickableProject
from quart_app.queries.saved_reports import SavedReport
from quart_app.queries.suggestions import NamedRow, Suggestion
from quart_app.words import _

T = TypeVar("T")
MOST_TYPED = fuzzy.MOST_TYPED
MOST_KEPT = 500  # lists: up to five of a person
_FEW, _SOME, _MANY = 3, 6, 8
# Beside the texts, only projects and tags that fit well are worth a line.
_WELL = 0.6
_TOKEN = re.compile(r"(?<![^\s(\[{])([@#])[\"“]?([^@#\"“”,;]*)$")


@dataclass(frozen=True, slots=True)
class AtHand:
    """What is there to choose from, as of the viewer's revision and the workspace's."""

    favourites: Sequence[Favourite]
    recent: Sequence[Suggestion]
    clients: Sequence[NamedRow]
    tags: Sequence[NamedRow]


async def at_hand(person: Viewer) -> AtHand:
    """Read once for each revision, as web.pickers is: a list of suggestions is asked for with each key."""
    return AtHand(
        await pinned(person),
        await _kept(person, "recent", suggestions.list_suggestions),
        await _kept(person, "clients", suggestions.list_active_clients),
        await _kept(person, "tags", suggestions.list_active_tags),
    )


async def pinned(person: Viewer) -> Sequence[Favourite]:
    """The favourites, the first that was pinned first: all of this that the timer's page needs."""
    return await _kept(person, "favourites", favourites.list_favourites)


async def pinned_report(person: Viewer) -> SavedReport | None:
    """The saved report that the timer's page shows, if there is one."""
    found = await _kept(person, "report", saved_reports.list_pinned_reports)
    return found[0] if found else None


async def _kept(
    person: Viewer, part: str, load: Callable[[Connection, Viewer], Awaitable[list[T]]]
) -> Sequence[T]:
    kept = web.chronos().kept_at_hand
    place, key = (part, person.user_id, person.workspace_id), (person.revision, person.workspace_revision)
    known, found = cast(tuple[object, list[T] | None], kept.use(place) or (None, None))
    if found is None or known != key:
        async with web.chronos().database.reading() as db:
            found = await load(db, person)
        kept.keep(place, (key, found), MOST_KEPT)
    return found


def marked(text: str | None, marks: Marks) -> Markup:
    """The text with what was typed of it in <mark>."""
    if not text:
        return Markup()
    parts, at = [], 0
    for start, end in marks:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup().join([*parts, escape(text[at:])])


# --- ranking -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A text as it was tracked or pinned, or a project or tag, with the letters marked that fit. `project` says the
    task, too."""

    label: Markup
    project: Markup = field(default_factory=Markup)
    client: Markup = field(default_factory=Markup)
    colour: int | None = None
    tags: tuple[str, ...] = ()


def find_favourites(found: AtHand, text: str, most: int) -> list[tuple[Favourite, Told]]:
    """Those that can be started."""
    ranked = fuzzy.rank(text, [one for one in found.favourites if not one.is_archived], _texts, most)
    return [(one, _told(one, fit)) for one, fit in ranked]


def find_recent(found: AtHand, text: str, most: int) -> list[tuple[Suggestion, Told]]:
    """What was tracked lately and is not pinned, the latest and most frequent before others that fit as well."""
    pinned = {(one.description.casefold(), one.place) for one in found.favourites}
    places = {id(one): place for place, one in enumerate(found.recent)}
    others = [one for one in found.recent if (one.description.casefold(), one.place) not in pinned]
    if not text.strip():
        return [(one, _told(one, fuzzy.Match(0, ((), (), (), ())))) for one in others[:most]]
    ranked = fuzzy.rank(text, others, _texts, most, lambda one: fuzzy.habit(places[id(one)], one.count))
    return [(one, _told(one, fit)) for one, fit in ranked]


def find_projects(
    pickable: Sequence[PickableProject], text: str, most: int, least: float = 0
) -> list[tuple[PickableProject, Told]]:
    ranked = fuzzy.rank(text, pickable, lambda one: (one.name, one.client_name or ""), most)
    return [
        (
            one,
            Told(
                marked(one.name, fit.marks[0]),
                client=marked(one.client_name, fit.marks[1]),
                colour=one.colour,
            ),
        )
        for one, fit in ranked
        if fit.quality >= least
    ]


def find_named(
    rows: Sequence[T], name: Callable[[T], str], text: str, most: int, least: float = 0
) -> list[tuple[T, Told]]:
    """Things that have a name and nothing else."""
    ranked = fuzzy.rank(text, rows, lambda row: (name(row),), most)
    return [(row, Told(marked(name(row), fit.marks[0]))) for row, fit in ranked if fit.quality >= least]


def _texts(one: Suggestion | Favourite) -> tuple[str, str, str, str]:
    return one.description, one.project_name or "", one.client_name or "", one.task_name or ""


def _told(one: Suggestion | Favourite, fit: fuzzy.Match) -> Told:
    label, project, client, task = fit.marks
    names = (marked(one.project_name, project), marked(one.task_name, task))
    return Told(
        marked(one.description, label),
        Markup(" · ").join(name for name in names if name),
        marked(one.client_name, client),
        one.project_colour,
        one.tags,
    )


# --- under the field of what is worked on ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A line under the field. `data` is what suggest.js fills in when it is chosen: the fields of the form by name;
    `cut`: so many letters before the caret are what was chosen, and go."""

    told: Told
    data: dict[str, str]


@dataclass(frozen=True, slots=True)
class Offers:
    kind: str
    title: str
    lines: Sequence[Offer]

    @property
    def count(self) -> int:
        return len(self.lines)


async def suggest(person: Viewer, text: str) -> list[Offers]:
    """What may be meant by the text before the caret: by all of it, and by its last word. After an @ only projects,
    after a # only tags."""
    found, pickers = await at_hand(person), await web.pickers(person)
    if token := _TOKEN.search(text):
        sign, name, cut = token[1], token[2], len(token[0])
        lines = _projects(pickers, name, cut, _MANY) if sign == "@" else _tags(found, name, cut, _MANY)
        # "Mail @anna about it": once there are blanks, most often it is no name any more.
        if lines or " " not in name.strip():
            return _given(
                Offers("project", _("Projects"), lines) if sign == "@" else Offers("tag", _("Tags"), lines)
            )
    last = text.rsplit(None, 1)[-1] if text and not text[-1].isspace() else ""
    by_word = len(last) > 1
    return _given(
        Offers(
            "favourite",
            _("Favourites"),
            [_again(one, told) for one, told in find_favourites(found, text, _FEW)],
        ),
        Offers("entry", _("Lately"), [_again(one, told) for one, told in find_recent(found, text, _SOME)]),
        Offers("project", _("Projects"), _projects(pickers, last, len(last), _FEW, _WELL) if by_word else ()),
        Offers("tag", _("Tags"), _tags(found, last, len(last), _FEW, _WELL) if by_word else ()),
    )


def _given(*groups: Offers) -> list[Offers]:
    return [group for group in groups if group.lines]


def _again(one: Suggestion | Favourite, told: Told) -> Offer:
    return Offer(
        told,
        {
            "description": typed.escape(one.description),
            "project": str(one.place or ""),
            "tags": ", ".join(one.tags),
            "billable": "1" if one.is_billable else "0",
        },
    )


def _projects(pickers: web.Pickers, text: str, cut: int, most: int, least: float = 0) -> list[Offer]:
    found = find_projects(pickers.projects, text, most, least)
    return [
        Offer(told, {"project": str(project.id), "name": project.name, "cut": str(cut)})
        for project, told in found
    ]


def _tags(found: AtHand, text: str, cut: int, most: int, least: float = 0) -> list[Offer]:
    return [
        Offer(told, {"tag": tag.name, "cut": str(cut)})
        for tag, told in find_named(found.tags, lambda row: row.name, text, most, least)
    ]
