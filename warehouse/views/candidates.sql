-- Grain: one row a pair of results of one leaderboard that may be one, and were not joined.
create or replace view candidates as
select
    c.kind, c.leaderboard_id, a.model, b.model as other_model, c.likeness, a.value, b.value as other_value,
    a.paper_title, b.paper_title as other_paper_title, a.source, b.source as other_source, c.result_id, c.other_result_id
from mart.candidates c
join results a on a.result_id = c.result_id
join results b on b.result_id = c.other_result_id;

comment on view candidates is 'Pairs of results that may be one. Nothing is joined on likeness: an entry in the vocabulary, with its reason, joins or parts names by hand.';
comment on column candidates.kind is 'near_name: names that look alike. same_name: one folded name in two sources, whose papers differ or are not known.';
comment on column candidates.leaderboard_id is 'The leaderboard.';
comment on column candidates.model is 'Model name of the first as published.';
comment on column candidates.other_model is 'Model name of the other as published.';
comment on column candidates.likeness is 'Likeness of the folded names, up to 100.';
comment on column candidates.value is 'Value of the first.';
comment on column candidates.other_value is 'Value of the other.';
comment on column candidates.paper_title is 'Paper of the first.';
comment on column candidates.other_paper_title is 'Paper of the other.';
comment on column candidates.source is 'Source of the first.';
comment on column candidates.other_source is 'Source of the other.';
comment on column candidates.result_id is 'The first (view results).';
comment on column candidates.other_result_id is 'The other (view results).';
