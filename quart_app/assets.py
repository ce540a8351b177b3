"""Style sheets and scripts as they are sent: of the many small files that we write, one of each kind.

A file costs some 800 bytes of headers and compresses alone; together, without comments, they weigh half. The address of
each carries a hash of what is in it, so it may be kept for ever.
"""

import gzip
import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from rjsmin import jsmin  # type: ignore[import-untyped]

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STATIC = Path(__file__).parent.parent / "static"
# In this order. A page of its own kind may ask for single files beside them.
STYLES = (
    *("tokens", "base", "layout", "forms", "choices", "components", "data", "overlays", "chips", "timer"),
    *("entries", "editor", "today", "selection", "questions", "typing"),
)
SCRIPTS = (
    *("ticker", "taste", "today", "live", "offline", "toast"),
    *("menus", "shortcuts", "suggest", "focus", "list", "billable", "announce", "select", "active"),
)
# By the path under /static/ at which they are served.
BUNDLES = {
    "all.css": tuple(f"css/{name}.css" for name in STYLES),
    "all.js": tuple(f"js/{name}.js" for name in SCRIPTS),
}


class Assets:
    """What is served under /static/. With `changing`, files are looked at anew each time, for those who edit them."""

    def __init__(self, *, changing: bool) -> None:
        self._changing = changing

    def address(self, path: str) -> str:
        """The address of a file or a bundle, with its content's hash."""
        stamp = self._stamp(path)
        return _address(path, stamp)

    def bundle(self, name: str) -> bytes:
        """A bundle's text. Raises KeyError where there is none of this name."""
        return _bundle(name, self._stamp(name))

    def is_current(self, path: str, version: str) -> bool:
        """Whether `version` is the hash of what this path holds now. Raises OSError where there is no such file."""
        return self.address(path).endswith(f"?v={version}")

    def _stamp(self, path: str) -> int:
        if not self._changing:
            return 0
        return max((STATIC / part).stat().st_mtime_ns for part in BUNDLES.get(path, (path,)))


# Pictures and fonts are compressed as they are.
_COMPRESSIBLE = frozenset({".css", ".js", ".svg", ".json", ".txt", ".html"})


def export(folder: Path) -> int:
    """Lay out files and bundles for a web server, as <folder>/<hash>/static/<path>, and return how many they are.

    Beside each that it makes smaller lies <path>.gz. The hash is the one in its address: what a folder of that name
    holds never changes, and a server that lacks one knows that another version of Chronos asks.
    """
    count = 0
    for path in _paths():
        content = _content(path, 0)
        target = folder / _hash(content) / "static" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        if target.suffix in _COMPRESSIBLE and len(packed := gzip.compress(content, 9, mtime=0)) < len(
            content
        ):
            target.with_name(f"{target.name}.gz").write_bytes(packed)
        count += 1
    return count


def _paths() -> Iterator[str]:
    """Everything that has an address: the bundles, and all files."""
    yield from BUNDLES
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            yield file.relative_to(STATIC).as_posix()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _content(path: str, stamp: int) -> bytes:
    return _bundle(path, stamp) if path in BUNDLES else (STATIC / path).read_bytes()


@lru_cache(maxsize=512)
def _address(path: str, stamp: int) -> str:
    return f"/static/{path}?v={_hash(_content(path, stamp))}"


@lru_cache(maxsize=16)
def _bundle(name: str, _stamp: int) -> bytes:
    texts = [(STATIC / path).read_text("utf-8") for path in BUNDLES[name]]
    if name.endswith(".css"):
        # No library: those there are take ` :is(…)` in a nested block for a declaration, and drop its blank.
        bare = _COMMENT.sub("", "\n".join(texts))
        return "\n".join(line.strip() for line in bare.splitlines() if line.strip()).encode()
    # Each in a block of its own, so that none sees the names of another: they import nothing.
    return "\n".join(f"{{{jsmin(text)}\n}}" for text in texts).encode()
