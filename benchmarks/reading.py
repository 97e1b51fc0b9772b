"""Pages to records: our strict parsers, beside what pandas.read_html and a bare json.loads take."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from benchmarks import naive
from benchmarks.boards import Data, benchmark_pages, renamed
from benchmarks.measure import RUNS, seconds
from extract import sources
from sotaduck.records import Capture
from tests.markup import render_benchmark
from tests.pwc_pages import address, page

STYLE = "react"
"""The markup of the pages: server-rendered, table and cards, like what the site is thought to send."""

HEAD = ("page", "rows", "kB", "pages/s", "rows/s", "naive pages/s", "ours/naive time")


def capture(source: str, url: str) -> Capture:
    """A capture of a page that no archive holds."""
    return Capture(
        "0" * 16, source, url, datetime(2026, 1, 1, tzinfo=UTC), 200, "", "text/html", None, None, "", 0, 0
    )


def parse(source: str, url: str, body: bytes) -> list[Any]:
    """The records of a page.

    Raises:
        ParseError: the page, or a part of it, cannot be read.
    """
    found = list(sources.parse(source, capture(source, url), io.BytesIO(body)))
    for item in found:
        if isinstance(item, Exception):
            raise item
    return found


def rates(
    real: Sequence[Data], sizes: Sequence[int] = (30, 100, 1000), rows: int = 600, runs: int = RUNS
) -> list[tuple[object, ...]]:
    """Rows of a table with HEAD.

    Args:
        sizes: rows of a page of paperswithcode2.
        rows: how many rows are parsed in one run, about.
    """
    found = []
    for size in sizes:
        made = islice(benchmark_pages(list(real), size), max(1, rows // size))
        pages = [(data["url"], render_benchmark(data, STYLE)) for data in made]
        found.append(
            _compared("paperswithcode2", "paperswithcode2", pages, size * len(pages), naive.read_table, runs)
        )
    boards = list(islice(renamed(list(real)), len(real)))
    pages = [(address(board), page(board)) for board in boards]
    number = sum(len(board["rows"]) for board in boards)
    found.append(_compared("pwc-html", "pwc-html", pages, number, naive.read_script, runs))
    return found


def _compared(
    name: str,
    source: str,
    pages: list[tuple[str, bytes]],
    rows: int,
    other: Callable[[bytes], object],
    runs: int,
) -> tuple[object, ...]:
    ours = seconds(lambda: [parse(source, url, body) for url, body in pages], runs)
    theirs = seconds(lambda: [other(body) for _, body in pages], runs)
    size = sum(len(body) for _, body in pages) / len(pages) / 1e3  # kB
    number = len(pages)
    return (name, f"{rows / number:.0f}", size, number / ours, rows / ours, number / theirs, ours / theirs)
