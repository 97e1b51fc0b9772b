"""Real boards for the tests of the transform: `tests/data/boards.jsonl` and `samples/data` as raw records."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from sotaduck.records import Board, Normalised, RawBoard, RawMetric, RawRow, Result
from transform.pipeline import normalise
from transform.vocabulary import load

ROOT = Path(__file__).parents[1]
SITE = "https://paperswithcode.com"


@cache
def archived() -> dict[str, RawBoard]:
    """The boards of `boards.jsonl` by the number of their table, as the parser of those pages gives them."""
    lines = (ROOT / "tests" / "data" / "boards.jsonl").read_text(encoding="utf-8").splitlines()
    return {data["table"]: _archived(data) for data in map(json.loads, lines)}


def _archived(data: dict[str, Any]) -> RawBoard:
    rows = [
        row(
            place, model, *cells, rank=rank, extra_data=extra, paper_title=title,
            paper_url=url and SITE + url, date=date, paper_date=published, source_row_id=row_id,
        )
        for place, (rank, model, cells, extra, title, url, date, published, row_id) in enumerate(
            data["rows"], 1
        )
    ]  # fmt: skip
    return board(
        data["metrics"], rows, source="pwc-html", locator=f"{SITE}/sota#table-{data['table']}",
        task=data["task"], dataset=data["dataset"],
    )  # fmt: skip


@cache
def sample(number: int) -> RawBoard:
    """A benchmark page of `samples/data`, as the parser of those pages gives it."""
    text = (ROOT / "samples" / "data" / f"benchmark-{number}.json").read_text(encoding="utf-8")
    data = json.loads(text)
    rows = [
        row(
            place, item["model"], item["value"], rank=item["rank"], extra_data=item["extra_data"],
            paper_title=item["title"], paper_url=item["paper"], date=item["date"],
            sota_badge=item.get("sota"),
        )
        for place, item in enumerate(data["rows"], 1)
    ]  # fmt: skip
    metric = RawMetric(data["metric"], data["direction"] == "higher", "page")
    return board(
        [metric],
        rows,
        source="paperswithcode2",
        locator=data["url"],
        task=data["task"],
        dataset=data["dataset"],
    )


def row(place: int, model: str, *cells: str | None, **said: Any) -> RawRow:
    """A row with what the test says of it."""
    return RawRow(**{"position": place, "rank": place, "model": model, "values": cells, **said})


def board(metrics: list[Any], rows: list[RawRow], **said: Any) -> RawBoard:
    """A board; a metric may be given by its name alone."""
    named = tuple(item if isinstance(item, RawMetric) else RawMetric(item) for item in metrics)
    page = {
        "source": "paperswithcode2", "capture_id": "c" * 16, "area": None, "task": "Task",
        "dataset": "Dataset", "locator": "https://paperswithcode2.com/benchmark/1",
    }  # fmt: skip
    return RawBoard(**{**page, "metrics": named, "rows": tuple(rows), **said})


def normalised(*boards: RawBoard) -> Normalised:
    """These boards, normalised with the vocabulary of this installation."""
    return normalise(boards, [], [], load())


def results_of(found: Normalised, metric: str) -> tuple[Board, list[Result]]:
    """The board whose label is published so, and its results in their order."""
    named = next(item for item in found.boards if item.metric_published == metric)
    return named, [result for result in found.results if result.board_id == named.board_id]
