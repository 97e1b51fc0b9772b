-- Grain: one row a record of a paper and stretch of time in which it counts. What a row of a leaderboard says counts from then on;
-- of one paper's own page (or of one paper in a document), what was seen last.
create or replace table mart.paper_facts as
with own as (
    select
        p.rowid as record, p.record_id, p.paper_id, p.source, p.url, p.title_key, coalesce(t.url, '') as document,
        coalesce(t.digest, '') as digest, p.capture_id, coalesce(t.fetched_at, '-infinity') as fetched_at
    from core.papers p left join mart.capture_times t using (capture_id)
    where not p.from_row
    -- The same bytes, read twice, say nothing twice.
    qualify p.capture_id = first_value(p.capture_id) over (
        partition by p.source, p.url, p.paper_id, document, digest order by t.fetched_at, p.capture_id
    )
),
good as (
    from mart.capture_times where outcome in ('parsed', 'partly', 'confirmed')
),
changing as (
    select source, url, paper_id
    from own
    group by source, url, paper_id
    having count(distinct (document, digest)) > 1
),
looked as (
    select distinct
        o.source, o.url, o.paper_id, g.known_at,
        max({'fetched_at': g.fetched_at, 'capture_id': g.capture_id, 'document': o.document, 'digest': o.digest}) over (
            partition by o.source, o.url, o.paper_id order by g.known_at
            range between unbounded preceding and current row
        ) as newest
    from own o
    join changing using (source, url, paper_id)
    join good g on g.source = o.source and g.url = o.document and g.digest = o.digest
),
turns as (
    select source, url, paper_id, known_at as "at", newest.document as document, newest.digest as digest
    from looked
    qualify (document, digest) is distinct from lag((document, digest)) over (
        partition by source, url, paper_id order by known_at
    )
),
-- What a document says in one row, it says in each capture of the same bytes.
mentions as (
    select
        m.record_id, min(d."at") as "at", min(d.first_seen) as said_at,
        arg_min(d.capture_id, (d.first_seen, d.capture_id)) as capture_id
    from core.paper_mentions m
    join mart.capture_times t using (capture_id)
    join mart.documents d on d.source = t.source and d.url = t.url and d.digest = t.digest
    group by m.record_id
),
stretches as (
    select *, lead("at", 1, 'infinity'::timestamp) over (partition by source, url, paper_id order by "at") as until
    from turns
),
facts as (
    select
        o.record, o.record_id, o.paper_id, o.source, o.url, o.title_key, false as from_row,
        coalesce(s.first_seen, o.fetched_at) as said_at, coalesce(s.capture_id, o.capture_id) as capture_id,
        coalesce(s."at", '-infinity'::timestamp) as "at", 'infinity'::timestamp as until
    from own o
    anti join changing using (source, url, paper_id)
    left join mart.documents s on s.source = o.source and s.url = o.document and s.digest = o.digest
    union all
    select
        o.record, o.record_id, o.paper_id, o.source, o.url, o.title_key, false, s.first_seen, s.capture_id, t."at", t.until
    from own o
    join stretches t using (source, url, paper_id, document, digest)
    join mart.documents s on s.source = o.source and s.url = o.document and s.digest = o.digest
    union all
    select
        p.rowid, p.record_id, p.paper_id, p.source, p.url, p.title_key, true, m.said_at, m.capture_id, m."at",
        'infinity'::timestamp
    from core.papers p join mentions m using (record_id)
    where p.from_row
)
select f.*, s.trust
from facts f join core.sources s using (source);

-- What papers can be told by: their address, and the fingerprint of their title. Papers that share one hang together.
create or replace temp table paper_keys as
select distinct paper_id, hash('u', url) as key from mart.paper_facts where url <> ''
union
select distinct paper_id, hash('t', title_key) from mart.paper_facts where title_key is not null;

create or replace temp table paper_groups as
select distinct paper_id, paper_id as "group" from mart.paper_facts;
