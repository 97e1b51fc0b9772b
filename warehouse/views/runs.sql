-- Grain: one row a run, newest first.
create or replace view runs as
select
    run_id, kind, started_at, finished_at, status, sources, counts, stages, warnings, notes, data_docs, vocabulary, version
from core.runs
order by started_at desc, run_id desc;

comment on view runs is 'The runs that made this warehouse: the record to trust. A run that was stopped left the warehouse, and this view, as they were.';
comment on column runs.run_id is 'Id that sorts by time.';
comment on column runs.kind is 'refresh, replay, full, ingest.';
comment on column runs.started_at is 'UTC.';
comment on column runs.finished_at is 'UTC, just before the warehouse was swapped in.';
comment on column runs.status is 'done, or done_with_failures (view failures).';
comment on column runs.sources is 'Sources that it was about.';
comment on column runs.counts is 'Figures: pages, boards, cells in, loaded, quarantined, duplicates …';
comment on column runs.stages is 'Seconds that each stage took.';
comment on column runs.warnings is 'What was noticed and did not stop it.';
comment on column runs.notes is 'What else there is to know: records of a WARC file that were left out, by reason.';
comment on column runs.data_docs is 'Path of the Data Docs of Great Expectations.';
comment on column runs.vocabulary is 'Digest of the vocabulary and the code of the transform.';
comment on column runs.version is 'Release of sotaduck.';
