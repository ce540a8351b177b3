"""What several entries shall have in common, as their bar's form says it."""

from typing import Literal

from quart_app.fields import MAX_TAGS, Errors, Form, OptionalPlace, TagNames, parse
from quart_app.places import Place
from quart_app.words import N_, _

MOST = 500  # entries at a time
KEEP = "keep"


class SelectionForm(Form):
    """`keep`, or a list that is not sent at all, leaves things as they are; for `project` "" is none."""

    project: OptionalPlace | Literal["keep"] = "keep"
    tag_mode: Literal["add", "replace", "remove"] = "add"
    tags: TagNames = ()
    billable: Literal["keep", "yes", "no"] = "keep"

    @property
    def place(self) -> Place | None:
        return self.project if isinstance(self.project, Place) else None

    @property
    def says_nothing(self) -> bool:
        says_tags = bool(self.tags) or self.tag_mode == "replace"
        return self.project == KEEP and self.billable == KEEP and not says_tags


NONE_CHOSEN = N_("Select an entry first.")
TOO_MANY = N_("Select %(most)s entries or fewer at a time.")
TOO_MANY_TAGS = N_("One of them would have more than %(most)s tags.")


def count_error(count: int) -> str | None:
    """What is wrong with that many selected entries, if anything."""
    if count == 0:
        return _(NONE_CHOSEN)
    return _(TOO_MANY, most=MOST) if count > MOST else None


def parse_selection(fields: dict[str, str], count: int) -> tuple[SelectionForm | None, Errors]:
    """The form sent with so many entries, or None and what is wrong with it: at a field, or "form"."""
    form, errors = parse(SelectionForm, fields)
    if wrong := count_error(count):
        errors["form"] = wrong
    elif form is not None and form.says_nothing:
        errors["form"] = _("Choose what they shall have in common: a project, tags, or billable.")
    return (None, errors) if errors else (form, {})


def too_many_tags() -> str:
    return _(TOO_MANY_TAGS, most=MAX_TAGS)
