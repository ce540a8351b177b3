"""The form of a client."""

from quart_app.fields import Form, Name


class ClientForm(Form):
    name: Name
