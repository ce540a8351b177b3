"""Forms of an account: registering, signing in, the profile and the password."""

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from quart_app import clocks, periods
from quart_app.fields import Form, Line
from quart_app.words import LANGUAGES, _

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
LONGEST_USERNAME, LONGEST_EMAIL = 40, 254

# An address that can be written to, or somebody@localhost. Whether it exists only a message to it could tell.
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf'[^\s@"(),:;<>\[\\\]]{{1,64}}@(?:localhost|(?:{_LABEL}\.)+{_LABEL})', re.IGNORECASE)
# Those of ten characters and more in the lists of leaked passwords that are tried first.
_LEAKED = """
1234567890 12345678910 0123456789 0987654321 9876543210 1234567891 123456789a 123456789q 987654321a
1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop qwertyuiop123 qwerty12345 qwerty123456 qwerty1234
1234qwerasdf 123qweasdzxc q1w2e3r4t5 q1w2e3r4t5y6 zaq12wsxcde3 asdfghjkl1 asdfghjkl; zxcvbnm123
password10 password11 password12 password123 password1234 password12345 password01 passw0rd123
p@ssw0rd123 password!! mypassword newpassword changeme123 changemenow letmein123 letmein1234
welcome123 welcome1234 iloveyou12 iloveyou123 iloveyou1234 administrator admin12345 admin123456
superman123 football123 baseball123 princess123 dragon1234 monkey1234 sunshine123
trustno1trustno1 testtest123 1234512345 abcdefghij abcdefghijk abcde12345 abcd123456 abc1234567 a123456789
aa12345678 1111111111 0000000000 qwerty7890 azertyuiop azerty1234 motdepasse passwort123 contrasena contraseña
timetracker chronos123
"""
_COMMON = frozenset(_LEAKED.split())


def _username(value: str) -> str:
    name = unicodedata.normalize("NFKC", value[: LONGEST_USERNAME + 1]).strip()
    if not 2 <= len(name) <= LONGEST_USERNAME:
        raise ValueError(_("Use 2 to %(most)s characters.", most=LONGEST_USERNAME))
    # Combining marks are part of the letters of many scripts.
    kinds = [unicodedata.category(char) for char in name]
    is_plain = all(
        kind[0] == "L" or kind in {"Mn", "Mc", "Nd"} or char in "._-"
        for kind, char in zip(kinds, name, strict=True)
    )
    if not is_plain or kinds[0][0] not in "LN":
        raise ValueError(
            _("Use letters, digits, dots, dashes and underscores; begin with a letter or digit.")
        )
    return name


def _email(value: str) -> str:
    address = unicodedata.normalize("NFC", value)
    if len(address) > LONGEST_EMAIL or not address.isprintable() or not _EMAIL.fullmatch(address):
        raise ValueError(_("Enter an email address such as name@example.com."))
    return address


def _zone(value: str) -> str:
    try:
        return periods.zone(value).key
    except ValueError:
        raise ValueError(
            _("That time zone isn't known here. Choose one from the list, such as Europe/Berlin.")
        ) from None


def _printable(value: str) -> str:
    return "".join(char for char in value if char.isprintable()).strip()


def _given(value: str) -> str:
    if not value:
        raise ValueError(_("Fill this in."))
    return value


def password_fault(password: str, *names: str) -> str | None:
    """What is wrong with a new password of somebody with these names, None where it may stand."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < SHORTEST_PASSWORD:
        return _(
            "Use at least %(least)s characters. A few words are easy to keep in mind.",
            least=SHORTEST_PASSWORD,
        )
    if len(password) > LONGEST_PASSWORD:
        return _("Keep this to %(most)s characters or fewer.", most=LONGEST_PASSWORD)
    if folded in _COMMON or len(set(folded)) < 4:
        return _("This is one of the first that anybody would try. Choose another one.")
    if folded in {name.casefold() for name in names}:
        return _("Choose one that is not your username or email.")
    return None


def _new_password(value: str, info: ValidationInfo) -> str:
    names = (info.data.get("username", ""), info.data.get("email", ""))
    if fault := password_fault(value, *names):
        raise ValueError(fault)
    return value


# Blanks at either end belong to a password.
_Secret = Annotated[str, StringConstraints(strip_whitespace=False)]
Username = Annotated[str, AfterValidator(_username)]
Email = Annotated[str, AfterValidator(_email)]
ZoneName = Annotated[str, AfterValidator(_zone)]
# A password to compare: any text that could have been set, not judged.
KnownPassword = Annotated[_Secret, StringConstraints(max_length=LONGEST_PASSWORD), AfterValidator(_given)]
NewPassword = Annotated[_Secret, AfterValidator(_new_password)]


def _guess(*offered: str) -> BeforeValidator:
    """What the browser guesses in a hidden field; the first one where that is none of them."""
    return BeforeValidator(lambda value: value if value in offered else offered[0])


def _language(value: object) -> object:
    """The language of what a browser says, such as "de-AT", where it is one of ours; else English."""
    spoken = value.partition("-")[0].lower() if isinstance(value, str) else ""
    return spoken if spoken in LANGUAGES else "en"


def _offered(value: str) -> str:
    if value not in LANGUAGES:
        raise ValueError(_("Choose one of the offered values."))
    return value


_PLAIN_HOURS = re.compile(r"\d{1,3}(?:[.,]\d{1,4})?")


def _minutes(most_hours: int) -> BeforeValidator:
    """Minutes of hours as people type them: "8", "7:30", "7.5h"; nothing typed is none."""

    def read(value: object) -> int:
        typed = str(value).strip()
        if not typed:
            return 0
        try:
            seconds = clocks.parse_duration(f"{typed}h" if _PLAIN_HOURS.fullmatch(typed) else typed)
        except ValueError:
            raise ValueError(_("Type hours like 8, 7:30 or 7.5h. Leave it empty for none.")) from None
        if seconds > most_hours * 3600:
            raise ValueError(_("Type %(most)s hours at most.", most=most_hours))
        return seconds // 60

    return BeforeValidator(read)


def written_hours(minutes: int) -> str:
    """Minutes as _minutes reads them back: "8", "7:30", nothing for none."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}:{rest:02}" if rest else str(hours or "")


class RegisterForm(Form):
    username: Username
    email: Email
    password: NewPassword
    time_zone: ZoneName = "UTC"
    locale: Annotated[str, BeforeValidator(_language)] = "en"
    hour_cycle: Annotated[str, _guess("24", "12")] = "24"
    date_order: Annotated[str, _guess("dmy", "mdy", "ymd")] = "dmy"
    week_start: Annotated[int, _guess("0", "1", "2", "3", "4", "5", "6")] = 0


class LoginForm(Form):
    """`username` may be an email address too; `next` is where to go on, yet to be checked."""

    username: Annotated[
        str, StringConstraints(max_length=LONGEST_EMAIL), AfterValidator(_printable), AfterValidator(_given)
    ]
    password: KnownPassword
    next: str = ""


class ProfileForm(Form):
    """`current_password` is asked for where the email changes. `day_target` and `timer_limit` are typed as hours and
    become minutes."""

    name: Line = ""
    username: Username
    email: Email
    time_zone: ZoneName
    hour_cycle: Literal["24", "12"]
    date_order: Literal["dmy", "mdy", "ymd"]
    week_start: Annotated[int, Field(ge=0, le=6)]
    theme: Literal["system", "light", "dark"]
    density: Literal["comfortable", "compact"]
    locale: Annotated[str, AfterValidator(_offered)]
    duration_format: Literal["clock", "decimal"]
    day_target: Annotated[int, _minutes(24)]
    timer_limit: Annotated[int, _minutes(7 * 24)]
    is_warned_of_overlap: Annotated[bool, BeforeValidator(lambda value: value == "1")] = False
    current_password: Annotated[_Secret, StringConstraints(max_length=LONGEST_PASSWORD)] = ""


class PasswordForm(Form):
    """`new_password` is judged with the person's names by password_fault."""

    current_password: KnownPassword
    new_password: _Secret

    @field_validator("new_password")
    @classmethod
    def _may_stand(cls, value: str) -> str:
        if fault := password_fault(value):
            raise ValueError(fault)
        return value
