-- Grain: one row a result: what several boards say of one result is one row (`mart.matches` says which, and why).
-- Value, text and rank come together from the most trusted board that has a value (of those that are
-- trusted alike, the one seen last); what it does not state is taken from the others in this order. Competition ranks (1, 2, 2, 4) by value in the leaderboard's direction.
-- Leaderboard by leaderboard on disk, so that a question about one reads little.
create or replace table mart.results as
with places as (
    select
        m.result_id, m.merged_id,
        row_number() over (
            partition by m.merged_id
            order by not r.listed, r.value is null, r.trust, r.last_seen desc, r.board_id, r.position
        ) as place
    from mart.matches m
    join mart.rows r using (result_id)
),
merged as (
    select
        p.merged_id,
        arg_min(r.extra_data, p.place) filter (where r.extra_data is not null) as extra_data,
        arg_min(r.paper_id, p.place) filter (where r.paper_id is not null) as paper_id,
        arg_min(r.paper_title, (r.paper_title_cut, p.place)) filter (where r.paper_title is not null) as paper_title,
        bool_and(r.paper_title_cut) filter (where r.paper_title is not null) as paper_title_cut,
        arg_min(r.paper_url, p.place) filter (where r.paper_url is not null) as paper_url,
        arg_min(r.result_date, (r.date_source = 'paper', p.place)) filter (where r.result_date is not null) as result_date,
        arg_min(r.date_source, (r.date_source = 'paper', p.place)) filter (where r.result_date is not null) as date_source,
        arg_min(r.paper_date, p.place) filter (where r.paper_date is not null) as paper_date,
        arg_min(r.code_url, p.place) filter (where r.code_url is not null) as code_url,
        list_sort(list(distinct r.source)) as sources,
        min(r.first_seen) as first_seen,
        max(r.last_seen) as last_seen,
        bool_or(r.listed) as listed
    from places p
    join mart.rows r using (result_id)
    group by p.merged_id
),
-- Each result's first row; what is merged is NULL for the many that stand alone, and then it is the row's own.
joined as (
    select
        coalesce(p.merged_id, r.result_id) as result_id, r.leaderboard_id, r.board_id, r.model,
        r.model_id as model_key, r.base_model, r.variant, r.parameters, r.shots, r.ensemble, r.citation,
        coalesce(round(r.value * f.factor, 12), r.value) as value, r.value_text, r.value_reason,
        coalesce(round(r.uncertainty * f.factor, 12), r.uncertainty) as uncertainty,
        r.components, r.note, coalesce(r.unit, l.unit) as unit,
        case
            when f.factor is null or r.value is null then r.value_flags
            else list_append(r.value_flags, 'rescaled_x' || case f.factor when 100 then '100' else '0.01' end)
        end as value_flags,
        coalesce(m.extra_data, r.extra_data) as extra_data,
        coalesce(m.paper_id, r.paper_id) as paper_id,
        coalesce(m.paper_title, r.paper_title) as paper_title,
        coalesce(m.paper_title_cut, r.paper_title_cut and r.paper_title is not null) as paper_title_cut,
        coalesce(m.paper_url, r.paper_url) as paper_url,
        coalesce(m.result_date, r.result_date) as result_date,
        coalesce(m.date_source, r.date_source) as date_source,
        coalesce(m.paper_date, r.paper_date) as paper_date,
        coalesce(m.code_url, r.code_url) as code_url,
        r.source, coalesce(m.sources, [r.source]) as sources, r.source_rank, r.source_sota, r.position, r.source_url,
        r.capture_id,
        coalesce(m.first_seen, r.first_seen) as first_seen,
        coalesce(m.last_seen, r.last_seen) as last_seen,
        coalesce(m.listed, r.listed) as listed,
        l.metric_kind, l.higher_is_better, l.last_seen as board_seen
    from mart.rows r
    join mart.leaderboards l using (leaderboard_id)
    left join mart.factors f using (board_id)
    left join places p using (result_id)
    left join merged m using (merged_id)
    where coalesce(p.place, 1) = 1
),
scored as (
    select
        *,
        model_key || case when paper_id is null then '' else '@' || paper_id end as model_id,
        -- Signed so that more is always better; NULL where the result cannot be ranked.
        case
            when listed and metric_kind = 'quality' then case higher_is_better when true then value when false then -value end
        end as score,
        score is not null and extra_data is distinct from true as in_no_extra_data
    from joined
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
