"""The account page: the profile, the password, the open sessions, and signing out."""

import asyncio
import re
from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from quart import Quart, Response

from quart_app import periods, sign_in
from quart_app.access import Viewer
from quart_app.live import END
from quart_app.queries.accounts import Profile
from quart_app.tables import sessions, users
from tests.support.answers import body_of
from tests.support.cast import PASSWORD, Cast, Person

HTMX = {"HX-Request": "true"}


def profile_of(person: Person, **changed: str) -> dict[str, str]:
    """The form as a browser sends it: times of minutes in hours, a box without its tick not at all."""
    known = {field.name: str(getattr(person.viewer, field.name)) for field in fields(Profile)}
    hours = {"day_target": "8", "timer_limit": "8", "is_warned_of_overlap": "1"}
    return {name: value for name, value in (known | hours | changed).items() if value != "no tick"}


async def save(person: Person, **changed: str) -> Response:
    return await person.client.post("/account", form=profile_of(person, **changed))


async def change_password(
    person: Person, current: str = PASSWORD, new: str = "another horse", **more: Any
) -> Response:
    form = {"current_password": current, "new_password": new}
    return await person.client.post("/account/password", form=form, **more)


async def page_of(person: Person) -> str:
    response = await person.client.get("/account")
    assert response.status_code == 200
    return await body_of(response)


async def is_signed_in(person: Person) -> bool:
    return (await person.client.get("/account")).status_code == 200


async def sign_in_elsewhere(app: Quart, name: str, **headers: str) -> Person:
    """Another browser of one of the cast."""
    client = app.test_client()
    form = {"username": name, "password": PASSWORD}
    assert (await client.post("/login", form=form, headers=headers)).status_code == 303
    async with app.extensions["chronos"].database.reading() as db:
        newest = sa.select(sessions.c.id, sessions.c.user_id).order_by(sessions.c.id.desc()).limit(1)
        session_id, user_id = (await db.execute(newest)).one()
    known = {field.name: None for field in fields(Viewer)}
    return Person(client, Viewer(**{**known, "session_id": session_id, "user_id": user_id}))


def error_at(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', page, re.DOTALL)
    assert found, f"no error at {field}"
    return found[1].replace("&#39;", "'")


# --- the profile -------------------------------------------------------------------------------------------------


async def test_the_page_shows_who_one_is(cast: Cast) -> None:
    page = await page_of(cast.alice)
    for value in ("Alice", "alice", "alice@example.com"):
        assert f'value="{value}"' in page
    assert "<option selected>Europe/Berlin</option>" in page
    assert html_of(page) == {
        "lang": "en",
        "dir": "ltr",
        "data-theme": "system",
        "data-density": "comfortable",
        "data-clock": "24",
        "data-durations": "clock",
    }


def html_of(page: str) -> dict[str, str]:
    """The attributes of a page's root."""
    found = re.search(r"<html ([^>]*)>", page)
    assert found
    return dict(re.findall(r'([\w-]+)="([^"]*)"', found[1]))


async def test_strangers_are_sent_to_sign_in_and_come_back(app: Quart) -> None:
    client = app.test_client()
    assert (await client.get("/account")).location == "/login?next=/account"
    for path in ("/account", "/account/password", "/logout/everywhere", f"/account/sessions/{uuid4()}/end"):
        assert (await client.post(path, form={})).location == "/login"


async def test_a_saved_profile_takes_effect_at_once(cast: Cast) -> None:
    changed = {"name": "Alice L.", "username": "alice.l", "time_zone": "Asia/Kathmandu", "hour_cycle": "12"}
    response = await save(cast.alice, **changed, date_order="ymd", week_start="6", theme="dark")
    assert (response.status_code, response.location) == (303, "/account")
    page = await page_of(cast.alice)
    assert "Saved." in page
    assert html_of(page)["data-clock"] == "12"
    assert html_of(page)["data-theme"] == "dark"
    for mark in (
        'value="Alice L."',
        'value="alice.l"',
        "<option selected>Asia/Kathmandu</option>",
        'value="12" checked',
    ):
        assert mark in page
    assert 'value="ymd" selected' in page
    assert '<option value="6" selected>Sunday' in page


async def test_other_tabs_of_the_person_hear_of_it(app: Quart, cast: Cast) -> None:
    with app.extensions["chronos"].live.subscribe([f"user:{cast.alice.viewer.user_id}"]) as mailbox:
        await save(cast.alice, time_zone="UTC")
        assert set(await mailbox.take()) == {"profile-changed"}


async def test_the_team_hears_of_another_name_and_of_nothing_else(app: Quart, cast: Cast) -> None:
    with app.extensions["chronos"].live.subscribe([f"workspace:{cast.alice.viewer.workspace_id}"]) as mailbox:
        await save(cast.alice, theme="dark")
        await save(cast.alice, theme="dark", name="Alicia")
        assert set(await mailbox.take()) == {"team-changed"}


async def test_wrong_values_stand_at_their_fields_and_stay(cast: Cast) -> None:
    response = await save(
        cast.alice, username="a b", email="nobody", time_zone="Mars/Olympus", theme="pink", name="Al"
    )
    page = await body_of(response)
    assert response.status_code == 422
    for field in ("username", "email", "time_zone", "theme"):
        assert error_at(page, f"f-{field}")
    for value in ("a b", "nobody", "Al"):
        assert f'value="{value}"' in page
    assert "Europe/Berlin" in await page_of(cast.alice)


async def test_a_profile_with_fields_left_out_is_asked_for_again(cast: Cast) -> None:
    response = await cast.alice.client.post("/account", form={"name": "Al"})
    assert response.status_code == 422
    assert 'value="alice"' in await body_of(response)


async def test_with_htmx_the_form_comes_back_alone_and_the_page_hears_of_success(cast: Cast) -> None:
    wrong = await cast.alice.client.post("/account", form=profile_of(cast.alice, username=""), headers=HTMX)
    assert wrong.status_code == 422
    assert (await body_of(wrong)).strip().startswith('<section id="account-profile"')
    form = profile_of(cast.alice, name="Al", theme="dark")
    right = await cast.alice.client.post("/account", form=form, headers=HTMX)
    body = await body_of(right)
    assert (right.status_code, right.headers["HX-Trigger"]) == (200, "profile-changed")
    assert body.strip().startswith('<section id="account-profile"')
    assert 'value="Al"' in body
    assert 'value="dark" checked' in body
    assert "Saved." in body


@pytest.mark.parametrize(("field", "value"), [("username", "BOB"), ("email", "Bob@example.com")])
async def test_nobody_takes_anothers_name(cast: Cast, field: str, value: str) -> None:
    response = await save(cast.alice, **{field: value}, current_password=PASSWORD)
    assert response.status_code == 422
    assert error_at(await body_of(response), f"f-{field}")


async def test_a_new_email_asks_for_the_password(app: Quart, cast: Cast) -> None:
    for typed, words in (("", "enter your current password"), ("wrong", "isn't your current password")):
        response = await save(cast.alice, email="new@example.com", current_password=typed)
        assert response.status_code == 422
        assert words in error_at(await body_of(response), "f-current_password")
        assert 'value="new@example.com"' in await body_of(response)
    assert (await save(cast.alice, email="new@example.com", current_password=PASSWORD)).status_code == 303
    async with app.extensions["chronos"].database.reading() as db:
        assert "new@example.com" in (await db.execute(sa.select(users.c.email))).scalars().all()


async def test_guessing_the_password_from_within_is_throttled_too(cast: Cast) -> None:
    answers = [
        (await change_password(cast.alice, current=f"guess {number}")).status_code for number in range(6)
    ]
    assert answers == [422] * 5 + [429]
    refused = await save(cast.alice, email="new@example.com", current_password=PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "Too many tries" in error_at(await body_of(refused), "f-current_password")


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x>', "Ζωή 😀", "x" * 120])
async def test_any_name_is_shown_as_text(cast: Cast, name: str) -> None:
    assert (await save(cast.alice, name=name)).status_code == 303
    page = await page_of(cast.alice)
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


# --- the password ------------------------------------------------------------------------------------------------


async def test_a_new_password_ends_all_other_sessions_and_the_old_one_is_no_use(
    app: Quart, cast: Cast
) -> None:
    other = await sign_in_elsewhere(app, "alice")
    with app.extensions["chronos"].live.subscribe([f"session:{other.viewer.session_id}"]) as mailbox:
        response = await change_password(cast.alice)
        assert (response.status_code, response.location) == (303, "/account")
        assert END in await mailbox.take()
    assert "Password changed" in await page_of(cast.alice)
    assert not await is_signed_in(other)
    old = {"username": "alice", "password": PASSWORD}
    assert (await app.test_client().post("/login", form=old)).status_code == 422
    new = {"username": "alice", "password": "another horse"}
    assert (await app.test_client().post("/login", form=new)).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "field", "words"),
    [
        ("wrong", "another horse", "current", "isn't your current password"),
        ("", "another horse", "current", "Fill this in."),
        (PASSWORD, "short", "new", "at least 10"),
        (PASSWORD, "alice@example.com", "new", "not your username or email"),
        (PASSWORD, "password123", "new", "first that anybody would try"),
    ],
)
async def test_what_is_wrong_with_a_password_is_told_at_its_field(
    cast: Cast, current: str, new: str, field: str, words: str
) -> None:
    for headers in ({}, HTMX):
        response = await change_password(cast.alice, current, new, headers=headers)
        page = await body_of(response)
        assert response.status_code == 422
        assert words in error_at(page, f"f-password-{field}")
        assert f'value="{new}"' not in page.replace('type="email" value="alice@example.com"', "")
        assert page.strip().startswith("<section") == bool(headers)


async def test_with_htmx_the_password_form_comes_back_empty(cast: Cast) -> None:
    response = await change_password(cast.alice, headers=HTMX)
    body = await body_of(response)
    assert response.status_code == 200
    assert body.strip().startswith('<section id="account-password"')
    assert response.headers["HX-Trigger"] == "sessions-changed"
    assert "Password changed" in body
    fragment = await body_of(await cast.alice.client.get("/account/password"))
    assert body.startswith(fragment)


# --- sessions ----------------------------------------------------------------------------------------------------


async def test_the_list_tells_devices_apart_and_marks_this_one(app: Quart, cast: Cast) -> None:
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"
    await sign_in_elsewhere(app, "alice", **{"User-Agent": phone})
    page = await body_of(await cast.alice.client.get("/account/sessions"))
    assert page.strip().startswith('<section id="account-sessions"')
    assert "Safari on iPhone" in page
    assert "Unknown device" in page
    assert page.count("This one") == 1
    assert page.count("/end") == 2  # once for the form, once for htmx
    assert "bob" not in page


@pytest.mark.parametrize(("minutes", "words"), [(0, "Now"), (24 * 60, "Yesterday "), (24 * 60 * 40, ", ")])
async def test_the_list_says_when_a_session_was_last_seen(
    app: Quart, cast: Cast, minutes: int, words: str
) -> None:
    other = await sign_in_elsewhere(app, "alice")
    seen = periods.now() - timedelta(minutes=minutes)
    async with app.extensions["chronos"].database.writing() as db:
        await db.execute(
            sa.update(sessions).where(sessions.c.id == other.viewer.session_id).values(last_seen_at=seen)
        )
    rows = (await body_of(await cast.alice.client.get("/account/sessions"))).split("<li ")
    assert words in rows[2]


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_one_ends_a_session_of_ones_own(app: Quart, cast: Cast, headers: dict[str, str]) -> None:
    other = await sign_in_elsewhere(app, "alice")
    with app.extensions["chronos"].live.subscribe([f"session:{other.viewer.session_id}"]) as mailbox:
        path = f"/account/sessions/{other.viewer.session_id}/end"
        response = await cast.alice.client.post(path, headers=headers)
        assert response.status_code == (200 if headers else 303)
        assert END in await mailbox.take()
    if headers:
        assert (await body_of(response)).strip().startswith('<section id="account-sessions"')
    assert not await is_signed_in(other)
    assert await is_signed_in(cast.alice)


async def test_nobody_ends_a_session_of_another(cast: Cast) -> None:
    path = f"/account/sessions/{cast.alice.viewer.session_id}/end"
    for person in (cast.bob, cast.dana, cast.charlie):
        assert (await person.client.post(path)).status_code == 404
    assert await is_signed_in(cast.alice)


@pytest.mark.parametrize("session_id", ["0", "not-an-id", "00000000-0000-7000-8000-000000000000"])
async def test_a_session_that_is_not_there_is_missing(cast: Cast, session_id: str) -> None:
    assert (await cast.alice.client.post(f"/account/sessions/{session_id}/end")).status_code == 404


async def test_ending_this_session_signs_out(cast: Cast) -> None:
    response = await cast.alice.client.post(f"/account/sessions/{cast.alice.viewer.session_id}/end")
    assert response.location == "/login"
    assert not await is_signed_in(cast.alice)


# --- signing out -------------------------------------------------------------------------------------------------


async def test_signing_out_ends_the_session_and_its_streams(app: Quart, cast: Cast) -> None:
    token = next(cookie.value for cookie in cast.alice.client.cookie_jar or ())
    with app.extensions["chronos"].live.subscribe([f"session:{cast.alice.viewer.session_id}"]) as mailbox:
        response = await cast.alice.client.post("/logout")
        assert END in await mailbox.take()
    assert (response.status_code, response.location) == (303, "/login")
    assert not list(cast.alice.client.cookie_jar or ())
    cast.alice.client.set_cookie("localhost", "chronos", str(token))
    assert not await is_signed_in(cast.alice)


async def test_signing_out_twice_succeeds(cast: Cast) -> None:
    for _ in range(2):
        assert (await cast.alice.client.post("/logout")).status_code == 303


async def test_signing_out_is_no_link(cast: Cast) -> None:
    assert (await cast.alice.client.get("/logout")).status_code == 405
    assert await is_signed_in(cast.alice)


async def test_signing_out_everywhere_leaves_no_session_but_those_of_others(app: Quart, cast: Cast) -> None:
    other = await sign_in_elsewhere(app, "alice")
    response = await cast.alice.client.post("/logout/everywhere", headers=HTMX)
    assert (response.status_code, response.headers["HX-Redirect"]) == (200, "/login")
    assert not await is_signed_in(other)
    assert not await is_signed_in(cast.alice)
    assert await is_signed_in(cast.bob)


async def test_other_sites_sign_nobody_out_and_change_nothing(cast: Cast) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in ("/logout", "/logout/everywhere", "/account", "/account/password", "/login", "/register"):
        assert (await cast.alice.client.post(path, headers=foreign, form={})).status_code == 403
    assert await is_signed_in(cast.alice)


@pytest.mark.parametrize("path", ["/login", "/register", "/account", "/account/password"])
async def test_bodies_that_are_no_forms_are_refused(cast: Cast, path: str) -> None:
    response = await cast.alice.client.post(path, json={"username": "alice"})
    assert response.status_code == 415


async def test_changing_the_password_from_two_places_at_once_changes_it_once(app: Quart, cast: Cast) -> None:
    other = await sign_in_elsewhere(app, "alice")
    done = await asyncio.gather(
        change_password(cast.alice, new="the first horse"), change_password(other, new="the second horse")
    )
    assert 303 in {response.status_code for response in done}
    worked = 0
    for new in ("the first horse", "the second horse"):
        form = {"username": "alice", "password": new}
        worked += (await app.test_client().post("/login", form=form)).status_code == 303
    assert worked == 1


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel) Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/19 Safari/605.1.15", "Safari on Mac"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
    ],
)
def test_a_browser_is_named_as_its_owner_would(user_agent: str, words: str) -> None:
    assert sign_in.device_words(user_agent) == words
