"""arXiv's answers, the good ones in tests/pages/arxiv, and the traps."""

from __future__ import annotations

import re

import pytest

from extract.sources.arxiv import batch_urls
from sotaduck.errors import ParseError
from sotaduck.records import RawPaper
from tests.pages_io import parse

URL = "https://export.arxiv.org/api/query?id_list=1706.03762&max_results=1"
FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/{id}</id>'
    "<title>{title}</title><summary>{summary}</summary></entry></feed>"
)


def failed(body: bytes | str, url: str = URL) -> tuple[str, str]:
    with pytest.raises(ParseError) as caught:
        parse("arxiv", url, body.encode() if isinstance(body, str) else body)
    assert caught.value.url == url
    return caught.value.reason, caught.value.detail


def test_ids_are_asked_for_in_batches_each_once_and_without_version() -> None:
    ids = [f"2001.{number:05}" for number in range(250)]
    urls = batch_urls([*reversed(ids), "2001.00000v3"], "https://export.arxiv.org/")
    assert [url.count("2001.") for url in urls] == [100, 100, 50]
    assert re.findall(r"2001\.\d{5}", "".join(urls)) == ids
    assert urls[2].startswith("https://export.arxiv.org/api/query?id_list=2001.00200,")
    assert urls[2].endswith("&max_results=50")


def test_what_is_no_id_does_not_spoil_its_batch(caplog: pytest.LogCaptureFixture) -> None:
    urls = batch_urls(["hep-th/9901001v2", "math.GT/0309136", "1706.3762x", "", "1,2"], "http://a")
    assert urls == ["http://a/api/query?id_list=hep-th/9901001,math.GT/0309136&max_results=2"]
    assert caplog.text.count("is no arXiv id") == 3


def test_nothing_to_ask_for_gives_no_address() -> None:
    assert batch_urls([], "http://a") == []


def test_an_error_told_with_status_200_is_one() -> None:
    body = FEED.format(id="x", title="Error", summary="incorrect id format for 1706.3762x")
    body = body.replace("/abs/x", "/api/errors#incorrect_id_format_for_1706.3762x")
    reason, detail = failed(body)
    assert reason == "api_error"
    assert "incorrect id format for 1706.3762x" in detail


def test_a_paper_that_is_called_error_is_a_paper() -> None:
    (paper,) = parse("arxiv", URL, FEED.format(id="1706.03762v1", title="Error", summary="").encode())
    assert isinstance(paper, RawPaper)
    assert (paper.title, paper.abstract) == ("Error", None)


def test_throttling_is_told_apart_from_other_text() -> None:
    assert failed("Rate exceeded.")[0] == failed("\n rate exceeded.\n")[0] == "rate_exceeded"
    assert failed("Service unavailable")[0] == "not_atom"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_atom"),
        (b"<!doctype html><html><body>Down</body></html>", "not_atom"),
        (b"<html><body>Down</body></html>", "not_atom"),
        (b"<rss><channel/></rss>", "not_atom"),
        (b'{"a": 1}', "not_atom"),
        (b"\xff\xfe\x00", "not_atom"),
        (FEED.format(id="1706.03762", title="T", summary="S").encode()[:-20], "bad_xml"),
        (b'<?xml version="1.0" encoding="klingon"?><feed xmlns="http://www.w3.org/2005/Atom"/>', "bad_xml"),
        (FEED.format(id="1", title="Größe", summary="").encode("latin-1"), "bad_xml"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, reason: str) -> None:
    assert failed(body)[0] == reason


def test_entity_bombs_and_external_entities_are_refused_unexpanded() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE feed [<!ENTITY l0 "ha">{levels}]>' + FEED.format(id="1", title="&l11;", summary="")
    leak = '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + FEED.format(
        id="1", title="&x;", summary=""
    )
    assert failed(bomb)[0] == failed(leak)[0] == "unsafe_xml"


def test_no_depth_of_nesting_is_too_deep() -> None:
    deep = "<x>" * 100_000 + "</x>" * 100_000
    records = parse("arxiv", URL, FEED.format(id="1706.03762", title=f"T{deep}", summary="").encode())
    assert [record.title for record in records if isinstance(record, RawPaper)] == ["T"]


def test_an_empty_feed_reports_each_paper_that_was_asked_for() -> None:
    empty = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Q</title></feed>'
    url = "https://export.arxiv.org/api/query?id_list=1706.03762v2,hep-th%2F9901001&max_results=2"
    errors = parse("arxiv", url, empty)
    assert [
        (error.reason, error.detail.split()[-1]) for error in errors if isinstance(error, ParseError)
    ] == [
        ("not_found", "1706.03762"),
        ("not_found", "hep-th/9901001"),
    ]
    assert failed(empty, "file:arxiv/empty.atom")[0] == "no_papers"
