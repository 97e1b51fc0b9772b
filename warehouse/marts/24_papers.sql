-- Grain: one row a paper. Each field comes from the first record that has it, in this order: papers' own records
-- before what rows of leaderboards say, the most trusted source, the newest capture. `field_sources` says which.
--
-- The texts of a whole dump do not fit into memory together: first the order of the records is settled without
-- them, then the papers are put together in four parts.
create or replace temp table paper_records as
with current as (
    select
        f.record, i.merged_id, f.from_row, f.trust, f.said_at, length(p.title) as title_length, f.record_id, f.capture_id
    from mart.paper_facts f
    join mart.paper_ids i using (paper_id)
    join core.papers p on p.rowid = f.record
    where f.until = 'infinity'
)
select
    record, merged_id, capture_id,
    row_number() over (
        partition by merged_id order by from_row, trust, said_at desc, title_length desc, record_id
    ) as place
from current;

create or replace temp macro papers_of_part(part) as table
with merged as (
    select
        o.merged_id as paper_id,
        arg_min(p.title, (p.title_key is null, o.place)) as title,
        bool_and(p.title_key is null) as title_cut,
        coalesce(arg_min(p.authors, o.place) filter (where len(p.authors) > 0), []) as authors,
        arg_min(p.published, o.place) filter (where p.published is not null) as published,
        arg_min(p.updated, o.place) filter (where p.updated is not null) as updated,
        arg_min(p.venue, o.place) filter (where p.venue is not null) as venue,
        arg_min(p.venue_year, o.place) filter (where p.venue is not null) as venue_year,
        arg_min(p.venue_month, o.place) filter (where p.venue is not null) as venue_month,
        arg_min(p.arxiv_id, o.place) filter (where p.arxiv_id is not null) as arxiv_id,
        arg_min(p.doi, o.place) filter (where p.doi is not null) as doi,
        coalesce(arg_min(p.categories, o.place) filter (where len(p.categories) > 0), []) as categories,
        arg_min(p.journal_ref, o.place) filter (where p.journal_ref is not null) as journal_ref,
        arg_min(o.record, o.place) filter (where p.abstract is not null) as abstract_record,
        coalesce(arg_min(p.tasks, o.place) filter (where len(p.tasks) > 0), []) as tasks,
        list_sort(list_distinct(flatten(list(p.code_urls)))) as code_urls,
        list_sort(list_distinct(flatten(list(p.official_code_urls)))) as official_code_urls,
        arg_min(p.url, o.place) filter (where p.url <> '') as url,
        arg_min(p.source, o.place) as source,
        list_sort(list(distinct p.source)) as sources,
        arg_min(o.capture_id, o.place) as capture_id,
        map_from_entries(list_filter([
            {'key': 'title', 'value': arg_min(p.source, (p.title_key is null, o.place))},
            {'key': 'authors', 'value': arg_min(p.source, o.place) filter (where len(p.authors) > 0)},
            {'key': 'published', 'value': arg_min(p.source, o.place) filter (where p.published is not null)},
            {'key': 'updated', 'value': arg_min(p.source, o.place) filter (where p.updated is not null)},
            {'key': 'venue', 'value': arg_min(p.source, o.place) filter (where p.venue is not null)},
            {'key': 'arxiv_id', 'value': arg_min(p.source, o.place) filter (where p.arxiv_id is not null)},
            {'key': 'doi', 'value': arg_min(p.source, o.place) filter (where p.doi is not null)},
            {'key': 'categories', 'value': arg_min(p.source, o.place) filter (where len(p.categories) > 0)},
            {'key': 'journal_ref', 'value': arg_min(p.source, o.place) filter (where p.journal_ref is not null)},
            {'key': 'abstract', 'value': arg_min(p.source, o.place) filter (where p.abstract is not null)},
            {'key': 'tasks', 'value': arg_min(p.source, o.place) filter (where len(p.tasks) > 0)}
        ], lambda entry : entry.value is not null)) as field_sources
    from paper_records o join core.papers p on p.rowid = o.record
    where hash(o.merged_id) % 4 = part
    group by o.merged_id
)
-- Abstracts are most of the text that there is: they are looked up once it is known which ones are wanted.
select m.* exclude (abstract_record), a.abstract
from merged m left join core.papers a on a.rowid = m.abstract_record;

create or replace table mart.papers as from papers_of_part(0);
insert into mart.papers from papers_of_part(1);
insert into mart.papers from papers_of_part(2);
insert into mart.papers from papers_of_part(3);
drop table paper_records;
drop macro table papers_of_part;
