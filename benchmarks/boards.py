"""Leaderboards to measure with: real ones, and as many as wanted that are made from them.

A board is in the format of the original site's pages: `{"table_id", "dataset", "task", "rows"}`.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

from benchmarks.make_dump import read_boards
from sotaduck.records import RawBoard, RawMetric, RawRow

Data = dict[str, Any]

BUNDLED = Path(__file__).resolve().parents[1] / "tests" / "data" / "boards.jsonl"
SITE = "https://paperswithcode.com"
_NUMBER = re.compile(r"\d+(\.\d+)?")


def real_boards(path: Path | None) -> list[Data]:
    """The boards of a file (one JSON object a line, plain or .gz); None: those that the repository holds."""
    if path is not None:
        return read_boards(path)
    lines = BUNDLED.read_text("utf-8").splitlines()
    return [_in_site_format(data) for data in map(json.loads, lines)]


def _in_site_format(data: Data) -> Data:
    rows = [
        {
            "table_id": data["table"],
            "row_id": row_id,
            "rank": rank,
            "method": model,
            "evaluation_date": date,
            "metrics": dict(zip(data["metrics"], cells, strict=True)),
            "raw_metrics": {},
            "uses_additional_data": extra,
            "paper": {"id": rank, "title": title, "url": url, "published": published, "code": False},
            "external_source_url": None,
            "tags": [],
            "reports": [],
        }
        for rank, model, cells, extra, title, url, date, published, row_id in data["rows"]
    ]
    return {"table_id": data["table"], "dataset": data["dataset"], "task": data["task"], "rows": rows}


def cells_of(board: Data) -> int:
    """Metric cells of a board."""
    return len(board["rows"]) * len(board["rows"][0]["metrics"])


def renamed(real: list[Data], seed: int = 0) -> Iterator[Data]:
    """Boards without end, made from the real ones in an order drawn at random.

    Each has a task, models and papers of its own, and decimals with three more digits: a text that comes
    again and again would be read once and then remembered.
    """
    draw = random.Random(seed)
    mixed = chain.from_iterable(draw.sample(real, len(real)) for _ in count())
    for number, board in enumerate(mixed):
        rows = [_renamed_row(row, number, place, draw) for place, row in enumerate(board["rows"])]
        yield {**board, "table_id": number, "task": f"{board['task']} {number}", "rows": rows}


def _renamed_row(row: Data, number: int, place: int, draw: random.Random) -> Data:
    paper = row["paper"]
    if paper and paper["title"]:
        url = f"{paper['url'] or '/paper/untitled'}-{number}"
        paper = {**paper, "title": f"{paper['title']} {number}", "url": url}
    return {
        **row,
        "table_id": number,
        "row_id": number * 10_000 + place,
        "method": f"{row['method']} {number}" if row["method"] else row["method"],
        "metrics": {name: _longer(text, draw) for name, text in row["metrics"].items()},
        "raw_metrics": {},
        "paper": paper,
    }


def _longer(text: str | None, draw: random.Random) -> str | None:
    return text and re.sub(r"(\.\d+)", rf"\g<1>{draw.randrange(1000):03}", text, count=1)


def until(boards: Iterator[Data], cells: int) -> Iterator[Data]:
    """Boards until they have this many cells in all, or a little more."""
    while cells > 0:
        board = next(boards)
        cells -= cells_of(board)
        yield board


def raw(board: Data) -> RawBoard:
    """The record of a board, as the parser of its page gives it."""
    metrics = tuple(board["rows"][0]["metrics"])
    rows = tuple(
        RawRow(
            position=place,
            rank=row["rank"],
            model=row["method"],
            values=tuple(row["metrics"].get(name) for name in metrics),
            extra_data=row["uses_additional_data"],
            paper_title=(row["paper"] or {}).get("title"),
            paper_url=SITE + row["paper"]["url"] if row["paper"] and row["paper"]["url"] else None,
            date=row["evaluation_date"],
            paper_date=(row["paper"] or {}).get("published"),
            source_row_id=str(row["row_id"]),
        )
        for place, row in enumerate(board["rows"], 1)
    )
    return RawBoard(
        source="pwc-html",
        capture_id="0" * 16,
        locator=f"{SITE}/sota/board-{board['table_id']}",
        area=None,
        task=board["task"],
        dataset=board["dataset"],
        metrics=tuple(map(RawMetric, metrics)),
        rows=rows,
    )


def benchmark_pages(real: list[Data], rows: int) -> Iterator[Data]:
    """What pages of one metric and so many rows say, without end, as `tests.markup` renders them.

    The rows are real ones that state a plain number, one board's after the other's.
    """
    stated = (
        (row, text)
        for row in chain.from_iterable(board["rows"] for board in renamed(real))
        for text in islice(row["metrics"].values(), 1)
        if text and _NUMBER.fullmatch(text) and row["method"].strip() and row["paper"]
    )
    for number in count(1):
        shown = [_shown(row, text, place) for place, (row, text) in enumerate(islice(stated, rows), 1)]
        yield {
            "url": f"https://paperswithcode2.com/benchmark/{number}",
            "area": "Methodology",
            "task": f"Task {number}",
            "dataset": "Dataset",
            "metric": "Accuracy",
            "direction": "higher",
            "partial": None,
            "rows": shown,
        }


def _shown(row: Data, text: str, place: int) -> Data:
    code = [f"https://github.com/group/code-{place}"] if place % 2 else []
    return {
        "rank": place,
        "model": " ".join(row["method"].split()),
        "value": text,
        "extra_data": row["uses_additional_data"],
        "title": " ".join((row["paper"]["title"] or "").split()) or None,
        "paper": f"/paper/{row['row_id']}",
        "date": row["evaluation_date"],
        "code": bool(code),
        "sota": False,
        "code_urls": code,
    }
