"""Leaderboards of a dump: `evaluation-tables`, the format of sota-extractor.

    task (task, categories, datasets, subtasks ─▶ tasks)
      dataset (dataset or subdataset, subdatasets ─▶ datasets, sota)
        sota (metrics, rows)

A dump states no direction, no rank and no number of a row. A dataset without rows is a description
and gives no board.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import msgspec

from extract.sources.pwc_dump_fields import Fields, unique
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawMetric, RawRow

log = logging.getLogger("sotaduck.pwc-dump")

IGNORED_OF_TASK = frozenset({"description", "synonyms", "source_link"})
IGNORED_OF_DATASET = frozenset({"description", "dataset_links", "dataset_citations"})
IGNORED_OF_ROW = frozenset({"model_links"})  # where weights may be had: neither paper nor code
IGNORED_OF_LINK = frozenset({"title"})


def read_boards(capture: Capture, records: Iterator[Any]) -> Iterator[RawBoard | ParseError]:
    """The boards of a list of tasks, depth first, in the order of the file.

    Yields:
        Boards, and a ParseError for each board that cannot be read (`wrong_type`, `unknown_field`,
        `missing_field`, `no_metrics`, `duplicate_board`) or task that has an unknown field (its
        boards are read all the same).

    Raises:
        ParseError: `no_rows` where the whole file has none.
    """
    given = _Given()
    nothing = True
    for number, record in enumerate(records, 1):
        for found in _task(capture, record, f"record {number}"):
            board = given.admit(found) if isinstance(found, _Found) else found
            nothing = nothing and board is None
            if board is not None:
                yield board
    if given.copies:
        log.info("%s: %d boards stand under several tasks; each was read once", capture.url, given.copies)
    if nothing:
        raise ParseError("no_rows", "no dataset in it has a leaderboard with rows")


@dataclass(frozen=True, slots=True)
class _Found:
    """A board, and the path of tasks that lead to it."""

    board: RawBoard
    path: tuple[str, ...]


@dataclass(slots=True)
class _Given:
    """What a file gave so far.

    A task may stand under several others, with all its boards; so a board's locator is made of the names
    of its own task and dataset. Where two boards that differ share those, the second is named with the
    whole path of tasks.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    copies: int = 0

    def admit(self, found: _Found) -> RawBoard | ParseError | None:
        """The board, None where it is a copy of one, an error where two of one name differ."""
        board = found.board
        content = sha256(msgspec.json.encode((board.metrics, board.rows))).digest()
        for locator in unique((board.locator, " > ".join((*found.path, board.locator)))):
            if locator not in self.contents:
                self.contents[locator] = content
                return replace(board, locator=locator)
            if self.contents[locator] == content:
                self.copies += 1
                return None
        detail = f"{board.task} on {board.dataset} stands in the file twice, with different rows"
        return ParseError("duplicate_board", detail)


def _task(capture: Capture, record: Any, place: str) -> Iterator[_Found | ParseError]:
    """All boards of a task and of those below it. A loop, since no depth may end in a RecursionError."""
    ahead: list[tuple[Any, tuple[str, ...], str | None, str]] = [(record, (), None, place)]
    while ahead:
        value, above, area, place = ahead.pop()
        try:
            task = Fields(value, place)
            name = task.needed("task")
            task.place = f"{place}, task {name}"
            area = next(iter(task.texts("categories")), area)
            datasets, subtasks = task.items("datasets"), task.items("subtasks")
        except ParseError as error:
            yield error
            continue
        try:
            task.end(IGNORED_OF_TASK)
        except ParseError as error:
            yield error
        for found in _datasets(capture, datasets, name, area):
            yield found if isinstance(found, ParseError) else _Found(found, above)
        ahead += [(item, (*above, name), area, task.place) for item in reversed(subtasks)]


def _datasets(
    capture: Capture, datasets: list[Any], task: str, area: str | None
) -> Iterator[RawBoard | ParseError]:
    """The boards of a task's datasets and of their sub-datasets."""
    ahead: list[tuple[Any, tuple[str, ...], str]] = [(item, (), "") for item in reversed(datasets)]
    while ahead:
        value, above, parent = ahead.pop()
        try:
            dataset = Fields(value, f"a dataset of {task}")
            own = dataset.text("dataset") or dataset.needed("subdataset")
            name = full_name(parent, own)
            dataset.place = f"{task} on {name}"
            ahead += [(item, (*above, own), name) for item in reversed(dataset.items("subdatasets"))]
            sota = dataset.inner("sota")
            dataset.end(IGNORED_OF_DATASET)
            table = _table(sota) if sota else None
        except ParseError as error:
            yield error
            continue
        if table:
            yield RawBoard(
                source=capture.source,
                capture_id=capture.capture_id,
                locator="/".join(part.replace("/", "%2F") for part in (task, *above, own)),
                area=area,
                task=task,
                dataset=name,
                metrics=table[0],
                rows=table[1],
            )


def full_name(parent: str, own: str) -> str:
    """The name of a sub-dataset: its own where that tells its parent, else both.

    `Cityscapes val` under `Cityscapes` stands for itself; `Restricted` under `JFLEG` does not, and is the
    name of another set under `CoNLL-2014 Shared Task`.
    """
    return own if _letters(parent) in _letters(own) else f"{parent} {own}"


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _table(sota: Fields) -> tuple[tuple[RawMetric, ...], tuple[RawRow, ...]] | None:
    """Metrics in the order listed, then those that only rows have; None where there are no rows."""
    listed, rows = sota.texts("metrics"), sota.items("rows")
    sota.end()
    if not rows:
        return None
    read = [_row(position, value, sota.place) for position, value in enumerate(rows, 1)]
    names = unique((*listed, *(name for _, cells in read for name in cells)))
    if not names:
        raise ParseError("no_metrics", f"{sota.place}: neither it nor its rows name a metric")
    return (
        tuple(RawMetric(name) for name in names),
        tuple(replace(row, values=tuple(map(cells.get, names))) for row, cells in read),
    )


def _row(position: int, value: Any, place: str) -> tuple[RawRow, dict[str, str | None]]:
    """A row without its values, and those by the name of the metric."""
    row = Fields(value, f"{place}, row {position}")
    cells = row.cells("metrics")
    read = RawRow(
        position=position,
        rank=None,
        model=row.text("model_name") or "",
        values=(),
        extra_data=row.flag("uses_additional_data"),
        paper_title=row.text("paper_title"),
        paper_url=row.address("paper_url"),
        paper_date=row.text("paper_date"),
        code_urls=unique(filter(None, map(_link, row.objects("code_links")))),
    )
    row.end(IGNORED_OF_ROW)
    return read, cells


def _link(link: Fields) -> str | None:
    url = link.address("url")
    link.end(IGNORED_OF_LINK)
    return url
