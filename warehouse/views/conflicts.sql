-- Grain: one row a disagreement of two boards about one result (or about a leaderboard's direction), the more trusted first.
create or replace view conflicts as
select kind, leaderboard_id, model, source, said, other_source, other_said, source_url, other_url, result_id,
       capture_id, other_capture_id
from mart.conflicts;

comment on view conflicts is 'Where sources disagree about one result, with both texts as published. What is ranked is what the more trusted source says.';
comment on column conflicts.kind is 'value, date, extra_data, paper, direction.';
comment on column conflicts.leaderboard_id is 'The leaderboard.';
comment on column conflicts.model is 'Model name; NULL for a direction.';
comment on column conflicts.source is 'The more trusted source.';
comment on column conflicts.said is 'What it says, as published.';
comment on column conflicts.other_source is 'The other source.';
comment on column conflicts.other_said is 'What that says, as published.';
comment on column conflicts.source_url is 'Address of the first.';
comment on column conflicts.other_url is 'Address of the other.';
comment on column conflicts.result_id is 'The result (view results); NULL for a direction.';
comment on column conflicts.capture_id is 'Capture of the first (view captures).';
comment on column conflicts.other_capture_id is 'Capture of the other (view captures).';
