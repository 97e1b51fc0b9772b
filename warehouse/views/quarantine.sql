-- Grain: one row a thing that a source says and that was not loaded as a value.
create or replace view quarantine as
with last_read as (
    select source, url, max(fetched_at) as fetched_at from mart.capture_times where outcome in ('parsed', 'partly')
    group by source, url
)
select
    q.source, q.leaderboard_id, q.model, q.field, q.value_text, q.reason, q.detail, q.expectation, q.cells, q.position,
    q.source_url, coalesce(t.capture_id, q.capture_id) as capture_id,
    case
        when q.content_id is not null then q.content_id in (select content_id from mart.boards)
        else coalesce(c.fetched_at >= l.fetched_at, true)
    end as current
from core.quarantine q
left join mart.contents t using (content_id)
left join core.captures c on c.capture_id = q.capture_id
left join last_read l on l.source = c.source and l.url = c.url;

comment on view quarantine is 'What was not loaded as a value, and why. Nothing is dropped in silence.';
comment on column quarantine.source is 'The source.';
comment on column quarantine.leaderboard_id is 'The leaderboard, where there is one.';
comment on column quarantine.model is 'Model of the row.';
comment on column quarantine.field is 'value (one cell), row (all cells of a row), date, paper …';
comment on column quarantine.value_text is 'The text as published.';
comment on column quarantine.reason is 'Short word for the reason, for grouping.';
comment on column quarantine.detail is 'The reason in words.';
comment on column quarantine.expectation is 'The expectation that refused it, or the grammar that could not read it.';
comment on column quarantine.cells is 'How many value cells this line accounts for.';
comment on column quarantine.position is 'Row of the page, from 1.';
comment on column quarantine.source_url is 'Address of the page or file.';
comment on column quarantine.capture_id is 'The capture (view captures).';
comment on column quarantine.current is 'False where a later capture of the board, or of the paper''s page, has replaced it.';
