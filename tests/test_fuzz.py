"""Every form, fed with what no person would type: a clear answer each time, never a traceback, never half a row."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quart import Quart, Response

from quart_app import report_spec
from quart_app.fields import Form
from quart_app.forms.account import LoginForm, PasswordForm, ProfileForm, RegisterForm
from quart_app.forms.clients import ClientForm
from quart_app.forms.entries import StartForm, What, When
from quart_app.forms.late import LateForm
from quart_app.forms.parts import SplitForm
from quart_app.forms.projects import ProjectForm
from quart_app.forms.rates import CurrencyForm, RateForm
from quart_app.forms.saved_reports import SaveForm, UpdateForm
from quart_app.forms.selection import SelectionForm
from quart_app.forms.tags import TagForm
from quart_app.forms.tasks import TaskForm
from quart_app.forms.team import MemberForm, RoleForm
from quart_app.forms.workspace import RuleForm, SwitchForm, WorkspaceForm
from quart_app.queries import throttles
from tests.support.cast import Cast

HTMX = {"HX-Request": "true"}
NASTY = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202e\u2066evil\u2069",
    "\u200f",
    "🎉" * 40,
    "Ａ\u0301\u0302" * 9,
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "@",
    "#tag @project",
    '@"\\#',
    "{{ 7 * 7 }}",
    "%s%n\\",
    "x" * 10_000,
    "-1",
    "0",
    "1",
    "NaN",
    "1e309",
    "9" * 400,
    "٣:٣٠",
    "0000-00-00",
    "0000-01-01",
    "9999-12-31",
    "10000-01-01",
    "29/02/2027",
    "24:00",
    "99:99",
    "-1:30",
    "2:30",
    "00000000-0000-0000-0000-000000000000",
    "{01a202ca-6d9c-7769-b89c-218a9727db65}",
    "urn:uuid:01a202ca-6d9c-7769-b89c-218a9727db65",
]
# What the buttons of an overlap's question send along.
ANSWER = ["overlap", "overlapped"]
FIELDS: dict[str, type[Form] | list[str]] = {
    "/timer/start": [*StartForm.model_fields, "at", "who", "create", "plain", "which", *ANSWER],
    "/timer/stop": LateForm,
    "/timer/discard": StartForm,
    "/entries": ["id", *What.model_fields, *When.model_fields, *ANSWER],
    "/entries/{entry}": [*What.model_fields, *When.model_fields, *ANSWER, "next"],
    "/entries/{entry}/duplicate": ["id"],
    "/entries/{entry}/split": ["id", *SplitForm.model_fields],
    "/selection/update": ["entry", *SelectionForm.model_fields, "next"],
    "/selection/delete": ["entry", "next"],
    "/favourites": ["entry"],
    "/overlaps/{entry}": [*ANSWER, "until"],
    "/forgotten/stop": ["moment"],
    "/projects": ProjectForm,
    "/projects/{project}": ProjectForm,
    "/projects/{project}/tasks": TaskForm,
    "/tasks/{task}": TaskForm,
    "/rates": RateForm,
    "/rates/{rate}": RateForm,
    "/rates/currency": CurrencyForm,
    "/saved-reports": SaveForm,
    "/saved-reports/{report}": [*UpdateForm.model_fields, "from"],
    "/clients": ClientForm,
    "/clients/{client}": ClientForm,
    "/tags": TagForm,
    "/tags/{tag}": TagForm,
    "/login": LoginForm,
    "/register": RegisterForm,
    "/account": ProfileForm,
    "/account/password": PasswordForm,
    "/team": MemberForm,
    "/team/{user}": RoleForm,
    "/workspace": WorkspaceForm,
    "/workspace/new": WorkspaceForm,
    "/workspace/rule": RuleForm,
    "/workspace/switch": SwitchForm,
}
QUERIES = ["before", "since", "edit", "q", "next", "undo", "page", "from", "until", "entry"]
# Of reports: the address holds all that they are asked for.
ASKED = [
    *(
        "view",
        "period",
        "from",
        "to",
        "by",
        "then",
        "chart",
        "zone",
        "member",
        "client",
        "project",
        "task",
        "tag",
    ),
    *("tags", "billable", "q", "running", "round", "step", "per", "show", "sort", "after", "open", "figure"),
]
# These read no fields; what they do to a row is tested with their nouns.
WITHOUT_FIELDS = re.compile(
    r"^/logout|^/favourites/.*/start|^/undo|(?<!^/selection)/(archive|restore|delete|remove|end|continue|keep|active|pin|unpin)$"
)

texts = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=60), st.sampled_from(["9", "10:30", "2026-11-20", "1.5h"])
)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The throttle would soon answer in the form's place."""

    async def admit(*_: object) -> int:
        return 0

    monkeypatch.setattr(throttles, "take_try", admit)


@pytest.fixture
async def rows(cast: Cast) -> dict[str, str]:
    """One row of alice's of each kind, by name."""
    client = cast.alice.client
    await client.post("/projects", form={"name": "Website", "colour": "3", "new_client": "Acme"})
    await client.post("/tags", form={"name": "ops"})
    await client.post("/saved-reports", form={"name": "Mine", "query": "period=this-week"})
    await client.post("/rates", form={"starts_on": "2026-01-01", "rate": "95"})
    await client.post(
        "/entries", form={"date": "2026-11-20", "start": "9", "end": "10", "description": "Plan"}
    )
    found = {}
    for name, path in (
        ("entry", "/timer"),
        ("project", "/projects"),
        ("client", "/clients"),
        ("tag", "/tags"),
        ("user", "/team"),
        ("rate", "/rates"),
        ("report", "/saved-reports"),
    ):
        noun = {"entry": "entries", "user": "team", "report": "saved-reports"}.get(name, f"{name}s")
        page = await (await client.get(path)).get_data(as_text=True)
        found[name] = re.findall(rf"/{noun}/([0-9a-f-]{{36}})/", page)[0]
    tasks = f"/projects/{found['project']}/tasks"
    await client.post(tasks, form={"name": "Design"})
    page = await (await client.get(tasks)).get_data(as_text=True)
    found["task"] = re.findall(r"/tasks/([0-9a-f-]{36})/", page)[0]
    return found


def fields_of(path: str) -> list[str]:
    known = FIELDS[path]
    return known if isinstance(known, list) else [*known.model_fields]


async def test_every_form_is_fuzzed(app: Quart) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    forms = {
        re.sub(r"<(\w+)_id>", r"{\1}", rule.rule) for rule in rules if not WITHOUT_FIELDS.search(rule.rule)
    }
    assert forms == set(FIELDS)


async def fuzz(
    strategy: st.SearchStrategy[dict[str, str]], send: Callable[[dict[str, str]], Awaitable[None]]
) -> None:
    """Run `send` over what the strategy draws; hypothesis is synchronous and so has a thread of its own."""
    loop = asyncio.get_running_loop()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(strategy)
    def draw(fields: dict[str, str]) -> None:
        asyncio.run_coroutine_threadsafe(_awaited(send(fields)), loop).result()

    await asyncio.to_thread(draw)


async def _awaited(sent: Awaitable[None]) -> None:
    await sent


@pytest.mark.parametrize("path", sorted(FIELDS))
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.usefixtures("patient")
async def test_no_form_breaks(app: Quart, cast: Cast, rows: dict[str, str], path: str, htmx: bool) -> None:
    client = app.test_client() if path in {"/login", "/register"} else cast.alice.client
    answers: set[int] = set()

    async def send(fields: dict[str, str]) -> None:
        response = await client.post(path.format(**rows), form=fields, headers=HTMX if htmx else {})
        await _check(response, fields)
        answers.add(response.status_code)

    await fuzz(st.dictionaries(st.sampled_from(fields_of(path)), texts), send)
    assert answers


@pytest.mark.parametrize(
    "path",
    [
        "/timer",
        "/entries/days",
        "/entries/older",
        "/timer/suggestions",
        "/palette",
        "/login",
        "/saved-reports/save",
        "/projects",
        "/overlaps",
    ],
)
async def test_no_address_breaks(cast: Cast, path: str) -> None:
    async def send(query: dict[str, str]) -> None:
        response = await cast.alice.client.get(path, query_string=query)
        await _check(response, query)

    await fuzz(st.dictionaries(st.sampled_from(QUERIES), texts), send)


@pytest.mark.parametrize(
    "path",
    [
        "/reports",
        "/reports/figures",
        "/reports/parts",
        *(f"/reports/export.{kind}" for kind in ("csv", "jsonl", "ics")),
    ],
)
@pytest.mark.parametrize("view", ["summary", "detailed", "weekly"])
async def test_no_report_breaks(cast: Cast, path: str, view: str) -> None:
    known = [*texts_of_reports(), "total", "project:none,day:2026-11-20", "description:ff", "week:0001-01-01"]

    async def send(query: dict[str, str]) -> None:
        response = await cast.alice.client.get(path, query_string={"view": view, **query})
        await _check(response, query)

    await fuzz(st.dictionaries(st.sampled_from(ASKED), st.one_of(texts, st.sampled_from(known))), send)


def texts_of_reports() -> list[str]:
    """What the fields of a report's address may say, some beside their own field."""
    return [
        *report_spec.DIMENSIONS,
        *report_spec.PERIODS,
        *report_spec.SORTS,
        "all",
        "none",
        "members",
        "up",
        "15",
    ]


async def _check(response: Response, sent: dict[str, str]) -> None:
    body = await response.get_data(as_text=True)
    assert response.status_code < 500, (sent, body)
    assert "Traceback" not in body
    assert "<script>alert" not in body
