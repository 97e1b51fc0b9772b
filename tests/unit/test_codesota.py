"""The CodeSOTA registry: joins, ids that lead nowhere, and folders, zips and files that are none."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from extract.sources.codesota import bundle
from sotaduck.errors import ParseError
from sotaduck.records import RawBoard, RawEntry, RawPaper
from tests import pages_io

SAMPLE = Path(__file__).parents[2] / "samples" / "codesota" / "registry"
URL = "file:registry"


def a_registry(**tables: Any) -> dict[str, Any]:
    """Tables of a small registry; those that are named replace, None leaves out."""
    whole: dict[str, Any] = {
        "areas": [{"id": "1", "name": "Speech"}],
        "tasks": [{"id": "asr", "area": "1", "name": "Speech Recognition", "description": None}],
        "datasets": [{"id": "7", "task": "asr", "name": "TED", "fullName": "TED-LIUM 3", "year": 2018}],
        "models": [{"id": "w", "name": "Whisper", "vendor": "OpenAI"}, {"id": "c", "name": "Canary"}],
        "papers": [{"id": "p1", "title": "A Paper", "authors": ["A. Author"], "arxivId": "2212.04356"}],
        "benchmark_results": [a_result(1), a_result(2, model="c", value=3.50)],
    }
    return {name: rows for name, rows in (whole | tables).items() if rows is not None}


def a_result(number: int, **changed: Any) -> dict[str, Any]:
    return {"id": number, "model": "w", "dataset": "7", "metric": "wer", "value": 4.0} | changed


def zipped(tables: dict[str, Any], folder: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, rows in tables.items():
            text = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
            archive.writestr(f"{folder}{name}.json", text)
    return out.getvalue()


def parse(body: bytes) -> tuple[list[RawBoard], list[ParseError], list[Any]]:
    records = pages_io.parse("codesota", URL, body)
    boards = [record for record in records if isinstance(record, RawBoard)]
    errors = [record for record in records if isinstance(record, ParseError)]
    return boards, errors, [record for record in records if isinstance(record, (RawPaper, RawEntry))]


def bundled(path: Path) -> bytes:
    with bundle(path) as stream:
        return stream.read()


# ------------------------------------------------------------------ joins


def test_every_result_of_the_sample_is_a_row_of_the_board_of_its_dataset_and_metric() -> None:
    tables = {file.stem: json.loads(file.read_text("utf-8")) for file in SAMPLE.glob("*.json")}
    names = {table: {row["id"]: row["name"] for row in tables[table]} for table in ("models", "datasets")}
    expected = sorted(
        (names["datasets"][row["dataset"]], row["metric"], names["models"][row["model"]], str(row["value"]))
        for row in tables["benchmark_results"]
    )
    boards, errors, others = parse(bundled(SAMPLE))
    found = sorted(
        (board.dataset, board.metrics[0].name, row.model, row.values[0])
        for board in boards
        for row in board.rows
    )
    assert found == expected
    assert errors == []
    assert len(others) == len(tables["papers"]) + len(tables["datasets"])


def test_a_result_gets_names_task_and_area_through_the_ids() -> None:
    [board], errors, _ = parse(zipped(a_registry()))
    assert (board.area, board.task, board.dataset) == ("Speech", "Speech Recognition", "TED")
    assert [(row.position, row.rank, row.model, row.values) for row in board.rows] == [
        (1, None, "Whisper", ("4.0",)),
        (2, None, "Canary", ("3.5",)),
    ]
    assert board.metrics[0].higher_is_better is None
    assert errors == [] and board.warnings == ()


def test_each_metric_of_a_dataset_is_a_board_of_its_own() -> None:
    results = [a_result(1), a_result(2, metric="cer", value=1), a_result(3, model="c")]
    boards, _, _ = parse(zipped(a_registry(benchmark_results=results)))
    assert [(board.metrics[0].name, len(board.rows)) for board in boards] == [("wer", 2), ("cer", 1)]
    assert len({board.locator for board in boards}) == 2


def test_a_paper_by_its_id_gives_title_authors_and_the_address_of_the_paper_itself() -> None:
    [board], _, others = parse(zipped(a_registry(benchmark_results=[a_result(1, paper="p1")])))
    row = board.rows[0]
    assert (row.paper_title, row.paper_url, row.authors) == (
        "A Paper",
        "https://arxiv.org/abs/2212.04356",
        ("A. Author",),
    )
    [paper] = [record for record in others if isinstance(record, RawPaper)]
    assert (paper.url, paper.arxiv_id) == (row.paper_url, "2212.04356")


@pytest.mark.parametrize(
    ("fields", "paper_url", "code"),
    [
        ({"source": "Table 3"}, None, ()),
        ({"source": "vendor", "sourceUrl": "https://example.org/blog"}, "https://example.org/blog", ()),
        ({"source": "https://example.org/paper"}, "https://example.org/paper", ()),
        ({"source": "1"}, "https://arxiv.org/abs/1", ()),
        ({"source": 1}, "https://arxiv.org/abs/1", ()),
        ({"source": "2", "sourceUrl": "Table 2"}, None, ("https://github.com/a/b",)),
    ],
)
def test_a_source_is_an_id_or_words_and_says_where_the_paper_or_the_code_is(
    fields: dict[str, Any], paper_url: str | None, code: tuple[str, ...]
) -> None:
    sources = [
        {"id": "1", "type": "paper", "title": "Whisper on TED", "url": "https://arxiv.org/abs/1"},
        {"id": "2", "type": "code", "title": "x", "url": "https://github.com/a/b"},
    ]
    tables = a_registry(sources=sources, benchmark_results=[a_result(1, **fields)])
    [board], errors, _ = parse(zipped(tables))
    assert (board.rows[0].paper_url, board.rows[0].code_urls, errors) == (paper_url, code, [])
    assert board.rows[0].paper_title is None  # a source's title is made up


def test_other_spellings_of_a_result_are_read() -> None:
    result = {
        "id": "r",
        "model_id": "w",
        "datasetId": "7",
        "metricName": "wer",
        "score": "4.0 ± 0.1",
        "higher_is_better": False,
        "resultDate": "2025-01-02",
    }
    [board], _, _ = parse(zipped(a_registry(benchmark_results=[result])))
    assert (board.metrics[0].higher_is_better, board.metrics[0].direction_source) == (False, "page")
    assert (board.rows[0].values, board.rows[0].date) == (("4.0 ± 0.1",), "2025-01-02")


def test_trust_signals_are_tags_of_their_result() -> None:
    signals = [{"id": "1", "entityType": "benchmark_result", "entityId": "2", "signalType": "independent"}]
    [board], _, _ = parse(zipped(a_registry(trust_signals=signals)))
    assert [row.tags for row in board.rows] == [(), ("independent",)]


def test_tasks_of_papers_and_the_dataset_are_told() -> None:
    _, _, others = parse(zipped(a_registry(paper_tasks=[{"paper": "p1", "task": "asr"}])))
    paper, dataset = others
    assert paper.tasks == ("Speech Recognition",)
    assert (dataset.name, dataset.full_name, dataset.introduced) == ("TED", "TED-LIUM 3", "2018")
    assert dataset.labels == ("Speech Recognition",)


# ------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize(
    ("tables", "words", "rows_left"),
    [
        (
            {"benchmark_results": [a_result(1), a_result(2, model="x")]},
            ["results.json`, row 2", "`model` = `x`"],
            1,
        ),
        ({"benchmark_results": [a_result(1), a_result(2, dataset="x")]}, ["row 2", "`dataset` = `x`"], 1),
        ({"benchmark_results": [a_result(1, paper="x")]}, ["row 1", "`paper` = `x`", "papers.json"], 1),
        (
            {"datasets": [{"id": "7", "task": "x", "name": "TED"}]},
            ["datasets.json`, row 1", "`task` = `x`"],
            0,
        ),
        ({"tasks": [{"id": "asr", "area": "x", "name": "ASR"}]}, ["tasks.json`, row 1", "`area` = `x`"], 2),
        ({"paper_tasks": [{"paper": "x", "task": "asr"}]}, ["paper_tasks.json`, row 1", "`paper` = `x`"], 2),
        ({"sources": [], "benchmark_results": [a_result(1, source="5")]}, ["row 1", "`source` = `5`"], 1),
    ],
)
def test_an_id_that_leads_nowhere_names_file_row_and_id_and_the_others_go_on(
    tables: dict[str, Any], words: list[str], rows_left: int
) -> None:
    boards, errors, _ = parse(zipped(a_registry(**tables)))
    dangling = [error for error in errors if error.reason == "dangling_id"]
    assert len(dangling) == 1
    assert all(word in dangling[0].detail for word in words)
    assert sum(len(board.rows) for board in boards) == rows_left


def test_results_that_cannot_be_placed_are_counted() -> None:
    _, errors, _ = parse(zipped(a_registry(datasets=[{"id": "7", "task": None, "name": "TED"}])))
    assert [error.reason for error in errors] == ["missing_field", "unplaced"]
    assert "2 of the results on `7` are lost, from row 1 on" in errors[1].detail


def test_a_missing_optional_table_is_one_error_however_many_rows_need_it() -> None:
    results = [a_result(number, paper="p1") for number in range(5)]
    boards, errors, _ = parse(zipped(a_registry(papers=None, benchmark_results=results)))
    assert [error.reason for error in errors] == ["missing_table"]
    assert len(boards[0].rows) == 5


def test_unknown_fields_and_tables_are_warnings_with_their_first_place() -> None:
    results = [a_result(1), a_result(2, energy=1), a_result(3, energy=2)]
    tables = a_registry(benchmark_results=results, awards=[])
    tables["models"][1]["colour"] = "red"
    [board], errors, _ = parse(zipped(tables))
    assert errors == []
    assert set(board.warnings) == {
        "`awards.json` is an unknown table, not read",
        "`models.json`, row 2: unknown field `colour`, not read",
        "`benchmark_results.json`, row 2: unknown field `energy`, not read",
    }


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({"models": [{"id": "w", "name": "A"}, {"id": "w", "name": "B"}]}, "duplicate_id"),
        ({"models": [{"id": "w", "name": "A"}, "x"]}, "wrong_type"),
        ({"models": [{"id": "w", "name": "A"}, {"name": "B"}]}, "missing_id"),
        ({"manifest": {"counts": {"benchmarkResults": 3}}}, "rows_missing"),
        ({"benchmark_results": []}, "no_rows"),
        ({"papers": b'[{"id": "p1", "ti'}, "truncated_json"),
        ({"benchmark_results": [{"id": 1, "model": "w", "metric": "wer", "value": 1}]}, "missing_field"),
    ],
)
def test_what_is_spoilt_in_a_table_is_an_error_of_its_own(tables: dict[str, Any], reason: str) -> None:
    _, errors, others = parse(zipped(a_registry(**tables)))
    assert reason in [error.reason for error in errors]
    assert any(isinstance(record, RawEntry) for record in others)


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b"", "other_kind", "an empty file"),
        (b'[{"id": "1", "primaryMetric": null}]', "other_kind", "one table of a CodeSOTA registry"),
        (b"<!doctype html><html></html>", "other_kind", "an HTML page"),
        (b"\x1f\x8b\x08" + bytes(64), "other_kind", "a gzip file"),
        (zipped(a_registry())[:-30], "damaged_zip", "complete"),
        (zipped({"evaluation-tables": []}), "not_a_registry", "evaluation-tables.json"),
        (zipped(a_registry(models=None, tasks=None)), "missing_table", "models.json, tasks.json"),
        (zipped(a_registry(models=b"[")), "truncated_json", "`models.json`"),
        (zipped(a_registry(models=b"[" * 200_000)), "too_deep", "`models.json`"),
        (zipped(a_registry(models='["é"]'.encode("latin-1"))), "bad_encoding", "`models.json`"),
        (zipped(a_registry(models={})), "wrong_type", "`models.json`"),
    ],
)
def test_what_is_no_registry_is_refused_with_a_reason_and_a_place(
    body: bytes, reason: str, words: str
) -> None:
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert (caught.value.reason, caught.value.url) == (reason, URL)
    assert words in caught.value.detail


# ------------------------------------------------------------------ the bundle


def write(folder: Path, tables: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def test_the_same_tables_give_the_same_bytes_from_a_folder_a_checkout_and_a_zip(tmp_path: Path) -> None:
    registry = write(tmp_path / "checkout" / "registry", a_registry())
    (tmp_path / "checkout" / "package.json").write_text("{}")
    (tmp_path / "repo.zip").write_bytes(zipped(a_registry(), "codesota.com-main/registry/"))
    whole = bundled(registry)
    assert bundled(tmp_path / "checkout") == whole
    assert bundled(tmp_path / "repo.zip") == whole
    assert parse(whole)[0] == parse(zipped(a_registry()))[0]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    registry = write(tmp_path / "registry", a_registry(papers=None))
    (tmp_path / "secret.json").write_text("[]")
    (registry / "papers.json").symlink_to(tmp_path / "secret.json")
    assert "papers.json" not in zipfile.ZipFile(io.BytesIO(bundled(registry))).namelist()


def test_a_folder_without_results_is_refused_and_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x")
    with pytest.raises(ParseError, match=r"notes\.md.*not_a_registry"):
        bundle(tmp_path)
