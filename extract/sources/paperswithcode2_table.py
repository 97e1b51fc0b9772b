"""The table of a benchmark page: found by its header's words, read cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bs4.element import Tag

from extract.refusals import is_note
from extract.sources.paperswithcode2_cards import DASHES
from extract.sources.paperswithcode2_heading import Metric
from extract.sources.paperswithcode2_page import Page, columns, is_cut, links, same_title, unique
from extract.tables import Cell, Grid, grids, header_word
from extract.visible import fold, squash
from sotaduck.errors import ParseError
from sotaduck.records import RawRow

COLUMNS = {
    "#": "rank",
    "rank": "rank",
    "model": "model",
    "extra data": "extra_data",
    "paper": "paper",
    "date": "date",
    "code": "code",
}
YES, NO = frozenset({"yes", "true", "✓", "✔", "✅"}), frozenset({"no", "false", "✗", "✘", "×", "❌"})


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table, before it is held against its card.

    Attributes:
        stated: names of the columns that the table has and that say something in this row.
    """

    row: RawRow
    stated: frozenset[str]
    code: bool


def is_leaderboard_header(texts: Sequence[str], metric: str = "") -> bool:
    """True for a header row: three of its words are known, or `Model` and one more."""
    words = {text.casefold() for text in texts} & {*COLUMNS, header_word(metric).casefold()}
    return len(words) >= 3 or ("model" in words and len(words) == 2)


def find_table(page: Page, metric: Metric) -> tuple[Grid | None, list[bool]]:
    """The leaderboard's table, and for each piece of the page whether a table covers it.

    Raises:
        ParseError: `several_tables` where there are two that differ; a copy (for small screens, with
            fewer columns) is none.
    """
    found = grids(page.visible, lambda texts: is_leaderboard_header(texts, metric.name), is_note)
    found.sort(key=lambda grid: len(grid.header), reverse=True)
    covered = [False] * len(page.visible.stream)
    for grid in found:
        if not _is_copy(grid, found[0]):
            both = " and ".join(
                f"({', '.join(other.header)}; {len(other.rows)} rows)" for other in (found[0], grid)
            )
            raise ParseError("several_tables", f"two tables look like the leaderboard, and differ: {both}")
        for begin, end in grid.spans:
            covered[begin:end] = [True] * (end - begin)
    return (found[0] if found else None), covered


def _is_copy(grid: Grid, whole: Grid) -> bool:
    if not set(grid.header) <= set(whole.header) or len(grid.rows) != len(whole.rows):
        return False
    places = [whole.header.index(name) for name in grid.header]
    return all(
        squash(cell.text) == squash(theirs[place].text)
        for ours, theirs in zip(grid.rows, whole.rows, strict=True)
        for cell, place in zip(ours, places, strict=True)
    )


def read_table(page: Page, grid: Grid, metric: Metric) -> list[TableRow]:
    """The rows of the leaderboard's table.

    Raises:
        ParseError: `unknown_header`, `duplicate_header`, `missing_column`, `unreadable_cell`,
            `missing_model`, `several_papers`; names the row and the column.
    """
    name = squash(header_word(metric.name)).casefold()

    def known(text: str) -> str | None:
        return "value" if squash(text).casefold() == name else COLUMNS.get(text.casefold())

    places = columns(grid, known)
    for needed, words in (("model", "Model"), ("value", metric.name)):
        if needed not in places:
            raise ParseError("missing_column", f"there is no column `{words}`: {', '.join(grid.header)}")
    return [
        _table_row(page, number, {key: cells[place] for key, place in places.items()})
        for number, cells in enumerate(grid.rows, 1)
    ]


def _table_row(page: Page, number: int, cells: dict[str, Cell]) -> TableRow:
    def take(name: str) -> str | None:
        """The cell's text, None where there is no such column or it holds a dash."""
        return None if name not in cells or cells[name].text in DASHES else cells[name].text

    def wrong(name: str) -> ParseError:
        column = name.replace("_", " ").title()
        return ParseError("unreadable_cell", f"row {number}, column `{column}`: {cells[name].text[:80]!r}")

    rank = None
    if "rank" in cells:
        if not (found := re.fullmatch(r"#?\s?(\d{1,6})[.)]?", cells["rank"].text)):
            raise wrong("rank")
        rank = int(found[1])
    if not (model := cells["model"].text):
        raise ParseError("missing_model", f"row {number}, column `Model` is empty")
    extra = take("extra_data")
    if extra is not None and extra.casefold() not in YES | NO:
        raise wrong("extra_data")
    title = take("paper")
    if is_cut(title):
        title = _tooltip(cells["paper"], title or "") or title
    codes = unique(page.code(link) for link in links(cells["code"])) if "code" in cells else ()
    code_words = re.sub(r"(?i)\(?(?:code|official|\+?\d+)\)?|[\s,|·]", "", take("code") or "")
    if code_words not in DASHES and not codes:
        raise wrong("code")
    row = RawRow(
        position=number,
        rank=rank,
        model=model,
        values=(cells["value"].text or None,),
        extra_data=None if extra is None else extra.casefold() in YES,
        paper_title=title,
        paper_title_cut=is_cut(title),
        paper_url=paper_url(
            page,
            f"row {number}",
            title_links=links(cells["paper"]) if title and "paper" in cells else [],
            all_links=[link for cell in cells.values() for link in links(cell)],
        ),
        date=take("date"),
        code_urls=codes,
    )
    stated = frozenset(cells) - ({"extra_data"} if extra is None else frozenset())
    return TableRow(row, stated, code=take("code") is not None or bool(codes))


def _tooltip(cell: Cell, shown: str) -> str | None:
    """The full title where a cut one carries it as a tooltip."""
    for tag in cell.elements:
        full = fold(str(tag.get("title", "")))
        if len(full) > len(shown) - 3 and same_title(shown, full):
            return full
    return None


def paper_url(page: Page, place: str, title_links: Sequence[Tag], all_links: Iterable[Tag]) -> str | None:
    """The page of the row's paper: where its title leads, else the only paper page that the row links."""
    for anchors in (title_links, all_links):
        found = unique(page.paper(anchor) for anchor in anchors)
        if len(found) > 1:
            raise ParseError("several_papers", f"{place} links several papers: {', '.join(found)}")
        if found:
            return found[0]
    elsewhere = unique(page.elsewhere(anchor) for anchor in title_links)  # straight to arXiv, say
    return elsewhere[0] if len(elsewhere) == 1 else None


def arrow_contradicts(grid: Grid | None, metric: Metric) -> list[str]:
    """A warning where the metric's column bears not ▼ for higher is better, or not ▲ for lower."""
    if grid is None or metric.higher_is_better is None:
        return []
    name = squash(header_word(metric.name)).casefold()
    for word, cell in zip(grid.header, grid.header_cells, strict=True):
        arrows = set("▲▼").intersection(cell.text.replace(metric.name, "", 1))
        if squash(word).casefold() == name and arrows == {"▲" if metric.higher_is_better else "▼"}:
            says = "higher" if metric.higher_is_better else "lower"
            return [
                f"column `{metric.name}`: its arrow {arrows.pop()} is that of the other direction, "
                f"and the line `Metric:` says {says} is better; the line was believed"
            ]
    return []
