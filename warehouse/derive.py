"""From facts to what people ask: marts (tables, made anew in each build) and the public views over them.

    events ─▶ what is held back ─▶ boards ─▶ papers ─▶ rows ─▶ what is one result
           ─▶ versions ─▶ results, history, changes, suspects, conflicts

A mart that a view of the past needs has a twin, a macro of the same text with the time as its argument.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from sotaduck import __version__
from sotaduck.records import BoardHistory, Candidate, Held, Listing, Observed, Reconciled
from warehouse.load import columns_of, insert
from warehouse.publish import quoted

HERE = Path(__file__).parent

VIEWS = (
    "results", "ranked_results", "sota_history", "current_sota", "leaderboards", "papers", "models",
    "model_aliases", "suspects", "conflicts", "candidates", "agreement", "provenance", "datasets", "methods",
    "changes", "result_versions", "held", "quarantine", "runs", "failures", "checks", "captures", "sources",
)  # fmt: skip
"""In the order in which they are made: a view stands behind those that it reads."""

PAST_MARTS = ("42_results", "45_history", "50_suspects")
PAST_VIEWS = ("ranked_results", "sota_history", "current_sota", "leaderboards")
"""What has a twin that shows the past: `ranked_results_as_of(t)`."""

Reconcile = Callable[[Iterable[Candidate]], Reconciled]
Hold = Callable[[Iterable[BoardHistory], Iterable[Sequence[Listing]]], Iterable[Held]]


def derive(connection: duckdb.DuckDBPyConnection, reconcile: Reconcile, hold: Hold) -> None:
    """Make marts and views anew.

    Args:
        reconcile: says which results of which boards are one (`transform.reconcile`).
        hold: says which observations are not shown (`expectations.drops`).
    """
    _remember(connection)
    run_text(connection, "marts", "10_events")
    held = list(hold(board_histories(connection), listings(connection)))
    connection.execute("delete from mart.held")
    insert(connection, "mart.held", columns_of(Held, held))
    run_text(connection, "marts", "12_boards")
    run_text(connection, "marts", "20_paper_facts")
    _group_papers(connection)
    for name in ("22_paper_ids", "24_papers", "30_moments"):
        run_text(connection, "marts", name)
    _compare(connection)
    run_text(connection, "marts", "32_rows")
    _match(connection, reconcile)
    for name in (
        "40_versions", "42_results", "45_history", "46_leaderboard_moments", "47_found_changes", "48_changes",
        "50_suspects", "60_conflicts", "70_candidates",
    ):  # fmt: skip
        run_text(connection, "marts", name)
    for (name,) in connection.execute("select table_name from duckdb_tables() where temporary").fetchall():
        connection.execute(f"drop table {name}")
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
        run_text(connection, "views", name)
    for name in PAST_MARTS:
        connection.execute(_twin(_text("marts", name)))
    for name in PAST_VIEWS:
        connection.execute(_twin(_text("views", name).partition("\ncomment on")[0]))
        comment = f"{name} as it was known at t: a time in UTC, or text such as 2026-11-01 06:00."
        connection.execute(f"comment on macro table {name}_as_of is {quoted(comment)}")
    connection.commit()


_NAMES = re.compile(
    r"\b(mart\.(?:leaderboards|results|history|stability|suspects)|sota_history_policy|"
    rf"(?:{'|'.join(PAST_VIEWS)}))\b(?!\.)(\(?)"
)


def _twin(text: str) -> str:
    """The text of a mart or view as a macro of its name and `_as_of`, that shows what was known at `t`."""
    text = re.sub(
        r"create or replace (?:table|view) (\S+) as\b", r"create or replace macro \1() as table", text
    )
    text = text.replace("'infinity'::timestamp", "t::timestamp")
    text = _NAMES.sub(lambda found: f"{found[1]}_as_of(t{', ' if found[2] else ')'}", text)
    return text.replace("_as_of(t, )", "_as_of(t)")


FACTS = {
    "states": 'select board_id, "at", content_id, listed, capture_id from mart.board_states',
    "contents": "select content_id, capture_id from mart.contents",
    "facts": 'select record_id, paper_id, said_at, capture_id, "at", until from mart.paper_facts',
    "titles": 'select paper_title, "at", paper_id from mart.cut_titles',
    "moments": 'select leaderboard_id, "at" from mart.moments',
    "looks": "select board_id, seen_at, known_at from mart.seen where content_id is not null",
}
"""What answers follow from, as the last build knew it (`old_…`) and as this one does (`new_…`): by it a build
sees since when its answers may differ (31_since)."""


def _remember(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep what the last build knew. What other texts than these made of it is forgotten, and made anew."""
    stamp = hashlib.sha256(__version__.encode())
    for file in sorted((HERE / "marts").glob("*.sql")):
        stamp.update(file.read_bytes())
    connection.execute("create table if not exists mart.made_by (stamp varchar not null)")
    made_by = connection.execute("select stamp from mart.made_by").fetchall()
    if made_by == [(stamp.hexdigest(),)]:
        for name, query in FACTS.items():
            connection.execute(f"create temp table old_{name} as {query}")
        return
    connection.execute("drop table if exists mart.versions; drop table if exists mart.changes")
    connection.execute(f"delete from mart.made_by; insert into mart.made_by values ('{stamp.hexdigest()}')")


def _compare(connection: duckdb.DuckDBPyConnection) -> None:
    """Since when each leaderboard may differ from what the last build knew, if that is remembered."""
    for name, query in FACTS.items():
        connection.execute(f"create temp table if not exists old_{name} as {query} limit 0")
        connection.execute(f"create temp table new_{name} as {query}")
    run_text(connection, "marts", "31_since")


def board_histories(connection: duckdb.DuckDBPyConnection) -> list[BoardHistory]:
    """Every board that has ever lost rows, with all that its captures show of it."""
    rows = connection.execute(
        """
        with shrunk as (
            select distinct board_id
            from (
                select
                    board_id, rows,
                    max(rows) over (partition by board_id order by seen_at, capture_id) as most
                from mart.events
            )
            where rows < most
        )
        select
            e.board_id, any_value(c.source), any_value(c.locator), any_value(c.metric_published),
            list({'seen_at': e.seen_at, 'capture_id': e.capture_id, 'rows': e.rows, 'accepted': e.accepted})
        from mart.events e
        join shrunk using (board_id)
        left join core.contents c using (content_id)
        group by e.board_id
        """
    ).fetchall()
    return [
        BoardHistory(
            board_id, source, locator, label, tuple(Observed(**observed) for observed in observations)
        )
        for board_id, source, locator, label, observations in rows
    ]


def listings(connection: duckdb.DuckDBPyConnection) -> list[list[Listing]]:
    """Which boards each capture shows, of every document that has ever lost one."""
    rows = connection.execute(
        """
        with losing as (select distinct source, url from mart.events where content_id is null)
        select
            source, url, capture_id, seen_at, list(board_id) filter (where content_id is not null)
        from mart.events join losing using (source, url)
        group by source, url, capture_id, seen_at
        order by source, url
        """
    ).fetchall()
    return [
        [Listing(capture_id, seen_at, frozenset(boards or ())) for _, _, capture_id, seen_at, boards in group]
        for _, group in groupby(rows, key=lambda row: row[:2])
    ]


def _group_papers(connection: duckdb.DuckDBPyConnection) -> None:
    """Give papers that hang together by an address or a title one group: the least id among them."""
    while True:
        changed = connection.execute(
            """
            create or replace temp table grouped as
            with of_keys as (
                select k.key, min(g."group") as "group"
                from paper_keys k join paper_groups g using (paper_id)
                group by k.key
            ),
            of_papers as (
                select k.paper_id, min(o."group") as "group"
                from paper_keys k join of_keys o using (key)
                group by k.paper_id
            )
            select g.paper_id, least(g."group", coalesce(o."group", g."group")) as "group", g."group" as was
            from paper_groups g left join of_papers o using (paper_id);
            create or replace temp table paper_groups as select paper_id, "group" from grouped;
            select count(*) from grouped where "group" <> was
            """
        ).fetchone()
        if not changed or not changed[0]:
            connection.execute("drop table grouped; drop table paper_keys")
            return


def _match(connection: duckdb.DuckDBPyConnection, reconcile: Reconcile) -> None:
    """Which results are one, now and at each moment before at which several boards made up a leaderboard."""
    reconciled = reconcile(candidates(connection))
    for table, columns, rows in (
        ("mart.matches", ("result_id", "merged_id", "rule"), reconciled.matches),
        ("mart.factors", ("board_id", "factor"), reconciled.factors),
        ("mart.near_names", ("leaderboard_id", "model", "other_model", "likeness"), reconciled.near_names),
    ):
        connection.execute(f"delete from {table}")
        _add(connection, table, columns, rows)
    connection.execute(
        """
        create or replace temp table row_matches as
        select l.leaderboard_id, l.place, m.result_id, m.merged_id
        from mart.matches m join linked_rows l using (result_id) where l.until = 'infinity';
        create or replace temp table board_factors as
        select distinct l.leaderboard_id, l.place, f.board_id, f.factor
        from mart.factors f join linked_rows l using (board_id) where l.until = 'infinity'
        """
    )
    answers: dict[tuple[Candidate, ...], Reconciled] = {}
    matches, factors = [], []
    past = connection.execute(
        f"""
        with several as (
            select leaderboard_id, place from mart.leaderboard_states
            where len(boards) > 1 and until <> 'infinity'
        )
        select l.place, {_CANDIDATE}
        from linked_rows l join several using (leaderboard_id, place) join core.contents c using (content_id)
        where l.listed
        order by l.leaderboard_id, l.place, {_CANDIDATE_ORDER}
        """
    ).fetchall()
    for (place, board), group in groupby(past, key=lambda row: (row[0], row[2])):
        asked = tuple(Candidate(*row[1:]) for row in group)
        if asked not in answers:
            answers[asked] = reconcile(asked)
        matches += [(board, place, *match[:2]) for match in answers[asked].matches]
        factors += [(board, place, *factor) for factor in answers[asked].factors]
    _add(connection, "row_matches", ("leaderboard_id", "place", "result_id", "merged_id"), matches)
    _add(connection, "board_factors", ("leaderboard_id", "place", "board_id", "factor"), factors)


_CANDIDATE = """
    l.result_id, l.leaderboard_id, l.board_id, l.trust, l.position, l.model_id, l.paper_id, l.value,
    c.upper_bound, l.model
"""
_CANDIDATE_ORDER = "l.trust, l.board_id, l.position, l.result_id"


def candidates(connection: duckdb.DuckDBPyConnection) -> list[Candidate]:
    """All results that are listed now, in a stable order."""
    rows = connection.execute(
        f"""
        select {_CANDIDATE}
        from linked_rows l join core.contents c using (content_id)
        where l.listed and l.until = 'infinity'
        order by l.leaderboard_id, {_CANDIDATE_ORDER}
        """
    ).fetchall()
    return [Candidate(*row) for row in rows]


def _add(
    connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], rows: Sequence[Any]
) -> None:
    insert(connection, table, {name: [row[at] for row in rows] for at, name in enumerate(names)})


def run_text(connection: duckdb.DuckDBPyConnection, folder: str, name: str) -> None:
    """Run the SQL of a mart (`marts`) or a view (`views`)."""
    connection.execute(_text(folder, name))


def _text(folder: str, name: str) -> str:
    return (HERE / folder / f"{name}.sql").read_text("utf-8")
