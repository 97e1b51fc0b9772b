"""What is accepted of what is held back: recorded, found by its names, and kept through a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from expectations.drops import held_back
from sotaduck.errors import WarehouseError
from sotaduck.records import HeldBoard, Normalised
from tests import views_io
from transform.reconcile import reconcile
from warehouse import held, load, publish
from warehouse.derive import derive

PAGE = "https://alpha.example/page"


@pytest.fixture
def dropped() -> Iterator[duckdb.DuckDBPyConnection]:
    """A page with two boards of ten rows, of which the second now has four, and the first is gone."""
    connection = views_io.new()
    for seen, name, rows in (("2024-01-01", "a", 10), ("2024-01-01", "b", 10), ("2024-01-08", "b", 4)):
        board = views_io.board(
            name, seen, leaderboard_id=f"t/d/{name}", locator=PAGE, cells_in=rows, cells_loaded=rows,
            content_digest=f"{rows}",
        )  # fmt: skip
        results = tuple(views_io.result(board, f"M{at}", 90.0 - at, position=at + 1) for at in range(rows))
        views_io.put(connection, Normalised(boards=(board,), results=results))
    derive(connection, reconcile, held_back)
    yield connection
    connection.close()


def names(boards: list[HeldBoard]) -> list[str]:
    return [board.board_id for board in boards]


def test_what_is_held_is_found_by_each_of_its_names(dropped: duckdb.DuckDBPyConnection) -> None:
    gone, shrunk = held.held_boards(dropped)
    assert (gone.board_id, gone.rows_before, gone.rows_now, gone.url) == ("a", 10, 0, PAGE)
    assert (shrunk.board_id, shrunk.rows_now, shrunk.last_good_at) == (
        "b",
        4,
        datetime(2024, 1, 1, tzinfo=UTC),
    )
    assert names(held.named(dropped, PAGE)) == ["a", "b"]
    assert names(held.named(dropped, "t/d/b")) == names(held.named(dropped, "b")) == ["b"]


def test_a_name_that_no_board_has_is_an_error_and_one_that_is_not_held_is_none(
    dropped: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(WarehouseError, match=r"no leaderboard, address or board 't/d/c'; did you mean t/d/"):
        held.named(dropped, "t/d/c")
    held.accept(dropped, held.named(dropped, "b"), datetime(2024, 1, 9, tzinfo=UTC), "run")
    derive(dropped, reconcile, held_back)
    assert held.named(dropped, "b") == []
    assert names(held.held_boards(dropped)) == ["a"]


def test_an_acceptance_names_board_capture_time_and_run(dropped: duckdb.DuckDBPyConnection) -> None:
    held.accept(dropped, held.named(dropped, "b"), datetime(2024, 1, 9, tzinfo=UTC), "run")
    assert views_io.rows(dropped, "from core.acceptances") == [
        ("b", f"{PAGE}@2024-01-08", datetime(2024, 1, 9), "run")
    ]


def test_leaders_are_those_of_the_last_good_state(dropped: duckdb.DuckDBPyConnection) -> None:
    assert held.leaders(dropped) == {"t/d/a": ("M0", 90.0), "t/d/b": ("M0", 90.0)}
    held.accept(dropped, held.held_boards(dropped), datetime(2024, 1, 9, tzinfo=UTC), "run")
    derive(dropped, reconcile, held_back)
    assert held.leaders(dropped).get("t/d/a", (None, None)) == (None, None)


def test_a_rebuild_keeps_what_no_archive_tells(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with publish.build(path) as connection:
        connection.execute("insert into core.acceptances values ('b', 'c', '2024-01-09', 'run')")
        connection.execute(
            "insert into core.own_changes (run_id, changed_at, leaderboard_id, kind, detail) "
            "values ('run', '2024-01-09', 't/d/b', 'new_sota', 'said')"
        )
    with publish.build(path, fresh=True) as connection:
        assert connection.execute("from core.acceptances").fetchall() == [
            ("b", "c", datetime(2024, 1, 9), "run")
        ]
        assert connection.execute("select kind, detail from core.own_changes").fetchall() == [
            ("new_sota", "said")
        ]


def test_a_rebuild_of_what_an_earlier_release_made_has_less_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    first = publish.migrations()[:1]
    with monkeypatch.context() as patch:
        patch.setattr(publish, "migrations", lambda: first)
        with publish.build(path) as connection:
            load.set_sources(connection, views_io.SOURCES)
    with publish.build(path, fresh=True) as connection:
        assert connection.execute("from core.acceptances").fetchall() == []
