"""HTML as a reader sees it: bytes to a tree, and the tree to runs of visible text.

Nothing here knows a site. Readers raise `ParseError` with a reason and a place and without an
address; the parser of the source adds that. All walks are loops, so that no depth of nesting
ends in a RecursionError, and a page is walked once: what an element says is a slice of its stream.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from sotaduck.errors import ParseError

# The largest page that is read: 10,000 rows, twice on their page, have 7 MB and 270,000 elements, and
# take some ten seconds.
LARGEST = 16 * 2**20
MOST_ELEMENTS = 500_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements whose text nobody reads on the page.
DROPPED = _words("script style template noscript head title svg iframe object canvas textarea annotation")
# Elements that stand in the line: text on both sides of their tags belongs together.
INLINE = _words(
    "a abbr acronym b bdi bdo big button cite code data del dfn em font i img input ins kbd label mark q s "
    "samp small span strong sub sup svg time tt u var wbr"
)
# Dropped elements that take no room: they break no line.
ROOMLESS = _words("script style template")
# The usual names for "for screen readers only": no class is used to find data, only to tell what is seen.
UNSEEN = _words("sr-only visually-hidden screen-reader-text")
# Elements whose end tag may be left out (HTML 13.1.2.4), and those that have none.
_UNCLOSED = _words(
    "html head body li dt dd p rt rp optgroup option colgroup caption thead tbody tfoot tr td th "
    "area base br col embed hr img input link meta source track wbr param"
)

_META = re.compile(rb"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_:.-]+)""")
_HEADER_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?\s*([a-z0-9_:.-]+)""")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# As browsers do: pages that declare Latin-1 are written in its superset.
_SUPERSETS = dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252")
_SILENT = re.compile(r"(?is)<!--.*?-->|<(script|style|svg|textarea|template)\b.*?</\1\s*>")
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]*)(?:"[^"]*"|'[^']*'|[^'">])*?(/?)>""")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text inside one element. React's comments between two text nodes do not break it.

    Attributes:
        at: its place in the page's stream.
        text: with whitespace folded.
        gap: what stands between it and the piece before: nothing, a blank, or a line's end.
        tag: the element that holds the text.
        anchor: the link that it stands in.
        unseen: meant for screen readers only.
    """

    at: int
    text: str
    gap: str
    tag: Tag
    anchor: Tag | None
    unseen: bool


@dataclass(frozen=True, slots=True)
class Span:
    """What an element holds: pieces of the stream, and elements (itself the first), by their places."""

    begin: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Visible:
    """A page: its tree, its pieces of text and its visible elements in order, and what each element holds."""

    soup: BeautifulSoup
    stream: tuple[Piece, ...]
    elements: tuple[Tag, ...]
    spans: Mapping[int, Span]

    def span(self, tag: Tag) -> Span:
        """What a visible element holds."""
        return self.spans[id(tag)]

    def holders(self, tag: Tag) -> Iterator[Tag]:
        """A visible element and those that hold it, up to the page's root."""
        step: Tag | None = tag
        while step is not None and id(step) in self.spans:
            yield step
            step = step.parent

    def inside(self, tag: Tag) -> tuple[Tag, ...]:
        """The visible elements inside of one, in order."""
        span = self.spans[id(tag)]
        return self.elements[span.first + 1 : span.last]

    def text(self, tag: Tag) -> str:
        """The visible text of an element; where there is none, what screen readers are told."""
        span = self.spans[id(tag)]
        return said(self.stream[span.begin : span.end]) or spoken(tag)


def read_html(body: bytes, media_type: str = "") -> Visible:
    """Bytes to a page.

    Raises:
        ParseError: `not_html`, `bad_encoding`, `too_large`, `cut_short`.
    """
    if len(body) > LARGEST:
        raise ParseError("too_large", f"the page has {len(body):,} bytes, more than {LARGEST:,}")
    kind = media_type.split(";")[0].strip().lower()
    if kind and "html" not in kind and kind not in ("text/plain", "application/octet-stream"):
        raise ParseError("not_html", f"the server sent {kind}, not HTML")
    text = decode(body, media_type)
    elements = sum(1 for _ in re.finditer(r"<[a-zA-Z!]", text))
    if not elements:
        raise ParseError("not_html", f"there is no element in the page: {fold(text[:200])[:60]!r}")
    if elements > MOST_ELEMENTS:
        raise ParseError("too_large", f"the page has {elements:,} elements, more than {MOST_ELEMENTS:,}")
    _refuse_cut_short(text)
    # lxml gets bytes whose encoding is certain, so that no meta can change its mind half-way.
    soup = BeautifulSoup(
        text.encode("utf-8", "replace"), "lxml", from_encoding="utf-8", multi_valued_attributes=None
    )
    return _walk(soup)


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
    charset = _SUPERSETS.get(charset, charset)
    try:
        text = body.decode(charset)
    except LookupError:
        raise ParseError("bad_encoding", f"the page declares an unknown charset `{charset}`") from None
    except UnicodeDecodeError as error:
        around = body[max(0, error.start - 20) : error.start].decode("ascii", "replace")
        detail = f"byte {error.start} (after {around!r}) is not valid {charset}: {error.reason}"
        raise ParseError("bad_encoding", detail) from None
    if "\0" in text:  # libxml2 would stop reading there
        raise ParseError("not_html", f"there is a NUL at character {text.index(chr(0))}: no text")
    return text.removeprefix("\ufeff")


def _refuse_cut_short(text: str) -> None:
    """A page that ends inside an element may have lost rows, and repair would hide it.

    Raises:
        ParseError: `cut_short`.
    """
    if re.search(r"(?i)</(?:html|body)\s*>\s*(?:<!--.*?-->\s*)*\Z", text[-400:]):
        return
    open_tags: list[str] = []
    for closing, name, empty in _TAG.findall(_SILENT.sub("", text)):
        name = name.lower()
        if name in _UNCLOSED or empty:
            continue
        if not closing:
            open_tags.append(name)
        elif name in open_tags:
            while open_tags.pop() != name:
                pass
    if open_tags:
        raise ParseError("cut_short", f"the page ends inside of <{open_tags[-1]}>; it ends {text[-60:]!r}")


def fold(text: str) -> str:
    """Every run of whitespace (no-break blanks too) becomes one blank; none at the ends."""
    return " ".join(text.split())


def squash(text: str | None) -> str:
    """For comparing texts of two layouts, whose line breaks differ: no whitespace at all."""
    return "".join((text or "").split())


def join(parts: Iterable[Piece]) -> str:
    """Pieces to one text, as a reader sees it: `84` and `.6` side by side are `84.6`."""
    text = ""
    for part in parts:
        text += (" " if text and part.gap else "") + part.text
    return text


def said(parts: Iterable[Piece]) -> str:
    """Pieces to what a reader sees of them, or else what screen readers are told."""
    parts = list(parts)
    return join(part for part in parts if not part.unseen) or join(parts)


def spoken(tag: Tag) -> str:
    """The name of a lone icon: `<img alt>`, `aria-label`, an SVG's `<title>`."""
    for inner in (tag, *tag.find_all(True)):
        if name := inner.get("aria-label") or (inner.name == "img" and inner.get("alt")):
            return fold(str(name))
        if inner.name == "title":
            return fold(inner.get_text())
    return ""


def lines(parts: Iterable[Piece]) -> list[str]:
    """Visible pieces to lines: a block element begins a new one."""
    found: list[list[Piece]] = []
    for part in parts:
        if part.unseen:
            continue
        if part.gap == "\n" or not found:
            found.append([])
        found[-1].append(part)
    return [join(line) for line in found]


def _walk(soup: BeautifulSoup) -> Visible:
    """The text of a page in order, cut wherever an element begins or ends."""
    root: Tag = soup.body or soup
    stream: list[Piece] = []
    elements: list[Tag] = [root]
    spans: dict[int, Span] = {}
    run: list[str] = []
    gap = ""

    def flush(tag: Tag, anchor: Tag | None, unseen: bool) -> None:
        nonlocal gap
        if not run:
            return
        raw = "".join(run)
        run.clear()
        if raw[:1].isspace() and not gap:
            gap = " "
        if text := " ".join(raw.split()):
            stream.append(Piece(len(stream), text, gap, tag, anchor, unseen))
            gap = " " if raw[-1:].isspace() else ""

    # (element, its children still to come, its link, unseen, its places): a stack instead of recursion.
    Level = tuple[Tag, Iterator[PageElement], Tag | None, bool, int, int]
    stack: list[Level] = [(root, iter(root.contents), None, _is_unseen(root), 0, 0)]
    while stack:
        tag, children, anchor, unseen, begin, first = stack[-1]
        for child in children:
            if type(child) is NavigableString:  # comments, CDATA and the like are subclasses
                run.append(child)
            elif isinstance(child, Tag):
                flush(tag, anchor, unseen)
                name = child.name
                if name not in INLINE and name not in ROOMLESS:
                    gap = "\n"
                if name not in DROPPED:
                    link = child if name == "a" and child.get("href") else anchor
                    hidden = unseen or _is_unseen(child)
                    stack.append((child, iter(child.contents), link, hidden, len(stream), len(elements)))
                    elements.append(child)
                    break
        else:
            flush(tag, anchor, unseen)
            spans[id(tag)] = Span(begin, len(stream), first, len(elements))
            stack.pop()
            if tag.name not in INLINE:
                gap = "\n"
    return Visible(soup, tuple(stream), tuple(elements), spans)


def _is_unseen(tag: Tag) -> bool:
    classes = tag.get("class")
    return classes is not None and not UNSEEN.isdisjoint(str(classes).split())
