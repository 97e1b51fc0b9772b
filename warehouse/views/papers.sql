-- Grain: one row a paper, joined over sources by id, address or equal title.
create or replace view papers as
select
    p.paper_id, p.title, p.title_cut, p.authors, p.published, p.updated, p.venue, p.venue_year, p.venue_month,
    p.arxiv_id, p.doi, p.categories, p.journal_ref, p.abstract, p.tasks, p.code_urls, p.official_code_urls, p.url,
    p.source, p.sources, p.field_sources, coalesce(r.results, 0) as results, p.capture_id
from mart.papers p
left join (select paper_id, count(*) as results from mart.results where listed group by paper_id) r using (paper_id);

comment on view papers is 'One row a paper. Each field comes from the source that field_sources names.';
comment on column papers.paper_id is 'arxiv:<id>, else <source>:<its id>, else title:<fingerprint>.';
comment on column papers.title is 'The fullest title that is known.';
comment on column papers.title_cut is 'True where only a cut title is known.';
comment on column papers.authors is 'Authors in the order published; empty where unknown.';
comment on column papers.published is 'First publication (arXiv: version 1).';
comment on column papers.updated is 'Last version, where the source tells it.';
comment on column papers.venue is 'Venue as published.';
comment on column papers.venue_year is 'Year in the venue''s text.';
comment on column papers.venue_month is 'Month in the venue''s text.';
comment on column papers.arxiv_id is 'arXiv id without version.';
comment on column papers.doi is 'DOI.';
comment on column papers.categories is 'Subject classes, the primary one first.';
comment on column papers.journal_ref is 'Journal reference.';
comment on column papers.abstract is 'Abstract.';
comment on column papers.tasks is 'Task tags.';
comment on column papers.code_urls is 'Addresses of code, from all sources, sorted.';
comment on column papers.official_code_urls is 'Those that a source marks as official.';
comment on column papers.url is 'Address of the paper''s page in its source.';
comment on column papers.source is 'The first source that has it.';
comment on column papers.sources is 'All sources that have it.';
comment on column papers.field_sources is 'Which source each field comes from.';
comment on column papers.results is 'Listed results that belong to it.';
comment on column papers.capture_id is 'The capture that the record was read from (view captures).';
