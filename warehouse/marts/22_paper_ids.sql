-- Grain: one row an id that some record of a paper bears and stretch of time, with the id that it is known under here and the
-- rule that joined them: `address` (one page, and one arXiv id known for it), `title` (equal fingerprints, and not two
-- arXiv ids among them), else `own`. Nothing is joined on similarity. `group` holds all ids that could ever touch each other.
create or replace table mart.paper_id_states as
with facts as (
    select g."group", f.paper_id, f.url, f.title_key, starts_with(f.paper_id, 'arxiv:') as is_arxiv, min(f."at") as "at"
    from mart.paper_facts f join paper_groups g using (paper_id)
    group by all
),
moments as (select distinct "group", "at" as moment from facts),
ids as (
    select m.moment, f.* exclude ("at")
    from moments m join facts f on f."group" = m."group" and f."at" <= m.moment
),
addresses as (
    select "group", moment, url, min(paper_id) as target
    from ids
    where is_arxiv and url <> ''
    group by "group", moment, url
    having count(distinct paper_id) = 1
),
by_address as (
    select i."group", i.moment, i.paper_id, min(a.target) as target
    from ids i join addresses a using ("group", moment, url)
    where not i.is_arxiv
    group by i."group", i.moment, i.paper_id
    having count(distinct a.target) = 1
),
addressed as (
    select i."group", i.moment, i.paper_id, i.title_key, coalesce(a.target, i.paper_id) as target
    from ids i left join by_address a using ("group", moment, paper_id)
),
titles as (
    select
        "group", moment, title_key,
        -- An arXiv id before a site's id before a bare title; of one kind, the least.
        min_by(
            target, (case when starts_with(target, 'arxiv:') then 1 when starts_with(target, 'title:') then 3 else 2 end, target)
        ) as target
    from addressed
    where title_key is not null
    group by "group", moment, title_key
    having count(distinct target) filter (where starts_with(target, 'arxiv:')) <= 1
),
by_title as (
    select a."group", a.moment, a.target as paper_id, min(t.target) as target
    from addressed a join titles t using ("group", moment, title_key)
    where not starts_with(a.target, 'arxiv:')
    group by a."group", a.moment, a.target
    having count(distinct t.target) = 1
),
joined as (
    select distinct
        a."group", a.moment as "at", a.paper_id,
        coalesce(t.target, a.target) as merged_id,
        case
            when t.target is not null and t.target <> a.target then 'title'
            when a.target <> a.paper_id then 'address'
            else 'own'
        end as rule
    from addressed a
    left join by_title t on t."group" = a."group" and t.moment = a.moment and t.paper_id = a.target
),
turns as (
    from joined
    qualify (merged_id, rule) is distinct from lag((merged_id, rule)) over (partition by paper_id order by "at")
)
select *, lead("at", 1, 'infinity'::timestamp) over (partition by paper_id order by "at") as until
from turns;

-- Grain: one row an id, as it is known now.
create or replace table mart.paper_ids as
select paper_id, merged_id, rule from mart.paper_id_states where until = 'infinity';

-- Times at which anything of a group of papers changes, each with the next one.
create or replace temp table paper_moments as
with moments as (
    select "group", "at" from mart.paper_id_states
    union
    select g."group", f."at" from mart.paper_facts f join paper_groups g using (paper_id)
    union
    select g."group", f.until from mart.paper_facts f join paper_groups g using (paper_id) where f.until <> 'infinity'
)
select *, lead("at", 1, 'infinity'::timestamp) over (partition by "group" order by "at") as until from moments;

-- Grain: one row a paper and stretch of time: what results take from it, each from the first record that has it
-- (mart.papers says in which order). `title_record` is the record that gives the title.
create or replace table mart.paper_states as
with valid as (
    select
        i."group", i.merged_id as paper_id, m."at", m.until, f.record, f.title_key is null as cut, p.published,
        row_number() over (
            partition by i.merged_id, m."at"
            order by f.from_row, f.trust, f.said_at desc, length(p.title) desc, f.record_id
        ) as place
    from paper_moments m
    join mart.paper_id_states i on i."group" = m."group" and i."at" <= m."at" and m."at" < i.until
    join mart.paper_facts f on f.paper_id = i.paper_id and f."at" <= m."at" and m."at" < f.until
    join core.papers p on p.rowid = f.record
),
states as (
    select
        "group", paper_id, "at", until,
        arg_min(record, (cut, place)) as title_record,
        bool_and(cut) as title_cut,
        arg_min(published, place) filter (where published is not null) as published
    from valid
    group by "group", paper_id, "at", until
),
turns as (
    select
        *,
        (title_record, title_cut, published, "at") is distinct from lag((title_record, title_cut, published, until)) over (
            partition by paper_id order by "at"
        ) as turns
    from states
),
stretches as (
    select *, count(*) filter (where turns) over (partition by paper_id order by "at") as stretch from turns
)
select
    "group", paper_id, title_record, title_cut, published, min("at") as "at", max(until) as until
from stretches
group by "group", paper_id, title_record, title_cut, published, stretch;

-- Grain: one row a cut title of a leaderboard and stretch of time, with the one paper whose title begins so; NULL while there is
-- none, or several.
create or replace table mart.cut_titles as
with cut as (
    select distinct paper_title, rtrim(regexp_replace(paper_title, '\s*(\.\.\.|…)$', '')) as prefix
    from core.results
    where paper_title_cut and paper_id is null
),
candidates as (
    select c.paper_title, s.paper_id, s."at", s.until
    from cut c
    -- The equality is there for a hash join: thousands of cut titles meet half a million papers.
    join (
        select s.*, p.title from mart.paper_states s join core.papers p on p.rowid = s.title_record where not s.title_cut
    ) s on left(s.title, 20) = left(c.prefix, 20) and starts_with(s.title, c.prefix)
    where length(c.prefix) >= 20
),
moments as (
    select paper_title, "at" from candidates
    union
    select paper_title, until from candidates where until <> 'infinity'
),
states as (
    select
        m.paper_title, m."at", case when count(distinct c.paper_id) = 1 then min(c.paper_id) end as paper_id
    from moments m
    left join candidates c on c.paper_title = m.paper_title and c."at" <= m."at" and m."at" < c.until
    group by m.paper_title, m."at"
)
select *, lead("at", 1, 'infinity'::timestamp) over (partition by paper_title order by "at") as until from states;
