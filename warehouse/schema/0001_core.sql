-- The facts, as each source states them. Nothing here is derived from two documents, and nothing is ever deleted:
-- a board has contents (what it said, word for word), and observations say which content was there when.

create schema core;
create schema mart;

create table core.sources (
    source varchar not null, title varchar not null, licence varchar not null, licence_url varchar not null,
    attribution varchar not null, address varchar not null, trust integer not null
);

create table core.captures (
    capture_id varchar not null, source varchar not null, url varchar not null, fetched_at timestamp not null,
    status integer not null, digest varchar not null, media_type varchar not null, etag varchar, last_modified varchar,
    warc_file varchar not null, warc_offset bigint not null, size bigint not null,
    outcome varchar not null  -- parsed, confirmed (says what an earlier capture said), failed
);

create table core.contents (
    content_id varchar not null, board_id varchar not null, capture_id varchar not null, leaderboard_id varchar not null,
    source varchar not null, locator varchar not null, area varchar, task varchar not null, dataset varchar not null,
    metric varchar not null, metric_published varchar not null, metric_kind varchar not null,
    higher_is_better boolean, direction_source varchar, unit varchar, lower_bound double, upper_bound double,
    partial varchar, cells_in bigint not null, cells_loaded bigint not null, cells_quarantined bigint not null,
    cells_duplicate bigint not null
);

create table core.observations (
    board_id varchar not null, capture_id varchar not null, seen_at timestamp not null, content_id varchar not null
);

create table core.results (
    content_id varchar not null, result_id varchar not null, board_id varchar not null, capture_id varchar not null,
    source varchar not null, source_url varchar not null, position integer not null, source_rank integer,
    source_sota boolean, model varchar not null, model_id varchar not null, base_model varchar not null,
    variant varchar[] not null, parameters double, shots integer, ensemble boolean, citation varchar,
    value double, value_text varchar not null, value_reason varchar, uncertainty double, components double[] not null,
    note varchar, unit varchar, value_flags varchar[] not null, extra_data boolean, paper_id varchar,
    paper_title varchar, paper_title_cut boolean not null, paper_title_key varchar, paper_url varchar,
    result_date date, paper_date date, code_url varchar
);

create table core.papers (
    record_id varchar not null, paper_id varchar not null, source varchar not null, capture_id varchar not null,
    url varchar not null, title varchar not null, title_key varchar, from_row boolean not null, authors varchar[] not null,
    published date, venue varchar, venue_year integer, venue_month integer, arxiv_id varchar, doi varchar,
    abstract varchar, tasks varchar[] not null, code_urls varchar[] not null, official_code_urls varchar[] not null,
    updated date, categories varchar[] not null, journal_ref varchar, results_listed integer not null, partial varchar
);

create table core.entries (
    source varchar not null, capture_id varchar not null, kind varchar not null, url varchar not null,
    name varchar not null, full_name varchar, homepage varchar, description varchar, introduced varchar,
    paper_title varchar, paper_url varchar, labels varchar[] not null
);

create table core.quarantine (
    content_id varchar, source varchar not null, capture_id varchar not null, source_url varchar not null,
    board_id varchar, leaderboard_id varchar, position integer, model varchar, field varchar not null,
    value_text varchar, reason varchar not null, detail varchar not null, expectation varchar not null,
    cells integer not null
);

create table core.aliases (model_id varchar not null, published varchar not null, rule varchar not null);

-- The runs: the record to trust, since an embedded Prefect server forgets.
create table core.runs (
    run_id varchar not null, kind varchar not null, started_at timestamp not null, finished_at timestamp not null,
    status varchar not null, sources varchar[] not null, vocabulary varchar not null, version varchar not null,
    counts map(varchar, bigint) not null, stages map(varchar, double) not null, warnings varchar[] not null,
    notes varchar[] not null, data_docs varchar
);

create table core.failures (
    run_id varchar not null, source varchar not null, url varchar not null, stage varchar not null,
    reason varchar not null, detail varchar not null, capture_id varchar
);

create table core.checks (
    run_id varchar not null, suite varchar not null, expectation varchar not null, severity varchar not null,
    success boolean not null, checked bigint not null, unexpected bigint not null, detail varchar not null
);

-- What transform.reconcile says, anew in each build: which results of which boards are one result, which boards
-- are on another scale than their leaderboard, and which names on one leaderboard look alike.
create table mart.matches (result_id varchar not null, merged_id varchar not null, rule varchar not null);
create table mart.factors (board_id varchar not null, factor double not null);
create table mart.near_names (
    leaderboard_id varchar not null, model varchar not null, other_model varchar not null, likeness double not null
);
