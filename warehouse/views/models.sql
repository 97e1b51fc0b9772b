-- Grain: one row a model: a folded name under one paper (or under none).
create or replace view models as
select
    model_id,
    arg_min(model, (last_seen, result_id)) as model,
    min(base_model) as base_model,
    list_sort(list(distinct model)) as published_names,
    any_value(paper_id) as paper_id,
    arg_min(paper_title, result_id) filter (where paper_title is not null) as paper_title,
    max(parameters) as parameters,
    count(*) as results,
    count(distinct leaderboard_id) as leaderboards,
    count(distinct leaderboard_id) filter (where rank = 1) as first_places,
    min(result_date) as first_date
from ranked_results
where listed
group by model_id;

comment on view models is 'One row a model: a name, folded, under one paper. The same name under two papers is two models.';
comment on column models.model_id is 'Folded name, and @paper_id where a paper is known.';
comment on column models.model is 'One of its names as published.';
comment on column models.base_model is 'Name without the brackets behind it.';
comment on column models.published_names is 'All names that were folded into this id.';
comment on column models.paper_id is 'The paper (view papers).';
comment on column models.paper_title is 'Title of the paper.';
comment on column models.parameters is 'Number of parameters, where the name states it.';
comment on column models.results is 'Listed results.';
comment on column models.leaderboards is 'Leaderboards that it is on.';
comment on column models.first_places is 'Leaderboards on which it ranks first.';
comment on column models.first_date is 'Date of its earliest result.';
