"""Which paper a page or a row speaks of, and when it appeared.

    arXiv id in a field or a link    `arxiv:2103.17239`
    else the site's own id           `paperswithcode2:210734`
    else the title's fingerprint     `title:goingdeeper…`
    else the address                 `url:host/path`

A fingerprint joins titles that differ in case, punctuation and blanks, nothing else; a cut title has none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from sotaduck.records import Paper, Quarantined, RawBoard, RawPaper, RawRow
from transform.dates import read_date
from transform.draft import Draft, Reference
from transform.vocabulary import Vocabulary

SHORTEST_TITLE = 8
"""Letters and digits below which a title (`GPT-4`) may be that of several papers."""


def identify_papers(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: the paper and the dates of each row."""
    source = draft.board.source
    return replace(draft, references=tuple(_reference(row, source, vocabulary) for row in draft.rows))


def _reference(row: RawRow, source: str, vocabulary: Vocabulary) -> Reference:
    title = None if row.paper_title_cut else row.paper_title
    identity, key, arxiv_id = _identity(source, row.paper_url, title, vocabulary)
    result_date, problem = read_date(row.date)
    paper_date, paper_problem = read_date(row.paper_date)
    unread = ((row.date, problem), (row.paper_date, paper_problem))
    return Reference(
        paper_id=identity,
        title_key=key,
        arxiv_id=arxiv_id,
        result_date=result_date,
        paper_date=paper_date,
        date_source="result" if result_date else "paper" if paper_date else None,
        unread=tuple((text or "", reason) for text, reason in unread if reason)
        if problem or paper_problem
        else (),
    )


@lru_cache(maxsize=1 << 14)
def _identity(
    source: str, url: str | None, title: str | None, vocabulary: Vocabulary
) -> tuple[str | None, str | None, str | None]:
    """The id, the title's fingerprint and the arXiv id of a paper that rows link; many rows link the same."""
    key, arxiv_id = title_key(title), find_arxiv_id(url)
    return paper_id(source, url, arxiv_id, key, vocabulary), key, arxiv_id


def paper_id(
    source: str, url: str | None, arxiv_id: str | None, key: str | None, vocabulary: Vocabulary
) -> str | None:
    """The id of a paper by what is known of it, the surest first; None where nothing names it."""
    if arxiv_id:
        return f"arxiv:{arxiv_id}"
    if url and (own := _own_id(source, url, vocabulary)):
        return own
    if key:
        return f"title:{key}"
    return f"url:{place}" if url and (place := _place(url)) else None


def papers_of_rows(draft: Draft) -> list[Paper]:
    """What the rows of a page say of their papers: one record a paper, with all that its rows state of it."""
    said: dict[str, list[tuple[RawRow, Reference]]] = {}
    for row, reference in zip(draft.rows, draft.references, strict=True):
        if reference.paper_id and (row.paper_title or row.authors or reference.arxiv_id):
            said.setdefault(reference.paper_id, []).append((row, reference))
    return [_paper_of_rows(draft.board, identity, rows) for identity, rows in said.items()]


def _paper_of_rows(board: RawBoard, identity: str, said: list[tuple[RawRow, Reference]]) -> Paper:
    """The first word of these rows on each thing; a whole title before a cut one."""
    first, reference = next(((row, ref) for row, ref in said if ref.title_key), said[0])
    return Paper(
        paper_id=identity,
        source=board.source,
        capture_id=board.capture_id,
        url=next((row.paper_url for row, _ in said if row.paper_url), ""),
        title=first.paper_title or "",
        title_key=reference.title_key,
        from_row=True,
        authors=next((row.authors for row, _ in said if row.authors), ()),
        published=next((ref.paper_date for _, ref in said if ref.paper_date), None),
        venue=None,
        venue_year=None,
        venue_month=None,
        arxiv_id=reference.arxiv_id,
        doi=find_doi(first.paper_url),
        abstract=None,
        tasks=(),
        code_urls=tuple(dict.fromkeys(url for row, _ in said for url in row.code_urls)),
        official_code_urls=(),
        updated=None,
        categories=(),
        journal_ref=None,
        results_listed=0,
        partial="only the leaderboard's row",
    )


def read_paper(raw: RawPaper, vocabulary: Vocabulary) -> tuple[Paper, list[Quarantined]]:
    """A paper as a source's own page or record describes it, and the dates in it that could not be read."""
    links = (raw.arxiv_id, raw.url, raw.paper_link, raw.pdf_link, raw.doi)
    arxiv_id = _bare_arxiv_id(raw.arxiv_id) or next(filter(None, map(find_arxiv_id, links)), None)
    key = title_key(raw.title)
    published, problem = read_date(raw.date)
    updated, updated_problem = read_date(raw.updated)
    venue, year, month = read_venue(raw.venue)
    paper = Paper(
        # A record of a paper always names it: the address is the last resort, and every record has one.
        paper_id=paper_id(raw.source, raw.url, arxiv_id, key, vocabulary) or f"url:{raw.url}",
        source=raw.source,
        capture_id=raw.capture_id,
        url=raw.url,
        title=raw.title,
        title_key=key,
        from_row=False,
        authors=raw.authors,
        published=published,
        venue=venue,
        venue_year=year,
        venue_month=month,
        arxiv_id=arxiv_id,
        doi=next(filter(None, map(find_doi, (raw.doi, raw.paper_link, raw.pdf_link, raw.url))), None),
        abstract=raw.abstract,
        tasks=raw.tasks,
        code_urls=raw.code_urls,
        official_code_urls=raw.official_code_urls,
        updated=updated,
        categories=raw.categories,
        journal_ref=raw.journal_ref,
        results_listed=len(raw.results),
        partial=raw.partial,
    )
    said = ((raw.date, problem), (raw.updated, updated_problem))
    return paper, [
        Quarantined(
            source=raw.source,
            capture_id=raw.capture_id,
            source_url=raw.url,
            board_id=None,
            leaderboard_id=None,
            position=None,
            model=None,
            field="date",
            value_text=text,
            reason=reason,
            detail=f"the date of the paper {raw.title!r} reads {text!r}",
            expectation="date grammar",
            cells=0,
        )
        for text, reason in said
        if reason is not None
    ]


# ---------------------------------------------------------------- ids in links

_NEW = r"(?P<new>(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5})"
_OLD = r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2})?/(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"
_ID = rf"(?:{_NEW}|{_OLD})(?:v\d+)?"
_BARE_ARXIV = re.compile(rf"(?:arxiv\s*:\s*)?{_ID}", re.I | re.A)
_ARXIV = re.compile(
    rf"(?:(?:arxiv|ar5iv|alphaxiv|arxiv-vanity)(?:\.labs\.arxiv)?\.(?:org|com)/(?:[a-z]+/)?|huggingface\.co/papers/|\barxiv\s*:\s*"
    rf"|10\.48550/arxiv\.){_ID}(?:\.pdf)?(?![\d.]*\d)",
    re.I | re.A,
)
_DOI = re.compile(
    r"(?:^|doi\.org/|doi:\s*|/doi/(?:abs/|full/|pdf/|epdf/)?)(10\.\d{4,9}/[^\s?#\"<>]+)", re.I | re.A
)


def find_arxiv_id(text: str | None) -> str | None:
    """The arXiv id in a link or a text that names arXiv, without its version; None where there is none.

    Old ids lose their subject class (`math.GT/0309136` is `math/0309136` at arXiv itself).
    """
    match = _ARXIV.search(text) if text else None
    return _arxiv(match) if match else None


def _bare_arxiv_id(text: str | None) -> str | None:
    match = _BARE_ARXIV.fullmatch(text.strip()) if text else None
    return _arxiv(match) if match else None


def _arxiv(match: re.Match[str]) -> str | None:
    if match["new"]:
        month, _, number = match["new"].partition(".")
        # Four digits until December 2014, five since: anything else is a slip of the pen.
        return match["new"] if len(number) == (5 if month >= "1501" else 4) else None
    return f"{match['archive'].lower()}/{match['number']}"


def find_doi(text: str | None) -> str | None:
    """The DOI in a link or text, in lower case; None where there is none, or it is arXiv's own."""
    match = _DOI.search(unquote(text.strip())) if text and "10." in text else None
    if match is None:
        return None
    doi = match[1].rstrip(".,;)").removesuffix(".pdf").lower()
    return None if doi.startswith("10.48550/arxiv.") else doi


class _Site(Struct, frozen=True):
    prefix: str
    hosts: frozenset[str]
    sources: frozenset[str]
    path: re.Pattern[str]


@lru_cache(maxsize=8)
def _sites(vocabulary: Vocabulary) -> tuple[_Site, ...]:
    return tuple(
        _Site(
            prefix=site["prefix"],
            hosts=frozenset(site["hosts"]),
            sources=frozenset(site["sources"]),
            path=re.compile(re.escape(site["path"]).replace(r"\{id\}", "([^/]+)") + "/?"),
        )
        for site in vocabulary.papers["sites"]
    )


def _own_id(source: str, url: str, vocabulary: Vocabulary) -> str | None:
    """The id that a site gives the paper at this address: by its host, else as the source's own page."""
    parts = _split(url)
    if parts is None:
        return None
    host, path = parts
    sites = _sites(vocabulary)
    known = next((site for site in sites if host in site.hosts), None)
    site = known or next((site for site in sites if source in site.sources), None)
    match = site.path.fullmatch(path) if site else None
    return f"{site.prefix}:{match[1]}" if site and match else None


def _split(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url.strip())
        return (parts.hostname or "").lower(), unquote(parts.path)
    except ValueError:
        return None


def _place(url: str) -> str | None:
    """Host and path, with the query, which names the paper on some sites."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower().removeprefix("www.")
    except ValueError:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}" if host else None


# ---------------------------------------------------------------- titles and venues


_NOT_IN_KEYS = re.compile(r"[^\w+]|_")


def title_key(title: str | None) -> str | None:
    """The fingerprint of a title: its letters, digits and `+`, folded; None where it is cut or too short."""
    plain = (title or "").strip()
    if plain.endswith(("...", "…")):
        return None
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
    key = _NOT_IN_KEYS.sub("", folded)
    return key if len(key) >= SHORTEST_TITLE else None


_VENUE = re.compile(r"(?P<venue>.*\S)[\s,'’-]+(?P<year>(?:19|20)\d\d)(?:\s+(?P<month>0?[1-9]|1[0-2]))?", re.A)
_YEAR_FIRST = re.compile(r"(?P<year>(?:19|20)\d\d)\s+(?P<venue>\S.*)", re.A)


def read_venue(text: str | None) -> tuple[str | None, int | None, int | None]:
    """`NeurIPS 2021 12` → NeurIPS, 2021, December. What has no such shape is a venue as it stands."""
    plain = " ".join((text or "").split())
    match = _VENUE.fullmatch(plain) or _YEAR_FIRST.fullmatch(plain)
    if match is None:
        return plain or None, None, None
    month: Mapping[str, str | None] = match.groupdict()
    said = month.get("month")
    return match["venue"].rstrip(" ,"), int(match["year"]), int(said) if said else None


def unread_dates(draft: Draft) -> Iterable[tuple[RawRow, str, str]]:
    """Each date text of a page that names no day, with its row and the reason."""
    for row, reference in zip(draft.rows, draft.references, strict=True):
        for text, reason in reference.unread:
            yield row, text, reason
