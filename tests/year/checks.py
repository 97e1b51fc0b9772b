"""What is asked of a warehouse of the year, and what the oracle says to the same questions.

Both sides give plain rows, sorted, so that one `==` holds a whole week against the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from flows.ingest import ingest
from flows.run import RunReport, silent
from sotaduck.config import Config
from tests.year.facts import Week
from tests.year.oracle import Answer, Change
from tests.year.world import write

Rows = list[tuple[Any, ...]]

Shown = dict[str, list[dict[str, Any]]]
"""View → its rows, by column."""

OF_RUNS = frozenset({"runs", "checks", "failures"})
"""Views that tell of the runs, and not of the world."""

OF_PLACES: dict[str, frozenset[str]] = {
    "captures": frozenset({"warc_file", "warc_offset", "size", "run_id"}),
    "provenance": frozenset({"warc_file", "warc_offset"}),
    "changes": frozenset({"run_id"}),
    "result_versions": frozenset({"run_id"}),
}
"""Columns that tell by which run a capture came, where in the archive it lies, and with how many bytes: of
captures with one body, the archive keeps that of the first that came."""

PAST = ("ranked_results", "sota_history", "leaderboards")
"""Views that have a twin, `<name>_as_of(t)`."""


# ---------------------------------------------------------------- machines


class Machine:
    """A folder with an archive and a warehouse."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = Config(warehouse=folder / "warehouse.duckdb", archive=folder / "archive")

    def ingest(self, path: Path) -> RunReport:
        """What `sotaduck ingest warc PATH` does."""
        return ingest(self.config, "warc", [path], silent)

    def load(self, weeks: Iterable[Week]) -> RunReport:
        """These weeks in one run, from a folder of their own."""
        parcel = self.folder / f"parcel-{len(list(self.folder.glob('parcel-*')))}"
        parcel.mkdir()
        for week in weeks:
            write(week, parcel)
        return self.ingest(parcel)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the warehouse open for the block."""
        with closing(duckdb.connect(str(self.config.warehouse), read_only=True)) as self.connection:
            yield

    def ask(self, query: str) -> Rows:
        """Rows of the warehouse, inside `reading`."""
        return self.connection.execute(query).fetchall()

    def views(self) -> list[str]:
        """The public views that tell of the world."""
        found = self.ask("select view_name from duckdb_views() where schema_name = 'main' and not internal")
        return sorted(name for (name,) in found if name not in OF_RUNS)

    def content(self) -> dict[str, list[str]]:
        """Every row of every public view, in words and sorted; without OF_PLACES."""
        with self.reading():
            return {name: _in_words(self._rows(name, OF_PLACES.get(name, ()))) for name in self.views()}

    def shown(self, at: datetime | None = None) -> Shown:
        """Every row of the views in PAST, now or as of a time."""
        return {name: self._rows(_as_of(name, at)) for name in PAST}

    def _rows(self, name: str, without: Iterable[str] = ()) -> list[dict[str, Any]]:
        left_out = ", ".join(f"'{column}'" for column in ("", *without))
        rows = self.connection.execute(f"select columns(name -> name not in ({left_out})) from {name}")
        columns = [column[0] for column in rows.description]
        return [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]


def _as_of(name: str, at: datetime | None) -> str:
    return name if at is None else f"{name}_as_of(timestamp '{_plain(at)}')"


def _plain(at: datetime) -> datetime:
    """UTC without a zone, as the warehouse has it."""
    return at.replace(tzinfo=None)


def _near(number: float | None) -> float | None:
    """A difference of two floats, without what is only their arithmetic."""
    return None if number is None else round(number, 9)


def _sorted(rows: Iterable[Sequence[Any]]) -> Rows:
    return sorted((tuple(row) for row in rows), key=repr)


def _in_words(rows: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(map(repr, rows))


def in_words(shown: Shown) -> dict[str, list[str]]:
    """All columns of all rows, sorted."""
    return {name: _in_words(rows) for name, rows in shown.items()}


# ---------------------------------------------------------------- the same questions to both

LISTED = (
    "leaderboard_id", "model", "value", "value_text", "extra_data", "result_date", "date_source",
    "paper_title", "rank", "rank_no_extra_data", "first_seen", "last_seen",
)  # fmt: skip
STEP = (
    "leaderboard_id", "track", "step", "sota_date", "model", "value", "previous_value", "days_held",
    "is_current", "improvement",
)  # fmt: skip
LEADERBOARD = (
    "leaderboard_id", "higher_is_better", "results", "dated_results", "delisted_results", "sources", "leader",
    "leader_value", "sota_since", "first_seen", "last_seen",
)  # fmt: skip


def told(shown: Shown) -> dict[str, Rows]:
    """What the oracle can say as well, of what a warehouse shows."""
    results, history, leaderboards = (shown[name] for name in PAST)

    def of(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Rows:
        return _sorted([row[column] for column in columns] for row in rows)

    return {
        "listed": of(LISTED, (row for row in results if row["listed"])),
        "delisted": of(("leaderboard_id", "model", "rank"), (row for row in results if not row["listed"])),
        "history": of(STEP, ({**row, "improvement": _near(row["improvement"])} for row in history)),
        "leaderboards": of(LEADERBOARD, leaderboards),
    }


def expected(answer: Answer) -> dict[str, Rows]:
    """What the oracle says to the same."""
    boards = answer.leaderboards.values()
    return {
        "listed": _sorted(
            (
                board.leaderboard_id, one.model, one.value, one.text, one.extra_data, one.date,
                one.date_source, one.title, one.rank, one.rank_no_extra_data, _plain(one.first_seen),
                _plain(one.last_seen),
            )
            for board in boards
            for one in board.listed
        ),
        "delisted": _sorted(
            (board.leaderboard_id, model, None) for board in boards for model in board.delisted
        ),
        "history": _sorted(
            (
                board.leaderboard_id, step.track, step.step, step.date, step.model, step.value,
                step.previous_value, step.days_held, step.is_current, _near(step.improvement),
            )
            for board in boards
            for step in board.history
        ),
        "leaderboards": _sorted(
            (
                board.leaderboard_id, board.higher_is_better, len(board.listed),
                sum(one.date is not None for one in board.listed), len(board.delisted), list(board.sources),
                *((lead.model, lead.value, lead.date) if (lead := board.leader) else (None, None, None)),
                _plain(board.first_seen), _plain(board.last_seen),
            )
            for board in boards
        ),
    }  # fmt: skip


def told_changes(machine: Machine) -> Rows:
    """The view `changes`, with the address of the capture for its id."""
    rows = machine.ask(
        """
        select
            changes.changed_at, url, cause, kind, leaderboard_id, track, model, value, field, old, new,
            old_rank, new_rank, previous_model, previous_value, results, improvement
        from changes left join captures using (capture_id)
        """
    )
    return _sorted((*row[:-1], _near(row[-1])) for row in rows)


def expected_changes(found: Iterable[Change]) -> Rows:
    """What the oracle says to the same."""
    return _sorted(
        (
            _plain(one.changed_at), one.url, "source", one.kind, one.leaderboard_id, one.track, one.model,
            one.value, one.field, one.old, one.new, one.old_rank, one.new_rank, one.previous_model,
            one.previous_value, one.results, _near(one.improvement),
        )
        for one in found
    )  # fmt: skip
