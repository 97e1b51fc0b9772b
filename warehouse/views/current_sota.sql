-- Grain: one row a leaderboard, track and result that is first; results that tie for the first place are all here.
create or replace view current_sota as
with tracks as (
    select *, 'all' as track, rank as place from ranked_results
    union all
    select *, 'no_extra_data', rank_no_extra_data from ranked_results
),
first_place as (
    select
        t.*,
        row_number() over (
            partition by leaderboard_id, track order by result_date nulls last, source_rank nulls last, result_id
        ) = 1 as holds_record
    from tracks t
    where place = 1
)
select
    f.leaderboard_id, f.track, l.task, l.dataset, l.metric, l.higher_is_better, f.model, f.value, f.value_text, f.unit,
    f.result_date as since, f.holds_record, f.extra_data, f.suspect, f.paper_title, f.paper_url, f.code_url, f.source,
    f.sources, f.result_id
from first_place f
join mart.leaderboards l using (leaderboard_id);

comment on view current_sota is 'Who is first now, on each track. Ties are all listed; holds_record marks who was there first.';
comment on column current_sota.leaderboard_id is '<task>/<dataset>/<metric>.';
comment on column current_sota.track is 'all, or no_extra_data.';
comment on column current_sota.task is 'Task as published.';
comment on column current_sota.dataset is 'Dataset as published.';
comment on column current_sota.metric is 'Canonical name of the metric.';
comment on column current_sota.higher_is_better is 'Direction of the metric.';
comment on column current_sota.model is 'Model name as published.';
comment on column current_sota.value is 'Its value.';
comment on column current_sota.value_text is 'The cell as published.';
comment on column current_sota.unit is 'Unit of the value, where known.';
comment on column current_sota.since is 'Date of the result; NULL where none is known.';
comment on column current_sota.holds_record is 'True for the first of those that tie, by date.';
comment on column current_sota.extra_data is 'Whether the source says that extra data was used.';
comment on column current_sota.suspect is 'True where the board''s own evidence puts the value in doubt (view suspects).';
comment on column current_sota.paper_title is 'Title of the paper.';
comment on column current_sota.paper_url is 'Where the source''s row links to.';
comment on column current_sota.code_url is 'First code link.';
comment on column current_sota.source is 'The most trusted source.';
comment on column current_sota.sources is 'All sources.';
comment on column current_sota.result_id is 'The result (view results).';
