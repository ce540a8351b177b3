"""What people type to register, to sign in and into their profile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.fields import parse
from quart_app.forms.account import LoginForm, PasswordForm, ProfileForm, RegisterForm, password_fault

GOOD = {"username": "alice", "email": "alice@example.com", "password": "correct horse battery"}
PROFILE = {
    "name": "Alice",
    "username": "alice",
    "email": "alice@example.com",
    "time_zone": "Europe/Berlin",
    "hour_cycle": "24",
    "date_order": "dmy",
    "week_start": "0",
    "theme": "dark",
    "density": "compact",
    "duration_format": "decimal",
    "locale": "de",
    "day_target": "7:30",
    "timer_limit": "10",
}


def errors_of(**fields: str) -> dict[str, str]:
    return parse(RegisterForm, {**GOOD, **fields})[1]


def test_a_plain_registration_is_taken_as_typed() -> None:
    form, errors = parse(RegisterForm, {**GOOD, "time_zone": "Asia/Kathmandu", "week_start": "6"})
    assert errors == {}
    assert form is not None
    assert (form.username, form.email, form.password) == tuple(GOOD.values())
    assert (form.time_zone, form.hour_cycle, form.date_order, form.week_start) == (
        "Asia/Kathmandu",
        "24",
        "dmy",
        6,
    )


def test_every_field_of_a_registration_must_be_filled_in() -> None:
    assert set(parse(RegisterForm, {})[1]) == {"username", "email", "password"}
    assert set(parse(RegisterForm, dict.fromkeys(GOOD, " "))[1]) == {"username", "email", "password"}


@pytest.mark.parametrize(
    "name",
    ["al", "a" * 40, "alice.b", "a_b-c", "42", "Žofie", "अदिति", "محمد", "小明", "ｆｕｌｌ", "  alice  "],
)
def test_names_of_many_scripts_are_welcome(name: str) -> None:
    assert errors_of(username=name) == {}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "a" * 41,
        "a" * 100_000,
        "a b",
        "a@b",
        ".alice",
        "-alice",
        "ali\0ce",
        "ali\u202ece",
        "a\u200bb",
        "😀😀",
        "½½",
        "<b>",
        "ﷺ",
    ],
)
def test_a_name_that_is_none_is_refused_at_its_field(name: str) -> None:
    assert set(errors_of(username=name)) == {"username"}


def test_a_name_is_kept_in_one_spelling() -> None:
    form, _ = parse(RegisterForm, {**GOOD, "username": "Zo\u0308e"})
    assert form is not None
    assert form.username == "Zöe"


@pytest.mark.parametrize(
    "email",
    [
        "a@b.co",
        "alice+time@example.com",
        "alice@localhost",
        "ALICE@EXAMPLE.COM",
        "zoë@bücher.example",
        "a@1.2.3.4",
    ],
)
def test_addresses_that_can_be_written_to_pass(email: str) -> None:
    assert errors_of(email=email) == {}


@pytest.mark.parametrize(
    "email",
    [
        "",
        "alice",
        "alice@",
        "@example.com",
        "a@b",
        "a@@b.co",
        "a@b@c.co",
        "a b@c.co",
        "a@b..co",
        "a@-b.co",
        "a@b.co\0",
        "a@b.co\n",
        "a\u202e@b.co",
        f"{'a' * 250}@b.co",
        "<a@b.co>",
    ],
)
def test_an_address_that_is_none_is_refused_at_its_field(email: str) -> None:
    # A line's end is trimmed like any blank around what is typed.
    assert set(errors_of(email=email)) == (set() if email.endswith("\n") else {"email"})


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "at least 10"),
        ("short", "at least 10"),
        ("x1y2z3" * 50, "200 characters or fewer"),
        ("password123", "first that anybody would try"),
        ("PASSWORD123", "first that anybody would try"),
        ("aaaaaaaaaaaa", "first that anybody would try"),
        ("1212121212", "first that anybody would try"),
        ("alice@example.com", "not your username or email"),
        ("Alice@Example.com", "not your username or email"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_in_words(password: str, words: str) -> None:
    errors = errors_of(password=password)
    assert set(errors) == {"password"}
    assert words in errors["password"]


def test_a_password_is_not_the_username() -> None:
    assert "not your username" in errors_of(username="longenoughname", password="LongEnoughName")["password"]
    assert password_fault("longenoughname", "longenoughname") is not None
    assert password_fault("longenoughname", "somebody else") is None


@pytest.mark.parametrize(
    "password", ["  blanks around  ", "naïve café 😀😀", "with\0a NUL in it", "x" * 9 + "abcdef"]
)
def test_a_password_is_kept_to_the_letter(password: str) -> None:
    form, errors = parse(RegisterForm, {**GOOD, "password": password})
    assert errors == {}
    assert form is not None
    assert form.password == password


def test_guesses_of_the_browser_that_make_no_sense_become_the_usual() -> None:
    guesses = {"hour_cycle": "13", "date_order": "", "week_start": "-1"}
    form, errors = parse(RegisterForm, {**GOOD, **guesses})
    assert errors == {}
    assert form is not None
    assert (form.hour_cycle, form.date_order, form.week_start) == ("24", "dmy", 0)


def test_an_old_name_of_a_zone_becomes_the_new_one() -> None:
    form, _ = parse(RegisterForm, {**GOOD, "time_zone": "Asia/Calcutta"})
    assert form is not None
    assert form.time_zone == "Asia/Kolkata"


def test_an_unknown_zone_is_refused_at_its_field() -> None:
    assert set(errors_of(time_zone="Mars/Olympus")) == {"time_zone"}


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@example.com", "\0alice", "nobody at all"])
def test_signing_in_judges_nothing(name: str) -> None:
    form, errors = parse(LoginForm, {"username": name, "password": "x"})
    assert errors == {}
    assert form is not None
    assert form.username == name.replace("\0", "")


def test_signing_in_asks_for_both_fields() -> None:
    assert set(parse(LoginForm, {"username": "\0", "password": ""})[1]) == {"username", "password"}
    assert set(parse(LoginForm, {"username": "a" * 300, "password": "x" * 201})[1]) == {
        "username",
        "password",
    }


def test_a_profile_is_taken_as_typed() -> None:
    form, errors = parse(ProfileForm, PROFILE)
    assert errors == {}
    assert form is not None
    read = {"week_start": 0, "day_target": 450, "timer_limit": 600, "current_password": ""}
    assert {name: getattr(form, name) for name in read} == read
    assert {name: getattr(form, name) for name in PROFILE.keys() - read} == {
        name: text for name, text in PROFILE.items() if name not in read
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 121),
        ("username", "a b"),
        ("email", "nobody"),
        ("time_zone", "Nowhere"),
        ("hour_cycle", "25"),
        ("date_order", "ydm"),
        ("week_start", "7"),
        ("week_start", "Monday"),
        ("theme", "pink"),
    ],
)
def test_a_wrong_value_in_the_profile_is_told_at_its_field(field: str, value: str) -> None:
    assert set(parse(ProfileForm, {**PROFILE, field: value})[1]) == {field}


def test_a_new_password_is_judged_and_the_current_one_is_not() -> None:
    assert set(parse(PasswordForm, {"current_password": "x", "new_password": "short"})[1]) == {"new_password"}
    assert set(parse(PasswordForm, {})[1]) == {"current_password", "new_password"}
    assert parse(PasswordForm, {"current_password": "x", "new_password": "correct horse"})[1] == {}


@given(
    st.dictionaries(st.sampled_from([*GOOD, *PROFILE, "next", "current_password", "new_password"]), st.text())
)
def test_whatever_is_typed_gives_a_form_or_errors(fields: dict[str, str]) -> None:
    for kind in (RegisterForm, LoginForm, ProfileForm, PasswordForm):
        form, errors = parse(kind, fields)
        assert (form is None) == bool(errors)


@given(st.text(max_size=60))
def test_a_name_that_is_let_in_is_safe_to_show_and_to_store(name: str) -> None:
    form, _ = parse(RegisterForm, {**GOOD, "username": name})
    if form is not None:
        assert form.username.isprintable()
        assert not set(form.username) & set("@ <>\"'&")
        assert parse(RegisterForm, {**GOOD, "username": form.username})[0] == form
