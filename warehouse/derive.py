"""From facts to what people ask: marts (tables, made anew in each build) and the public views over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from sotaduck.records import Candidate, Reconciled
from warehouse.load import insert

HERE = Path(__file__).parent

BEFORE_MATCHING = ("10_boards", "20_paper_ids", "21_papers", "30_rows")
AFTER_MATCHING = ("40_results", "45_history", "50_suspects", "60_conflicts", "70_candidates")
VIEWS = (
    "results", "ranked_results", "sota_history", "current_sota", "leaderboards", "papers", "models",
    "model_aliases", "suspects", "conflicts", "candidates", "agreement", "provenance", "datasets", "methods",
    "quarantine", "runs", "failures", "checks", "captures", "sources",
)  # fmt: skip
"""In the order in which they are made: a view stands behind those that it reads."""

Reconcile = Callable[[Iterable[Candidate]], Reconciled]


def derive(connection: duckdb.DuckDBPyConnection, reconcile: Reconcile) -> None:
    """Make marts and views anew.

    Args:
        reconcile: says which results of which boards are one (`transform.reconcile`).
    """
    for name in BEFORE_MATCHING:
        _run(connection, "marts", name)
    reconciled = reconcile(candidates(connection))
    for table, columns, rows in (
        ("mart.matches", ("result_id", "merged_id", "rule"), reconciled.matches),
        ("mart.factors", ("board_id", "factor"), reconciled.factors),
        ("mart.near_names", ("leaderboard_id", "model", "other_model", "likeness"), reconciled.near_names),
    ):
        connection.execute(f"delete from {table}")
        insert(connection, table, {name: [row[at] for row in rows] for at, name in enumerate(columns)})
    for name in AFTER_MATCHING:
        _run(connection, "marts", name)
    make_views(connection)


def make_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the public views and macros anew; those of an earlier release that are no more go away."""
    # One transaction: hundreds of small statements would each wait for the disk.
    connection.begin()
    for (name,) in connection.execute(
        "select view_name from duckdb_views() where schema_name = 'main' and not internal"
    ).fetchall():
        connection.execute(f'drop view "{name}"')
    for name in VIEWS:
        _run(connection, "views", name)
    connection.commit()


def candidates(connection: duckdb.DuckDBPyConnection) -> list[Candidate]:
    """All listed results, in a stable order."""
    rows = connection.execute(
        """
        select
            r.result_id, r.leaderboard_id, r.board_id, r.trust, r.position, r.model_id, r.paper_id, r.value,
            b.upper_bound, r.model
        from mart.rows r
        join mart.boards b using (board_id)
        where r.listed
        order by r.leaderboard_id, r.trust, r.board_id, r.position, r.result_id
        """
    ).fetchall()
    return [Candidate(*row) for row in rows]


def _run(connection: duckdb.DuckDBPyConnection, folder: str, name: str) -> None:
    connection.execute((HERE / folder / f"{name}.sql").read_text("utf-8"))
