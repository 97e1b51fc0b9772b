"""Facts into a build, in columns: records → Arrow → one insert a table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from sotaduck.records import (
    Board,
    Capture,
    Check,
    Failure,
    ModelAlias,
    Normalised,
    Paper,
    Quarantined,
    RawEntry,
    Result,
)

Columns = Mapping[str, list[Any]]


def add_captures(connection: duckdb.DuckDBPyConnection, captures: Iterable[tuple[Capture, str]]) -> None:
    """Add captures with what came of each: parsed, partly, confirmed, failed, index; known ones stay."""
    chosen = list(captures)
    columns = dict(columns_of(Capture, [capture for capture, _ in chosen]))
    columns["fetched_at"] = [_naive(capture.fetched_at) for capture, _ in chosen]
    columns["outcome"] = [outcome for _, outcome in chosen]
    insert(connection, "core.captures", columns, unless="capture_id")


def add(connection: duckdb.DuckDBPyConnection, batch: Normalised, seen: Mapping[str, datetime]) -> None:
    """Add what was parsed.

    A board whose content is that of an earlier observation adds an observation alone.

    Args:
        seen: capture_id → time of the capture, for every capture of the batch.
    """
    ids = {(board.board_id, board.capture_id): content_id(board) for board in batch.boards}
    observed: dict[str, list[Any]] = {
        "board_id": [board.board_id for board in batch.boards],
        "capture_id": [board.capture_id for board in batch.boards],
        "seen_at": [_naive(seen[board.capture_id]) for board in batch.boards],
        "content_id": list(ids.values()),
    }
    known = _known_contents(connection, set(ids.values()))
    first: dict[str, tuple[str, str]] = {}
    for key, content in ids.items():
        if content not in known:
            first.setdefault(content, key)
    new = {key: content for content, key in first.items()}
    boards = [board for board in batch.boards if (board.board_id, board.capture_id) in new]
    results = [result for result in batch.results if (result.board_id, result.capture_id) in new]
    quarantine = [
        line
        for line in batch.quarantine
        if line.board_id is None
        or (line.board_id, line.capture_id) in new
        or (line.board_id, line.capture_id) not in ids
    ]
    columns = dict(columns_of(Board, boards, without=("content_digest",)))
    columns["content_id"] = [new[(board.board_id, board.capture_id)] for board in boards]
    insert(connection, "core.contents", columns)
    columns = dict(columns_of(Result, results, without=("leaderboard_id", "date_source")))
    columns["content_id"] = [new[(result.board_id, result.capture_id)] for result in results]
    insert(connection, "core.results", columns)
    columns = dict(columns_of(Quarantined, quarantine))
    columns["content_id"] = [new.get((line.board_id or "", line.capture_id)) for line in quarantine]
    insert(connection, "core.quarantine", columns, once=True)
    insert(connection, "core.observations", observed, once=True)
    papers = _distinct(batch.papers, paper_record_id)
    mentions = {(paper_record_id(paper), paper.capture_id) for paper in batch.papers if paper.from_row}
    columns = {
        "record_id": [record for record, _ in mentions],
        "capture_id": [capture for _, capture in mentions],
    }
    insert(connection, "core.paper_mentions", columns, once=True)
    columns = dict(columns_of(Paper, list(papers.values())))
    columns["record_id"] = list(papers)
    insert(connection, "core.papers", columns, unless="record_id")
    insert(connection, "core.entries", columns_of(RawEntry, list(batch.entries)), once=True)
    insert(connection, "core.aliases", columns_of(ModelAlias, list(batch.aliases)), once=True)


def confirm(connection: duckdb.DuckDBPyConnection) -> None:
    """Captures that say what an earlier one said: its boards were there at their time too.

    Run when the captures of a run are in: each confirmed capture without observations takes those of the
    parsed capture of the same page and digest.
    """
    connection.execute(
        """
        insert into core.observations
        select distinct o.board_id, c.capture_id, c.fetched_at, o.content_id
        from core.captures c
        join core.captures p
          on p.source = c.source and p.url = c.url and p.digest = c.digest
          and p.outcome in ('parsed', 'partly')
        join core.observations o on o.capture_id = p.capture_id
        where c.outcome = 'confirmed'
          and not exists (from core.observations known where known.capture_id = c.capture_id)
        """
    )


def settle(connection: duckdb.DuckDBPyConnection, held: Iterable[Capture]) -> int:
    """Say of each capture where it stands in the archive, and whose run it is, as the archive says now.

    The archive may have been compacted, or taken in another machine's files, since the capture was loaded.

    Args:
        held: what the archive holds; captures that it lacks stay as they are.

    Returns:
        How many captures were said to stand elsewhere.
    """
    columns = columns_of(Capture, list(held))
    told = ("capture_id", "warc_file", "warc_offset", "size", "run_id")
    types = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.string())
    connection.register(
        "held",
        pa.table({name: pa.array(columns[name], kind) for name, kind in zip(told, types, strict=True)}),
    )
    row = connection.execute(
        """
        update core.captures as c
        set warc_file = held.warc_file, warc_offset = held.warc_offset, size = held.size, run_id = held.run_id
        from held
        where held.capture_id = c.capture_id
          and (c.warc_file, c.warc_offset, c.size, c.run_id)
              is distinct from (held.warc_file, held.warc_offset, held.size, held.run_id)
        """
    ).fetchone()
    connection.unregister("held")
    return int(row[0]) if row else 0


def add_run(
    connection: duckdb.DuckDBPyConnection,
    run: Mapping[str, Any],
    failures: Sequence[Failure],
    checks: Sequence[Check],
) -> None:
    """Add the record of a run: a row of `core.runs`, its failures and its checks."""
    row = {name: [_naive(value) if isinstance(value, datetime) else value] for name, value in run.items()}
    for name in ("counts", "stages"):
        row[name] = [list(run[name].items())]
    insert(connection, "core.runs", row)
    for table, kind, records in (("core.failures", Failure, failures), ("core.checks", Check, checks)):
        columns = dict(columns_of(kind, records))
        columns["run_id"] = [run["run_id"]] * len(records)
        insert(connection, table, columns)


def set_sources(connection: duckdb.DuckDBPyConnection, sources: Sequence[Mapping[str, Any]]) -> None:
    """Write what is known of the sources anew: licences and order of trust are those of this release."""
    connection.execute("delete from core.sources")
    columns = {name: [source[name] for source in sources] for name in (sources[0] if sources else ())}
    insert(connection, "core.sources", columns)


def content_id(board: Board) -> str:
    """What names a board's content: equal for two captures that say the same."""
    return _digest(board.board_id, board.content_digest or board.capture_id)


def paper_record_id(paper: Paper) -> str:
    """What names a record of a paper: what a row says of it counts once, however often it is said."""
    parts = [repr(getattr(paper, name)) for name in Paper.__struct_fields__ if name != "capture_id"]
    return _digest(*parts, "" if paper.from_row else paper.capture_id)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _distinct(papers: Iterable[Paper], key: Any) -> dict[str, Paper]:
    found: dict[str, Paper] = {}
    for paper in papers:
        found.setdefault(key(paper), paper)
    return found


def _known_contents(connection: duckdb.DuckDBPyConnection, wanted: set[str]) -> set[str]:
    connection.register("wanted", pa.table({"content_id": pa.array(sorted(wanted), pa.string())}))
    rows = connection.execute(
        "select content_id from core.contents where content_id in (select content_id from wanted)"
    ).fetchall()
    connection.unregister("wanted")
    return {row[0] for row in rows}


def columns_of(kind: type, records: Sequence[Any], without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Records as columns, a list a field."""
    names = [name for name in kind.__annotations__ if name not in without]
    return {name: [getattr(record, name) for record in records] for name in names}


def insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Columns,
    *,
    unless: str | None = None,
    once: bool = False,
) -> None:
    """Insert columns by name.

    Args:
        unless: key column; rows whose key is there already are left out.
        once: rows that are there already, word for word, are left out.
    """
    if not columns or not next(iter(columns.values())):
        return
    types = {
        name: kind
        for name, kind in connection.execute(
            "select column_name, data_type from duckdb_columns() "
            "where $1 in (schema_name || '.' || table_name, "
            "case when database_name = 'temp' then table_name end)",
            [table],
        ).fetchall()
    }
    arrow = pa.table({name: pa.array(values, _ARROW[types[name]]) for name, values in columns.items()})
    connection.register("incoming", arrow)
    # The names come from this package, never from data.
    rows = "select * from incoming"
    if unless:
        rows += f" anti join {table} using ({unless})"
    if once:
        rows += f" except select {', '.join(columns)} from {table}"
    connection.execute(f"insert into {table} by name {rows}")
    connection.unregister("incoming")


_ARROW = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR[]": pa.list_(pa.string()),
    "DOUBLE[]": pa.list_(pa.float64()),
    "MAP(VARCHAR, BIGINT)": pa.map_(pa.string(), pa.int64()),
    "MAP(VARCHAR, DOUBLE)": pa.map_(pa.string(), pa.float64()),
}


def _naive(time: datetime) -> datetime:
    """The warehouse's timestamps are UTC without saying so."""
    return time.astimezone(UTC).replace(tzinfo=None)
