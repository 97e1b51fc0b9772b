-- Grain: one row a method as a dump describes it; of several captures, the newest.
create or replace view methods as
select e.source, e.url, e.name, e.full_name, e.homepage, e.description, e.introduced, e.paper_title, e.paper_url, e.labels,
       d.capture_id
from core.entries e
join core.captures c using (capture_id)
join mart.documents d on d.source = c.source and d.url = c.url and d.digest = c.digest
where e.kind = 'method'
qualify row_number() over (partition by e.source, e.url, e.name order by d.last_seen desc, d.capture_id) = 1;

comment on view methods is 'What dumps say of methods.';
comment on column methods.source is 'The source.';
comment on column methods.url is 'Its page in the source.';
comment on column methods.name is 'Name.';
comment on column methods.full_name is 'Full name.';
comment on column methods.homepage is 'Its own site.';
comment on column methods.description is 'Description.';
comment on column methods.introduced is 'When it was introduced, as published.';
comment on column methods.paper_title is 'Paper that introduced it.';
comment on column methods.paper_url is 'Address of that paper.';
comment on column methods.labels is 'Tasks, modalities or collections that it is filed under.';
comment on column methods.capture_id is 'The capture (view captures).';
