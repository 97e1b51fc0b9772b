"""Papers, links to code, methods and datasets of a dump."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from extract.sources.pwc_dump_fields import Fields, unique
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawEntry, RawPaper

IGNORED_OF_PAPER = frozenset(
    {
        "short_abstract",  # the beginning of `abstract`
        "nips_id",  # numbers of other sites, which `url_abs` leads to
        "openreview_id",
        "reproduces_paper",
        "methods",  # told by the file of methods
    }
)
IGNORED_OF_LINK = frozenset({"mentioned_in_paper", "mentioned_in_github", "framework"})
IGNORED_OF_METHOD = frozenset({"code_snippet_url", "num_papers"})
IGNORED_OF_COLLECTION = frozenset({"area", "area_id"})
IGNORED_OF_DATASET = frozenset(
    {
        "short_description",  # the beginning of `description`
        "warning",
        "languages",
        "variants",  # names of leaderboards' datasets, which the evaluation tables have
        "parent_dataset",
        "num_papers",
        "data_loaders",
        "license_name",
        "license_url",
        "image",
        "verified_image",
        "thumbnail",
    }
)
_SLUG = re.compile(r"[a-z0-9_-]+")

_Read = TypeVar("_Read")


def read_papers(capture: Capture, records: Iterator[Any]) -> Iterator[RawPaper | ParseError]:
    """The papers of `papers-with-abstracts`.

    Yields:
        Papers, and a ParseError (`wrong_type`, `unknown_field`, `missing_field`, `bad_text`) for each
        that cannot be read.
    """
    return _each(_paper, capture, records)


def read_links(capture: Capture, records: Iterator[Any]) -> Iterator[RawPaper | ParseError]:
    """The papers of `links-between-papers-and-code`, one for each run of links of one paper.

    Yields:
        As `read_papers`.
    """
    run: list[RawPaper] = []
    links = _each(_link, capture, records)
    while True:
        try:
            link = next(links, None)
        except ParseError:
            yield from _joined(run)
            raise
        if isinstance(link, ParseError):
            yield link
            continue
        if run and (link is None or link.url != run[0].url):
            yield from _joined(run)
            run = []
        if link is None:
            return
        run.append(link)


def read_methods(capture: Capture, records: Iterator[Any]) -> Iterator[RawEntry | ParseError]:
    """The entries of `methods`; yields as `read_papers`."""
    return _each(_method, capture, records)


def read_datasets(capture: Capture, records: Iterator[Any]) -> Iterator[RawEntry | ParseError]:
    """The entries of `datasets`; yields as `read_papers`."""
    return _each(_dataset, capture, records)


def _each(
    read: Callable[[Capture, Fields], _Read], capture: Capture, records: Iterator[Any]
) -> Iterator[_Read | ParseError]:
    for number, record in enumerate(records, 1):
        try:
            yield read(capture, Fields(record, f"record {number}"))
        except ParseError as error:
            yield error


def _paper(capture: Capture, record: Fields) -> RawPaper:
    conference = record.text("conference")
    paper = RawPaper(
        source=capture.source,
        capture_id=capture.capture_id,
        url=_address(record, "paper_url"),
        title=record.needed("title"),
        authors=record.texts("authors"),
        date=record.text("date"),
        # `conference` is mostly no venue but the slug of the paper's other page (`climategan-raising-…-1`).
        venue=record.text("proceeding")
        or (conference if conference and not _SLUG.fullmatch(conference) else None),
        tasks=unique(record.texts("tasks")),
        abstract=record.text("abstract"),
        arxiv_id=record.text("arxiv_id"),
        paper_link=_first(record.address("url_abs"), record.address("conference_url_abs")),
        pdf_link=_first(record.address("url_pdf"), record.address("conference_url_pdf")),
    )
    record.end(IGNORED_OF_PAPER)
    return paper


def _link(capture: Capture, record: Fields) -> RawPaper:
    code = (record.needed("repo_url"),)
    paper = RawPaper(
        source=capture.source,
        capture_id=capture.capture_id,
        url=_address(record, "paper_url"),
        title=record.needed("paper_title"),
        arxiv_id=record.text("paper_arxiv_id"),
        paper_link=record.address("paper_url_abs"),
        pdf_link=record.address("paper_url_pdf"),
        code_urls=code,
        official_code_urls=code if record.flag("is_official") else (),
    )
    record.end(IGNORED_OF_LINK)
    return paper


def _joined(run: list[RawPaper]) -> Iterator[RawPaper]:
    if run:
        yield replace(
            run[0],
            code_urls=unique(url for link in run for url in link.code_urls),
            official_code_urls=unique(url for link in run for url in link.official_code_urls),
        )


def _method(capture: Capture, record: Fields) -> RawEntry:
    source_title, source_url = record.text("source_title"), record.address("source_url")
    paper_title, paper_url = _reference(record)
    entry = RawEntry(
        source=capture.source,
        capture_id=capture.capture_id,
        kind="method",
        url=_address(record, "url"),
        name=record.needed("name"),
        full_name=record.text("full_name"),
        description=record.text("description"),
        introduced=record.text("introduced_year"),
        paper_title=_first(source_title, paper_title),
        paper_url=_first(source_url, paper_url),
        labels=_labels(record, "collections", "collection", IGNORED_OF_COLLECTION),
    )
    record.end(IGNORED_OF_METHOD)
    return entry


def _dataset(capture: Capture, record: Fields) -> RawEntry:
    paper_title, paper_url = _reference(record)
    entry = RawEntry(
        source=capture.source,
        capture_id=capture.capture_id,
        kind="dataset",
        url=_address(record, "url"),
        name=record.needed("name"),
        full_name=record.text("full_name"),
        homepage=record.address("homepage"),
        description=record.text("description"),
        introduced=record.text("introduced_date"),
        paper_title=paper_title,
        paper_url=paper_url,
        labels=unique((*_labels(record, "tasks", "task", frozenset({"url"})), *record.texts("modalities"))),
    )
    record.end(IGNORED_OF_DATASET)
    return entry


def _reference(record: Fields) -> tuple[str | None, str | None]:
    """Title and address of the paper that a record names."""
    paper = record.inner("paper")
    if paper is None:
        return None, None
    named = paper.text("title"), paper.address("url")
    paper.end()
    return named


def _labels(record: Fields, name: str, key: str, ignored: frozenset[str]) -> tuple[str, ...]:
    """The labels of a list: texts, or objects that have them under a key."""
    found = []
    for number, item in enumerate(record.items(name), 1):
        label = Fields(
            item if isinstance(item, dict) else {key: item}, f"{record.place}, `{name}`, item {number}"
        )
        found.append(label.text(key))
        label.end(ignored)
    return unique(filter(None, found))


def _address(record: Fields, name: str) -> str:
    address = record.address(name)
    if address is None:
        raise ParseError("missing_field", f"{record.place}: `{name}` is missing or blank")
    return address


def _first(*found: str | None) -> str | None:
    return next(filter(None, found), None)
