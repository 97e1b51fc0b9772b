"""A board that lost most of its rows overnight keeps its last good state, until somebody has looked.

Seen: a board of more than a hundred rows that fell to about ten. Whether the site or the parser broke,
showing it would make the record say that ninety results were withdrawn.

    every observation, in order of time ─▶ held_back ─▶ those that are not shown

Pure, and asked anew in each build, so that the order in which captures are loaded says nothing.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from fractions import Fraction

from sotaduck.records import BoardHistory, Failure, Held, HeldBoard, Listing, Observed

ENOUGH = 10
"""Rows that a board must have had, and boards that a document must have had: of few, half may well go."""
SHARE = 0.5
"""Fewer than this share of the last good state is a mass drop."""
NAMED = 3
"""How many vanished boards a message names; the rest it counts."""

Place = tuple[str, str]
"""A board, or the address of a document, and a capture."""


def held_back(
    histories: Iterable[BoardHistory],
    documents: Iterable[Sequence[Listing]] = (),
    *,
    share: float = SHARE,
    enough: int = ENOUGH,
    accepted_locators: Collection[str] = (),
) -> list[Held]:
    """The observations that are not shown, in order of board and time.

    A board is measured against its last good observation. Where a document lost most of the boards that it
    had when it was last good, all of them are held, also the small ones. What somebody has accepted is good
    whatever its size, and the measure from then on.

    Args:
        histories: the boards, in any order: at least those that lost rows, and all that a document of
            `documents` lost.
        documents: the captures of each document that was read well, in any order: at least those that lost
            boards.
        share: 0 to 1; what has fewer of its rows or boards left is held. 0 holds nothing.
        accepted_locators: boards that are never held.
    """
    left = Fraction(str(share))  # as it is written: 7 of 100 are not fewer than 0.07 of them
    chosen = list(histories)
    never = {history.board_id for history in chosen if history.locator in accepted_locators}
    accepted = {
        (history.board_id, seen.capture_id)
        for history in chosen
        for seen in history.observations
        if seen.accepted or history.board_id in never
    }
    gone = {place for listings in documents for place in _gone(listings, accepted, left, enough)}
    held: list[Held] = []
    for history in sorted(chosen, key=lambda history: history.board_id):
        if history.board_id not in never:
            held += _held(history, gone, left, enough)
    return held


def _gone(
    listings: Iterable[Listing], accepted: Collection[Place], left: Fraction, enough: int
) -> Iterator[Place]:
    """The boards that a document lost together with most others, each with the capture that lacks it.

    Such a capture is no measure for the next, until all that it lost is back or accepted.
    """
    good: frozenset[str] = frozenset()
    settled: set[str] = set()
    for listing in sorted(listings, key=_order):
        lost = good - listing.board_ids
        settled = {name for name in lost if name in settled or (name, listing.capture_id) in accepted}
        is_drop = len(good) >= enough and len(good) - len(lost) < len(good) * left
        if is_drop and lost != settled:
            yield from ((name, listing.capture_id) for name in lost - settled)
        else:
            good, settled = listing.board_ids, set()


def _held(history: BoardHistory, gone: Collection[Place], left: Fraction, enough: int) -> Iterator[Held]:
    good: Observed | None = None
    for seen in sorted(history.observations, key=_order):
        if good is None or seen.accepted:
            good = seen
            continue
        is_drop = good.rows >= enough and seen.rows < good.rows * left
        if is_drop or (good.rows and not seen.rows and (history.board_id, seen.capture_id) in gone):
            yield Held(history.board_id, seen.capture_id, seen.seen_at, good.rows, seen.rows, good.seen_at)
        else:
            good = seen


def failures(boards: Iterable[HeldBoard]) -> list[Failure]:
    """What to tell of boards that are held now: a line a board; of those that one capture lacks, one line."""
    told = []
    gone: dict[Place, list[HeldBoard]] = defaultdict(list)
    for board in boards:
        if board.rows_now:
            told.append(_failure("mass_drop", board.locator, board, _shrunk(board), board.leaderboard_id))
        else:
            gone[board.url, board.capture_ids[-1]].append(board)
    for (url, _), lost in gone.items():
        if len(lost) == 1:
            told.append(
                _failure(
                    "board_vanished", lost[0].locator, lost[0], _vanished(lost[0]), lost[0].leaderboard_id
                )
            )
        else:
            told.append(_failure("boards_vanished", url, lost[0], _all_vanished(lost), url))
    return told


def _failure(reason: str, place: str, board: HeldBoard, what: str, name: str) -> Failure:
    to_do = f"Look at {board.url}; if the loss is real: sotaduck accept {shlex.quote(name)}"
    return Failure(
        board.source, place, "validate", reason, f"{what}; shown as before. {to_do}", board.capture_ids[-1]
    )


def _shrunk(board: HeldBoard) -> str:
    return f"{_title(board)}: {_before(board)}, {board.rows_now:,} on {board.seen_at:%Y-%m-%d}"


def _vanished(board: HeldBoard) -> str:
    return f"{_title(board)}: {_before(board)}, no longer there on {board.seen_at:%Y-%m-%d}"


def _all_vanished(boards: Sequence[HeldBoard]) -> str:
    named = "; ".join(f"{_title(board)}: {_before(board)}" for board in boards[:NAMED])
    more = f"; and {len(boards) - NAMED:,} more" if len(boards) > NAMED else ""
    return f"{len(boards):,} boards are no longer there on {boards[0].seen_at:%Y-%m-%d} ({named}{more})"


def _title(board: HeldBoard) -> str:
    return f"{board.task} on {board.dataset}, {board.metric}"


def _before(board: HeldBoard) -> str:
    return f"{board.rows_before:,} rows on {board.last_good_at:%Y-%m-%d}"


def _order(seen: Observed | Listing) -> tuple[object, str]:
    return seen.seen_at, seen.capture_id
