"""The bundled samples: their data hold together, the archive is what the script makes, every page parses."""

from __future__ import annotations

import datetime
import gzip
import io
import re
from pathlib import Path
from typing import Any

import pytest

from extract import sources
from extract.archive import Archive
from samples import make_archive
from sotaduck.records import RawBoard, RawPaper

ARCHIVE = make_archive.HERE / "archive"
DATA = {data["url"]: data for data in make_archive.samples()}
BOARDS = [data for data in DATA.values() if "rows" in data]
PAPERS = [data for data in DATA.values() if "rows" not in data]


def name(data: dict[str, Any]) -> str:
    return "-".join(data["url"].split("/")[-2:])


@pytest.fixture(scope="module")
def parsed() -> dict[str, RawBoard | RawPaper]:
    found = {}
    with Archive(ARCHIVE) as archive:
        for capture in archive.captures():
            (record,) = sources.parse(capture.source, capture, io.BytesIO(archive.body(capture)))
            assert isinstance(record, RawBoard | RawPaper)
            found[capture.url] = record
    return found


def test_there_are_at_least_ten_leaderboards_and_some_papers() -> None:
    assert len(BOARDS) >= 10
    assert len(PAPERS) >= 8
    assert {board["direction"] for board in BOARDS} == {"higher", "lower"}


@pytest.mark.parametrize("board", BOARDS, ids=name)
def test_a_leaderboards_data_hold_together(board: dict[str, Any]) -> None:
    rows = board["rows"]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["model"] and row["value"] and type(row["extra_data"]) is bool for row in rows)
    dates = [row["date"] for row in rows if row["date"] is not None]
    assert all(datetime.date.fromisoformat(date).isoformat() == date for date in dates)
    values = [float(row["value"]) for row in rows]
    assert values == sorted(values, reverse=board["direction"] == "higher")
    if board["partial"]:
        assert str(len(rows)) in board["partial"]


@pytest.mark.parametrize("board", BOARDS, ids=name)
def test_a_row_links_a_paper_of_the_same_title(board: dict[str, Any]) -> None:
    for row in board["rows"]:
        if row["paper"]:
            title = DATA["https://paperswithcode2.com" + row["paper"]]["title"]
            assert title.startswith(row["title"].removesuffix("..."))


def test_the_seed_page_is_whole() -> None:
    seed = DATA["https://paperswithcode2.com/benchmark/80563"]
    rows = seed["rows"]
    assert len(rows) == 30
    assert seed["partial"] is None
    assert not any(row["title"].endswith("...") for row in rows)
    assert all(row["title_shown"] == row["title"] or is_cut(row) for row in rows)
    badges = {row["date"]: row["value"] for row in rows if row["sota"]}
    assert badges == {"2018-08-10": "79.8", "2019-11-22": "81.5", "2020-03-17": "84.6", "2020-04-05": "90.3"}


def is_cut(row: dict[str, Any]) -> bool:
    """True where the table's title is the first 48 characters of the whole one."""
    return bool(row["title_shown"] == row["title"][:48] + "...")


def test_the_badges_of_the_seed_page_are_its_records() -> None:
    rows = DATA["https://paperswithcode2.com/benchmark/80563"]["rows"]
    record = 0.0
    for day in sorted({row["date"] for row in rows}):
        of_day = [(float(row["value"]), row["sota"]) for row in rows if row["date"] == day]
        best = max(value for value, _ in of_day)
        assert [badge for _, badge in of_day] == [value == best > record for value, _ in of_day], day
        record = max(record, best)


def test_the_archive_is_what_the_script_makes(tmp_path: Path) -> None:
    assert make_archive.make(tmp_path) == len(DATA)
    with Archive(tmp_path) as made, Archive(ARCHIVE) as bundled:
        assert [c.capture_id for c in made.captures()] == [c.capture_id for c in bundled.captures()]
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in ARCHIVE.iterdir()}
    for file in tmp_path.glob("*.gz"):  # unpacked: another zlib packs the same otherwise
        assert gzip.decompress(file.read_bytes()) == gzip.decompress((ARCHIVE / file.name).read_bytes())


def test_every_page_says_that_its_markup_is_ours() -> None:
    with Archive(ARCHIVE) as archive:
        for capture in archive.captures():
            assert b"the markup is sotaduck's own" in archive.body(capture)


def test_the_pages_are_in_several_markups() -> None:
    with Archive(ARCHIVE) as archive:
        tags = [tuple(re.findall(rb"<(\w+)", archive.body(c))[:30]) for c in archive.captures()]
    assert len(set(tags)) >= 6


@pytest.mark.parametrize("board", BOARDS, ids=name)
def test_a_leaderboards_page_gives_its_data(board: dict[str, Any], parsed: dict[str, RawBoard]) -> None:
    record = parsed[board["url"]]
    assert (record.area, record.task, record.dataset) == (board["area"], board["task"], board["dataset"])
    (metric,) = record.metrics
    assert (metric.name, metric.higher_is_better) == (board["metric"], board["direction"] == "higher")
    assert record.partial == board["partial"]
    assert record.warnings == ()
    with_cards = "cards" in board["layout"]
    for ours, theirs in zip(record.rows, board["rows"], strict=True):
        assert (ours.rank, ours.model, ours.values) == (theirs["rank"], theirs["model"], (theirs["value"],))
        assert (ours.extra_data, ours.date) == (theirs["extra_data"], theirs["date"])
        assert ours.paper_title == theirs["title"]
        assert ours.paper_title_cut == (theirs["title"] or "").endswith("...")
        assert ours.paper_url == (
            "https://paperswithcode2.com" + theirs["paper"] if theirs["paper"] else None
        )
        assert ours.sota_badge is (theirs["sota"] if with_cards else None)


@pytest.mark.parametrize("paper", PAPERS, ids=name)
def test_a_papers_page_gives_its_data(paper: dict[str, Any], parsed: dict[str, RawPaper]) -> None:
    record = parsed[paper["url"]]
    assert record.title == paper["title"]
    assert list(record.authors) == paper["authors"]
    assert (record.date, record.venue, record.abstract) == (paper["date"], paper["venue"], paper["abstract"])
    assert list(record.tasks) == paper["tasks"]
    assert record.partial == paper["partial"]
    results = [[item.task, item.dataset, item.metric, item.value, item.model] for item in record.results]
    assert results == [list(item.values()) for item in paper["results"]]
