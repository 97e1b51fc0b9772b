-- Grain: one row a change of an answer, oldest first. What the sources changed follows from the facts, in whatever order they were
-- loaded; what our own vocabulary or code moved was recorded by the run that did it.
create or replace view changes as
with together as (
    select 'source' as cause, c.* exclude (accepted_by), coalesce(c.accepted_by, t.run_id) as run_id
    from mart.changes c left join mart.capture_times t using (capture_id)
    union all by name
    select 'sotaduck' as cause, * from core.own_changes
)
select
    c.changed_at, c.cause, c.kind, c.leaderboard_id, l.task, l.dataset, l.metric, l.higher_is_better, c.track, c.result_id, c.model,
    c.value, c.value_text, c.field, c.old, c.new, c.old_rank, c.new_rank, c.previous_result_id, c.previous_model,
    c.previous_value, c.improvement, c.results, c.paper_title, c.paper_url, c.source, c.source_url, c.capture_id, c.run_id,
    c.detail
from together c
left join mart.leaderboards l using (leaderboard_id)
order by c.changed_at, c.leaderboard_id, c.kind, c.track, c.result_id, c.field;

comment on view changes is 'What changed, and when it was known here: each time a leaderboard''s answer differs from the one before. A new leaderboard stands for all results that it begins with.';
comment on column changes.changed_at is 'When it was known here, UTC: the last capture of the refresh that showed it; of a file or a foreign WARC record its own time.';
comment on column changes.cause is 'source: what the sources say has changed. sotaduck: the same facts, read by another vocabulary or release of ours.';
comment on column changes.kind is 'new_leaderboard, leaderboard_vanished, leaderboard_returned, direction_changed, new_sota, lost_sota, new_result, corrected, vanished, returned, rank_moved.';
comment on column changes.leaderboard_id is '<task>/<dataset>/<metric>.';
comment on column changes.task is 'Task as published; NULL where the leaderboard is gone.';
comment on column changes.dataset is 'Dataset as published.';
comment on column changes.metric is 'Canonical name of the metric.';
comment on column changes.higher_is_better is 'Direction of the metric as known now.';
comment on column changes.track is 'new_sota, lost_sota: all, or no_extra_data.';
comment on column changes.result_id is 'The result (view results); of lost_sota who leads now.';
comment on column changes.model is 'Model name as published.';
comment on column changes.value is 'Its value after the change; of vanished the last one.';
comment on column changes.value_text is 'The cell as published.';
comment on column changes.field is 'corrected: value, date, paper, extra_data or model. direction_changed: direction.';
comment on column changes.old is 'What the field said before; NULL where it was not known.';
comment on column changes.new is 'What it says since.';
comment on column changes.old_rank is 'Rank before; NULL where there was none.';
comment on column changes.new_rank is 'Rank since; NULL where there is none.';
comment on column changes.previous_result_id is 'new_sota, lost_sota: who led before; NULL where nobody did.';
comment on column changes.previous_model is 'Its name.';
comment on column changes.previous_value is 'Its value.';
comment on column changes.improvement is 'new_sota: by how much the record was taken, more than 0, in the metric''s unit; NULL where nobody led before.';
comment on column changes.results is 'new_leaderboard, leaderboard_returned: how many results it has.';
comment on column changes.paper_title is 'Title of the paper.';
comment on column changes.paper_url is 'Where the source''s row links to.';
comment on column changes.source is 'The most trusted source of the result.';
comment on column changes.source_url is 'Address of the page or file.';
comment on column changes.capture_id is 'The capture that showed it, or that missed the row (view captures).';
comment on column changes.run_id is 'The run that fetched this capture; of our own changes the run that built the warehouse anew.';
comment on column changes.detail is 'The change in one sentence.';
