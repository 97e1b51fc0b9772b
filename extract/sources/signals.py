"""What a document says that its parser does not know or that does not fit, told once for each kind."""

from __future__ import annotations

from collections.abc import Iterable


class Signals:
    """Collects `RawBoard.warnings`: of what occurs many times, the first place is told."""

    def __init__(self) -> None:
        self._texts: dict[object, str] = {}

    def say(self, about: object, text: str) -> None:
        """Keep a warning, unless there is one about the same thing."""
        self._texts.setdefault(about, text)

    def unknown(self, keys: Iterable[str], known: frozenset[str], what: str, place: str) -> None:
        """Keep a warning for each key that is not among the known ones.

        Args:
            what: what kind of object holds the keys; each of its unknown keys is told once.
            place: where this one stands.
        """
        for key in keys:
            if key not in known:
                self.say((what, key), f"{place}: unknown field `{key}`, not read")

    def texts(self) -> tuple[str, ...]:
        """The warnings, in the order of their first occurrence."""
        return tuple(self._texts.values())
