"""robots.txt by RFC 9309, read by Protego.

answered with 200           its rules hold
answered with a 4xx         there are no rules, every page may be fetched (401 and 403 too: 2.3.1.3)
429, 5xx, no answer         nothing may be fetched (2.3.1.4); 429 says "later", not "nothing here"
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import SplitResult, urlunsplit

from protego import Protego

from sotaduck.errors import CaptureError, RobotsDisallowed

log = logging.getLogger("sotaduck.http")

LONGEST_CRAWL_DELAY = 60.0


@dataclass(frozen=True, slots=True)
class Robots:
    """What one site allows one agent.

    Attributes:
        crawl_delay: seconds between two requests; 0 where the site asks for none.
    """

    agent: str
    url: str
    rules: Protego
    crawl_delay: float

    def check(self, url: str) -> None:
        """Raise RobotsDisallowed for a page that the rules forbid."""
        if not self.rules.can_fetch(url, self.agent):
            raise RobotsDisallowed("robots_disallowed", f"{self.url} forbids this page", url)


def robots_url(parts: SplitResult) -> str:
    """Where the robots.txt of a page's site is."""
    return urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))


def read_robots(agent: str, url: str, status: int, body: bytes) -> Robots:
    """The rules that an answer gives.

    Raises:
        RobotsDisallowed: the answer leaves the rules unknown.
    """
    if status == 429 or status >= 500:
        detail = f"{url} was answered with {status}; as long as its rules are unknown, no page is fetched"
        raise RobotsDisallowed("robots_unreachable", detail, url)
    rules = Protego.parse(body.decode("utf-8-sig", "replace") if status == 200 else "")
    asked = max(rules.crawl_delay(agent) or 0.0, 0.0)
    if asked > LONGEST_CRAWL_DELAY:
        log.warning("%s asks for %g s between pages; %g s it will be", url, asked, LONGEST_CRAWL_DELAY)
    return Robots(agent, url, rules, min(asked, LONGEST_CRAWL_DELAY))


def without_robots(url: str, error: CaptureError) -> CaptureError:
    """The error for every page of a site whose robots.txt cannot be had; it keeps the reason."""
    return CaptureError(error.reason, f"robots.txt cannot be had, so no page is fetched: {error.detail}", url)
