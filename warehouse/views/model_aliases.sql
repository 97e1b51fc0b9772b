-- Grain: one row a published name and the id that it reached, where several names reached one id or a rule of the vocabulary took it there.
create or replace view model_aliases as
select model_id, published, rule, count(*) over (partition by model_id) as names
from core.aliases
qualify count(*) over (partition by model_id) > 1 or rule like 'vocabulary%';

comment on view model_aliases is 'Published names that were joined, with the rule that joined them.';
comment on column model_aliases.model_id is 'Folded name, without a paper.';
comment on column model_aliases.published is 'Name as published.';
comment on column model_aliases.rule is 'What took it to the id: folding, or an entry of the vocabulary.';
comment on column model_aliases.names is 'How many names reached this id.';
