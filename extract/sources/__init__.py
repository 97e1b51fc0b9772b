"""The sources: what each is (`<source>.toml`) and which function reads which of its pages.

<source>.toml   name, title, licence, attribution, order of trust, count band, kinds of page
<source>.py     the parsers that the TOML names: (capture, body) -> frozen records
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import urlsplit

import msgspec

from sotaduck.config import SourceConfig
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawEntry, RawPaper

Record = RawBoard | RawPaper | RawEntry

PageParser = Callable[[Capture, bytes], RawBoard | RawPaper]
"""One page, one record. Raises ParseError."""

FileParser = Callable[[Capture, BinaryIO], Iterator[Record | ParseError]]
"""One file, many records, as a stream. A ParseError that is yielded spoils one part and the others
go on; one that is raised ends the file."""


class PageKind(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One kind of page on the web: the path after the base address (`{id}` stands for one part), its parser.

    A PageParser, or where `streamed` a FileParser: one answer of an API may hold many papers.
    """

    kind: Literal["board", "paper"]
    path: str
    parser: str
    streamed: bool = False

    def matches(self, url: str) -> bool:
        """True where the address is one of this kind, whatever host and prefix it is served from."""
        before, _, after = self.path.partition("{id}")
        pattern = re.escape(before) + r"[^/]+" + re.escape(after) + "/?"
        return re.search(pattern + r"\Z", urlsplit(url).path) is not None


class FileKind(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What `sotaduck ingest` takes from disk: patterns of file names, and their parser.

    A FileParser where `streamed`, else a PageParser.
    """

    patterns: tuple[str, ...]
    parser: str
    streamed: bool = True


class Source(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A source as its TOML file declares it.

    Attributes:
        name: what commands, configuration and the warehouse call it; the module's name with `-` for `_`.
        trust: order among sources where they disagree; 1 is trusted most.
        fewest_rows, most_rows: how many rows a board may have; outside of this, it is an error.
        live: `sotaduck refresh` can fetch its `boards`, or what it knows of `papers`; None for files only.
        requests_per_second: what it asks of those who fetch it, or is polite where it says nothing.
        hosts: on the web, pages of this source are served from these hosts (for WARC files of others).
    """

    name: str
    title: str
    base_url: str
    licence: str
    licence_url: str
    attribution: str
    trust: int
    fewest_rows: int
    most_rows: int
    live: Literal["boards", "papers"] | None = None
    requests_per_second: float = 1.0
    hosts: tuple[str, ...] = ()
    pages: tuple[PageKind, ...] = ()
    files: FileKind | None = None

    def page(self, url: str) -> PageKind | None:
        """The kind of page that this address is, or None."""
        return next((page for page in self.pages if page.matches(url)), None)

    def facts(self) -> dict[str, str | int]:
        """What the warehouse keeps of it."""
        return {
            "source": self.name, "title": self.title, "licence": self.licence,
            "licence_url": self.licence_url,
            "attribution": self.attribution, "address": self.base_url, "trust": self.trust,
        }  # fmt: skip


def _load() -> dict[str, Source]:
    found = [
        msgspec.toml.decode(file.read_bytes(), type=Source)
        for file in sorted(Path(__file__).parent.glob("*.toml"))
    ]
    return {source.name: source for source in found}


SOURCES: Mapping[str, Source] = _load()


@cache
def _parser(source: str, name: str) -> Callable[[Capture, Any], Any]:
    function: Callable[[Capture, Any], Any] = getattr(
        import_module(f"{__name__}.{source.replace('-', '_')}"), name
    )
    return function


def parse(source: str, capture: Capture, body: BinaryIO) -> Iterator[Record | ParseError]:
    """Read a document by the parser that its source names for it.

    Yields:
        Records, and a ParseError for each part that could not be read, in the order of the document.

    Raises:
        ParseError: nothing (more) of the document can be read; with the capture's address, a reason
            and the place.
    """
    known = SOURCES[source]
    page = known.page(capture.url)
    if page is not None:
        kind: PageKind | FileKind = page
    elif known.files is not None and capture.url.startswith("file:"):
        kind = known.files
    else:
        kinds = ", ".join(kind.path for kind in known.pages)
        raise ParseError("unknown_page", f"{known.title} has no such page; known are {kinds}", capture.url)
    parser = _parser(source, kind.parser)
    records: Iterator[Record | ParseError] = (
        parser(capture, body) if kind.streamed else iter([parser(capture, body.read())])
    )
    for record in records:
        if isinstance(record, RawBoard) and not known.fewest_rows <= len(record.rows) <= known.most_rows:
            band = f"{known.fewest_rows} to {known.most_rows}"
            detail = f"{record.task} on {record.dataset} has {len(record.rows)} rows, expected {band}"
            yield ParseError("row_count", detail, capture.url)
        else:
            yield record


def page_urls(source: str, config: SourceConfig) -> list[str]:
    """Addresses of the configured leaderboards, each once, in the order of the configuration."""
    path = next(page.path for page in SOURCES[source].pages if page.kind == "board")
    base = config.base_url.rstrip("/")
    return list(dict.fromkeys(base + path.format(id=number) for number in config.benchmarks))


def is_read(source: str, url: str) -> bool:
    """False for a page that is kept for its links alone: an index page of the site."""
    known = SOURCES[source]
    return known.page(url) is not None or (known.files is not None and url.startswith("file:"))


def is_paper(source: str, url: str) -> bool:
    """True for the address of a paper page of this source."""
    page = SOURCES[source].page(url)
    return page is not None and page.kind == "paper"
