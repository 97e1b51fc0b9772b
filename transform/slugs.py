"""Names as parts of an id: `Panoptic Segmentation` → `panoptic-segmentation`.

Case, accents, blanks and punctuation fold. Signs that carry meaning become words, so that what differs in
them stays apart: `F1+` is `f1-plus`, `R@1` is `r-at-1` (and `R-1` is `r-1`), `10%` is `10-percent`, `ANLS*`
is `anls-star`. Letters of every script stay letters. A slug is never empty, and the slug of a slug is itself.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

WORDS = {"+": "plus", "@": "at", "%": "percent", "&": "and", "*": "star"}
UNNAMED = "unnamed"
"""The slug of a name without any character that says something."""

_SIGNS = str.maketrans({sign: f" {word} " for sign, word in WORDS.items()})


@lru_cache(maxsize=1 << 14)
def slug(text: str) -> str:
    """The text as a part of an id: letters and digits of any script, joined by single dashes."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    found = "-".join(_letters(plain).translate(_SIGNS).split())
    if found:
        return found
    # Only signs (an emoji, `→`): their code points, so that two such names do not become one.
    points = [f"u{ord(char):x}" for char in plain if not char.isspace()]
    return "-".join(points) or UNNAMED


def _letters(text: str) -> str:
    """The letters, digits and meaningful signs; a blank for everything else.

    Latin letters lose their accents; the marks of other scripts spell other letters, and stay with theirs.
    """
    kept: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if char.isalnum() or char in WORDS:
            kept.append(char)
        elif not unicodedata.category(char).startswith("M"):
            kept.append(" ")
        elif kept and not kept[-1].isascii():
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))
