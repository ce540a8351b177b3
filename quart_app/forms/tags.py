"""The form of a tag."""

import re
from typing import Annotated

from pydantic import AfterValidator

from quart_app.fields import MAX_TAG, Form, Name
from quart_app.words import _


def _tag_name(value: str) -> str:
    """A name as the tag field of an entry would read it: without its #, and without what ends a tag there."""
    name = value.lstrip("# ")
    if re.search(r"[,;]|\s#", name):
        raise ValueError(_("One tag at a time: leave out commas, semicolons and #."))
    if not name:
        raise ValueError(_("Enter a name."))
    if len(name) > MAX_TAG:
        raise ValueError(_("Keep each tag to %(most)s characters or fewer.", most=MAX_TAG))
    return name


class TagForm(Form):
    name: Annotated[Name, AfterValidator(_tag_name)]
