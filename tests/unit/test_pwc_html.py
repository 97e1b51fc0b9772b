"""Pages of the original Papers with Code, against the JSON that they carry, read by another road."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from sotaduck.errors import ParseError
from sotaduck.records import RawBoard
from tests import pages_io, pwc_pages

URL = "https://paperswithcode.com/sota/image-classification-on-mnist"


def a_row(rank: int = 1, **changed: Any) -> dict[str, Any]:
    row = {
        "table_id": 7,
        "row_id": 100 + rank,
        "rank": rank,
        "method": f"Net {rank}",
        "method_short": f"Net {rank}",
        "method_details": None,
        "mlmodel": {},
        "mlmodel_short": None,
        "mlmodeldetails": None,
        "evaluation_date": "2020-01-02",
        "metrics": {"Accuracy": f"{99 - rank}.50", "Error": None},
        "raw_metrics": {"Accuracy": 99.5 - rank, "Error": None},
        "uses_additional_data": False,
        "paper": {
            "id": 1,
            "title": "A Paper",
            "url": "/paper/a-paper",
            "published": "2019-12-31T00:00:00.000000",
            "code": True,
            "review_url": None,
        },
        "external_source_url": None,
        "tags": [],
        "reports": [],
    }
    return row | changed


def a_board(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"table_id": 7, "task": "Image Classification", "dataset": "MNIST", "rows": rows or (a_row(),)}


def parse(body: bytes, url: str = URL) -> RawBoard:
    [board] = pages_io.parse("pwc-html", url, body)
    assert isinstance(board, RawBoard)
    return board


def scripts(page: bytes) -> dict[str, Any]:
    """The JSON of a page's scripts, by regular expression: no parser of HTML is asked."""
    found = {}
    for attributes, text in re.findall(r"(?is)<script\b([^>]*)>(.*?)</script>", page.decode()):
        if name := re.search(r"""id=["']([\w-]+)["']""", attributes):
            plain = html.unescape(text) if "&quot;" in text else text
            found[name[1]] = json.loads(plain, parse_constant=lambda word: None)
    return found


# ------------------------------------------------------------------ what a page gives


@pytest.mark.parametrize("pair", pages_io.pairs("pwc-html"), ids=str)
def test_a_record_says_what_the_json_of_its_page_says(pair: pages_io.Pair) -> None:
    page = pair.page.read_bytes()
    url = json.loads(pair.expected.read_text("utf-8"))["url"]
    board, said = parse(page, url), scripts(page)
    rows = said["evaluation-table-data"]
    names = [metric.name for metric in board.metrics]
    assert len(board.rows) == len(rows) > 0
    for row, raw in zip(board.rows, rows, strict=True):
        assert dict(zip(names, row.values, strict=True)) == raw["metrics"]
        assert (row.model, row.rank, row.source_row_id) == (raw["method"], raw["rank"], str(raw["row_id"]))
        assert (row.extra_data, row.date) == (raw["uses_additional_data"], raw["evaluation_date"])
        assert (row.paper_title, row.paper_date) == (raw["paper"]["title"], raw["paper"]["published"])
        assert (row.paper_url or "").removeprefix("https://paperswithcode.com") == (raw["paper"]["url"] or "")
        assert list(row.tags) == [tag["name"] for tag in raw["tags"]]
    for listed in said.get("evaluation-table-metrics", []):
        metric = board.metrics[names.index(listed["name"])]
        expected = None if listed["is_loss"] is None else not listed["is_loss"]
        assert metric.higher_is_better is expected
        assert metric.direction_source == (None if expected is None else "is_loss")
    if details := said.get("sota-page-details"):
        assert (board.task, board.dataset) == (details["task_name"], details["dataset_name"])


@pytest.mark.parametrize("shell", pwc_pages.SHELLS)
def test_every_shell_gives_the_same_rows(shell: str) -> None:
    board = parse(pwc_pages.page(a_board(a_row(1), a_row(2)), shell))
    assert [row.values for row in board.rows] == [("98.50", None), ("97.50", None)]
    assert pwc_pages.slug(board.task) == "image-classification"
    assert pwc_pages.slug(board.dataset) == "mnist"


def test_the_first_listed_metric_stands_first_and_metrics_of_rows_alone_follow() -> None:
    page = pwc_pages.page(a_board(a_row(metrics={"Time": "3", "Accuracy": "98", "Error": "2"})))
    listed = [{"name": "Error", "is_loss": True}, {"name": "Accuracy", "is_loss": False}]
    page = re.sub(
        rb'(?s)(id="evaluation-table-metrics"[^>]*>).*?</script>',
        rb"\1" + json.dumps(listed).encode() + b"</script>",
        page,
    )
    board = parse(page)
    assert [(metric.name, metric.higher_is_better) for metric in board.metrics] == [
        ("Error", False),
        ("Accuracy", True),
        ("Time", None),
    ]
    assert board.rows[0].values == ("2", "98", "3")


@pytest.mark.parametrize("text", ["", "[]", "null"])
def test_without_listed_metrics_the_rows_name_them_and_no_direction_is_known(text: str) -> None:
    page = re.sub(
        rb'(?s)(id="evaluation-table-metrics"[^>]*>).*?</script>',
        rb"\1" + text.encode() + b"</script>",
        pwc_pages.page(a_board(), losses={"Accuracy": False}),
    )
    board = parse(page)
    assert [(metric.name, metric.higher_is_better) for metric in board.metrics] == [
        ("Accuracy", None),
        ("Error", None),
    ]


def test_raw_metrics_are_never_used() -> None:
    row = a_row(metrics={"Accuracy": "-"}, raw_metrics={"Accuracy": 0})
    assert parse(pwc_pages.page(a_board(row))).rows[0].values == ("-",)


def test_a_row_that_lacks_a_listed_metric_has_an_empty_cell() -> None:
    board = parse(pwc_pages.page(a_board(a_row(1), a_row(2, metrics={"Error": "1.0"}))))
    assert board.rows[1].values == (None, "1.0")


@pytest.mark.parametrize("written", ["98.50", "1e-5", "NaN", "-Infinity", "12345678901234567890"])
def test_bare_numbers_keep_their_digits(written: str) -> None:
    page = pwc_pages.page(a_board(a_row(metrics={"Accuracy": "@@"}))).replace(b'"@@"', written.encode())
    assert parse(page).rows[0].values == (written,)


def test_a_row_without_paper_date_and_tags_has_none() -> None:
    row = a_row(paper=None, evaluation_date=None, tags=None, uses_additional_data=None)
    read = parse(pwc_pages.page(a_board(row))).rows[0]
    assert (read.paper_title, read.paper_url, read.paper_date, read.date) == (None, None, None, None)
    assert (read.tags, read.extra_data) == ((), None)


def test_the_number_of_the_table_names_the_board_wherever_its_page_came_from() -> None:
    page = pwc_pages.page(a_board())
    assert {parse(page, url).locator for url in (URL, URL + "?metric=Error", "file:a/b.html")} == {
        "https://paperswithcode.com/sota#table-7"
    }


def test_two_directions_for_one_metric_are_none_and_a_warning() -> None:
    listed = [{"name": "Accuracy", "is_loss": True}, {"name": "Accuracy", "is_loss": False}]
    page = re.sub(
        rb'(?s)(id="evaluation-table-metrics"[^>]*>).*?</script>',
        rb"\1" + json.dumps(listed).encode() + b"</script>",
        pwc_pages.page(a_board()),
    )
    board = parse(page)
    assert board.metrics[0].higher_is_better is None
    assert "`Accuracy` is listed twice" in board.warnings[0]


# ------------------------------------------------------------------ what does not fit is told


def test_an_unknown_field_is_a_warning_that_names_it_and_its_first_row_and_loses_nothing() -> None:
    rows = [a_row(1), a_row(2, energy="3 kWh"), a_row(3, energy="4 kWh")]
    rows[2]["paper"] = dict(rows[2]["paper"], doi="10.1/x")
    board = parse(pwc_pages.page(a_board(*rows)))
    assert len(board.rows) == 3
    assert board.warnings == (
        "`evaluation-table-data`, row 2: unknown field `energy`, not read",
        "`evaluation-table-data`, row 3, `paper`: unknown field `doi`, not read",
    )


def test_a_row_without_a_method_is_kept_with_the_parts_of_its_name_or_a_warning() -> None:
    rows = [
        a_row(1, method=None, method_short="ViT ", method_details="large"),
        a_row(2, method="", method_short=None),
    ]
    board = parse(pwc_pages.page(a_board(*rows)))
    assert [row.model for row in board.rows] == ["ViT (large)", ""]
    assert board.warnings == ("`evaluation-table-data`, row 2 names no method",)


def test_an_address_that_is_none_is_told() -> None:
    row = a_row()
    row["paper"] = dict(row["paper"], url="http://[paper")
    board = parse(pwc_pages.page(a_board(row)))
    assert (board.rows[0].paper_url, board.rows[0].paper_title) == (None, "A Paper")
    assert "'http://[paper'" in board.warnings[0]


def test_a_page_that_names_nothing_is_named_by_its_address_and_says_so() -> None:
    board = parse(pwc_pages.page(a_board(), "address"))
    assert (board.task, board.dataset) == ("image-classification", "mnist")
    assert "only named by the address" in board.warnings[0]


@pytest.mark.parametrize(
    "title",
    [
        "MNIST Benchmark (Image Classification) | Papers With Code",
        "Papers with Code - MNIST Benchmark (Image Classification)",
        "Papers with Code - State-of-the-art table for Image Classification on MNIST",
        "Image Classification on MNIST | Papers with Code",
    ],
)
def test_titles_of_all_years_name_the_board(title: str) -> None:
    page = pwc_pages.page(a_board(), "address").replace(
        b"<title>Papers with Code<", f"<title>{title}<".encode()
    )
    board = parse(page, "file:x.html")
    assert (board.task, board.dataset, board.warnings) == ("Image Classification", "MNIST", ())


def test_a_page_cut_behind_its_data_is_read_with_a_warning() -> None:
    page = pwc_pages.page(a_board())
    board = parse(page[: page.index(b"</body>")])
    assert "cut short" in board.warnings[0]


# ------------------------------------------------------------------ what is no leaderboard

PAGE = pwc_pages.page(a_board())
NO_DATA = (
    b"<!doctype html><html><head><title>T</title></head><body><h1>Image Classification</h1></body></html>"
)


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b"", "not_a_leaderboard", "an empty file"),
        (NO_DATA, "not_a_leaderboard", "an HTML page"),
        (b'{"title": "x", "task-hierarchy": []}', "not_a_leaderboard", "OpenCodePapers"),
        (b"\x1f\x8b\x08\x00" + bytes(range(256)), "not_a_leaderboard", "a gzip file"),
        (b"WARC/1.0\r\n", "not_a_leaderboard", "WARC"),
        (b"<html><body>Verify you are human</body></html>", "challenge_page", "no leaderboard"),
        (PAGE[: PAGE.index(b"98.50")], "truncated_json", "evaluation-table-data"),
        (PAGE.replace(b'"rank": 1', b'"rank": '), "bad_json", "evaluation-table-data"),
        (PAGE.replace(b'"rank": 1', b'"rank": ' + b"[" * 99999), "too_deep", "evaluation-table-data"),
        (PAGE.replace(b'"rank": 1', b'"rank": 1, "rank": 2'), "duplicate_key", "`rank`"),
        (PAGE.replace(b"A Paper", "Café".encode("latin-1")), "bad_encoding", "not valid utf-8"),
        (pwc_pages.page(a_board(a_row(metrics=["98"])), "heading"), "wrong_type", "row 1, `metrics`"),
        (
            pwc_pages.page(a_board(a_row(metrics={})), "heading"),
            "no_metrics",
            "neither the page nor its rows",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason_and_a_place(
    body: bytes, reason: str, words: str
) -> None:
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert (caught.value.reason, caught.value.url) == (reason, URL)
    assert words in caught.value.detail


def test_a_page_in_utf_16_with_its_mark_is_read() -> None:
    board = parse(PAGE.decode().replace('<meta charset="utf-8">', "").encode("utf-16"))
    assert board.rows[0].values == ("98.50", None)


def test_no_rows_are_an_error() -> None:
    empty = re.sub(rb'(?s)(id="evaluation-table-data"[^>]*>).*?</script>', rb"\1[]</script>", PAGE)
    with pytest.raises(ParseError, match="no_rows"):
        parse(empty)
