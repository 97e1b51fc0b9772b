"""What changed in a period: rows of the view `changes`, and what a reader of them wants to know beside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from sotaduck.errors import ConfigError, WarehouseError
from sotaduck.times import TIMES, moment
from warehouse import query
from warehouse.publish import quoted

Row = Mapping[str, Any]

KINDS = (
    "new_sota", "lost_sota", "direction_changed", "corrected", "leaderboard_vanished", "vanished",
    "leaderboard_returned", "returned", "new_leaderboard", "new_result", "rank_moved",
)  # fmt: skip
"""Every kind of change, the most important first."""

ORDER = "changed_at, leaderboard_id, kind, track, result_id, field, cause, run_id"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of a period. Times are UTC, without a zone, as the warehouse has them.

    Attributes:
        columns: those of the view.
        rows: the changes, oldest first.
        since: from when on; of a run, when it began; None from the beginning.
        until: up to when, this moment left out; None to the end.
        run_id: the run that the period begins with, where it was named or chosen.
        known_until: when a leaderboard was last seen or changed; None where none is there.
        latest: when the last change became known, in this period or not; None where nothing ever changed.
        marks: result → what to know beside its value, as known now: `extra data, suspect`.
        sources: those that the rows come from, with licence and attribution.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    since: datetime | None
    until: datetime | None
    run_id: str | None
    known_until: datetime | None
    latest: datetime | None
    marks: Mapping[str, str]
    sources: list[Row]


def changes(
    warehouse: Path,
    *,
    now: datetime,
    since: str | None = None,
    until: str | None = None,
    leaderboard_id: str | None = None,
    kinds: Collection[str] = (),
) -> Changes:
    """What changed, and when it became known.

    Args:
        now: aware; spans count back from it.
        since: a time, a span, `all`, or a run of the view `runs`: what came after the run before it,
            whatever the time of its captures. None: the last run.
        until: a time or a span; this moment is left out, so that periods can follow each other.
        leaderboard_id: only of this leaderboard.
        kinds: only of these KINDS; all where it is empty.

    Raises:
        ConfigError: a period or kind that cannot be understood.
        WarehouseError: the warehouse cannot be opened, or there never was such a leaderboard.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise ConfigError(f"--kind {kind!r} is none of {', '.join(KINDS)}")
    end = moment(until, now) if until else None
    if until and not end:
        raise ConfigError(f"--until {until!r} is no time; it takes {TIMES}")
    with query.opened(warehouse) as connection:
        _check(connection, warehouse)
        run_id, begin, conditions = _beginning(connection, since, now)
        if begin and end and end <= begin and not run_id:  # a run may have taken in what is older
            raise ConfigError(f"--until {until!r} is not after the beginning, {begin} UTC")
        if end:
            conditions.append(f"changed_at < timestamp {quoted(str(end))}")
        here = f"leaderboard_id = {quoted(leaderboard_id)}" if leaderboard_id else "true"
        conditions.append(here)
        if kinds:
            conditions.append(f"kind in ({', '.join(map(quoted, kinds))})")
        connection.execute(
            f"create temp table shown as from changes where {' and '.join(conditions)} order by {ORDER}"
        )
        columns, rows = _answer(connection, "from shown")
        (latest,) = _one(connection, f"select max(changed_at) from changes where {here}")
        (known_until,) = _one(
            connection,
            "select greatest((select max(last_seen) from leaderboards), max(changed_at)) from changes",
        )
        marks = connection.execute(MARKS).fetchall() if rows else []
        _, sources = _answer(connection, SOURCES)
    if leaderboard_id and not latest:
        query.leaderboard(warehouse, leaderboard_id)  # says what is near, where there is none
    return Changes(
        columns=columns,
        rows=rows,
        since=begin,
        until=end,
        run_id=run_id,
        known_until=known_until,
        latest=latest,
        marks=dict(marks),
        sources=sources,
    )


def _beginning(
    connection: duckdb.DuckDBPyConnection, since: str | None, now: datetime
) -> tuple[str | None, datetime | None, list[str]]:
    """The run and the time that a period begins with, and the conditions that say so."""
    if since == ALL:
        return None, None, []
    if since and (begin := moment(since, now)):
        return None, begin, [f"changed_at >= timestamp {quoted(str(begin))}"]
    runs: dict[str, tuple[datetime, datetime]] = {
        run_id: (started, finished)
        for run_id, started, finished in connection.execute(
            "select run_id, started_at, finished_at from runs order by run_id"
        ).fetchall()
    }
    if since is None:
        since = max(runs, default=None)
        if since is None:
            return None, None, []
    if since not in runs:
        last = f"; the last run is {max(runs)}" if runs else ""
        raise ConfigError(
            f"--since {since!r} is no time and no run; it takes {TIMES}, `{ALL}`, or a run id "
            f"(`sotaduck sql 'from runs'` lists them{last})"
        )
    begin = runs[since][0]
    before = max((run_id for run_id in runs if run_id < since), default=None)
    if before is None:
        return since, begin, []
    # Run ids sort by time. After the run before it, not from this one on: what a run fetched that was killed
    # is loaded, and so becomes an answer, with the next. A file may be older than both: its run counts.
    finished = quoted(str(runs[before][1]))
    return since, begin, [f"coalesce(run_id > {quoted(before)}, changed_at > timestamp {finished})"]


def _check(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    if not connection.execute("from duckdb_views() where view_name = 'changes'").fetchone():
        raise WarehouseError(
            f"{warehouse}: an earlier release made it, and kept no changes; `sotaduck refresh` adds them"
        )


def _answer(connection: duckdb.DuckDBPyConnection, text: str) -> tuple[tuple[str, ...], list[Row]]:
    cursor = connection.execute(text)
    names = tuple(item[0] for item in cursor.description or ())
    return names, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _one(connection: duckdb.DuckDBPyConnection, text: str) -> tuple[Any, ...]:
    row = connection.execute(text).fetchone()
    return row or (None,)


MARKS = """
    select result_id, concat_ws(', ', if(extra_data, 'extra data', null), if(suspect, 'suspect', null))
    from ranked_results
    where (extra_data or suspect)
        and result_id in (select result_id from shown union select previous_result_id from shown)
"""
SOURCES = """
    with named as (
        select source from shown
        union
        select unnest(sources) from results
        where result_id in (select result_id from shown union select previous_result_id from shown)
        union
        select unnest(sources) from leaderboards
        where leaderboard_id in (select leaderboard_id from shown where source is null)
    )
    select source, title, address, licence, licence_url, attribution
    from sources where source in (from named) order by trust, source
"""
"""A paper's title and the record that was taken may come from another source than the row itself."""
