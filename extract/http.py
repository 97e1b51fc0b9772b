"""One polite HTTP session: robots.txt, rate, retries, limits, redirects on the same site only.

get ─▶ one hop after another (redirects, each asked of robots.txt)
         └─▶ one try after another (back-off, Retry-After)
               └─▶ one exchange (rate, time limits, size limit)
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from requests_ratelimiter import LimiterSession
from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_exponential, wait_random

from extract.body import ACCEPT_ENCODING, read_body
from extract.deadline import Deadline, WatchedAdapter
from extract.failures import explained
from extract.robots import Robots, read_robots, robots_url, without_robots
from sotaduck import __version__
from sotaduck.config import SourceConfig
from sotaduck.errors import CaptureError, RobotsDisallowed

log = logging.getLogger("sotaduck.http")

AGENT = "sotaduck"
MAX_REDIRECTS = 5
# A site that asks for more is not asked again in this run: to come back earlier would be rude.
LONGEST_RETRY_AFTER = 120.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
# What may pass by itself. `total_timeout` is not among them: the server had all the time there is.
_PASSING = frozenset(
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
# 0.5, 1, 2, 4 … seconds, and some chance, so that clients do not come back all at once.
_back_off = wait_exponential(multiplier=0.5, max=30) + wait_random(0, 0.5)


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
    """

    def __init__(
        self,
        config: SourceConfig,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config = config
        self._sleep = sleep
        self._now = now
        self._robots: dict[str, Robots | CaptureError] = {}
        self._last_asked: dict[str, datetime] = {}
        self._session = _session(config)

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
            RobotsDisallowed: robots.txt forbids the page, or leaves its rules unknown.
            CaptureError: there is no complete, acceptable response; `reason` says why.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in validators.items() if value}
        try:
            response = self._follow(url, headers, self._obey_robots)
            if response.status == 304 and not headers:
                raise CaptureError("unexpected_304", "304 Not Modified, though no copy was spoken of")
        except CaptureError as error:
            # Errors deep below speak of a hop or of robots.txt: the page that was asked for names them.
            detail = f"{error.detail} (at {error.url})" if error.url not in ("", url) else error.detail
            raise type(error)(error.reason, detail, url) from error
        return response

    def _obey_robots(self, parts: SplitResult) -> None:
        site = robots_url(parts)
        if site not in self._robots:
            try:
                answer = self._follow(site, {}, lambda _: None)
                self._robots[site] = read_robots(AGENT, site, answer.status, answer.body)
            except RobotsDisallowed as error:
                self._robots[site] = error
            except CaptureError as error:
                self._robots[site] = without_robots(site, error)
        robots = self._robots[site]
        if isinstance(robots, CaptureError):
            raise robots
        robots.check(parts.geturl())

    def _follow(self, url: str, headers: Mapping[str, str], allow: Callable[[SplitResult], None]) -> Response:
        """Follow redirects by hand: each hop must be allowed before it is asked for."""
        seen = [url.partition("#")[0]]
        while True:
            here = _split(seen[-1])
            allow(here)
            answer = self._persist(seen[-1], headers)
            location = answer.header("Location")
            if answer.status not in _REDIRECTS or location is None:
                return Response(
                    url,
                    seen[-1],
                    answer.status,
                    answer.reason,
                    answer.headers,
                    answer.body,
                    answer.fetched_at,
                )
            target = _redirect_target(here, location)
            if target in seen:
                raise CaptureError("redirect_loop", f"redirects in a circle: {' → '.join([*seen, target])}")
            if len(seen) > MAX_REDIRECTS:
                raise CaptureError("too_many_redirects", f"more than {MAX_REDIRECTS}, the last to {target}")
            seen.append(target)

    def _persist(self, url: str, headers: Mapping[str, str]) -> Response:
        """Try until there is a final answer, or the tries are used up: then the last outcome stands."""
        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._config.retries + 1),
            wait=self._pause,
            retry=self._may_pass,
            before_sleep=_log_retry,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        answer: Response = retrying(self._exchange, url, headers)
        return answer

    def _may_pass(self, state: RetryCallState) -> bool:
        if state.outcome is None:
            return False
        error = state.outcome.exception()
        if error is not None:
            return isinstance(error, CaptureError) and error.reason in _PASSING
        answer = state.outcome.result()
        if answer.status != 429 and answer.status < 500:
            return False
        return (self._retry_after(answer) or 0.0) <= LONGEST_RETRY_AFTER

    def _pause(self, state: RetryCallState) -> float:
        pause = _back_off(state)
        if state.outcome is None or state.outcome.failed:
            return pause
        return max(pause, self._retry_after(state.outcome.result()) or 0.0)

    def _retry_after(self, answer: Response) -> float | None:
        """Seconds that the server asks to wait; None where it says nothing that can be read."""
        text = (answer.header("Retry-After") or "").strip()
        if re.fullmatch(r"[0-9]{1,9}", text):
            return float(text)
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - self._now()).total_seconds())

    def _exchange(self, url: str, headers: Mapping[str, str]) -> Response:
        """One request, one complete response."""
        self._wait_for_crawl_delay(url)
        config = self._config
        limit = int(config.max_body_mb * 2**20)
        with Deadline(config.total_timeout) as deadline:
            try:
                with self._session.get(
                    url,
                    headers=headers,
                    timeout=(config.connect_timeout, config.read_timeout),
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    body = read_body(answer.raw, limit)
            except (CaptureError, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if deadline.passed:
                    raise _too_slow(config.total_timeout, url) from error
                raise error if isinstance(error, CaptureError) else explained(error, url) from error
            if deadline.passed:
                # A body without a length looks whole when the connection is shut in its middle.
                raise _too_slow(config.total_timeout, url)
        fetched_at = self._now().astimezone(UTC).replace(microsecond=0)
        sent = tuple((name, value) for name, value in answer.raw.headers.items())
        return Response(url, url, answer.status_code, answer.reason or "", sent, body, fetched_at)

    def _wait_for_crawl_delay(self, url: str) -> None:
        site = robots_url(urlsplit(url))
        robots, last = self._robots.get(site), self._last_asked.get(site)
        if isinstance(robots, Robots) and last is not None:
            since = (self._now() - last).total_seconds()
            # A clock that was set back must not make us wait for longer.
            if (pause := min(robots.crawl_delay - since, robots.crawl_delay)) > 0:
                self._sleep(pause)
        self._last_asked[site] = self._now()


def _session(config: SourceConfig) -> requests.Session:
    rate = config.requests_per_second
    # `burst` spaces the requests evenly; without it, a second's worth would go out at once. No status
    # fills the limiter's bucket: Retry-After is obeyed here, and more exactly.
    session = (
        LimiterSession(per_second=rate, burst=1 / rate, limit_statuses=()) if rate else requests.Session()
    )
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
    # The environment's proxies and certificates are obeyed: behind a company's proxy nothing works
    # without them. An `auth` of our own that does nothing keeps .netrc out of it.
    session.auth = lambda request: request
    # What a page says must not depend on which pages were asked for before.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _too_slow(seconds: float, url: str) -> CaptureError:
    return CaptureError("total_timeout", f"no complete response within {seconds:g} s (total_timeout)", url)


def _log_retry(state: RetryCallState) -> None:
    url, outcome = state.args[0], state.outcome
    if outcome is not None and state.next_action is not None:
        what = outcome.exception() or f"{url}: status {outcome.result().status}"
        log.info("%s; next try in %.1f s", what, state.next_action.sleep)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise CaptureError("bad_url", f"not an address: {error}", url) from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise CaptureError("bad_url", "not an absolute http(s) address", url)
    return parts


def _site(parts: SplitResult) -> tuple[str, int | None]:
    """What the addresses of one site have in common: the host without `www.`, a port out of the ordinary."""
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    return host, None if parts.port == _PORTS[parts.scheme] else parts.port


def _redirect_target(here: SplitResult, location: str) -> str:
    """Where a redirect leads. Raises for one that leaves the site, http(s), or the safety of https."""
    try:
        target = urljoin(here.geturl(), location.strip()).partition("#")[0]
        scheme = urlsplit(target).scheme
    except ValueError as error:
        raise CaptureError("bad_url", f"redirects to {location!r}: {error}") from error
    if scheme not in _PORTS:
        raise CaptureError("redirect_not_http", f"redirects to {target}, which is not http(s)")
    there = _split(target)
    if _site(there) != _site(here):
        raise CaptureError("redirect_other_site", f"redirects to another site, {target}")
    if here.scheme == "https" and there.scheme == "http":
        raise CaptureError("redirect_insecure", f"redirects from https to {target}")
    return target
