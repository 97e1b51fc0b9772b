"""Paper pages of paperswithcode2.com, by the order of their texts.

Papers / <title>
<title>
<author>, <author>, …
<date> [<venue> <year> <month>]
<task> <task> …
Paper  PDF  Code(official)  Code …
Abstract, Results (a table), Related Papers
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bs4.element import Tag

from extract.refusals import is_note, partial_statement
from extract.sources.paperswithcode2_cards import DASHES
from extract.sources.paperswithcode2_page import SEPARATORS, Page, columns, is_cut, same_title, unique
from extract.tables import grids
from extract.visible import Piece, fold, join, lines
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawPaper, RawPaperResult

RESULT_COLUMNS = {
    "task": "task",
    "dataset": "dataset",
    "metric": "metric",
    "value": "value",
    "model": "model",
}
# The second set are words of the navigation too: a section's name only where they are headings.
SECTIONS = frozenset({"abstract", "results", "related papers", "similar papers", "bibtex", "citations"})
HEADED_SECTIONS = frozenset({"datasets", "methods", "tasks"})
FIELD_LABELS = frozenset({"author", "authors", "by", "date", "published", "published on", "venue", "tasks"})
NAME_SUFFIXES = frozenset({"jr.", "jr", "sr.", "sr", "ii", "iii", "iv"})

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_VENUE = re.compile(r".*\D\s(?:19|20)\d\d(?:\s\d{1,2})?")
_LABEL = re.compile(
    r"(?i)(?P<official>official )?(?P<word>paper|pdf|code)\s*(?P<marked>\(official\)|official)?"
)
_CRUMB = re.compile(r"(?i)(?:papers\s*)?[/›»>]\s+(?P<title>\S.*)")


def read_paper(capture: Capture, body: bytes) -> RawPaper:
    """Read a paper's page. See `paperswithcode2.parse_paper`."""
    page = Page.of(capture, body)
    results, covered = _results(page)
    stream = [part for part in page.visible.stream if not part.unseen and part.at not in covered]
    crumbs = list(_crumbs(stream))
    title, begin = _title(page, stream, crumbs)
    sections = [
        (at, part.text.casefold()) for at, part in enumerate(stream) if at >= begin and _opens(stream, at)
    ]
    head = stream[begin : sections[0][0] if sections else len(stream)]
    labels = next((at for at, part in enumerate(head) if _LABEL.fullmatch(part.text)), len(head))
    linked = any(part.anchor is not None and part.text.casefold() in ("paper", "pdf") for part in head)
    is_paper = crumbs or results or linked or any(name == "abstract" for _, name in sections)
    has_more = sections or results or labels < len(head) or any(_ISO.match(part.text) for part in head)
    if title is None or not (is_paper and has_more):
        reason = "missing_title" if title is None and is_paper and has_more else "not_a_paper"
        raise page.refuse(reason, "there is no `Papers / <title>` with a paper below it")
    authors, date, venue, tasks = _byline(head[:labels])
    links = _links(page, head)
    return RawPaper(
        source=capture.source,
        capture_id=capture.capture_id,
        url=capture.url,
        title=title,
        authors=authors,
        date=date,
        venue=venue,
        tasks=unique([*tasks, *(part.text for part in head[labels:] if _is_task(part))]),
        paper_link=next((url for label, url in links if label == "paper"), None),
        pdf_link=next((url for label, url in links if label == "pdf"), None),
        code_urls=unique(url for label, url in links if label in ("code", "official")),
        official_code_urls=unique(url for label, url in links if label == "official"),
        abstract=_abstract(stream, sections),
        results=results,
        partial=partial_statement(lines(stream)),
    )


def _opens(stream: Sequence[Piece], at: int) -> bool:
    """True where a piece is the name of a section: a line of its own."""
    word = stream[at].text.casefold()
    if word in HEADED_SECTIONS:
        return _is_heading(stream[at])
    alone = (at == 0 or stream[at].gap == "\n") and (at + 1 == len(stream) or stream[at + 1].gap == "\n")
    return word in SECTIONS and alone


def _is_heading(part: Piece) -> bool:
    return any(
        re.fullmatch("h[1-6]", tag.name) or tag.get("role") == "heading"
        for tag in (part.tag, *part.tag.parents)
    )


def _title(page: Page, stream: Sequence[Piece], crumbs: Sequence[tuple[int, str]]) -> tuple[str | None, int]:
    """The title, and the place of the first piece behind it.

    It stands twice: in the breadcrumb `Papers / <title>` (there it may be cut), then as heading.
    """
    headings = [tag for tag in page.visible.elements if tag.name == "h1" and page.visible.text(tag)]
    for at, crumb in crumbs:
        for tag in headings:
            if same_title(text := page.visible.text(tag), crumb):
                return text, _behind(page, stream, tag)
        for length in range(1, 12):  # no <h1>: the same text once more, perhaps in several elements
            again = join(stream[at + 1 : at + 1 + length])
            if not is_cut(again) and same_title(again, crumb) and (length == 1 or not is_cut(crumb)):
                return again, at + 1 + length
        if not is_cut(crumb) and not headings:
            return crumb, at + 1
    if len(headings) == 1:
        return page.visible.text(headings[0]), _behind(page, stream, headings[0])
    return None, crumbs[0][0] if crumbs else 0


def _crumbs(stream: Sequence[Piece]) -> Iterator[tuple[int, str]]:
    """The titles that breadcrumbs `Papers / <title>` name, each with its place; the parts may be elements."""
    for at, part in enumerate(stream):
        if not part.text.casefold().startswith("papers"):
            continue
        for last in (at, at + 1, at + 2):
            if last >= len(stream) or (last > at and join(stream[at:last]).casefold()[6:].strip(" /›»>")):
                break
            text = " ".join(piece.text for piece in stream[at : last + 1])
            if (found := _CRUMB.fullmatch(text)) and found["title"] not in SEPARATORS:
                yield last, found["title"]
                break


def _behind(page: Page, stream: Sequence[Piece], tag: Tag) -> int:
    end = page.visible.span(tag).end
    return next((at for at, part in enumerate(stream) if part.at >= end), len(stream))


def _byline(head: Sequence[Piece]) -> tuple[tuple[str, ...], str | None, str | None, list[str]]:
    """Authors, date, venue and tasks from the texts between the title and the links."""
    parts = [
        part
        for part in head
        if part.text not in SEPARATORS
        and part.text.casefold().rstrip(": ") not in FIELD_LABELS
        and not partial_statement([part.text])
    ]
    dated = next((at for at, part in enumerate(parts) if _ISO.match(part.text.strip(" ·•|"))), None)
    if dated is not None:
        text = parts[dated].text.strip(" ·•|")
        date = text[:10]
        rest = [text[10:].strip(" ·•|,"), *(part.text.strip(" ·•|,") for part in parts[dated + 1 :])]
        byline, behind = parts[:dated], [(None, rest[0]), *zip(parts[dated + 1 :], rest[1:], strict=True)]
    else:
        # Without a date: the first line names the authors, or a list of links that lead to no task.
        date = None
        stop = next((at for at, part in enumerate(parts) if at and part.gap == "\n"), len(parts))
        if parts and (_is_task(parts[0]) or _VENUE.fullmatch(parts[0].text)):
            stop = 0
        elif stop and parts[0].anchor is not None:
            others = (at for at, part in enumerate(parts) if part.anchor is None or _is_task(part))
            stop = next((at for at in others if at >= stop), len(parts))
        byline, behind = parts[:stop], [(part, part.text.strip(" ·•|,")) for part in parts[stop:]]
    behind = [(part, text) for part, text in behind if text]
    venue = None
    if behind and not (behind[0][0] and _is_task(behind[0][0])):
        texts = [text for _, text in behind]
        month = len(texts) > 1 and re.fullmatch(r"\d{1,2}", texts[1]) is not None
        if _VENUE.fullmatch(candidate := " ".join(texts[: 1 + month])):
            venue, behind = candidate, behind[1 + month :]
    tasks = [text for _, text in behind]
    if len(tasks) == 1 and not (behind[0][0] and behind[0][0].anchor):
        tasks = tasks[0].split(", ")
    return _names(byline), date, venue, tasks


def _names(byline: Sequence[Piece]) -> tuple[str, ...]:
    """Names parted by commas, by links of their own, by lines; or, without any comma, by elements."""
    commas = any("," in part.text for part in byline)
    text = ""
    for at, part in enumerate(byline):
        before = byline[at - 1] if at else None
        if before is None:
            text = part.text
            continue
        apart = part.gap == "\n" or part.anchor is not before.anchor or not commas
        text += ("," if apart else " " if part.gap else "") + part.text
    names: list[str] = []
    for name in map(fold, text.split(",")):
        if names and name.casefold() in NAME_SUFFIXES:
            names[-1] += f", {name}"
        elif name:
            names.append(name)
    return tuple(names)


def _is_task(part: Piece) -> bool:
    return part.anchor is not None and "/task" in str(part.anchor.get("href"))


def _links(page: Page, head: Sequence[Piece]) -> list[tuple[str, str | None]]:
    """Label (`paper`, `pdf`, `code`, `official`) and address of each link below the byline."""
    anchors: dict[int, list[int]] = {}
    for at, part in enumerate(head):
        if part.anchor is not None:
            anchors.setdefault(id(part.anchor), []).append(at)
    found: list[tuple[str, str | None]] = []
    for places in anchors.values():
        words = _LABEL.fullmatch(" ".join(head[at].text for at in places))
        anchor = head[places[0]].anchor
        if words is None or anchor is None:
            continue
        label = words["word"].casefold()
        behind = head[places[-1] + 1].text.casefold() if places[-1] + 1 < len(head) else ""
        if label == "code" and (words["official"] or words["marked"] or behind in ("(official)", "official")):
            label = "official"
        found.append((label, page.href(anchor) if label in ("paper", "pdf") else page.code(anchor)))
    return found


def _abstract(stream: Sequence[Piece], sections: Sequence[tuple[int, str]]) -> str | None:
    at = next((at for at, name in sections if name == "abstract"), None)
    if at is None:
        return None
    end = next(
        (end for end in range(at + 1, len(stream)) if _opens(stream, end) or _is_heading(stream[end])), None
    )
    said = [
        line
        for line in lines(stream[at + 1 : end])
        if not re.match(r"(?i)(read|show|see) (more|less)\b", line)
    ]
    text = " ".join(line for line in said if not partial_statement([line]))
    return None if text in DASHES or is_note(text) else text


def _results(page: Page) -> tuple[tuple[RawPaperResult, ...], set[int]]:
    """The lines of the table `Results`, and the pieces of the page that it covers.

    Raises:
        ParseError: `missing_column`, and as `columns` and `grids`.
    """

    def is_header(texts: Sequence[str]) -> bool:
        return len({text.casefold() for text in texts} & set(RESULT_COLUMNS)) >= 3

    def known(text: str) -> str | None:
        return RESULT_COLUMNS.get(text.casefold(), "rank" if text == "#" else None)

    results: list[RawPaperResult] = []
    covered: set[int] = set()
    for grid in grids(page.visible, is_header, is_note):
        places = columns(grid, known)
        places.pop("rank", None)
        if missing := [name for name in RESULT_COLUMNS.values() if name not in places]:
            header = ", ".join(grid.header)
            raise ParseError("missing_column", f"`Results` has no column {', '.join(missing)}: {header}")
        for begin, end in grid.spans:
            covered.update(range(begin, end))
        for row in grid.rows:
            results.append(RawPaperResult(**{name: row[place].text for name, place in places.items()}))
    return tuple(results), covered
