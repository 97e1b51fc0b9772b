"""JSON as it was written: numbers keep their digits, nothing is lost in silence.

Numbers and the bare words NaN and Infinity become text, word for word; a key that stands twice in an
object with different values is an error (a plain reader keeps the last one); half of a surrogate
pair, which no database takes, becomes U+FFFD.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sotaduck.errors import ParseError

# Nothing but one bare word (`nul`, `1.`, half an escape) is left where a cut file goes wrong.
_LAST_WORD = re.compile(r"[\\\w.+-]*\s*\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(body: bytes | str, place: str = "the file") -> Any:
    """Read one JSON value, strictly.

    Args:
        body: UTF-8, or UTF-16/32 as byte-order mark or zeros tell; a byte-order mark is skipped.
        place: what messages call it.

    Returns:
        Dictionaries, lists, True, False, None, and text for everything else.

    Raises:
        ParseError: `empty`, `bad_encoding`, `truncated_json`, `bad_json`, `too_deep`, `duplicate_key`;
            without an address, which the caller knows.
    """
    if isinstance(body, bytes):
        encoding = json.detect_encoding(body)
        try:
            text = body.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            detail = f"{place}: byte {error.start} is not valid {encoding}: {error.reason}"
            raise ParseError("bad_encoding", detail) from None
    else:
        text = body.removeprefix("\ufeff")
    if not text.strip():
        raise ParseError("empty", f"{place} is empty")
    try:
        value = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_unique
        )
        return _whole(value) if "\\u" in text else value
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        if _LAST_WORD.match(text, error.pos) or error.msg.startswith("Unterminated string"):
            raise ParseError("truncated_json", f"{place} ends too early ({where}: {error.msg})") from None
        raise ParseError("bad_json", f"{place}, {where}: {error.msg}") from None
    except RecursionError:
        raise ParseError("too_deep", f"{place} is nested too deep to be read") from None
    except ParseError as error:
        raise ParseError(error.reason, f"{place}: {error.detail}") from None


def compact(value: Any) -> str:
    """A value of `decode` as text: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise ParseError("duplicate_key", f"the key `{key}` stands twice in one object")
    return found


def _whole(value: Any) -> Any:
    """The value with U+FFFD for every lone surrogate (JSON's escapes can write them, UTF-8 cannot)."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
