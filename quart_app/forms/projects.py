"""The form of a project."""

from quart_app.fields import Colour, Form, Line, Name, OptionalId, Text

# What the twelve colours are called, in order: colour 1 is .p1 of the style sheet.
COLOUR_NAMES = (
    "Blue",
    "Red",
    "Amber",
    "Petrol",
    "Violet",
    "Green",
    "Orange",
    "Pink",
    "Slate",
    "Brown",
    "Turquoise",
    "Sage",
)


class ProjectForm(Form):
    """A project as typed. `new_client`, where something is typed there, goes before the chosen `client`."""

    name: Name
    description: Text = ""
    client: OptionalId = None
    new_client: Line = ""
    colour: Colour = 1
    is_billable: bool = False
