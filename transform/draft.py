"""A leaderboard page on its way through the passes: what each pass found, beside the raw page.

A pass takes a draft and gives a new one with its own fields filled; it never changes another's. Every
tuple that speaks of rows is in the order of `Draft.rows`.

What the passes make by the million are msgspec structs: frozen as dataclasses are, and made in a sixth of
the time. Those that hold only texts and numbers can be in no cycle, and are kept from the garbage collector
(`gc=False`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from sotaduck.records import DirectionSource, RawBoard, RawMetric, RawRow

if TYPE_CHECKING:
    from transform.metrics import Metric
    from transform.models import Model
    from transform.scale import ScaleDecision
    from transform.values import Value
    from transform.vocabulary import Vocabulary


class Column(Struct, frozen=True):
    """One metric of the page: one leaderboard.

    Attributes:
        published: the label as the page has it, with the direction if the page declares one.
        texts: the cells as published.
        values: the cells as read, on the board's scale once the scale is decided.
        scale: what was decided about the scale, None before that pass.
        board_id, leaderboard_id: empty until the pass that names them.
    """

    published: RawMetric
    metric: Metric
    higher_is_better: bool | None
    direction_source: DirectionSource | None
    texts: tuple[str | None, ...]
    values: tuple[Value, ...] = ()
    scale: ScaleDecision | None = None
    board_id: str = ""
    leaderboard_id: str = ""


class Reference(Struct, frozen=True, gc=False):
    """The paper and the dates of one row.

    Attributes:
        paper_id: as `Paper.paper_id`; None where the row does not tell its paper.
        title_key: fingerprint of the title, None where it is cut or missing.
        unread: date texts that are no calendar date, each with the reason.
    """

    paper_id: str | None
    title_key: str | None
    arxiv_id: str | None
    result_date: date | None
    paper_date: date | None
    date_source: Literal["result", "paper"] | None
    unread: tuple[tuple[str, str], ...] = ()


class Draft(Struct, frozen=True):
    """One page and what is known of it so far.

    Attributes:
        rows: the rows, each once: exact duplicates are counted in `repeats` and left out.
        row_keys: what tells one row of the page from another over time (not its value).
        warnings: what a person should look at, each with the name of the page.
    """

    board: RawBoard
    rows: tuple[RawRow, ...] = ()
    repeats: int = 0
    columns: tuple[Column, ...] = ()
    models: tuple[Model, ...] = ()
    references: tuple[Reference, ...] = ()
    row_keys: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


Pass = Callable[[Draft, "Vocabulary"], Draft]
"""One step of the pipeline."""
