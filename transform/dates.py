"""Dates as sources publish them: ISO, with or without a time behind."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

EARLIEST_YEAR = 1900
"""Before this, a date is a placeholder (`0001-01-01`)."""

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d*)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?",
    re.A,
)
_PART = re.compile(r"\d{4}(?:-\d{1,2})?", re.A)
_NOTHING = frozenset(("", "-", "–", "—", "n/a", "na", "none", "null", "unknown", "nan"))


@lru_cache(maxsize=1 << 14)
def read_date(text: str | None) -> tuple[date | None, str | None]:
    """The calendar day that a text names.

    Returns:
        The day and None; or None and the reason: `incomplete_date` (a year, a month), `no_such_day`
        (`2021-02-30`), `not_a_date`; or None and None where the text says nothing.
    """
    plain = (text or "").strip().strip("\ufeff")
    if plain.casefold() in _NOTHING:
        return None, None
    match = _ISO.fullmatch(plain)
    if match is None:
        return None, "incomplete_date" if _PART.fullmatch(plain) else "not_a_date"
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None, "no_such_day"
    return (day, None) if day.year >= EARLIEST_YEAR else (None, "no_such_day")
