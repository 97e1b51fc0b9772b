"""The identity of leaderboards, boards and results.

    leaderboard   `<task>/<dataset>/<metric>`, slugs: the same in every source
    board         one source's page and label of it: a digest of source, locator and label as published
    result        one row of a board over time, whatever its value and rank: a corrected value keeps its id

Areas are kept as stated and are never part of an identity (row 24).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from functools import lru_cache

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
    place = f"{_named('tasks', board.task, vocabulary)}/{_named('datasets', board.dataset, vocabulary)}"
    columns = tuple(
        replace(
            column,
            board_id=digest(DIGITS, board.source, board.locator, column.published.name),
            leaderboard_id=f"{place}/{column.metric.slug or slug(column.metric.name)}",
        )
        for column in draft.columns
    )
    return replace(draft, columns=columns, row_keys=_row_keys(draft))


def result_id(column: Column, row_key: tuple[object, ...]) -> str:
    """The identity of one cell's result over time."""
    return digest(RESULT_DIGITS, column.leaderboard_id, column.board_id, *row_key)


def digest(digits: int, *parts: object) -> str:
    """Hex digits of a sha256 over the parts, each with its length: no two lists of parts read alike."""
    said = "".join(f"{len(text)}:{text}" for text in map(str, parts))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def _row_keys(draft: Draft) -> tuple[tuple[object, ...], ...]:
    """Model, paper, extra data, and a number where rows share all of these (row 18)."""
    seen: Counter[tuple[object, ...]] = Counter()
    keys = []
    for row, model, reference in zip(draft.rows, draft.models, draft.references, strict=True):
        key = (model.model_id, _paper(row, reference, model), row.extra_data)
        keys.append((*key, seen[key]))
        seen[key] += 1
    return tuple(keys)


def _paper(row: RawRow, reference: Reference, model: Model) -> str:
    """What the row says of its paper: the id, else the title as far as it is known, else the citation."""
    return reference.paper_id or row.paper_title or model.citation or ""


@lru_cache(maxsize=1 << 14)
def _named(kind: str, name: str, vocabulary: Vocabulary) -> str:
    """The slug of a task or dataset, by the name that the vocabulary gives it."""
    found = slug(name)
    return _aliases(kind, vocabulary).get(found, found)


@lru_cache(maxsize=16)
def _aliases(kind: str, vocabulary: Vocabulary) -> dict[str, str]:
    return {
        slug(alias): slug(entry["name"])
        for entry in vocabulary.leaderboards.get(kind, ())
        for alias in entry["aliases"]
    }
