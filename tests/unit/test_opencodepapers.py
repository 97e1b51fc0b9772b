"""OpenCodePapers: all forms of an item, names out of slugs, and what is no benchmark."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sotaduck.errors import ParseError
from sotaduck.records import RawBoard, RawEntry
from tests import pages_io

URL = "file:OpenCodePapers/dataset/benchmarks/x.json"
FIELDS = [
    {"key": "p", "label": "Paper"},
    {"key": "c", "label": "Code"},
    {"key": "m1", "label": "Accuracy", "sortable": "true"},
    {"key": "n", "label": "ModelName"},
    {"key": "d", "label": "ReleaseDate", "sortable": "true"},
]
EXTRA = {"key": "m2", "label": "Ext. data", "sortable": "true"}


def an_item(**changed: Any) -> dict[str, Any]:
    return {"p": "[]()", "c": "", "n": "Net", "d": "2020-01-02", "m1": "98.50"} | changed


def a_file(*items: Any, **changed: Any) -> bytes:
    content = {
        "title": "image-classification-on-mnist",
        "task-hierarchy": ["Classification", "Image Classification"],
        "dataset-info": {"link": "http://yann.lecun.com/exdb/mnist/", "paper": "Gradient-based learning"},
        "benchmark": {"fields": changed.pop("fields", FIELDS), "items": list(items) or [an_item()]},
    }
    return json.dumps(content | changed, ensure_ascii=False).encode()


def parse(body: bytes, url: str = URL) -> RawBoard:
    records = pages_io.parse("opencodepapers", url, body)
    [board] = [record for record in records if isinstance(record, RawBoard)]
    return board


# ------------------------------------------------------------------ what a file gives


@pytest.mark.parametrize(
    "pair", [pair for pair in pages_io.pairs("opencodepapers") if pair.page.suffix == ".json"], ids=str
)
def test_a_record_says_what_its_file_says(pair: pages_io.Pair) -> None:
    said = json.loads(pair.page.read_bytes())["benchmark"]
    board = parse(pair.page.read_bytes())
    labels = {field["key"]: field["label"] for field in said["fields"] if field["key"] not in "pcnd"}
    texts = {key: label for key, label in labels.items() if label != "Ext. data"}
    assert [metric.name for metric in board.metrics] == list(texts.values())
    assert all(metric.higher_is_better is None for metric in board.metrics)
    assert len(board.rows) == len(said["items"])
    for place, (row, item) in enumerate(zip(board.rows, said["items"], strict=True), 1):
        assert (row.position, row.rank, row.model, row.date) == (place, None, item["n"], item["d"])
        assert list(row.values) == [item.get(key) for key in texts]
        assert list(row.code_urls) == ([item["c"]] if item["c"] else [])
        paper = item["p"] if isinstance(item["p"], dict) else {}
        assert (row.paper_title, row.paper_url) == (paper.get("name"), paper.get("link"))
        assert ", ".join(row.authors) == paper.get("authors", "")


def test_the_board_of_the_seed_page_is_named_as_there_and_has_its_thirty_values() -> None:
    [pair] = [pair for pair in pages_io.pairs("opencodepapers") if pair.page.name.startswith("panoptic")]
    board = parse(pair.page.read_bytes())
    assert (board.task, board.dataset) == ("Panoptic Segmentation", "cityscapes-val")
    column = [metric.name for metric in board.metrics].index("mIoU")
    assert sum(row.values[column] is not None for row in board.rows) == 30


PAPER = {"name": "On [masked] nets (extended)", "link": "https://en.example.org/wiki/Net_(2020)"}


@pytest.mark.parametrize(
    ("paper", "authors"),
    [
        (PAPER | {"authors": "Ada Lovelace, Charles Babbage"}, ("Ada Lovelace", "Charles Babbage")),
        (PAPER, ()),
        (f"[{PAPER['name']}]({PAPER['link']})", ()),
    ],
    ids=["name, link, authors", "name, link", "Markdown"],
)
def test_all_three_forms_of_a_paper_give_the_same(paper: Any, authors: tuple[str, ...]) -> None:
    row = parse(a_file(an_item(p=paper))).rows[0]
    assert (row.paper_title, row.paper_url, row.authors) == (PAPER["name"], PAPER["link"], authors)


@pytest.mark.parametrize("paper", ["[]()", "", None, "-", {"name": "", "link": ""}, {}])
def test_no_paper_in_any_form_is_none(paper: Any) -> None:
    board = parse(a_file(an_item(p=paper)))
    assert (board.rows[0].paper_title, board.rows[0].paper_url, board.warnings) == (None, None, ())


@pytest.mark.parametrize(
    ("code", "urls"),
    [
        ("https://github.com/a/b", ("https://github.com/a/b",)),
        ("[&check;&nbsp;Link](https://github.com/a/b)", ("https://github.com/a/b",)),
        (
            "https://github.com/a/b https://github.com/c/d",
            ("https://github.com/a/b", "https://github.com/c/d"),
        ),
        (["https://github.com/a/b"], ("https://github.com/a/b",)),
        ("", ()),
        ("[]()", ()),
        (None, ()),
    ],
)
def test_code_is_an_address_or_a_link(code: Any, urls: tuple[str, ...]) -> None:
    assert parse(a_file(an_item(c=code))).rows[0].code_urls == urls


@pytest.mark.parametrize(
    ("word", "meaning", "told"),
    [
        ("Yes", True, False),
        ("no", False, False),
        ("✓", True, False),
        ("✗", False, False),
        ("Unknown", None, False),
        ("", None, False),
        (None, None, False),
        ("ImageNet", None, True),
    ],
)
def test_the_column_of_extra_data_is_no_metric_and_is_never_guessed(
    word: Any, meaning: bool | None, told: bool
) -> None:
    board = parse(a_file(an_item(m2=word), fields=[*FIELDS, EXTRA]))
    assert [metric.name for metric in board.metrics] == ["Accuracy"]
    assert board.rows[0].extra_data is meaning
    assert bool(board.warnings) is told


def test_a_board_without_that_column_states_nothing_about_extra_data() -> None:
    assert parse(a_file()).rows[0].extra_data is None


@pytest.mark.parametrize(
    ("written", "text"),
    [("98.50", "98.50"), ('"98.50"', "98.50"), ("1e3", "1e3"), ("NaN", "NaN"), ("null", None)],
)
def test_values_keep_their_digits_as_numbers_and_as_strings(written: str, text: str | None) -> None:
    body = a_file(an_item(m1="@@")).replace(b'"@@"', written.encode())
    assert parse(body).rows[0].values == (text,)


@pytest.mark.parametrize(
    ("title", "hierarchy", "task", "dataset"),
    [
        ("3d-hand-pose-estimation-on-ho-3d", ["Pose Estimation", "3D Hand Pose Estimation"], None, "ho-3d"),
        ("named-entity-recognition-ner-on-conll", ["Named Entity Recognition (NER)"], None, "conll"),
        (
            "real-time-semantic-segmentation-on-nyu-depth-1",
            ["Real-Time Semantic Segmentation"],
            None,
            "nyu-depth-1",
        ),
        ("question-answering-on-x-on-y", ["Question Answering"], None, "x-on-y"),
        ("depth-estimation-on-water-on-kitti", ["Depth Estimation on Water"], None, "kitti"),
        ("2048-on-2048", ["Playing the Game of 2048"], None, "2048"),
        ("10-shot-image-generation-on-babies", ["Image Generation"], "10-shot-image-generation", "babies"),
        ("pose-estimation-on-coco", [], "pose-estimation", "coco"),
        ("3d-pose-root-relative", ["3D Pose (root-relative)"], None, "3d-pose-root-relative"),
        ("anomaly-detection-and-segmentation-on", ["Anomaly Detection and Segmentation"], None, None),
    ],
)
def test_names_come_from_the_title_and_the_hierarchy(
    title: str, hierarchy: list[str], task: str | None, dataset: str | None
) -> None:
    board = parse(a_file(**{"title": title, "task-hierarchy": hierarchy}))
    assert (board.task, board.dataset) == (task or hierarchy[-1], dataset or title)


def test_the_dataset_is_told_with_its_home_and_its_paper() -> None:
    records = pages_io.parse("opencodepapers", URL, a_file())
    [entry] = [record for record in records if isinstance(record, RawEntry)]
    assert (entry.name, entry.homepage) == ("mnist", "http://yann.lecun.com/exdb/mnist/")
    assert (entry.paper_title, entry.labels) == ("Gradient-based learning", ("Image Classification",))


# ------------------------------------------------------------------ what does not fit


def test_unknown_fields_are_told_with_their_first_place_and_lose_nothing() -> None:
    board = parse(
        a_file(an_item(), an_item(m9="1"), an_item(m9="2", p={"name": "A", "doi": "10/1"}), licence="x")
    )
    assert len(board.rows) == 3
    assert board.warnings == (
        "the file: unknown field `licence`, not read",
        "item 2: unknown field `m9`, not read",
        "item 3, `p`: unknown field `doi`, not read",
    )


def test_an_item_that_is_no_object_is_an_error_of_its_own() -> None:
    records = pages_io.parse("opencodepapers", URL, a_file(an_item(), ["x"], an_item(n="Last")))
    assert [record.reason for record in records if isinstance(record, ParseError)] == ["wrong_type"]
    [board] = [record for record in records if isinstance(record, RawBoard)]
    assert [(row.position, row.model) for row in board.rows] == [(1, "Net"), (3, "Last")]


def test_an_item_without_a_model_is_kept_and_told() -> None:
    board = parse(a_file(an_item(n="")))
    assert (board.rows[0].model, board.rows[0].values) == ("", ("98.50",))
    assert board.warnings == ("item 1 names no model",)


def test_what_is_no_web_address_is_not_taken_for_one() -> None:
    board = parse(a_file(an_item(p={"name": "A", "link": "javascript:x"}, c="see the paper")))
    assert (board.rows[0].paper_url, board.rows[0].code_urls) == (None, ())
    assert [warning.split(":")[0] for warning in board.warnings] == ["item 1, `p`", "item 1, `c`"]


WHOLE = a_file()


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b"", "other_kind", "an empty file"),
        (b"{}", "other_kind", "a JSON object"),
        (b'[{"paper_url": "x", "abstract": "y"}]', "other_kind", "papers with abstracts"),
        (b'[{"task": "x", "subtasks": []}]', "other_kind", "evaluation tables"),
        (b"# Question answering\n\n| Model | F1 |\n", "other_kind", "a Markdown page"),
        (b"<!doctype html><html></html>", "other_kind", "an HTML page"),
        (b"PAR1\x15\x04", "other_kind", "a Parquet file"),
        (WHOLE[:-40], "truncated_json", "ends too early"),
        (WHOLE.replace(b'"items": [', b'"items": ["a" '), "bad_json", "line 1"),
        (b'{"benchmark": ' + b"[" * 200_000, "too_deep", "nested"),
        (WHOLE.replace(b"Net", "Café".encode("latin-1")), "bad_encoding", "not valid utf-8"),
        (a_file(benchmark={"fields": FIELDS, "items": []}), "no_rows", "`items`"),
        (a_file(benchmark={"fields": FIELDS}), "missing_field", "`items`"),
        (a_file(benchmark=[]), "wrong_type", "`benchmark`"),
        (a_file(fields=FIELDS[:2]), "no_metrics", "no field"),
        (a_file(fields=[*FIELDS, {"key": "m2", "label": "Accuracy"}]), "duplicate_label", "`Accuracy`"),
        (WHOLE.replace(b'"n": "Net"', b'"n": "Net", "n": "Nut"'), "duplicate_key", "`n`"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason_and_a_place(
    body: bytes, reason: str, words: str
) -> None:
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert (caught.value.reason, caught.value.url) == (reason, URL)
    assert words in caught.value.detail


def test_utf_16_with_its_mark_and_a_byte_order_mark_are_read() -> None:
    assert (
        parse(WHOLE.decode().encode("utf-16")).rows
        == parse(b"\xef\xbb\xbf" + WHOLE).rows
        == parse(WHOLE).rows
    )
