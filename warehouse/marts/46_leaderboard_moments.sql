-- Grain: one row a leaderboard and moment that is made again, with what it was at the moment before; there is no state where it is
-- gone.
create or replace temp table leaderboard_moments as
with moments as (
    select
        m.leaderboard_id, m.place, m."at", s.higher_is_better, s.direction_source, coalesce(s.listed, false) as listed, s.shown_in,
        s.sources[1] as source, s.locator,
        lag(coalesce(s.listed, false), 1, false) over in_time as was_listed,
        lag(s.higher_is_better) over in_time as was_higher, lag(s.direction_source) over in_time as was_said_by,
        coalesce(bool_or(s.listed) over (in_time rows between unbounded preceding and 1 preceding), false) as was_ever_listed
    from mart.moments m
    left join mart.leaderboard_states s using (leaderboard_id, place)
    window in_time as (partition by m.leaderboard_id order by m.place)
)
select m.* from moments m join since s using (leaderboard_id) where m."at" >= s.since;

-- When each row was known first.
create or replace temp table beginnings as
select leaderboard_id, result_id as row_id, min("at") as begun
from (
    select c.leaderboard_id, r.result_id, s."at"
    from mart.board_states s
    join core.contents c using (content_id)
    join core.results r using (content_id)
    join since n on n.leaderboard_id = c.leaderboard_id and n.since <> 'infinity'
)
group by leaderboard_id, result_id;
