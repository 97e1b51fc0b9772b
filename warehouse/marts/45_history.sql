-- Grain: one row a step and holder, for one policy: `date_basis` is `result_date` (the row's date, else the paper's)
-- or `paper_date` (the paper's date, else the row's), `track` is `all` or `no_extra_data`. A result enters when, on its date, it
-- is strictly better than everything dated before it and best of its day; two that tie on one day share the step.
create or replace macro sota_history_policy(date_basis, track) as table
with dated as (
    -- No more than the windows need: what a step shows is joined to the few that are one.
    select
        result_id, leaderboard_id, score, uncertainty,
        case date_basis
            when 'result_date' then result_date
            when 'paper_date' then coalesce(paper_date, result_date)
            else error('date_basis is result_date or paper_date')
        end as on_date
    from mart.results
    where score is not null
      and case track
            when 'all' then true
            when 'no_extra_data' then extra_data is distinct from true
            else error('track is all or no_extra_data')
          end
),
compared as (
    select
        *,
        max(score) over (
            partition by leaderboard_id order by on_date range between unbounded preceding and interval 1 day preceding
        ) as best_before,
        max(score) over (partition by leaderboard_id, on_date) as best_of_day
    from dated
    where on_date is not null
),
steps as (
    -- Of holders that share a step, the greater uncertainty is that of the step.
    select *, max(uncertainty) over (partition by leaderboard_id, on_date) as step_uncertainty
    from compared
    where score = best_of_day and score > coalesce(best_before, '-infinity'::double)
)
select
    leaderboard_id,
    track as track,
    dense_rank() over (partition by leaderboard_id order by on_date) as step,
    on_date as sota_date,
    r.model,
    r.value,
    case when best_before is not null then case when r.higher_is_better then best_before else -best_before end end as previous_value,
    round(s.score - best_before, 10) as improvement,
    date_diff('day', on_date, coalesce(
        min(on_date) over (
            partition by leaderboard_id order by on_date range between interval 1 day following and unbounded following
        ),
        greatest(r.board_seen::date, on_date)
    )) as days_held,
    on_date = max(on_date) over (partition by leaderboard_id) as is_current,
    count(*) over (partition by leaderboard_id, on_date) > 1 as shared,
    -- The step is no larger than the uncertainty that one of the two sides publishes.
    coalesce(round(s.score - best_before, 10) <= greatest(s.uncertainty, arg_max_null(step_uncertainty, on_date) over (
        partition by leaderboard_id order by on_date range between unbounded preceding and interval 1 day preceding
    )), false) as within_uncertainty,
    result_id,
    r.model_id,
    r.extra_data,
    r.paper_id,
    r.paper_title,
    r.paper_url,
    r.source,
    r.capture_id
from steps s
join mart.results r using (leaderboard_id, result_id);

-- Grain: as the macro, for both tracks of the policy that the views show.
create or replace table mart.history as
from sota_history_policy('result_date', 'all')
union all
from sota_history_policy('result_date', 'no_extra_data');

-- Grain: one row a leaderboard with any history: do the four policies (two date bases, two tracks) agree on who leads, and
-- on the whole history? A policy under which there is no history at all disagrees with one under which there is.
create or replace table mart.stability as
with policies as (
    select 'result_date' as basis, leaderboard_id, track, result_id, is_current from mart.history
    union all
    select 'paper_date', leaderboard_id, track, result_id, is_current from sota_history_policy('paper_date', 'all')
    union all
    select 'paper_date', leaderboard_id, track, result_id, is_current from sota_history_policy('paper_date', 'no_extra_data')
),
each_policy as (
    select
        leaderboard_id, basis, track,
        list_sort(list(result_id)) as history,
        list_sort(list(result_id) filter (where is_current)) as leader
    from policies
    group by leaderboard_id, basis, track
)
select
    leaderboard_id,
    count(*) = 4 and count(distinct leader) = 1 as stable_leader,
    count(*) = 4 and count(distinct history) = 1 as stable_history
from each_policy
group by leaderboard_id;
