-- Grain: one row a dataset as a dump describes it; of several captures, the newest.
create or replace view datasets as
select e.source, e.url, e.name, e.full_name, e.homepage, e.description, e.introduced, e.paper_title, e.paper_url, e.labels,
       d.capture_id
from core.entries e
join core.captures c using (capture_id)
join mart.documents d on d.source = c.source and d.url = c.url and d.digest = c.digest
where e.kind = 'dataset'
qualify row_number() over (partition by e.source, e.url, e.name order by d.last_seen desc, d.capture_id) = 1;

comment on view datasets is 'What dumps say of datasets.';
comment on column datasets.source is 'The source.';
comment on column datasets.url is 'Its page in the source.';
comment on column datasets.name is 'Name.';
comment on column datasets.full_name is 'Full name.';
comment on column datasets.homepage is 'Its own site.';
comment on column datasets.description is 'Description.';
comment on column datasets.introduced is 'When it was introduced, as published.';
comment on column datasets.paper_title is 'Paper that introduced it.';
comment on column datasets.paper_url is 'Address of that paper.';
comment on column datasets.labels is 'Tasks, modalities or collections that it is filed under.';
comment on column datasets.capture_id is 'The capture (view captures).';
