-- What changed from one moment of a leaderboard to the next, in `result_states` and `leaderboard_moments`: whoever made these, from
-- the facts (changes of the sources) or from what two releases made of the same facts (our own changes).
create or replace temp table ranked_states as
select
    leaderboard_id, place, "at", result_id, members, board_id, model_key, model, value, value_text, value_reason, result_date, paper_id, paper_title,
    paper_url, extra_data, source, source_url, source_rank, shown_in, score,
    case when score is not null then rank() over (partition by leaderboard_id, place order by score desc nulls last) end as rank,
    case
        when in_no_extra_data
        then rank() over (partition by leaderboard_id, place, in_no_extra_data order by score desc nulls last)
    end as rank_no_extra_data
from result_states
where listed;

-- One title, or the beginning of one that a page has cut; letters and digits count.
create or replace temp macro letters(title) as lower(regexp_replace(title, '[^\pL\pN]', '', 'g'));
create or replace temp macro same_title(one, other) as
    letters(one) <> '' and letters(other) <> ''
    and (starts_with(letters(one), letters(other)) or starts_with(letters(other), letters(one)));

-- Each result with what it was a moment before: the same id; or, where a source came or went, the id that one of its rows had; or
-- a row of the same board that is gone at this moment, and has its name, or its paper and its value, and nothing else has.
create or replace temp table continued as
with same as (
    select c.leaderboard_id, c.place, c.result_id, c.result_id as was
    from ranked_states c
    join ranked_states p on p.leaderboard_id = c.leaderboard_id and p.place = c.place - 1 and p.result_id = c.result_id
),
new_rows as (
    select c.leaderboard_id, c.place, c.result_id, unnest(c.members) as row_id
    from ranked_states c anti join same s using (leaderboard_id, place, result_id)
),
old_rows as (
    select p.leaderboard_id, p.place + 1 as place, p.result_id, unnest(p.members) as row_id
    from ranked_states p
    anti join same s on s.leaderboard_id = p.leaderboard_id and s.place = p.place + 1 and s.was = p.result_id
),
moved as (
    select distinct n.leaderboard_id, n.place, n.result_id, o.result_id as was
    from new_rows n join old_rows o using (leaderboard_id, place, row_id)
    qualify row_number() over (partition by n.leaderboard_id, n.place, n.result_id order by o.result_id) = 1
        and row_number() over (partition by n.leaderboard_id, n.place, o.result_id order by n.result_id) = 1
),
new_states as (
    select n.*
    from ranked_states n
    anti join same s using (leaderboard_id, place, result_id)
    anti join moved m using (leaderboard_id, place, result_id)
),
old_states as (
    select p.* replace (p.place + 1 as place)
    from ranked_states p
    anti join same s on s.leaderboard_id = p.leaderboard_id and s.place = p.place + 1 and s.was = p.result_id
    anti join moved m on m.leaderboard_id = p.leaderboard_id and m.place = p.place + 1 and m.was = p.result_id
),
of_name as (
    select n.leaderboard_id, n.place, n.result_id, o.result_id as was
    from new_states n
    join old_states o using (leaderboard_id, place, board_id, model_key)
    qualify count(*) over (partition by n.leaderboard_id, n.place, n.result_id) = 1
        and count(*) over (partition by n.leaderboard_id, n.place, o.result_id) = 1
),
of_value as (
    select n.leaderboard_id, n.place, n.result_id, o.result_id as was
    from new_states n
    join old_states o using (leaderboard_id, place, board_id, paper_id, value_text)
    anti join of_name a on a.leaderboard_id = n.leaderboard_id and a.place = n.place
        and (a.result_id = n.result_id or a.was = o.result_id)
    qualify count(*) over (partition by n.leaderboard_id, n.place, n.result_id) = 1
        and count(*) over (partition by n.leaderboard_id, n.place, o.result_id) = 1
)
from same union all from moved union all from of_name union all from of_value;

-- Who leads at each moment, on each track: of those that tie, who was there first.
create or replace temp table leaders as
with tracks as (
    select *, 'all' as track, rank as standing from ranked_states
    union all
    select *, 'no_extra_data', rank_no_extra_data from ranked_states
)
select
    leaderboard_id, place, track,
    arg_min(result_id, (result_date is null, result_date, source_rank is null, source_rank, result_id)) as result_id,
    list(result_id) as tied, any_value(score) as score
from tracks
where standing = 1
group by leaderboard_id, place, track;

-- Grain: one row a change of an answer.
create or replace temp table found_changes as
with continuing as (
    -- Where a leaderboard comes, goes or comes back as a whole, that is said once.
    from leaderboard_moments where listed and was_listed
),
pairs as (
    select c.leaderboard_id, c.place, n as now, p as before
    from continued k
    join continuing c using (leaderboard_id, place)
    join ranked_states n on n.leaderboard_id = k.leaderboard_id and n.place = k.place and n.result_id = k.result_id
    join ranked_states p on p.leaderboard_id = k.leaderboard_id and p.place = k.place - 1 and p.result_id = k.was
),
fresh as (
    select
        n as now, first.begun < n."at" as known_before
    from ranked_states n
    join continuing c using (leaderboard_id, place)
    anti join continued k using (leaderboard_id, place, result_id)
    join (
        select n.leaderboard_id, n.place, n.result_id, min(b.begun) as begun
        from (select leaderboard_id, place, result_id, unnest(members) as row_id from ranked_states) n
        left join beginnings b using (leaderboard_id, row_id)
        group by all
    ) first using (leaderboard_id, place, result_id)
),
gone as (
    select c.place, c."at", p as before, t.shown_in
    from ranked_states p
    join continuing c on c.leaderboard_id = p.leaderboard_id and c.place = p.place + 1
    anti join continued k on k.leaderboard_id = p.leaderboard_id and k.place = c.place and k.was = p.result_id
    left join result_states t
      on t.leaderboard_id = p.leaderboard_id and t.place = c.place and t.result_id = p.result_id
),
corrected as (
    select
        now, before, 'value' as field,
        -- Where the text is the same, its reading has changed.
        case when now.value_text = before.value_text then before.value::varchar else before.value_text end as old,
        case when now.value_text = before.value_text then now.value::varchar else now.value_text end as new
    from pairs
    where now.value is distinct from before.value
       or (now.value is null and now.value_text is distinct from before.value_text)
    union all
    select now, before, 'date', before.result_date::varchar, now.result_date::varchar from pairs
    where now.result_date is distinct from before.result_date
    union all
    -- Another paper, and not the same one under another id, or with its whole title.
    select now, before, 'paper', coalesce(before.paper_title, before.paper_id), coalesce(now.paper_title, now.paper_id) from pairs
    where now.paper_id is distinct from before.paper_id and not coalesce(same_title(now.paper_title, before.paper_title), false)
    union all
    select now, before, 'extra_data', before.extra_data::varchar, now.extra_data::varchar from pairs
    where now.extra_data is distinct from before.extra_data
    union all
    select now, before, 'model', before.model, now.model from pairs
    where now.model is distinct from before.model
),
of_results as (
    select
        now."at" as changed_at, case when known_before then 'returned' else 'new_result' end as kind,
        now.leaderboard_id as leaderboard_id, null::varchar as track, now.result_id as result_id, now.model as model,
        now.value as value, now.value_text as value_text, null::varchar as field, null::varchar as old, null::varchar as new,
        null::bigint as old_rank, now.rank as new_rank, now.paper_id as paper_id, now.paper_title as paper_title,
        now.paper_url as paper_url, now.source as source, now.source_url as source_url, now.shown_in as shown_in
    from fresh
    union all
    select
        "at", 'vanished', before.leaderboard_id, null, before.result_id, before.model, before.value, before.value_text,
        null, null, null, before.rank, null, before.paper_id, before.paper_title, before.paper_url, before.source,
        before.source_url, shown_in
    from gone
    union all
    select
        now."at", 'corrected', now.leaderboard_id, null, now.result_id, now.model, now.value, now.value_text,
        field, old, new, before.rank, now.rank, now.paper_id, now.paper_title, now.paper_url, now.source, now.source_url,
        now.shown_in
    from corrected
    union all
    select
        now."at", 'rank_moved', now.leaderboard_id, null, now.result_id, now.model, now.value, now.value_text,
        null, null, null, before.rank, now.rank, now.paper_id, now.paper_title, now.paper_url, now.source, now.source_url,
        now.shown_in
    from pairs
    where now.rank <> before.rank
),
tracks as (select unnest(['all', 'no_extra_data']) as track),
leads as (
    select
        c.leaderboard_id, c.place, c."at", t.track, l.result_id, l.score, b.result_id as was, b.score as was_score, c.shown_in,
        c.higher_is_better, k.was as was_called, list_contains(l.tied, coalesce(x.result_id, b.result_id)) as still_first
    from continuing c
    cross join tracks t
    left join leaders l on l.leaderboard_id = c.leaderboard_id and l.place = c.place and l.track = t.track
    left join leaders b on b.leaderboard_id = c.leaderboard_id and b.place = c.place - 1 and b.track = t.track
    left join continued k on k.leaderboard_id = c.leaderboard_id and k.place = c.place and k.result_id = l.result_id
    left join continued x on x.leaderboard_id = c.leaderboard_id and x.place = c.place and x.was = b.result_id
    where c.higher_is_better is not distinct from c.was_higher
),
turns as (
    select *, case when was is null or score > was_score then 'new_sota' else 'lost_sota' end as kind
    from leads
    -- A leader whose own value was corrected has taken no record from anyone, and one that now shares the first place lost none.
    where coalesce(was, result_id) is not null and was_called is distinct from was and still_first is distinct from true
),
of_leads as (
    select
        t.*, n.model, n.value, n.value_text, p.model as previous_model, p.value as previous_value, n.paper_id, n.paper_title,
        n.paper_url, coalesce(n.source, p.source) as source, coalesce(n.source_url, p.source_url) as source_url,
        case when t.kind = 'new_sota' then round(t.score - t.was_score, 10) end as improvement
    from turns t
    left join ranked_states n on n.leaderboard_id = t.leaderboard_id and n.place = t.place and n.result_id = t.result_id
    left join ranked_states p on p.leaderboard_id = t.leaderboard_id and p.place = t.place - 1 and p.result_id = t.was
),
beginnings as (
    select
        m.*, count(r.result_id) as results, any_value(r.model) filter (where r.result_id = l.result_id) as leader,
        any_value(r.value_text) filter (where r.result_id = l.result_id) as leader_value
    from leaderboard_moments m
    left join ranked_states r using (leaderboard_id, place)
    left join leaders l on l.leaderboard_id = m.leaderboard_id and l.place = m.place and l.track = 'all'
    where m.listed and not m.was_listed
    group by all
),
together as (
    select
        changed_at, kind, leaderboard_id, track, result_id, model, value, value_text, field, old, new, old_rank, new_rank,
        null::varchar as previous_result_id, null::varchar as previous_model, null::double as previous_value,
        null::double as improvement, null::bigint as results, paper_id, paper_title, paper_url, source, source_url, shown_in,
        case kind
            when 'new_result' then format('{} with {} is new', model, value_text)
            when 'returned' then format('{} with {} is listed again', model, value_text)
            when 'vanished' then format('{} with {} is no longer listed', model, value_text)
            when 'rank_moved' then format('{}: from rank {} to {}', model, old_rank, new_rank)
            else format('{}: {} was {}, is {}', model, replace(field, '_', ' '), coalesce(old, 'not known'), coalesce(new, 'not known'))
        end as detail
    from of_results
    union all
    select
        "at", kind, leaderboard_id, track, result_id, model, value, value_text, null, null, null, null, null, was, previous_model,
        previous_value, improvement, null, paper_id, paper_title, paper_url, source, source_url, shown_in,
        case
            when kind = 'new_sota' and was is null then format('{} is the first that leads, with {}', model, value_text)
            when kind = 'new_sota'
            then format('{} reaches {}, better by {:.6g} than {} ({:.10g})', model, value_text, improvement, previous_model, previous_value)
            when model is null then format('{} ({:.10g}) leads no longer; nobody is ranked', previous_model, previous_value)
            else format('{} ({:.10g}) leads no longer; {} leads with {}', previous_model, previous_value, model, value_text)
        end
    from of_leads
    union all
    select
        "at", case when was_ever_listed then 'leaderboard_returned' else 'new_leaderboard' end, leaderboard_id, null, null, null,
        null, null, null, null, null, null, null, null, null, null, null, results, null, null, null, source, locator, shown_in,
        case
            when leader is null then format('{} result{}, nobody is ranked', results, case when results = 1 then '' else 's' end)
            else format('{} result{}, {} leads with {}', results, case when results = 1 then '' else 's' end, leader, leader_value)
        end
    from beginnings
    union all
    select
        "at", 'leaderboard_vanished', leaderboard_id, null, null, null, null, null, null, null, null, null, null, null, null, null,
        null, null, null, null, null, source, locator, shown_in, 'its document no longer shows it'
    from leaderboard_moments
    where was_listed and not listed
    union all
    select
        "at", 'direction_changed', leaderboard_id, null, null, null, null, null, 'direction', old, new, null, null, null, null, null,
        null, null, null, null, null, source, locator, shown_in,
        format('direction was {}, is {}', coalesce(old, 'not known'), coalesce(new, 'not known'))
    from (
        select
            *,
            case was_higher when true then 'higher is better' when false then 'lower is better' end
                || ' (' || was_said_by || ')' as old,
            case higher_is_better when true then 'higher is better' when false then 'lower is better' end
                || ' (' || direction_source || ')' as new
        from leaderboard_moments
        where listed and was_listed and higher_is_better is distinct from was_higher
    )
)
from together;
