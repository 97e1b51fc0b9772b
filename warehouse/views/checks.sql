-- Grain: one row an expectation and run.
create or replace view checks as
select run_id, suite, expectation, severity, success, checked, unexpected, detail from core.checks;

comment on view checks is 'What Great Expectations checked in each run.';
comment on column checks.run_id is 'The run (view runs).';
comment on column checks.suite is 'What was checked: raw_rows, results, papers, boards, views.';
comment on column checks.expectation is 'Id of the expectation.';
comment on column checks.severity is 'critical stops a load, warning reports; a row that fails a row check is in quarantine.';
comment on column checks.success is 'Whether it held.';
comment on column checks.checked is 'Rows looked at.';
comment on column checks.unexpected is 'Rows that failed.';
comment on column checks.detail is 'What failed, in words, with the first rows.';
