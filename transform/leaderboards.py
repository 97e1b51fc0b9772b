"""The identity of leaderboards, boards and results.

    leaderboard   `<task>/<dataset>/<metric>`, slugs: the same in every source
    board         one source's page and label of it: a digest of source, locator and label as published
    result        one row of a board over time, whatever its value and rank: a corrected value keeps its id

Areas are kept as stated and are never part of an identity (row 24).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from sotaduck.records import RawRow
from transform.draft import Column, Draft, Reference
from transform.models import Model
from transform.slugs import slug
from transform.vocabulary import Vocabulary

DIGITS = 16
"""Hex digits of a board's id: 2⁶⁴ values, so a collision among 10⁵ boards has odds of 1 in 10⁹."""
RESULT_DIGITS = 20


def identify_leaderboards(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: ids of the columns, and for each row what tells it from the others."""
    board = draft.board
    place = _place(board.task, board.dataset, vocabulary)
    columns = tuple(
        replace(
            column,
            board_id=_digest(repr((board.source, board.locator, column.published.name)), DIGITS),
            leaderboard_id=f"{place}/{column.metric.slug or slug(column.metric.name)}",
        )
        for column in draft.columns
    )
    return replace(draft, columns=columns, row_keys=_row_keys(draft))


def result_id(column: Column, row_key: str) -> str:
    """The identity of one cell's result over time."""
    return _digest(f"{column.leaderboard_id}/{column.board_id}/{row_key}", RESULT_DIGITS)


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def _row_keys(draft: Draft) -> tuple[str, ...]:
    """Model, paper, extra data, and a number where rows share all of these (row 18)."""
    seen: dict[tuple[object, ...], int] = {}
    keys = []
    for row, model, reference in zip(draft.rows, draft.models, draft.references, strict=True):
        key = (model.model_id, _paper(row, reference, model), row.extra_data)
        seen[key] = ordinal = seen.get(key, -1) + 1
        keys.append(repr((*key, ordinal)))
    return tuple(keys)


def _paper(row: RawRow, reference: Reference, model: Model) -> str:
    """What the row says of its paper: the id, else the title as far as it is known, else the citation."""
    return reference.paper_id or row.paper_title or model.citation or ""


@lru_cache(maxsize=1 << 14)
def _place(task: str, dataset: str, vocabulary: Vocabulary) -> str:
    """`<task>/<dataset>` as slugs, by the names that the vocabulary keeps."""
    known = _known(vocabulary)
    pair = (slug(task), slug(dataset))
    task_slug, dataset_slug = known.places.get(
        pair, (known.tasks.get(pair[0], pair[0]), known.datasets.get(pair[1], pair[1]))
    )
    return f"{task_slug}/{dataset_slug}"


class _Known(Struct, frozen=True):
    """`leaderboards.toml` as slugs: from the other names to those that are kept."""

    tasks: Mapping[str, str]
    datasets: Mapping[str, str]
    places: Mapping[tuple[str, str], tuple[str, str]]


@lru_cache(maxsize=8)
def _known(vocabulary: Vocabulary) -> _Known:
    def names(kind: str) -> dict[str, str]:
        entries = vocabulary.leaderboards.get(kind, ())
        return {slug(alias): slug(entry["name"]) for entry in entries for alias in entry["aliases"]}

    places = {
        (slug(task), slug(dataset)): (slug(entry["task"]), slug(entry["dataset"]))
        for entry in vocabulary.leaderboards.get("places", ())
        for task, dataset in entry["aliases"]
    }
    return _Known(names("tasks"), names("datasets"), places)
