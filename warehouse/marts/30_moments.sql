-- Grain: one row a leaderboard and paper (or cut title) that any of its rows ever linked.
create or replace temp table linked as
select distinct c.leaderboard_id, r.paper_id, case when r.paper_id is null then r.paper_title end as cut_title
from core.results r join core.contents c using (content_id)
where r.paper_id is not null or r.paper_title_cut;

-- Of boards that are trusted alike, the one seen last goes first: there each look may change the answer.
create or replace temp table mirrors as
select leaderboard_id, list(distinct board_id) as boards
from core.contents
where content_id in (select content_id from mart.board_states)
group by leaderboard_id, source
having count(distinct board_id) > 1;

-- Grain: one row a leaderboard and time at which its answer may change, numbered in order of time.
create or replace table mart.moments as
with states as (
    select
        s.board_id, s."at", c.source, c.leaderboard_id,
        lag(c.leaderboard_id) over (partition by s.board_id order by s."at") as before
    from mart.board_states s join core.contents c using (content_id)
),
begun as (select leaderboard_id, min("at") as "at" from states group by leaderboard_id),
possible as (
    select leaderboard_id, "at" from states
    union
    select before, "at" from states where before is not null
    union
    select l.leaderboard_id, m."at" from linked l join paper_groups g using (paper_id) join paper_moments m using ("group")
    union
    select l.leaderboard_id, c."at" from linked l join mart.cut_titles c on c.paper_title = l.cut_title
    union
    select l.leaderboard_id, m."at"
    from linked l
    join mart.cut_titles c on c.paper_title = l.cut_title
    join paper_groups g on g.paper_id = c.paper_id
    join paper_moments m using ("group")
    union
    select m.leaderboard_id, e.known_at
    from (select leaderboard_id, unnest(boards) as board_id from mirrors) m join mart.seen e using (board_id)
)
select
    p.leaderboard_id, p."at", lead(p."at", 1, 'infinity'::timestamp) over in_time as until, row_number() over in_time as place
from possible p join begun b on b.leaderboard_id = p.leaderboard_id and p."at" >= b."at"
window in_time as (partition by p.leaderboard_id order by p."at");

-- From the time of a thing to the moments at which it is so: `place` to before `until_place`.
create or replace temp table spans as
with counted as (select leaderboard_id, max(place) + 1 as beyond from mart.moments group by leaderboard_id),
things as (
    select s.board_id, s.content_id, s."at", s.until, s.listed, s.capture_id, c.leaderboard_id
    from mart.board_states s join core.contents c using (content_id)
)
select t.*, f.place, coalesce(u.place, n.beyond) as until_place
from things t
join mart.moments f on f.leaderboard_id = t.leaderboard_id and f."at" = t."at"
join counted n on n.leaderboard_id = t.leaderboard_id
asof left join mart.moments u on u.leaderboard_id = t.leaderboard_id and t.until <= u."at";

-- Grain: one row a leaderboard and moment. Names come from the most trusted board; the direction from whoever states it with
-- the best authority (the page before `is_loss` before the registry), then from the most trusted.
create or replace table mart.leaderboard_states as
with boards as (
    select s.leaderboard_id, unnest(range(s.place, s.until_place)) as place, s.board_id, s.content_id, s.listed, s.capture_id
    from spans s
),
ordered as (
    select
        b.place, b.listed, b.capture_id as shown_in, c.*, s.trust,
        row_number() over (
            partition by b.leaderboard_id, b.place order by s.trust, c.cells_loaded desc, c.board_id
        ) as board_place,
        case c.direction_source when 'page' then 1 when 'is_loss' then 2 when 'registry' then 3 end as authority
    from boards b
    join core.contents c using (content_id)
    join core.sources s on s.source = c.source
),
states as (
    select
        leaderboard_id, place,
        arg_min(area, board_place) filter (where area is not null) as area,
        arg_min(task, board_place) as task,
        arg_min(dataset, board_place) as dataset,
        arg_min(metric, board_place) as metric,
        arg_min(metric_kind, board_place) as metric_kind,
        arg_min(higher_is_better, (authority, board_place)) filter (where higher_is_better is not null) as higher_is_better,
        arg_min(direction_source, (authority, board_place)) filter (where higher_is_better is not null) as direction_source,
        arg_min(unit, board_place) filter (where unit is not null) as unit,
        arg_min(lower_bound, board_place) as lower_bound,
        arg_min(upper_bound, board_place) as upper_bound,
        string_agg(distinct partial, '; ' order by partial) as partial,
        list_sort(list(distinct source)) as sources,
        list_sort(list(board_id)) as boards,
        bool_or(listed) as listed,
        arg_min(shown_in, board_place) as shown_in,
        arg_min(locator, board_place) as locator
    from ordered
    group by leaderboard_id, place
)
select s.*, m."at", m.until
from states s join mart.moments m using (leaderboard_id, place);
