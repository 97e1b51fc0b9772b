-- Grain: one row a change of what the sources say, with the capture that showed it: of the row's board where that is what changed,
-- else of the paper, else of another board of the leaderboard; and the run that fetched it, or that accepted it. It follows from the
-- facts, in whatever order they were loaded.
create or replace temp table made_changes as
with shown as (
    select e.capture_id, e.known_at, min(a.run_id) as accepted_by
    from mart.seen e
    left join core.acceptances a on a.board_id = e.board_id and a.capture_id = e.capture_id and a.accepted_at = e.known_at
    group by e.capture_id, e.known_at
),
papers as (
    select i.merged_id as paper_id, f."at", min(f.capture_id) as capture_id
    from mart.paper_facts f join mart.paper_id_states i on i.paper_id = f.paper_id and i."at" <= f."at" and f."at" < i.until
    group by all
),
boards as (select leaderboard_id, "at", min(capture_id) as capture_id from spans group by leaderboard_id, "at"),
evidence as (
    select t.* exclude (shown_in, paper_id), coalesce(s.capture_id, p.capture_id, b.capture_id) as capture_id
    from found_changes t
    left join shown s on s.capture_id = t.shown_in and s.known_at = t.changed_at
    left join papers p on p.paper_id = t.paper_id and p."at" = t.changed_at
    left join boards b on b.leaderboard_id = t.leaderboard_id and b."at" = t.changed_at
)
select e.*, s.accepted_by
from evidence e
left join shown s on s.capture_id = e.capture_id and s.known_at = e.changed_at
order by e.changed_at, e.leaderboard_id, e.kind, e.result_id;

create table if not exists mart.changes as from made_changes limit 0;
delete from mart.changes c using since s where s.leaderboard_id = c.leaderboard_id and c.changed_at >= s.since;
delete from mart.changes where leaderboard_id not in (select leaderboard_id from since);
insert into mart.changes by name from made_changes;
