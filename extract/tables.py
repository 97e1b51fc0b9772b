"""Strict readers of HTML: bytes to a tree, to runs of visible text, to tables.

Nothing here knows a site. Readers raise `ParseError` with a reason and a place and without an
address; the parser of the source adds that. All walks are loops, so that no depth of nesting
ends in a RecursionError.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from sotaduck.errors import ParseError

# Elements whose text nobody reads on the page.
DROPPED = frozenset(
    "script style template noscript head title svg iframe object canvas textarea annotation".split()
)
# Elements that stand in the line: text on both sides of their tags belongs together.
INLINE = frozenset(
    "a abbr acronym b bdi bdo big button cite code data del dfn em font i img input ins kbd label mark q s "
    "samp small span strong sub sup svg time tt u var wbr".split()
)
# The usual names for "for screen readers only": no class is used to find data, only to tell what is seen.
UNSEEN = frozenset({"sr-only", "visually-hidden", "screen-reader-text"})

ARROWS = "↕▲▼↑↓⇅⇵△▽▴▾▵▿⬆⬇⬍⯅⯆⌃⌄🔼🔽"
_ARROW = re.compile(f"[{ARROWS}\ufe0e\ufe0f]+")
_SORTING = re.compile(
    r"(?i)^(?:click to )?sort(?: column)?(?: by)?:? | ?[(,]? ?"
    r"(?:sortable|(?:not )?sorted|sort)?,? ?(?:in )?(?:(?:ascending|descending)(?: order)?)?\)?$"
)
_META = re.compile(rb"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_:.-]+)""")
_HEADER_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?\s*([a-z0-9_:.-]+)""")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text inside one element. React's comments between two text nodes do not break it.

    Attributes:
        text: with whitespace folded.
        gap: what stands between it and the piece before: nothing, a blank, or a line's end.
        tag: the element that holds the text.
        anchor: the link that it stands in.
        unseen: meant for screen readers only.
    """

    text: str
    gap: str
    tag: Tag
    anchor: Tag | None
    unseen: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with one header row: cells as elements, every row as long as the header.

    Attributes:
        header: cleaned header texts (no arrows, no `sort by`).
        header_cells: the elements behind them.
        rows: the body, header and notes left out.
        notes: texts of rows that are one cell over the full width (`No results`).
        elements: the rows as elements, to know which text of the page the grid has covered.
    """

    header: tuple[str, ...]
    header_cells: tuple[Tag, ...]
    rows: tuple[tuple[Tag, ...], ...]
    notes: tuple[str, ...]
    elements: tuple[Tag, ...]


def decode(body: bytes, media_type: str = "") -> str:
    """Bytes to text by the declared charset (byte-order mark, Content-Type, meta, else UTF-8), strictly.

    Raises:
        ParseError: `not_html` for what is no text at all, `bad_encoding` for bytes that the charset
            does not allow: a guess would change names without anybody knowing.
    """
    charset = next((name for mark, name in _BOMS if body.startswith(mark)), None)
    if charset is None:
        if found := _HEADER_CHARSET.search(media_type):
            charset = found[1]
        elif meta := _META.search(body[:4096]):
            charset = meta[1].decode("ascii")
            if charset.lower().startswith("utf-16"):
                charset = "utf-8"  # a meta that could be read as ASCII is not UTF-16 (WHATWG says the same)
    charset = (charset or "utf-8").lower()
    # As browsers do: pages that declare Latin-1 are written in its superset.
    charset = "cp1252" if charset in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii") else charset
    try:
        text = body.decode(charset)
    except LookupError:
        raise ParseError("bad_encoding", f"the page declares an unknown charset `{charset}`") from None
    except UnicodeDecodeError as error:
        around = body[max(0, error.start - 20) : error.start].decode("ascii", "replace")
        raise ParseError(
            "bad_encoding", f"byte {error.start} (after {around!r}) is not valid {charset}: {error.reason}"
        ) from None
    if "\0" in text:  # libxml2 would stop reading there
        raise ParseError("not_html", f"there is a NUL at character {text.index(chr(0))}: no text")
    return text.removeprefix("\ufeff")


def read_html(body: bytes, media_type: str = "") -> BeautifulSoup:
    """Bytes to a tree.

    Raises:
        ParseError: `not_html`, `bad_encoding`.
    """
    kind = media_type.split(";")[0].strip().lower()
    if kind and "html" not in kind and kind not in ("text/plain", "application/octet-stream"):
        raise ParseError("not_html", f"the server sent {kind}, not HTML")
    text = decode(body, media_type)
    if not re.search(r"<[a-zA-Z!]", text):
        raise ParseError("not_html", f"there is no element in the page: {fold(text)[:60]!r}")
    # lxml gets bytes whose encoding is certain, so that no meta can change its mind half-way.
    return BeautifulSoup(text.encode("utf-8", "replace"), "lxml", from_encoding="utf-8")


def fold(text: str) -> str:
    """Every run of whitespace (no-break blanks too) becomes one blank; none at the ends."""
    return " ".join(text.split())


def squash(text: str | None) -> str:
    """For comparing texts of two layouts, whose line breaks differ: no whitespace at all."""
    return "".join((text or "").split())


def pieces(node: Tag) -> list[Piece]:
    """The text under a node, in order, cut wherever an element begins or ends.

    Under a table's cell or row, what lenient repair has nested there (the cells after an unclosed
    one) is left out: it belongs to itself.
    """
    found: list[Piece] = []
    run: list[str] = []
    gap = ""
    in_row = node.name in ("td", "th")

    def flush(holder: Tag, unseen: bool) -> None:
        nonlocal gap
        raw = "".join(run)
        run.clear()
        text = fold(raw)
        if raw[:1].isspace() and not gap:
            gap = " "
        if text:
            found.append(Piece(text, gap, holder, _anchor(holder, node), unseen))
            gap = " " if raw[-1:].isspace() else ""

    # (element, its children still to come, unseen): a stack of its own instead of recursion.
    stack: list[tuple[Tag, Iterator[PageElement], bool]] = [(node, iter(node.children), _is_unseen(node))]
    while stack:
        holder, children, unseen = stack[-1]
        child = next(children, None)
        if child is None:
            flush(holder, unseen)
            stack.pop()
            if stack and holder.name not in INLINE:
                gap = "\n"
        elif isinstance(child, Tag):
            skipped = child.name in DROPPED or (in_row and child.name in ("td", "th", "tr"))
            if child.name in INLINE and skipped:
                flush(holder, unseen)
                continue
            flush(holder, unseen)
            if child.name not in INLINE and child.name not in ("script", "style", "template", "wbr"):
                gap = "\n"
            if not skipped:
                stack.append((child, iter(child.children), unseen or _is_unseen(child)))
        elif type(child) is NavigableString:  # comments, CDATA and the like are subclasses
            run.append(str(child))
    return found


def _is_unseen(tag: Tag) -> bool:
    return bool(UNSEEN.intersection(tag.get_attribute_list("class")))


def _anchor(tag: Tag, root: Tag) -> Tag | None:
    step: Tag | None = tag
    while step is not None:
        if step.name == "a" and step.get("href"):
            return step
        if step is root:
            return None
        step = step.parent
    return None


def join(parts: Iterable[Piece]) -> str:
    """Pieces to one text, as a reader sees it: `84` and `.6` side by side are `84.6`."""
    text = ""
    for part in parts:
        text += (" " if text and part.gap else "") + part.text
    return text


def text_of(node: Tag) -> str:
    """The visible text of a node; where there is none, what screen readers are told."""
    parts = pieces(node)
    return join(part for part in parts if not part.unseen) or join(parts) or _spoken(node)


def _spoken(node: Tag) -> str:
    """The name of a lone icon: `<img alt>`, `aria-label`, an SVG's `<title>`."""
    for tag in (node, *node.find_all(True)):
        if name := tag.get("aria-label") or (tag.name == "img" and tag.get("alt")):
            return fold(str(name))
        if tag.name == "title":
            return fold(tag.get_text())
    return ""


def lines(parts: Iterable[Piece]) -> list[str]:
    """Pieces to lines: a block element begins a new one."""
    found: list[list[Piece]] = []
    for part in parts:
        if part.unseen:
            continue
        if part.gap == "\n" or not found:
            found.append([])
        found[-1].append(part)
    return [join(line) for line in found]


def header_word(text: str) -> str:
    """A header cell's text without arrows and words about sorting."""
    return fold(_SORTING.sub("", fold(_ARROW.sub(" ", text))))


def header_text(cell: Tag) -> str:
    """What the header cell is called: its visible text, else its name for screen readers."""
    return header_word(text_of(cell))


def grids(soup: Tag, is_header: Callable[[Sequence[str]], bool], is_note: Callable[[str], bool]) -> list[Grid]:
    """Every table whose header row `is_header` knows: `<table>`, and rows made of other elements.

    Raises:
        ParseError: `cell_count`, `nested_table`, `duplicate_header`; each names the row.
    """
    found = []
    for table in soup.find_all("table"):
        rows = _table_rows(table)
        if grid := _grid(rows, is_header, is_note):
            found.append(grid)
    if not found:
        for header in _div_headers(soup, is_header):
            if grid := _grid([header, *_div_rows(header)], is_header, is_note):
                found.append(grid)
    return found


def _table_rows(table: Tag) -> list[Tag]:
    return [row for row in table.find_all("tr") if row.find_parent("table") is table]


def _cells(row: Tag) -> list[Tag]:
    if row.name == "tr":
        return [cell for cell in row.find_all(["td", "th"]) if cell.find_parent("tr") is row]
    return [cell for cell in row.children if isinstance(cell, Tag) and cell.name not in DROPPED]


def _span(cell: Tag, name: str) -> int:
    text = str(cell.get(name, "1")).strip()
    return int(text) if text.isdigit() and int(text) > 1 else 1


def _grid(
    rows: Sequence[Tag], is_header: Callable[[Sequence[str]], bool], is_note: Callable[[str], bool]
) -> Grid | None:
    at = next(
        (index for index, row in enumerate(rows) if is_header([header_text(cell) for cell in _cells(row)])), None
    )
    if at is None:
        return None
    header_cells = _cells(rows[at])
    header = tuple(header_text(cell) for cell in header_cells)
    for name in header:
        if name and sum(other.casefold() == name.casefold() for other in header) > 1:
            raise ParseError("duplicate_header", f"two columns are called `{name}`")
    if wide := next((cell for cell in header_cells if _span(cell, "colspan") > 1), None):
        raise ParseError("cell_count", f"the header `{header_text(wide)}` spans several columns")
    body: list[tuple[Tag, ...]] = []
    notes: list[str] = []
    carried: dict[int, tuple[Tag, int]] = {}  # column → (cell, rows that it still covers): rowspan
    for row in rows[at + 1 :]:
        own = _cells(row)
        number = len(body) + 1
        if not own and not carried:
            if text_of(row):
                notes.append(text_of(row))
            continue
        if len(own) == 1 and len(header) > 1 and not carried:
            text = text_of(row)
            if not text or is_note(text):
                notes.append(text)
                continue
            raise ParseError("cell_count", f"row {number} has one cell for {len(header)} columns: {text[:80]!r}")
        if tuple(header_text(cell) for cell in own) == header and all(cell.name == "th" for cell in own):
            continue  # the header once more (a <tfoot>, or long tables)
        cells: list[Tag] = []
        queue = list(own)
        while queue or len(cells) in carried:
            column = len(cells)
            if column in carried:
                cell, left = carried.pop(column)
            else:
                cell = queue.pop(0)
                left = _span(cell, "rowspan") - 1
                if _span(cell, "colspan") > 1:
                    raise ParseError("cell_count", f"row {number}: a cell spans columns: {text_of(cell)[:80]!r}")
                if cell.find("table"):
                    raise ParseError("nested_table", f"row {number} holds a table in a cell")
            if left:
                carried[column] = (cell, left)
            cells.append(cell)
            if len(cells) > len(header) + len(own):
                break
        if len(cells) != len(header):
            raise ParseError(
                "cell_count",
                f"row {number} has {len(cells)} cells for {len(header)} columns ({', '.join(header)}): "
                f"{' | '.join(text_of(cell) for cell in cells)[:120]!r}",
            )
        body.append(tuple(cells))
    return Grid(header, tuple(header_cells), tuple(body), tuple(notes), tuple(rows))


def _div_headers(soup: Tag, is_header: Callable[[Sequence[str]], bool]) -> list[Tag]:
    """Elements whose children read as a header row, outside of any `<table>`."""
    found = []
    for tag in soup.find_all(True):
        if tag.name in DROPPED or tag.name in ("table", "thead", "tbody", "tr", "select", "html", "body"):
            continue
        children = _cells(tag)
        if 3 <= len(children) <= 40 and all(not child.find(True, recursive=False) or True for child in children):
            texts = [header_text(child) if len(child.find_all(True, limit=13)) < 13 else "" for child in children]
            if is_header(texts):
                found.append(tag)
    return found


def _div_rows(header: Tag) -> list[Tag]:
    """The rows after a header made of other elements: its siblings, or the children of its group's siblings."""
    count = len(_cells(header))
    found: list[Tag] = []

    def is_group(tag: Tag) -> bool:
        if tag.get("role") == "rowgroup":
            return True
        inner = _cells(tag)
        return bool(inner) and 2 * sum(len(_cells(child)) == count for child in inner) > len(inner)

    siblings = [tag for tag in header.next_siblings if isinstance(tag, Tag)]
    if not siblings and header.parent is not None:
        siblings = [tag for tag in header.parent.next_siblings if isinstance(tag, Tag)]
    for tag in siblings:
        if tag.name not in DROPPED:
            found.extend(_cells(tag) if is_group(tag) else [tag])
    return found
