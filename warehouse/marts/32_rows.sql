-- Grain: one row a row of a board and moment of its leaderboard, of the moments that are made again. A row that its board no longer shows stays, with what it
-- said last, and is not `listed`: its tombstone. `shown_in` is the capture that showed it so, or that missed it.
create or replace temp table row_states as
with said as (
    select
        s.board_id, s.content_id, s."at", s.until, s.listed, s.capture_id as shown_in, r.result_id,
        lead(s."at", 1, 'infinity'::timestamp) over (partition by r.result_id order by s."at") as said_again
    from mart.board_states s join core.results r using (content_id)
),
rows as (
    select * exclude (said_again) from said
    union all by name
    select s.board_id, s.content_id, s.until as "at", s.said_again as until, false as listed, b.capture_id as shown_in, s.result_id
    from said s join mart.board_states b on b.board_id = s.board_id and b."at" = s.until
    where s.until < s.said_again
),
counted as (
    select m.leaderboard_id, max(m.place) + 1 as beyond, any_value(s.place) as first_place, any_value(s."before") as "before"
    from mart.moments m join since s using (leaderboard_id)
    group by m.leaderboard_id
),
placed as (
    select r.*, c.leaderboard_id, n.beyond, n.first_place
    from rows r join core.contents c using (content_id) join counted n using (leaderboard_id)
    where r.until > n."before"
),
spans as (
    select p.*, greatest(f.place, p.first_place) as place, coalesce(u.place, p.beyond) as until_place
    from placed p
    asof join mart.moments f on f.leaderboard_id = p.leaderboard_id and p."at" >= f."at"
    asof left join mart.moments u on u.leaderboard_id = p.leaderboard_id and p.until <= u."at"
),
moments as (
    select * exclude ("at", until, place, until_place, beyond, first_place), unnest(range(place, until_place)) as place from spans
)
select m.*, l."at", l.until
from moments m join mart.leaderboard_states l using (leaderboard_id, place);

-- What its paper's own record knows is joined to each row: id, whole title, date.
create or replace temp table linked_rows as
select
    s.leaderboard_id, s.place, s."at", s.until, s.listed, s.shown_in,
    r.* exclude (capture_id, paper_id, result_date, paper_date, paper_title, paper_title_cut, paper_title_key),
    t.capture_id, c.locator, o.trust, b.last_seen as board_seen,
    coalesce(i.merged_id, r.paper_id, u.paper_id) as paper_id,
    r.paper_id as own_paper_id,
    coalesce(r.result_date, r.paper_date, p.published) as result_date,
    case
        when r.result_date is not null then 'result' when coalesce(r.paper_date, p.published) is not null then 'paper'
    end as date_source,
    coalesce(r.paper_date, p.published) as paper_date,
    case when p.title_record is null or p.title_cut then r.paper_title else n.title end as paper_title,
    r.paper_title_cut and (p.title_record is null or p.title_cut) as paper_title_cut
from row_states s
join core.results r using (result_id, content_id)
join core.contents c using (content_id)
join mart.contents t using (content_id)
join core.sources o on o.source = c.source
asof join (
    select board_id, known_at, max(seen_at) over (partition by board_id order by known_at) as last_seen
    from mart.seen where content_id is not null
) b on b.board_id = s.board_id and s."at" >= b.known_at
left join mart.paper_id_states i on i.paper_id = r.paper_id and i."at" <= s."at" and s."at" < i.until
left join mart.cut_titles u
  on r.paper_title_cut and r.paper_id is null and u.paper_title = r.paper_title and u."at" <= s."at" and s."at" < u.until
left join mart.paper_states p
  on p.paper_id = coalesce(i.merged_id, r.paper_id, u.paper_id) and p."at" <= s."at" and s."at" < p.until
left join core.papers n on n.rowid = p.title_record;

-- Grain: one row a result of one board, as it is known now.
create or replace table mart.rows as
with seen as (
    select r.result_id, min(t.first_seen) as first_seen, max(t.last_seen) as last_seen
    from core.results r join mart.contents t using (content_id)
    group by r.result_id
)
select
    l.* exclude (place, "at", until, shown_in, board_seen), s.first_seen, s.last_seen,
    l.model_id || case when l.paper_id is null then '' else '@' || l.paper_id end as full_model_id
from linked_rows l join seen s using (result_id)
where l.until = 'infinity';
