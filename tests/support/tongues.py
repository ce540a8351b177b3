"""Chronos with languages that nobody speaks: `python -m tests.support.tongues serve`, for tests of the layout.

They are made from the messages as they are asked for: "fi" is a third longer than English, with accents over and under
its letters; "ar" is written in Arabic letters, from right to left. Babel gives both their own dates and numbers.
"""

import re
from collections.abc import Callable
from gettext import NullTranslations

from quart_app import __main__, words

Change = Callable[[str], str]
_FILLED_IN = re.compile(r"(%\(\w+\)s|%%|\{\w*\}|#%\(\w+\)s|https?:\S+)")
_LONG = str.maketrans(
    {
        "a": "äå",
        "e": "éé",
        "i": "ïí",
        "o": "ôö",
        "u": "üû",
        "y": "ÿ",
        "g": "ģ",
        "n": "ñ",
        "A": "Å",
        "E": "É",
        "O": "Ö",
    }
)
_ARABIC = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz", "ابصدعفغهيجكلمنوقرتسطثحخظزش", "'’"
)  # letter by letter: it only has to look the part


def lengthened(text: str) -> str:
    return _but_for_values(text, lambda part: part.translate(_LONG))


def mirrored(text: str) -> str:
    return _but_for_values(text, lambda part: part.lower().translate(_ARABIC))


def _but_for_values(text: str, change: Change) -> str:
    return "".join(part if place % 2 else change(part) for place, part in enumerate(_FILLED_IN.split(text)))


class Tongue(NullTranslations):
    """A catalogue that has everything."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def gettext(self, message: str) -> str:
        return self._change(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._change(msgid1 if n == 1 else msgid2)


def install() -> None:
    tongues = {"fi": Tongue(lengthened), "ar": Tongue(mirrored)}
    words.LANGUAGES.update(fi="Löng", ar="اللغة")
    known = words._catalogue

    def catalogue(locale: str) -> NullTranslations:
        return tongues.get(locale) or known(locale)

    words._catalogue = catalogue  # type: ignore[assignment]


if __name__ == "__main__":
    install()
    __main__.main()
