"""Strict readers of tables in HTML: `<table>`, ARIA tables, and rows made of other elements.

Which row is the header, the caller says. Every row below it has as many cells as the header,
spans resolved; what cannot be brought to that form is a `ParseError` that names the row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bs4.element import Tag

from extract.visible import DROPPED, Visible, fold, said, spoken
from sotaduck.errors import ParseError

_ARROW = re.compile("[↕▲▼↑↓⇅⇵△▽▴▾▵▿⬆⬇⬍⯅⯆⌃⌄🔼🔽\ufe0e\ufe0f]+")
_SORTING = re.compile(
    r"(?i)^(?:click to )?sort(?: column)? by:?\s|"
    r"[\s,]*\(?\b(?:sortable|(?:not )?sorted|sort|"
    r"(?:sort(?:ed)? )?(?:in )?(?:ascending|descending)(?: order)?)\)?$"
)

IsHeader = Callable[[Sequence[str]], bool]
"""True for the texts of a header row, arrows and words about sorting left out."""
IsNote = Callable[[str], bool]
"""True for the text of a row of one cell that stands in place of rows (`No results`)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its element and those inside, its text, and the columns and rows that it says it covers."""

    tag: Tag
    elements: tuple[Tag, ...]
    text: str
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with one header row, every row as long as the header.

    Attributes:
        header: the columns' names, without arrows and `sort by`.
        header_cells: the cells behind them, with all they say.
        rows: the body, repeated headers and notes left out.
        notes: texts of rows that are one cell over the full width (`No results`).
        spans: what the rows cover of the page's stream of text.
    """

    header: tuple[str, ...]
    header_cells: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def header_word(text: str) -> str:
    """A header cell's text without arrows and words about sorting."""
    return fold(_SORTING.sub("", fold(_ARROW.sub(" ", text))))


def grids(page: Visible, is_header: IsHeader, is_note: IsNote) -> list[Grid]:
    """Every table of a page whose header row `is_header` knows.

    Raises:
        ParseError: `cell_count`, `nested_table`, `duplicate_header`; each names the row.
    """
    for tables in (html_tables, _aria_tables):
        if found := [grid for rows in tables(page) if (grid := _grid(rows, is_header, is_note))]:
            return found
    candidates = (_grid(rows, is_header, is_note) for rows in _loose_tables(page, is_header))
    return [grid for grid in candidates if grid]


# ---------------------------------------------------------------- where rows and cells are


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the page has it: its cells, its span of the stream, and whether it stands in a <thead>."""

    cells: tuple[Cell, ...]
    span: tuple[int, int]
    in_head: bool
    text: str

    @property
    def is_header(self) -> bool:
        """True where every cell is a header cell."""
        return all(cell.tag.name == "th" for cell in self.cells)


def html_tables(page: Visible) -> Iterator[list[Row]]:
    """The rows of each `<table>`; those of a table inside of it are its own."""
    for table in page.elements:
        if table.name != "table":
            continue
        rows: list[tuple[Tag, list[Tag]]] = []
        nested = 0  # where the last table inside of this one ends
        for tag in page.inside(table):
            if page.span(tag).first < nested:
                continue
            if tag.name == "table":
                nested = page.span(tag).last
            elif tag.name == "tr":
                rows.append((tag, []))
            elif tag.name in ("td", "th"):
                if not rows:  # cells without a row: repair leaves them in the table
                    rows.append((table, []))
                rows[-1][1].append(tag)
        yield _rows(page, rows)


def _aria_tables(page: Visible) -> Iterator[list[Row]]:
    for table in page.elements:
        if table.get("role") in ("table", "grid", "treegrid") and table.name != "table":
            rows: list[tuple[Tag, list[Tag]]] = []
            for tag in page.inside(table):
                role = tag.get("role")
                if role == "row":
                    rows.append((tag, []))
                elif rows and role in ("cell", "gridcell", "columnheader", "rowheader"):
                    rows[-1][1].append(tag)
            yield _rows(page, rows)


def _loose_tables(page: Visible, is_header: IsHeader) -> Iterator[list[Row]]:
    """Rows made of any elements: one whose children read as a header, and those after it."""
    for tag in page.elements:
        span = page.span(tag)
        if not 3 <= span.end - span.begin <= 80 or tag.name in ("table", "tbody", "thead", "tr", "select"):
            continue
        children = _children(tag)
        if 3 <= len(children) <= 40 and is_header([header_word(page.text(child)) for child in children]):
            rows = [(row, _children(row)) for row in _rows_after(tag, len(children))]
            # Where the next one reads as a header too, they are cards with labels.
            if rows and not is_header([header_word(page.text(child)) for child in rows[0][1]]):
                yield _rows(page, [(tag, children), *rows])


def _rows_after(header: Tag, columns: int) -> list[Tag]:
    """The elements after a header that are its rows: siblings, or children of its group's siblings.

    Empty where most of them are not as wide: then the header was none (a bar of buttons, say).
    """
    siblings = [tag for tag in header.next_siblings if isinstance(tag, Tag)]
    if not siblings and header.parent is not None:
        siblings = [tag for tag in header.parent.next_siblings if isinstance(tag, Tag)]
    found: list[Tag] = []
    for tag in siblings:
        if tag.name in DROPPED:
            continue
        inner = _children(tag)
        is_group = 2 * sum(len(_children(child)) == columns for child in inner) > len(inner)
        found.extend(inner if is_group else [tag])
    wide = sum(len(_children(tag)) == columns for tag in found)
    return found if 2 * wide > len(found) else []


def _children(tag: Tag) -> list[Tag]:
    return [child for child in tag.contents if isinstance(child, Tag) and child.name not in DROPPED]


def _rows(page: Visible, rows: Sequence[tuple[Tag, Sequence[Tag]]]) -> list[Row]:
    # A cell ends where the next one begins: repair of unclosed tags nests them in one another.
    spans = [page.span(cell) for _, cells in rows for cell in cells]
    ends = [
        (min(ours.end, next_one.begin), min(ours.last, next_one.first)) for ours, next_one in pairwise(spans)
    ]
    ends += [(span.end, span.last) for span in spans[-1:]]
    places = zip(spans, ends, strict=True)
    found: list[Row] = []
    for tag, cells in rows:
        row: list[Cell] = []
        for cell in cells:
            span, (end, last) = next(places)
            text = said(page.stream[span.begin : end]) or spoken(cell)
            inside = page.elements[span.first : last]
            row.append(Cell(cell, inside, text, _number(cell, "colspan"), _number(cell, "rowspan")))
        in_head = tag.parent is not None and tag.parent.name == "thead"
        span = page.span(tag)
        text = page.text(tag) if len(row) < 2 else ""
        found.append(Row(tuple(row), (span.begin, span.end), in_head, text))
    return found


def _number(cell: Tag, name: str) -> int:
    text = str(cell.get(name, "1")).strip()
    return max(int(text), 1) if text.isascii() and text.isdigit() else 1


# ---------------------------------------------------------------- rows to a grid


def _grid(rows: Sequence[Row], is_header: IsHeader, is_note: IsNote) -> Grid | None:
    carried = _Carried()
    filled = [carried.fill(rows[0])] if rows else []
    while len(filled) < len(rows) and not is_header([header_word(cell.text) for cell in filled[-1]]):
        filled.append(carried.fill(rows[len(filled)]))
    if not filled or not is_header([header_word(cell.text) for cell in filled[-1]]):
        return None
    # Of a header in several rows, the last one names the columns.
    while carried.waiting() and len(filled) < len(rows) and rows[len(filled)].is_header:
        filled.append(carried.fill(rows[len(filled)]))
    cells, below = filled[-1], rows[len(filled) :]
    header = tuple(header_word(cell.text) for cell in cells)
    if wide := next((cell for cell in cells if cell.columns > 1), None):
        raise ParseError("cell_count", f"the header `{header_word(wide.text)}` spans several columns")
    folded = [name.casefold() for name in header]
    if twice := next((name for name in header if name and folded.count(name.casefold()) > 1), None):
        raise ParseError("duplicate_header", f"two columns are called `{twice}`")
    body: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for row in below:
        words = tuple(header_word(cell.text) for cell in row.cells)
        if row.in_head or (words == header and row.is_header):  # filters, say; or the header once more
            continue
        if len(row.cells) < 2 < len(header) and not carried.waiting():
            if row.text and not is_note(row.text):
                raise ParseError(
                    "cell_count",
                    f"row {len(body) + 1} has one cell for {len(header)} columns: {row.text[:80]!r}",
                )
            notes.append(row.text)
            continue
        body.append(_body_row(carried.fill(row), header, len(body) + 1))
    spans = tuple(row.span for row in rows)
    return Grid(header, tuple(cells), tuple(body), tuple(note for note in notes if note), spans)


def _body_row(cells: Sequence[Cell], header: Sequence[str], number: int) -> tuple[Cell, ...]:
    said_there = " | ".join(cell.text for cell in cells)[:120]
    if any(cell.columns > 1 for cell in cells):
        raise ParseError("cell_count", f"row {number}: a cell spans several columns: {said_there!r}")
    if any(tag.name == "table" for cell in cells for tag in cell.elements):
        raise ParseError("nested_table", f"row {number} holds a table in a cell: {said_there!r}")
    if len(cells) != len(header):
        columns = f"{len(header)} columns ({', '.join(header)})"
        raise ParseError("cell_count", f"row {number} has {len(cells)} cells for {columns}: {said_there!r}")
    return tuple(cells)


class _Carried:
    """Cells that cover rows below their own."""

    def __init__(self) -> None:
        self._left: dict[int, tuple[Cell, int]] = {}  # column → (cell, rows that it still covers)

    def waiting(self) -> bool:
        return bool(self._left)

    def fill(self, row: Row) -> list[Cell]:
        """The cells of a row, those that come from above in their places; a wide one once for each column."""
        own = iter([cell for cell in row.cells for _ in range(min(cell.columns, 100))])
        filled: list[Cell] = []
        above, self._left = self._left, {}
        while True:
            column = len(filled)
            cell, left = above.pop(column, (None, 0))
            if cell is None:
                cell = next(own, None)
                if cell is None:
                    return filled
                left = cell.rows
            if left > 1:
                self._left[column] = (cell, left - 1)
            filled.append(cell)
