"""A run: what it is about, what it has gathered, how long its stages took, and what it reports."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from expectations.run import Gate
from extract.archive import Archive
from extract.sources import SOURCES
from sotaduck.config import Config, SourceConfig
from sotaduck.errors import ArchiveError, ConfigError
from sotaduck.records import Capture, Check, Failure, RawBoard, RawEntry, RawPaper
from transform import vocabulary as vocabularies
from warehouse import state

Progress = Callable[[str, int, int], None]
"""Told the step, how many of its pieces are done, and how many there are."""

BUNDLED_SOURCE = "paperswithcode2"

COUNTS = (
    "captures", "unchanged", "boards", "papers", "cells_in", "loaded", "quarantined", "duplicates",
    "failures",
)  # fmt: skip


def silent(step: str, done: int, total: int) -> None:
    """A progress that nobody watches."""


def now() -> datetime:
    """The time, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


class Pages:
    """What a run has captured and read, or one batch of it.

    A plain class: Prefect looks into every dataclass that is handed to a task, and these are large.
    """

    def __init__(self) -> None:
        self.captures: list[tuple[Capture, str]] = []
        self.boards: list[RawBoard] = []
        self.papers: list[RawPaper] = []
        self.entries: list[RawEntry] = []
        self.failures: list[Failure] = []
        self.seen: dict[str, datetime] = {}

    @property
    def size(self) -> int:
        """Rows, papers and entries in it."""
        return sum(len(board.rows) for board in self.boards) + len(self.papers) + len(self.entries)

    def add(self, other: Pages) -> None:
        """Take in what another step or source has gathered."""
        for name in ("captures", "boards", "papers", "entries", "failures"):
            getattr(self, name).extend(getattr(other, name))
        self.seen |= other.seen

    def without(self, captures: Collection[str]) -> Pages:
        """What does not come from these captures; every failure, too."""
        rest = Pages()
        rest.captures = [item for item in self.captures if item[0].capture_id not in captures]
        rest.boards = [board for board in self.boards if board.capture_id not in captures]
        rest.papers = [paper for paper in self.papers if paper.capture_id not in captures]
        rest.entries = [entry for entry in self.entries if entry.capture_id not in captures]
        rest.failures, rest.seen = self.failures, self.seen
        return rest


class Run:
    """One run: what it is about, what it has found, how long its stages took.

    Attributes:
        rebuilds: the warehouse is made anew from the whole archive: because somebody asks for it, or
            because another vocabulary made the one that is there.
        left_over: what earlier runs that ended early have put into the archive alone, in order of time.

    Raises:
        ArchiveError: a rebuild would lose what the archive no longer holds.
    """

    def __init__(
        self, kind: str, config: Config, chosen: Mapping[str, SourceConfig], archive: Archive
    ) -> None:
        self.kind = kind
        self.config = config
        self.sources = dict(chosen)
        self.archive = archive
        self.vocabulary = vocabularies.load()
        self.known = state.known(config.warehouse)
        self.started = now()
        self.run_id = f"{self.started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        archive.run_id = self.run_id
        self.gate = Gate(config.data_docs)
        self.about = set(chosen)
        self.failures: list[Failure] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
        self.stages: dict[str, float] = {}
        held = archive.captures()
        self.left_over = [capture for capture in held if capture.capture_id not in self.known.captures]
        self.rebuilds = self._rebuilds({capture.capture_id for capture in held})

    def _rebuilds(self, held: Collection[str]) -> bool:
        if self.kind not in ("replay", "full") and self.known.vocabulary == self.vocabulary.digest:
            return False
        if lost := len(self.known.captures.difference(held)):
            raise ArchiveError(
                f"{self.config.archive}: lacks {lost:,} of the {len(self.known.captures):,} captures that "
                f"{self.config.warehouse} was made from; to build it anew would lose them. Restore the "
                "archive, or name another --warehouse"
            )
        # With nothing to read again, what this run captures is all there is.
        return bool(held) or self.kind == "replay"

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the block's time to a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: what the command prints and the Prefect artifact shows."""

    run_id: str
    kind: str
    status: str
    exit_status: int
    warehouse: Path
    data_docs: Path | None
    counts: Mapping[str, int]
    stages: Mapping[str, float]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    checks: tuple[Check, ...]


def begin(config: Config, names: Sequence[str] = (), *, replay: bool = False, full: bool = False) -> Run:
    """Begin a refresh.

    Raises:
        ConfigError: a source that is unknown or not configured.
        WarehouseError, ArchiveError: what is there cannot be used.
    """
    kind = "replay" if replay else "full" if full else "refresh"
    return Run(kind, config, choose_sources(config, names), Archive(config.archive))


def choose_sources(config: Config, names: Sequence[str]) -> dict[str, SourceConfig]:
    """The configured sources that a refresh is about.

    Raises:
        ConfigError: a name that no parser knows, that cannot be fetched, or that is not configured.
    """
    live = sorted(name for name, source in SOURCES.items() if source.live)
    for name in (*config.sources, *names):
        if name not in live:
            hint = "; its files are read by `sotaduck ingest`" if name in SOURCES else ""
            raise ConfigError(f"source `{name}` cannot be refreshed{hint}; known are {', '.join(live)}")
    if config.bundled:
        return {BUNDLED_SOURCE: SourceConfig()}
    missing = [name for name in names if name not in config.sources]
    if missing:
        raise ConfigError(f"source `{missing[0]}` is not configured; add a table [sources.{missing[0]}]")
    if not config.sources:
        raise ConfigError("no source is configured; add a table such as [sources.paperswithcode2]")
    chosen = {name: _with_defaults(name, config.sources[name]) for name in (names or config.sources)}
    # Papers are asked for when the leaderboards have said which.
    return dict(sorted(chosen.items(), key=lambda item: SOURCES[item[0]].live == "papers"))


def _with_defaults(name: str, config: SourceConfig) -> SourceConfig:
    """What the configuration leaves to the source: its address, and the rate that it asks for."""
    source = SOURCES[name]
    rate = config.requests_per_second
    return msgspec.structs.replace(
        config,
        base_url=config.base_url or source.base_url,
        requests_per_second=source.requests_per_second if rate is None else rate,
    )
