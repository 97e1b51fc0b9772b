"""What was refused row by row, taken out of a batch: pure, and every cell stays accounted for."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Literal

from msgspec.structs import replace

from sotaduck.records import Check, Normalised, Paper, Quarantined, Result


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that fails an expectation of level `quarantine`.

    Attributes:
        suite: the suite whose `identity` columns `key` holds.
        field: what of the row is refused: `row`, `paper`, or the name of a date.
        detail: the row in words.
    """

    suite: str
    key: tuple[object, ...]
    expectation: str
    field: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a gate says of one batch."""

    checks: tuple[Check, ...]
    rejected: tuple[Rejected, ...]


def quarantine(normalised: Normalised, *outcomes: Outcome) -> Normalised:
    """Take out what the outcomes reject, with a line in the quarantine for each.

    The results of a rejected raw row go, and their cells count as quarantined instead of loaded
    (those without a value have their line already). A rejected paper goes. A rejected date becomes
    None, and its result or paper stays.
    """
    refused: dict[str, dict[tuple[object, ...], list[Rejected]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        for one in outcome.rejected:
            refused[one.suite][one.key].append(one)
    if not refused:
        return normalised

    locators = {(board.capture_id, board.board_id): board.locator for board in normalised.boards}
    moved: Counter[tuple[str, str]] = Counter()
    results: list[Result] = []
    papers: list[Paper] = []
    lines = list(normalised.quarantine)
    said: set[tuple[object, ...]] = set()
    for result in normalised.results:
        board = (result.capture_id, result.board_id)
        row = refused["raw_rows"].get((result.capture_id, locators.get(board), result.position), [])
        dates = refused["results"].get((result.capture_id, result.result_id), [])
        if not row:
            for one in dates:
                # A row's date stands in all its results: one line is enough.
                place = (result.capture_id, result.source_url, result.position, one.field)
                if place not in said:
                    said.add(place)
                    lines.append(_line(result, one, _day(result, one)))
            results.append(_without_dates(result, {one.field for one in dates}) if dates else result)
        elif result.value is not None:
            moved[board] += 1
            lines.append(_line(result, row[0], result.value_text))
    for paper in normalised.papers:
        found = refused["papers"].get((paper.capture_id, paper.paper_id, paper.url), [])
        lines.extend(_paper_line(paper, one) for one in found)
        fields = {one.field for one in found}
        if "paper" not in fields:
            papers.append(replace(paper, published=None) if "published" in fields else paper)
    boards = []
    for each in normalised.boards:
        cells = moved.pop((each.capture_id, each.board_id), 0)
        boards.append(
            replace(
                each,
                cells_loaded=each.cells_loaded - cells,
                cells_quarantined=each.cells_quarantined + cells,
            )
            if cells
            else each
        )
    return replace(
        normalised,
        boards=tuple(boards),
        results=tuple(results),
        papers=tuple(papers),
        quarantine=tuple(lines),
    )


def _without_dates(result: Result, fields: set[str]) -> Result:
    own = None if "result_date" in fields else result.result_date
    paper = None if "paper_date" in fields else result.paper_date
    source: Literal["result", "paper"] | None
    if result.date_source == "result" and own is not None:
        source = "result"
    else:
        source = "paper" if paper is not None else None
    return replace(result, result_date=own, paper_date=paper, date_source=source)


def _day(result: Result, one: Rejected) -> str:
    return _iso(result.result_date if one.field == "result_date" else result.paper_date)


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _line(result: Result, one: Rejected, text: str) -> Quarantined:
    whole = one.field == "row"
    return Quarantined(
        source=result.source,
        capture_id=result.capture_id,
        source_url=result.source_url,
        board_id=result.board_id,
        leaderboard_id=result.leaderboard_id,
        position=result.position,
        model=result.model,
        field="row" if whole else "date",
        value_text=text,
        reason=one.reason,
        detail=one.detail,
        expectation=one.expectation,
        cells=1 if whole else 0,
    )


def _paper_line(paper: Paper, one: Rejected) -> Quarantined:
    return Quarantined(
        source=paper.source,
        capture_id=paper.capture_id,
        source_url=paper.url,
        board_id=None,
        leaderboard_id=None,
        position=None,
        model=None,
        field="paper" if one.field == "paper" else "date",
        value_text=paper.title if one.field == "paper" else _iso(paper.published),
        reason=one.reason,
        detail=one.detail,
        expectation=one.expectation,
        cells=0,
    )
