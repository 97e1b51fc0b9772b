"""What became of one expectation, over all batches of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from expectations.suites import Expectation
from sotaduck.records import Check

NAMED = 5
"""How many failing rows a message names; the rest it counts."""

SHOWN = 20
"""How many failing rows are kept in words, for the Data Docs."""


@dataclass(slots=True)
class Tally:
    """One expectation over the batches that were checked so far.

    Attributes:
        checked: rows of the batches.
        skipped: those of them that it does not apply to.
        unexpected: those that fail it.
        examples: the first of them, in words.
    """

    suite: str
    expectation: Expectation
    checked: int = 0
    skipped: int = 0
    unexpected: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another batch."""
        self.checked += other.checked
        self.skipped += other.skipped
        self.unexpected += other.unexpected
        self.examples.extend(other.examples[: SHOWN - len(self.examples)])

    @property
    def detail(self) -> str:
        """What failed, where, and what to do; empty where nothing did."""
        if not self.unexpected:
            return ""
        named = self.examples[:NAMED]
        rest = self.unexpected - len(named)
        lines = [*named, *([f"… and {rest:,} more"] if rest else [])]
        return "\n".join(
            (
                f"{self.expectation.says}: {self.unexpected:,} of {self.checked:,} rows do not agree.",
                *(f"  {line}" for line in lines),
                self.expectation.action,
            )
        )

    def check(self) -> Check:
        """The record of it for the warehouse."""
        return Check(
            suite=self.suite,
            expectation=self.expectation.name,
            severity=self.expectation.severity,
            success=self.unexpected == 0,
            checked=self.checked,
            unexpected=self.unexpected,
            detail=self.detail,
        )
