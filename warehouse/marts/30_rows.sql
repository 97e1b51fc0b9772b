-- Grain: one row a result of one board, as it was last seen there. `listed` is false where a later observation of
-- its board lacks it. What its paper's own record knows is joined here: id, whole title, date.
create or replace table mart.rows as
with last as (
    select
        r.result_id,
        min(t.first_seen) as first_seen,
        max(t.last_seen) as last_seen,
        arg_max(r.content_id, t.last_observation) as content_id
    from core.results r join mart.contents t using (content_id)
    group by r.result_id
),
-- A title that a page cuts belongs to the one paper whose title begins so.
cut as (
    select distinct paper_title, rtrim(regexp_replace(paper_title, '\s*(\.\.\.|…)$', '')) as prefix
    from core.results
    where paper_title_cut and paper_id is null
),
uncut as (
    select c.paper_title, min(p.paper_id) as paper_id
    -- The equality is there for a hash join: thousands of cut titles meet half a million papers.
    from cut c join mart.papers p on left(p.title, 20) = left(c.prefix, 20) and starts_with(p.title, c.prefix)
    where length(c.prefix) >= 20 and not p.title_cut
    group by c.paper_title
    having count(*) = 1
),
current as (
    select
        r.* exclude (paper_id, capture_id), t.capture_id, c.leaderboard_id, c.locator, b.trust, l.first_seen, l.last_seen,
        b.content_id = r.content_id and b.listed as listed,
        coalesce(i.merged_id, r.paper_id, u.paper_id) as paper_id,
        r.paper_id as own_paper_id
    from last l
    join core.results r using (result_id, content_id)
    join core.contents c using (content_id)
    join mart.contents t using (content_id)
    join mart.boards b on b.board_id = r.board_id
    left join mart.paper_ids i on i.paper_id = r.paper_id
    left join uncut u on r.paper_title_cut and r.paper_id is null and u.paper_title = r.paper_title
)
select
    c.* exclude (result_date, paper_date, paper_title, paper_title_cut, paper_title_key),
    coalesce(c.result_date, c.paper_date, p.published) as result_date,
    case
        when c.result_date is not null then 'result' when coalesce(c.paper_date, p.published) is not null then 'paper'
    end as date_source,
    coalesce(c.paper_date, p.published) as paper_date,
    case when p.title is null or p.title_cut then c.paper_title else p.title end as paper_title,
    c.paper_title_cut and (p.title is null or p.title_cut) as paper_title_cut,
    c.model_id || case when c.paper_id is null then '' else '@' || c.paper_id end as full_model_id
from current c
left join mart.papers p using (paper_id);
