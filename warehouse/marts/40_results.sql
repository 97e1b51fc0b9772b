-- Grain: one row a result: what several boards say of one result is one row (`mart.matches` says which, and why).
-- Value, text and rank come together from the most trusted board that has a value; what it does not state is
-- taken from the others in order of trust. Competition ranks (1, 2, 2, 4) by value in the leaderboard's direction.
-- Leaderboard by leaderboard on disk, so that a question about one reads little.
create or replace table mart.results as
with members as (
    select
        r.* exclude (value, uncertainty, value_flags),
        coalesce(round(r.value * f.factor, 12), r.value) as value,
        coalesce(round(r.uncertainty * f.factor, 12), r.uncertainty) as uncertainty,
        case
            when f.factor is null or r.value is null then r.value_flags
            else list_append(r.value_flags, 'rescaled_x' || case f.factor when 100 then '100' else '0.01' end)
        end as value_flags,
        coalesce(m.merged_id, r.result_id) as merged_id
    from mart.rows r
    left join mart.matches m using (result_id)
    left join mart.factors f using (board_id)
),
ordered as (
    select
        *,
        row_number() over (
            partition by merged_id order by not listed, value is null, trust, board_id, position
        ) as place
    from members
),
merged as (
    select
        merged_id as result_id,
        arg_min(extra_data, place) filter (where extra_data is not null) as extra_data,
        arg_min(paper_id, place) filter (where paper_id is not null) as paper_id,
        arg_min(paper_title, (paper_title_cut, place)) filter (where paper_title is not null) as paper_title,
        coalesce(bool_and(paper_title_cut) filter (where paper_title is not null), false) as paper_title_cut,
        arg_min(paper_url, place) filter (where paper_url is not null) as paper_url,
        arg_min(result_date, (date_source = 'paper', place)) filter (where result_date is not null) as result_date,
        arg_min(date_source, (date_source = 'paper', place)) filter (where result_date is not null) as date_source,
        arg_min(paper_date, place) filter (where paper_date is not null) as paper_date,
        arg_min(code_url, place) filter (where code_url is not null) as code_url,
        list_sort(list(distinct source)) as sources,
        count(*) as members,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        bool_or(listed) as listed
    from ordered
    group by merged_id
),
scored as (
    select
        m.result_id, o.leaderboard_id, o.board_id, o.model,
        o.model_id || case when m.paper_id is null then '' else '@' || m.paper_id end as model_id,
        o.model_id as model_key, o.base_model, o.variant, o.parameters, o.shots, o.ensemble, o.citation,
        o.value, o.value_text, o.value_reason, o.uncertainty, o.components, o.note, coalesce(o.unit, l.unit) as unit,
        o.value_flags, m.extra_data, m.paper_id, m.paper_title, m.paper_title_cut, m.paper_url, m.result_date,
        m.date_source, m.paper_date, m.code_url, o.source, m.sources, o.source_rank, o.source_sota, o.position,
        o.source_url, o.capture_id, m.first_seen, m.last_seen, m.listed,
        l.metric_kind, l.higher_is_better, l.last_seen as board_seen,
        -- Signed so that more is always better; NULL where the result cannot be ranked.
        case
            when m.listed and l.metric_kind = 'quality'
            then case l.higher_is_better when true then o.value when false then -o.value end
        end as score,
        score is not null and m.extra_data is distinct from true as in_no_extra_data
    from merged m
    join ordered o on o.merged_id = m.result_id and o.place = 1
    join mart.leaderboards l using (leaderboard_id)
),
-- Apart from the wide rows, which would be sorted with them.
ranks as (
    select
        result_id,
        case when score is not null then rank() over (partition by leaderboard_id order by score desc nulls last) end as rank,
        case
            when in_no_extra_data
            then rank() over (partition by leaderboard_id, in_no_extra_data order by score desc nulls last)
        end as rank_no_extra_data,
        round(max(score) over (partition by leaderboard_id) - score, 10) as gap_to_leader
    from scored
)
select s.*, r.rank, r.rank_no_extra_data, r.gap_to_leader
from scored s
join ranks r using (result_id)
order by leaderboard_id, rank nulls last, result_id;
