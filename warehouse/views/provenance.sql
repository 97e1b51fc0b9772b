-- Grain: one row a result and board that states it: from the value to the bytes.
create or replace view provenance as
select
    coalesce(m.merged_id, r.result_id) as result_id, r.leaderboard_id, coalesce(m.rule, 'alone') as matched_by, r.source,
    r.source_url, r.position, r.model, r.value_text, r.value, r.value_reason, r.value_flags, f.factor as scale_factor,
    r.first_seen, r.last_seen, r.listed, c.capture_id, c.url, c.fetched_at, c.digest, c.warc_file, c.warc_offset
from mart.rows r
left join mart.matches m using (result_id)
left join mart.factors f using (board_id)
join core.captures c using (capture_id);

comment on view provenance is 'From each result to the raw cells that state it and the captures that they were read from.';
comment on column provenance.result_id is 'The result (view results).';
comment on column provenance.leaderboard_id is 'The leaderboard.';
comment on column provenance.matched_by is 'Rule that joined this row to the result: model_and_paper, paper_and_value …; alone where it is the only one.';
comment on column provenance.source is 'The source.';
comment on column provenance.source_url is 'Address of the page or file.';
comment on column provenance.position is 'Row in it, from 1.';
comment on column provenance.model is 'Model name as published there.';
comment on column provenance.value_text is 'The cell as published there.';
comment on column provenance.value is 'The number read from it.';
comment on column provenance.value_reason is 'Why there is none.';
comment on column provenance.value_flags is 'What was noticed in reading it.';
comment on column provenance.scale_factor is 'What the board''s values were multiplied with to meet the leaderboard''s scale; NULL for none.';
comment on column provenance.first_seen is 'When the row was first seen there, UTC.';
comment on column provenance.last_seen is 'When the row was last seen there, UTC.';
comment on column provenance.listed is 'False where a later capture of the board lacks the row.';
comment on column provenance.capture_id is 'The capture (view captures).';
comment on column provenance.url is 'Address that was asked for.';
comment on column provenance.fetched_at is 'When, UTC.';
comment on column provenance.digest is 'sha256 of the decoded body.';
comment on column provenance.warc_file is 'File in the archive folder.';
comment on column provenance.warc_offset is 'Byte offset of the record in that file.';
