"""A small board with nothing wrong in it, for tests that break one thing of it at a time.

Three results of one metric: 82.1, 79.8 and a cell that cannot be read; a page that declares the direction.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from msgspec.structs import replace

from sotaduck.records import Board, Normalised, Paper, Quarantined, RawBoard, RawMetric, RawRow, Result

LOCATOR = "https://example.org/benchmark/7"
LEADERBOARD = "panoptic-segmentation/cityscapes-val/miou"
CAPTURED = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def raw_row(**changes: Any) -> RawRow:
    row = RawRow(1, 1, "EfficientPS", ("82.1",), False, "EfficientPS", date="2020-04-05", sota_badge=True)
    return dataclasses.replace(row, paper_url="https://example.org/paper/3", **changes)


RAW = RawBoard(
    source="paperswithcode2",
    capture_id="c1",
    locator=LOCATOR,
    area="Computer Vision",
    task="Panoptic Segmentation",
    dataset="Cityscapes val",
    metrics=(RawMetric("mIoU", True, "page"),),
    rows=(
        raw_row(),
        raw_row(position=2, rank=2, model="Panoptic-DeepLab", values=("79.8",), date="2018-08-10"),
        raw_row(position=3, rank=3, model="CRF", values=("see paper",), date=None, sota_badge=False),
    ),
)


def raw(row: int | None = None, /, **changes: Any) -> RawBoard:
    """The raw board, or with a change to the row of this index."""
    if row is None:
        return dataclasses.replace(RAW, **changes)
    rows = list(RAW.rows)
    rows[row] = dataclasses.replace(rows[row], **changes)
    return dataclasses.replace(RAW, rows=tuple(rows))


def result(**changes: Any) -> Result:
    good = Result(
        result_id="r1", board_id="b1", leaderboard_id=LEADERBOARD, source="paperswithcode2", capture_id="c1",
        source_url=LOCATOR, position=1, source_rank=1, source_sota=True, model="EfficientPS",
        model_id="efficientps", base_model="EfficientPS", variant=(), parameters=None, shots=None,
        ensemble=None, citation=None, value=82.1, value_text="82.1", value_reason=None, uncertainty=None,
        components=(), note=None, unit="percent", value_flags=(), extra_data=False,
        paper_id="arxiv:2004.02307", paper_title="EfficientPS", paper_title_cut=False,
        paper_title_key="efficientps", paper_url="https://example.org/paper/3",
        result_date=date(2020, 4, 5), paper_date=date(2020, 4, 5), date_source="result", code_url=None,
    )  # fmt: skip
    return replace(good, **changes)


UNREAD = Quarantined(
    source="paperswithcode2", capture_id="c1", source_url=LOCATOR, board_id="b1", leaderboard_id=LEADERBOARD,
    position=3, model="CRF", field="value", value_text="see paper", reason="not_a_number", detail="",
    expectation="value grammar", cells=1,
)  # fmt: skip


def board(**changes: Any) -> Board:
    good = Board(
        board_id="b1", leaderboard_id=LEADERBOARD, source="paperswithcode2", capture_id="c1", locator=LOCATOR,
        area="Computer Vision", task="Panoptic Segmentation", dataset="Cityscapes val", metric="mIoU",
        metric_published="mIoU", metric_kind="quality", higher_is_better=True, direction_source="page",
        unit="percent", lower_bound=0.0, upper_bound=100.0, partial=None, cells_in=3, cells_loaded=2,
        cells_quarantined=1, cells_duplicate=0,
    )  # fmt: skip
    return replace(good, **changes)


def paper(**changes: Any) -> Paper:
    good = Paper(
        paper_id="arxiv:2004.02307", source="paperswithcode2", capture_id="c2", url="https://example.org/paper/3",
        title="EfficientPS: Efficient Panoptic Segmentation", title_key="efficientps", from_row=False,
        authors=("Rohit Mohan",), published=date(2020, 4, 5), venue="IJCV", venue_year=2021, venue_month=2,
        arxiv_id="2004.02307", doi="10.1007/s11263-021-01445-z", abstract=None, tasks=(), code_urls=(),
        official_code_urls=(), updated=date(2021, 2, 3), categories=(), journal_ref=None, results_listed=0,
        partial=None,
    )  # fmt: skip
    return replace(good, **changes)


RESULTS = (
    result(),
    result(
        result_id="r2", position=2, source_rank=2, model="Panoptic-DeepLab", value=79.8, value_text="79.8",
    ),
    result(
        result_id="r3", position=3, source_rank=3, model="CRF", value=None, value_text="see paper",
        value_reason="not_a_number", result_date=None, paper_date=None, date_source=None, source_sota=False,
    ),
)  # fmt: skip


def batch(**first: Any) -> Normalised:
    """The whole batch, with a change to its first result."""
    return Normalised(
        boards=(board(),),
        results=(replace(RESULTS[0], **first), *RESULTS[1:]),
        papers=(paper(),),
        quarantine=(UNREAD,),
    )


def ranked(**columns: list[Any]) -> pd.DataFrame:
    """Rows of the view of ranked results: 90, 85, 85, 80 and one without a value."""
    rows: dict[str, list[Any]] = {
        "leaderboard_id": [LEADERBOARD] * 5,
        "source": ["paperswithcode2"] * 5,
        "source_url": [LOCATOR] * 5,
        "model": ["A", "B", "C", "D", "E"],
        "value": [90.0, 85.0, 85.0, 80.0, None],
        "higher_is_better": [True] * 5,
        "rank": [1, 2, 2, 4, None],
        "source_rank": [1, 3, 2, 4, 5],
    }
    return pd.DataFrame(rows | columns)


def history(**columns: list[Any]) -> pd.DataFrame:
    """Rows of the view of records: two steps of an error that falls, the second shared by two."""
    rows: dict[str, list[Any]] = {
        "leaderboard_id": ["mt/wmt/ter"] * 3,
        "track": ["all"] * 3,
        "step": [1, 2, 2],
        "sota_date": [date(2018, 8, 10), date(2019, 11, 22), date(2019, 11, 22)],
        "model": ["A", "B", "C"],
        "value": [41.5, 40.0, 40.0],
        "higher_is_better": [False] * 3,
    }
    return pd.DataFrame(rows | columns)


def badges(**columns: list[Any]) -> pd.DataFrame:
    """Results beside their badges: a record, none, one without a date, one of a page without badges."""
    rows: dict[str, list[Any]] = {
        "leaderboard_id": [LEADERBOARD] * 4,
        "model": ["A", "B", "C", "D"],
        "sota_at_release": [True, False, None, True],
        "source_sota": [True, False, False, None],
    }
    return pd.DataFrame(rows | columns)


def leaders(**columns: list[Any]) -> pd.DataFrame:
    """Leaderboards beside what ranks first: two that tie, and a board where nothing is ranked."""
    rows: dict[str, list[Any]] = {
        "leaderboard_id": ["a/b/c", "a/b/c", "x/y/z"],
        "leader": ["A", "A", None],
        "leader_value": [90.0, 90.0, None],
        "model": ["A", "B", None],
        "value": [90.0, 90.0, None],
    }
    return pd.DataFrame(rows | columns)


def counts(**columns: list[Any]) -> pd.DataFrame:
    """Counts of what was loaded beside what views show."""
    rows: dict[str, list[Any]] = {
        "what": ["results", "papers"], "in_tables": [3, 1], "in_view": [3, 1], "is_newest": [True, True],
        "rows_shown": [None, None], "rows_seen": [None, None],
    }  # fmt: skip
    return pd.DataFrame(rows | columns)
