-- Time: which run fetched a capture, which losses a person has looked at, and what changed by our own doing.

-- The run that put it into the archive, as the archive says; NULL where the archive does not know.
alter table core.captures add column run_id varchar;

-- Which captures say of a paper what its record says: what rows say is kept once, however often it is said.
create table core.paper_mentions (record_id varchar not null, capture_id varchar not null);
insert into core.paper_mentions select record_id, capture_id from core.papers where from_row;

-- A loss of rows that somebody has looked at: the state that this capture shows of the board is taken as true, from then on.
create table core.acceptances (
    board_id varchar not null, capture_id varchar not null, accepted_at timestamp not null, run_id varchar not null
);

-- Answers that another vocabulary or another release of ours moved, while the sources said the same. Recorded by the run that
-- built the warehouse anew, since the answers before it are in no other place.
create table core.own_changes (
    run_id varchar not null, changed_at timestamp not null, leaderboard_id varchar not null, kind varchar not null,
    track varchar, result_id varchar, model varchar, value double, value_text varchar, field varchar, old varchar,
    new varchar, old_rank bigint, new_rank bigint, previous_result_id varchar, previous_model varchar, previous_value double,
    improvement double, results bigint, paper_title varchar, paper_url varchar, source varchar, source_url varchar,
    detail varchar not null
);

-- Observations that are held back: the board lost most of its rows, or went away whole, and nobody has looked yet.
create table mart.held (
    board_id varchar not null, capture_id varchar not null, seen_at timestamp not null, rows_before bigint not null,
    rows_now bigint not null, last_good_at timestamp not null
);
