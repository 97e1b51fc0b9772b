"""Pages of paperswithcode2.com: `/benchmark/<id>` (one leaderboard, one metric) and `/paper/<id>`.

The site's markup was never seen, only the order of its texts: everything is found by what the page
says (header words, the `Metric:` line, `#1`, where links lead), nothing by class names or by position.
A benchmark page holds its rows twice, as a table and as cards; both are read and held against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urldefrag, urljoin, urlsplit

from bs4.element import Tag

from extract.refusals import CHALLENGES, claimed_rows, is_note, partial_statement
from extract.sources.paperswithcode2_cards import DASHES, Card, Reading, find_cards, readings
from extract.tables import (
    Grid,
    Piece,
    fold,
    grids,
    header_text,
    header_word,
    join,
    lines,
    pieces,
    read_html,
    squash,
    text_of,
)
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawMetric, RawPaper, RawPaperResult, RawRow

COLUMNS = {
    "#": "rank",
    "rank": "rank",
    "model": "model",
    "extra data": "extra_data",
    "paper": "paper",
    "date": "date",
    "code": "code",
}
RESULT_COLUMNS = {"task": "task", "dataset": "dataset", "metric": "metric", "value": "value", "model": "model"}
RESULT_COLUMNS_IGNORED = frozenset({"#", "rank", ""})
YES, NO = frozenset({"yes", "true", "✓", "✔", "✅"}), frozenset({"no", "false", "✗", "✘", "×", "❌"})
SEPARATORS = frozenset("/ › » > → · • | ❯ \\".split())

_METRIC = re.compile(r"(?i)^metric\s*:\s*(?P<rest>.*)$")
_DIRECTION = re.compile(r"(?i)\s*[(\[–—,-]*\s*\b(?P<way>higher|lower)(?:\s+values?)? (?:is|are) better\b\s*[)\]]?\s*$")
_PAPER_PATH = re.compile(r"/paper/[^/]+/?$")
_OWN_PATH = re.compile(r"/(?:paper|benchmark)/[^/]+/?$")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_benchmark(capture: Capture, body: bytes) -> RawBoard:
    """Read a leaderboard page.

    On a page without table, a card that does not say `Extra Data` is kept as stated: False. The
    source itself does not tell "no" from "unknown".

    Raises:
        ParseError: `not_html`, `bad_encoding`, `challenge_page`, `not_a_leaderboard`, `no_rows`,
            `missing_heading`, `ambiguous_heading`, `missing_metric`, `unknown_header`,
            `missing_column`, `duplicate_header`, `several_tables`, `nested_table`, `cell_count`,
            `unreadable_cell`, `missing_model`, `rank_sequence`, `row_count`, `table_card_mismatch`,
            `unreadable_card`, `card_leftover`, `several_papers`, `broken_html`.
    """
    with _at(capture.url):
        return _Benchmark(capture, body).read()


def parse_paper(capture: Capture, body: bytes) -> RawPaper:
    """Read a paper's page. What the page does not have is None or empty; without a title it is an error.

    Raises:
        ParseError: `not_html`, `bad_encoding`, `challenge_page`, `not_a_paper`, `missing_title`,
            `unknown_header`, `missing_column`, `duplicate_header`, `cell_count`, `nested_table`.
    """
    with _at(capture.url):
        return _paper(capture, body)


class _at:
    """Adds the page's address to a ParseError that was raised where nobody knew it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ParseError) and not error.url:
            raise ParseError(error.reason, error.detail, self.url) from error


# ---------------------------------------------------------------- what both kinds of page share


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as both parsers see it: its pieces of text, and where its links start from."""

    soup: Tag
    stream: tuple[Piece, ...]
    base: str
    warnings: tuple[str, ...]

    def href(self, anchor: Tag) -> str | None:
        """The absolute http(s) address that a link leads to; None for `#`, `javascript:` and the like."""
        written = str(anchor.get("href", "")).strip()
        if not written or written.startswith("#"):
            return None
        try:
            url = urldefrag(urljoin(self.base, written)).url
            parts = urlsplit(url)
        except ValueError:
            return None
        return url if parts.scheme in ("http", "https") and parts.netloc else None

    def paper(self, anchor: Tag) -> str | None:
        """The address of the paper's page, if the link leads to one."""
        url = self.href(anchor)
        return url if url and _PAPER_PATH.search(urlsplit(url).path) else None

    def code(self, anchor: Tag) -> str | None:
        """The address of code: a link out of the site's own pages."""
        url = self.href(anchor)
        return url if url and not _OWN_PATH.search(urlsplit(url).path) else None


def _open(capture: Capture, body: bytes) -> _Page:
    soup = read_html(body, capture.media_type)
    base = soup.find("base", href=True)
    warnings = []
    if re.search(rb"(?i)<html[\s>]", body) and not re.search(rb"(?i)</html\s*>", body):
        warnings.append("the page does not end in </html>: it may have been cut short")
    stream = tuple(pieces(soup.body or soup))
    if broken := next((part.text for part in stream if "\ufffd" in part.text), None):
        warnings.append(f"a character was lost before the page was sent (\ufffd): {broken[:80]!r}")
    return _Page(
        soup,
        stream,
        urljoin(capture.url, str(base["href"])) if base else capture.url,
        tuple(warnings),
    )


def _refuse(page: _Page, reason: str, detail: str) -> ParseError:
    """The error for a page without what it should hold, a challenge told from other pages."""
    title = page.soup.find("title")
    text = " ".join([title.get_text() if title else "", *(part.text for part in page.stream)])
    if found := CHALLENGES.search(text[:20000]):
        return ParseError("challenge_page", f"the page asks for something else: {found[0]!r}")
    if not page.stream:
        return ParseError(reason, f"{detail}; the page has no text at all")
    return ParseError(reason, f"{detail}; the page begins {fold(text)[:100]!r}")


def _unique(items: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))


def _columns(
    grid: Grid, known: Callable[[str], str | None], ignored: frozenset[str] = frozenset()
) -> dict[str, int]:
    """Which column is which, by the header's words.

    Raises:
        ParseError: `unknown_header`, `duplicate_header`.
    """
    found: dict[str, int] = {}
    for index, text in enumerate(grid.header):
        name = known(text)
        if name is None:
            if text.casefold() in ignored or (not text and not any(text_of(row[index]) for row in grid.rows)):
                continue
            raise ParseError("unknown_header", f"column {index + 1} is called `{text}`, which is not known")
        if name in found:
            raise ParseError("duplicate_header", f"columns {found[name] + 1} and {index + 1} are both `{name}`")
        found[name] = index
    return found


# ---------------------------------------------------------------- benchmark pages


@dataclass(frozen=True, slots=True)
class _TableRow:
    """A row of the table, before it is held against its card."""

    row: RawRow
    extra_stated: bool
    code: bool


class _Benchmark:
    """One reading of one benchmark page."""

    def __init__(self, capture: Capture, body: bytes) -> None:
        self.capture = capture
        self.page = _open(capture, body)
        self.warnings = list(self.page.warnings)

    def read(self) -> RawBoard:
        """The page as a record."""
        stated = _stated_metric(self.page.stream)
        grid = self._grid(stated[0] if stated else None)
        outside = self._outside(grid)
        if stated is None:
            stated = _metric_elsewhere(grid, outside)
        if stated is None:
            if grid is None and not _heading_lines(self.page):
                raise _refuse(self.page, "not_a_leaderboard", "there is no `Metric:` line, no table and no cards")
            if grid is None:
                raise _refuse(self.page, "not_a_leaderboard", "there is no `Metric:` line and no leaderboard table")
            raise ParseError("missing_metric", f"no column is a metric: {', '.join(grid.header)}")
        metric, higher = stated
        text_lines = lines(outside) + list(grid.notes if grid else ())
        cards_begin = find_cards(outside, metric, partial=True)
        card_parts = {id(part) for card in cards_begin for part in card.parts}
        text_lines = lines(part for part in outside if id(part) not in card_parts) + list(
            grid.notes if grid else ()
        )
        partial = partial_statement(text_lines)
        cards = find_cards(outside, metric, partial is not None)
        table = self._table(grid, metric, higher) if grid else None
        if not table and not cards:
            if grid is None and not _METRIC_LINE_SEEN(self.page.stream):
                raise _refuse(self.page, "not_a_leaderboard", "there is no table and there are no cards")
            raise _refuse(self.page, "no_rows", "the leaderboard has no rows")
        rows = self._merge(table, cards, metric)
        self._check_numbers(rows, text_lines, partial)
        task, dataset, area = _names(self.page, outside, metric)
        return RawBoard(
            source="paperswithcode2",
            capture_id=self.capture.capture_id,
            locator=self.capture.url,
            area=area,
            task=task,
            dataset=dataset,
            metrics=(RawMetric(metric, higher, None if higher is None else "page"),),
            rows=tuple(rows),
            partial=partial,
            warnings=tuple(self.warnings),
        )

    def _grid(self, metric: str | None) -> Grid | None:
        known = {*COLUMNS, metric.casefold() if metric else "#"}

        def is_header(texts: Sequence[str]) -> bool:
            words = {text.casefold() for text in texts}
            hits = len(words & known)
            return hits >= 3 or ("model" in words and hits >= 2)

        found = grids(self.page.soup, is_header, is_note)
        if len(found) > 1:
            raise ParseError("several_tables", f"{len(found)} tables of the page look like the leaderboard")
        return found[0] if found else None

    def _outside(self, grid: Grid | None) -> list[Piece]:
        if grid is None:
            return list(self.page.stream)
        inside = {id(tag) for row in grid.elements for tag in (row, *row.find_all(True))}
        return [part for part in self.page.stream if id(part.tag) not in inside]

    def _table(self, grid: Grid, metric: str, higher: bool | None) -> list[_TableRow]:
        name = squash(header_word(metric)).casefold()

        def known(text: str) -> str | None:
            return "value" if squash(text).casefold() == name else COLUMNS.get(text.casefold())

        columns = _columns(grid, known)
        for needed, words in (("model", "Model"), ("value", metric)):
            if needed not in columns:
                raise ParseError("missing_column", f"there is no column `{words}`: {', '.join(grid.header)}")
        self._check_arrow(grid.header_cells[columns["value"]], metric, higher)
        return [self._row(number, cells, columns, grid) for number, cells in enumerate(grid.rows, 1)]

    def _check_arrow(self, cell: Tag, metric: str, higher: bool | None) -> None:
        own = join(pieces(cell)).replace(metric, "", 1)
        says = {arrow: arrow == "▼" for arrow in "▲▼" if arrow in own}
        if higher is not None and len(says) == 1 and higher not in says.values():
            arrow = next(iter(says))
            word = "higher" if higher else "lower"
            self.warnings.append(
                f"column `{metric}`: its arrow {arrow} is that of the other direction, "
                f"and the line `Metric:` says {word} is better; the line was believed"
            )

    def _row(self, number: int, cells: Sequence[Tag], columns: dict[str, int], grid: Grid) -> _TableRow:
        left = {name: cells[index] for name, index in columns.items()}
        for index, cell in enumerate(cells):  # columns without a name must be empty: `_columns` has seen to it
            if index not in columns.values() and text_of(cell):
                raise ParseError("unreadable_cell", f"row {number}, column {index + 1}: {text_of(cell)[:80]!r}")

        def take(name: str) -> str:
            cell = left.get(name)
            return "" if cell is None else text_of(cell)

        def wrong(name: str) -> ParseError:
            header = grid.header[columns[name]]
            return ParseError("unreadable_cell", f"row {number}, column `{header}`: {take(name)[:80]!r}")

        rank = None
        if "rank" in left:
            if not (found := re.fullmatch(r"#?\s?(\d{1,6})\.?", take("rank"))):
                raise wrong("rank")
            rank = int(found[1])
        model = take("model")
        if not model:
            raise ParseError("missing_model", f"row {number}, column `Model` is empty")
        extra = take("extra_data").casefold()
        if extra not in YES | NO | DASHES:
            raise wrong("extra_data")
        title = None if take("paper") in DASHES else take("paper")
        date = None if take("date") in DASHES else take("date")
        code = left.get("code")
        links = [] if code is None else code.find_all("a", href=True)
        codes = _unique(self.page.code(link) for link in links)
        code_words = re.sub(r"(?i)\(?(?:code|official|\+?\d+)\)?|[\s,|·]", "", take("code"))
        if code_words not in DASHES and not codes:
            raise wrong("code")
        if title and "paper" in left and (full := _title_attribute(left["paper"], title)):
            title = full
        row = RawRow(
            position=number,
            rank=rank,
            model=model,
            values=(take("value") or None,),
            extra_data=None if extra in DASHES else extra in YES,
            paper_title=title,
            paper_title_cut=_is_cut(title),
            paper_url=self._paper_url(
                f"row {number}",
                left["paper"].find_all("a", href=True) if "paper" in left else [],
                [link for cell in cells for link in cell.find_all("a", href=True)],
            ),
            date=date,
            code_urls=codes,
        )
        return _TableRow(row, extra not in DASHES, "code" in take("code").casefold() or bool(codes))

    def _paper_url(self, place: str, first: Iterable[Tag], all_links: Iterable[Tag]) -> str | None:
        """The page of the row's paper: where its title leads, else the only paper that the row links."""
        first = list(first)
        for links in (first, list(all_links)):
            found = _unique(self.page.paper(link) for link in links)
            if len(found) > 1:
                raise ParseError("several_papers", f"{place} links several papers: {', '.join(found)}")
            if found:
                return found[0]
        outside = _unique(self.page.code(link) for link in first)  # straight to arXiv, say
        return outside[0] if len(outside) == 1 else None

    def _merge(self, table: list[_TableRow] | None, cards: list[Card], metric: str) -> list[RawRow]:
        if not cards:
            return [item.row for item in table or ()]
        if table is None:
            return [
                self._with_card(None, number, card, readings(card, metric)[0])
                for number, card in enumerate(cards, 1)
            ]
        if len(table) != len(cards):
            raise ParseError("table_card_mismatch", f"the table has {len(table)} rows, and there are {len(cards)} cards")
        merged = []
        for number, (item, card) in enumerate(zip(table, cards, strict=True), 1):
            ways = readings(card, metric)
            differences = [_difference(item, card, way) for way in ways]
            if None not in differences:
                raise ParseError("table_card_mismatch", f"row {number}, {differences[0]}")
            merged.append(self._with_card(item, number, card, ways[differences.index(None)]))
        return merged

    def _with_card(self, item: _TableRow | None, number: int, card: Card, way: Reading) -> RawRow:
        anchors = list({id(part.anchor): part.anchor for part in card.parts if part.anchor is not None}.values())
        texts = {id(anchor): join(part for part in card.parts if part.anchor is anchor) for anchor in anchors}
        codes = _unique(self.page.code(a) for a in anchors if texts[id(a)].casefold().startswith("code"))
        named = [a for a in anchors if way.title and squash(way.title) == squash(texts[id(a)])]
        paper_url = self._paper_url(f"card #{card.number}", named, anchors)
        if not way.model:
            raise ParseError("missing_model", f"card #{card.number} has no model")
        row = item.row if item else RawRow(number, card.number, way.model, (way.value,), way.extra_data)
        place = f"row {number} ({row.model[:60]})"
        if item and way.code != item.code:
            self.warnings.append(f"{place}: `Code` stands in {'the card' if way.code else 'the table'} alone")
        if row.paper_url and paper_url and row.paper_url != paper_url:
            raise ParseError(
                "table_card_mismatch", f"{place}: the table links {row.paper_url}, the card {paper_url}"
            )
        return replace(
            row,
            rank=card.number if row.rank is None else row.rank,
            extra_data=way.extra_data if row.extra_data is None else row.extra_data,
            paper_title=way.title or row.paper_title,
            paper_title_cut=_is_cut(way.title or row.paper_title),
            paper_url=row.paper_url or paper_url,
            date=row.date or way.date,
            code_urls=_unique((*row.code_urls, *codes)),
            sota_badge=way.sota,
        )

    def _check_numbers(self, rows: Sequence[RawRow], text_lines: Iterable[str], partial: str | None) -> None:
        ranks = [row.rank for row in rows]
        if None not in ranks:
            first = ranks[0] or 0
            start = first if partial else 1
            for expected, row in enumerate(rows, start):
                if row.rank != expected:
                    raise ParseError(
                        "rank_sequence",
                        f"row {row.position} ({row.model[:60]}) has the number {row.rank}, expected {expected}; "
                        "a row is missing or out of order",
                    )
        claimed = claimed_rows(text_lines)
        if claimed is not None and claimed > len(rows):
            raise ParseError("row_count", f"the page says that it shows {claimed} rows, and has {len(rows)}")


def _METRIC_LINE_SEEN(stream: Sequence[Piece]) -> bool:
    return _stated_metric(stream) is not None


def _is_cut(title: str | None) -> bool:
    return title is not None and title.endswith(("...", "…"))


def _uncut(title: str) -> str:
    return squash(title.removesuffix("...").removesuffix("…"))


def _title_attribute(cell: Tag, shown: str) -> str | None:
    """The full title where a cut one carries it as a tooltip."""
    if not _is_cut(shown):
        return None
    for tag in (cell, *cell.find_all(title=True)):
        full = fold(str(tag.get("title", "")))
        if len(full) > len(shown) - 3 and squash(full).startswith(_uncut(shown)):
            return full
    return None


def _difference(item: _TableRow, card: Card, way: Reading) -> str | None:
    """What a card says otherwise than its row, in words; None where they agree."""
    row = item.row
    pairs = [("Model", row.model, way.model), ("value", row.values[0], way.value)]
    if row.date is not None or way.date is not None:
        pairs.append(("Date", row.date, way.date))
    if row.rank is not None:
        pairs.append(("#", str(row.rank), str(card.number)))
    if item.extra_stated:
        pairs.append(("Extra Data", "Yes" if row.extra_data else "No", "Yes" if way.extra_data else "No"))
    for name, ours, theirs in pairs:
        if squash(ours) != squash(theirs):
            return f"{name}: the table says {ours!r}, the card #{card.number} {theirs!r}"
    ours, theirs = row.paper_title, way.title
    if ours and theirs and (_is_cut(ours) or _is_cut(theirs)):
        short, long = sorted((_uncut(ours), _uncut(theirs)), key=len)
        agree = long.startswith(short)
    else:
        agree = squash(ours) == squash(theirs)
    return None if agree else f"Paper: the table says {ours!r}, the card #{card.number} {theirs!r}"


def _stated_metric(stream: Sequence[Piece]) -> tuple[str, bool | None] | None:
    """Name and direction from `Metric: <name> (higher is better)`, in one line or in the next two."""
    seen = [part for part in stream if not part.unseen]
    for at, part in enumerate(seen):
        # `Metric` and `:` may be elements of their own; the column `Metric` of another table is neither.
        opening = _METRIC.match(join(seen[at : at + 2]) if part.text.casefold() == "metric" else part.text)
        if not opening:
            continue
        for length in range(1, 8):
            text = join(seen[at : at + length])
            if (found := _METRIC.match(text)) and (way := _DIRECTION.search(found["rest"])):
                name = fold(found["rest"][: way.start()])
                if name:
                    return name, way["way"].casefold() == "higher"
        line = [part]
        for following in seen[at + 1 : at + 8]:
            begun = _METRIC.match(join(line))
            if following.gap == "\n" and begun and begun["rest"]:
                break
            line.append(following)
        found = _METRIC.match(join(line))
        if found and found["rest"]:
            return fold(found["rest"]), None
    return None


def _metric_elsewhere(grid: Grid | None, outside: Sequence[Piece]) -> tuple[str, bool | None] | None:
    """The metric's name on a page that has no `Metric:` line: its column, or the first way to sort."""
    if grid is not None:
        unknown = [text for text in grid.header if text and text.casefold() not in COLUMNS]
        if len(unknown) > 1:
            raise ParseError("unknown_header", f"columns {', '.join(f'`{text}`' for text in unknown)} are not known")
        return (unknown[0], None) if unknown else None
    for line in lines(outside):
        if found := re.search(r"(?:^|[:\s])\s*(\S.*?) \(best first\)", line):
            return found[1].removeprefix("Sort: ").strip(), None
    return None


def _heading_lines(page: _Page) -> list[str]:
    """Texts that may be the heading, the likeliest first."""
    found = [text_of(tag) for tag in page.soup.find_all(["h1", "h2", "h3"])]
    found += [text_of(tag) for tag in page.soup.find_all(attrs={"role": "heading"})]
    return [text for text in found if " on " in text]


def _names(page: _Page, outside: Sequence[Piece], metric: str) -> tuple[str, str, str | None]:
    """Task, dataset and area. The breadcrumb decides where a name itself holds ` on `.

    Raises:
        ParseError: `missing_heading`, `ambiguous_heading`.
    """
    trails = list(_trails(outside))
    headings = _heading_lines(page)
    before = []
    for line in lines(outside):
        if _METRIC.match(line) or line.startswith("#1"):
            break
        if " on " in line:
            before.insert(0, line)
    headings += [line for line in before if len(line) < 300]
    title = page.soup.find("title")
    if title is not None:
        # `<task> on <dataset> | Site`: only as the last resort, and cut at what parts it from the site.
        headings += [part for part in re.split(r"\s+[|–—·-]\s+", fold(title.get_text())) if " on " in part]
    for heading in headings:
        for task, dataset in _splits(heading):
            for trail in trails:
                for at in range(len(trail) - 1):
                    if squash(trail[at]) == squash(task) and squash(trail[at + 1]) == squash(dataset):
                        return task, dataset, trail[at - 1] if at else None
    for heading in headings:
        ways = list(_splits(heading))
        if len(ways) == 1:
            return *ways[0], None
        links = {squash(part.text) for part in outside if part.anchor is not None}
        ways = [way for way in ways if squash(way[0]) in links or squash(way[1]) in links]
        if len(ways) == 1:
            return *ways[0], None
        raise ParseError(
            "ambiguous_heading", f"{heading!r} can be split in several ways, and no breadcrumb tells which is meant"
        )
    raise _refuse(page, "missing_heading", "there is no heading `<task> on <dataset>`")


def _splits(heading: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(" on ", heading):
        yield heading[: found.start()].strip(), heading[found.end() :].strip()


def _trails(outside: Sequence[Piece]) -> Iterator[list[str]]:
    """What follows each `SotA` of the page: one of them is the breadcrumb, another the navigation."""
    seen = [part for part in outside if not part.unseen]
    for at, part in enumerate(seen):
        if not re.match(r"(?i)sota\b", part.text) or (part.text.casefold() != "sota" and "/" not in part.text):
            continue
        text = part.text[4:].strip(" /›»>")
        trail = [crumb.strip() for crumb in text.split(" / ")] if text else []
        for following in seen[at + 1 : at + 10]:
            crumb = following.text
            if crumb not in SEPARATORS:
                trail.append(re.sub(r"^[/›»>] | [/›»>]$", "", crumb))
        yield [crumb for crumb in trail if crumb]


# ---------------------------------------------------------------- paper pages

_VENUE = re.compile(r".*\D\s(?:19|20)\d\d(?:\s\d{1,2})?")
_CODE_LABEL = re.compile(r"(?i)(?P<code>(?:official )?code)\s*(?P<official>\(official\)|official)?")
_SECTIONS = frozenset(
    {"abstract", "results", "related papers", "datasets", "methods", "tasks", "bibtex", "citations", "similar papers"}
)
_SUFFIXES = frozenset({"jr.", "jr", "sr.", "sr", "ii", "iii", "iv"})
_FIELD_LABELS = frozenset({"authors", "author", "published", "date", "venue", "tasks", "published on", "by"})


def _paper(capture: Capture, body: bytes) -> RawPaper:
    page = _open(capture, body)
    results, covered = _results(page)
    stream = [part for part in page.stream if id(part.tag) not in covered and not part.unseen]
    sections = [
        (at, part.text.casefold())
        for at, part in enumerate(stream)
        if part.text.casefold() in _SECTIONS
        and _alone(stream, at)
        and (part.text.casefold() != "datasets" and part.text.casefold() != "tasks" and part.text.casefold() != "methods" or _is_heading(part))
    ]
    title, begin = _title(page, stream)
    cut = {name: at for at, name in reversed(sections) if at >= begin}
    end = min(cut.values(), default=len(stream))
    known = bool(cut or results) or any(_link_label(part.text) for part in stream[begin:end])
    if title is None or not (known or any(_ISO.fullmatch(part.text) for part in stream[begin:end])):
        reason = "missing_title" if known and title is None else "not_a_paper"
        raise _refuse(page, reason, "there is no `Papers / <title>` with a paper below it")
    head = stream[begin:end]
    labels = next((at for at, part in enumerate(head) if _link_label(part.text)), len(head))
    authors, date, venue, tasks = _byline(head[:labels])
    links = _links(page, head)
    return RawPaper(
        source="paperswithcode2",
        capture_id=capture.capture_id,
        url=capture.url,
        title=title,
        authors=authors,
        date=date,
        venue=venue,
        tasks=tasks,
        paper_link=next((url for label, url in links if label == "paper"), None),
        pdf_link=next((url for label, url in links if label == "pdf"), None),
        code_urls=_unique(url for label, url in links if label in ("code", "official")),
        official_code_urls=_unique(url for label, url in links if label == "official"),
        abstract=_abstract(stream, cut, [at for at, _ in sections]),
        results=results,
        partial=partial_statement(lines(page.stream)),
    )


def _alone(stream: Sequence[Piece], at: int) -> bool:
    """True where a piece is a line of its own."""
    return (at == 0 or stream[at].gap == "\n") and (at + 1 == len(stream) or stream[at + 1].gap == "\n")


def _is_heading(part: Piece) -> bool:
    return any(re.fullmatch("h[1-6]", tag.name) for tag in (part.tag, *part.tag.parents))


def _title(page: _Page, stream: Sequence[Piece]) -> tuple[str | None, int]:
    """The title, and the place of the first piece behind it.

    It stands twice: in the breadcrumb `Papers / <title>` (there it may be cut), then as heading.
    """
    crumbs = []
    for at, part in enumerate(stream):
        if part.text.casefold() == "papers" and at + 2 < len(stream) and stream[at + 1].text in SEPARATORS:
            crumbs.append(at + 2)
        elif re.match(r"(?i)papers [/›»>] \S", part.text):
            crumbs.append(at)
        elif part.text.casefold() == "papers" and at + 1 < len(stream) and stream[at + 1].text[:2] in ("/ ", "› "):
            crumbs.append(at + 1)
        elif re.fullmatch(r"(?i)papers\s*[/›»>]", part.text) and at + 1 < len(stream):
            crumbs.append(at + 1)
    headings = [tag for tag in page.soup.find_all("h1") if text_of(tag)]
    for at in crumbs:
        crumb = re.sub(r"(?i)^(?:papers )?[/›»>] ", "", stream[at].text)
        for tag in headings:
            text = text_of(tag)
            if squash(text).startswith(_uncut(crumb)):
                return text, _behind(stream, tag, at + 1)
        # No <h1>: the same text once more, perhaps in several elements.
        for length in range(1, 12):
            again = join(stream[at + 1 : at + 1 + length])
            if squash(again) == squash(crumb) or (_is_cut(crumb) and length == 1 and squash(again).startswith(_uncut(crumb))):
                return again, at + 1 + length
        if not _is_cut(crumb) and not headings:
            return crumb, at + 1
    if len(headings) == 1:
        return text_of(headings[0]), _behind(stream, headings[0], 0)
    return None, crumbs[0] if crumbs else 0


def _behind(stream: Sequence[Piece], tag: Tag, default: int) -> int:
    inside = {id(tag), *(id(child) for child in tag.find_all(True))}
    return max((at + 1 for at, part in enumerate(stream) if id(part.tag) in inside), default=default)


def _link_label(text: str) -> str | None:
    """`paper`, `pdf`, `code` or `official` for the words on the links of a paper's page."""
    word = text.casefold().strip()
    if word in ("paper", "pdf"):
        return word
    if found := _CODE_LABEL.fullmatch(word):
        return "official" if found["official"] or word.startswith("official") else "code"
    return None


def _links(page: _Page, head: Sequence[Piece]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    anchors: dict[int, tuple[Tag, list[Piece], int]] = {}
    for at, part in enumerate(head):
        if part.anchor is not None:
            _, parts, _ = anchors.setdefault(id(part.anchor), (part.anchor, [], at))
            parts.append(part)
            anchors[id(part.anchor)] = (part.anchor, parts, at)
    for anchor, parts, last in anchors.values():
        label = _link_label(join(parts)) or _link_label(" ".join(part.text for part in parts))
        if label is None:
            continue
        behind = head[last + 1].text.casefold() if last + 1 < len(head) else ""
        if label == "code" and behind in ("(official)", "official"):
            label = "official"
        found.append((label, page.code(anchor) if label in ("code", "official") else page.href(anchor)))
    return found


def _byline(head: Sequence[Piece]) -> tuple[tuple[str, ...], str | None, str | None, tuple[str, ...]]:
    """Authors, date, venue and task tags from the texts between the title and the links."""
    trimmed = [replace(part, text=part.text.strip(" ·•|")) for part in head if part.text not in SEPARATORS]
    parts = [p for p in trimmed if p.text and p.text.casefold().rstrip(":") not in _FIELD_LABELS]
    date_at = next((at for at, part in enumerate(parts) if _ISO.match(part.text)), None)
    venue = None
    if date_at is not None:
        date = _ISO.match(parts[date_at].text)[0]  # type: ignore[index]
        rest = parts[date_at].text[len(date) :].strip(" ·•|,")
        behind = [replace(parts[date_at], text=rest)] if rest else []
        byline, behind = parts[:date_at], behind + parts[date_at + 1 :]
    else:
        date = None
        # Without a date: the first line names the authors, unless it is the venue or leads to a task.
        stop = next((at for at, part in enumerate(parts) if at and part.gap == "\n"), len(parts))
        if parts and (_is_task(parts[0]) or _VENUE.fullmatch(parts[0].text)):
            stop = 0
        byline, behind = parts[:stop], parts[stop:]
    if len(behind) > 1 and re.fullmatch(r"\d{1,2}", behind[1].text) and re.search(r"\d{4}$", behind[0].text):
        behind = [replace(behind[0], text=f"{behind[0].text} {behind[1].text}"), *behind[2:]]
    if behind and not _is_task(behind[0]) and _VENUE.fullmatch(behind[0].text):
        venue, behind = behind[0].text, behind[1:]
    tasks = [part.text.strip(" ,") for part in behind]
    if len(tasks) == 1 and ", " in tasks[0]:
        tasks = tasks[0].split(", ")
    names: list[str] = []
    for part in byline:
        for index, name in enumerate(part.text.split(",")):
            name = fold(name)
            if not name:
                continue
            if names and name.casefold() in _SUFFIXES:
                names[-1] += f", {name}"
            elif names and not index and part.gap == "" and not _ends_name(byline, part):
                names[-1] += name  # a name in several elements
            else:
                names.append(name)
    return tuple(names), date, venue, _unique(tasks)


def _ends_name(byline: Sequence[Piece], part: Piece) -> bool:
    """True where what stands before this piece has ended a name: a comma, or another link."""
    before = byline[next(at for at, other in enumerate(byline) if other is part) - 1]
    return before.text.endswith(",") or before.anchor is not part.anchor or before.tag is not part.tag.parent


def _is_task(part: Piece) -> bool:
    return part.anchor is not None and "/task" in str(part.anchor.get("href"))


def _abstract(stream: Sequence[Piece], cut: dict[str, int], sections: Sequence[int]) -> str | None:
    if "abstract" not in cut:
        return None
    begin = cut["abstract"] + 1
    end = min((at for at in sections if at >= begin), default=len(stream))
    for at in range(begin, end):
        if _is_heading(stream[at]):
            end = at
            break
    words = [line for line in lines(stream[begin:end]) if not re.match(r"(?i)(read|show|see) (more|less)", line)]
    text = " ".join(line for line in words if not partial_statement([line]))
    return text if text and text not in DASHES and not is_note(text) else None


def _results(page: _Page) -> tuple[tuple[RawPaperResult, ...], set[int]]:
    """The table `Results`, and the elements that it covers."""

    def is_header(texts: Sequence[str]) -> bool:
        return len({text.casefold() for text in texts} & set(RESULT_COLUMNS)) >= 3

    found = grids(page.soup, is_header, is_note)
    results = []
    covered: set[int] = set()
    for grid in found:
        columns = _columns(grid, lambda text: RESULT_COLUMNS.get(text.casefold()), RESULT_COLUMNS_IGNORED)
        if missing := [name for name in RESULT_COLUMNS.values() if name not in columns]:
            raise ParseError("missing_column", f"`Results` has no column {', '.join(missing)}: {grid.header}")
        covered.update(id(tag) for row in grid.elements for tag in (row, *row.find_all(True)))
        for cells in grid.rows:
            results.append(RawPaperResult(**{name: text_of(cells[at]) for name, at in columns.items()}))
    return tuple(results), covered


__all__ = ["header_text", "parse_benchmark", "parse_paper"]
