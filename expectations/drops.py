"""A board that lost most of its rows overnight keeps its last good state, until somebody has looked.

Seen: a board of more than a hundred rows that fell to about ten. Whether the site or the parser broke,
loading it would make the record say that ninety results were withdrawn.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sotaduck.records import Board, Failure

ENOUGH = 10
"""Rows that a board must have had: a small board may well lose half of them."""
SHARE = 0.5
"""Fewer than this share of the rows of the last good load is a mass drop."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A board that is not loaded from a capture, and what to tell of it."""

    board_id: str
    capture_id: str
    failure: Failure


def mass_drops(
    boards: Iterable[Board],
    seen: Mapping[str, datetime],
    sizes: Mapping[str, list[tuple[datetime, int]]],
    accepted: Collection[str] = (),
) -> list[Drop]:
    """The boards that lost most of their rows against the last good observation before theirs.

    Args:
        boards: what was parsed, any number of captures of a board.
        seen: capture_id → time of the capture.
        sizes: board_id → (time, rows) of the observations that are loaded, in order of time.
        accepted: addresses or locators whose drop somebody has looked at.
    """
    drops = []
    known = {board_id: list(history) for board_id, history in sizes.items()}
    for board in sorted(boards, key=lambda board: seen[board.capture_id]):
        when, rows = seen[board.capture_id], board.cells_in
        history = known.setdefault(board.board_id, [])
        at = bisect_left(history, (when, 0))
        before = history[at - 1] if at else None
        if before and before[1] >= ENOUGH and rows < before[1] * SHARE and board.locator not in accepted:
            drops.append(Drop(board.board_id, board.capture_id, _failure(board, before, rows)))
        else:
            insort(history, (when, rows))
    return drops


def _failure(board: Board, before: tuple[datetime, int], rows: int) -> Failure:
    detail = (
        f"{board.task} on {board.dataset}, {board.metric}: {before[1]} rows on {before[0]:%Y-%m-%d}, "
        f"{rows} now; the board stays as it was. Look at the page; if the drop is real, add its address to "
        "accept_drops in the configuration"
    )
    return Failure(board.source, board.locator, "validate", "mass_drop", detail, board.capture_id)
