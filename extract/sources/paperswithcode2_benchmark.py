"""Benchmark pages of paperswithcode2.com: the table, held against the cards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bs4.element import Tag

from extract.refusals import claimed_rows, is_note, partial_statement
from extract.sources.paperswithcode2_cards import DASHES, Card, Reading, find_cards, read_cards
from extract.sources.paperswithcode2_heading import Metric, read_metric, read_names
from extract.sources.paperswithcode2_page import Page, columns, is_cut, links, same_title, unique
from extract.tables import Cell, Grid, grids, header_word, html_tables
from extract.visible import Piece, fold, join, lines, squash
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawMetric, RawRow

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
# A statement about the page's size that stands here is about the site.
SITE_PARTS = ("nav", "header", "footer", "aside")


@dataclass(frozen=True, slots=True)
class _TableRow:
    """A row of the table, before it is held against its card.

    Attributes:
        stated: names of the columns that the table has and that say something in this row.
    """

    row: RawRow
    stated: frozenset[str]
    code: bool


def read_benchmark(capture: Capture, body: bytes) -> RawBoard:
    """Read a leaderboard page. See `paperswithcode2.parse_benchmark`."""
    page = Page.of(capture, body)
    metric = read_metric(page.visible.stream)
    if metric is None:
        raise _without_metric(page)
    grid, covered = _find_table(page, metric)
    outside = [part for part in page.visible.stream if not covered[part.at]]
    cards = find_cards(page.visible, outside, metric.name)
    if grid is None and cards:
        _refuse_unread_table(page, cards, metric)
    table = _read_table(page, grid, metric) if grid else []
    if not table and not cards:
        if grid is None:
            raise page.refuse("not_a_leaderboard", "there is neither a table nor a card of results")
        raise page.refuse("no_rows", f"the leaderboard's table has no rows{_notes(grid)}")
    if grid and not table:
        raise ParseError("table_card_mismatch", f"the table has no rows, and there are {len(cards)} cards")
    in_cards = {part.at for card in cards for part in card.parts}
    around = [part for part in outside if part.at not in in_cards]
    notes = grid.notes if grid else ()
    partial = partial_statement([*lines(around), *notes])
    warnings: list[str] = [*_lost_characters(page), *_arrow_contradicts(grid, metric)]
    rows = _merge(page, table, cards, metric.name, warnings)
    _check_numbers(rows, whole=partial is None)
    _check_claim(rows, [*lines(part for part in around if not part.tag.find_parent(SITE_PARTS)), *notes])
    task, dataset, area = read_names(page, around)
    higher = metric.higher_is_better
    return RawBoard(
        source=capture.source,
        capture_id=capture.capture_id,
        locator=capture.url,
        area=area,
        task=task,
        dataset=dataset,
        metrics=(RawMetric(metric.name, higher, None if higher is None else "page"),),
        rows=tuple(rows),
        partial=partial,
        warnings=tuple(warnings),
    )


def _notes(grid: Grid) -> str:
    return f"; it says {', '.join(grid.notes)[:100]!r}" if grid.notes else ""


def _without_metric(page: Page) -> ParseError:
    found = grids(page.visible, lambda texts: _hits(texts, frozenset(COLUMNS)), is_note)
    if found:
        header = ", ".join(found[0].header)
        return page.refuse("missing_metric", f"there is a table ({header}) and no line `Metric: …`")
    return page.refuse("not_a_leaderboard", "there is no line `Metric: …`")


# ---------------------------------------------------------------- the table


def _hits(texts: Sequence[str], known: frozenset[str]) -> bool:
    """True for a header row: three of its words are known, or `Model` and one more."""
    words = {text.casefold() for text in texts} & known
    return len(words) >= 3 or ("model" in words and len(words) == 2)


def _find_table(page: Page, metric: Metric) -> tuple[Grid | None, list[bool]]:
    """The leaderboard's table, and for each piece of the page whether a table covers it.

    Raises:
        ParseError: `several_tables` where there are two that differ; a copy (for small screens, with
            fewer columns) is none.
    """
    known = frozenset({*COLUMNS, header_word(metric.name).casefold()})
    found = grids(page.visible, lambda texts: _hits(texts, known), is_note)
    found.sort(key=lambda grid: len(grid.header), reverse=True)
    covered = [False] * len(page.visible.stream)
    for grid in found:
        if not _is_copy(grid, found[0]):
            headers = " and ".join(f"({', '.join(other.header)})" for other in (found[0], grid))
            raise ParseError("several_tables", f"two tables look like the leaderboard, and differ: {headers}")
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


def _refuse_unread_table(page: Page, cards: Sequence[Card], metric: Metric) -> None:
    """A table whose header says nothing known, and that holds the cards' models, is a changed leaderboard.

    Raises:
        ParseError: `unknown_header`.
    """
    model = squash(read_cards(cards[:1], metric.name)[0][0].model)
    for rows in html_tables(page.visible):
        if any(squash(cell.text) == model for row in rows for cell in row.cells):
            words = " | ".join(cell.text for cell in rows[0].cells)
            raise ParseError(
                "unknown_header", f"the table of results has no header that is known: {words[:160]!r}"
            )


def _read_table(page: Page, grid: Grid, metric: Metric) -> list[_TableRow]:
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


def _table_row(page: Page, number: int, cells: dict[str, Cell]) -> _TableRow:
    def take(name: str) -> str | None:
        """The cell's text, None where there is no such column or it holds a dash."""
        return None if name not in cells or cells[name].text in DASHES else cells[name].text

    def wrong(name: str) -> ParseError:
        return ParseError("unreadable_cell", f"row {number}, column `{name}`: {cells[name].text[:80]!r}")

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
        title = _tooltip(cells["paper"].tag, title or "") or title
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
        paper_url=_paper_url(
            page,
            f"row {number}",
            title_links=links(cells["paper"]) if title and "paper" in cells else [],
            all_links=[link for cell in cells.values() for link in links(cell)],
        ),
        date=take("date"),
        code_urls=codes,
    )
    stated = frozenset(cells) - ({"extra_data"} if extra is None else frozenset())
    return _TableRow(row, stated, code=take("code") is not None or bool(codes))


def _tooltip(cell: Tag, shown: str) -> str | None:
    """The full title where a cut one carries it as a tooltip."""
    for tag in (cell, *cell.find_all(title=True)):
        full = fold(str(tag.get("title", "")))
        if len(full) > len(shown) - 3 and same_title(shown, full):
            return full
    return None


def _paper_url(page: Page, place: str, title_links: Sequence[Tag], all_links: Iterable[Tag]) -> str | None:
    """The page of the row's paper: where its title leads, else the only paper page that the row links."""
    for anchors in (title_links, all_links):
        found = unique(page.paper(anchor) for anchor in anchors)
        if len(found) > 1:
            raise ParseError("several_papers", f"{place} links several papers: {', '.join(found)}")
        if found:
            return found[0]
    elsewhere = unique(page.elsewhere(anchor) for anchor in title_links)  # straight to arXiv, say
    return elsewhere[0] if len(elsewhere) == 1 else None


# ---------------------------------------------------------------- table and cards together


def _merge(
    page: Page, table: Sequence[_TableRow], cards: Sequence[Card], metric: str, warnings: list[str]
) -> list[RawRow]:
    if not cards:
        return [item.row for item in table]
    if table and len(table) != len(cards):
        raise ParseError("table_card_mismatch", _count_differs(table, cards))
    merged = []
    for at, (card, ways) in enumerate(zip(cards, read_cards(cards, metric), strict=True)):
        if not table:
            row = RawRow(at + 1, card.number, ways[0].model, (ways[0].value or None,), ways[0].extra_data)
            merged.append(_with_card(page, row, card, ways[0]))
            continue
        item = table[at]
        differences = [_difference(item, card, way) for way in ways]
        if None not in differences:
            place = f"row {at + 1} ({item.row.model[:60]})"
            raise ParseError("table_card_mismatch", f"{place}, {differences[0]}")
        way = ways[differences.index(None)]
        if way.code != item.code and "code" in item.stated:
            only = "card" if way.code else "table"
            warnings.append(f"row {at + 1} ({item.row.model[:60]}): `Code` stands in the {only} alone")
        merged.append(_with_card(page, item.row, card, way))
    return merged


def _count_differs(table: Sequence[_TableRow], cards: Sequence[Card]) -> str:
    detail = f"the table has {len(table)} rows, and there are {len(cards)} cards"
    cards_say = squash(" ".join(part.text for card in cards for part in card.parts))
    alone = [item.row for item in table if squash(item.row.model) not in cards_say]
    if alone:
        return f"{detail}; no card has row {alone[0].position} ({alone[0].model[:60]})"
    models = {squash(item.row.model) for item in table}
    extra = [card for card in cards if not any(squash(part.text) in models for part in card.parts)]
    return f"{detail}; no row is like {extra[0]}" if extra else detail


def _difference(item: _TableRow, card: Card, way: Reading) -> str | None:
    """What a card says otherwise than its row, in words; None where they agree."""
    row = item.row
    pairs = [("Model", row.model, way.model), ("value", row.values[0], way.value)]
    if "rank" in item.stated:
        pairs.append(("#", str(row.rank), str(card.number)))
    if "date" in item.stated:
        pairs.append(("Date", row.date, way.date))
    if "extra_data" in item.stated:
        pairs.append(("Extra Data", "Yes" if row.extra_data else "No", "Yes" if way.extra_data else "No"))
    for name, ours, theirs in pairs:
        if squash(ours) != squash(theirs):
            return f"{name}: the table says {ours!r}, card #{card.number} {theirs!r}"
    if "paper" in item.stated and not same_title(row.paper_title, way.title):
        return f"Paper: the table says {row.paper_title!r}, card #{card.number} {way.title!r}"
    return None


def _with_card(page: Page, row: RawRow, card: Card, way: Reading) -> RawRow:
    """A row with what its card adds: the full title, the badge, links."""
    if not way.model:
        raise ParseError("missing_model", f"card #{card.number} has no model")
    anchors = list({id(part.anchor): part.anchor for part in card.parts if part.anchor is not None}.values())
    texts = {id(anchor): join(part for part in card.parts if part.anchor is anchor) for anchor in anchors}
    of_model = next(
        (part.anchor for part in card.parts if squash(way.model).startswith(squash(part.text))), None
    )
    codes = unique(page.code(a) for a in anchors if texts[id(a)].casefold().startswith("code"))
    of_title = [a for a in anchors if way.title and squash(way.title) == squash(texts[id(a)])]
    if of_title and squash(way.model) == squash(way.title):
        of_title = [a for a in of_title if a is not of_model]
    paper_url = _paper_url(page, f"card #{card.number}", of_title, anchors)
    if row.paper_url and paper_url and row.paper_url != paper_url:
        detail = (
            f"row {row.position} ({row.model[:60]}): the table links {row.paper_url}, the card {paper_url}"
        )
        raise ParseError("table_card_mismatch", detail)
    titles = [title for title in (way.title, row.paper_title) if title]
    title = next((title for title in titles if not is_cut(title)), max(titles, key=len, default=None))
    return replace(
        row,
        rank=card.number if row.rank is None else row.rank,
        extra_data=way.extra_data if row.extra_data is None else row.extra_data,
        paper_title=title,
        paper_title_cut=is_cut(title),
        paper_url=row.paper_url or paper_url,
        date=row.date or way.date,
        code_urls=unique((*row.code_urls, *codes)),
        sota_badge=way.sota,
    )


# ---------------------------------------------------------------- checks of the whole


def _check_numbers(rows: Sequence[RawRow], *, whole: bool) -> None:
    """The numbers run on by one: ties do not share them on this site.

    Raises:
        ParseError: `rank_sequence`.
    """
    first = 1 if whole or rows[0].rank is None else rows[0].rank
    for expected, row in enumerate(rows, first):
        if row.rank is not None and row.rank != expected:
            detail = f"row {row.position} ({row.model[:60]}) has the number {row.rank}, expected {expected}"
            raise ParseError("rank_sequence", f"{detail}; a row is missing or out of order")


def _check_claim(rows: Sequence[RawRow], text_lines: Iterable[str]) -> None:
    """A page has as many rows as it says.

    Raises:
        ParseError: `row_count`.
    """
    claimed = claimed_rows(text_lines)
    if claimed is not None and claimed > len(rows):
        raise ParseError("row_count", f"the page says that it shows {claimed} rows, and has {len(rows)}")


def _lost_characters(page: Page) -> list[str]:
    broken = next((part.text for part in page.visible.stream if "\ufffd" in part.text), None)
    return [f"a character was lost before the page was sent (\ufffd): {broken[:80]!r}"] if broken else []


def _arrow_contradicts(grid: Grid | None, metric: Metric) -> list[str]:
    """The metric's column bears ▼ where higher is better, ▲ where lower is; the line `Metric:` is believed."""
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
