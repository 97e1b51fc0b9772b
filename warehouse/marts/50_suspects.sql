-- Grain: one row a listed result and kind of doubt. Every rule weighs a value against its own board (or the boards of the
-- same task and dataset), none knows a name. `score` is the strength of the evidence: 1 is the threshold. Thresholds
-- were set on 346 real boards so that a person agrees with most of what is listed; docs/suspects.md has the figures.
create or replace table mart.suspects as
with ranked as (
    select
        r.result_id, r.leaderboard_id, r.model_id, r.model_key, r.value, r.value_text, r.value_flags, r.paper_id,
        r.result_date, r.score, r.rank, l.lower_bound, l.upper_bound,
        regexp_extract(r.leaderboard_id, '^(.*)/[^/]*$', 1) as family,
        count(*) over (partition by r.leaderboard_id, r.score) as tied,
        count(*) over (partition by r.leaderboard_id, r.model_id) as listings
    from mart.results r
    join mart.leaderboards l using (leaderboard_id)
    where r.score is not null
),

-- Outside of what the metric allows.
out_of_bounds as (
    select
        result_id, 'out_of_bounds' as kind,
        format('{} is outside of {} to {}', value, coalesce(lower_bound::varchar, '-∞'), coalesce(upper_bound::varchar, '∞')) as evidence,
        1.0 as score
    from ranked
    where value < lower_bound or value > upper_bound
),

-- On another scale than the rest of its board, and possible as it stands: transform.scale has flagged it.
scale_outlier as (
    select
        result_id, 'scale_outlier',
        format('{} ({}) stands at least ten times below all other values of the board', value, value_text), 1.0
    from ranked
    where list_contains(value_flags, 'scale_outlier')
),

-- First by far, and nobody has come near since: the lead is at least twice what parts the next five, and at least five results came later.
top as (
    select
        leaderboard_id,
        list(score order by score desc) as scores,
        max(score) as best
    from ranked
    group by leaderboard_id
    having count(*) >= 6
),
leads as (
    select
        r.result_id, r.value, t.scores[1] - t.scores[2] as lead,
        greatest(t.scores[2] - t.scores[6], 0.001 * abs(t.scores[2])) as spread, abs(t.scores[2]) as second,
        (select count(*) from ranked o where o.leaderboard_id = r.leaderboard_id and o.result_date > r.result_date) as later
    from ranked r join top t using (leaderboard_id)
    where r.rank = 1 and r.tied = 1
),
unmatched as (
    select
        result_id, 'unmatched',
        format(
            'leads by {:.6g}, while ranks 2 to 6 lie within {:.6g}; {} results dated later, the best of all others is {:.6g}',
            lead, spread, later, second
        ),
        lead / spread / 2
    from leads
    where lead >= 2 * spread and later >= 5
),

-- A step of the history that dwarfs all others, and that no other paper confirmed: no later result has come even half of the way.
steps as (
    select distinct leaderboard_id, step, sota_date, previous_value, value, improvement
    from mart.history
    where track = 'all' and improvement is not null
),
leaps as (
    select
        s.*,
        median(o.improvement) as usual, max(o.improvement) as largest_other, count(*) as others
    from steps s
    join steps o on o.leaderboard_id = s.leaderboard_id and o.step <> s.step
    group by all
    having count(*) >= 3 and s.improvement >= 5 * median(o.improvement) and s.improvement >= 2 * max(o.improvement)
),
confirmed as (
    select
        r.result_id, p.previous_value, p.value, p.improvement, p.usual, p.largest_other,
        count(*) filter (where o.result_date > r.result_date) as later,
        max(o.score) filter (where o.result_date > r.result_date and (o.paper_id = r.paper_id) is not true) as best_later,
        r.score - p.improvement / 2 as half_way
    from leaps p
    join ranked r on r.leaderboard_id = p.leaderboard_id and r.result_date = p.sota_date and r.value = p.value
    join ranked o on o.leaderboard_id = p.leaderboard_id
    group by all
),
jump as (
    select
        result_id, 'jump',
        format(
            'from {:.6g} to {:.6g}, {:.1f} times the usual step of this board ({:.4g}); of {} later results no other paper came half of the way',
            previous_value, value, improvement / usual, usual, later
        ),
        improvement / usual / 5
    from confirmed
    where later >= 3 and coalesce(best_later < half_way, true)
),

-- First on one metric and in the last quarter on another of the same task and dataset, where the two metrics order the other models alike.
pairs as (
    select
        a.leaderboard_id as one, b.leaderboard_id as other, a.result_id, a.model_id, a.rank, a.tied, a.value, b.value as other_value,
        rank() over (partition by a.leaderboard_id, b.leaderboard_id order by a.score desc) as place,
        rank() over (partition by a.leaderboard_id, b.leaderboard_id order by b.score desc) as other_place,
        a.score, count(*) over (partition by a.leaderboard_id, b.leaderboard_id) as models
    from ranked a
    join ranked b on a.family = b.family and a.model_id = b.model_id and a.leaderboard_id <> b.leaderboard_id
    -- A model that is listed twice on a board has no one place there.
    where a.listings = 1 and b.listings = 1
),
alike as (
    select one, other, f.result_id, f.value, f.other_value, f.other_place, f.models, corr(p.place, p.other_place) as agreement
    from (select one, other, result_id, model_id, value, other_value, other_place, models from pairs where rank = 1 and tied = 1) f
    join (select one, other, model_id, score, place, other_place from pairs) p using (one, other)
    where p.model_id <> f.model_id
    group by all
    having count(distinct p.score) * 2 >= f.models
),
low_on_sisters as (
    select
        result_id, 'low_on_sisters',
        string_agg(format(
            'first here, and {} of {} on {} ({:.6g}), which orders the other models alike (correlation {:.2f})',
            other_place, models, regexp_extract(other, '[^/]*$'), other_value, agreement
        ), '; ' order by other),
        max(other_place / models / 0.75)
    from alike
    where models >= 8 and other_place >= 0.75 * models and agreement >= 0.7
    group by result_id
),

-- One value of four digits or more under three names from three papers: chance does not do that.
repeated as (
    select leaderboard_id, value, count(distinct model_key) as names
    from ranked
    where length(regexp_replace(regexp_replace(value_text, '[^0-9.].*$', ''), '^0*\.?0*|\.', '', 'g')) >= 4
    group by leaderboard_id, value
    having count(distinct model_key) >= 3 and count(distinct paper_id) >= 3
),
repeated_value as (
    select r.result_id, 'repeated_value', format('{} stands under {} names of different papers', r.value, p.names), p.names / 3
    from ranked r join repeated p using (leaderboard_id, value)
)
select * from out_of_bounds
union all select * from scale_outlier
union all select * from unmatched
union all select * from jump
union all select * from low_on_sisters
union all select * from repeated_value;
