"""Markdown pages of NLP-progress; what is read of odd tables stands in tests/pages/nlp-progress/traps.md."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path

import pytest

from sotaduck.errors import ParseError
from sotaduck.records import RawBoard
from tests.pages_io import parse

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "nlp-progress").glob("*/*.md"))


def boards(page: Path) -> list[RawBoard]:
    records = parse("nlp-progress", f"file:NLP-progress/{page.parent.name}/{page.name}", page.read_bytes())
    assert all(isinstance(record, RawBoard) for record in records), records
    return [record for record in records if isinstance(record, RawBoard)]


def rows_by_hand(page: Path) -> list[list[list[str]]]:
    """Tables whose header begins with Model, by splitting lines at bars: no Markdown library."""
    tables: list[list[list[str]]] = []
    inside = False
    for line in page.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().removeprefix("|").split("|")]
        if cells[0] == "Model":
            tables.append([])
            inside = True
        elif not line.strip().startswith("|"):
            inside = False
        elif inside and not re.fullmatch(r"[\s|:-]+", line):
            tables[-1].append(cells)
    return tables


@pytest.mark.parametrize("page", SAMPLES, ids=lambda page: page.stem)
def test_every_row_of_every_table_is_read_and_no_number_changes(page: Path) -> None:
    read, by_hand = boards(page), rows_by_hand(page)
    assert [len(board.rows) for board in read] == [len(table) for table in by_hand]
    numbers = 0
    for board, table in zip(read, by_hand, strict=True):
        for row, cells in zip(board.rows, table, strict=True):
            for value, cell in zip(row.values, cells[1:], strict=False):
                if re.fullmatch(r"[0-9.]+[*M]?", cell):
                    assert value == cell
                    numbers += 1
            assert row.model == re.sub(r"\*{3}(.*)\*{3}", r"\1", cells[0])
    assert numbers >= sum(map(len, by_hand))


def test_a_section_between_task_and_dataset_is_a_task_of_its_own() -> None:
    (page,) = [page for page in SAMPLES if page.stem == "language_modeling"]
    treebank = [board for board in boards(page) if board.dataset == "Penn Treebank"]
    assert [(board.area, board.task) for board in treebank] == [
        ("Language modeling", "Word Level Models"),
        ("Language modeling", "Character Level Models"),
    ]


def test_a_part_of_a_dataset_is_named_with_it() -> None:
    (page,) = [page for page in SAMPLES if page.stem == "language_modeling"]
    parts = [board.dataset for board in boards(page) if ": " in board.dataset]
    assert parts == [
        f"Multilingual Wikipedia Corpus: MWC {language} in the single text, large setting."
        for language in ("English", "Finnish")
    ]


def test_headings_that_only_structure_the_page_name_nothing() -> None:
    (page,) = [page for page in SAMPLES if page.stem == "chinese_word_segmentation"]
    assert {(board.area, board.task) for board in boards(page)} == {(None, "Chinese Word Segmentation")}
    assert [board.dataset for board in boards(page)] == [
        "Chinese Treebank 6", "Chinese Treebank 7", "AS", "CityU", "PKU", "MSR",
    ]  # fmt: skip


def test_tables_under_one_heading_are_told_apart_by_their_captions() -> None:
    (page,) = [page for page in SAMPLES if page.stem == "text_classification"]
    assert [board.dataset for board in boards(page)] == ["AG News", "DBpedia", "TREC-6", "TREC-50"]


def test_several_tasks_on_one_page_stay_apart() -> None:
    (page,) = [page for page in SAMPLES if page.stem == "dependency_parsing"]
    assert [board.task for board in boards(page)] == [
        *["Dependency parsing"] * 3,
        "Cross-lingual zero-shot dependency parsing",
        "Unsupervised dependency parsing",
    ]


@pytest.mark.parametrize("page", SAMPLES, ids=lambda page: page.stem)
def test_a_locator_names_one_table_and_does_not_depend_on_where_the_checkout_lies(page: Path) -> None:
    folder = f"{page.parent.name}/{page.name}"
    places = [f"file:NLP-progress.zip/NLP-progress-master/{folder}", f"file:{folder}"]
    first, second = ([b.locator for b in parse("nlp-progress", url, page.read_bytes())
                      if isinstance(b, RawBoard)] for url in places)  # fmt: skip
    assert first == second
    assert len(set(first)) == len(first) > 0


def test_a_byte_order_mark_and_line_ends_of_windows_do_not_matter() -> None:
    (page,) = [page for page in SAMPLES if page.stem == "machine_translation"]
    plain = parse("nlp-progress", "file:a/b.md", page.read_bytes())
    windows = b"\xef\xbb\xbf" + page.read_bytes().replace(b"\n", b"\r\n")
    assert parse("nlp-progress", "file:a/b.md", windows) == plain


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", "not_markdown", "empty"),
        (b"# Task\n\nNo table at all.\n", "no_leaderboard", "none of the 0 tables"),
        (b"# Task\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n", "no_leaderboard", "none of the 1 tables"),
        (b"<!doctype html><html><table><tr><td>Model</table>", "not_markdown", "an HTML page"),
        (b'{"task-hierarchy": []}', "not_markdown", "OpenCodePapers"),
        (gzip.compress(b"# Task", mtime=0), "bad_encoding", "a gzip file"),
        ("# Größe\n".encode("latin-1"), "bad_encoding", "byte 4"),
        ("# Task\n\n| Model |".encode("utf-16"), "bad_encoding", "UTF-16"),
        (b"# Task\0", "not_markdown", "binary"),
        (b"| Model | F1 |\n| --- | --- |\n| A | 1 |\n", "no_heading", "line 1"),
        (b"x" * (8 * 2**20 + 1), "too_large", "8 MiB"),
    ],
)
def test_what_is_no_page_of_leaderboards_is_refused_with_what_it_is(
    content: bytes, reason: str, words: str
) -> None:
    with pytest.raises(ParseError) as caught:
        parse("nlp-progress", "file:english/page.md", content)
    assert caught.value.reason == reason
    assert words in caught.value.detail
    assert caught.value.url == "file:english/page.md"


@pytest.mark.parametrize("piece", ["> ", "[", "- ", "*", "` ", "![](", "| ", "<"])
def test_no_depth_of_nesting_is_too_deep(piece: str) -> None:
    table = "\n\n# T\n\n### D\n\n| Model | F1 |\n| --- | --- |\n| A | 1 |\n"
    start = time.perf_counter()
    records = parse("nlp-progress", "file:a/b.md", (piece * 20_000 + table).encode())
    assert [board.dataset for board in records if isinstance(board, RawBoard)] == ["D"]
    assert time.perf_counter() - start < 20


def test_a_truncated_page_gives_what_it_still_holds() -> None:
    (page,) = [page for page in SAMPLES if page.stem == "machine_translation"]
    whole = boards(page)
    half = parse("nlp-progress", "file:english/machine_translation.md", page.read_bytes()[:2000])
    assert isinstance(half[0], RawBoard)
    assert half[0].rows[:9] == whole[0].rows[:9]
