-- Grain: one row a pair of results of one leaderboard that may be one and were not joined: `near_name` (names that look
-- alike), `same_name` (one folded name in two sources, whose papers differ or are not known). For a person to
-- decide, by an entry in the vocabulary.
create or replace table mart.candidates as
with listed as (select * from mart.results where listed)
select 'near_name' as kind, n.leaderboard_id, a.result_id, b.result_id as other_result_id, n.likeness
from mart.near_names n
join listed a on a.leaderboard_id = n.leaderboard_id and a.model = n.model
join listed b on b.leaderboard_id = n.leaderboard_id and b.model = n.other_model
where a.result_id <> b.result_id
union all
select 'same_name', a.leaderboard_id, a.result_id, b.result_id, 100
from listed a
join listed b
  on a.leaderboard_id = b.leaderboard_id and a.model_key = b.model_key
  and (a.source, a.result_id) < (b.source, b.result_id)
where not list_has_any(a.sources, b.sources);
