-- Grain: as results. Competition ranks (1, 2, 2, 4) by value in the board's direction.
create or replace view ranked_results as
select
    result_id, leaderboard_id, model, model_id, base_model, variant, value, value_text, value_reason, uncertainty,
    components, note, unit, value_flags, extra_data, parameters, shots, ensemble, citation, paper_id, paper_title,
    paper_title_cut, paper_url, result_date, date_source, paper_date, code_url, source, sources, source_rank,
    source_sota, source_url, capture_id, first_seen, last_seen, listed,
    rank, rank_no_extra_data, gap_to_leader,
    case
        when score is not null and result_date is not null
        then result_id in (select result_id from mart.history where track = 'all')
    end as sota_at_release,
    result_id in (select result_id from mart.suspects) as suspect
from mart.results;

comment on view ranked_results is 'Results with ranks. A rank is NULL where value or direction is unknown, the metric is no quality, or the row is no longer listed.';
comment on column ranked_results.result_id is 'Id of the result; stays when its value is corrected.';
comment on column ranked_results.leaderboard_id is '<task>/<dataset>/<metric>, each part slugged.';
comment on column ranked_results.model is 'Model name as published.';
comment on column ranked_results.model_id is 'Folded name (case, dashes, blanks) and @paper_id where a paper is known: one name under two papers is two models.';
comment on column ranked_results.base_model is 'Model name without what stands in brackets behind it.';
comment on column ranked_results.variant is 'Parts of the name''s last brackets.';
comment on column ranked_results.value is 'The number, on the board''s one scale; NULL where value_reason says why.';
comment on column ranked_results.value_text is 'The cell as published.';
comment on column ranked_results.value_reason is 'Why the text gives no value (missing, not_a_number, ambiguous_comma …); NULL with a value.';
comment on column ranked_results.uncertainty is 'What stands behind ±, on the scale of value.';
comment on column ranked_results.components is 'All numbers of a cell that holds several.';
comment on column ranked_results.note is 'What stands in brackets behind the number.';
comment on column ranked_results.unit is 'percent (a share, as 0-1 or 0-100), count, ms …; NULL where unknown.';
comment on column ranked_results.value_flags is 'What was noticed in reading the value: marked, approximate, rescaled_x100, scale_outlier …';
comment on column ranked_results.extra_data is 'Whether the source says that extra training data was used. Many sources say no where they do not know.';
comment on column ranked_results.parameters is 'Number of parameters, where the model''s name states it.';
comment on column ranked_results.shots is 'Number of shots, where the model''s name states it; 0 for zero-shot.';
comment on column ranked_results.ensemble is 'True for an ensemble, false for a single model, NULL where the name says neither.';
comment on column ranked_results.citation is 'Authors and year where the model''s name holds a citation.';
comment on column ranked_results.paper_id is 'Id of the paper (view papers); NULL where the source names none.';
comment on column ranked_results.paper_title is 'Title of the paper, the fullest that is known.';
comment on column ranked_results.paper_title_cut is 'True where only a cut title is known.';
comment on column ranked_results.paper_url is 'Where the source''s row links to.';
comment on column ranked_results.result_date is 'Date of the result: the row''s own, else the paper''s. NULL where neither is known.';
comment on column ranked_results.date_source is 'Where result_date comes from: result or paper.';
comment on column ranked_results.paper_date is 'Date of the paper, where it is known.';
comment on column ranked_results.code_url is 'First code link of the row.';
comment on column ranked_results.source is 'The most trusted source that has the value.';
comment on column ranked_results.sources is 'All sources that list this result.';
comment on column ranked_results.source_rank is 'The number that the source prints at the row.';
comment on column ranked_results.source_sota is 'True where the source marks the row as state of the art at release; NULL where it marks nothing.';
comment on column ranked_results.source_url is 'Address of the page or file.';
comment on column ranked_results.capture_id is 'The capture that value_text was read from (view captures).';
comment on column ranked_results.first_seen is 'When it was first seen, UTC.';
comment on column ranked_results.last_seen is 'When it was last seen, UTC.';
comment on column ranked_results.listed is 'False where a later capture of its board lacks it: kept, not ranked.';
comment on column ranked_results.rank is 'Competition rank (1, 2, 2, 4) over all listed results of the leaderboard.';
comment on column ranked_results.rank_no_extra_data is 'Competition rank among results that are not said to use extra data.';
comment on column ranked_results.gap_to_leader is 'How far behind the leader, 0 or more, in the metric''s unit.';
comment on column ranked_results.sota_at_release is 'True where the value, on its date, was strictly better than every one dated before and best of its day; NULL without a date.';
comment on column ranked_results.suspect is 'True where the board''s own evidence puts the value in doubt (view suspects).';
