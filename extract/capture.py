"""Capture of a list of pages: each asked for under conditions, archived, and its failure kept."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from extract.archive import Archive
from extract.http import PoliteSession, Response
from sotaduck.errors import CaptureError
from sotaduck.records import Capture, Failure

log = logging.getLogger("sotaduck.capture")

# So many pages of a host in a row without a connection, each after all its tries, and the host is down.
PATIENCE = 5

_GOOD = (200, 304)
_NO_CONNECTION = frozenset({"connection_refused", "connection_failed", "connect_timeout", "dns"})


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of one address.

    Attributes:
        capture: the response as archived; None where there was none.
        failure: why it is no good page; None where it is one. An error page has both.
    """

    url: str
    capture: Capture | None
    failure: Failure | None


def capture_pages(
    source: str,
    urls: Sequence[str],
    archive: Archive,
    session: PoliteSession,
    progress: Callable[[int, int, str], None] | None = None,
    *,
    full: bool = False,
) -> list[Captured]:
    """Fetch pages into the archive, in order. A page that fails does not stop the others.

    Args:
        progress: told after each page how many are done, how many there are, and its address.
        full: ask without conditions, also for pages that the archive holds.

    Raises:
        ArchiveError: the archive cannot be written.
    """
    captured = []
    unreachable: Counter[str] = Counter()
    for done, url in enumerate(urls, 1):
        host = urlsplit(url).netloc
        if unreachable[host] >= PATIENCE:
            detail = f"not asked for: {host} could not be reached {PATIENCE} times in a row"
            item = Captured(url, None, Failure(source, url, "fetch", "host_unreachable", detail))
        else:
            item = _capture_page(source, url, archive, session, full)
            lost = item.failure is not None and item.failure.reason in _NO_CONNECTION
            unreachable[host] = unreachable[host] + 1 if lost else 0
            if unreachable[host] == PATIENCE:
                log.warning("%s cannot be reached; its other pages are not asked for in this run", host)
        captured.append(item)
        if progress:
            progress(done, len(urls), url)
    return captured


def _capture_page(source: str, url: str, archive: Archive, session: PoliteSession, full: bool) -> Captured:
    known = None if full else archive.latest(source, url)
    etag, last_modified = (known.etag, known.last_modified) if known else (None, None)
    try:
        response = session.get(url, etag=etag, last_modified=last_modified)
    except CaptureError as error:
        return Captured(url, None, Failure(source, url, "fetch", error.reason, error.detail))
    capture = archive.add(source, response)
    if response.status in _GOOD:
        return Captured(url, capture, None)
    failure = Failure(source, url, "fetch", f"http_{response.status}", _answer(response), capture.capture_id)
    return Captured(url, capture, failure)


def _answer(response: Response) -> str:
    answer = f"the server answered {response.status} {response.reason}".rstrip()
    if response.final_url != response.url:
        answer += f" at {response.final_url}"
    if asked := response.header("Retry-After"):
        answer += f", and to come back later (Retry-After: {asked})"
    return answer
