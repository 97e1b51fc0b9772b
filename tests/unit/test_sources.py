"""Every source has recorded pages, and reads each of them into the records beside it."""

from __future__ import annotations

import json

import pytest

from extract import sources
from tests import pages_io
from tests.pages_io import Pair

PAIRS = [pair for source in sources.SOURCES for pair in pages_io.pairs(source)]


@pytest.mark.parametrize("source", sources.SOURCES)
def test_every_source_has_a_recorded_page(source: str) -> None:
    assert pages_io.pairs(source), f"record a page of {source} in tests/pages/{source}"


@pytest.mark.parametrize("source", sources.SOURCES)
def test_every_kind_of_page_of_a_source_is_recorded(source: str) -> None:
    known = sources.SOURCES[source]
    urls = [json.loads(pair.expected.read_text("utf-8"))["url"] for pair in pages_io.pairs(source)]
    for page in known.pages:
        assert any(page.matches(url) for url in urls), f"no recorded page of {source} is like {page.path}"
    if known.files is not None:
        assert any(url.startswith("file:") for url in urls), f"no recorded file of {source}"


def test_no_page_is_recorded_for_a_source_that_does_not_exist() -> None:
    assert {folder.name for folder in pages_io.PAGES.iterdir() if folder.is_dir()} <= set(sources.SOURCES)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_recorded_page_gives_the_records_beside_it(pair: Pair) -> None:
    body = pair.page.read_bytes()
    if not pair.expected.exists():
        url = f"file:{pair.page.name}"
        pair.expected.write_text(
            pages_io.expectation(url, pages_io.parse(pair.source, url, body)), encoding="utf-8"
        )
        pytest.fail(f"{pair.expected.name} was missing and is written: review before proceeding")
    expected = json.loads(pair.expected.read_text("utf-8"))
    records = pages_io.parse(pair.source, expected["url"], body, expected.get("media_type", ""))
    assert pages_io.records_to_json(records) == expected["records"]
