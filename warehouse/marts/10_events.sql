-- Grain: one row a capture, with the time from which it counts. Nobody could know what a refresh had seen before it was
-- through: all that one refresh fetched counts from its last capture on. A file, or a capture that others made, counts from its own time.
create or replace table mart.capture_times as
with timed as (
    select
        *,
        -- A run's id begins with the time of its start.
        coalesce(fetched_at >= try_strptime(left(run_id, 16), '%Y%m%dT%H%M%SZ'), false) as live
    from core.captures
),
read as (
    select capture_id, digest = lag(digest) over in_time and lag(outcome) over in_time <> 'failed' as says_the_same
    from core.captures
    where outcome <> 'index'
    window in_time as (partition by source, url order by fetched_at, capture_id)
)
select
    t.capture_id, t.source, t.url, t.fetched_at, t.digest, t.run_id,
    -- In order of time, whatever the order of loading: what was read first, and what said the same again.
    case
        when t.outcome in ('failed', 'index') then t.outcome
        when r.says_the_same then 'confirmed'
        when t.outcome = 'partly' then 'partly'
        else 'parsed'
    end as outcome,
    case when live then max(t.fetched_at) over (partition by t.run_id, live) else t.fetched_at end as known_at
from timed t left join read r using (capture_id);

-- Grain: one row a document (a page, a file) and what it once said: from which capture on, and when it was seen last. `whole` is
-- false where a part of it could not be read.
create or replace table mart.documents as
select
    c.source, c.url, c.digest, min(t.known_at) as "at", min(c.fetched_at) as first_seen, max(c.fetched_at) as last_seen,
    arg_min(c.capture_id, (c.fetched_at, c.capture_id)) as capture_id, not bool_or(c.outcome = 'partly') as whole
from core.captures c join mart.capture_times t using (capture_id)
where c.outcome in ('parsed', 'partly', 'confirmed')
group by c.source, c.url, c.digest;

-- Grain: one row a board and capture that says something of it: its content, or (content_id is NULL) that it is no longer
-- there. The latter is what a whole reading of the document says in which the board was last seen.
create or replace table mart.events as
with readings as (
    select t.* from mart.capture_times t join mart.documents d using (source, url, digest)
    where d.whole and t.outcome in ('parsed', 'confirmed')
),
observed as (
    select distinct o.board_id, o.capture_id, o.seen_at, o.content_id, t.source, t.url, t.known_at
    from core.observations o join mart.capture_times t using (capture_id)
),
homes as (
    select source, url, board_id, min({'seen_at': seen_at, 'capture_id': capture_id}) as first
    from observed
    group by source, url, board_id
),
unseen as (
    select h.board_id, d.capture_id, d.fetched_at as seen_at, null::varchar as content_id, d.source, d.url, d.known_at
    from homes h
    join readings d using (source, url)
    anti join observed o on o.board_id = h.board_id and o.capture_id = d.capture_id
    where {'seen_at': d.fetched_at, 'capture_id': d.capture_id} > h.first
),
placed as (
    select
        *,
        last_value(case when content_id is not null then url end ignore nulls) over (
            partition by board_id order by seen_at, capture_id
        ) as last_url
    from (from observed union all from unseen)
),
accepted as (
    select board_id, capture_id, min(accepted_at) as accepted_at from core.acceptances group by board_id, capture_id
)
select
    e.board_id, e.capture_id, e.seen_at, e.content_id, e.source, e.url,
    -- What was held back, and then accepted, counts from then on.
    greatest(e.known_at, coalesce(a.accepted_at, e.known_at)) as known_at,
    a.accepted_at is not null as accepted,
    case when e.content_id is null then 0 else c.cells_in end as rows
from placed e
left join accepted a using (board_id, capture_id)
left join core.contents c using (content_id)
where e.content_id is not null or e.url = e.last_url;
