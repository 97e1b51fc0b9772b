-- Grain: as results. Competition ranks (1, 2, 2, 4) by value in the board's direction.
create or replace view ranked_results as
with ranked as (
    select
        *,
        case when score is not null then rank() over (partition by leaderboard_id order by score desc nulls last) end as rank,
        case
            when score is not null and extra_data is distinct from true
            then rank() over (
                partition by leaderboard_id, score is not null and extra_data is distinct from true order by score desc
            )
        end as rank_no_extra_data,
        max(score) over (partition by leaderboard_id) - score as gap_to_leader,
        max(score) over (
            partition by leaderboard_id order by result_date
            range between unbounded preceding and interval 1 day preceding
        ) as best_before,
        max(score) over (partition by leaderboard_id, result_date) as best_of_day
    from mart.results
)
select
    r.*,
    k.rank, k.rank_no_extra_data, round(k.gap_to_leader, 10) as gap_to_leader,
    case
        when k.score is not null and k.result_date is not null
        then k.score = k.best_of_day and k.score > coalesce(k.best_before, '-infinity'::double)
    end as sota_at_release,
    r.result_id in (select result_id from mart.suspects) as suspect
from results r
join ranked k using (result_id);

comment on view ranked_results is 'Results with ranks. A rank is NULL where value or direction is unknown, the metric is no quality, or the row is no longer listed.';
comment on column ranked_results.rank is 'Competition rank (1, 2, 2, 4) over all listed results of the leaderboard.';
comment on column ranked_results.rank_no_extra_data is 'Competition rank among results that are not said to use extra data.';
comment on column ranked_results.gap_to_leader is 'How far behind the leader, 0 or more, in the metric''s unit.';
comment on column ranked_results.sota_at_release is 'True where the value, on its date, was strictly better than every one dated before and best of its day; NULL without a date.';
comment on column ranked_results.suspect is 'True where the board''s own evidence puts the value in doubt (view suspects).';
