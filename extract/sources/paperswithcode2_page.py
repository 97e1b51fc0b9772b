"""What both kinds of page of paperswithcode2.com share: links, the site's words, and how one is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from bs4.element import Tag

from extract.refusals import CHALLENGES
from extract.tables import Cell, Grid
from extract.visible import Visible, fold, read_html, squash
from sotaduck.errors import ParseError
from sotaduck.records import Capture

SHORT = 200
SEPARATORS = frozenset(["/", "›", "»", ">", "→", "·", "•", "|", "❯", "\\"])

_PAPER_PATH = re.compile(r"/paper/[^/]+/?$")
_OWN_PATH = re.compile(r"/(?:paper|benchmark)/[^/]+/?$")


@contextmanager
def errors_name(url: str) -> Iterator[None]:
    """Adds the page's address to a ParseError that was raised where nobody knew it."""
    try:
        yield
    except ParseError as error:
        raise ParseError(error.reason, error.detail, url) from error


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and where its links start from."""

    visible: Visible
    base: str

    @classmethod
    def of(cls, capture: Capture, body: bytes) -> Page:
        """Read a captured page.

        Raises:
            ParseError: as `read_html`.
        """
        visible = read_html(body, capture.media_type)
        base = visible.soup.find("base", href=True)
        return cls(visible, urljoin(capture.url, str(base["href"])) if base else capture.url)

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
        """The address of a paper's page, if the link leads to one."""
        url = self.href(anchor)
        return url if url and _PAPER_PATH.search(urlsplit(url).path) else None

    def code(self, anchor: Tag) -> str | None:
        """The address of code: any but that of a paper or a leaderboard."""
        url = self.href(anchor)
        return url if url and not _OWN_PATH.search(urlsplit(url).path) else None

    def elsewhere(self, anchor: Tag) -> str | None:
        """The address of a page on another host."""
        url = self.href(anchor)
        return url if url and urlsplit(url).netloc != urlsplit(self.base).netloc else None

    def refuse(self, reason: str, detail: str) -> ParseError:
        """The error for a page without what it should hold, a challenge told from other pages."""
        title = self.visible.soup.find("title")
        begin = [title.get_text() if title else "", *(part.text for part in self.visible.stream[:SHORT])]
        # A challenge says little else; a long page that has such words in it is another page.
        if len(begin) <= SHORT and (found := CHALLENGES.search(" ".join(begin))):
            return ParseError("challenge_page", f"the page asks for something else: {found[0]!r}")
        if not self.visible.stream:
            return ParseError(reason, f"{detail}; the page has no text at all")
        return ParseError(reason, f"{detail}; the page begins {fold(' '.join(begin))[:100]!r}")


def columns(grid: Grid, known: Callable[[str], str | None]) -> dict[str, int]:
    """Which column is which, by the header's words. A column without a name must be empty.

    Raises:
        ParseError: `unknown_header`, `duplicate_header`.
    """
    found: dict[str, int] = {}
    for index, text in enumerate(grid.header):
        name = known(text)
        if name is not None:
            if name in found:
                twice = f"columns {found[name] + 1} and {index + 1} are both `{name}`"
                raise ParseError("duplicate_header", twice)
            found[name] = index
        elif text:
            raise ParseError("unknown_header", f"column {index + 1} is called `{text}`, which is not known")
        elif filled := next((row[index].text for row in grid.rows if row[index].text), None):
            raise ParseError("unknown_header", f"column {index + 1} has no name, and holds {filled[:80]!r}")
    return found


def links(cell: Cell) -> list[Tag]:
    """The links of a cell."""
    return [tag for tag in cell.elements if tag.name == "a" and tag.get("href")]


def unique(items: Iterable[str | None]) -> tuple[str, ...]:
    """The items that are there, each once, in order."""
    return tuple(dict.fromkeys(item for item in items if item))


def is_cut(title: str | None) -> bool:
    """True for a text that the page has cut off."""
    return title is not None and title.endswith(("...", "…"))


def same_title(ours: str | None, theirs: str | None) -> bool:
    """True where two texts are the same title, of which one or both may be cut."""
    if not ours or not theirs or not (is_cut(ours) or is_cut(theirs)):
        return squash(ours) == squash(theirs)
    short, long = sorted((ours, theirs), key=lambda title: (not is_cut(title), len(squash(title))))
    return squash(long).startswith(squash(short.removesuffix("...").removesuffix("…")))
