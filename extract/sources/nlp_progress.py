"""Pages of NLP-progress: Markdown files `<language>/<task>.md` of pipe tables under headings.

    # Task                     ## Sub-task (where datasets stand under it)
    ### Dataset                #### Part of the dataset
    TREC-6:                    a caption, where several tables stand under one heading
    | Model | <metric> … | Paper / Source | Code |

A table is a leaderboard where one column names models, and another holds anything but references. A table
with references and no models is reported (`not_a_leaderboard`); any other is an illustration: examples and
sizes of data stand in such tables.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from extract.sources.kinds import looks_like
from extract.sources.nlp_progress_markdown import Cell, Link, Row, Table, Unread, read_tables
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawMetric, RawRow

LARGEST_PAGE = 8 * 2**20

# Headers as these pages write them, folded to lower case without blanks around slashes.
_MODEL = re.compile(r"(model|method|system|approach|annotator|parser|algorithm)s?( name)?(/\w+)?")
_PAPER = re.compile(r"(paper|source|reference|publication)s?\b.*")
_CODE = re.compile(r"(code|implementation|github|repo(sitory)?)( links?)?s?")
_NOTE = re.compile(r"(note|comment|remark)s?")
# A year is no date, and a rank that somebody typed is older than the row that was put in above it.
_IGNORED = re.compile(r"year|rank|#|no\.?")

_LOWER = re.compile(r"(?i)[(\[]?\blower(?: is|=) better\b[)\]]?|[(\[]?[↓▼⬇][)\]]?")
_HIGHER = re.compile(r"(?i)[(\[]?\bhigher(?: is|=) better\b[)\]]?|[(\[]?[↑▲⬆][)\]]?")

# Headings that say what kind of section it is, not what the task or the dataset is called.
_STRUCTURAL = re.compile(
    r"(?i)(current )?(task|evaluation|dataset|metric|result|benchmark|leaderboard|sota|system)s?"
)
# Link texts that say what the link is, not what the paper is called: `[paper](…)`, `[[3]](…)`.
_NO_TITLE = re.compile(
    r"(?i)\W*((paper|link|pdf|arxiv|source|official|here|url|website|blog|code|github)\W*|\d+)\W*"
)
_CODE_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "gist.github.com", "codeberg.org"})
_EMPTY = frozenset({"", "-", "--", "---", "–", "—"})
_LONGEST_CAPTION = 100


def parse_file(capture: Capture, body: BinaryIO) -> Iterator[RawBoard | ParseError]:
    """Read one page.

    Yields:
        A leaderboard for each table; a ParseError for a table that looks like one and cannot be read
        (`not_a_leaderboard`, `duplicate_header`, `broken_table`, `html_table`) and for a row that cannot
        (`cell_count`, `no_model`); each names the line.

    Raises:
        ParseError: `bad_encoding`, `too_large`, `not_markdown`, `no_leaderboard`.
    """
    text = _text(capture, body)
    found = list(read_tables(text))
    tables = [item for item in found if isinstance(item, Table)]
    shared = Counter(table.headings for table in tables if _columns(table).is_leaderboard)
    number: Counter[tuple[tuple[int, str], ...]] = Counter()
    nothing = True
    for item in found:
        if isinstance(item, Unread):
            yield ParseError(item.reason, item.detail, capture.url)
        elif _columns(item).is_leaderboard:
            number[item.headings] += 1
            for record in _board(capture, item, number[item.headings], shared[item.headings]):
                nothing = nothing and isinstance(record, ParseError)
                yield record
        elif _columns(item).papers:
            header = " | ".join(cell.text for cell in item.header)
            detail = f"line {item.line}: no column of the table names models: {header}"
            yield ParseError("not_a_leaderboard", detail, capture.url)
    if nothing:
        kind = looks_like(text.encode()[:4096], urlsplit(capture.url).path)
        reason = "no_leaderboard" if "Markdown" in kind else "not_markdown"
        detail = f"none of the {len(tables)} tables is a leaderboard; the file seems to be {kind}"
        raise ParseError(reason, detail, capture.url)


def _text(capture: Capture, body: BinaryIO) -> str:
    content = body.read(LARGEST_PAGE + 1)
    if len(content) > LARGEST_PAGE:
        raise ParseError("too_large", f"is larger than {LARGEST_PAGE // 2**20} MiB", capture.url)
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        kind = looks_like(content[:4096], urlsplit(capture.url).path)
        detail = f"byte {error.start} is not valid UTF-8; the file seems to be {kind}"
        raise ParseError("bad_encoding", detail, capture.url) from None
    if "\0" in text:
        kind = looks_like(content[:4096], urlsplit(capture.url).path)
        raise ParseError("not_markdown", f"the file seems to be {kind}", capture.url)
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column holds what; indices of cells."""

    model: int | None
    papers: tuple[int, ...]
    codes: tuple[int, ...]
    notes: tuple[int, ...]
    metrics: tuple[int, ...]

    @property
    def is_leaderboard(self) -> bool:
        return self.model is not None and bool(self.metrics)


def _columns(table: Table) -> _Columns:
    words = [re.sub(r"\s*/\s*", "/", cell.text.lower().strip(" *:")) for cell in table.header]
    every = range(len(words))
    model = next((i for i in every if _MODEL.fullmatch(words[i])), None)
    papers = [i for i in every if _PAPER.fullmatch(words[i])]
    if model is None and len(papers) > 1 and papers[0] == 0:
        # Two columns of papers: the first one names what the second one gives the reference of.
        model, papers = 0, papers[1:]
    codes = [i for i in every if _CODE.fullmatch(words[i])]
    notes = [i for i in every if _NOTE.fullmatch(words[i])]
    taken = {model, *papers, *codes, *notes}
    ignored = [i for i in every if _IGNORED.fullmatch(words[i])]
    # A column without a name and without any text in it is a slip of the pen.
    unused = [i for i in every if not words[i] and all(row.cells[i].text in _EMPTY for row in table.rows)]
    metrics = [i for i in every if i not in taken and i not in ignored and i not in unused]
    return _Columns(model, tuple(papers), tuple(codes), tuple(notes), tuple(metrics))


def _board(capture: Capture, table: Table, number: int, shared: int) -> Iterator[RawBoard | ParseError]:
    """One leaderboard, and what of it cannot be read.

    Args:
        number: which leaderboard under its heading, from 1.
        shared: how many there are.
    """
    columns = _columns(table)
    metrics = tuple(_metric(table.header[i].text) for i in columns.metrics)
    names = [metric.name for metric in metrics]
    if len(set(names)) < len(names) or "" in names:
        detail = f"line {table.line}: two metrics have one name, or none: {' | '.join(names)}"
        yield ParseError("duplicate_header", detail, capture.url)
        return
    warnings: list[str] = []
    rows: list[RawRow] = []
    label: str | None = None
    for position, row in enumerate(table.rows, 1):
        others = [cell.text for i, cell in enumerate(row.cells) if i != columns.model]
        name = row.cells[columns.model or 0]
        if row.lost:
            detail = (
                f"line {row.line}: the row has {row.written} cells, the header {len(table.header)}; "
                f"too much is: {row.lost[:100]}"
            )
            yield ParseError("cell_count", detail, capture.url)
        elif row.written == 0:
            warnings.append(
                f"line {row.line}: text right under the table, taken for no row: {name.text[:80]}"
            )
        elif name.text in _EMPTY:
            if any(text not in _EMPTY for text in others):
                yield ParseError("no_model", f"line {row.line}: the row names no model", capture.url)
        elif name.bold and not name.links and not any(others):
            label = name.text.rstrip(" :")
        else:
            rows.append(_result(position, row, columns, label, warnings))
    if not rows:
        yield ParseError("no_rows", f"line {table.line}: the table has no rows", capture.url)
        return
    area, task, dataset = _names(table, number, shared, capture.url)
    yield RawBoard(
        source=capture.source,
        capture_id=capture.capture_id,
        locator=f"{_page(capture.url)}#{' > '.join(text for _, text in table.headings)}#{number}",
        area=area,
        task=task,
        dataset=dataset,
        metrics=metrics,
        rows=tuple(rows),
        warnings=tuple(warnings),
    )


def _metric(header: str) -> RawMetric:
    """A metric, with its direction where the header itself says it."""
    lower, higher = _LOWER.search(header), _HIGHER.search(header)
    if (lower is None) == (higher is None):
        return RawMetric(header)
    name = " ".join((_LOWER if lower else _HIGHER).sub(" ", header).split())
    return RawMetric(name, higher is not None, "page")


def _result(position: int, row: Row, columns: _Columns, label: str | None, warnings: list[str]) -> RawRow:
    name = row.cells[columns.model or 0]
    papers: list[Link] = []
    codes: list[Link] = []
    for place in (*columns.papers, columns.model or 0, *columns.metrics):
        for link in row.cells[place].links:
            (codes if _is_code(link) else papers).append(link)
    for place in columns.metrics:
        if row.cells[place].links:
            warnings.append(f"line {row.line}: a link among the values; are the cells shifted?")
    codes += [link for place in columns.codes for link in row.cells[place].links]
    title, url = _paper([row.cells[place] for place in columns.papers], papers)
    if len({link.url for link in papers}) > 1:
        others = ", ".join(link.url for link in papers if link.url != url)
        warnings.append(f"line {row.line}: more than one paper; not kept: {others}")
    notes = [row.cells[place].text for place in columns.notes]
    return RawRow(
        position=position,
        rank=None,
        model=name.text,
        values=tuple(_value(row.cells[place]) for place in columns.metrics),
        paper_title=title,
        paper_url=url,
        code_urls=tuple(dict.fromkeys(link.url for link in codes)),
        tags=tuple(text for text in (label, *notes) if text and text not in _EMPTY),
    )


def _value(cell: Cell) -> str | None:
    """The text of a value; a link behind it (`28.5[1](…)`) is a note, not more digits."""
    if not cell.rest or not any(link.text for link in cell.links):
        return cell.text or None
    return f"{cell.rest} ({', '.join(link.text for link in cell.links)})"


def _paper(cells: Sequence[Cell], links: Sequence[Link]) -> tuple[str | None, str | None]:
    """Title and address: of the first link, else what the cell says without one."""
    if links:
        link = links[0]
        return (None if not link.text or _NO_TITLE.fullmatch(link.text) else link.text), link.url
    texts = [cell.rest.strip(" *") for cell in cells if not cell.links]
    # `[Title]` without an address is a link that somebody forgot to finish.
    text = next((re.sub(r"\A\[(.*)\]\Z", r"\1", text) for text in texts if text not in _EMPTY), None)
    return (None if text is None or _NO_TITLE.fullmatch(text) else text), None


def _is_code(link: Link) -> bool:
    return (urlsplit(link.url).hostname or "").removeprefix("www.") in _CODE_HOSTS


def _names(table: Table, number: int, shared: int, url: str) -> tuple[str | None, str, str]:
    """Area, task and dataset, by the headings and, where they do not suffice, the caption."""
    named = [
        (level, text.rstrip(" :"))
        for level, text in table.headings
        if text.strip(" :") and not _STRUCTURAL.fullmatch(text.strip(" :"))
    ]
    if not named:
        raise ParseError("no_heading", f"line {table.line}: no heading names the task of the table", url)
    area = None
    if len(named) > 2 and named[1][0] == 2:
        area, named = named[0][1], named[1:]
    task, parts = named[0][1], [text for _, text in named[1:]]
    caption = _caption(table) if shared > 1 or not parts else None
    if caption and parts and caption.lower().startswith(parts[-1].lower()):
        parts[-1] = caption  # `TREC-6` under `TREC`
    elif caption:
        parts.append(caption)
    elif number > 1:
        parts.append(f"table {number}")
    return area, task, ": ".join(parts) or task


def _caption(table: Table) -> str | None:
    """The paragraph before the table, where it is one: short, and ending in a colon or wholly bold."""
    cell = table.caption
    if cell is None or len(cell.text) > _LONGEST_CAPTION or not (cell.text.endswith(":") or cell.bold):
        return None
    return cell.text.rstrip(" :") or None


def _page(url: str) -> str:
    """`<language>/<task>.md`, wherever the checkout lies."""
    return "/".join(unquote(urlsplit(url).path).split("/")[-2:])
