-- Grain: one row a result and kind of doubt. Suspects are kept and ranked; the view says why to look twice.
create or replace view suspects as
select s.kind, s.score, s.evidence, r.leaderboard_id, r.model, r.value, r.value_text, r.rank, r.paper_title, r.source,
       r.source_url, s.result_id
from mart.suspects s
join mart.results r using (result_id);

comment on view suspects is 'Results whose value the evidence of their own board puts in doubt: kept, ranked, and listed here with the evidence.';
comment on column suspects.kind is 'out_of_bounds, jump, unmatched, low_on_sisters, scale_outlier, repeated_value.';
comment on column suspects.score is 'Strength of the evidence: 1 is the threshold, more is stronger.';
comment on column suspects.evidence is 'The evidence, in words and numbers.';
comment on column suspects.leaderboard_id is 'The leaderboard.';
comment on column suspects.model is 'Model name as published.';
comment on column suspects.value is 'The value.';
comment on column suspects.value_text is 'The cell as published.';
comment on column suspects.rank is 'Its rank.';
comment on column suspects.paper_title is 'Title of the paper.';
comment on column suspects.source is 'The source.';
comment on column suspects.source_url is 'Address of the page or file.';
comment on column suspects.result_id is 'The result (view results).';
