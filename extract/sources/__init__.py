"""The sources: what each is (`<source>.toml`) and which function reads which of its pages.

    <source>.toml   name, title, licence, attribution, order of trust, count band, kinds of page
    <source>.py     the parsers that the TOML names: (capture, body) -> frozen record
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from sotaduck.config import SourceConfig
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawPaper

Parser = Callable[[Capture, bytes], RawBoard | RawPaper]


class PageKind(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One kind of page: the path after the base address (`{id}` stands for one part) and its parser."""

    kind: Literal["board", "paper"]
    path: str
    parser: str

    def matches(self, url: str) -> bool:
        """True where the address is one of this kind, whatever host and prefix it is served from."""
        before, _, after = self.path.partition("{id}")
        pattern = re.escape(before) + r"[^/]+" + re.escape(after) + "/?"
        return re.search(pattern + r"\Z", urlsplit(url).path) is not None


class Source(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A source as its TOML file declares it.

    Attributes:
        trust: order among sources where they disagree; 1 is trusted most.
        fewest_rows, most_rows: how many rows a board may have; outside of this, the page is an error.
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
    pages: tuple[PageKind, ...]

    def page(self, url: str) -> PageKind | None:
        """The kind of page that this address is, or None."""
        return next((page for page in self.pages if page.matches(url)), None)


def _load() -> dict[str, Source]:
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return {file.stem: msgspec.toml.decode(file.read_bytes(), type=Source) for file in files}


SOURCES: Mapping[str, Source] = _load()


@cache
def _parser(source: str, name: str) -> Parser:
    function: Parser = getattr(import_module(f"{__name__}.{source}"), name)
    return function


def parse(source: str, capture: Capture, body: bytes) -> RawBoard | RawPaper:
    """Read a page by the parser that its source names for this kind of address.

    Raises:
        ParseError: with the capture's address, a reason and the place in the page.
    """
    known = SOURCES[source]
    page = known.page(capture.url)
    if page is None:
        kinds = ", ".join(kind.path for kind in known.pages)
        raise ParseError("unknown_page", f"{known.title} has no such page; known are {kinds}", capture.url)
    record = _parser(source, page.parser)(capture, body)
    if isinstance(record, RawBoard) and not known.fewest_rows <= len(record.rows) <= known.most_rows:
        band = f"{known.fewest_rows} to {known.most_rows}"
        raise ParseError("row_count", f"the board has {len(record.rows)} rows, expected {band}", capture.url)
    return record


def page_urls(source: str, config: SourceConfig) -> list[str]:
    """Addresses of the configured leaderboards, each once, in the order of the configuration."""
    path = next(page.path for page in SOURCES[source].pages if page.kind == "board")
    base = config.base_url.rstrip("/")
    return list(dict.fromkeys(base + path.format(id=number) for number in config.benchmarks))


def is_board(source: str, url: str) -> bool:
    """True for the address of a leaderboard page of this source."""
    return _is_kind("board", source, url)


def is_paper(source: str, url: str) -> bool:
    """True for the address of a paper page of this source."""
    return _is_kind("paper", source, url)


def _is_kind(kind: str, source: str, url: str) -> bool:
    page = SOURCES[source].page(url)
    return page is not None and page.kind == kind
