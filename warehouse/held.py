"""What is held back in a warehouse, and taking it: `sotaduck accept`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime

import duckdb

from sotaduck.errors import WarehouseError
from sotaduck.records import HeldBoard
from warehouse.load import insert
from warehouse.publish import quoted

Leader = tuple[str | None, float | None]
"""Model and value of who leads; both None where nobody does."""


def held_boards(connection: duckdb.DuckDBPyConnection) -> list[HeldBoard]:
    """The boards whose newest observation is held back, in order of source and address. Times are UTC."""
    rows = connection.execute(
        """
        select
            board_id, leaderboard_id, source, source_url, document_url, task, dataset, metric, capture_ids,
            rows_before, rows_now, last_good_at, seen_at
        from held order by source, source_url, leaderboard_id, board_id
        """
    ).fetchall()
    return [
        HeldBoard(*(*names, tuple(ids), before, now, good.replace(tzinfo=UTC), seen.replace(tzinfo=UTC)))
        for *names, ids, before, now, good, seen in rows
    ]


def named(connection: duckdb.DuckDBPyConnection, name: str) -> list[HeldBoard]:
    """Those of them that go by this name: a leaderboard_id, an address (of board, page, file) or a board_id.

    Raises:
        WarehouseError: no board goes by it, held or not; names near ones.
    """
    found = [
        board
        for board in held_boards(connection)
        if name in (board.leaderboard_id, board.locator, board.url, board.board_id)
    ]
    if found:
        return found
    known = connection.execute(
        f"""
        select 1 from core.contents where {quoted(name)} in (leaderboard_id, locator, board_id)
        union all
        select 1 from core.captures where url = {quoted(name)}
        limit 1
        """
    ).fetchone()
    if known is None:
        rows = connection.execute(
            "select distinct unnest([leaderboard_id, locator]) from core.contents"
        ).fetchall()
        near = difflib.get_close_matches(name, sorted(row[0] for row in rows), n=3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(near)}?" if near else ";"
        raise WarehouseError(
            f"there is no leaderboard, address or board {name!r}{hint} "
            "`sotaduck sql 'from held'` lists what is held back"
        )
    return []


def accept(
    connection: duckdb.DuckDBPyConnection, boards: Iterable[HeldBoard], accepted_at: datetime, run_id: str
) -> None:
    """Record that somebody has looked at what is held of these boards: it is true from then on."""
    places = [(board.board_id, capture_id) for board in boards for capture_id in board.capture_ids]
    insert(
        connection,
        "core.acceptances",
        {
            "board_id": [board_id for board_id, _ in places],
            "capture_id": [capture_id for _, capture_id in places],
            "accepted_at": [accepted_at.astimezone(UTC).replace(tzinfo=None)] * len(places),
            "run_id": [run_id] * len(places),
        },
    )


def leaders(connection: duckdb.DuckDBPyConnection) -> dict[str, Leader]:
    """Who leads each leaderboard."""
    rows = connection.execute("select leaderboard_id, leader, leader_value from leaderboards").fetchall()
    return {leaderboard_id: (leader, value) for leaderboard_id, leader, value in rows}
