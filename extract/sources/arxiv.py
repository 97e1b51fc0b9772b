"""Paper metadata from arXiv's Atom API: addresses to ask for, and its answers as records.

    ids ─▶ batch_urls ─▶ (one request in 3 s, one connection) ─▶ parse_answer ─▶ a RawPaper each

An answer of HTTP 200 may be an error (one entry titled `Error`) or plain text (`Rate exceeded.`); both
raise. An id that was asked for and is not in the answer is reported.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import ParseError as XMLError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from extract.sources.kinds import looks_like
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawPaper

log = logging.getLogger("sotaduck.arxiv")

BATCH = 100

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_VERSION = re.compile(r"v\d+\Z")
_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?", re.ASCII)

_READ = frozenset(
    [
        _ATOM + name
        for name in ("id", "title", "summary", "published", "updated", "author", "category", "link")
    ]
    + [_ARXIV + name for name in ("primary_category", "journal_ref", "doi")]
)
_IGNORED = frozenset(
    {
        _ARXIV + "comment",  # prose: pages, figures, `accepted at …` in words of the authors
        _ATOM + "rights",
    }
)


def batch_urls(ids: Iterable[str], base_url: str) -> list[str]:
    """Addresses that ask for papers, up to 100 each; each paper once, without its version, in order of ids.

    What is no arXiv id is left out with a warning: one such makes arXiv refuse the whole batch.
    """
    known: set[str] = set()
    for text in ids:
        if _ID.fullmatch(text):
            known.add(_VERSION.sub("", text))
        else:
            log.warning("%r is no arXiv id; not asked for", text)
    wanted = sorted(known)
    batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    base = base_url.rstrip("/")
    # Without max_results, ten come back.
    return [f"{base}/api/query?id_list={','.join(batch)}&max_results={len(batch)}" for batch in batches]


def parse_answer(capture: Capture, body: BinaryIO) -> Iterator[RawPaper | ParseError]:
    """Read one answer.

    Yields:
        A paper for each entry; a ParseError for an entry that lacks its id or title (`missing_field`), for a
        kind of field that is not known (`unknown_field`, once), and for each id of the address that is
        not in the answer (`not_found`).

    Raises:
        ParseError: `rate_exceeded` (ask again later), `api_error` (in arXiv's words), `not_atom`,
            `bad_xml`, `unsafe_xml`, `no_papers`.
    """
    feed = _feed(body.read(), capture.url)
    asked = [_VERSION.sub("", text) for text in _asked(capture.url)]
    unknown: set[str] = set()
    found: set[str] = set()
    entries = feed.findall(_ATOM + "entry")
    if not entries and not asked:
        raise ParseError("no_papers", "the answer has no entry", capture.url)
    for number, entry in enumerate(entries, 1):
        if _text(entry, _ATOM + "title") == "Error" and "/api/errors" in (_text(entry, _ATOM + "id") or ""):
            summary = _text(entry, _ATOM + "summary") or "no reason given"
            raise ParseError("api_error", f"arXiv refuses the request: {summary}", capture.url)
        unknown |= {child.tag for child in entry} - _READ - _IGNORED
        paper = _paper(capture, entry, number)
        if isinstance(paper, RawPaper) and paper.arxiv_id:
            found.add(paper.arxiv_id)
        yield paper
    for tag in sorted(unknown):
        yield ParseError("unknown_field", f"entries have a field `{tag}` that is not known", capture.url)
    for arxiv_id in asked:
        if arxiv_id not in found:
            yield ParseError("not_found", f"the answer has no paper {arxiv_id}", capture.url)


def _feed(content: bytes, url: str) -> Element:
    if content.strip().lower().startswith(b"rate exceeded"):
        raise ParseError("rate_exceeded", "arXiv says `Rate exceeded.`; ask again later, and slower", url)
    try:
        feed: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ParseError("unsafe_xml", f"the answer defines entities or a DTD: {error}", url) from error
    except (XMLError, ValueError, LookupError) as error:
        kind = looks_like(content[:4096])
        reason = "bad_xml" if "Atom" in kind or "XML" in kind else "not_atom"
        raise ParseError(reason, f"the answer seems to be {kind}: {error}", url) from error
    if feed.tag != _ATOM + "feed":
        raise ParseError("not_atom", f"the answer is <{feed.tag}>, not an Atom feed", url)
    return feed


def _asked(url: str) -> list[str]:
    return [text for text in ",".join(parse_qs(urlsplit(url).query).get("id_list", ())).split(",") if text]


def _paper(capture: Capture, entry: Element, number: int) -> RawPaper | ParseError:
    address, title = _text(entry, _ATOM + "id"), _text(entry, _ATOM + "title")
    arxiv_id = re.sub(r"\Ahttps?://arxiv\.org/abs/", "", address or "")
    if title is None or not _ID.fullmatch(arxiv_id):
        detail = f"entry {number} ({address}) lacks its title, or its id is none of arXiv"
        return ParseError("missing_field", detail, capture.url)
    arxiv_id = _VERSION.sub("", arxiv_id)
    primary = [_attribute(child, "term") for child in entry.findall(_ARXIV + "primary_category")]
    categories = [_attribute(child, "term") for child in entry.findall(_ATOM + "category")]
    authors = (_text(author, _ATOM + "name") for author in entry.findall(_ATOM + "author"))
    links = entry.findall(_ATOM + "link")
    pdf = next((link.get("href") for link in links if link.get("title") == "pdf"), None)
    return RawPaper(
        source=capture.source,
        capture_id=capture.capture_id,
        url=f"https://arxiv.org/abs/{arxiv_id}",
        title=title,
        authors=tuple(name for name in authors if name),
        date=_day(_text(entry, _ATOM + "published")),
        paper_link=f"https://arxiv.org/abs/{arxiv_id}",
        pdf_link=pdf,
        abstract=_text(entry, _ATOM + "summary"),
        arxiv_id=arxiv_id,
        doi=_text(entry, _ARXIV + "doi"),
        updated=_day(_text(entry, _ATOM + "updated")),
        categories=tuple(dict.fromkeys(term for term in (*primary, *categories) if term)),
        journal_ref=_text(entry, _ARXIV + "journal_ref"),
    )


def _text(element: Element, tag: str) -> str | None:
    """The text of a child, its hard-wrapped lines joined; None where there is none."""
    child = element.find(tag)
    return None if child is None else " ".join("".join(child.itertext()).split()) or None


def _attribute(element: Element, name: str) -> str:
    return element.get(name, "").strip()


def _day(time: str | None) -> str | None:
    """`2017-06-12T17:57:34Z` → `2017-06-12`."""
    return None if time is None else time.partition("T")[0]
