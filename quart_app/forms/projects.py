"""The form of a project."""

from quart_app.fields import Colour, Form, Line, Name, OptionalId, Text
from quart_app.words import N_

# What the twelve colours are called, in order: colour 1 is .p1 of the style sheet.
COLOUR_NAMES = (
    N_("Blue"),
    N_("Red"),
    N_("Amber"),
    N_("Petrol"),
    N_("Violet"),
    N_("Green"),
    N_("Orange"),
    N_("Pink"),
    N_("Slate"),
    N_("Brown"),
    N_("Turquoise"),
    N_("Sage"),
)


class ProjectForm(Form):
    """A project as typed. `new_client`, where something is typed there, goes before the chosen `client`."""

    name: Name
    description: Text = ""
    client: OptionalId = None
    new_client: Line = ""
    colour: Colour = 1
    is_billable: bool = False
