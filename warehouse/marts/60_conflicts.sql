-- Grain: one row a result, a field and a pair of boards that state it differently (the more trusted first), and one a
-- leaderboard and pair of boards that state different directions. Values that are equal once rounded to the fewer
-- decimals are no conflict: one source prints 83, another 83.04.
create or replace table mart.conflicts as
with scaled as (
    select
        m.merged_id, m.rule, r.*, coalesce(round(r.value * f.factor, 12), r.value) as scaled,
        -- What the cell prints, where it prints one number and no comma.
        case when not contains(r.value_text, ',') then regexp_extract(r.value_text, '\d+\.?\d*|\.\d+') end as printed,
        -- The power of ten between that and the value: 1.3B is 1.3 * 10 ** 9, a fraction may be read as percent.
        abs(scaled / nullif(try_cast(printed as double), 0)) as ratio,
        coalesce(round(log10(nullif(ratio, 0))), 0) as shift
    from mart.matches m join mart.rows r using (result_id) left join mart.factors f using (board_id)
),
members as (
    select
        *,
        case
            when abs(ratio / 10.0 ** shift - 1) < 1e-9 then length(regexp_extract(printed, '\.(\d*)', 1)) - shift
            else length(regexp_extract(format('{:.12f}', scaled), '\.(\d*[1-9])', 1))
        end as decimals
    from scaled
),
pairs as (
    select a.merged_id, a.leaderboard_id, a as one, b as other
    from members a
    join members b
      on a.merged_id = b.merged_id and (a.trust, a.board_id, a.position) < (b.trust, b.board_id, b.position)
),
found as (
    select *, 'value' as field, one.value_text as one_text, other.value_text as other_text from pairs
    where one.scaled is not null and other.scaled is not null
      and abs(one.scaled - other.scaled) > 0.5000001 * 10.0 ** -least(one.decimals, other.decimals)
    union all
    select *, 'value', one.value_text, other.value_text from pairs
    where (one.scaled is null) <> (other.scaled is null)
    union all
    select *, 'date', one.result_date::varchar, other.result_date::varchar from pairs
    where one.result_date <> other.result_date
    union all
    select *, 'extra_data', one.extra_data::varchar, other.extra_data::varchar from pairs
    where one.extra_data <> other.extra_data
    union all
    select *, 'paper', one.paper_title, other.paper_title from pairs
    where one.paper_id <> other.paper_id
)
select
    f.field as kind, f.leaderboard_id, f.merged_id as result_id, f.one.model as model,
    f.one.source as source, f.one_text as said, f.one.source_url as source_url, f.one.capture_id as capture_id,
    f.other.source as other_source, f.other_text as other_said, f.other.source_url as other_url,
    f.other.capture_id as other_capture_id
from found f
union all
select
    'direction', a.leaderboard_id, null, null, a.source,
    case when a.higher_is_better then 'higher' else 'lower' end || ' is better (' || a.direction_source || ')',
    a.locator, a.capture_id, b.source,
    case when b.higher_is_better then 'higher' else 'lower' end || ' is better (' || b.direction_source || ')',
    b.locator, b.capture_id
from mart.boards a
join mart.boards b
  on a.leaderboard_id = b.leaderboard_id and (a.trust, a.board_id) < (b.trust, b.board_id)
where a.higher_is_better <> b.higher_is_better;
