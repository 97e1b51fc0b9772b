"""Benchmark pages of paperswithcode2.com: the table, held against the cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from extract.refusals import claimed_rows, is_note, partial_statement
from extract.sources.paperswithcode2_cards import CODE_WORDS, Card, Reading, find_cards, read_cards
from extract.sources.paperswithcode2_heading import read_metric, read_names
from extract.sources.paperswithcode2_page import Page, is_cut, same_title, unique
from extract.sources.paperswithcode2_table import (
    TableRow,
    arrow_contradicts,
    find_table,
    is_leaderboard_header,
    paper_url,
    read_table,
)
from extract.tables import Grid, grids, html_tables
from extract.visible import Piece, join, lines, squash
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawMetric, RawRow

# A statement about the page's size that stands here is about the site.
SITE_PARTS = ("nav", "header", "footer", "aside")


def read_benchmark(capture: Capture, body: bytes) -> RawBoard:
    """Read a leaderboard page. See `paperswithcode2.parse_benchmark`."""
    page = Page.of(capture, body)
    metric = read_metric(page.visible.stream)
    if metric is None:
        raise _without_metric(page)
    grid, covered = find_table(page, metric)
    outside = [part for part in page.visible.stream if not covered[part.at]]
    cards = find_cards(page.visible, [part for part in outside if part.at > metric.at], metric.name)
    in_cards = {part.at for card in cards for part in card.parts}
    if grid is None and cards:
        _refuse_unread_table(page, in_cards, read_cards(cards[:1], metric.name)[0][0].model)
    table = read_table(page, grid, metric) if grid else []
    if not table and not cards:
        if grid is None:
            raise page.refuse("not_a_leaderboard", "there is neither a table nor a card of results")
        raise page.refuse("no_rows", f"the leaderboard's table has no rows{_notes(grid)}")
    if grid and not table:
        raise ParseError("table_card_mismatch", f"the table has no rows, and there are {len(cards)} cards")
    around = [part for part in outside if part.at not in in_cards]
    notes = grid.notes if grid else ()
    partial = partial_statement([*lines(around), *notes])
    warnings: list[str] = [*_lost_characters(page), *arrow_contradicts(grid, metric)]
    rows = _merge(page, table, cards, metric.name, warnings)
    _check_numbers(rows, whole=partial is None)
    _check_claim(rows, [*lines(_of_the_board(page, around)), *notes])
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


def _of_the_board(page: Page, parts: Sequence[Piece]) -> list[Piece]:
    """The pieces that do not stand in the site's own frame."""
    visible = page.visible
    frames = [visible.span(tag) for tag in visible.elements if tag.name in SITE_PARTS]
    framed = {at for span in frames for at in range(span.begin, span.end)}
    return [part for part in parts if part.at not in framed]


def _notes(grid: Grid) -> str:
    return f"; it says {', '.join(grid.notes)[:100]!r}" if grid.notes else ""


def _without_metric(page: Page) -> ParseError:
    found = grids(page.visible, is_leaderboard_header, is_note)
    if found:
        header = ", ".join(found[0].header)
        return page.refuse("missing_metric", f"there is a table ({header}) and no line `Metric: …`")
    return page.refuse("not_a_leaderboard", "there is no line `Metric: …`")


def _refuse_unread_table(page: Page, in_cards: set[int], model: str) -> None:
    """A table outside of the cards that holds a card's model is the leaderboard under a changed header.

    Raises:
        ParseError: `unknown_header`.
    """
    for rows in html_tables(page.visible):
        outside = [row for row in rows if not in_cards.issuperset(range(*row.span))]
        if any(squash(cell.text) == squash(model) for row in outside for cell in row.cells):
            words = " | ".join(cell.text for cell in rows[0].cells)[:160]
            raise ParseError(
                "unknown_header", f"the table of results begins {words!r}: no header that is known"
            )


# ---------------------------------------------------------------- table and cards together


def _merge(
    page: Page, table: Sequence[TableRow], cards: Sequence[Card], metric: str, warnings: list[str]
) -> list[RawRow]:
    if not cards:
        return [item.row for item in table]
    if table and len(table) != len(cards):
        raise ParseError("table_card_mismatch", _count_differs(table, cards))
    merged = []
    for at, (card, ways) in enumerate(zip(cards, read_cards(cards, metric), strict=True)):
        if not table:
            if not ways[0].value:
                raise ParseError("unreadable_card", f"there is no value in {card}")
            row = RawRow(at + 1, card.number, ways[0].model, (ways[0].value,), ways[0].extra_data)
            merged.append(_with_card(page, row, card, ways[0]))
            continue
        item = table[at]
        way = next((way for way in ways if _difference(item, card, way) is None), None)
        if way is None:
            place = f"row {at + 1} ({item.row.model[:60]})"
            raise ParseError("table_card_mismatch", f"{place}, {_difference(item, card, ways[0])}")
        if way.code != item.code and "code" in item.stated:
            only = "card" if way.code else "table"
            warnings.append(f"row {at + 1} ({item.row.model[:60]}): `Code` stands in the {only} alone")
        merged.append(_with_card(page, item.row, card, way))
    return merged


def _count_differs(table: Sequence[TableRow], cards: Sequence[Card]) -> str:
    detail = f"the table has {len(table)} rows, and there are {len(cards)} cards"
    cards_say = squash(" ".join(part.text for card in cards for part in card.parts))
    alone = [item.row for item in table if squash(item.row.model) not in cards_say]
    if alone:
        return f"{detail}; no card has row {alone[0].position} ({alone[0].model[:60]})"
    models = {squash(item.row.model) for item in table}
    extra = [card for card in cards if not any(squash(part.text) in models for part in card.parts)]
    return f"{detail}; no row is like {extra[0]}" if extra else detail


def _difference(item: TableRow, card: Card, way: Reading) -> str | None:
    """What a card says otherwise than its row, in words; None where they agree."""
    row = item.row
    pairs: list[tuple[str, str | None, str | None]]
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
    codes = unique(page.code(a) for a in anchors if CODE_WORDS.fullmatch(texts[id(a)]))
    of_title = [a for a in anchors if way.title and squash(way.title) == squash(texts[id(a)])]
    if of_title and squash(way.model) == squash(way.title):
        of_title = [a for a in of_title if a is not of_model]
    card_url = paper_url(page, f"card #{card.number}", of_title, anchors)
    if row.paper_url and card_url and row.paper_url != card_url:
        detail = (
            f"row {row.position} ({row.model[:60]}): the table links {row.paper_url}, the card {card_url}"
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
        paper_url=row.paper_url or card_url,
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
