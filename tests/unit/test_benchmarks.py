"""The benchmarks run, at sizes that take seconds, and what they count is right."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from benchmarks import dump, growth, publishing, reading
from benchmarks.__main__ import main
from benchmarks.boards import benchmark_pages, cells_of, raw, real_boards, renamed, until
from benchmarks.measure import in_child, peak_memory
from benchmarks.naive import read_script, read_table, results
from tests.markup import render_benchmark
from tests.pwc_pages import page


def test_made_boards_are_real_ones_under_names_of_their_own() -> None:
    real = real_boards(None)[:2]
    made = list(islice(renamed(real), 4))
    assert sorted(len(board["rows"]) for board in made) == sorted(2 * [len(board["rows"]) for board in real])
    assert len({board["task"] for board in made}) == 4
    names = [row["method"] for board in made for row in board["rows"] if row["method"]]
    again = [row["method"] for board in real for row in board["rows"] if row["method"]]
    assert all(any(name.startswith(known) for known in again) for name in names)
    assert len(set(names)) == 2 * len(set(again))


def test_boards_are_given_until_there_are_cells_enough() -> None:
    real = real_boards(None)
    boards = list(until(renamed(real), 300))
    assert sum(map(cells_of, boards)) >= 300 > sum(map(cells_of, boards[:-1]))


def test_a_record_says_what_the_parser_reads_from_the_page_of_its_board() -> None:
    board = real_boards(None)[0]
    (parsed,) = reading.parse("pwc-html", "https://paperswithcode.com/sota/a-on-b", page(board))
    made = raw(board)
    assert [row.model for row in parsed.rows] == [row.model for row in made.rows]
    assert [row.values for row in parsed.rows] == [row.values for row in made.rows]
    assert [(row.date, row.paper_url) for row in parsed.rows] == [
        (row.date, row.paper_url) for row in made.rows
    ]


def test_the_naive_way_reads_the_same_rows_as_ours() -> None:
    data = next(benchmark_pages(real_boards(None), 12))
    body = render_benchmark(data, reading.STYLE)
    (ours,) = reading.parse("paperswithcode2", data["url"], body)
    theirs = results(read_table(body))
    assert [(row.position, row.model, float(row.values[0] or "nan")) for row in ours.rows] == [
        row[:3] for row in theirs
    ]
    board = real_boards(None)[0]
    assert len(read_script(page(board))) == len(board["rows"])


def test_reading_gives_a_row_for_each_size_of_page_and_one_for_the_original_site() -> None:
    found = reading.rates(real_boards(None)[:2], sizes=(3, 5), rows=10, runs=1)
    assert [(row[0], row[1]) for row in found[:2]] == [("paperswithcode2", "3"), ("paperswithcode2", "5")]
    assert found[2][0] == "pwc-html"
    assert all(len(row) == len(reading.HEAD) for row in found)


def test_publishing_accounts_for_all_time_and_every_cell() -> None:
    ours, naive, other = publishing.compared(real_boards(None)[:2], pages=2, rows=4)
    assert (ours.pages, ours.cells, naive.cells) == (2, 8, 8)
    assert other.cells == sum(map(cells_of, real_boards(None)[:2]))
    for one in (ours, other):
        assert 0 < sum(one.stages[name] for name in publishing.STAGES) <= one.total


def test_growth_counts_the_cells_that_it_normalised() -> None:
    found = growth.one(200, None)
    expected = list(until(renamed(real_boards(None)), 200))
    assert (found.cells, found.boards) == (sum(map(cells_of, expected)), len(expected))
    assert 0 < found.valued <= found.cells
    (row,) = growth.rows([found])
    assert row[4] == 1.0


def test_a_dump_is_made_once_and_read_whole_by_both_ways(tmp_path: Path) -> None:
    folder, home, other = tmp_path / "dump", tmp_path / "ours", tmp_path / "naive"
    home.mkdir()
    other.mkdir()
    dump.make(folder, None, scale=0.001)  # 10 leaderboards, 150 results, 500 papers, 300 links
    files = sorted(folder.glob("*.json.gz"))
    before = [file.stat().st_mtime_ns for file in files]
    dump.make(folder, None, scale=0.001)
    assert [file.stat().st_mtime_ns for file in files] == before
    ours = dump.ours_in(files, home)
    theirs = dump.naive_in(files, other)
    assert (ours.status, ours.failures) == ("done", 0)
    # Ours counts cells that are there and say nothing, as the naive way does.
    assert ours.counts["cells_in"] == theirs.results
    assert theirs.papers == 500
    assert ours.file > 0


def test_memory_of_a_child_is_its_own() -> None:
    ballast = bytearray(300_000_000)
    assert in_child(peak_memory) < peak_memory() - len(ballast) / 2e6


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "cooking"])
    assert "reading" in capsys.readouterr().err
