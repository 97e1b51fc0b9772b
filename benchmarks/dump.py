"""A whole dump of Papers with Code into a fresh warehouse, beside json.load and one INSERT a row."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import make_dump, naive
from benchmarks.boards import real_boards
from benchmarks.measure import in_child, peak_memory
from flows.ingest import ingest
from flows.run import silent
from sotaduck.config import Config

SAMPLE = 20_000
"""Rows that the naive way inserts one by one of each file; the time of all is worked out from these."""

HEAD = ("way", "seconds", "peak MB", "file MB", "results", "papers")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingestion took; `file` is the size of the warehouse, and all sizes are in MB."""

    seconds: float
    peak: float
    file: float
    status: str
    counts: Mapping[str, int]
    stages: Mapping[str, float]
    failures: int


@dataclass(frozen=True, slots=True)
class Naive:
    """What the naive way took, or would: `reading` is measured, `inserting` worked out from a sample."""

    reading: float
    inserting: float
    peak: float
    results: int
    papers: int


def make(folder: Path, boards: Path | None, scale: float) -> None:
    """Write a synthetic dump, at scale 1 of the size of the real one, unless the folder holds one already."""
    real = real_boards(boards)
    folder.mkdir(parents=True, exist_ok=True)
    wanted, results, papers, links = (
        max(1, round(whole * scale))
        for whole in (make_dump.BOARDS, make_dump.RESULTS, make_dump.PAPERS, make_dump.LINKS)
    )
    for name, records in (
        ("evaluation-tables", make_dump.tasks(real, wanted, results, papers, random.Random(0))),
        ("papers-with-abstracts", make_dump.papers(real, papers, random.Random(1))),
        ("links-between-papers-and-code", make_dump.links(links, papers, random.Random(2))),
    ):
        file = folder / f"{name}.json.gz"
        if not file.exists():
            draft = file.with_suffix(".part")
            make_dump.write(draft, records)
            draft.replace(file)


def measured(folder: Path) -> tuple[Ingested, Naive]:
    """Both ways, each in a process of its own."""
    files = sorted(folder.glob("*.json*"))
    with TemporaryDirectory() as home:
        ours = in_child(ours_in, files, Path(home))
    with TemporaryDirectory() as home:
        return ours, in_child(naive_in, files, Path(home))


def ours_in(files: Sequence[Path], home: Path) -> Ingested:
    """`sotaduck ingest pwc-dump`, with all that it checks and derives, imports and archive among it."""
    config = Config(warehouse=home / "warehouse.duckdb", archive=home / "archive")
    begun = time.perf_counter()
    report = ingest(config, "pwc-dump", files, silent)
    spent = time.perf_counter() - begun
    size = config.warehouse.stat().st_size / 1e6
    return Ingested(
        spent,
        peak_memory(),
        size,
        report.status,
        dict(report.counts),
        dict(report.stages),
        len(report.failures),
    )


def naive_in(files: Sequence[Path], home: Path) -> Naive:
    """json.load of each file, and one INSERT for each of its rows, sampled: nothing else is done."""
    connection = naive.open_warehouse(home / "warehouse.duckdb")
    reading = inserting = 0.0
    numbers = {"results": 0, "papers": 0, "links": 0}
    for file in files:
        begun = time.perf_counter()
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            records = json.load(stream)
        kind, rows = _rows(records)
        reading += time.perf_counter() - begun
        begun = time.perf_counter()
        sample = list(islice(rows, SAMPLE))
        naive.insert(connection, sample)
        spent = time.perf_counter() - begun
        numbers[kind] += len(sample) + sum(1 for _ in rows)
        inserting += spent * numbers[kind] / max(1, len(sample))
        del records
    connection.close()
    return Naive(reading, inserting, peak_memory(), numbers["results"], numbers["papers"])


def _rows(records: list[dict[str, Any]]) -> tuple[str, Iterator[tuple[Any, ...]]]:
    """What a file holds, told by its first record, and its rows as six parameters of an INSERT."""
    if "task" in records[0]:
        return "results", (row for task in records for row in _results(task))
    if "repo_url" in records[0]:
        return "links", (
            (None, one["paper_url"], None, one["is_official"], one["repo_url"], None) for one in records
        )
    return "papers", ((None, one["title"], None, None, one["abstract"], one["date"]) for one in records)


def _results(task: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for dataset in (each for top in task["datasets"] for each in (top, *top["subdatasets"])):
        for place, row in enumerate(dataset["sota"]["rows"], 1):
            for text in row["metrics"].values():
                extra, paper, date = row["uses_additional_data"], row["paper_title"], row["paper_date"]
                yield place, row["model_name"], _number(text), extra, paper, date
    for inner in task["subtasks"]:
        yield from _results(inner)


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


def rows(ours: Ingested, theirs: Naive) -> list[tuple[object, ...]]:
    """The rows of a table with HEAD."""
    total = theirs.reading + theirs.inserting
    cells, papers = ours.counts["cells_in"], ours.counts["papers"]
    return [
        ("ours, published", ours.seconds, ours.peak, ours.file, cells, papers),
        ("naive, json.load alone", theirs.reading, theirs.peak, None, theirs.results, theirs.papers),
        ("naive, with INSERTs (worked out)", total, theirs.peak, None, theirs.results, theirs.papers),
    ]
