"""Form fields: how text that people type becomes values, or a message to stand at the field. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails

from quart_app.places import Place
from quart_app.words import _

Errors = dict[str, str]
M = TypeVar("M", bound="Form")

# Characters that reorder the text around them (Unicode TR9, explicit formatting): in a name they only deceive.
_REORDERING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_COLOURS = 12


class Form(BaseModel):
    """A form's fields: frozen, unknown fields ignored (htmx and browsers add their own)."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


def _line(value: str) -> str:
    return " ".join(_clean(value).split())


def _clean(value: str) -> str:
    """NFC text without control or reordering characters; a NUL cannot be stored by PostgreSQL at all."""
    kept = (
        char for char in value.translate(_REORDERING) if char in "\n\t" or unicodedata.category(char) != "Cc"
    )
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def _text(value: str) -> str:
    return _clean(value.replace("\r\n", "\n").replace("\r", "\n"))


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _place(value: object) -> Place | None:
    if isinstance(value, Place):
        return value
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return Place.read(value)
    except ValueError:
        raise ValueError(_("Choose one from the list.")) from None


def _tag_names(value: object) -> object:
    """`design, #ops` or `#design #ops` as people type them: names in order, each once whatever its case."""
    if not isinstance(value, str):
        return value
    names: dict[str, str] = {}
    for part in re.split(r"[,;\n]|\s#|^#", value):
        name = _line(part).lstrip("#").strip()
        if len(name) > MAX_TAG:
            raise ValueError(_("Keep each tag to %(most)s characters or fewer.", most=MAX_TAG))
        if name:
            names.setdefault(name.casefold(), name)
    if len(names) > MAX_TAGS:
        raise ValueError(_("Use %(most)s tags or fewer on one entry.", most=MAX_TAGS))
    return tuple(names.values())


MAX_TAG = 60
MAX_TAGS = 20


def _at_most(most: int) -> AfterValidator:
    """Asked of the cleaned text: to normalise it may lengthen it, and the database counts what is stored."""

    def check(value: str) -> str:
        if len(value) > most:
            raise ValueError(_("Keep this to %(most)s characters or fewer.", most=most))
        return value

    return AfterValidator(check)


def _given(value: str) -> str:
    if not value:
        raise ValueError(_("Enter a name."))
    return value


def _colour(value: int) -> int:
    if not 1 <= value <= _COLOURS:
        raise ValueError(_("Choose one of the colours."))
    return value


# The first bound keeps the cleaning short, however much is sent.
_Any = Annotated[str, StringConstraints(max_length=20_000)]
Line = Annotated[_Any, AfterValidator(_line), _at_most(120)]
Name = Annotated[_Any, AfterValidator(_line), AfterValidator(_given), _at_most(120)]
Description = Annotated[_Any, AfterValidator(_line), _at_most(5000)]
Text = Annotated[_Any, AfterValidator(_text), _at_most(5000)]
Typed = Annotated[_Any, AfterValidator(_line), _at_most(40)]
OptionalId = Annotated[UUID | None, BeforeValidator(_none_if_blank)]
# A project, or one of its tasks: places.py.
OptionalPlace = Annotated[Place | None, PlainValidator(_place)]
TagNames = Annotated[tuple[str, ...], BeforeValidator(_tag_names)]
Colour = Annotated[int, AfterValidator(_colour)]


def parse(form: type[M], fields: Mapping[str, str]) -> tuple[M | None, Errors]:
    """The form's values, or None and a message for each field that is wrong."""
    try:
        return form.model_validate(dict(fields)), {}
    except ValidationError as error:
        errors: Errors = {}
        for detail in error.errors(include_url=False, include_input=False):
            errors.setdefault(str(detail["loc"][0]) if detail["loc"] else "form", _message(detail))
        return None, errors


def _message(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "missing" | "string_type":
            return _("Fill this in.")
        case "string_too_long":
            return _("Keep this to %(most)s characters or fewer.", most=context["max_length"])
        case "string_too_short":
            least = context["min_length"]
            return _("Fill this in.") if least == 1 else _("Use at least %(least)s characters.", least=least)
        case "value_error":
            return str(context["error"])
        case "literal_error" | "enum" | "bool_parsing" | "int_parsing" | "int_type":
            return _("Choose one of the offered values.")
        case "uuid_parsing" | "uuid_type":
            return _("Choose one from the list.")
        case _:
            return _("This value can't be used.")
