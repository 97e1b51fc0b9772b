"""The dumps of Papers with Code: what is read, what is refused, and that it is a stream."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from extract import sources
from extract.sources import pwc_dump_stream
from extract.sources.pwc_dump_boards import full_name
from sotaduck.errors import ParseError
from sotaduck.records import RawBoard, RawEntry, RawPaper
from tests import pages_io

PAGES = Path(__file__).parent.parent / "pages" / "pwc-dump"
URL = "file:evaluation-tables.json"


def parse(body: bytes) -> list[pages_io.Record]:
    return pages_io.parse("pwc-dump", URL, body)


def until_error(body: bytes) -> tuple[list[pages_io.Record], ParseError]:
    """What a file gives before the error that ends it, and that."""
    capture = pages_io.a_capture("pwc-dump", URL, body)
    records = []
    try:
        for record in sources.parse("pwc-dump", capture, io.BytesIO(body)):
            records.append(record)
    except ParseError as error:
        return records, error
    pytest.fail("the file was read to its end")


def dump(*records: Any) -> bytes:
    return json.dumps(records).encode()


def a_row(model: str = "A", **metrics: Any) -> dict[str, Any]:
    return {"model_name": model, "metrics": metrics or {"F1": "1.0"}}


def a_dataset(name: str = "D", rows: Any = None, **more: Any) -> dict[str, Any]:
    return {"dataset": name, "sota": {"metrics": ["F1"], "rows": [a_row()] if rows is None else rows}, **more}


def a_task(name: str = "T", *datasets: Any, **more: Any) -> dict[str, Any]:
    return {"task": name, "datasets": list(datasets), **more}


def the_board(body: bytes) -> RawBoard:
    (board,) = parse(body)
    assert isinstance(board, RawBoard)
    return board


def boards(body: bytes) -> list[RawBoard]:
    return [record for record in parse(body) if isinstance(record, RawBoard)]


# Boards


def test_a_board_has_neither_direction_nor_rank() -> None:
    board = the_board(dump(a_task("T", a_dataset(rows=[a_row("first"), a_row("second")]))))
    assert [metric.higher_is_better for metric in board.metrics] == [None]
    assert [(row.position, row.rank, row.model) for row in board.rows] == [
        (1, None, "first"),
        (2, None, "second"),
    ]


def test_numbers_keep_the_digits_that_the_file_has() -> None:
    text = (
        '[{"task": "T", "datasets": [{"dataset": "D", "sota": {"metrics": [], "rows": [{"metrics": %s}]}}]}]'
    )
    values = (
        '{"a": 83.0, "b": 1e-5, "c": 0.10000000000000000555, "d": 12345678901234567890, "e": NaN, "f": true}'
    )
    board = the_board((text % values).encode())
    assert board.rows[0].values == (
        "83.0",
        "1e-5",
        "0.10000000000000000555",
        "12345678901234567890",
        "NaN",
        "true",
    )


def test_a_null_and_a_blank_cell_are_none() -> None:
    board = the_board(dump(a_task("T", a_dataset(rows=[a_row(F1=None, EM=" ", BLEU=" 44.2")]))))
    assert board.rows[0].values == (None, None, " 44.2")


def test_metrics_that_only_rows_have_come_after_the_listed_ones() -> None:
    board = the_board(dump(a_task("T", a_dataset(rows=[a_row(EM="1"), a_row(F1="2", Params="3M")]))))
    assert [metric.name for metric in board.metrics] == ["F1", "EM", "Params"]
    assert [row.values for row in board.rows] == [(None, "1", None), ("2", None, "3M")]


def test_what_a_row_says_of_its_paper_and_code() -> None:
    row = a_row() | {
        "paper_title": "A paper",
        "paper_url": "/paper/a-paper",
        "paper_date": "2020-02-03",
        "code_links": [
            {"title": "x", "url": "https://c/1"},
            {"title": "", "url": ""},
            {"title": "again", "url": "https://c/1"},
            {"title": "y", "url": "https://c/2"},
        ],
        "model_links": [{"title": "weights", "url": "https://w"}],
        "uses_additional_data": True,
    }
    (read,) = the_board(dump(a_task("T", a_dataset(rows=[row])))).rows
    assert read.paper_url == "https://paperswithcode.com/paper/a-paper"
    # The dump has the paper's date; of the result's own it says nothing.
    assert (read.paper_title, read.paper_date, read.date) == ("A paper", "2020-02-03", None)
    assert read.code_urls == ("https://c/1", "https://c/2")
    assert read.extra_data is True


def test_extra_data_is_unknown_where_nothing_is_stated() -> None:
    assert the_board(dump(a_task("T", a_dataset()))).rows[0].extra_data is None


def test_the_area_is_the_first_category_of_the_nearest_task_that_has_one() -> None:
    inner = a_task("inner", a_dataset(), categories=["Speech", "Audio"])
    middle = a_task("middle", a_dataset(), subtasks=[inner], categories=[])
    outer = a_task("outer", a_dataset(), subtasks=[middle], categories=["Medical"])
    found = boards(dump(outer, a_task("other", a_dataset())))
    assert [(board.task, board.area) for board in found] == [
        ("outer", "Medical"),
        ("middle", "Medical"),
        ("inner", "Speech"),
        ("other", None),
    ]


def test_subtasks_come_in_the_order_of_the_file() -> None:
    first = a_task("b", subtasks=[a_task("c", a_dataset())], datasets=[a_dataset()])
    body = dump(a_task("a", a_dataset("1"), a_dataset("2"), subtasks=[first, a_task("d", a_dataset())]))
    assert [f"{board.task}{board.dataset}" for board in boards(body)] == ["a1", "a2", "bD", "cD", "dD"]


@pytest.mark.parametrize(
    ("parent", "own", "name"),
    [
        ("Cityscapes", "Cityscapes val", "Cityscapes val"),
        ("WMT 2014", "WMT2014 English-German", "WMT2014 English-German"),
        ("JFLEG", "Restricted", "JFLEG Restricted"),
        ("", "Cityscapes", "Cityscapes"),
    ],
)
def test_a_subdataset_that_does_not_tell_its_parent_is_named_with_it(
    parent: str, own: str, name: str
) -> None:
    assert full_name(parent, own) == name


def test_subdatasets_of_one_name_stay_apart() -> None:
    def parent(name: str) -> dict[str, Any]:
        inner = a_dataset("", rows=[a_row(name)])
        inner["subdataset"] = "Restricted"
        del inner["dataset"]
        return a_dataset(name, rows=[], subdatasets=[inner])

    found = boards(dump(a_task("GEC", parent("JFLEG"), parent("CoNLL"))))
    assert [(board.locator, board.dataset) for board in found] == [
        ("GEC/JFLEG/Restricted", "JFLEG Restricted"),
        ("GEC/CoNLL/Restricted", "CoNLL Restricted"),
    ]


def test_a_slash_in_a_name_makes_no_new_part_of_the_locator() -> None:
    assert the_board(dump(a_task("A/B", a_dataset("C")))).locator == "A%2FB/C"


def test_a_task_that_stands_under_several_others_is_read_once() -> None:
    shared = a_task("shared", a_dataset())
    body = dump(a_task("x", subtasks=[shared], categories=["X"]), a_task("y", subtasks=[shared]), shared)
    assert [board.locator for board in parse(body) if isinstance(board, RawBoard)] == ["shared/D"]
    assert len(parse(body)) == 1


def test_two_tasks_of_one_name_that_differ_are_both_read() -> None:
    def parsing(value: str) -> dict[str, Any]:
        return a_task("Parsing", a_dataset(rows=[a_row(F1=value)]))

    found = boards(dump(a_task("CCG", subtasks=[parsing("1")]), a_task("AMR", subtasks=[parsing("2")])))
    assert [board.locator for board in found] == ["Parsing/D", "AMR > Parsing/D"]


def test_a_board_that_stands_twice_with_different_rows_is_an_error() -> None:
    first, second = parse(dump(a_task("T", a_dataset(), a_dataset(rows=[a_row("B")]))))
    assert isinstance(first, RawBoard)
    assert isinstance(second, ParseError)
    assert second.reason == "duplicate_board"
    assert "T on D" in second.detail


def test_a_dataset_without_rows_gives_no_board() -> None:
    body = dump(a_task("T", a_dataset("described", rows=[]), {"dataset": "bare", "sota": None}, a_dataset()))
    assert the_board(body).dataset == "D"


def test_a_file_without_any_rows_is_an_error() -> None:
    records, error = until_error(dump(a_task("T", a_dataset(rows=[]))))
    assert (records, error.reason) == ([], "no_rows")


# What spoils one board and no other


@pytest.mark.parametrize(
    ("spoilt", "reason", "place"),
    [
        (a_dataset("bad", rows=[a_row() | {"stars": 3}]), "unknown_field", "T on bad, `sota`, row 1"),
        (a_dataset("bad", colour="red"), "unknown_field", "`colour`"),
        (a_dataset("bad", rows=[a_row(), "text"]), "wrong_type", "row 2"),
        (a_dataset("bad", rows=[a_row(F1=["1", "2"])]), "wrong_type", "`F1`"),
        (a_dataset("bad", rows=[a_row() | {"uses_additional_data": "yes"}]), "wrong_type", "true or false"),
        (a_dataset("bad", rows={"0": a_row()}), "wrong_type", "`rows`"),
        (a_dataset(""), "missing_field", "`subdataset`"),
        ({"dataset": "bad", "sota": {"rows": [{"model_name": "A"}]}}, "no_metrics", "T on bad"),
        (a_dataset("bad", rows=[a_row("half \ud83d")]), "bad_text", "surrogate"),
    ],
)
def test_a_spoilt_board_is_reported_and_the_others_are_read(spoilt: Any, reason: str, place: str) -> None:
    before, error, after = parse(dump(a_task("T", a_dataset("1"), spoilt), a_task("U", a_dataset("2"))))
    assert isinstance(error, ParseError)
    assert error.reason == reason
    assert place in error.detail
    assert error.url == URL
    assert [board.dataset for board in (before, after) if isinstance(board, RawBoard)] == ["1", "2"]


def test_an_unknown_field_of_a_task_is_reported_and_its_boards_are_read() -> None:
    error, board = parse(dump(a_task("T", a_dataset(), metrics_of_task=[])))
    assert isinstance(error, ParseError)
    assert error.detail == "record 1, task T: unknown field `metrics_of_task`"
    assert isinstance(board, RawBoard)


def test_a_task_without_a_name_is_reported_with_its_place() -> None:
    board, error = parse(dump(a_task("T", a_dataset(), subtasks=[a_task("", a_dataset("lost"))])))
    assert isinstance(board, RawBoard)
    assert isinstance(error, ParseError)
    assert error.detail == "record 1, task T: `task` is missing or blank"


# Files


def test_a_file_is_read_whatever_it_is_packed_with() -> None:
    plain = dump(a_task("T", a_dataset()))
    packed = [gzip.compress(plain), zstandard.ZstdCompressor().compress(plain), b"\xef\xbb\xbf" + plain]
    packed.append(plain.decode().encode("utf-16"))
    packed.append(gzip.compress(plain[:40]) + gzip.compress(plain[40:]))
    for body in packed:
        assert parse(body) == parse(plain)


def test_objects_one_after_the_other_are_read_as_a_list_is() -> None:
    tasks = [a_task("T", a_dataset()), a_task("U", a_dataset())]
    assert parse("\n".join(map(json.dumps, tasks)).encode()) == parse(dump(*tasks))


def test_the_size_of_the_pieces_read_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    body = (PAGES / "evaluation-tables.json").read_bytes()
    whole = parse(body)
    for size in (1, 7, 64):
        monkeypatch.setattr(pwc_dump_stream, "_PIECE", size)
        assert parse(body) == whole


class Endless(io.RawIOBase):
    """A dump without end."""

    def __init__(self) -> None:
        self._text = self._pieces()
        self.given = 0

    def _pieces(self) -> Iterator[bytes]:
        yield b"["
        while True:
            yield dump(a_task("T", a_dataset("D" * 1000)))[1:-1] + b","

    def read(self, size: int = -1) -> bytes:
        piece = next(self._text)
        self.given += len(piece)
        return piece


def test_records_come_before_the_file_is_read_to_its_end() -> None:
    endless = Endless()
    capture = pages_io.a_capture("pwc-dump", URL)
    records = list(islice(sources.parse("pwc-dump", capture, endless), 1))  # type: ignore[arg-type]
    assert isinstance(records[0], RawBoard)
    assert endless.given < 2**20


def test_the_caller_s_stream_stays_open() -> None:
    body = io.BytesIO(gzip.compress(dump(a_task("T", a_dataset()))))
    capture = pages_io.a_capture("pwc-dump", URL, body.getvalue())
    assert len(list(sources.parse("pwc-dump", capture, body))) == 1
    assert not body.closed


@pytest.mark.parametrize("cut", [1, 3, 20, 300])
def test_a_cut_file_gives_what_stands_before_the_cut(cut: int) -> None:
    tasks = [json.dumps(a_task(f"T{number}", a_dataset())) for number in range(10)]
    body = f"[{', '.join(tasks)}]"
    complete = sum(body.index(task) + len(task) <= len(body) - cut for task in tasks)
    records, error = until_error(body[:-cut].encode())
    assert [record.task for record in records if isinstance(record, RawBoard)] == [
        f"T{number}" for number in range(complete)
    ]
    assert error.reason == "truncated"
    assert f"record {complete + (cut > 1)} (byte {len(body) - cut})" in error.detail


def test_a_cut_gzip_file_gives_what_stands_before_the_cut() -> None:
    plain = dump(*(a_task(f"T{number}", a_dataset()) for number in range(20_000)))
    packed = gzip.compress(plain)
    records, error = until_error(packed[: len(packed) // 2])
    assert error.reason in ("truncated", "truncated_file")
    assert 5_000 < len(records) < 15_000


def test_a_gzip_file_with_a_wrong_checksum_is_an_error() -> None:
    packed = bytearray(gzip.compress(dump(a_task("T", a_dataset()))))
    packed[-6] ^= 0xFF
    assert until_error(bytes(packed))[1].reason == "damaged_file"


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    record = dump(a_task("T", a_dataset(), description="x" * 10_000))[1:-1]
    packed = gzip.compress(b"[" + b",".join([record] * 10_000))
    assert len(packed) * 400 < len(record) * 10_000
    records, error = until_error(packed)
    assert error.reason == "too_large"
    assert len(records) == 1  # all the others are copies


def test_of_bytes_that_were_kept_before_the_size_is_not_asked_again() -> None:
    """What the archive holds already is kept as a revisit, whose own size is 0."""
    packed = gzip.compress(b" " * 17 * 2**20 + dump(a_task("T", a_dataset())))
    capture = dataclasses.replace(pages_io.a_capture("pwc-dump", URL, packed), size=0)
    (board,) = sources.parse("pwc-dump", capture, io.BytesIO(packed))
    assert isinstance(board, RawBoard)


def test_one_record_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pwc_dump_stream, "LONGEST_RECORD", 10_000)
    monkeypatch.setattr(pwc_dump_stream, "_PIECE", 1_000)
    task = json.dumps(a_task("T", a_dataset()))
    records, error = until_error(f'[{task}, {{"task": "{"x" * 100_000}"}}]'.encode())
    assert (len(records), error.reason) == (1, "too_large")


@pytest.mark.parametrize("kind", ['{"task": "T", "subtasks": [', "[", '{"a": '])
def test_a_huge_nesting_depth_is_bad_json(kind: str) -> None:
    task = json.dumps(a_task("T", a_dataset()))
    records, error = until_error(f"[{task}, {kind * 100_000}".encode())
    assert (len(records), error.reason) == (1, "bad_json")
    assert "record 2" in error.detail
    assert "nested" in error.detail


@pytest.mark.parametrize(
    "wrong", ["{'task': 1}", '{"task": tru}', "{} {}", "[,]", "}", '{"a": 1, "a": 2}', '{"a": "\t"}']
)
def test_wrong_json_is_an_error_with_its_place(wrong: str) -> None:
    task = json.dumps(a_task("T", a_dataset()))
    records, error = until_error(f"[{task}, {wrong}, {task}]".encode())
    assert error.reason == "bad_json"
    assert "record 2" in error.detail
    assert records


def test_more_behind_the_list_is_an_error() -> None:
    records, error = until_error(dump(a_task("T", a_dataset())) + b" []")
    assert (len(records), error.reason) == (1, "bad_json")


def test_a_wrong_encoding_is_an_error_with_its_place() -> None:
    body = json.dumps([a_task("Übersetzung", a_dataset())], ensure_ascii=False).encode("latin-1")
    records, error = until_error(body)
    assert (records, error.reason) == ([], "bad_encoding")
    assert f"byte {body.index(0xDC)} is not UTF-8" in error.detail


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b"", "empty_file", "fetch it again"),
        (b" \n", "empty_file", ""),
        (b"[]", "no_records", ""),
        (b"<!doctype html><html><body>Not found", "unknown_kind", "HTML"),
        (b"# Summarization\n\n| Model | ROUGE-1 |\n", "unknown_kind", "Markdown"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "unknown_kind", "Git LFS"),
        (b"PK\x03\x04\x14\x00\x00\x00", "unknown_kind", "zip"),
        (b"\x00\x01\x02\x03\x04\x05", "unknown_kind", "binary"),
        (b'{"title": "x", "task-hierarchy": [], "benchmark": {}}', "unknown_kind", "OpenCodePapers"),
        (b'[{"table_id": 1, "row_id": 2}]', "unknown_kind", "Papers with Code page"),
        (b'[{"id": "mmlu", "task": "qa", "primaryMetric": "accuracy"}]', "unknown_kind", "CodeSOTA"),
        (b"[1, 2]", "unknown_kind", "no fields"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_it_looks_like(
    body: bytes, reason: str, words: str
) -> None:
    records, error = until_error(body)
    assert (records, error.reason) == ([], reason)
    assert words in error.detail


# Parquet


def parquet(*records: Any, schema: pa.Schema | None = None) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(records), schema=schema), file)
    return file.getvalue()


def test_a_parquet_file_gives_the_boards_that_the_json_file_gives() -> None:
    tasks = [
        a_task("T", a_dataset("1", rows=[a_row(F1="1"), a_row(EM="2")]), a_dataset("2"), subtasks=[]),
        a_task("U", a_dataset("3", rows=[a_row(BLEU="3")]), subtasks=[a_task("V", a_dataset())]),
    ]
    assert parse(parquet(*tasks)) == parse(dump(*tasks))


def test_named_values_may_be_a_map_or_pairs_or_json_text() -> None:
    cells = {"F1": "90.10", "Params": "3M"}
    shapes: list[Any] = [[{"key": key, "value": value} for key, value in cells.items()], json.dumps(cells)]
    bodies = [
        parquet(a_task("T", a_dataset(rows=[{"model_name": "A", "metrics": shape}]))) for shape in shapes
    ]
    row = pa.struct([("model_name", pa.string()), ("metrics", pa.map_(pa.string(), pa.string()))])
    sota = pa.struct([("metrics", pa.list_(pa.string())), ("rows", pa.list_(row))])
    dataset = pa.struct([("dataset", pa.string()), ("sota", sota)])
    schema = pa.schema([("task", pa.string()), ("datasets", pa.list_(dataset))])
    task = a_task("T", a_dataset(rows=[{"model_name": "A", "metrics": list(cells.items())}]))
    bodies.append(parquet(task, schema=schema))
    for body in bodies:
        assert the_board(body).rows[0].values == ("90.10", "3M")


def test_numbers_and_dates_of_a_parquet_file_become_text() -> None:
    table = pa.Table.from_pylist(
        [{"name": "GPT", "url": "/method/gpt", "collections": [], "introduced_year": 2018}]
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    (method,) = parse(file.getvalue())
    assert isinstance(method, RawEntry)
    assert (method.introduced, method.url) == ("2018", "https://paperswithcode.com/method/gpt")
    dates = pa.array([1_527_379_200, None], pa.timestamp("s"))  # 2018-05-27
    columns = {"paper_url": ["/paper/a", "/paper/b"], "title": ["A", "B"], "date": dates}
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    assert [paper.date for paper in parse(file.getvalue()) if isinstance(paper, RawPaper)] == [
        "2018-05-27",
        None,
    ]


@pytest.mark.parametrize("keep", [slice(0, 200), slice(0, -4), slice(0, 8)])
def test_a_cut_parquet_file_is_an_error(keep: slice) -> None:
    records, error = until_error(parquet(a_task("T", a_dataset()))[keep])
    assert (records, error.reason) == ([], "bad_parquet")


def test_row_numbers_of_pandas_are_no_field() -> None:
    task = a_task("T", a_dataset())
    assert parse(parquet({**task, "__index_level_0__": 7})) == parse(dump(task))


def test_a_parquet_file_of_something_else_is_refused() -> None:
    assert until_error(parquet({"x": 1}))[1].reason == "unknown_kind"


# Papers, links, entries


def test_links_of_one_paper_become_one_paper_also_at_a_break() -> None:
    links = [
        {
            "paper_url": "/paper/a",
            "paper_title": "A",
            "repo_url": f"https://c/{number}",
            "is_official": number == 2,
        }
        for number in (1, 2)
    ]
    records, error = until_error(dump(*links)[:-1] + b", {")
    assert error.reason == "truncated"
    (paper,) = records
    assert isinstance(paper, RawPaper)
    assert paper.code_urls == ("https://c/1", "https://c/2")
    assert paper.official_code_urls == ("https://c/2",)


def test_a_spoilt_paper_is_reported_and_the_others_are_read() -> None:
    good = {"paper_url": "/paper/a", "title": "A", "authors": ["B"]}
    records = parse(
        dump(good, {**good, "authors": "B"}, {**good, "score": 1}, "text", {**good, "title": " "}, good)
    )
    assert [record.reason if isinstance(record, ParseError) else "read" for record in records] == [
        "read",
        "wrong_type",
        "unknown_field",
        "wrong_type",
        "missing_field",
        "read",
    ]


def test_a_conference_that_is_a_slug_is_no_venue() -> None:
    paper = {"paper_url": "/paper/a", "title": "A", "authors": []}
    conferences = ["climategan-raising-climate-change-awareness-1", "ACL 2020", None]
    found = parse(dump(*({**paper, "conference": name} for name in conferences)))
    assert [one.venue for one in found if isinstance(one, RawPaper)] == [None, "ACL 2020", None]


def test_the_declared_count_band_holds_for_boards_of_a_dump() -> None:
    most = sources.SOURCES["pwc-dump"].most_rows
    (error,) = parse(dump(a_task("T", a_dataset(rows=[a_row()] * (most + 1)))))
    assert isinstance(error, ParseError)
    assert error.reason == "row_count"


def test_a_revisit_which_does_not_tell_its_size_is_read_to_the_end() -> None:
    body = gzip.compress(dump(a_task("T", a_dataset(), description="x" * 2**25), a_task("U", a_dataset())))
    capture = dataclasses.replace(pages_io.a_capture("pwc-dump", URL, body), size=0, status=304)
    assert len(list(sources.parse("pwc-dump", capture, io.BytesIO(body)))) == 2
