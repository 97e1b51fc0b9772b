-- Grain: one row an id that some record of a paper bears, with the id that it is known under here and the rule
-- that joined them: `address` (one page, and one arXiv id known for it), `title` (equal fingerprints, and not two
-- arXiv ids among them), else `own`. Nothing is joined on similarity.
create or replace table mart.paper_ids as
with ids as (
    select distinct paper_id, url, title_key, starts_with(paper_id, 'arxiv:') as is_arxiv
    from core.papers
),
addresses as (
    select url, min(paper_id) as target
    from ids
    where is_arxiv and url <> ''
    group by url
    having count(distinct paper_id) = 1
),
by_address as (
    select i.paper_id, min(a.target) as target
    from ids i join addresses a using (url)
    where not i.is_arxiv
    group by i.paper_id
    having count(distinct a.target) = 1
),
addressed as (
    select i.paper_id, i.title_key, coalesce(a.target, i.paper_id) as target
    from ids i left join by_address a using (paper_id)
),
titles as (
    select
        title_key,
        -- An arXiv id before a site's id before a bare title; of one kind, the least.
        min_by(
            target, (case when starts_with(target, 'arxiv:') then 1 when starts_with(target, 'title:') then 3 else 2 end, target)
        ) as target
    from addressed
    where title_key is not null
    group by title_key
    having count(distinct target) filter (where starts_with(target, 'arxiv:')) <= 1
),
by_title as (
    select a.target as paper_id, min(t.target) as target
    from addressed a join titles t using (title_key)
    where not starts_with(a.target, 'arxiv:')
    group by a.target
    having count(distinct t.target) = 1
)
select distinct
    a.paper_id,
    coalesce(t.target, a.target) as merged_id,
    case
        when t.target is not null and t.target <> a.target then 'title'
        when a.target <> a.paper_id then 'address'
        else 'own'
    end as rule
from addressed a
left join by_title t on t.paper_id = a.target;
