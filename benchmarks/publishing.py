"""Captured pages to a published warehouse, stage by stage, beside read_html and one INSERT a row."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import naive
from benchmarks.boards import Data, benchmark_pages, cells_of, renamed
from benchmarks.reading import STYLE
from expectations.run import warm_up
from extract.archive import Archive
from extract.http import Response
from flows import steps
from flows.reading import batches
from flows.run import Pages, Run, silent
from sotaduck.config import Config
from tests.markup import render_benchmark
from tests.pwc_pages import page

STAGES = ("parse", "normalise", "validate", "load")
HEAD = ("way", "pages", "cells", *(f"{stage} s" for stage in STAGES), "all s", "cells/s from records")


class Measured:
    """What one way took.

    Attributes:
        stages: seconds of each stage; `total` is what passed on the clock.
    """

    def __init__(self, way: str, pages: int, cells: int, stages: dict[str, float], total: float) -> None:
        self.way, self.pages, self.cells = way, pages, cells
        self.stages, self.total = stages, total

    @property
    def rate(self) -> float:
        """Cells a second from records to the published warehouse."""
        return self.cells / (self.total - self.stages["parse"])

    def row(self) -> tuple[object, ...]:
        """The row of a table with HEAD."""
        stages = (self.stages.get(name) for name in STAGES)
        return (self.way, self.pages, self.cells, *stages, self.total, self.rate)

    def shares(self) -> str:
        """How the time is shared out, in words."""
        shares = ", ".join(f"{name} {self.stages[name] / self.total:.0%}" for name in STAGES)
        rest = 1 - sum(self.stages[name] for name in STAGES) / self.total
        return f"{self.way}: {shares}, the rest (copy, checkpoint, swap) {rest:.0%}"


def compared(real: Sequence[Data], pages: int = 200, rows: int = 30) -> list[Measured]:
    """Both ways over the same pages of paperswithcode2, and ours over pages of the original site."""
    made = list(islice(benchmark_pages(list(real), rows), pages))
    bodies = [(data["url"], render_benchmark(data, STYLE)) for data in made]
    boards = list(islice(renamed(list(real)), pages))
    others = [(f"https://paperswithcode.com/sota/board-{at}", page(board)) for at, board in enumerate(boards)]
    _warm_up(bodies[:1])
    return [
        ours("ours, paperswithcode2", "paperswithcode2", bodies, rows * pages),
        theirs("naive, paperswithcode2", [body for _, body in bodies], rows * pages),
        ours("ours, pwc-html", "pwc-html", others, sum(map(cells_of, boards))),
    ]


def _warm_up(bodies: list[tuple[str, bytes]]) -> None:
    """Let imports and first statements, which every process pays once, be over."""
    warm_up()
    ours("", "paperswithcode2", bodies, 1)


def ours(way: str, source: str, bodies: Sequence[tuple[str, bytes]], cells: int) -> Measured:
    """The pipeline from an archive to a published warehouse.

    Raises:
        RuntimeError: a page was not read, or not every cell is accounted for.
    """
    with TemporaryDirectory() as folder:
        home = Path(folder)
        with Archive(home / "archive") as archive:
            captures = [archive.add(source, _response(url, body)) for url, body in bodies]
        config = Config(warehouse=home / "warehouse.duckdb", archive=home / "archive")
        run = Run("benchmark", config, {}, Archive(config.archive))
        begun = time.perf_counter()
        with steps.building(run) as build:
            for batch in batches(run, Pages(), captures, silent):
                normalised = steps.normalise(run, batch)
                steps.load(run, build, batch, steps.validate(run, batch, normalised))
            report = steps.finish(run, build)
        total = time.perf_counter() - begun
    if report.failures or (way and report.counts["cells_in"] != cells):
        raise RuntimeError(f"{way}: {report.counts}, {report.failures[:1]}")
    return Measured(way, len(bodies), cells, dict(report.stages), total)


def _response(url: str, body: bytes) -> Response:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return Response(url, url, 200, "OK", (("Content-Type", "text/html; charset=utf-8"),), body, when)


def theirs(way: str, bodies: Sequence[bytes], cells: int) -> Measured:
    """pandas.read_html on each page and one INSERT for each row; nothing is checked or derived."""
    with TemporaryDirectory() as folder:
        connection = naive.open_warehouse(Path(folder) / "warehouse.duckdb")
        begun = time.perf_counter()
        tables = [naive.read_table(body) for body in bodies]
        read = time.perf_counter()
        naive.insert(connection, (row for table in tables for row in naive.results(table)))
        connection.close()
        ended = time.perf_counter()
    return Measured(way, len(bodies), cells, {"parse": read - begun, "load": ended - read}, ended - begun)
