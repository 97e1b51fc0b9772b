-- Grain: one row a version of a result: a stretch of time in which it said the same. One with `listed` false is the tombstone
-- of a row that its source no longer shows, with the capture and the run that missed it.
create or replace view result_versions as
with told as (
    select
        *,
        (value, value_text, value_reason, uncertainty, result_date, paper_id, model, extra_data, listed, valid_from)
            is distinct from lag((value, value_text, value_reason, uncertainty, result_date, paper_id, model, extra_data, listed, valid_to))
                over in_time as turns
    from mart.versions
    window in_time as (partition by leaderboard_id, result_id order by valid_from)
),
stretched as (
    select *, count(*) filter (where turns) over (partition by leaderboard_id, result_id order by valid_from) as version from told
),
ended as (
    select *, max(valid_to) over (partition by leaderboard_id, result_id, version) as until from stretched
)
select
    v.result_id, v.leaderboard_id, v.version, v.model, v.value, v.value_text, v.value_reason, v.uncertainty, v.result_date, v.paper_id,
    v.paper_title, v.extra_data, v.listed, v.valid_from as known_from, case when not isinf(v.until) then v.until end as superseded_at,
    v.source, v.sources, v.source_url, v.shown_in as capture_id, c.run_id
from ended v
left join mart.capture_times c on c.capture_id = v.shown_in
where v.turns;

comment on view result_versions is 'All that a result has ever said, version by version. Nothing is deleted: a row that its source no longer shows is a version that is not listed.';
comment on column result_versions.result_id is 'The result (view results).';
comment on column result_versions.leaderboard_id is '<task>/<dataset>/<metric>.';
comment on column result_versions.version is 'Number of the version, from 1.';
comment on column result_versions.model is 'Model name as published.';
comment on column result_versions.value is 'The number; NULL where value_reason says why.';
comment on column result_versions.value_text is 'The cell as published.';
comment on column result_versions.value_reason is 'Why the text gives no value; NULL with a value.';
comment on column result_versions.uncertainty is 'What stands behind ±.';
comment on column result_versions.result_date is 'Date of the result: when it was published.';
comment on column result_versions.paper_id is 'The paper (view papers).';
comment on column result_versions.paper_title is 'Title of the paper.';
comment on column result_versions.extra_data is 'Whether the source says that extra training data was used.';
comment on column result_versions.listed is 'False for a tombstone: no source shows the row any more.';
comment on column result_versions.known_from is 'When this was known here first, UTC.';
comment on column result_versions.superseded_at is 'When something else was known; NULL for what is so now.';
comment on column result_versions.source is 'The most trusted source.';
comment on column result_versions.sources is 'All sources that state it.';
comment on column result_versions.source_url is 'Address of the page or file.';
comment on column result_versions.capture_id is 'The capture that showed it so, or that missed it (view captures).';
comment on column result_versions.run_id is 'The run that fetched this capture; NULL where the archive does not say.';
