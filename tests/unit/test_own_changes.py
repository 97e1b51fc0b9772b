"""What our own reading moved: the same captures, another answer. What the sources changed is none of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from expectations.drops import held_back
from sotaduck.records import Normalised
from tests import views_io
from transform.reconcile import reconcile
from warehouse import own_changes
from warehouse.derive import derive

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
Said = dict[str, float | None]


def reading(said: Said, seen: str = "2024-01-01", name: str = "b", **facts: Any) -> Normalised:
    """What the transform makes of one capture of a board."""
    board = views_io.board(
        name, seen, leaderboard_id=f"t/d/{name}", content_digest=repr((said, facts)), **facts
    )
    cells = enumerate(said.items(), 1)
    results = tuple(views_io.result(board, model, value, position=at) for at, (model, value) in cells)
    return Normalised(boards=(board,), results=results)


def built(*readings: Normalised) -> duckdb.DuckDBPyConnection:
    connection = views_io.new()
    for one in readings:
        views_io.put(connection, one)
    derive(connection, reconcile, held_back)
    return connection


def published(folder: Path, *readings: Normalised) -> Path:
    """A warehouse as a file."""
    file = folder / "warehouse.duckdb"
    connection = built(*readings)
    connection.execute(f"attach '{file}' as published; copy from database memory to published")
    connection.close()
    return file


def moved(build: duckdb.DuckDBPyConnection, file: Path) -> list[tuple[Any, ...]]:
    """What was recorded, and is shown: kind, model, field, old, new, ranks."""
    counted = own_changes.record(build, file, "run", NOW)
    rows = views_io.rows(
        build,
        "select leaderboard_id, kind, model, field, old, new, old_rank, new_rank from changes "
        "where cause = 'sotaduck' and track is distinct from 'no_extra_data' order by all",
    )
    hidden = views_io.rows(
        build, "select count(*) from changes where cause = 'sotaduck' and track = 'no_extra_data'"
    )[0][0]
    assert counted == len(rows) + hidden
    return rows


def test_the_same_reading_of_the_same_captures_moves_nothing(tmp_path: Path) -> None:
    said: Said = {"A": 90.0, "B": 80.0}
    assert moved(built(reading(said)), published(tmp_path, reading(said))) == []


def test_another_value_of_the_same_cell_is_our_own_correction(tmp_path: Path) -> None:
    file = published(tmp_path, reading({"A": 0.9, "B": 80.0}))
    assert moved(built(reading({"A": 90.0, "B": 80.0})), file) == [
        ("t/d/b", "corrected", "A", "value", "0.9", "90", 2, 1),
        ("t/d/b", "new_sota", "A", None, None, None, None, None),
        ("t/d/b", "rank_moved", "A", None, None, None, 2, 1),
        ("t/d/b", "rank_moved", "B", None, None, None, 1, 2),
    ]


def test_another_direction_is_told_with_the_ranks_that_it_turned(tmp_path: Path) -> None:
    said: Said = {"A": 90.0, "B": 80.0}
    file = published(tmp_path, reading(said, direction_source="registry"))
    turned = built(reading(said, higher_is_better=False, direction_source="registry"))
    assert moved(turned, file) == [
        ("t/d/b", "direction_changed", None, "direction", "higher is better (registry)",
         "lower is better (registry)", None, None),
        ("t/d/b", "rank_moved", "A", None, None, None, 1, 2),
        ("t/d/b", "rank_moved", "B", None, None, None, 2, 1),
    ]  # fmt: skip


def test_a_leaderboard_under_another_name_is_gone_and_new(tmp_path: Path) -> None:
    file = published(tmp_path, reading({"A": 90.0}))
    renamed = built(reading({"A": 90.0}, name="c", locator="https://alpha.example/b"))
    assert [row[:2] for row in moved(renamed, file)] == [
        ("t/d/b", "leaderboard_vanished"),
        ("t/d/c", "new_leaderboard"),
    ]


def test_what_the_sources_changed_since_is_not_ours(tmp_path: Path) -> None:
    """The rebuild also takes in a newer capture; the comparison is with what was known before."""
    file = published(tmp_path, reading({"A": 90.0}))
    newer = built(reading({"A": 90.0}), reading({"A": 91.0, "B": 95.0}, "2024-02-01"))
    assert moved(newer, file) == []


def test_a_leaderboard_with_an_older_capture_that_came_late_is_left_out(tmp_path: Path) -> None:
    file = published(tmp_path, reading({"A": 90.0}, "2024-02-01"), reading({"A": 0.5}, "2024-02-01", "c"))
    late = built(
        reading({"A": 90.0}, "2024-02-01"), reading({"A": 90.0, "B": 99.0}, "2024-01-15"),
        reading({"A": 50.0}, "2024-02-01", "c"),
    )  # fmt: skip
    assert [row[:6] for row in moved(late, file)] == [("t/d/c", "corrected", "A", "value", "0.5", "50")]


def test_where_nothing_was_known_before_nothing_is_told(tmp_path: Path) -> None:
    assert moved(built(reading({"A": 90.0})), published(tmp_path)) == []
