"""What a release is called and says, for its workflow: `python3 -m docs.release version` and `… notes v1.2.3`.

The first is the version of pyproject.toml. The second are the words of CHANGELOG.md about it, and refuses a tag that is
not this version's. Needs nothing but Python.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Refusal(Exception):
    """A release that can't be made; the text says why, and what to do."""


def read_version(pyproject: str) -> str:
    version: str = tomllib.loads(pyproject)["project"]["version"]
    return version


def find_notes(changelog: str, tag: str, version: str) -> str:
    """What stands under the version's heading, in Markdown. Raises Refusal."""
    if tag != f"v{version}":
        raise Refusal(
            f"The tag is {tag}, but pyproject.toml says {version}: tag v{version}, or change that line."
        )
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    found = re.search(rf"{heading}(.*?)(?=^## |^\[[^\]]+\]: |\Z)", changelog, re.DOTALL | re.MULTILINE)
    if not found:
        raise Refusal(
            f"CHANGELOG.md has no section of {version}: rename Unreleased to [{version}] - and the day, "
            "as in 2026-12-24."
        )
    notes = found[1].strip()
    if not notes:
        raise Refusal(
            f"CHANGELOG.md says nothing about {version}: write what a user of Chronos would notice."
        )
    return notes


def main(arguments: list[str]) -> int:
    version = read_version((ROOT / "pyproject.toml").read_text())
    match arguments:
        case ["version"]:
            print(version)
        case ["notes", tag]:
            try:
                print(find_notes((ROOT / "CHANGELOG.md").read_text(), tag, version))
            except Refusal as refusal:
                print(refusal, file=sys.stderr)
                return 1
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
