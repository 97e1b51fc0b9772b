"""The rows of a page, each once: what stands twice word for word is loaded once and counted (row 18)."""

from __future__ import annotations

from msgspec.structs import replace

from sotaduck.records import RawRow
from transform.draft import Draft
from transform.vocabulary import Vocabulary


def drop_duplicates(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: the first of every set of equal rows."""
    once: dict[tuple[object, ...], RawRow] = {}
    for row in draft.board.rows:
        once.setdefault(_words(row), row)
    return replace(draft, rows=tuple(once.values()), repeats=len(draft.board.rows) - len(once))


def _words(row: RawRow) -> tuple[object, ...]:
    """All that a row says of its result; place, rank, badge and the source's own number are the page's."""
    return (
        row.model, row.values, row.extra_data, row.paper_title, row.paper_title_cut, row.paper_url, row.date,
        row.paper_date, row.code_urls, row.authors, row.tags,
    )  # fmt: skip
