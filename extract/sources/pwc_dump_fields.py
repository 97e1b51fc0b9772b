"""Read the fields of one object of a dump by popping them, so that what is left over is noticed.

Errors are `ParseError`s that name the place inside the file and no address; the parser adds that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn
from urllib.parse import urljoin

from sotaduck.errors import ParseError

SITE = "https://paperswithcode.com"
_NAMES = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


class Fields:
    """The fields of one object.

    A null, a blank text and a field that is not there are the same: the dumps use all three, and in
    Parquet every field of a struct is there.

    Args:
        value: what the file holds, numbers as text.
        place: where that is, for messages.

    Raises:
        ParseError: `wrong_type`; from the methods also `missing_field`, `unknown_field`, `bad_text`.
    """

    __slots__ = ("_left", "place")

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            refuse(place, value, "an object")
        self._left: dict[str, Any] = dict(value)
        self.place = place

    def text(self, name: str) -> str | None:
        """A text as it stands, or None where it is blank."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, str):
            refuse(f"{self.place}, `{name}`", value, "text")
        return sound(value, f"{self.place}, `{name}`") if value.strip() else None

    def needed(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if value is None:
            raise ParseError("missing_field", f"{self.place}: `{name}` is missing or blank")
        return value

    def address(self, name: str) -> str | None:
        """An address; one that is relative to the site becomes absolute."""
        value = self.text(name)
        return urljoin(SITE, value) if value is not None and value.startswith("/") else value

    def flag(self, name: str) -> bool | None:
        """True, False, or None where nothing is stated."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, bool):
            refuse(f"{self.place}, `{name}`", value, "true or false")
        return value

    def items(self, name: str) -> list[Any]:
        """The items of a list, none where there is no list."""
        value = _unfolded(self._left.pop(name, None))
        if value is None:
            return []
        if not isinstance(value, list):
            refuse(f"{self.place}, `{name}`", value, "a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list, without blank ones."""
        place = f"{self.place}, `{name}`"
        found = [value for value in self.items(name) if value is not None]
        for value in found:
            if not isinstance(value, str):
                refuse(place, value, "text")
        return tuple(sound(value, place) for value in found if value.strip())

    def objects(self, name: str) -> Iterable[Fields]:
        """The objects of a list; each is the caller's to end."""
        for number, value in enumerate(self.items(name), 1):
            yield Fields(value, f"{self.place}, `{name}`, item {number}")

    def inner(self, name: str) -> Fields | None:
        """The object of a field, or None."""
        value = _unfolded(self._left.pop(name, None))
        return None if value is None else Fields(value, f"{self.place}, `{name}`")

    def cells(self, name: str) -> dict[str, str | None]:
        """Named values as text, None for a blank: of an object, or of a list of pairs as tables keep it."""
        place = f"{self.place}, `{name}`"
        value = _unfolded(self._left.pop(name, None))
        if value is None:
            return {}
        pairs = value.items() if isinstance(value, dict) else _pairs(value, place)
        cells: dict[str, str | None] = {}
        for key, cell in pairs:
            if key in cells:
                raise ParseError("duplicate_field", f"{place}: `{key}` stands twice")
            cells[sound(key, place)] = _cell(cell, f"{place}, `{key}`")
        return cells

    def end(self, ignored: frozenset[str] = frozenset()) -> None:
        """Refuse what nobody asked for, except for what is listed as ignored."""
        unknown = sorted(self._left.keys() - ignored)
        if unknown:
            raise ParseError("unknown_field", f"{self.place}: unknown field `{unknown[0]}`")


def refuse(place: str, value: Any, due: str) -> NoReturn:
    """Raise `wrong_type`."""
    found = _NAMES.get(type(value), type(value).__name__)
    raise ParseError("wrong_type", f"{place}: {found} where {due} is due")


def sound(text: str, place: str) -> str:
    """The text itself, if it can be written as UTF-8: JSON can escape half of a character."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ParseError("bad_text", f"{place}: a half of a surrogate pair stands alone") from error
    return text


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in the order of first appearance."""
    return tuple(dict.fromkeys(texts))


def _unfolded(value: Any) -> Any:
    """Some conversions to Parquet keep a nested value as JSON text."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return value


def _pairs(value: Any, place: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, list):
        refuse(place, value, "an object")
    for number, item in enumerate(value, 1):
        pair = _pair(item) if isinstance(item, dict) else item
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)):
            refuse(f"{place}, item {number}", item, "a name with its value")
        yield pair[0], pair[1]


def _pair(item: dict[str, Any]) -> tuple[Any, Any] | None:
    for key in ("key", "name", "metric"):
        if key in item and item.keys() <= {key, "value"}:
            return item[key], item.get("value")
    return None


def _cell(value: Any, place: str) -> str | None:
    if value is None or isinstance(value, str):
        return sound(value, place) if value and value.strip() else None
    if isinstance(value, bool):
        return json.dumps(value)
    refuse(place, value, "text or a number")
