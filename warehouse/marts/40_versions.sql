-- Grain: one row a result and moment of its leaderboard: what several boards say of one result is one row (row_matches says
-- which, and why). Value, text and rank come together from the most trusted board that has a value (of those that are trusted
-- alike, the one seen last); what it does not state is taken from the others in this order.
create or replace temp table result_states as
with matched as (
    select
        m.merged_id, r.*,
        row_number() over (
            partition by m.leaderboard_id, m.place, m.merged_id
            order by not r.listed, r.value is null, r.trust, r.board_seen desc, r.board_id, r.position
        ) as turn
    from row_matches m
    join linked_rows r using (leaderboard_id, place, result_id)
),
merged as (
    select
        leaderboard_id, place, merged_id,
        arg_min(result_id, turn) as first_row,
        list(result_id order by turn) as members,
        arg_min(extra_data, turn) filter (where extra_data is not null) as extra_data,
        arg_min(paper_id, turn) filter (where paper_id is not null) as paper_id,
        arg_min(paper_title, (paper_title_cut, turn)) filter (where paper_title is not null) as paper_title,
        bool_and(paper_title_cut) filter (where paper_title is not null) as paper_title_cut,
        arg_min(paper_url, turn) filter (where paper_url is not null) as paper_url,
        arg_min(result_date, (date_source = 'paper', turn)) filter (where result_date is not null) as result_date,
        arg_min(date_source, (date_source = 'paper', turn)) filter (where result_date is not null) as date_source,
        arg_min(paper_date, turn) filter (where paper_date is not null) as paper_date,
        arg_min(code_url, turn) filter (where code_url is not null) as code_url,
        list_sort(list(distinct source)) as sources,
        bool_or(listed) as listed
    from matched
    group by leaderboard_id, place, merged_id
),
-- Each result's first row; what is merged is NULL for the many that stand alone, and then it is the row's own.
joined as (
    select
        r.leaderboard_id, r.place, r."at", r.until, coalesce(m.merged_id, r.result_id) as result_id, r.board_id, r.model,
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
        r.capture_id, coalesce(m.listed, r.listed) as listed, coalesce(m.members, [r.result_id]) as members, r.shown_in,
        l.metric_kind, l.higher_is_better
    from linked_rows r
    join mart.leaderboard_states l using (leaderboard_id, place)
    left join board_factors f using (leaderboard_id, place, board_id)
    left join row_matches k using (leaderboard_id, place, result_id)
    left join merged m on m.leaderboard_id = r.leaderboard_id and m.place = r.place and m.merged_id = k.merged_id
    where k.merged_id is null or m.first_row = r.result_id
)
select
    *,
    model_key || case when paper_id is null then '' else '@' || paper_id end as model_id,
    -- Signed so that more is always better; NULL where the result cannot be ranked.
    case
        when listed and metric_kind = 'quality' then case higher_is_better when true then value when false then -value end
    end as score,
    score is not null and extra_data is distinct from true as in_no_extra_data
from joined;

-- Grain: one row a result and stretch of time in which nothing of it changed: its version. `valid_to` is infinity for what is so
-- now. Ranks follow from the versions of one time. What is kept of the time before `since` stays; the version that was valid
-- then goes on, or ends.
create or replace temp table made_versions as
with printed as (
    select r.*, hash(*columns(r.* exclude (place, "at", until))) as print
    from result_states r join since s using (leaderboard_id)
    where s.since <> 'infinity'
),
turned as (
    select
        *,
        (print, place) is distinct from lag((print, place + 1)) over (partition by leaderboard_id, result_id order by place)
            as turns
    from printed
),
stretched as (
    select *, count(*) filter (where turns) over (partition by leaderboard_id, result_id order by place) as stretch from turned
),
dated as (
    select *, max(until) over (partition by leaderboard_id, result_id, stretch) as valid_to from stretched
)
select
    "at" as valid_from, valid_to, * exclude ("at", until, valid_to, place, print, turns, stretch)
from dated
where turns;

create table if not exists mart.versions as from made_versions limit 0;

create or replace temp table going_on as
select v.leaderboard_id, v.result_id, v.valid_from as begun, s."before" as valid_from
from mart.versions v join since s using (leaderboard_id)
where s.since <> 'infinity' and v.valid_from <= s."before" and s."before" < v.valid_to;

delete from mart.versions v using since s
where s.leaderboard_id = v.leaderboard_id and s.since <> 'infinity' and v.valid_to > s."before";
delete from mart.versions where leaderboard_id not in (select leaderboard_id from since);

insert into mart.versions by name
select m.* exclude (valid_from), coalesce(g.begun, m.valid_from) as valid_from
from made_versions m left join going_on g using (leaderboard_id, result_id, valid_from)
order by m.leaderboard_id, m.result_id, m.valid_from;
