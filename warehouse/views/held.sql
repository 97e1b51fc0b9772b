-- Grain: one row a board whose newest observation is held back: it lost most of its rows, or went away, and nobody has looked yet.
create or replace view held as
with newest as (
    select board_id, arg_max(capture_id, (seen_at, capture_id)) as capture_id
    from mart.events
    where board_id in (select board_id from mart.held)
    group by board_id
),
-- What is held since the last good state: a drop that passed by itself is history, and nothing to look at.
since as (
    select board_id, last_good_at, min(seen_at) as held_since, list(capture_id order by seen_at, capture_id) as capture_ids
    from mart.held
    group by board_id, last_good_at
)
select
    b.leaderboard_id, b.task, b.dataset, b.metric_published as metric, b.source, b.locator as source_url, h.rows_before,
    h.last_good_at, h.rows_now, s.held_since, h.seen_at, c.url as document_url, s.capture_ids, h.board_id
from mart.held h
join newest n using (board_id, capture_id)
join since s using (board_id, last_good_at)
join mart.boards b using (board_id)
join core.captures c using (capture_id);

comment on view held is 'Boards that are shown as they were at their last good state, since their page or file lost most of their rows, or most of its boards. `sotaduck accept` takes the new state.';
comment on column held.leaderboard_id is 'The leaderboard.';
comment on column held.task is 'Task.';
comment on column held.dataset is 'Dataset.';
comment on column held.metric is 'Metric as published.';
comment on column held.source is 'The source.';
comment on column held.source_url is 'Address of the board in its source.';
comment on column held.rows_before is 'Rows at the last good state, which is shown.';
comment on column held.last_good_at is 'When that was last seen, UTC.';
comment on column held.rows_now is 'Rows at the newest capture; 0 where the board is no longer there.';
comment on column held.held_since is 'Time of the first capture that is held back, UTC.';
comment on column held.seen_at is 'Time of the newest capture, UTC.';
comment on column held.document_url is 'Address of the page or file that was captured: the one to look at.';
comment on column held.capture_ids is 'The captures that are held back (view captures), the newest last.';
comment on column held.board_id is 'Id of the board.';
