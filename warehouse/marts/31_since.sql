-- Grain: one row a leaderboard: since when its past may differ from what is kept of it (infinity: it does not), and the moment
-- before that, from which the states are made again. What a mart says of facts that the last build did not have, or had
-- otherwise, is dated; whatever is known of the time before stays as it is. `old_…` is what the last
-- build knew, `new_…` what this one does.
create or replace temp table since as
with states as (
    select content_id, "at" from (from new_states except from old_states)
    union all
    select content_id, "at" from (from old_states except from new_states)
    union all
    -- A content that an older capture turns out to have said first.
    select s.content_id, s."at"
    from mart.board_states s join new_contents n using (content_id) join old_contents o using (content_id)
    where n.capture_id <> o.capture_id
),
facts as (
    select paper_id, "at" from (
        select record_id, paper_id, said_at, capture_id, "at" from new_facts
        except select record_id, paper_id, said_at, capture_id, "at" from old_facts
    )
    union all
    select paper_id, "at" from (
        select record_id, paper_id, said_at, capture_id, "at" from old_facts
        except select record_id, paper_id, said_at, capture_id, "at" from new_facts
    )
    union all
    select paper_id, until from (from new_facts except from old_facts)
    union all
    select paper_id, until from (from old_facts except from new_facts)
),
groups as (select g."group", min(f."at") as "at" from facts f join paper_groups g using (paper_id) group by g."group"),
titles as (
    (from new_titles except from old_titles) union all (from old_titles except from new_titles)
),
looks as (from new_looks except from old_looks union all (from old_looks except from new_looks)),
found as (
    select c.leaderboard_id, s."at" from states s join core.contents c using (content_id)
    union all
    select l.leaderboard_id, g."at" from linked l join paper_groups p using (paper_id) join groups g using ("group")
    union all
    select l.leaderboard_id, g."at"
    from linked l
    join mart.cut_titles c on c.paper_title = l.cut_title
    join paper_groups p on p.paper_id = c.paper_id
    join groups g using ("group")
    union all
    select l.leaderboard_id, t."at" from linked l join titles t on t.paper_title = l.cut_title
    union all
    from (from new_moments except from old_moments)
    union all
    from (from old_moments except from new_moments)
    union all
    select m.leaderboard_id, k.known_at
    from (select leaderboard_id, unnest(boards) as board_id from mirrors) m join looks k using (board_id)
),
firsts as (select leaderboard_id, min("at") as since from found group by leaderboard_id)
select
    m.leaderboard_id, coalesce(any_value(f.since), 'infinity'::timestamp) as since,
    coalesce(max(m.place) filter (where m."at" < coalesce(f.since, 'infinity'::timestamp)), 0) as place,
    coalesce(max(m."at") filter (where m."at" < coalesce(f.since, 'infinity'::timestamp)), '-infinity'::timestamp) as "before"
from mart.moments m left join firsts f using (leaderboard_id)
group by m.leaderboard_id;
