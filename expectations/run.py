"""The gate: suites run by Great Expectations, what they stop, what they put aside, and their record.

    frame ─▶ Gate.check ─▶ a critical expectation fails: ValidationStopped
                       └─▶ Outcome(checks, rejected) ─▶ quarantine(normalised, outcome)

Great Expectations takes seconds to import: the first check imports it, or `warm_up` before.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.quarantine import Outcome, Rejected, quarantine
from expectations.suites import SUITES, Expectation, Suite
from expectations.tally import SHOWN, Tally
from expectations.views import VIEWS
from sotaduck.errors import ValidationStopped
from sotaduck.records import Check

if TYPE_CHECKING:
    import pandas

__all__ = ["Gate", "Outcome", "Rejected", "quarantine", "warm_up"]


@cache
def warm_up() -> Any:
    """Import Great Expectations, its telemetry off unless the user has set it, and give the module."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations
    import great_expectations.expectations

    # It sets this level itself, to say that a folder was made for pages that nobody asked for.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    return great_expectations


@cache
def _batches() -> dict[str, Any]:
    """For each suite, what makes a batch of Great Expectations from a frame; in memory alone."""
    context = warm_up().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("sotaduck")
    return {
        name: source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("batch")
        for name in SUITES
    }


class Gate:
    """Checks frames against suites. Batches of one suite add up.

    Args:
        data_docs: folder for the Data Docs; None for none.
    """

    def __init__(self, data_docs: Path | None) -> None:
        self._data_docs = data_docs
        self._tallies: dict[str, dict[str, Tally]] = {}

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every expectation over all batches so far, with those that stopped the run."""
        return tuple(tally.check() for suite in self._tallies.values() for tally in suite.values())

    def check(self, suite: str, frame: pandas.DataFrame) -> Outcome:
        """Check one batch of rows.

        Args:
            suite: a name of `expectations.suites.SUITES`.
            frame: what the function of that name in `frames` gives, or in `views` takes.

        Raises:
            ValidationStopped: critical expectations fail; the message names them, boards and rows.
        """
        declared = SUITES[suite]()
        frame = VIEWS[suite](frame) if suite in VIEWS else frame.reset_index(drop=True)
        tallies: list[Tally] = []
        rejected: list[Rejected] = []
        for one, result in zip(declared.expectations, _validate(declared, frame), strict=True):
            failing = _failing(one, result)
            words = _in_words(frame, (*declared.keys, *one.shows), failing if one.field else failing[:SHOWN])
            skipped = result.result.get("missing_count") or 0
            tallies.append(Tally(suite, one, len(frame), skipped, len(failing), words[:SHOWN]))
            if one.field:
                keys = frame.loc[failing, list(declared.identity)].itertuples(index=False, name=None)
                rejected.extend(
                    Rejected(suite, key, one.name, one.field, one.reason, detail)
                    for key, detail in zip(keys, words, strict=True)
                )
        total = self._tallies.setdefault(suite, {})
        for tally in tallies:
            total.setdefault(tally.expectation.name, Tally(suite, tally.expectation)).add(tally)
        stopping = [tally for tally in tallies if tally.unexpected and tally.expectation.level == "critical"]
        if stopping:
            raise ValidationStopped(
                "\n".join(f"{tally.expectation.name} (critical): {tally.detail}" for tally in stopping)
            )
        return Outcome(tuple(tally.check() for tally in tallies), tuple(rejected))

    def write_docs(self) -> Path | None:
        """Write the Data Docs of this run in the place of those of the last one.

        Returns:
            The page to open; None where no folder was given or nothing was checked.
        """
        if self._data_docs is None or not self._tallies:
            return None
        from expectations import data_docs

        return data_docs.write(
            self._data_docs, {name: list(suite.values()) for name, suite in self._tallies.items()}
        )


def _validate(suite: Suite, frame: pandas.DataFrame) -> list[Any]:
    """What Great Expectations says of each expectation, in the order of the suite."""
    # Only the columns that it looks at: it computes a fingerprint of all that it is given.
    columns = dict.fromkeys(name for one in suite.expectations for name in one.columns)
    batch = _batches()[suite.name].get_batch({"dataframe": frame[list(columns)]})
    report = batch.validate(
        warm_up().ExpectationSuite(suite.name, [one.declare() for one in suite.expectations]),
        result_format={"result_format": "COMPLETE"},
    )
    found = {result.expectation_config.meta["name"]: result for result in report.results}
    return [found[one.name] for one in suite.expectations]


def _failing(one: Expectation, result: Any) -> list[int]:
    """Indexes of the rows that fail.

    Raises:
        ValidationStopped: the expectation could not be evaluated, so that nobody knows.
    """
    if result.success:
        return []
    failing = result.result.get("unexpected_index_list")
    if not failing:
        said = result.exception_info.get("exception_message") or "it failed without naming a row"
        raise ValidationStopped(f"{one.name} could not be evaluated: {said}")
    return list(failing)


def _in_words(frame: pandas.DataFrame, columns: Iterable[str], indexes: Sequence[int]) -> list[str]:
    """The rows as messages name them: `source x, board y, position 4, model Z`."""
    if not indexes:
        return []
    names = list(dict.fromkeys(columns))
    rows = frame.loc[list(indexes), names].astype(object)
    return [
        ", ".join(
            f"{name} {'none' if missing else value}"
            for name, value, missing in zip(names, row, absent, strict=True)
        )
        for row, absent in zip(rows.to_numpy(), rows.isna().to_numpy(), strict=True)
    ]
