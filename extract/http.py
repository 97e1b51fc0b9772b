"""One polite HTTP session: robots.txt, rate, retries, limits, redirects on the same site only.

    get ─▶ one hop after another (redirects, each asked of robots.txt)
             └─▶ one try after another (back-off, Retry-After)
                   └─▶ one exchange (rate, time limits, size limit)
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from protego import Protego
from requests_ratelimiter import LimiterSession
from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_exponential_jitter

from extract.body import ACCEPT_ENCODING, read_body
from extract.deadline import Deadline, WatchedAdapter
from sotaduck import __version__
from sotaduck.config import SourceConfig
from sotaduck.errors import CaptureError, ConfigError, RobotsDisallowed

AGENT = "sotaduck"
MAX_REDIRECTS = 5
# A site that asks for more is not asked again in this run: coming back earlier would be rude.
LONGEST_RETRY_AFTER = 120.0
LONGEST_CRAWL_DELAY = 120.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRIED_STATUS = frozenset({429, 500, 502, 503, 504})
# What may pass by itself. `total_timeout` is not among them: the server had all the time there is.
_RETRIED_REASON = frozenset(
    {
        "connection_failed",
        "connection_refused",
        "connection_reset",
        "connect_timeout",
        "dns",
        "read_timeout",
        "truncated_body",
    }
)


@dataclass(frozen=True, slots=True)
class Response:
    """One final HTTP response, whatever its status.

    Attributes:
        url: address that was asked for.
        final_url: address that answered, after redirects.
        status, reason: of the status line (404, `Not Found`).
        headers: name and value as sent, in order, repeated where they were.
        body: without its transfer and content encodings.
        fetched_at: when the body was complete, UTC, whole seconds.
    """

    url: str
    final_url: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name; None where it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class PoliteSession:
    """Fetches pages of one source. A context manager over one `requests` session.

    Args:
        config: rate, contact, limits, retries.
        sleep: how to wait between tries and for a Crawl-delay (seconds).
        now: the present time, aware.

    Raises:
        ConfigError: a contact that cannot stand in a header.
    """

    def __init__(
        self,
        config: SourceConfig,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not (config.contact.isascii() and config.contact.isprintable()):
            raise ConfigError(f"contact must be printable ASCII for the User-Agent, not {config.contact!r}")
        self._config = config
        self._sleep = sleep
        self._now = now
        self._robots: dict[str, Protego | RobotsDisallowed] = {}
        self._last_asked: dict[str, float] = {}
        rate = config.requests_per_second
        # No status fills the bucket: Retry-After is obeyed here, and more exactly.
        session = LimiterSession(per_second=rate, limit_statuses=()) if rate else requests.Session()
        session.mount("http://", WatchedAdapter())
        session.mount("https://", WatchedAdapter())
        session.headers.clear()
        session.headers.update(
            {
                "User-Agent": f"{AGENT}/{__version__} (+{config.contact})",
                "Accept": "*/*",
                "Accept-Encoding": ACCEPT_ENCODING,
            }
        )
        # The environment's proxies and certificates are obeyed: behind a company's proxy nothing
        # works without them. An `auth` of our own that does nothing keeps .netrc out of it.
        session.auth = lambda request: request
        # What a page says must not depend on which pages were asked before.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session = session

    def __enter__(self) -> PoliteSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        """Fetch a page; any final status is a response.

        Args:
            url: absolute http(s) address.
            etag, last_modified: validators of the copy at hand; the answer may then be 304.

        Raises:
            RobotsDisallowed: robots.txt forbids the page, or could not be had.
            CaptureError: there is no complete, acceptable response; `reason` says why.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in validators.items() if value}
        try:
            response = self._follow(url, headers, self._obey_robots)
            if response.status == 304 and not headers:
                raise CaptureError("unexpected_304", "304 Not Modified, though nothing was said of a copy")
            return response
        except CaptureError as error:
            # Errors deep below speak of a hop or of robots.txt: the page that was asked for names them.
            error_url = error.url if error.url not in ("", url) else ""
            detail = f"{error.detail} (at {error_url})" if error_url else error.detail
            raise type(error)(error.reason, detail, url) from error

    def _follow(
        self, url: str, headers: dict[str, str], before: Callable[[SplitResult], None] | None = None
    ) -> Response:
        """Follow redirects by hand: each hop must be allowed before it is asked for."""
        start = _split(url)
        seen = [url.partition("#")[0]]
        while True:
            here = _split(seen[-1])
            if before:
                before(here)
            response = self._persist(seen[-1], headers)
            location = response.header("Location")
            if response.status not in _REDIRECTS or location is None:
                return Response(
                    url, seen[-1], response.status, response.reason,
                    response.headers, response.body, response.fetched_at,
                )  # fmt: skip
            target = urljoin(seen[-1], location.strip()).partition("#")[0]
            _check_redirect(start, here, target)
            if target in seen:
                raise CaptureError("redirect_loop", f"redirects run in a circle: {' → '.join([*seen, target])}")
            if len(seen) > MAX_REDIRECTS:
                raise CaptureError("too_many_redirects", f"more than {MAX_REDIRECTS} redirects, last to {target}")
            seen.append(target)

    def _persist(self, url: str, headers: dict[str, str]) -> Response:
        """Try until there is a final answer, or the tries are used up: then the last response stands."""
        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._config.retries + 1),
            wait=self._pause,
            retry=self._may_pass,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        outcome: Response = retrying(self._exchange, url, headers)
        return outcome

    def _may_pass(self, state: RetryCallState) -> bool:
        if state.outcome is None:
            return False
        error = state.outcome.exception()
        if error is not None:
            return isinstance(error, CaptureError) and error.reason in _RETRIED_REASON
        response = state.outcome.result()
        asked = self._retry_after(response)
        return response.status in _RETRIED_STATUS and (asked is None or asked <= LONGEST_RETRY_AFTER)

    def _pause(self, state: RetryCallState) -> float:
        backoff = wait_exponential_jitter(initial=0.5, max=30, jitter=0.5)(state)
        if state.outcome is None or state.outcome.failed:
            return backoff
        return max(backoff, self._retry_after(state.outcome.result()) or 0.0)

    def _retry_after(self, response: Response) -> float | None:
        """Seconds that the server asks to wait; None where it says nothing that can be read."""
        text = (response.header("Retry-After") or "").strip()
        if re.fullmatch(r"[0-9]{1,9}", text):
            return float(text)
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - self._now()).total_seconds())

    def _exchange(self, url: str, headers: dict[str, str]) -> Response:
        """One request, one complete response."""
        config = self._config
        self._wait_for_crawl_delay(url)
        try:
            request = self._session.prepare_request(requests.Request("GET", url, headers=headers))
            settings = self._session.merge_environment_settings(request.url or url, {}, True, None, None)
        except (requests.RequestException, UnicodeError) as error:
            raise CaptureError("bad_url", f"cannot be asked for: {error}", url) from error
        # The time in which the rate limit makes us wait is ours, not the server's.
        with Deadline(0 if False else config.total_timeout) as deadline:
            pass
        raise NotImplementedError(settings, deadline)
