"""Records as the frames that the suites look at: pure functions.

    RawBoard ─▶ raw_rows        Normalised ─▶ results, papers, boards

A frame holds the columns by which a person knows a row, the columns that the built-in expectations
read, and columns of yes, no and NA (does not apply) for rules that need more than one field. Frames
of the loaded views are in `expectations/views.py`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from sotaduck.records import Normalised, RawBoard, RawRow, Result

if TYPE_CHECKING:
    import pandas

EARLIEST = date(1950, 1, 1)
"""Before this, a date is a placeholder rather than the day of a result."""

AHEAD = timedelta(days=1)
"""How far a date may lie ahead of its capture, which is in UTC: in the east it is tomorrow already."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?", re.ASCII)
_DIGITS = re.compile(r"[0-9.,]*[0-9][0-9.,]*")
_GAP = re.compile(r"(?<=[0-9])\s+(?=\.\s*[0-9])|(?<=[0-9]\.)\s+(?=[0-9])")
_PLAIN = re.compile(r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*%?", re.ASCII)


def frame(columns: Mapping[str, tuple[str, Sequence[object]]]) -> pandas.DataFrame:
    """A frame of nullable columns.

    Args:
        columns: name → (pandas type, values with None where there is none).
    """
    import pandas as pd

    return pd.DataFrame({name: pd.array(values, dtype=kind) for name, (kind, values) in columns.items()})  # type: ignore[call-overload]


def raw_rows(boards: Iterable[RawBoard]) -> pandas.DataFrame:
    """The rows of raw boards; `board` is the board's locator."""
    boards = list(boards)
    found = [(board, row) for board in boards for row in board.rows]
    rows = [row for _, row in found]
    return frame(
        {
            "source": ("string", [board.source for board, _ in found]),
            "capture_id": ("string", [board.capture_id for board, _ in found]),
            "board": ("string", [board.locator for board, _ in found]),
            "position": ("Int64", [row.position for row in rows]),
            "model": ("string", [row.model for row in rows]),
            "rows": ("Int64", [len(board.rows) for board, _ in found]),
            "position_fits": ("boolean", [fits for board in boards for fits in _positions_fit(board)]),
            "cells": ("Int64", [len(row.values) for row in rows]),
            "metrics": ("Int64", [len(board.metrics) for board, _ in found]),
            "rank": ("Int64", [row.rank for row in rows]),
            "rank_in_order": ("boolean", [fits for board in boards for fits in _ranks_rise(board.rows)]),
            "date": ("string", [row.date for row in rows]),
            "date_is_iso": ("boolean", [_is_iso(row.date) for row in rows]),
            "paper_date": ("string", [row.paper_date for row in rows]),
            "paper_date_is_iso": ("boolean", [_is_iso(row.paper_date) for row in rows]),
            "paper_url": ("string", [row.paper_url for row in rows]),
            "badge_has_date": (
                "boolean",
                [bool(row.date or row.paper_date) if row.sota_badge else None for row in rows],
            ),
        }
    )


def _positions_fit(board: RawBoard) -> list[bool]:
    times = Counter(row.position for row in board.rows)
    last = math.inf if board.partial is not None else len(board.rows)
    return [times[row.position] == 1 and 1 <= row.position <= last for row in board.rows]


def _ranks_rise(rows: Sequence[RawRow]) -> list[bool | None]:
    """For each row with a rank, whether it is not below the last one; None for the others."""
    found: list[bool | None] = []
    before: int | None = None
    for row in rows:
        if row.rank is None:
            found.append(None)
            continue
        found.append(before is None or row.rank >= before)
        before = row.rank
    return found


def _is_iso(text: str | None) -> bool | None:
    if text is None:
        return None
    if _ISO.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def results(normalised: Normalised, captured: Mapping[str, datetime] | None = None) -> pandas.DataFrame:
    """The results of a batch.

    Args:
        captured: when each capture was taken, by its id; dates are held against it, so that a
            replay judges as the first run did. Captures that it lacks (None: all) are held against now.
    """
    rows = normalised.results
    boards = {(board.capture_id, board.board_id): board for board in normalised.boards}
    homes = [boards.get((row.capture_id, row.board_id)) for row in rows]
    lowest = [home.lower_bound if home else None for home in homes]
    highest = [home.upper_bound if home else None for home in homes]
    limits = _limits((row.capture_id for row in rows), captured)
    return frame(
        {
            "source": ("string", [row.source for row in rows]),
            "capture_id": ("string", [row.capture_id for row in rows]),
            "source_url": ("string", [row.source_url for row in rows]),
            "leaderboard_id": ("string", [row.leaderboard_id for row in rows]),
            "board_id": ("string", [row.board_id for row in rows]),
            "board_is_known": ("boolean", [home is not None for home in homes]),
            "position": ("Int64", [row.position for row in rows]),
            "model": ("string", [row.model for row in rows]),
            "result_id": ("string", [row.result_id for row in rows]),
            "value": ("Float64", [row.value for row in rows]),
            "value_text": ("string", [row.value_text for row in rows]),
            "value_reason": ("string", [row.value_reason for row in rows]),
            "value_flags": ("string", [" ".join(row.value_flags) for row in rows]),
            "value_xor_reason": (
                "boolean",
                [(row.value is None) != (row.value_reason is None) for row in rows],
            ),
            "value_is_finite": (
                "boolean",
                [None if row.value is None else math.isfinite(row.value) for row in rows],
            ),
            "zero_is_said": ("boolean", [None if row.value != 0 else says_zero(row) for row in rows]),
            "scale_is_flagged": ("boolean", [_scale_is_flagged(row) for row in rows]),
            "lower_bound": ("Float64", lowest),
            "upper_bound": ("Float64", highest),
            "within_bounds": (
                "boolean",
                [_within(row.value, *bounds) for row, *bounds in zip(rows, lowest, highest, strict=True)],
            ),
            "uncertainty": ("Float64", [row.uncertainty for row in rows]),
            "date_source": ("string", [row.date_source for row in rows]),
            **_dated("result_date", [row.result_date for row in rows], limits),
            **_dated("paper_date", [row.paper_date for row in rows], limits),
        }
    )


def _limits(captures: Iterable[str], captured: Mapping[str, datetime] | None) -> list[date]:
    now = datetime.now(UTC)
    known = captured or {}
    return [known.get(capture, now).date() + AHEAD for capture in captures]


def _dated(
    name: str, days: Sequence[date | None], limits: Sequence[date]
) -> dict[str, tuple[str, Sequence[object]]]:
    return {
        name: ("string", [day.isoformat() if day else None for day in days]),
        f"{name}_not_ahead": (
            "boolean",
            [day <= limit if day else None for day, limit in zip(days, limits, strict=True)],
        ),
        f"{name}_not_early": ("boolean", [day >= EARLIEST if day else None for day in days]),
    }


def _within(value: float | None, lowest: float | None, highest: float | None) -> bool | None:
    if value is None or (lowest is None and highest is None):
        return None
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)


def says_zero(result: Result) -> bool:
    """True where the number in a result's text that its value stands for is written with zeros alone.

    Knows nothing of the transform's grammar, whose promise it checks: the first number of the text
    counts, or any of its components where it has several.
    """
    if result.components:
        return 0 in result.components
    digits = "".join(
        str(unicodedata.decimal(char)) if unicodedata.decimal(char, None) is not None else char
        for char in result.value_text
    )
    first = _DIGITS.search(_GAP.sub("", digits))
    return first is not None and not first[0].strip("0.,")


def _scale_is_flagged(result: Result) -> bool | None:
    """Whether the factor between a plain number and its value is the one that the flags tell."""
    plain = _PLAIN.fullmatch(result.value_text.strip())
    if plain is None or not result.value:
        return None
    number = float(plain[1])
    flagged = {"rescaled_x100": 100.0, "rescaled_x0.01": 0.01}
    factors = [factor for flag, factor in flagged.items() if flag in result.value_flags]
    if factors:
        return len(factors) == 1 and math.isclose(result.value, number * factors[0], rel_tol=1e-9)
    return not any(math.isclose(result.value, number * factor, rel_tol=1e-9) for factor in flagged.values())


def papers(normalised: Normalised, captured: Mapping[str, datetime] | None = None) -> pandas.DataFrame:
    """The papers of a batch; `captured` as for `results`."""
    rows = normalised.papers
    limits = _limits((row.capture_id for row in rows), captured)
    return frame(
        {
            "source": ("string", [row.source for row in rows]),
            "capture_id": ("string", [row.capture_id for row in rows]),
            "paper_id": ("string", [row.paper_id for row in rows]),
            "url": ("string", [row.url for row in rows]),
            "title": ("string", [row.title for row in rows]),
            # What a leaderboard's row alone says of its paper may lack the title, and comes many times.
            "described_id": ("string", [None if row.from_row else row.paper_id for row in rows]),
            "described_title": ("string", [None if row.from_row else row.title for row in rows]),
            "arxiv_id": ("string", [row.arxiv_id for row in rows]),
            "doi": ("string", [row.doi for row in rows]),
            **_dated("published", [row.published for row in rows], limits),
            "updated": ("string", [row.updated.isoformat() if row.updated else None for row in rows]),
            "updated_is_later": (
                "boolean",
                [row.updated >= row.published if row.updated and row.published else None for row in rows],
            ),
            "venue": ("string", [row.venue for row in rows]),
            "venue_year": ("Int64", [row.venue_year for row in rows]),
            "venue_month": ("Int64", [row.venue_month for row in rows]),
        }
    )


def boards(normalised: Normalised) -> pandas.DataFrame:
    """The boards of a batch and the accounting of their cells, board by board and line by line."""
    rows = normalised.boards
    keys = [(row.capture_id, row.board_id) for row in rows]
    valued = Counter((row.capture_id, row.board_id) for row in normalised.results if row.value is not None)
    lines: Counter[tuple[str, str | None]] = Counter()
    for line in normalised.quarantine:
        lines[line.capture_id, line.board_id] += line.cells
    # A file may hold one board twice: both then stand for the sum.
    loaded: Counter[tuple[str, str]] = Counter()
    quarantined: Counter[tuple[str, str]] = Counter()
    for key, row in zip(keys, rows, strict=True):
        loaded[key] += row.cells_loaded
        quarantined[key] += row.cells_quarantined
    counts = [(row.cells_loaded, row.cells_quarantined, row.cells_duplicate) for row in rows]
    return frame(
        {
            "source": ("string", [row.source for row in rows]),
            "capture_id": ("string", [row.capture_id for row in rows]),
            "board": ("string", [row.locator for row in rows]),
            "leaderboard_id": ("string", [row.leaderboard_id for row in rows]),
            "metric": ("string", [row.metric_published for row in rows]),
            "metric_kind": ("string", [row.metric_kind for row in rows]),
            "cells_in": ("Int64", [row.cells_in for row in rows]),
            "cells_out": ("Int64", [sum(count) for count in counts]),
            "cells_loaded": ("Int64", [row.cells_loaded for row in rows]),
            "cells_quarantined": ("Int64", [row.cells_quarantined for row in rows]),
            "cells_duplicate": ("Int64", [row.cells_duplicate for row in rows]),
            "fewest": ("Int64", [min(count) for count in counts]),
            "loaded": ("Int64", [loaded[key] for key in keys]),
            "results": ("Int64", [valued[key] for key in keys]),
            "quarantined": ("Int64", [quarantined[key] for key in keys]),
            "lines": ("Int64", [lines[key] for key in keys]),
            "higher_is_better": ("boolean", [row.higher_is_better for row in rows]),
            "direction_source": ("string", [row.direction_source for row in rows]),
            "direction_is_declared": (
                "boolean",
                [(row.higher_is_better is None) == (row.direction_source is None) for row in rows],
            ),
            "direction_is_known": (
                "boolean",
                [row.higher_is_better is not None if row.metric_kind == "quality" else None for row in rows],
            ),
            "lower_bound": ("Float64", [row.lower_bound for row in rows]),
            "upper_bound": ("Float64", [row.upper_bound for row in rows]),
            "bounds_in_order": (
                "boolean",
                [
                    None
                    if row.lower_bound is None or row.upper_bound is None
                    else row.lower_bound < row.upper_bound
                    for row in rows
                ],
            ),
        }
    )
