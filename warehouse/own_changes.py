"""What another vocabulary or release of ours moved, while the sources said the same.

A warehouse that is built anew from the same captures should give the same answers. Where it does not, our own
reading has changed, and whoever relied on an answer has a right to know: the answers before are compared with
those that the new reading gives for what was known then, by the same rules as those for the sources' changes.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.derive import run_text
from warehouse.publish import quoted

_RESULT = """
    leaderboard_id, result_id, [result_id] as members, board_id, model_key, model, value, value_text,
    value_reason, result_date, paper_id, paper_title, paper_url, extra_data, source, source_url, source_rank,
    null::varchar as shown_in, score, in_no_extra_data, listed
"""
_LEADERBOARD = "leaderboard_id, higher_is_better, direction_source, sources[1] as source"


def record(connection: duckdb.DuckDBPyConnection, published: Path, run_id: str, now: datetime) -> int:
    """Compare a derived build with the warehouse that it replaces; keep what moved in `core.own_changes`.

    Leaderboards of which the build knows more than the published warehouse did, from captures of the same
    time, are left out: there the sources may have moved the answer.

    Args:
        now: when the build is made, UTC.

    Returns:
        How many changes there are.
    """
    connection.execute(f"attach {quoted(published)} as published (read_only)")
    try:
        # The first release did not say from when on a capture counts.
        first = connection.execute("select max(version) = 1 from published.meta.migrations").fetchone()
        known_at = "max(fetched_at) from published.core.captures" if first == (True,) else _KNOWN_AT
        row = connection.execute(f"select {known_at}").fetchone()
        if row is None or row[0] is None:
            return 0
        then = f"{quoted(str(row[0]))}::timestamp"
        connection.execute(
            f"""
            create or replace temp table unequal as
            select distinct c.leaderboard_id
            from mart.events e join core.contents c using (content_id)
            where e.known_at <= {then}
              and e.capture_id not in (select capture_id from published.core.captures);
            create or replace temp table result_states as
            select 1 as place, {then} as "at", {_RESULT} from published.mart.results
            union all by name
            select 2 as place, {then} as "at", {_RESULT} from mart.results_as_of({then});
            create or replace temp table beginnings as
            select leaderboard_id, result_id as row_id, "at" as begun from result_states;
            create or replace temp table leaderboard_moments as
            with sides as (
                select 1 as place, {_LEADERBOARD} from published.mart.leaderboards
                union all by name
                select 2 as place, {_LEADERBOARD} from mart.leaderboards_as_of({then})
            )
            select
                k.leaderboard_id, 2 as place, {then} as "at", n.higher_is_better, n.direction_source,
                n.leaderboard_id is not null as listed, null::varchar as shown_in,
                coalesce(n.source, o.source) as source, null::varchar as locator,
                o.leaderboard_id is not null as was_listed, o.higher_is_better as was_higher,
                o.direction_source as was_said_by, false as was_ever_listed
            from (select distinct leaderboard_id from sides) k
            left join (from sides where place = 2) n using (leaderboard_id)
            left join (from sides where place = 1) o using (leaderboard_id)
            anti join unequal using (leaderboard_id)
            """
        )
        run_text(connection, "marts", "47_found_changes")
        counted = connection.execute(
            f"""
            insert into core.own_changes by name
            select
                {quoted(run_id)} as run_id, {quoted(str(now.replace(tzinfo=None)))}::timestamp as changed_at,
                leaderboard_id, kind, track, result_id, model, value, value_text, field, old, new, old_rank,
                new_rank, previous_result_id, previous_model, previous_value, improvement, results,
                paper_title, paper_url, source, source_url, detail
            from found_changes
            """
        ).fetchone()
        return counted[0] if counted else 0
    finally:
        connection.execute("detach published")


_KNOWN_AT = """
    greatest(
        (select max(known_at) from published.mart.capture_times),
        coalesce((select max(accepted_at) from published.core.acceptances), '-infinity'::timestamp)
    )
"""
