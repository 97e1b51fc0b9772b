-- Grain: one row a content, with its place in time: the capture that said it first, whichever was loaded first, and the last.
create or replace table mart.contents as
select
    content_id,
    arg_min(capture_id, (seen_at, capture_id)) as capture_id,
    min(seen_at) as first_seen,
    max(seen_at) as last_seen,
    max({'seen_at': seen_at, 'capture_id': capture_id}) as last_observation
from core.observations
group by content_id;

-- Grain: one row a board (source, locator, metric label), as it was last seen; of two captures in one second the greater id.
-- `listed` is false where its page was seen later without it: the metric is no longer there.
create or replace table mart.boards as
with seen as (
    select
        c.board_id, min(t.first_seen) as first_seen, max(t.last_seen) as last_seen,
        arg_max(c.content_id, t.last_observation) as content_id
    from core.contents c join mart.contents t using (content_id)
    group by c.board_id
)
select
    c.* exclude (capture_id), t.capture_id, o.first_seen, o.last_seen, s.trust,
    o.last_seen = max(o.last_seen) over (partition by c.source, c.locator) as listed
from seen o
join core.contents c using (content_id)
join mart.contents t using (content_id)
join core.sources s using (source);

-- Grain: one row a leaderboard. Names come from the most trusted board; the direction from whoever states it with
-- the best authority (the page before `is_loss` before the registry), then from the most trusted.
create or replace table mart.leaderboards as
with ordered as (
    select
        *,
        row_number() over (partition by leaderboard_id order by trust, cells_loaded desc, board_id) as place,
        case direction_source when 'page' then 1 when 'is_loss' then 2 when 'registry' then 3 end as authority
    from mart.boards
)
select
    leaderboard_id,
    arg_min(area, place) filter (where area is not null) as area,
    arg_min(task, place) as task,
    arg_min(dataset, place) as dataset,
    arg_min(metric, place) as metric,
    arg_min(metric_kind, place) as metric_kind,
    arg_min(higher_is_better, (authority, place)) filter (where higher_is_better is not null) as higher_is_better,
    arg_min(direction_source, (authority, place)) filter (where higher_is_better is not null) as direction_source,
    arg_min(unit, place) filter (where unit is not null) as unit,
    arg_min(lower_bound, place) as lower_bound,
    arg_min(upper_bound, place) as upper_bound,
    string_agg(distinct partial, '; ' order by partial) as partial,
    list_sort(list(distinct source)) as sources,
    count(*) as boards,
    min(first_seen) as first_seen,
    max(last_seen) as last_seen
from ordered
group by leaderboard_id;
