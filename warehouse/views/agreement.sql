-- Grain: one row a pair of sources that share a leaderboard, in order of their names; the row of a source with itself is left out.
create or replace view agreement as
with listed as (
    select r.source, r.leaderboard_id, coalesce(m.merged_id, r.result_id) as merged_id
    from mart.rows r left join mart.matches m using (result_id)
    where r.listed and r.value is not null
),
results_of as (select distinct source, leaderboard_id, merged_id from listed),
shared as (
    select distinct a.source as source_a, b.source as source_b, a.leaderboard_id
    from results_of a join results_of b on a.leaderboard_id = b.leaderboard_id and a.source < b.source
),
joined as (
    select
        s.source_a, s.source_b, s.leaderboard_id, r.merged_id,
        bool_or(r.source = s.source_a) as in_a, bool_or(r.source = s.source_b) as in_b
    from shared s
    join results_of r on r.leaderboard_id = s.leaderboard_id and r.source in (s.source_a, s.source_b)
    group by all
),
disputed as (
    select distinct result_id, least(source, other_source) as source_a, greatest(source, other_source) as source_b
    from mart.conflicts
    where kind = 'value'
)
select
    j.source_a, j.source_b, count(distinct j.leaderboard_id) as leaderboards,
    count(*) filter (where in_a and in_b and d.result_id is null) as matches,
    count(*) filter (where in_a and in_b and d.result_id is not null) as conflicts,
    count(*) filter (where in_a and not in_b) as only_a,
    count(*) filter (where in_b and not in_a) as only_b
from joined j
left join disputed d on d.result_id = j.merged_id and d.source_a = j.source_a and d.source_b = j.source_b
group by j.source_a, j.source_b;

comment on view agreement is 'For each pair of sources, over the leaderboards that both have: how many results match, conflict in value, or are in one only.';
comment on column agreement.source_a is 'First source, by name.';
comment on column agreement.source_b is 'Second source, by name.';
comment on column agreement.leaderboards is 'Leaderboards that both have.';
comment on column agreement.matches is 'Results that both have, with the same value.';
comment on column agreement.conflicts is 'Results that both have, with different values (view conflicts).';
comment on column agreement.only_a is 'Results of the first that the second lacks.';
comment on column agreement.only_b is 'Results of the second that the first lacks.';
