"""A place to keep what was made, so that it need not be made again: what was used last stays, so many at the most."""

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Shelf(OrderedDict[K, V]):
    """What is kept by what it is asked for, the one that was used last at the end."""

    def use(self, key: K) -> V | None:
        """What is kept there, if anything is; now it is the one used last."""
        if key not in self:
            return None
        self.move_to_end(key)
        return self[key]

    def keep(self, key: K, value: V, most: int) -> None:
        """Keep this, too. Of more than `most` the one that was not used for longest goes."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > most:
            self.popitem(last=False)
