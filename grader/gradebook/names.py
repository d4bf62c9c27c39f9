"""Which names are the same person: first letter for letter, then without case and accents; a similar one is not.

`José` and `Jose` are one where nobody else is meant. `Иван` and `Йван`, `か` and `が`, `Wei Li` and `Li Wei` never are:
in other scripts a mark makes another letter, and the order of two names is known only where a comma tells it.
"""

from __future__ import annotations

import unicodedata

_STROKES = str.maketrans("øłđħŧı", "oldhti")
"""Latin letters whose mark does not come off by itself."""
_APOSTROPHES = "'’ʼʹ`´"


def exact(text: str) -> str:
    """The text in one way to write it: composed, with single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def folded(text: str) -> str:
    """Words without case, punctuation and, on Latin letters alone, accents."""
    letters: list[str] = []
    latin = False
    for c in unicodedata.normalize("NFD", text.casefold()):
        kind = unicodedata.category(c)
        if kind.startswith("M"):
            if not latin:
                letters.append(c)
        elif c.isalnum():
            latin = unicodedata.name(c, "").startswith("LATIN")
            letters.append(c.translate(_STROKES))
        elif c not in _APOSTROPHES and kind != "Cf":
            letters.append(" ")
    return " ".join(unicodedata.normalize("NFC", "".join(letters)).split())


def any_order(text: str) -> str:
    """Three or more folded words, sorted: nobody else has all of them; of two, `Wei Li` may be somebody else."""
    words = folded(text).split()
    return " ".join(sorted(words)) if len(words) > 2 else ""


def in_order(name: str) -> str:
    """The name as it is spoken: `Doe, Jane` is `Jane Doe`."""
    last, comma, first = name.partition(",")
    return f"{first} {last}" if comma else name
