"""Which results of which boards are one result: the same leaderboard as several sources show it.

    boards of a leaderboard, the most trusted first ──▶ each row joins a result that stands, or stands alone:
      model_and_paper   one folded name under one paper
      paper_and_value   one paper and one value, where the names differ

Two rows of one board are never one result, and a row that could join two joins none. A board on another scale
than the boards before it (every value that both have differs by the factor 100) is brought to theirs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sotaduck.records import Candidate, Reconciled
from transform.models import near_misses

FACTORS = (100.0, 0.01)
SAME = 0.005
"""How far, relatively, a ratio may be from its factor: sources round."""

Key = Callable[[Candidate, float | None], Hashable | None]


@dataclass(slots=True)
class _Result:
    """A result in the making: the rows that state it, the most trusted first, on one scale."""

    rows: list[Candidate]
    values: list[float | None]
    rules: list[str]
    boards: set[str] = field(default_factory=set)


def reconcile(candidates: Iterable[Candidate]) -> Reconciled:
    """Match the listed results of each leaderboard, and list names that look alike on it.

    Args:
        candidates: in order of leaderboard, trust, board, position.
    """
    matches: list[tuple[str, str, str]] = []
    factors: list[tuple[str, float]] = []
    near_names: list[tuple[str, str, str, float]] = []
    for leaderboard_id, group_of_board in groupby(candidates, key=lambda row: row.leaderboard_id):
        rows = list(group_of_board)
        near_names += [(leaderboard_id, *pair) for pair in near_misses(row.model for row in rows)]
        results: list[_Result] = []
        for board_id, group in groupby(rows, key=lambda row: row.board_id):
            factor = _join_board(results, board_id, list(group))
            if factor is not None:
                factors.append((board_id, factor))
        for result in results:
            if len(result.rows) > 1:
                matches += [
                    (row.result_id, result.rows[0].result_id, rule)
                    for row, rule in zip(result.rows, result.rules, strict=True)
                ]
    return Reconciled(tuple(matches), tuple(factors), tuple(near_names))


def _join_board(results: list[_Result], board_id: str, rows: Sequence[Candidate]) -> float | None:
    """Let the rows of one more board join the results that stand; gives the board's factor, if any."""
    joined = _pairs(results, rows, _by_name, None)
    factor = _factor(results, rows, joined)
    rest = [row for row in rows if row.result_id not in joined]
    named = dict.fromkeys(joined, "model_and_paper")
    # A name that stands twice on one board (with and without extra data) is told apart by its value.
    for key, rule in ((_by_name_and_value, "model_and_paper"), (_by_value, "paper_and_value")):
        taken = {id(result) for result in joined.values()}
        more = _pairs([result for result in results if id(result) not in taken], rest, key, factor)
        joined |= more
        named |= dict.fromkeys(more, rule)
        rest = [row for row in rest if row.result_id not in joined]
    for row in rows:
        value = _scaled(row.value, factor)
        result = joined.get(row.result_id)
        if result is None:
            results.append(_Result([row], [value], ["first"], {board_id}))
        else:
            result.rows.append(row)
            result.values.append(value)
            result.rules.append(named[row.result_id])
            result.boards.add(board_id)
    return factor


def _pairs(
    results: Sequence[_Result], rows: Sequence[Candidate], key: Key, factor: float | None
) -> dict[str, _Result]:
    """Rows and results that share a key which no other row and no other result has: result_id → result."""
    standing: dict[Hashable, list[_Result]] = defaultdict(list)
    for result in results:
        for found in {key(row, value) for row, value in zip(result.rows, result.values, strict=True)}:
            if found is not None:
                standing[found].append(result)
    pairs: dict[str, _Result] = {}
    taken: Counter[int] = Counter()
    for row in rows:
        matching = standing.get(key(row, _scaled(row.value, factor)), [])
        if len(matching) == 1:
            pairs[row.result_id] = matching[0]
            taken[id(matching[0])] += 1
    return {result_id: result for result_id, result in pairs.items() if taken[id(result)] == 1}


def _by_name(row: Candidate, value: float | None) -> Hashable | None:
    return None if row.paper_id is None else (row.model_id, row.paper_id)


def _by_name_and_value(row: Candidate, value: float | None) -> Hashable | None:
    return None if row.paper_id is None or value is None else (row.model_id, row.paper_id, value)


def _by_value(row: Candidate, value: float | None) -> Hashable | None:
    return None if row.paper_id is None or value is None else (row.paper_id, value)


def _factor(
    results: Sequence[_Result], rows: Sequence[Candidate], joined: dict[str, _Result]
) -> float | None:
    """The factor that every value shared with other boards shows; None where they are on one scale."""
    ratios = []
    for row in rows:
        result = joined.get(row.result_id)
        other = next((value for value in result.values if value), None) if result else None
        if row.value and other:
            ratios.append(other / row.value)
    for factor in FACTORS:
        if ratios and all(abs(ratio / factor - 1) <= SAME for ratio in ratios):
            # One pair could be a slip of the pen; two, or bounds that differ as well, are a scale.
            first, own = results[0].rows[0].upper_bound, rows[0].upper_bound
            if len(ratios) > 1 or (first and own and abs(first / own - factor) < SAME * factor):
                return factor
    return None


def _scaled(value: float | None, factor: float | None) -> float | None:
    return value if value is None or factor is None else round(value * factor, 12)
