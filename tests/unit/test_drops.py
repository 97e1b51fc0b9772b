"""A mass drop against the last good load stops that board, and only that board."""

from __future__ import annotations

from datetime import UTC, datetime

from expectations.drops import mass_drops
from sotaduck.records import Board

DAYS = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 6)]
SEEN = {f"c{number}": day for number, day in enumerate(DAYS)}


def board(capture: int, rows: int, name: str = "b") -> Board:
    return Board(
        name, "t/d/m", "s", f"c{capture}", f"https://x.test/{name}", None, "T", "D", "M", "M", "quality",
        True, "page", None, None, None, None, rows, rows, 0, 0,
    )  # fmt: skip


def refused(
    *boards: Board, sizes: dict[str, list[tuple[datetime, int]]] | None = None, **more: tuple[str]
) -> list[str]:
    return [drop.capture_id for drop in mass_drops(boards, SEEN, sizes or {}, **more)]


def test_a_hundred_rows_that_become_ten_are_refused_with_both_figures() -> None:
    (drop,) = mass_drops([board(1, 10)], SEEN, {"b": [(DAYS[0], 104)]})
    assert (drop.failure.stage, drop.failure.reason) == ("validate", "mass_drop")
    assert "104 rows on 2024-01-01, 10 now" in drop.failure.detail


def test_half_of_the_rows_may_go_and_small_boards_may_shrink() -> None:
    assert refused(board(1, 52), sizes={"b": [(DAYS[0], 104)]}) == []
    assert refused(board(1, 1), sizes={"b": [(DAYS[0], 9)]}) == []


def test_what_was_refused_is_no_measure_for_the_next() -> None:
    assert refused(board(0, 104), board(1, 10), board(2, 10), board(3, 104)) == ["c1", "c2"]


def test_an_older_capture_that_comes_late_is_held_against_what_was_before_it() -> None:
    assert refused(board(0, 10), sizes={"b": [(DAYS[3], 104)]}) == []


def test_other_boards_are_not_stopped() -> None:
    assert refused(board(0, 104), board(0, 20, "other"), board(1, 9), board(1, 20, "other")) == ["c1"]


def test_a_drop_that_somebody_has_looked_at_is_loaded() -> None:
    assert refused(board(0, 104), board(1, 10), accepted=("https://x.test/b",)) == []
