-- Grain: one row a paper. Each field comes from the first record that has it, in this order: papers' own records
-- before what rows of leaderboards say, the most trusted source, the newest capture. `field_sources` says which.
create or replace table mart.papers as
with latest as (
    select p.*, m.merged_id, s.trust, c.fetched_at
    from core.papers p
    join mart.paper_ids m using (paper_id)
    join core.sources s using (source)
    left join core.captures c using (capture_id)
    -- Of one page, the record of its newest capture; of rows, every record.
    qualify p.from_row or c.fetched_at is not distinct from max(c.fetched_at) over (
        partition by p.source, p.url, p.paper_id, p.from_row
    )
),
ordered as (
    select
        *,
        row_number() over (
            partition by merged_id order by from_row, trust, fetched_at desc, length(title) desc, record_id
        ) as place
    from latest
)
select
    merged_id as paper_id,
    arg_min(title, (title_key is null, place)) as title,
    bool_and(title_key is null) as title_cut,
    coalesce(arg_min(authors, place) filter (where len(authors) > 0), []) as authors,
    arg_min(published, place) filter (where published is not null) as published,
    arg_min(updated, place) filter (where updated is not null) as updated,
    arg_min(venue, place) filter (where venue is not null) as venue,
    arg_min(venue_year, place) filter (where venue is not null) as venue_year,
    arg_min(venue_month, place) filter (where venue is not null) as venue_month,
    arg_min(arxiv_id, place) filter (where arxiv_id is not null) as arxiv_id,
    arg_min(doi, place) filter (where doi is not null) as doi,
    coalesce(arg_min(categories, place) filter (where len(categories) > 0), []) as categories,
    arg_min(journal_ref, place) filter (where journal_ref is not null) as journal_ref,
    arg_min(abstract, place) filter (where abstract is not null) as abstract,
    coalesce(arg_min(tasks, place) filter (where len(tasks) > 0), []) as tasks,
    list_sort(list_distinct(flatten(list(code_urls)))) as code_urls,
    list_sort(list_distinct(flatten(list(official_code_urls)))) as official_code_urls,
    arg_min(url, place) filter (where url <> '') as url,
    arg_min(source, place) as source,
    list_sort(list(distinct source)) as sources,
    arg_min(capture_id, place) as capture_id,
    map_from_entries(list_filter([
        {'key': 'title', 'value': arg_min(source, (title_key is null, place))},
        {'key': 'authors', 'value': arg_min(source, place) filter (where len(authors) > 0)},
        {'key': 'published', 'value': arg_min(source, place) filter (where published is not null)},
        {'key': 'updated', 'value': arg_min(source, place) filter (where updated is not null)},
        {'key': 'venue', 'value': arg_min(source, place) filter (where venue is not null)},
        {'key': 'arxiv_id', 'value': arg_min(source, place) filter (where arxiv_id is not null)},
        {'key': 'doi', 'value': arg_min(source, place) filter (where doi is not null)},
        {'key': 'categories', 'value': arg_min(source, place) filter (where len(categories) > 0)},
        {'key': 'journal_ref', 'value': arg_min(source, place) filter (where journal_ref is not null)},
        {'key': 'abstract', 'value': arg_min(source, place) filter (where abstract is not null)},
        {'key': 'tasks', 'value': arg_min(source, place) filter (where len(tasks) > 0)}
    ], lambda entry : entry.value is not null)) as field_sources
from ordered
group by merged_id;
