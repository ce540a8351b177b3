"""The form of a task."""

from quart_app.fields import Form, Name


class TaskForm(Form):
    name: Name
