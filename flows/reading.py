"""From captures to raw records, batch by batch: what a run has captured, or the whole archive again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from extract import sources
from extract.archive import Archive
from flows.run import Pages, Progress, Run
from sotaduck.errors import ParseError
from sotaduck.records import Capture, Failure, RawBoard, RawPaper
from warehouse.state import Known

BATCH = 25_000
"""Rows and papers that are in memory at once, at least."""

GOOD = (200, 304)
"""Status of an answer that holds or confirms a page."""


def read_pages(archive: Archive, captures: Iterable[Capture], known: Known) -> Iterator[Pages]:
    """Parse captures, batch by batch, in order of time; those that say nothing new are confirmed."""
    batch = Pages()
    digests = dict(known.parsed)
    for capture in captures:
        key = (capture.source, capture.url)
        if not sources.is_read(capture.source, capture.url):
            batch.captures.append((capture, "index"))
            continue
        if digests.get(key) == capture.digest:
            batch.captures.append((capture, "confirmed"))
            continue
        batch.seen[capture.capture_id] = capture.fetched_at
        outcome = "parsed"
        try:
            with archive.open(capture) as body:
                for record in sources.parse(capture.source, capture, body):
                    if isinstance(record, ParseError):
                        batch.failures.append(_failure(capture, record))
                        outcome = "partly"
                    elif isinstance(record, RawBoard):
                        batch.boards.append(record)
                    elif isinstance(record, RawPaper):
                        batch.papers.append(record)
                    else:
                        batch.entries.append(record)
                    if batch.size >= BATCH:
                        yield batch
                        batch = Pages()
                        batch.seen[capture.capture_id] = capture.fetched_at
        except ParseError as error:
            batch.failures.append(_failure(capture, error))
            batch.captures.append((capture, "failed"))
            digests.pop(key, None)
            continue
        batch.captures.append((capture, outcome))
        digests[key] = capture.digest
    yield batch


def _failure(capture: Capture, error: ParseError) -> Failure:
    return Failure(capture.source, capture.url, "parse", error.reason, error.detail, capture.capture_id)


def batches(run: Run, pages: Pages, captures: Sequence[Capture], progress: Progress) -> Iterator[Pages]:
    """What the run is to load: what it has read and captured, or everything that the archive holds.

    Args:
        pages: read already.
        captures: to be read, in order of time.
    """
    if not run.rebuilds:
        run.failures += pages.failures
        new = {capture.capture_id for capture, _ in pages.captures} | {item.capture_id for item in captures}
        left_over = _left_over(run, new)
        yield pages.without(run.known.captures)
        yield _errors(left_over)
        reading = read_pages(run.archive, _counted([*good(left_over), *captures], progress), run.known)
        for batch in _timed(run, reading):
            run.failures += batch.failures
            yield batch
        return
    captures = [capture for capture in run.archive.captures() if capture.source in sources.SOURCES]
    latest = {(capture.source, capture.url): capture.capture_id for capture in captures}
    # Of an address that was read well later, an old failure is history; not what never reached the archive.
    run.failures += [failure for failure in pages.failures if failure.capture_id is None]
    # Who was there when it failed knows more of it than the archive.
    told = {failure.capture_id: failure for failure in pages.failures}
    reading = _timed(run, read_pages(run.archive, _counted(good(captures), progress), Known()))
    for batch in chain([_errors(captures)], reading):
        run.failures += [
            told.get(item.capture_id, item)
            for item in batch.failures
            if item.capture_id == latest[(item.source, item.url)]
        ]
        yield batch


def _left_over(run: Run, new: Collection[str]) -> list[Capture]:
    """What other runs have put into the archive and not loaded, in order of time."""
    return [
        capture
        for capture in run.archive.captures()
        if capture.source in sources.SOURCES
        and capture.capture_id not in run.known.captures
        and capture.capture_id not in new
    ]


def good(captures: Iterable[Capture]) -> list[Capture]:
    """Those that hold or confirm a page."""
    return [capture for capture in captures if capture.status in GOOD]


def _errors(captures: Iterable[Capture]) -> Pages:
    """Answers of servers that are no pages."""
    errors = Pages()
    for capture in captures:
        if capture.status not in GOOD:
            reason, detail = f"http_{capture.status}", f"the server answered with status {capture.status}"
            errors.captures.append((capture, "failed"))
            errors.failures.append(
                Failure(capture.source, capture.url, "fetch", reason, detail, capture.capture_id)
            )
    return errors


def _counted(captures: Sequence[Capture], progress: Progress) -> Iterator[Capture]:
    for done, capture in enumerate(captures, 1):
        yield capture
        progress("archive", done, len(captures))


def _timed(run: Run, reading: Iterator[Pages]) -> Iterator[Pages]:
    """The batches, their reading counted to the stage `parse`."""
    while True:
        with run.stage("parse"):
            batch = next(reading, None)
        if batch is None:
            return
        yield batch
