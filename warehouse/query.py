"""Read-only questions to the published warehouse: plain rows for the commands."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from sotaduck.errors import WarehouseError
from warehouse.publish import age, connect, quoted

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@contextlib.contextmanager
def opened(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, read-only.

    Raises:
        WarehouseError: it is missing, or no warehouse; or it lacks what is asked for, because an earlier
            release made it.
        WarehouseTooNew: a later release made it.
    """
    if not warehouse.is_file():
        what = "is a folder" if warehouse.is_dir() else "is not there"
        raise WarehouseError(
            f"{warehouse}: {what}; `sotaduck refresh` makes a warehouse, --warehouse names another"
        )
    connection = connect(warehouse, read_only=True)
    try:
        older = age(connection, warehouse)
        try:
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            if older:
                raise WarehouseError(older) from error
            raise
    finally:
        connection.close()


def run_sql(warehouse: Path, text: str) -> Answer:
    """Run one query, read-only and without access to other files. Statements before it may prepare it.

    Raises:
        WarehouseError: the warehouse cannot be opened, the query is wrong (in DuckDB's words) or two.
    """
    with opened(warehouse) as connection:
        try:
            statements = connection.extract_statements(text)
            if not statements:
                raise WarehouseError("the query is empty; try 'from leaderboards'")
            if any(statement.type == duckdb.StatementType.SELECT for statement in statements[:-1]):
                raise WarehouseError("several queries, and only one can be answered; ask one at a time")
            cursor = connection.execute(text)
            rows = cursor.fetchall()
        except duckdb.Error as error:
            older = age(connection, warehouse)
            hint = f"\n{older}" if older else ""
            raise WarehouseError(f"the query failed: {error}{hint}") from error
        return Answer(tuple(item[0] for item in cursor.description or ()), rows)


def leaderboard(warehouse: Path, leaderboard_id: str, as_of: datetime | None = None) -> tuple[Row, list[Row]]:
    """A leaderboard and its listed results, the first rank first, unranked ones last.

    Args:
        as_of: aware; as it was known at this time. None: as it is known now.

    Raises:
        WarehouseError: there is no such leaderboard, or was none then; names near ones.
    """
    with opened(warehouse) as connection:
        board = _board(connection, leaderboard_id, as_of)
        rows = _rows(
            connection,
            f"""
            from {_at("ranked_results", as_of)} where leaderboard_id = {quoted(leaderboard_id)} and listed
            order by rank nulls last, source_rank nulls last, result_date nulls last, result_id
            """,
        )
        return board, rows


def history(
    warehouse: Path, leaderboard_id: str, track: str | None = None, as_of: datetime | None = None
) -> tuple[Row, list[Row]]:
    """A leaderboard and the steps of its SOTA history, oldest first, for one track or for both.

    Args:
        as_of: aware; as it was known at this time. None: as it is known now.

    Raises:
        WarehouseError: there is no such leaderboard, or was none then; names near ones.
    """
    with opened(warehouse) as connection:
        board = _board(connection, leaderboard_id, as_of)
        of_track = "true" if track is None else f"track = {quoted(track)}"
        rows = _rows(
            connection,
            f"""
            from {_at("sota_history", as_of)}
            where leaderboard_id = {quoted(leaderboard_id)} and {of_track}
            order by track, step, result_id
            """,
        )
        return board, rows


def chain(warehouse: Path, result_id: str) -> Row:
    """A result, every raw cell that states it with its capture, and what disagrees.

    Raises:
        WarehouseError: there is no such result.
    """
    with opened(warehouse) as connection:
        this = f"result_id = {quoted(result_id)}"
        found = _rows(connection, f"from ranked_results where {this}")
        if not found:
            raise WarehouseError(
                f"there is no result {result_id!r}; `sotaduck leaderboard ID --json` gives those of one board"
            )
        order = "order by source, source_url, position"
        return {
            "result": found[0],
            "provenance": _rows(connection, f"from provenance where {this} {order}"),
            "conflicts": _rows(connection, f"from conflicts where {this} order by all"),
            "suspects": _rows(connection, f"from suspects where {this} order by kind"),
        }


def leaders(warehouse: Path, limit: int) -> list[Row]:
    """The leaderboards with most results, each with its leader."""
    with opened(warehouse) as connection:
        quality = "from leaderboards where metric_kind = 'quality'"
        return _rows(connection, f"{quality} order by results desc, leaderboard_id limit {int(limit)}")


def status(warehouse: Path) -> Row:
    """What the warehouse holds, what was refused and why, and how the last runs went."""
    with opened(warehouse) as connection:
        return {name: _rows(connection, query) for name, query in STATUS.items()}


STATUS = {
    "holds": """
        select
            (select count(*) from leaderboards) as leaderboards,
            (select count(*) from results where listed) as results,
            (select count(*) from results where not listed) as delisted,
            (select count(*) from papers) as papers,
            (select count(*) from models) as models,
            (select count(*) from suspects) as suspects,
            (select count(*) from conflicts) as conflicts,
            (select count(*) from captures) as captures,
            (select max(last_seen) from leaderboards) as last_seen
    """,
    "held_back": """
        select leaderboard_id, source_url, rows_before, last_good_at, rows_now, seen_at from held
        order by leaderboard_id, source_url
    """,
    "cells": """
        select
            source, count(*) as boards, sum(cells_in)::bigint as cells_in,
            sum(cells_loaded)::bigint as loaded, sum(cells_quarantined)::bigint as quarantined,
            sum(cells_duplicate)::bigint as duplicates
        from mart.boards group by source order by source
    """,
    "quarantined_by_reason": """
        select source, field, reason, count(*) as lines, sum(cells)::bigint as cells
        from quarantine where current group by all order by cells desc, lines desc, source, field, reason
    """,
    "directions": """
        select coalesce(direction_source, 'unknown: not ranked') as direction_says, count(*) as leaderboards
        from leaderboards where metric_kind = 'quality' group by all order by leaderboards desc, 1
    """,
    "direction_unknown": """
        select leaderboard_id, metric, results from leaderboards
        where metric_kind = 'quality' and higher_is_better is null and results >= 3
        order by results desc, leaderboard_id limit 20
    """,
    "warnings_of_the_last_run": """
        select suite, expectation, unexpected, detail from checks
        where not success and run_id = (select run_id from runs limit 1) order by suite, expectation
    """,
    "failures_of_the_last_run": """
        select source, url, stage, reason, detail from failures
        where run_id = (select run_id from runs limit 1) order by source, url limit 50
    """,
    "last_runs": """
        select run_id, kind, status, date_diff('second', started_at, finished_at) as seconds, counts
        from runs limit 5
    """,
}


def _at(view: str, as_of: datetime | None) -> str:
    """A view as it is, or its macro as of a time."""
    return (
        view if as_of is None else f"{view}_as_of({quoted(str(as_of.astimezone(UTC).replace(tzinfo=None)))})"
    )


def _board(connection: duckdb.DuckDBPyConnection, leaderboard_id: str, as_of: datetime | None = None) -> Row:
    this = f"where leaderboard_id = {quoted(leaderboard_id)}"
    found = _rows(connection, f"from {_at('leaderboards', as_of)} {this}")
    if found:
        return found[0]
    if as_of and (later := _rows(connection, f"select first_seen from leaderboards {this}")):
        raise WarehouseError(
            f"nothing was known of the leaderboard {leaderboard_id!r} at {as_of:%Y-%m-%d %H:%M} UTC; "
            f"it was first seen at {later[0]['first_seen']} UTC"
        )
    known = [row[0] for row in connection.execute("select leaderboard_id from mart.leaderboards").fetchall()]
    near = difflib.get_close_matches(leaderboard_id.lower(), known, n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    raise WarehouseError(
        f"there is no leaderboard {leaderboard_id!r}{hint} "
        "`sotaduck sql 'select leaderboard_id from leaderboards'` lists all"
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    cursor = connection.execute(query)
    names = [item[0] for item in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
