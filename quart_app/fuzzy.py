"""How well a few typed letters fit a text, and which of its letters they are. Pure, and quick enough for each key.

A typed word fits, from best to worst: a word or its beginning, the beginnings of several words ("wr", "webred": Website
Redesign), a part of a word, letters of one word in their order ("wbste"), a word with a slip of the finger ("wesbite").
Case and accents make no difference: "uber" fits "Über".
"""

import heapq
import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple, TypeVar

T = TypeVar("T")
Marks = tuple[tuple[int, int], ...]

# What is looked at: of what is typed so many characters and words, of a text so many characters.
MOST_TYPED, MOST_WORDS, MOST_TEXT = 200, 8, 300
_LONGEST_WORD = 40
_LONGEST_JUMPS = 12  # letters and words: what begins with what is tried in all ways
# Of texts beside the first (a project's client, an entry's project), what fits counts for less.
_WEIGHTS = (1.0, 0.8, 0.7)
_WHOLE, _BEGINNING, _JUMPS, _PART, _LETTERS, _SLIP = 1.0, 0.92, 0.8, 0.6, 0.45, 0.4
# Letters that Unicode does not take apart.
_PLAIN = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"}


class Match(NamedTuple):
    """How well it fits (about 0 to 1.2), and for each text the half-open ranges of its letters that were typed."""

    quality: float
    marks: tuple[Marks, ...]


class _Text(NamedTuple):
    """Folded, with the place of each of its letters in the original, and its words as (start, end)."""

    letters: str
    places: tuple[int, ...]
    words: tuple[tuple[int, int], ...]


def fold(text: str) -> str:
    """Without case and accents."""
    return _fold(text).letters


@lru_cache(maxsize=4096)
def _fold(text: str) -> _Text:
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKD", char.casefold()):
            if not unicodedata.combining(part):
                plain = _PLAIN.get(part, part)
                letters += plain
                places += [place] * len(plain)
    kinds = groupby(enumerate(letters), key=lambda pair: pair[1].isalnum())
    runs = [[index for index, _ in run] for is_word, run in kinds if is_word]
    return _Text("".join(letters), tuple(places), tuple((run[0], run[-1] + 1) for run in runs))


def match(typed: str, *texts: str) -> Match | None:
    """How well the texts together hold every typed word; None where one of them is nowhere. Nothing typed fits all."""
    words = [word[:_LONGEST_WORD] for word in fold(typed[:MOST_TYPED]).split()[:MOST_WORDS]]
    folded = [_fold(text[:MOST_TEXT]) for text in texts]
    found: list[set[int]] = [set() for _ in texts]
    quality = 0.0
    for word in words:
        best, where, letters = 0.0, 0, ()  # type: tuple[float, int, Sequence[int]]
        for index, text in enumerate(folded):
            fit = _fit(word, text)
            weight = _WEIGHTS[min(index, len(_WEIGHTS) - 1)]
            if fit is not None and fit[0] * weight > best:
                best, where, letters = fit[0] * weight, index, fit[1]
        if not best:
            return None
        quality += best / len(words)
        found[where].update(folded[where].places[letter] for letter in letters)
    if words and folded and folded[0].letters.split()[: len(words)] == words:
        quality += 0.2 if len(folded[0].letters.split()) == len(words) else 0.1
    return Match(quality, tuple(_ranges(sorted(places)) for places in found))


def rank(
    typed: str,
    items: Iterable[T],
    texts: Callable[[T], Sequence[str]],
    most: int,
    bonus: Callable[[T], float] = lambda _: 0.0,
) -> list[tuple[T, Match]]:
    """The `most` items that fit best, best first; of equals the earlier. `bonus` speaks for one where both fit."""
    fitting = ((item, match(typed, *texts(item))) for item in items)
    scored = [
        (fit.quality + bonus(item), -index, item, fit)
        for index, (item, fit) in enumerate(fitting)
        if fit is not None
    ]
    return [(item, fit) for _, _, item, fit in heapq.nlargest(most, scored, key=lambda one: one[:2])]


def habit(place: int, count: int) -> float:
    """What speaks for something done before: how lately (its place in a list, the latest first) and how often."""
    return 0.1 / (1 + place / 20) + 0.03 * min(math.log2(1 + count), 5)


def _ranges(places: Sequence[int]) -> Marks:
    """Neighbouring places as half-open ranges."""
    if not places:
        return ()
    edges = [
        places[0],
        *(edge for a, b in pairwise(places) if b > a + 1 for edge in (a + 1, b)),
        places[-1] + 1,
    ]
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _fit(word: str, text: _Text) -> tuple[float, Sequence[int]] | None:
    """How well one typed word fits a text, and the letters of the text that it is."""
    letters = text.letters
    begun = [start for start, _ in text.words if letters.startswith(word, start)]
    if begun:
        ends = {end for _, end in text.words}
        whole = [start for start in begun if start + len(word) in ends]
        start = (whole or begun)[0]
        return _WHOLE if whole else _BEGINNING, range(start, start + len(word))
    if (jumps := _jump(word, text)) is not None:
        return _JUMPS, jumps
    if len(word) > 1 and (at := letters.find(word)) >= 0:
        return _PART, range(at, at + len(word))
    if len(word) > 2:
        for start, end in text.words:
            inside = _within(word, letters[start:end])
            if inside is not None:
                return _LETTERS, [start + place for place in inside]
        for start, end in text.words:
            length = _slipped(word, letters[start:end][:_LONGEST_WORD])
            if length:
                return _SLIP, range(start, start + length)
    return None


def _jump(word: str, text: _Text) -> list[int] | None:
    """The word as beginnings of several words, in their order."""
    words = text.words[:_LONGEST_JUMPS]
    if not 1 < len(word) <= _LONGEST_JUMPS or len(words) < 2:
        return None
    # How far one gets, by the letters typed so far, in as few words as can be.
    reached: dict[int, list[int]] = {0: []}
    for start, end in words:
        for typed, path in sorted(reached.items(), reverse=True):
            for length in range(1, min(len(word) - typed, end - start) + 1):
                if text.letters[start + length - 1] != word[typed + length - 1]:
                    break
                reached.setdefault(typed + length, [*path, *range(start, start + length)])
    return reached.get(len(word))


@lru_cache(maxsize=16384)
def _within(word: str, other: str) -> tuple[int, ...] | None:
    """The typed letters in their order within one word, from its first on, and half of it at least."""
    if word[0] != other[:1] or 2 * len(word) < len(other):
        return None
    places, at = [], -1
    for letter in word:
        at = other.find(letter, at + 1)
        if at < 0:
            return None
        places.append(at)
    return tuple(places)


@lru_cache(maxsize=16384)
def _slipped(word: str, other: str) -> int:
    """How many letters of the other word, from its first on, the typed one is with a slip or (if long) two; else 0.

    A slip is a letter too many, too few or wrong, or two in the wrong order.
    """
    allowed = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    other = other[: len(word) + allowed]
    if not allowed or len(other) < len(word) - allowed or len(set(word) - set(other)) > allowed:
        return 0
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        older, before, row = before, row, [i]
        for j, there in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == there:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    best = min(row)
    return len(other) - row[::-1].index(best) if best <= allowed else 0
