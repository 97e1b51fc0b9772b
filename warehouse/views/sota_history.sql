-- Grain: one row a leaderboard, track, step and holder. Policy: date basis `result_date` (the row's date, else its paper's).
create or replace view sota_history as
select
    h.leaderboard_id, h.track, h.step, h.sota_date, h.model, h.value, h.previous_value, h.improvement, h.days_held,
    h.is_current, h.shared, h.within_uncertainty, h.result_id in (select result_id from mart.suspects) as suspect, h.result_id, h.model_id,
    h.extra_data, h.paper_id, h.paper_title, h.paper_url, h.source, h.capture_id
from mart.history h;

comment on view sota_history is 'Who led when: a result enters when, on its date, it is strictly better than everything dated before it, and best of its day. A tie never moves a record; rows without a date never enter.';
comment on column sota_history.leaderboard_id is '<task>/<dataset>/<metric>.';
comment on column sota_history.track is 'all, or no_extra_data: only results that are not said to use extra data.';
comment on column sota_history.step is 'Number of the record, from 1; results that tie on one day share it.';
comment on column sota_history.sota_date is 'Day from which it led.';
comment on column sota_history.model is 'Model name as published.';
comment on column sota_history.value is 'The record.';
comment on column sota_history.previous_value is 'The record before; NULL at the first step.';
comment on column sota_history.improvement is 'How much better than the record before, 0 or more; NULL at the first step.';
comment on column sota_history.days_held is 'Days until the next step; for the current record until the leaderboard was last seen.';
comment on column sota_history.is_current is 'True for the newest step.';
comment on column sota_history.shared is 'True where several results tie at this step.';
comment on column sota_history.within_uncertainty is 'True where the improvement is not larger than the uncertainty published with it or with the record before.';
comment on column sota_history.suspect is 'True where the board''s own evidence puts the value in doubt (view suspects).';
comment on column sota_history.result_id is 'The result (view results).';
comment on column sota_history.model_id is 'As in results.';
comment on column sota_history.extra_data is 'As in results.';
comment on column sota_history.paper_id is 'The paper (view papers).';
comment on column sota_history.paper_title is 'Title of the paper.';
comment on column sota_history.paper_url is 'Where the source''s row links to.';
comment on column sota_history.source is 'The source of the value.';
comment on column sota_history.capture_id is 'The capture it was read from (view captures).';
