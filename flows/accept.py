"""Taking what is held back: somebody has looked at the pages, and the loss is real.

What is taken is what was held when they looked. The run then goes the way of every other, without a capture:
what the archive holds and the warehouse does not is loaded, marts are derived anew, the result is swapped in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from extract.archive import Archive
from flows import steps
from flows.reading import batches
from flows.run import Pages, Progress, Run, RunReport
from sotaduck.config import Config
from sotaduck.records import HeldBoard
from warehouse import held
from warehouse.query import opened


@dataclass(frozen=True, slots=True)
class Taken:
    """A board whose new state was accepted. A leader is a model and its value; both None: nobody leads."""

    board: HeldBoard
    leader_before: held.Leader
    leader: held.Leader


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was taken, and what is still held. `report` is None where nothing was to be done."""

    taken: tuple[Taken, ...]
    left: tuple[HeldBoard, ...]
    report: RunReport | None


def accept(config: Config, name: str | None, progress: Progress) -> Accepted:
    """Take the new state of held boards, derive the warehouse anew and publish it.

    Args:
        name: a leaderboard_id, an address (of a board, page or file) or a board_id; None for all.

    Raises:
        WarehouseError: no board goes by this name, or there is no warehouse.
        SotaduckError: what stopped the run; the published warehouse is as it was.
    """
    boards, rest, _ = _published(config, name)
    if not boards:
        return Accepted((), rest, None)
    run = Run("accept", config, {}, Archive(config.archive))
    with steps.building(run) as build:
        # Asked again: nobody else publishes while this run builds.
        boards, _, before = _published(config, name)
        held.accept(build, boards, run.started, run.run_id)
        run.notes += [f"accepted: {_in_words(board)}" for board in boards]
        for batch in batches(run, Pages(), (), progress):
            normalised = steps.normalise(run, batch)
            steps.load(run, build, batch, steps.validate(run, batch, normalised))
        report = steps.finish(run, build)
        after = held.leaders(build)
        left = tuple(held.held_boards(build))
    nobody = (None, None)
    taken = (
        Taken(board, before.get(board.leaderboard_id, nobody), after.get(board.leaderboard_id, nobody))
        for board in boards
    )
    return Accepted(tuple(taken), left, report)


def _published(
    config: Config, name: str | None
) -> tuple[list[HeldBoard], tuple[HeldBoard, ...], Mapping[str, held.Leader]]:
    """The held boards of that name, the other held boards, and who leads."""
    with opened(config.warehouse) as connection:
        known = held.held_boards(connection)
        chosen = known if name is None else held.named(connection, name)
        rest = tuple(board for board in known if board not in chosen)
        return chosen, rest, held.leaders(connection)


def _in_words(board: HeldBoard) -> str:
    return f"{board.leaderboard_id} of {board.locator}, {board.rows_before:,} → {board.rows_now:,} rows"
