"""The warehouse of an earlier time: the facts that were known then, and all that follows from them.

The macros `…_as_of(t)` answer the questions of every day from what is kept of each result. Here a whole
warehouse is made instead, by the same way as any build. It takes as long, and has every view.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb

from sotaduck.errors import WarehouseError
from warehouse.derive import Hold, Reconcile, derive
from warehouse.publish import age, check_published, connect, migrate, quoted

KEPT = {
    "core.sources": "true",
    "core.captures": "capture_id in (from captures_then)",
    "core.observations": "capture_id in (from captures_then)",
    "core.contents": "content_id in (from contents_then)",
    "core.results": "content_id in (from contents_then)",
    "core.paper_mentions": "capture_id in (from captures_then)",
    "core.papers": "case when from_row then record_id in (select record_id from core.paper_mentions) "
    "else capture_id in (from captures_then) end",
    "core.entries": "capture_id in (from captures_then)",
    "core.quarantine": "case when content_id is null then capture_id in (from captures_then) "
    "else content_id in (from contents_then) end",
    "core.aliases": "published in (select r.model from published.core.results r "
    "where r.content_id in (from contents_then))",
    "core.acceptances": "accepted_at <= t",
    "core.own_changes": "changed_at <= t",
    "core.runs": "finished_at <= t",
    "core.failures": "run_id in (select run_id from published.core.runs where finished_at <= t)",
    "core.checks": "run_id in (select run_id from published.core.runs where finished_at <= t)",
}
"""Table → which of its rows were known at the time `t`."""


@contextlib.contextmanager
def at(warehouse: Path, time: datetime, reconcile: Reconcile, hold: Hold) -> Iterator[Path]:
    """A warehouse of what was known at a time, in a file that is there for the block.

    Args:
        time: aware; what one refresh fetched counts from its last capture on.
        reconcile, hold: as `warehouse.derive.derive`.

    Raises:
        WarehouseError: the warehouse cannot be read, or nothing was known at that time.
    """
    check_published(warehouse)
    with tempfile.TemporaryDirectory(prefix="sotaduck-") as folder:
        file = Path(folder) / "past.duckdb"
        connection = connect(file, read_only=False)
        try:
            migrate(connection)
            connection.execute(f"attach {quoted(warehouse)} as published (read_only)")
            _copy(connection, warehouse, time)
            connection.execute("detach published")
            derive(connection, reconcile, hold)
            connection.execute("checkpoint")
        except duckdb.Error as error:
            raise WarehouseError(f"{warehouse}: its past could not be made ({error})") from error
        finally:
            connection.close()
        yield file


def _copy(connection: duckdb.DuckDBPyConnection, warehouse: Path, time: datetime) -> None:
    connection.execute("use published")
    if told := age(connection, warehouse):
        raise WarehouseError(told)
    connection.execute("use past")
    then = f"timestamptz {quoted(time.isoformat())}::timestamp"
    connection.execute(
        f"""
        create temp table captures_then as
        select capture_id from published.mart.capture_times where known_at <= {then};
        create temp table contents_then as
        select distinct content_id from published.core.observations where capture_id in (from captures_then)
        """
    )
    first = connection.execute("select min(known_at) from published.mart.capture_times").fetchone()
    if connection.execute("select count(*) from captures_then").fetchone() == (0,):
        begun = f"the first capture is known from {first[0]} UTC on" if first and first[0] else "it is empty"
        raise WarehouseError(f"{warehouse}: nothing was known at {time:%Y-%m-%d %H:%M} UTC; {begun}")
    for table, known in KEPT.items():
        rows = f"select * from published.{table}, (select {then} as t) where {known}"
        connection.execute(f"insert into {table} by name select * exclude (t) from ({rows})")
