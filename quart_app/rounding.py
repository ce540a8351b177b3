"""Pure rounding of durations, as a lens: what was measured stays, and is shown beside what it is rounded to.

Whole seconds everywhere. What is rounded at once (an entry, a person's day on a project, a line of the report) is a
unit; `spread` shares a unit's rounded seconds out over its parts, so that parts always sum to what they are part of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

WAYS = ("up", "down", "nearest")
STEPS = (1, 5, 6, 10, 12, 15, 30, 60)  # minutes
SCOPES = ("entry", "day", "line")


@dataclass(frozen=True, slots=True)
class Rounding:
    """`way` "" rounds nothing; `step` is in minutes; `scope` is the unit: each entry, each day and project of a person,
    or each line of the report."""

    way: str = ""
    step: int = 15
    scope: str = "entry"

    @property
    def is_on(self) -> bool:
        return self.way != ""

    @property
    def seconds(self) -> int:
        """The step in seconds."""
        return self.step * 60

    @property
    def more(self) -> int:
        """Seconds to add before what is no whole step is cut off."""
        if self.way == "up":
            return self.step * 60 - 1
        return 0 if self.way == "down" else self.step * 30

    def round(self, seconds: int) -> int:
        """Nearest rounds a half up. Nothing stays nothing, whichever way."""
        if not self.way:
            return seconds
        step = self.step * 60
        return (seconds + self.more) // step * step

    def spread(self, parts: Iterable[int]) -> Iterator[int]:
        """What each part of one unit is rounded to: never less than nothing, and in sum the unit's own rounding.

        A part gets what the rounded sum grows by as it is added, so it is always the unit that is rounded, once.
        """
        raw = done = 0
        for part in parts:
            raw += part
            here = self.round(raw)
            yield here - done
            done = here


PLAIN = Rounding()
