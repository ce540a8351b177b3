"""Registering and signing in, as browsers do it, and how often one may try."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pwdlib.hashers.argon2 import Argon2Hasher
from quart import Quart, Response
from quart.typing import TestClientProtocol as Client

from quart_app import passwords, periods
from quart_app.db import Database
from quart_app.settings import Settings
from quart_app.tables import sessions, throttles, users
from tests.support.answers import body_of
from tests.support.cast import PASSWORD, Cast

ALICE = {"username": "alice", "email": "alice@example.com", "password": "correct horse battery"}


@pytest.fixture
def registration() -> str:
    return "open"


@pytest.fixture
def settings(settings: Settings, registration: str) -> Settings:
    return settings.model_copy(update={"registration": registration})


async def register(client: Client, **fields: str) -> Response:
    return await client.post("/register", form={**ALICE, **fields})


async def sign_in_as(client: Client, name: str = "alice", password: str = PASSWORD, **more: str) -> Response:
    return await client.post("/login", form={"username": name, "password": password, **more})


async def is_signed_in(client: Client) -> bool:
    return (await client.get("/account")).status_code == 200


def token_of(client: Client) -> str:
    return next((cookie.value or "" for cookie in client.cookie_jar or () if cookie.name == "chronos"), "")


async def all_of(app: Quart, query: sa.Select[Any]) -> list[Any]:
    database: Database = app.extensions["chronos"].database
    async with database.reading() as db:
        return list((await db.execute(query)).scalars())


def error_at(page: str, field: str) -> str:
    """The message that stands at a field, tied to it for screen readers."""
    id_ = f"f-{field}"
    assert (
        re.search(rf'<(input|select|textarea)[^>]*id="{id_}"[^>]*aria-invalid="true"', page)
        or "<fieldset" in page
    )
    found = re.search(rf'id="{id_}-error">.*?<span>(.*?)</span>', page, re.DOTALL)
    assert found, f"no error at {field}"
    return found[1].replace("&#39;", "'")


# --- registering -------------------------------------------------------------------------------------------------


async def test_registering_signs_in_and_leads_to_the_timer(client: Client) -> None:
    response = await register(
        client, time_zone="Asia/Kathmandu", hour_cycle="12", date_order="mdy", week_start="6"
    )
    assert (response.status_code, response.location) == (303, "/timer")
    page = await body_of(await client.get("/account"))
    assert "<option selected>Asia/Kathmandu</option>" in page
    assert 'name="hour_cycle" value="12" checked' in page
    assert '<option value="mdy" selected>' in page
    assert '<option value="6" selected>Sunday' in page


async def test_the_form_has_its_fields_by_their_labels(client: Client) -> None:
    page = await body_of(await client.get("/register"))
    for label in ("Username", "Email", "Password", "Time zone"):
        assert f">{label}</label>" in page
    assert ">Create account</button>" in page
    assert 'data-guess="zone"' in page


async def test_errors_stand_at_their_fields_and_what_was_typed_stays(client: Client) -> None:
    response = await register(
        client, username="no spaces", email="<b>", password="short", time_zone="Asia/Tokyo"
    )
    page = await body_of(response)
    assert response.status_code == 422
    assert "letters, digits" in error_at(page, "username")
    assert "email address" in error_at(page, "email")
    assert "10 characters" in error_at(page, "password")
    assert 'value="no spaces"' in page
    assert 'value="&lt;b&gt;"' in page
    assert "<option selected>Asia/Tokyo</option>" in page
    assert "short" not in page
    assert "data-guess" not in page


async def test_a_name_that_is_taken_is_told_at_its_field(app: Quart, client: Client, cast: Cast) -> None:
    response = await register(client, username="ALICE", email="another@example.com")
    assert response.status_code == 422
    assert "taken" in error_at(await body_of(response), "username")
    response = await register(client, username="another", email="ALICE@example.com")
    assert response.status_code == 422
    assert "account already" in error_at(await body_of(response), "email")
    assert len(await all_of(app, sa.select(users.c.id))) == 4


async def test_of_two_who_want_a_name_at_once_one_gets_it(app: Quart) -> None:
    clients = [app.test_client() for _ in range(4)]
    done = await asyncio.gather(
        *(register(client, email=f"{number}@example.com") for number, client in enumerate(clients))
    )
    assert sorted(response.status_code for response in done) == [303, 422, 422, 422]
    refused = next(response for response in done if response.status_code == 422)
    assert "taken" in error_at(await body_of(refused), "username")


async def test_a_password_is_never_kept_as_it_is(app: Quart, client: Client) -> None:
    await register(client)
    [known] = await all_of(app, sa.select(users.c.password_hash))
    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert token_of(client) not in str(await all_of(app, sa.select(sessions.c.token_hash)))


async def test_those_who_are_signed_in_need_no_form_to_sign_in(cast: Cast) -> None:
    for path in ("/login", "/register"):
        response = await cast.alice.client.get(path)
        assert (response.status_code, response.location) == (303, "/timer")


async def test_many_may_register_from_one_address(app: Quart) -> None:
    for number in range(22):
        made = await register(app.test_client(), username=f"user{number}", email=f"{number}@example.com")
        assert made.status_code == 303


async def test_asking_for_taken_names_again_and_again_is_throttled(client: Client, cast: Cast) -> None:
    for number in range(20):
        assert (await register(client, email=f"{number}@example.com")).status_code == 422
    response = await register(client, username="somebody-else", email="other@example.com")
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 15
    assert "Too many tries" in await body_of(response)
    assert 'value="somebody-else"' in await body_of(response)


@pytest.mark.parametrize("registration", ["closed"])
async def test_where_registration_is_closed_the_page_says_how_to_get_an_account(
    client: Client,
) -> None:
    page = await client.get("/register")
    assert page.status_code == 200
    assert "create-user" in await body_of(page)
    assert "Create account" not in await body_of(page)
    response = await register(client)
    assert response.status_code == 403
    assert "create-user" in await body_of(response)
    assert "Username or email" in await body_of(await client.get("/"))


@pytest.mark.parametrize("registration", ["first-only"])
async def test_the_first_may_register_and_nobody_after(app: Quart, client: Client) -> None:
    assert "Create account" in await body_of(await client.get("/"))
    assert (await register(client)).status_code == 303
    other = app.test_client()
    assert "create-user" in await body_of(await other.get("/register"))
    assert (await register(other, username="bob", email="bob@example.com")).status_code == 403
    assert await all_of(app, sa.select(users.c.username)) == ["alice"]


@pytest.mark.parametrize("registration", ["first-only"])
async def test_of_many_first_people_at_once_one_gets_in(app: Quart) -> None:
    done = await asyncio.gather(
        *(register(app.test_client(), username=f"user{n}", email=f"{n}@example.com") for n in range(4))
    )
    assert sorted(response.status_code for response in done) == [303, 403, 403, 403]
    assert len(await all_of(app, sa.select(users.c.id))) == 1


# --- signing in --------------------------------------------------------------------------------------------------


async def test_a_stranger_finds_the_form_for_the_first_account_and_then_the_sign_in(
    app: Quart, client: Client
) -> None:
    first = await client.get("/")
    assert first.status_code == 200
    assert "Create the first account" in await body_of(first)
    await register(client)
    later = await app.test_client().get("/")
    assert later.status_code == 200
    for label in ("Username or email", "Password"):
        assert f">{label}</label>" in await body_of(later)
    assert ">Sign in</button>" in await body_of(later)


@pytest.mark.parametrize("name", ["alice", "Alice", "alice@example.com", " ALICE@EXAMPLE.COM "])
async def test_one_signs_in_by_either_name(cast: Cast, client: Client, name: str) -> None:
    response = await sign_in_as(client, name)
    assert (response.status_code, response.location) == (303, "/timer")
    assert await is_signed_in(client)


async def test_wrong_names_and_wrong_passwords_get_the_same_answer(cast: Cast, client: Client) -> None:
    wrong = await sign_in_as(client, "alice", "not her password")
    unknown = await sign_in_as(client, "nobody", "not her password")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert (await body_of(wrong)).replace("alice", "nobody") == await body_of(unknown)
    assert 'value="alice"' in await body_of(wrong)
    assert "not her password" not in await body_of(wrong)
    assert not await is_signed_in(client)


async def test_an_unknown_name_costs_a_verification_like_a_known_one(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str | None] = []
    verify = passwords.verify_password

    async def counted(password: str, known: str | None) -> tuple[bool, str | None]:
        verified.append(known)
        return await verify(password, known)

    monkeypatch.setattr(passwords, "verify_password", counted)
    await sign_in_as(client, "nobody")
    await sign_in_as(client, "alice", "wrong")
    assert verified[0] is None
    assert len(verified) == 2


@pytest.mark.parametrize(
    "form", [{}, {"username": "alice"}, {"password": "x"}, {"username": "\0", "password": "\0"}]
)
async def test_what_is_left_out_is_told_at_its_field(client: Client, form: dict[str, str]) -> None:
    response = await client.post("/login", form=form)
    assert response.status_code == 422
    if "password" not in form:
        assert error_at(await body_of(response), "password") == "Fill this in."


async def test_each_sign_in_has_a_token_of_its_own_and_ends_the_one_before(
    app: Quart, cast: Cast, client: Client
) -> None:
    client.set_cookie("localhost", "chronos", "chosen-by-somebody-else")
    await sign_in_as(client)
    first = token_of(client)
    assert first not in ("", "chosen-by-somebody-else")
    await client.post("/login", form={"username": "bob", "password": PASSWORD})
    assert token_of(client) != first
    assert "bob@example.com" in await body_of(await client.get("/account"))
    assert len(await all_of(app, sa.select(sessions.c.id))) == 5


async def test_signing_in_over_a_session_that_was_due_for_renewal_gives_the_new_one(
    app: Quart, cast: Cast
) -> None:
    """The cookie of the old session must not be sent once more."""
    stale = periods.now() - timedelta(minutes=10)
    async with app.extensions["chronos"].database.writing() as db:
        await db.execute(sa.update(sessions).values(last_seen_at=stale))
    response = await sign_in_as(cast.alice.client, "bob")
    assert len(response.headers.getlist("Set-Cookie")) == 1
    assert "bob@example.com" in await body_of(await cast.alice.client.get("/account"))


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(app: Quart, cast: Cast) -> None:
    plain = (await sign_in_as(app.test_client())).headers["Set-Cookie"]
    secure = await app.test_client().post(
        "/login", form={"username": "alice", "password": PASSWORD}, scheme="https"
    )
    assert plain.startswith("chronos=")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in plain
    assert secure.headers["Set-Cookie"].startswith("__Host-chronos=")
    assert "Secure" in secure.headers["Set-Cookie"]
    assert "Domain" not in secure.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/projects", "/timer?before=2026-11-01"])
async def test_one_goes_on_where_one_was_sent_from(cast: Cast, client: Client, path: str) -> None:
    sent = await client.get(path)
    assert sent.location.startswith("/login?next=")
    form = await body_of(await client.get(sent.location))
    assert f'name="next" value="{path}"' in form
    assert (await sign_in_as(client, next=path)).location == path


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:evil()", ""]
)
async def test_nobody_is_sent_to_another_site(cast: Cast, client: Client, target: str) -> None:
    assert "evil" not in await body_of(await client.get("/login", query_string={"next": target}))
    assert (await sign_in_as(client, next=target)).location == "/timer"


async def test_where_to_go_on_is_kept_through_a_wrong_password(cast: Cast, client: Client) -> None:
    page = await body_of(await sign_in_as(client, password="wrong", next="/projects"))
    assert 'name="next" value="/projects"' in page


async def test_a_hash_with_old_parameters_is_renewed(app: Quart, cast: Cast, client: Client) -> None:
    old = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    async with app.extensions["chronos"].database.writing() as db:
        await db.execute(sa.update(users).where(users.c.username == "alice").values(password_hash=old))
    assert (await sign_in_as(client)).status_code == 303
    [renewed] = await all_of(app, sa.select(users.c.password_hash).where(users.c.username == "alice"))
    assert "m=19456,t=2,p=1" in renewed
    assert (await sign_in_as(app.test_client())).status_code == 303


# --- throttles ---------------------------------------------------------------------------------------------------


async def test_after_five_wrong_tries_an_account_rests(app: Quart, cast: Cast, client: Client) -> None:
    assert [(await sign_in_as(client, password="wrong")).status_code for _ in range(6)] == [422] * 5 + [429]
    refused = await sign_in_as(app.test_client(), "ALICE")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    page = await body_of(refused)
    assert "Too many tries. Wait" in page
    assert 'value="ALICE"' in page
    assert (await sign_in_as(client, "bob")).status_code == 303


async def test_a_name_that_is_no_account_is_throttled_the_same(cast: Cast, client: Client) -> None:
    answers = [(await sign_in_as(client, "nobody")).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


async def test_tries_that_succeed_do_not_count(app: Quart, cast: Cast) -> None:
    for _ in range(4):
        await sign_in_as(app.test_client(), password="wrong")
    for _ in range(25):
        assert (await sign_in_as(app.test_client())).status_code == 303
    answers = [(await sign_in_as(app.test_client(), password="wrong")).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


async def test_an_address_that_tries_many_names_rests(cast: Cast, client: Client) -> None:
    answers = [(await sign_in_as(client, f"name{number}")).status_code for number in range(21)]
    assert answers == [422] * 20 + [429]


async def test_the_throttle_knows_nobodys_name_or_address(app: Quart, client: Client) -> None:
    await sign_in_as(client, "somebody@example.com")
    keys = await all_of(app, sa.select(throttles.c.key))
    assert [len(key) for key in keys] == [32, 32]
