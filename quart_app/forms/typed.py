"""What is typed into a description, read: "Fix login @web #bug, #urgent" names a project and two tags.

- A name begins with @ or # at the beginning of a word, and ends with the word. A comma or semicolon after it goes with
  it, other punctuation stays. Of several words it is in quotes, @"Web shop", or the whole name of one that is there.
- Not names: what stands within a word (me@example.com, C#), numbers (#12, @10:30), a sign alone. \\@ and \\# are the
  signs themselves.
- A project is the one of this name, else the only one whose name begins so, else the only one that fits (fuzzy.py).
  Where several do, it is asked which. An entry has one project: the first that is named counts, others stay there.
- A tag is the one of this name, whatever its case and accents. Whoever writes #bug may not mean #bugfix.
- What is not there is asked about, too: made, taken for another, or left in the text.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from quart_app import fuzzy
from quart_app.fields import MAX_TAG

MAX_PROJECT = 120
MOST_CHOICES = 6
_WORDS_OF_A_NAME = 8
_SIGN = r"(?<![^\s(\[{])"
_NAME = re.compile(
    _SIGN + r"(?P<slashes>\\*)(?P<sign>[@#])"
    r'(?:"(?P<quoted>[^"“”]*)"|“(?P<curly>[^"“”]*)”|(?P<bare>[^\s,;"“”]*))'
)
_AFTER = ".!?:…)]}'’"


class Project(Protocol):
    """A project that can be named."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One that may be meant. `answer` is what the field `which` says for it."""

    answer: str
    name: str


@dataclass(frozen=True, slots=True)
class Question:
    """A name that no one thing has: the sign and the name as typed, and what may be meant.

    `answer` is what the fields `create` and `plain` say for it.
    """

    sign: str
    name: str
    choices: tuple[Choice, ...] = ()

    @property
    def is_project(self) -> bool:
        return self.sign == "@"

    @property
    def key(self) -> str:
        return _key(self.sign, self.name)

    @property
    def answer(self) -> str:
        return f'{self.sign}"{self.name}"'


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said to questions about an earlier sending of the same text."""

    create: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    which: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Read:
    """What a text says. `new_project` and the `new_tags` among the `tags` are to be made: that was confirmed."""

    description: str
    project: UUID | None = None
    tags: tuple[str, ...] = ()
    new_project: str | None = None
    new_tags: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


def answers(fields: Mapping[str, str]) -> Answers:
    """The answers among a form's fields: `create`, `plain` and `which`."""

    def names(field: str) -> frozenset[str]:
        found = (_name_at(each) for each in _NAME.finditer(fields.get(field, "")[:4000].replace(",", ", ")))
        return frozenset(_key(sign, name) for sign, name, _ in filter(None, found))

    which = (part.strip() for part in fields.get("which", "")[:4000].split(","))
    return Answers(names("create"), names("plain"), frozenset(part for part in which if part))


def escape(text: str) -> str:
    """A text that read() reads as the given one, for a field that already has its project and tags."""
    return re.sub(_SIGN + r"(?=\\*[@#])(?=\\|[@#][^\s@#])", r"\\", text)


def read(
    text: str, projects: Sequence[Project], tags: Iterable[str], said: Answers | None = None, kept: str = ""
) -> Read:
    """What a text of one line says to someone who has these projects and tags.

    Names that stand in `kept`, an earlier text, in just these letters, stay in the text.
    """
    if not any(sign in text for sign in "@#"):
        return Read(text)
    return _Reader(projects, tags, said or Answers(), kept).read(text)


class _Reader:
    def __init__(self, projects: Sequence[Project], tags: Iterable[str], said: Answers, kept: str) -> None:
        self.projects, self.said = projects, said
        self.tag_names = {_plain(name): name for name in tags}
        self.known = {"@": {_plain(project.name) for project in projects}, "#": {*self.tag_names}}
        self.kept = {each[0] for each in _NAME.finditer(kept)}
        self.project: UUID | None = None
        self.new_project: str | None = None
        self.tags: dict[str, str] = {}
        self.new_tags: dict[str, str] = {}
        self.questions: dict[str, Question] = {}

    def read(self, text: str) -> Read:
        parts, at = [""], 0  # what is left between the names that are taken out
        while found := _NAME.search(text, at):
            parts[-1] += text[at : found.start()]
            at = found.end("sign")
            named = _name_at(found, self.known[found["sign"]])
            if found["slashes"]:
                parts[-1] += text[found.start() + 1 : at]
            elif named is None or found[0] in self.kept or not self._takes(named[0], named[1]):
                parts[-1] += found["sign"]
            else:
                at = named[2] + (text[named[2] : named[2] + 1] in (",", ";"))
                parts.append("")
        parts[-1] += text[at:]
        return Read(
            _joined(parts),
            self.project,
            tuple(self.tags.values()),
            self.new_project,
            tuple(self.new_tags.values()),
            tuple(self.questions.values()),
        )

    def _takes(self, sign: str, name: str) -> bool:
        """Whether the name was something, and so leaves the text."""
        return self._takes_project(name) if sign == "@" else self._takes_tag(name)

    def _takes_project(self, name: str) -> bool:
        key = _key("@", name)
        if self.project or self.new_project or any(one.is_project for one in self.questions.values()):
            return False
        found = _projects_like(name, self.projects)
        chosen = [project for project in found if str(project.id) in self.said.which]
        if len(found) == 1 or chosen:
            self.project = (chosen or found)[0].id
        elif key in self.said.create:
            self.new_project = name
        elif key in self.said.plain:
            return False
        else:
            choices = tuple(Choice(str(one.id), one.name) for one in found[:MOST_CHOICES])
            self.questions[key] = Question("@", name, choices)
            return False
        return True

    def _takes_tag(self, name: str) -> bool:
        key, plain = _key("#", name), _plain(name)
        like = [] if plain in self.tag_names else _tags_like(name, self.tag_names.values())
        chosen = [tag for tag in like if f"#{tag}" in self.said.which]
        if plain in self.tag_names:
            self.tags.setdefault(plain, self.tag_names[plain])
        elif chosen:
            self.tags.setdefault(_plain(chosen[0]), chosen[0])
        elif key in self.said.create:
            self.tags.setdefault(plain, name)
            self.new_tags.setdefault(plain, name)
        else:
            if key not in self.said.plain:
                self.questions[key] = Question("#", name, tuple(Choice(f"#{tag}", tag) for tag in like))
            return False
        return True


def _joined(parts: Sequence[str]) -> str:
    """One blank where a name was taken out, none before a full stop; nor what only held names together."""
    left = parts[0]
    for part in parts[1:]:
        left, right = left.rstrip(), part.lstrip()
        if left[-1:] + right[:1] in ("()", "[]", "{}"):
            left, right = left[:-1].rstrip(), right[1:].lstrip()
        is_glued = not right or right[0] in _AFTER or left[-1:] in ("(", "[", "{")
        left = left + right if is_glued else f"{left} {right}"
    if len(parts) > 1:
        left = left.lstrip(" ,;:.-–—").rstrip(" ,;:-–—")
    return " ".join(left.split())


def _name_at(found: re.Match[str], known: Iterable[str] = ()) -> tuple[str, str, int] | None:
    """The sign, the name and its end where there is a name."""
    sign = found["sign"]
    quoted = found["quoted"] if found["quoted"] is not None else found["curly"]
    if quoted is not None:
        name, end = " ".join(quoted.split()), found.end()
    elif longer := _longer_name(found, known):
        name, end = longer
    else:
        bare = found["bare"]
        name = bare.rstrip(_AFTER)
        end = found.end() - (len(bare) - len(name))
        # A number, a handle of elsewhere, a path: names of ours they can be in quotes.
        if (
            not _begins_a_name(name[:1])
            or not any(_is_letter(char) for char in name)
            or set(name) & {"@", "#"}
        ):
            return None
    if not name or len(name) > (MAX_TAG if sign == "#" else MAX_PROJECT):
        return None
    if sign == "#" and re.search(r"[,;]|(^|\s)#", name):
        return None
    return sign, name, end


def _longer_name(found: re.Match[str], known: Iterable[str]) -> tuple[str, int] | None:
    """A known name of several words that stands here in full, the longest."""
    start = found.start("bare")
    words = [*re.finditer(r"\S+", found.string[start : start + 2 * MAX_PROJECT])][:_WORDS_OF_A_NAME]
    for word in reversed(words[1:]):
        text = found.string[start : start + word.end()]
        for name in (text, text.rstrip(_AFTER + ",;")):
            if _plain(name) in known:
                return " ".join(name.split()), start + len(name)
    return None


def _begins_a_name(char: str) -> bool:
    return char.isalnum() or char == "_" or _is_letter(char)


def _is_letter(char: str) -> bool:
    return char != "" and (char.isalpha() or unicodedata.category(char) in ("So", "Mn", "Mc"))


def _projects_like(name: str, projects: Sequence[Project]) -> list[Project]:
    """The one of this name; else those whose name begins so; else those that fit, the best first."""
    key, folded = _key("", name), fuzzy.fold(name)
    found = (
        [project for project in projects if _key("", project.name) == key]
        or [project for project in projects if fuzzy.fold(project.name) == folded]
        or [project for project in projects if fuzzy.fold(project.name).startswith(folded)]
    )
    if found:
        return found
    ranked = fuzzy.rank(name, projects, lambda project: (project.name,), MOST_CHOICES)
    return [project for project, _ in ranked]


def _tags_like(name: str, tags: Iterable[str]) -> list[str]:
    return [tag for tag, _ in fuzzy.rank(name, tags, lambda tag: (tag,), 3)]


def _plain(name: str) -> str:
    return " ".join(fuzzy.fold(name).split())


def _key(sign: str, name: str) -> str:
    """A name as it must be unique: see kinds.Folded."""
    return sign + " ".join(unicodedata.normalize("NFKC", name).casefold().split())
