"""Where an entry belongs: to a project, or to one of its tasks. Pure.

A form has one field for both, `project`, so that the two can't disagree: "<id of project>" or
"<id of project>/<id of task>".
"""

from dataclasses import dataclass
from typing import Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Place:
    """A project and, if it says one, the task there."""

    project: UUID
    task: UUID | None = None

    @classmethod
    def of(cls, project: UUID | None, task: UUID | None = None) -> Self | None:
        """None where there is no project: a task alone is nowhere."""
        return None if project is None else cls(project, task)

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError."""
        project, is_task, task = text.strip().partition("/")
        try:
            return cls(UUID(project), UUID(task) if is_task else None)
        except ValueError:
            raise ValueError(f"no place: {text[:80]!r}") from None

    def __str__(self) -> str:
        return f"{self.project}/{self.task}" if self.task else str(self.project)
