"""Scraped text and addresses as Markdown that says what they say, and does nothing else.

What a leaderboard calls a model may be a link, a tag or a table cell on purpose; here it is text in every
reader of CommonMark and of GitHub's dialect.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

NOT_SHOWN = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""They turn the direction of the text, and could make a line look like another."""
BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
MENTION = re.compile(r"(?<!\w)@(?=\w)|@(?=[\w-]+\.\w)")
SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$]|:(?=\S)(?!\d\d\b)|\.(?=[^\W\d_]{2})|(?<=[wW][wW][wW])\.")
"""From the colon on (in a time it stays): `https://…`, `name.org`, `www.…` are links without any mark-up."""
FIRST = re.compile(r"^(?:([0-9]{1,9})(?=[.)](?: |$))|(?=[-+](?:[ -]|$)|#))")
"""What could make a line a list, a rule or a heading."""
WORD_JOINER = "\u2060"
IN_ADDRESS = "/:?#@!$&'+,;=%~"


def one_line(text: str) -> str:
    """The text on one line, without control characters."""
    return BLANK.sub(" ", NOT_SHOWN.sub("", text)).strip()


def plain(text: str) -> str:
    """The text, to be read and nothing else, wherever it stands in a line; a dash where there is none."""
    line = SPECIAL.sub(r"\\\g<0>", MENTION.sub("@" + WORD_JOINER, one_line(text)))
    return FIRST.sub(r"\1\\", line) or "–"


def link(words: str, address: str | None) -> str:
    """A link with these words, themselves Markdown; the words alone where the address is none of the web."""
    try:
        parts = urlsplit((address or "").strip())
    except ValueError:
        return words
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return words
    return f"[{words}]({quote(parts.geturl(), safe=IN_ADDRESS).replace('&', '&amp;')})"
