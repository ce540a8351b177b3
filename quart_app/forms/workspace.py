"""The forms of a workspace."""

from typing import Annotated

from pydantic import BeforeValidator

from quart_app.fields import Form, Name


class WorkspaceForm(Form):
    name: Name


class RuleForm(Form):
    """Whether entries may overlap: the button that is pressed says what shall be from now on."""

    forbids: Annotated[bool, BeforeValidator(lambda value: value == "1")]


class SwitchForm(Form):
    """`workspace` is the id of the one to look at, yet to be read."""

    workspace: str = ""
