"""What a build holds, as the questions whose answers validation looks at before the build is published."""

from __future__ import annotations

RANKED = """
    select
        r.leaderboard_id, r.source, r.source_url, r.model, r.value, l.higher_is_better, r.rank, r.source_rank,
        r.sota_at_release, r.source_sota, r.result_id
    from ranked_results r join mart.leaderboards l using (leaderboard_id)
    where r.listed
    order by r.leaderboard_id, r.rank nulls last, r.result_id
"""
HISTORY = """
    select h.leaderboard_id, h.track, h.step, h.sota_date, h.model, h.value, l.higher_is_better
    from sota_history h join mart.leaderboards l using (leaderboard_id)
    order by h.leaderboard_id, h.track, h.step, h.result_id
"""
LEADERBOARDS = """
    select l.leaderboard_id, l.leader, l.leader_value, r.model, r.value
    from leaderboards l left join ranked_results r on r.leaderboard_id = l.leaderboard_id and r.rank = 1
    order by l.leaderboard_id, r.result_id
"""
# A badge speaks of the page's own rows: where another source adds results, ours is another history. A page
# without any badge has not said that nothing was ever state of the art.
BADGES = """
    select r.leaderboard_id, r.model, r.sota_at_release, r.source_sota
    from ranked_results r join mart.leaderboards l using (leaderboard_id)
    where r.listed and r.source_sota is not null and len(l.sources) = 1
    qualify bool_or(r.source_sota) over (partition by r.leaderboard_id)
    order by r.leaderboard_id, r.rank nulls last, r.result_id
"""
LOADED = """
    select
        b.source || ': ' || b.locator || ' ' || b.metric_published as what, b.cells_loaded as in_tables,
        count(r.result_id) filter (where r.value is not null) as in_view,
        any_value(h.board_id) is null as is_newest,
        any_value(h.rows_before || ' on ' || h.last_good_at::date) as rows_shown,
        any_value(h.rows_now || ' on ' || h.seen_at::date) as rows_seen
    from mart.boards b
    left join mart.rows r on r.board_id = b.board_id and r.listed
    left join held h on h.board_id = b.board_id
    where b.listed
    group by b.source, b.locator, b.metric_published, b.cells_loaded, b.board_id
    order by b.source, b.locator, b.board_id
"""

FRAMES = {
    "ranked_results": RANKED,
    "sota_history": HISTORY,
    "badges": BADGES,
    "leaderboards": LEADERBOARDS,
    "loaded": LOADED,
}
"""Suite → the query whose answer it looks at."""
