"""The capture stage of a refresh: what to ask each source for, and asking it.

    leaderboards (named, listed, discovered) ─▶ the papers that they link ─▶ arXiv's record of these papers

A page is in the archive before it is read; one that has not changed is asked for under conditions, and
not read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from importlib import import_module

from extract import sources
from extract.archive import Archive
from extract.capture import Captured, capture_pages
from extract.discover import discover_boards, listed_boards
from extract.http import PoliteSession
from extract.warcs import capture_warcs
from flows.reading import good, read_pages
from flows.run import Pages, Progress, Run, now
from sotaduck.config import BUNDLED
from sotaduck.records import RawBoard
from transform.papers import find_arxiv_id
from warehouse.state import Known

log = logging.getLogger("sotaduck.capture")

ROUND = timedelta(hours=20)
"""An index page that was captured so recently belongs to the same round of discovery: it is not asked for
again."""

PATIENCE = (30.0, 120.0)
"""Seconds to wait before a batch is asked for once more, where arXiv answers `Rate exceeded.`"""


def capture_source(run: Run, name: str, gathered: Pages, progress: Progress) -> Pages:
    """Fetch and read the pages of one source.

    Where nothing is configured, the bundled samples stand in for the network.

    Args:
        gathered: what the sources before it have given: the papers to ask for.
    """
    if run.config.bundled:
        return read_bundled(run, progress)
    if sources.SOURCES[name].live == "papers":
        return capture_papers(run, name, gathered, progress)
    return capture_boards(run, name, progress)


def capture_boards(run: Run, name: str, progress: Progress) -> Pages:
    """Leaderboard pages, then the paper pages that they link."""
    config = run.sources[name]
    pages = Pages()
    with PoliteSession(config) as session:
        urls = board_urls(run, name, session, pages, progress)
        _fetch(run, name, session, urls, pages, progress, "leaderboards")
        if config.papers:
            papers = linked_papers(name, pages.boards, urls, run.known)
            _fetch(run, name, session, papers, pages, progress, "papers")
    return pages


def board_urls(run: Run, name: str, session: PoliteSession, pages: Pages, progress: Progress) -> list[str]:
    """The leaderboards that the configuration names, those of its list, and those that discovery finds."""
    config = run.sources[name]
    urls = sources.page_urls(name, config)
    if config.benchmark_list:
        urls += listed_boards(name, config.base_url, config.benchmark_list)
    if config.discover:
        read = 0

        def fetch(url: str) -> bytes | None:
            nonlocal read
            read += 1
            progress("index pages", read, config.discover_pages)
            known = run.archive.latest(name, url)
            if known and now() - known.fetched_at < ROUND:
                return run.archive.body(known)
            (item,) = capture_pages(name, [url], run.archive, session)
            if item.capture:
                pages.captures.append((item.capture, "failed" if item.failure else "index"))
            if item.failure:
                pages.failures.append(item.failure)
                return None
            return run.archive.body(item.capture) if item.capture else None

        found = discover_boards(name, config.base_url, fetch, config.discover_pages)
        progress("index pages", found.pages_read, found.pages_read)
        urls += found.boards
        if not found.complete:
            run.warnings.append(
                f"{name}: discovery stopped after {found.pages_read} index pages, {len(found.unread)} are "
                "unread; raise discover_pages to find more leaderboards"
            )
    if not urls:
        run.warnings.append(f"{name}: no leaderboard is named; set benchmarks, benchmark_list or discover")
    return list(dict.fromkeys(urls))


def linked_papers(source: str, boards: Iterable[RawBoard], urls: Iterable[str], known: Known) -> list[str]:
    """Paper pages that leaderboards link, each once, in a stable order.

    A leaderboard that has not changed was not read: its links are those of the warehouse.
    """
    read = {board.locator for board in boards}
    found = {row.paper_url for board in boards for row in board.rows if row.paper_url}
    for url in urls:
        if url not in read:
            found.update(known.links.get(url, ()))
    return sorted(url for url in found if sources.is_paper(source, url))


def capture_papers(run: Run, name: str, gathered: Pages, progress: Progress) -> Pages:
    """What a source of papers says of every paper that is known and not asked for yet (of all: `--full`)."""
    config = run.sources[name]
    links = [
        link
        for paper in gathered.papers
        for link in (f"arxiv:{paper.arxiv_id or ''}", paper.paper_link, paper.pdf_link, paper.url)
    ]
    links += [row.paper_url for board in gathered.boards for row in board.rows]
    wanted = {found for link in links if link and (found := find_arxiv_id(link))} | run.known.arxiv_ids
    if run.kind != "full":
        wanted -= run.known.arxiv_records
    batch_urls = import_module(f"extract.sources.{name.replace('-', '_')}").batch_urls
    urls = batch_urls(wanted, config.base_url)
    pages = Pages()
    with PoliteSession(config) as session:
        for done, url in enumerate(urls, 1):
            for pause in (*PATIENCE, None):
                answer = Pages()
                _fetch(run, name, session, [url], answer, progress, "")
                if pause is None or not any(item.reason == "rate_exceeded" for item in answer.failures):
                    break
                pages.captures += answer.captures
                log.warning("%s asks to slow down; waiting %.0f s", name, pause)
                time.sleep(pause)
            pages.add(answer)
            progress(f"{name} answers", done, len(urls))
    return pages


def read_bundled(run: Run, progress: Progress) -> Pages:
    """Take the captures of the bundled archive that are not in the run's own archive yet, and read them."""
    pages = Pages()
    have = {capture.capture_id for capture in run.archive.captures()}
    samples = BUNDLED / "archive"
    if any(capture.capture_id not in have for capture in Archive(samples).captures()):
        captured = [item.capture for item in capture_warcs(samples, run.archive).captured if item.capture]
        fresh = [capture for capture in captured if capture.capture_id not in have]
        for batch in read_pages(run.archive, fresh, run.known):
            pages.add(batch)
        progress("bundled samples", len(fresh), len(fresh))
    return pages


def _fetch(
    run: Run,
    name: str,
    session: PoliteSession,
    urls: Sequence[str],
    pages: Pages,
    progress: Progress,
    what: str,
) -> None:
    """Capture pages and read those that say something new, into `pages`."""

    def told(done: int, total: int, url: str) -> None:
        if what:
            progress(what, done, total)

    full = run.kind == "full"
    captured: list[Captured] = capture_pages(name, urls, run.archive, session, full=full, progress=told)
    for item in captured:
        if item.failure:
            pages.failures.append(item.failure)
            if item.capture:
                pages.captures.append((item.capture, "failed"))
    fresh = [item.capture for item in captured if item.capture and not item.failure]
    addresses = {capture.url for capture in fresh}
    unread = [item for item in good(run.left_over) if item.source == name and item.url in addresses]
    captures = dict.fromkeys([*unread, *fresh])
    for batch in read_pages(run.archive, captures, Known() if full else run.known):
        pages.add(batch)
