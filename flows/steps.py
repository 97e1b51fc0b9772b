"""The stages joined: plain functions that know no Prefect.

    known → capture → parse → normalise → validate → load (built beside, checked, swapped in)

Each function is one step of a run and says in its arguments what it needs; `refresh.py` puts them
in order. What goes wrong with one page becomes a `Failure` and the others go on; what goes wrong
with the whole raises a `SotaduckError`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from extract.archive import Archive
from extract.capture import capture_pages
from extract.http import PoliteSession

from extract import sources
from sotaduck.config import BUNDLED, Config, SourceConfig
from sotaduck.errors import ConfigError, ParseError
from sotaduck.records import Capture, Check, Failure, Normalised, RawBoard, RawPaper
from transform import pipeline
from transform import vocabulary as vocabularies

log = logging.getLogger("sotaduck.run")

Progress = Callable[[str, int, int], None]
"""Told the step, how many of its pieces are done, and how many there are."""

BUNDLED_SOURCE = "paperswithcode2"


def silent(step: str, done: int, total: int) -> None:
    """A progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the published warehouse holds already.

    Attributes:
        parsed: (source, url) → digest of the page that was last parsed.
        links: board address → addresses of the papers that it links.
        vocabulary: digest of the vocabulary that normalised it; None where there is no warehouse.
    """

    parsed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vocabulary: str | None = None


@dataclass(slots=True)
class Pages:
    """What a run has captured and read so far; grows from step to step."""

    captures: list[Capture] = field(default_factory=list)
    boards: list[RawBoard] = field(default_factory=list)
    papers: list[RawPaper] = field(default_factory=list)
    confirmed: list[Capture] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Pages) -> None:
        """Take in what another step or source has gathered."""
        for name in ("captures", "boards", "papers", "confirmed", "failures"):
            getattr(self, name).extend(getattr(other, name))


def new_run_id(now: datetime) -> str:
    """An id that sorts by time: `20261123T190000Z-3f9a`."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def choose_sources(config: Config, names: Sequence[str]) -> dict[str, SourceConfig]:
    """The configured sources that a run is about.

    Raises:
        ConfigError: a name that no parser knows, or that the configuration does not hold.
    """
    for name in (*config.sources, *names):
        if name not in sources.SOURCES:
            raise ConfigError(f"unknown source `{name}`; known are {', '.join(sorted(sources.SOURCES))}")
    if config.bundled:
        return {BUNDLED_SOURCE: SourceConfig()}
    missing = [name for name in names if name not in config.sources]
    if missing:
        raise ConfigError(f"source `{missing[0]}` is not configured; add a table [sources.{missing[0]}]")
    if not config.sources:
        raise ConfigError("no source is configured; add a table such as [sources.paperswithcode2]")
    return {name: config.sources[name] for name in (names or config.sources)}


def open_archive(config: Config) -> Archive:
    """The archive of this configuration: the bundled one where nothing is configured."""
    return Archive(BUNDLED / "archive" if config.bundled else config.archive)


def capture_source(
    name: str, config: SourceConfig, archive: Archive, known: Known, full: bool, progress: Progress
) -> Pages:
    """Fetch and read the pages of one source: leaderboards, then the papers that they link.

    Args:
        full: ask for every page without conditions, and read it whether or not it has changed.
    """
    pages = Pages()
    board_urls = sources.page_urls(name, config)
    with PoliteSession(config) as session:

        def fetch(urls: Sequence[str], what: str) -> None:
            captured = capture_pages(
                name,
                config,
                urls,
                archive,
                session,
                progress=lambda done, total, url: progress(what, done, total),
            )
            pages.captures.extend(item.capture for item in captured if item.capture)
            pages.failures.extend(item.failure for item in captured if item.failure)
            good = [item.capture for item in captured if item.capture and not item.failure]
            pages.add(read_pages(archive, good, Known() if full else known))

        fetch(board_urls, "leaderboards")
        if config.papers:
            fetch(linked_papers(name, pages.boards, board_urls, known), "papers")
    return pages


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


def read_pages(archive: Archive, captures: Iterable[Capture], known: Known) -> Pages:
    """Parse the captures whose page is not known yet; the others are confirmed.

    Captures are taken in order of time, so that a page which has not changed since the one before
    is parsed once.
    """
    pages = Pages()
    digests = dict(known.parsed)
    for capture in captures:
        key = (capture.source, capture.url)
        if digests.get(key) == capture.digest:
            pages.confirmed.append(capture)
            continue
        try:
            record = sources.parse(capture.source, capture, archive.body(capture))
        except ParseError as error:
            pages.failures.append(
                Failure(capture.source, capture.url, "parse", error.reason, error.detail, capture.capture_id)
            )
            digests.pop(key, None)
            continue
        digests[key] = capture.digest
        if isinstance(record, RawBoard):
            pages.boards.append(record)
        else:
            pages.papers.append(record)
    return pages


def replay(archive: Archive, names: Iterable[str], progress: Progress) -> Pages:
    """Read everything that the archive holds of these sources, in order of time, with no network."""
    wanted = set(names)
    captures = [capture for capture in archive.captures() if capture.source in wanted]
    pages = Pages(captures=captures)
    good = []
    for done, capture in enumerate(captures, 1):
        if capture.status in (200, 304):
            good.append(capture)
        else:
            reason = f"http_{capture.status}"
            detail = f"the server answered with status {capture.status}"
            pages.failures.append(
                Failure(capture.source, capture.url, "fetch", reason, detail, capture.capture_id)
            )
        progress("archive", done, len(captures))
    pages.add(read_pages(archive, good, Known()))
    return pages


def latest_failures(pages: Pages) -> list[Failure]:
    """The failures that still hold: of an address that was read well later, none."""
    when = {capture.capture_id: capture.fetched_at for capture in pages.captures}
    latest: dict[tuple[str, str], datetime] = {}
    for capture in pages.captures:
        key = (capture.source, capture.url)
        latest[key] = max(latest.get(key, capture.fetched_at), capture.fetched_at)
    return [
        failure
        for failure in pages.failures
        if failure.capture_id is None or when[failure.capture_id] == latest[(failure.source, failure.url)]
    ]


def normalise(pages: Pages, vocabulary: vocabularies.Vocabulary) -> Normalised:
    """Text to typed records."""
    return pipeline.normalise(pages.boards, pages.papers, vocabulary)


def now() -> datetime:
    """The time, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: what the command prints and the Prefect artifact shows."""

    run_id: str
    status: str
    exit_status: int
    warehouse: Path
    data_docs: Path | None
    counts: Mapping[str, int]
    stages: Mapping[str, float]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    checks: tuple[Check, ...]
