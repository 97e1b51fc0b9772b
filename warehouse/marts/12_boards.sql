-- Grain: one row an observation that counts: of those that are held back, a board keeps its last good state.
create or replace table mart.seen as
from mart.events
anti join mart.held using (board_id, capture_id);

-- Grain: one row a content, with its place in time: the capture that said it first, whichever was loaded first, and the last.
create or replace table mart.contents as
select
    content_id,
    arg_min(capture_id, (seen_at, capture_id)) as capture_id,
    min(seen_at) as first_seen,
    max(seen_at) as last_seen
from mart.seen
where content_id is not null
group by content_id;

-- Grain: one row a board and time from which on it said something else, or was no longer (or again) listed; until the next one.
-- What counts at a time is what was seen last of all that is known by then; of two captures in one second the greater id.
create or replace table mart.board_states as
with known as (
    select distinct
        board_id, known_at,
        max({'seen_at': seen_at, 'capture_id': capture_id, 'content_id': content_id}) over up_to_now as newest,
        max({'seen_at': seen_at, 'capture_id': capture_id, 'content_id': content_id}) filter (where content_id is not null)
            over up_to_now as newest_content
    from mart.seen
    window up_to_now as (partition by board_id order by known_at range between unbounded preceding and current row)
),
states as (
    select
        board_id, known_at as "at", newest.capture_id as capture_id, newest_content.content_id as content_id,
        newest.content_id is not null as listed
    from known
),
changed as (
    from states
    qualify (content_id, listed) is distinct from lag((content_id, listed)) over (partition by board_id order by "at")
)
select *, lead("at", 1, 'infinity'::timestamp) over (partition by board_id order by "at") as until
from changed;

-- Grain: one row a board (source, locator, metric label), as it was last seen. `listed` is false where its document was seen
-- later without it.
create or replace table mart.boards as
select
    c.* exclude (capture_id), t.capture_id, o.first_seen, o.last_seen, s.trust, b.listed
from mart.board_states b
join core.contents c using (board_id, content_id)
join mart.contents t using (content_id)
join (
    select board_id, min(seen_at) as first_seen, max(seen_at) as last_seen
    from mart.seen where content_id is not null group by board_id
) o using (board_id)
join core.sources s using (source)
where b.until = 'infinity';
