"""The command palette: any page, project, client, tag, action or recent entry by a few letters. Ctrl+K opens it as a
dialog; without script it is a page with a search form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup
from quart import Blueprint, Response, request, url_for

from quart_app import at_hand, fuzzy, web
from quart_app.access import Viewer
from quart_app.at_hand import AtHand, Told
from quart_app.web import signed_in, viewer
from quart_app.words import N_, _

blueprint = Blueprint("palette", __name__)
FEW, SOME, MANY = 3, 5, 8
# Among so many things to find, those that hardly fit are in the way.
WELL = 0.4
PAGES = (
    ("timer.index", N_("Timer"), "clock"),
    ("reports.index", N_("Reports"), "chart"),
    ("projects.index", N_("Projects"), "folder"),
    ("clients.index", N_("Clients"), "people"),
    ("tags.index", N_("Tags"), "tag"),
    ("team.index", N_("Team"), "people"),
    ("workspace.index", N_("Workspace settings"), "gear"),
    ("account.index", N_("Your account and settings"), "person"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the palette: a link to `href`, or a form that posts `fields` to `action`. `hint` says what it does,
    where that is not its name; `target` is the fragment that the action's answer takes the place of."""

    told: Told
    icon: str
    hint: str = ""
    href: str = ""
    action: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    dialog: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    title: str
    lines: Sequence[Item]

    @property
    def count(self) -> int:
        return len(self.lines)


@blueprint.get("/palette")
@signed_in
async def index() -> Response:
    """The page, for those without script."""
    return await web.page("palette/index.html", **await _results())


@blueprint.get("/palette/results")
@signed_in
async def results() -> Response:
    return await web.fragment("palette/_results.html", **await _results())


@blueprint.get("/palette/keys")
@signed_in
async def keys() -> Response:
    """What the list of keys holds before the page adds its own."""
    return await web.fragment("palette/_keys.html")


async def _results() -> dict[str, Any]:
    text = " ".join(request.args.get("q", "")[: at_hand.MOST_TYPED].split())
    person = viewer()
    found, pickers = await at_hand.at_hand(person), await web.pickers(person)
    groups = [
        Group("page", _("Pages"), _pages(text)),
        Group("action", _("Actions"), _actions(person, text)),
        Group("favourite", _("Favourites"), _favourites(person, found, text)),
        Group("entry", _("Lately"), _recent(person, found, text)),
        Group("project", _("Projects"), _projects(person, pickers, text) if text else ()),
        Group("client", _("Clients"), _named(person, found.clients, "clients", text) if text else ()),
        Group("tag", _("Tags"), _named(person, found.tags, "tags", text) if text else ()),
        Group("start", _("Start"), _start(person, text)),
    ]
    return {"q": text, "groups": [group for group in groups if group.lines]}


def _plain(text: str) -> Told:
    return Told(Markup.escape(text))


def _pages(text: str) -> list[Item]:
    places = [(endpoint, _(title), icon) for endpoint, title, icon in PAGES]
    ranked = fuzzy.rank(text, places, lambda place: (place[1],), MANY)
    return [
        Item(Told(at_hand.marked(title, fit.marks[0])), icon, href=url_for(endpoint))
        for (endpoint, title, icon), fit in ranked
        if fit.quality >= WELL or not text
    ]


def _actions(person: Viewer, text: str) -> list[Item]:
    ranked = fuzzy.rank(text, _all_actions(person), lambda item: (item.told.label,), MANY)
    return [
        replace(item, told=Told(at_hand.marked(str(item.told.label.unescape()), fit.marks[0])))
        for item, fit in ranked
        if fit.quality >= WELL or not text
    ]


def _post(told: Told, icon: str, hint: str, endpoint: str, target: str) -> Item:
    return Item(told, icon, hint, action=url_for(endpoint), target=target)


def _all_actions(person: Viewer) -> list[Item]:
    """What can be done from anywhere, by the very forms and links that stand in the pages."""
    found: list[Item] = []
    if (running := web.running()) is not None:
        found += [
            _post(_plain(_("Stop the timer")), "stop", running.description, "timer.stop", "timer-running"),
            Item(
                _plain(_("Pin what runs")), "star", running.description, action=url_for("favourites.create")
            ),
        ]
    elif person.may_track:
        found.append(_post(_plain(_("Start the timer")), "play", "", "timer.start", "timer-bar"))
    if person.may_track:
        found += [
            Item(_plain(_("Add time by hand")), "plus", href=url_for("timer.index", _anchor="n-description")),
            Item(_plain(_("Undo what I did last")), "undo", action=url_for("undo.last")),
        ]
    if person.may_manage:
        found += [
            Item(_plain(_("New project")), "plus", href=url_for("projects.index", _anchor="f-name")),
            Item(_plain(_("New client")), "plus", href=url_for("clients.index", _anchor="f-name")),
            Item(_plain(_("New tag")), "plus", href=url_for("tags.index", _anchor="f-name")),
        ]
    return [
        *found,
        Item(_plain(_("Theme: light or dark")), "gear", href=url_for("account.index", _anchor="f-theme")),
        Item(_plain(_("Keyboard shortcuts")), "info", dialog="keys"),
        Item(_plain(_("Sign out")), "leave", action=url_for("account.logout"), target="_top"),
    ]


def _favourites(person: Viewer, found: AtHand, text: str) -> list[Item]:
    if not person.may_track:
        return []
    return [
        Item(told, "star", _("Start"), action=url_for("favourites.start", favourite_id=one.id))
        for one, told in at_hand.find_favourites(found, text, SOME)
    ]


def _recent(person: Viewer, found: AtHand, text: str) -> list[Item]:
    if not person.may_track:
        return []
    return [
        Item(told, "play", _("Continue"), action=url_for("entries.continue", entry_id=one.entry_id))
        for one, told in at_hand.find_recent(found, text, SOME if text else FEW)
    ]


def _projects(person: Viewer, pickers: web.Pickers, text: str) -> list[Item]:
    """Each twice: to start a timer on it, and to go to it."""
    items: list[Item] = []
    for project, told in at_hand.find_projects(pickers.projects, text, SOME, WELL):
        if person.may_track:
            what = {"project": str(project.id), **({"billable": "1"} if project.is_billable else {})}
            start = _post(told, "play", _("Start a timer"), "timer.start", "timer-bar")
            items.append(replace(start, fields=what))
        where = url_for("projects.index", _anchor=f"projects-row-{project.id}")
        if person.may_manage:
            where = url_for("projects.edit", project_id=project.id)
        items.append(Item(told, "folder", _("Edit") if person.may_manage else _("Show"), href=where))
    return items


def _named(person: Viewer, rows: Sequence[Any], noun: str, text: str) -> list[Item]:
    """Clients or tags: their form for those who may change them, their line in the list for the others."""
    items = []
    for row, told in at_hand.find_named(rows, lambda row: row.name, text, FEW, WELL):
        where = url_for(f"{noun}.index", _anchor=f"{noun}-row-{row.id}")
        if person.may_manage:
            where = url_for(f"{noun}.edit", **{f"{noun.removesuffix('s')}_id": row.id})
        hint = _("Edit") if person.may_manage else _("Show")
        items.append(Item(told, "people" if noun == "clients" else "tag", hint, href=where))
    return items


def _start(person: Viewer, text: str) -> list[Item]:
    """Whatever is typed can be what one works on; @project and #tag in it are read there."""
    if not text or not person.may_track:
        return []
    label = _("Start “%(text)s”", text=text)
    start = _post(_plain(label), "play", "", "timer.start", "timer-bar")
    return [replace(start, fields={"description": text})]
