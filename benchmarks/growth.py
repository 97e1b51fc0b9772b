"""Normalisation of more and more cells: time a cell, memory, and what parsing their pages costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.boards import Data, benchmark_pages, cells_of, raw, real_boards, renamed, until
from benchmarks.measure import in_child, peak_memory
from benchmarks.reading import STYLE, parse
from tests.markup import render_benchmark
from tests.pwc_pages import address, page
from transform.pipeline import normalise
from transform.vocabulary import load

BATCH = 25_000
"""Cells that are in memory at once, as in a run of the pipeline."""

PARSED = 10_000
"""The pages of so many cells are parsed at each size; of paperswithcode2, pages of a tenth of that."""

ROWS = 30
"""Rows of a page of paperswithcode2."""

HEAD = (
    "cells", "boards", "seconds", "µs/cell", "of the first size", "peak MB", "valued",
    "parse µs/cell pwc-html", "parse µs/cell paperswithcode2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Growth:
    """One size. Seconds are processor time of `normalise` alone; memory is of the whole process, MB."""

    cells: int
    boards: int
    seconds: float
    peak: float
    valued: int
    parse_html: float
    parse_site: float


def measured(sizes: Sequence[int], boards: Path | None) -> list[Growth]:
    """Each size in a process of its own."""
    return [in_child(one, size, boards) for size in sizes]


def rows(found: Sequence[Growth]) -> list[tuple[object, ...]]:
    """The rows of a table with HEAD."""
    first = found[0].seconds / found[0].cells
    return [
        (
            f"{one.cells:,}", one.boards, one.seconds, one.seconds / one.cells * 1e6,
            one.seconds / one.cells / first, one.peak, one.valued, one.parse_html * 1e6, one.parse_site * 1e6,
        )
        for one in found
    ]  # fmt: skip


def one(cells: int, file: Path | None) -> Growth:
    """Normalise so many cells, batch by batch; what came out of a batch is counted and let go."""
    vocabulary = load()
    real = real_boards(file)
    normalise([raw(board) for board in real[:1]], [], [], vocabulary)
    made = renamed(real)
    spent, done, number, valued = 0.0, 0, 0, 0
    while done < cells:
        batch = list(until(made, min(BATCH, cells - done)))
        records = [raw(board) for board in batch]
        begun = time.process_time()
        found = normalise(records, [], [], vocabulary)
        spent += time.process_time() - begun
        done += sum(map(cells_of, batch))
        number += len(batch)
        valued += sum(result.value is not None for result in found.results)
        del found, records, batch
    peak = peak_memory()
    return Growth(done, number, spent, peak, valued, *_parsing(real, min(cells, PARSED)))


def _parsing(real: list[Data], cells: int) -> tuple[float, float]:
    """Seconds a cell that the pages of so many cells cost: of the original site, and of paperswithcode2."""
    boards = list(until(renamed(real, seed=1), cells))
    pages = [(address(board), page(board)) for board in boards]
    made = islice(benchmark_pages(real, ROWS), max(1, cells // 10 // ROWS))
    site = [(data["url"], render_benchmark(data, STYLE)) for data in made]
    begun = time.process_time()
    for url, body in pages:
        parse("pwc-html", url, body)
    between = time.process_time()
    for url, body in site:
        parse("paperswithcode2", url, body)
    ended = time.process_time()
    html = (between - begun) / sum(map(cells_of, boards))
    return html, (ended - between) / (ROWS * len(site))
