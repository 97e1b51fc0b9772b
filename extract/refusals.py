"""What pages say that are not what they should be, and pages that say they are not whole.

Vocabularies, not rules of one site. The first is asked only where no rows were found: a paper
called "Breaking reCAPTCHA" is no challenge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

CHALLENGES = re.compile(
    r"(?i)verify(ing)? (that )?you are (a )?human|are you (a )?(human|robot)|just a moment|"
    r"checking (your|the) browser|captcha|cf-challenge|enable javascript and cookies|"
    r"attention required|unusual traffic|"
    r"you have been blocked|access denied|ddos protection|security check|not a robot|bot detection|"
    r"performing security verification|press (and|&) hold"
)

EMPTY = re.compile(
    r"(?i)^(no (results?|data|rows|entries|records|submissions|models|papers)\b.*|"
    r"there are no .*|nothing (here|to show|found)\b.*|be the first to submit.*)$"
)

_NOUN = r"(?:results?|rows?|entries|records|submissions|models)"
_PARTIAL = (
    re.compile(r"(?i)^showing (?:only )?(?:the )?(?:first|top|best|last) [\d,]+\b.*"),
    re.compile(r"(?i)^only (?:the )?(?:first|top|best) [\d,]+\b.*\b(?:shown|listed|displayed|included)\b.*"),
    re.compile(
        r"(?i)^.{0,120}\b(?:is|are|was|were|has been|have been) "
        r"(?:truncated|cut off|cut short|not shown|omitted|not part of this (?:sample|page))\b.{0,80}$"
    ),
    re.compile(r"(?i)^\(?truncated\b.{0,80}$"),
    # `Show more` alone unfolds a text; `Load more` fetches rows.
    re.compile(
        rf"(?i)^(?:load (?:[\d,]+ )?more(?: {_NOUN})?|(?:show|view) (?:[\d,]+ )?more {_NOUN})"
        r"\s*(?:…|\.\.\.)?$"
    ),
    re.compile(rf"(?i)^(?:show|view|see) all [\d,]+ {_NOUN}$"),
)
_OF = re.compile(
    rf"(?i)^(?:showing|displaying|viewing)?:?\s*(?:{_NOUN} )?"
    rf"(?:(?P<first>[\d,]+)\s*(?:-|–|—|to)\s*)?(?P<last>[\d,]+)\s*"
    rf"(?:{_NOUN} )?(?:of|out of)\s*(?P<all>[\d,]+)(?:\s*{_NOUN})?(?:\s*(?:shown|in total))?\.?$"
)
_PAGES = re.compile(r"(?i)^page (?P<page>\d+) (?:of|/) (?P<pages>\d+)$")
_COUNT = re.compile(
    r"(?i)^(?:(?P<a>[\d,]+) (?:results?|rows?|entries)|results?:? ?\((?P<b>[\d,]+)\))(?: in total)?$"
)

# A statement about the page is a sentence; paragraphs of prose are not searched.
_LONGEST = 300


def partial_statement(lines: Iterable[str]) -> str | None:
    """The line in which the page says that it shows only a part, word for word; else None."""
    for line in lines:
        if len(line) > _LONGEST:
            continue
        if found := _OF.match(line):
            first = _number(found["first"] or "1")
            # "30 of 30" is the whole, and so is "1-30 of 30".
            if first > 1 or _number(found["last"]) < _number(found["all"]):
                return line
        elif found := _PAGES.match(line):
            if int(found["pages"]) > 1:
                return line
        elif any(pattern.match(line) for pattern in _PARTIAL):
            return line
    return None


def claimed_rows(lines: Iterable[str]) -> int | None:
    """How many rows the page says that it shows (`30 results`, `Showing 15 of 120`), or None."""
    for line in lines:
        if found := _OF.match(line):
            return _number(found["last"]) - (_number(found["first"]) - 1 if found["first"] else 0)
        if found := _COUNT.match(line):
            return _number(found["a"] or found["b"])
    return None


def is_note(line: str) -> bool:
    """True for a line that stands in place of rows, or tells about them, and is none."""
    return bool(EMPTY.match(line) or _OF.match(line) or _PAGES.match(line) or _COUNT.match(line)) or (
        partial_statement([line]) is not None or re.match(r"(?i)^loading\b", line) is not None
    )


def _number(text: str) -> int:
    return int(text.replace(",", ""))
