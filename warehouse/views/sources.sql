-- Grain: one row a source.
create or replace view sources as
select
    s.source, s.title, s.licence, s.licence_url, s.attribution, s.address, s.trust,
    coalesce(b.leaderboards, 0) as leaderboards, coalesce(b.results, 0) as results, b.last_seen
from core.sources s
left join (
    select source, count(distinct leaderboard_id) as leaderboards, sum(cells_loaded) as results, max(last_seen) as last_seen
    from mart.boards
    group by source
) b using (source);

comment on view sources is 'The sources: licence, attribution, order of trust, what is loaded of each.';
comment on column sources.source is 'Name of the source.';
comment on column sources.title is 'Its title.';
comment on column sources.licence is 'Licence of its data.';
comment on column sources.licence_url is 'Where the licence is.';
comment on column sources.attribution is 'What to print beside its data.';
comment on column sources.address is 'Its address.';
comment on column sources.trust is 'Order where sources disagree; 1 is trusted most.';
comment on column sources.leaderboards is 'Leaderboards loaded from it.';
comment on column sources.results is 'Cells loaded from it.';
comment on column sources.last_seen is 'When one of its boards was last seen, UTC.';
