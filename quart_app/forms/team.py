"""The forms of the team: who joins, and what each may do."""

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from quart_app.fields import Form
from quart_app.words import N_, _

Role = Literal["owner", "admin", "manager", "member", "viewer"]
# What each may do, in the order of a list to choose from.
ROLES: dict[Role, tuple[str, str]] = {
    "owner": (N_("Owner"), N_("does everything, and makes other owners")),
    "admin": (N_("Admin"), N_("looks after the workspace and its people")),
    "manager": (N_("Manager"), N_("looks after projects, and sees everybody's hours")),
    "member": (N_("Member"), N_("tracks time")),
    "viewer": (N_("Viewer"), N_("looks on, and tracks no time")),
}


def _typed_name(value: str) -> str:
    name = "".join(char for char in value if char.isprintable())
    if not name:
        raise ValueError(_("Type a username or an email address."))
    return name


class MemberForm(Form):
    """Somebody to take in: `who` is a username or an email address."""

    who: Annotated[str, StringConstraints(max_length=254), AfterValidator(_typed_name)]
    role: Role = "member"


class RoleForm(Form):
    role: Role
