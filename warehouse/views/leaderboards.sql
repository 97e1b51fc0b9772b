-- Grain: one row a leaderboard. The leader is who ranks first; of those that tie, who was there first.
create or replace view leaderboards as
with counted as (
    select
        leaderboard_id, count(*) filter (where listed) as results,
        count(*) filter (where listed and result_date is not null) as dated_results,
        count(*) filter (where not listed) as delisted_results
    from mart.results
    group by leaderboard_id
)
select
    l.leaderboard_id, l.area, l.task, l.dataset, l.metric, l.metric_kind, l.higher_is_better, l.direction_source, l.unit,
    coalesce(c.results, 0) as results, coalesce(c.dated_results, 0) as dated_results,
    coalesce(c.delisted_results, 0) as delisted_results, l.sources, s.model as leader, s.value as leader_value,
    s.since as sota_since, s.suspect as leader_suspect,
    coalesce(t.stable_leader, false) as stable_leader, coalesce(t.stable_history, false) as stable_history,
    l.partial, l.first_seen, l.last_seen
from mart.leaderboards l
left join counted c using (leaderboard_id)
left join (from current_sota where track = 'all' and holds_record) s using (leaderboard_id)
left join mart.stability t using (leaderboard_id);

comment on view leaderboards is 'One row a leaderboard: a task, a dataset, a metric.';
comment on column leaderboards.leaderboard_id is '<task>/<dataset>/<metric>, each part slugged.';
comment on column leaderboards.area is 'Area as the source states it; no part of the identity.';
comment on column leaderboards.task is 'Task as published.';
comment on column leaderboards.dataset is 'Dataset as published.';
comment on column leaderboards.metric is 'Canonical name of the metric.';
comment on column leaderboards.metric_kind is 'quality is ranked; resource (parameters, FLOPs) and descriptor (text) are kept beside it.';
comment on column leaderboards.higher_is_better is 'Direction; NULL where nobody states it: then nothing is ranked.';
comment on column leaderboards.direction_source is 'Who states it: page, is_loss, registry; NULL where unknown.';
comment on column leaderboards.unit is 'Unit of the metric, where known.';
comment on column leaderboards.results is 'Listed results.';
comment on column leaderboards.dated_results is 'Listed results with a date: only these make history.';
comment on column leaderboards.delisted_results is 'Results that a later capture lacks.';
comment on column leaderboards.sources is 'Sources that have this leaderboard.';
comment on column leaderboards.leader is 'Model that ranks first; of those that tie, the first by date. NULL without ranks.';
comment on column leaderboards.leader_value is 'Its value.';
comment on column leaderboards.sota_since is 'Its date; NULL where it has none.';
comment on column leaderboards.leader_suspect is 'True where the board''s own evidence puts the leader''s value in doubt (view suspects); NULL without a leader.';
comment on column leaderboards.stable_leader is 'True where the current record holder is the same with and without extra data, by result dates and by paper dates.';
comment on column leaderboards.stable_history is 'True where the whole history is the same under these four policies.';
comment on column leaderboards.partial is 'What the source says where it shows only a part of the leaderboard.';
comment on column leaderboards.first_seen is 'When it was first seen, UTC.';
comment on column leaderboards.last_seen is 'When it was last seen, UTC.';
