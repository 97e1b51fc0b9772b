-- Grain: one row a leaderboard.
create or replace table mart.leaderboards as
with seen as (
    select board_id, min(seen_at) as first_seen, max(seen_at) as last_seen
    from mart.seen
    where content_id is not null and known_at <= 'infinity'::timestamp
    group by board_id
),
boards as (
    select *, unnest(boards) as board_id
    from mart.leaderboard_states
    where "at" <= 'infinity'::timestamp and ('infinity'::timestamp < until or isinf(until))
)
select
    b.leaderboard_id, b.area, b.task, b.dataset, b.metric, b.metric_kind, b.higher_is_better, b.direction_source, b.unit,
    b.lower_bound, b.upper_bound, b.partial, b.sources, len(b.boards) as boards,
    min(s.first_seen) as first_seen, max(s.last_seen) as last_seen
from boards b join seen s using (board_id)
group by all;

-- Grain: one row a result. Competition ranks (1, 2, 2, 4) by value in the leaderboard's direction. Leaderboard by
-- leaderboard on disk, so that a question about one reads little.
create or replace table mart.results as
with contents as (
    select content_id, min(seen_at) as first_seen, max(seen_at) as last_seen
    from mart.seen
    where content_id is not null and known_at <= 'infinity'::timestamp
    group by content_id
),
rows as (
    select r.result_id, min(c.first_seen) as first_seen, max(c.last_seen) as last_seen
    from core.results r join contents c using (content_id)
    group by r.result_id
),
valid as (
    from mart.versions
    where valid_from <= 'infinity'::timestamp and ('infinity'::timestamp < valid_to or isinf(valid_to))
),
seen as (
    select m.result_id, min(r.first_seen) as first_seen, max(r.last_seen) as last_seen
    from (select result_id, unnest(members) as row_id from valid) m
    join rows r on r.result_id = m.row_id
    group by m.result_id
),
-- Apart from the wide rows, which would be sorted with them.
ranks as (
    select
        result_id,
        case when score is not null then rank() over (partition by leaderboard_id order by score desc nulls last) end as rank,
        case
            when in_no_extra_data
            then rank() over (partition by leaderboard_id, in_no_extra_data order by score desc nulls last)
        end as rank_no_extra_data,
        round(max(score) over (partition by leaderboard_id) - score, 10) as gap_to_leader
    from valid
)
select
    v.* exclude (valid_from, valid_to, members, shown_in), s.first_seen, s.last_seen, l.last_seen as board_seen,
    r.rank, r.rank_no_extra_data, r.gap_to_leader
from valid v
join ranks r using (result_id)
join seen s using (result_id)
join mart.leaderboards l using (leaderboard_id)
order by v.leaderboard_id, r.rank nulls last, v.result_id;
