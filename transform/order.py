"""The order in which a page shows its rows, held against the direction that was decided (row 13).

The order never decides a direction; where it clearly contradicts one, a person should look. Rows without a
rank (dumps, tables of a text) say nothing: their order may be that of time.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from transform.draft import Column, Draft
from transform.vocabulary import Vocabulary

FEWEST = 5
"""Values below which an order shows nothing."""
CLEAR = 0.9
"""Share of neighbours with different values that must agree before an order is clear."""


def compare_order(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: a warning where the first quality metric is clearly ordered against its direction.

    Where another metric of the page explains the order, the page is ranked by that one, and there is none.
    """
    ordered = [column for column in draft.columns if column.metric.kind == "quality"]
    if not ordered or ordered[0].higher_is_better is None:
        return draft
    first, *others = ordered
    if (agrees := _agreement(draft, first)) is None or agrees > 1 - CLEAR:
        return draft
    if any((_agreement(draft, other) or 0.0) >= CLEAR for other in others):
        return draft
    board = draft.board
    way = "higher" if first.higher_is_better else "lower"
    warning = (
        f"{board.task} on {board.dataset}, {first.published.name}: {way} is better by "
        f"{first.direction_source}, but the published order says the opposite ({board.locator})"
    )
    return replace(draft, warnings=(*draft.warnings, warning))


def _agreement(draft: Draft, column: Column) -> float | None:
    """The share of neighbours of different value of which the better one stands first; None for too few."""
    ranked = [
        (row.rank, value.number)
        for row, value in zip(draft.rows, column.values, strict=True)
        if row.rank is not None and value.number is not None
    ]
    if len(ranked) < FEWEST or column.higher_is_better is None:
        return None
    numbers = [number for _, number in sorted(ranked, key=lambda item: item[0])]
    steps = [after < before for before, after in pairwise(numbers) if after != before]
    if len(steps) < FEWEST - 1:
        return None
    falling = sum(steps) / len(steps)
    return falling if column.higher_is_better else 1 - falling
