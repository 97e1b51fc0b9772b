"""Raw records in, typed records out: pure, page by page, in passes.

    RawBoard ──▶ Draft ──PASSES──▶ Draft ──▶ Board, Result, Paper, Quarantined, ModelAlias

What is given for a page depends on that page and the vocabulary alone, so the work grows with the number of
cells and any part of it can be done again by itself. Every cell (one metric of one row) is counted once:
loaded with a value, quarantined with a reason, or part of an exact duplicate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

from sotaduck.records import (
    Board,
    ModelAlias,
    Normalised,
    Paper,
    Quarantined,
    RawBoard,
    RawEntry,
    RawPaper,
    RawRow,
    Result,
)
from transform.draft import Column, Draft, Pass
from transform.leaderboards import identify_leaderboards, result_id
from transform.metrics import name_metrics
from transform.models import identify_models
from transform.order import compare_order
from transform.papers import identify_papers, papers_of_rows, read_paper, unread_dates
from transform.rows import drop_duplicates
from transform.scale import settle_scales
from transform.values import read_values
from transform.vocabulary import Vocabulary

PASSES: tuple[Pass, ...] = (
    drop_duplicates,
    name_metrics,
    read_values,
    settle_scales,
    identify_models,
    identify_papers,
    identify_leaderboards,
    compare_order,
)
"""The transform of a leaderboard page, in order; each pass is the public work of one module."""

GRAMMAR = "value grammar"


def normalise(
    boards: Iterable[RawBoard],
    papers: Iterable[RawPaper],
    entries: Iterable[RawEntry],
    vocabulary: Vocabulary,
) -> Normalised:
    """Everything that the pages and records say, typed; entries pass as they are."""
    found_boards: list[Board] = []
    results: list[Result] = []
    found_papers: list[Paper] = []
    quarantine: list[Quarantined] = []
    aliases: dict[ModelAlias, None] = {}
    warnings: list[str] = []
    for raw in boards:
        draft = Draft(raw)
        for step in PASSES:
            draft = step(draft, vocabulary)
        digest = _digest(raw)
        for column in draft.columns:
            loaded, refused = _cells(draft, column)
            found_boards.append(_board(draft, column, loaded, refused, digest))
            results += loaded
            quarantine += refused
        quarantine += _dates(draft)
        found_papers += papers_of_rows(draft)
        warnings += draft.warnings
        names = {model.published: model for model in draft.models if model.model_id}
        aliases.update((ModelAlias(m.model_id, m.published, m.rule), None) for m in names.values())
    for described in papers:
        paper, unread = read_paper(described, vocabulary)
        found_papers.append(paper)
        quarantine += unread
    return Normalised(
        boards=tuple(found_boards),
        results=tuple(results),
        papers=tuple(found_papers),
        entries=tuple(entries),
        quarantine=tuple(quarantine),
        aliases=tuple(sorted(aliases, key=lambda alias: (alias.model_id, alias.published))),
        warnings=tuple(warnings),
    )


def _board(
    draft: Draft, column: Column, loaded: list[Result], refused: list[Quarantined], digest: str
) -> Board:
    raw, metric, scale = draft.board, column.metric, column.scale
    return Board(
        board_id=column.board_id,
        leaderboard_id=column.leaderboard_id,
        source=raw.source,
        capture_id=raw.capture_id,
        locator=raw.locator,
        area=raw.area,
        task=raw.task,
        dataset=raw.dataset,
        metric=metric.name,
        metric_published=column.published.name,
        metric_kind=metric.kind,
        higher_is_better=column.higher_is_better,
        direction_source=column.direction_source,
        unit=_unit(column),
        lower_bound=scale.lower_bound if scale else metric.lower_bound,
        upper_bound=scale.upper_bound if scale else metric.upper_bound,
        partial=raw.partial,
        cells_in=len(raw.rows),
        cells_loaded=sum(result.value is not None for result in loaded),
        cells_quarantined=sum(line.cells for line in refused),
        cells_duplicate=draft.repeats,
        content_digest=digest,
    )


_ROW = attrgetter(*(item.name for item in fields(RawRow)))
_PAGE = attrgetter(*(item.name for item in fields(RawBoard) if item.name not in ("capture_id", "rows")))


def _digest(raw: RawBoard) -> str:
    """Names what the page says, whatever capture it is from."""
    said = repr((_PAGE(raw), [_ROW(row) for row in raw.rows]))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _unit(column: Column) -> str | None:
    """The unit of a board's values: a share is in percent, or a fraction where the board says it so."""
    fraction = column.scale is not None and column.scale.scale == "fraction"
    return "fraction" if fraction and column.metric.unit == "percent" else column.metric.unit


def _cells(draft: Draft, column: Column) -> tuple[list[Result], list[Quarantined]]:
    """The results of one board, and a line for each cell that has no value.

    A cell with any text is a result even without a value; a row without a model's name is none.
    """
    raw, unit = draft.board, _unit(column)
    results: list[Result] = []
    refused: list[Quarantined] = []
    cells = zip(
        draft.rows, draft.models, draft.references, draft.row_keys, column.texts, column.values, strict=True
    )
    for row, model, reference, key, text, value in cells:
        if model.model_id and value.number is None and value.reason is not None:
            word = column.metric.kind == "descriptor" and value.reason != "missing"
            reason = "descriptor" if word else value.reason
            refused.append(_refused(draft, column, row.position, row.model, "value", text, reason))
        if not model.model_id:
            refused.append(_refused(draft, column, row.position, row.model, "row", text, "no_model"))
            continue
        if text is None or not text.strip():
            continue
        results.append(
            Result(
                result_id=result_id(column, key),
                board_id=column.board_id,
                leaderboard_id=column.leaderboard_id,
                source=raw.source,
                capture_id=raw.capture_id,
                source_url=raw.locator,
                position=row.position,
                source_rank=row.rank,
                source_sota=row.sota_badge,
                model=row.model,
                model_id=model.model_id,
                base_model=model.base,
                variant=model.variant,
                parameters=model.parameters,
                shots=model.shots,
                ensemble=model.ensemble,
                citation=model.citation,
                value=value.number,
                value_text=text,
                value_reason=value.reason,
                uncertainty=value.uncertainty,
                components=value.components,
                note=value.note,
                unit=value.unit or unit,
                value_flags=value.flags,
                extra_data=row.extra_data,
                paper_id=reference.paper_id,
                paper_title=row.paper_title,
                paper_title_cut=row.paper_title_cut,
                paper_title_key=reference.title_key,
                paper_url=row.paper_url,
                result_date=reference.result_date,
                paper_date=reference.paper_date,
                date_source=reference.date_source,
                code_url=row.code_urls[0] if row.code_urls else None,
            )
        )
    return results, refused


DETAILS = {
    "missing": "the cell says nothing",
    "no_model": "the row names no model",
    "descriptor": "a word about the entry in a column of words",
    "not_a_number": "the cell is no number",
    "not_finite": "the cell names no finite number",
    "several_values": "several numbers, and the metric's name does not say which one counts",
    "range": "a range of numbers is no value",
    "bound": "a bound is no value",
    "ambiguous_comma": "nothing in the column tells whether the comma parts thousands or decimals",
    "ambiguous_magnitude": "nothing in the column tells whether the letter is a magnitude",
    "other_unit": "the cell is in another unit than its column",
    "out_of_range": "no floating-point number holds it",
    "too_long": "the cell is prose",
    "incomplete_date": "a date without its day",
    "no_such_day": "the calendar has no such day",
    "not_a_date": "the text is no ISO date",
}
"""What each reason means, in words."""


def _refused(
    draft: Draft, column: Column, position: int, model: str, field: str, text: str | None, reason: str
) -> Quarantined:
    raw = draft.board
    return Quarantined(
        source=raw.source,
        capture_id=raw.capture_id,
        source_url=raw.locator,
        board_id=column.board_id,
        leaderboard_id=column.leaderboard_id,
        position=position,
        model=model,
        field=field,
        value_text=text,
        reason=reason,
        detail=DETAILS[reason],
        expectation=GRAMMAR,
        cells=1,
    )


def _dates(draft: Draft) -> list[Quarantined]:
    """A line for each date that could not be read, under the page's first board."""
    raw, first = draft.board, draft.columns[0] if draft.columns else None
    return [
        Quarantined(
            source=raw.source,
            capture_id=raw.capture_id,
            source_url=raw.locator,
            board_id=first.board_id if first else None,
            leaderboard_id=first.leaderboard_id if first else None,
            position=row.position,
            model=row.model,
            field="date",
            value_text=text,
            reason=reason,
            detail=DETAILS[reason],
            expectation="date grammar",
            cells=0,
        )
        for row, text, reason in unread_dates(draft)
    ]
