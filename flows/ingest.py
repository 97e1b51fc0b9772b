"""Files into the archive and the warehouse: the way of a refresh, without network and without Prefect.

A person runs it, once, on files at hand: no schedule, no retry and no host limit would help.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from extract import files, warcs
from extract.archive import Archive
from extract.capture import Captured
from extract.sources import SOURCES
from flows import steps
from flows.reading import batches
from flows.run import Pages, Progress, Run, RunReport
from sotaduck.config import Config


def kinds() -> list[str]:
    """What `sotaduck ingest` takes: the sources that are files, and WARC files of any source."""
    return sorted([source.name for source in SOURCES.values() if source.files] + [warcs.KIND])


def ingest(config: Config, kind: str, paths: Sequence[Path], progress: Progress) -> RunReport:
    """Put files into the archive, read those that say something new, and load them.

    Raises:
        ConfigError: a path that is not there.
        SotaduckError: what stopped the run; the published warehouse is as it was.
    """
    run = Run(f"ingest {kind}", config, {}, Archive(config.archive))
    pages = Pages()
    captures = []
    with run.stage("capture"):
        for captured in _captured(run, kind, paths):
            if captured.failure:
                pages.failures.append(captured.failure)
            elif captured.capture:
                captures.append(captured.capture)
                progress("files", len(captures), 0)
        progress("files", len(captures), len(captures))
    captures.sort(key=lambda capture: capture.fetched_at)
    with steps.building(run) as build:
        for batch in batches(run, pages, captures, progress):
            normalised = steps.normalise(run, batch)
            steps.load(run, build, batch, steps.validate(run, batch, normalised))
        return steps.finish(run, build)


def _captured(run: Run, kind: str, paths: Sequence[Path]) -> Iterator[Captured]:
    for path in paths:
        if kind == warcs.KIND:
            report = warcs.capture_warcs(path, run.archive)
            yield from report.captured
            if report.left_out:
                parts = ", ".join(f"{count} {reason}" for reason, count in sorted(report.left_out.items()))
                run.notes.append(f"{path}: records left out: {parts}")
        else:
            yield from files.capture_documents(kind, files.documents(kind, path), run.archive, run.started)
