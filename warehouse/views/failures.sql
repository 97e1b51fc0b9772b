-- Grain: one row a page, file or board that a run could not fetch, read or accept.
create or replace view failures as
select f.run_id, r.started_at, f.source, f.url, f.stage, f.reason, f.detail, f.capture_id
from core.failures f
left join core.runs r using (run_id);

comment on view failures is 'What runs could not fetch, read or accept. The rest of their pages were loaded.';
comment on column failures.run_id is 'The run (view runs).';
comment on column failures.started_at is 'When the run began, UTC.';
comment on column failures.source is 'The source.';
comment on column failures.url is 'Address of the page or file.';
comment on column failures.stage is 'fetch, parse or validate.';
comment on column failures.reason is 'Short word for the reason, for grouping.';
comment on column failures.detail is 'What is wrong, and where.';
comment on column failures.capture_id is 'The capture (view captures), where there is one.';
