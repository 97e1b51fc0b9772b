"""Times as a person writes them on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sotaduck.errors import ConfigError

TIMES = (
    "a date or time (2026-11-01, 2026-11-01T06:00; UTC where it names no zone), a span back from now "
    "(24h, 7d, 2w)"
)
SPAN = re.compile(r"([0-9]{1,4})([hdw])")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime | None:
    """A time (UTC where it names no zone; of a date its beginning) or a span back from `now`, as the
    warehouse has times: UTC, naming no zone. None for neither.

    Args:
        now: aware.
    """
    try:
        if span := SPAN.fullmatch(text):
            when = now - timedelta(**{UNITS[span[2]]: int(span[1])})
        else:
            when = datetime.fromisoformat(text)
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return when.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def past(text: str, option: str, now: datetime | None = None) -> datetime:
    """A time that has been, as an option of a command gives it; aware.

    Raises:
        ConfigError: it is no time, or it has not come yet.
    """
    now = now or datetime.now(UTC)
    when = moment(text, now)
    if when is None:
        raise ConfigError(f"{option} {text!r} is no time; it takes {TIMES}")
    when = when.replace(tzinfo=UTC)
    if when > now:
        raise ConfigError(f"{option} {text!r} has not come yet: it is {now:%Y-%m-%dT%H:%M} UTC")
    return when
