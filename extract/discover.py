"""Discovery: the leaderboards of a site, found from its own index pages.

    index pages ─▶ links on the same host ─▶ more index pages … ─▶ leaderboard addresses

Breadth first, so that a limit cuts the far ends and not half of the near ones. There is no state of its
own: `fetch` answers from the archive what was captured in this round already, so a discovery that was
interrupted takes up where it stopped, and asks for no page twice.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer

from extract.sources import SOURCES
from sotaduck.errors import ConfigError

log = logging.getLogger("sotaduck.discover")

# Where the site's own navigation leads: these are read, and whatever lies below them.
INDEX_PATHS = ("/sota", "/tasks", "/datasets", "/areas", "/task", "/dataset", "/area")
# The address says it twice over: other orders of the same list are not read.
_PAGING = re.compile(r"(page|p|offset|start)=\d+\Z")
_LINKS = SoupStrainer("a", href=True)


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a discovery found.

    Attributes:
        boards: addresses of leaderboards, in the order in which they were met.
        pages_read: index pages that were read.
        unread: index pages that could not be had, or that the limit left out.
        complete: False where the limit ended it.
    """

    boards: tuple[str, ...]
    pages_read: int
    unread: tuple[str, ...]
    complete: bool


def discover_boards(
    source: str,
    base_url: str,
    fetch: Callable[[str], bytes | None],
    most_pages: int,
    starts: Iterable[str] = INDEX_PATHS[:3],
) -> Discovered:
    """Follow a site's index pages to its leaderboards, breadth first.

    Args:
        base_url: the site; only addresses on its host and under its path are followed.
        fetch: gives the body of an index page, or None where it cannot be had (the caller keeps the
            failure). Asked once for each address; it keeps to robots.txt and to the rate.
        most_pages: how many index pages are asked for.
        starts: paths to begin with.
    """
    base = base_url.rstrip("/")
    queue = deque(dict.fromkeys(base + path for path in starts))
    met = set(queue)
    boards: dict[str, None] = {}
    unread: list[str] = []
    asked = 0
    while queue and asked < most_pages:
        url = queue.popleft()
        asked += 1
        body = fetch(url)
        if body is None:
            unread.append(url)
            continue
        for link in _links(body, url):
            if board := board_url(source, base, link):
                boards[board] = None
            elif (page := _index_url(base, link)) and page not in met:
                met.add(page)
                queue.append(page)
        log.debug("%s: %d leaderboards so far, %d pages to read", url, len(boards), len(queue))
    if queue:
        log.warning("%s: stopped after %d index pages, %d are left", base, asked, len(queue))
    return Discovered(tuple(boards), asked - len(unread), (*unread, *queue), not queue)


def listed_boards(source: str, base_url: str, path: Path) -> list[str]:
    """The leaderboards that a list names: an address or a number a line; `#` begins a comment.

    Raises:
        ConfigError: the file cannot be read, or a line is neither; names the line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a list of leaderboards: {error}") from error
    base = base_url.rstrip("/")
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        text = re.sub(r"(\A|\s)#.*", "", line).strip()
        if not text:
            continue
        url = urljoin(base + "/", f"benchmark/{text}" if text.isdecimal() else text)
        board = board_url(source, base, url)
        if board is None:
            raise ConfigError(
                f"{path}: line {number}: {text!r} is neither a number nor a leaderboard of {base}"
            )
        found[board] = None
    return list(found)


def board_url(source: str, base_url: str, url: str) -> str | None:
    """The address of a leaderboard without query and fragment; None for any other address."""
    path = _path(base_url, url)
    for page in SOURCES[source].pages:
        if path is not None and page.kind == "board":
            before, _, after = page.path.partition("{id}")
            if re.fullmatch(re.escape(before) + r"[^/]+" + re.escape(after), path):
                return base_url.rstrip("/") + path
    return None


def _index_url(base: str, url: str) -> str | None:
    """The address of an index page, one for all its variants; None for what lies outside of the index."""
    path = _path(base, url)
    if path is None or not any(path == start or path.startswith(f"{start}/") for start in INDEX_PATHS):
        return None
    paging = [part for part in urlsplit(url).query.split("&") if _PAGING.match(part)]
    return base + path + ("?" + paging[0] if paging else "")


def _path(base_url: str, url: str) -> str | None:
    """The path below the base address, without a slash at the end; None for other hosts and schemes."""
    base, parts = urlsplit(base_url.rstrip("/")), urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != base.netloc.lower():
        return None
    path = re.sub("/{2,}", "/", parts.path).rstrip("/")
    if ".." in path.split("/") or not (path + "/").startswith(base.path + "/"):
        return None
    return path.removeprefix(base.path)


def _links(body: bytes, url: str) -> list[str]:
    soup = BeautifulSoup(body, "lxml", parse_only=_LINKS)
    links = []
    for anchor in soup.find_all("a", href=True):
        try:
            links.append(urljoin(url, str(anchor["href"]).strip()))
        except ValueError:  # `http://[`: no address, so nothing to follow
            continue
    return links
