"""The polite session, against a server with every fault."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from extract.http import LONGEST_RETRY_AFTER, MAX_REDIRECTS, PoliteSession, Response
from extract.robots import LONGEST_CRAWL_DELAY
from sotaduck import __version__
from sotaduck.config import SourceConfig
from sotaduck.errors import CaptureError, RobotsDisallowed
from tests import server as faults
from tests.server import PageServer, in_turn, page, redirect, redirect_chain, robots, status, validated

HTML = b"<html><table></table></html>"
QUICK = SourceConfig(
    requests_per_second=0,
    contact="mailto:me@example.org",
    connect_timeout=2,
    read_timeout=0.3,
    total_timeout=5,
    max_body_mb=2,
    retries=2,
)


class Clock:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def site() -> Iterator[PageServer]:
    with PageServer() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(clock: Clock) -> Iterator[PoliteSession]:
    with PoliteSession(QUICK, sleep=clock.sleep, now=clock.now) as polite:
        yield polite


def with_config(clock: Clock, **changes: object) -> PoliteSession:
    return PoliteSession(msgspec.structs.replace(QUICK, **changes), sleep=clock.sleep, now=clock.now)


def failure(session: PoliteSession, url: str) -> CaptureError:
    with pytest.raises(CaptureError) as caught:
        session.get(url)
    assert caught.value.url == url
    return caught.value


# A good page


def test_a_page_comes_whole_with_its_headers_and_time(
    site: PageServer, session: PoliteSession, clock: Clock
) -> None:
    site.routes["/a"] = status(200, HTML, ETag='"v1"', Set_Cookie="a=1")
    response = session.get(site.url + "/a")
    assert (response.status, response.reason, response.body) == (200, "OK", HTML)
    assert response.url == response.final_url == site.url + "/a"
    assert response.header("etag") == '"v1"' and response.header("ETag") == '"v1"'
    assert response.header("Last-Modified") is None
    assert response.fetched_at == clock.time


def test_a_compressed_page_is_decoded(site: PageServer, session: PoliteSession) -> None:
    site.routes["/a"] = page(HTML * 1000, compressed=True)
    assert session.get(site.url + "/a").body == HTML * 1000


def test_the_user_agent_names_program_version_and_contact(site: PageServer, session: PoliteSession) -> None:
    session.get(site.url + "/a")
    agents = {request.headers["user-agent"] for request in site.log}
    assert agents == {f"sotaduck/{__version__} (+mailto:me@example.org)"}


def test_cookies_are_not_sent_back(site: PageServer, session: PoliteSession) -> None:
    site.routes["/a"] = status(200, HTML, Set_Cookie="session=1; Path=/")
    session.get(site.url + "/a")
    session.get(site.url + "/a")
    assert [request.headers.get("cookie") for request in site.asked("/a")] == [None, None]


def test_netrc_is_not_read(
    site: PageServer, session: PoliteSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session.get(site.url + "/a")
    assert all("authorization" not in request.headers for request in site.log)


@pytest.mark.parametrize("code", [404, 410, 403, 400])
def test_a_refusal_is_a_response_and_not_tried_again(
    site: PageServer, session: PoliteSession, clock: Clock, code: int
) -> None:
    site.routes["/a"] = status(code, b"sorry")
    response = session.get(site.url + "/a")
    assert (response.status, response.body) == (code, b"sorry")
    assert len(site.asked("/a")) == 1 and clock.pauses == []


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/a", "/benchmark/1", "http://", "http://127.0.0.1:99999/", "http://[::1/"]
)
def test_what_is_no_http_address_is_refused(session: PoliteSession, url: str) -> None:
    assert failure(session, url).reason == "bad_url"


# Conditional requests


@pytest.mark.parametrize("validators", [{"etag": '"v1"'}, {"last_modified": "Mon, 23 Nov 2026 10:00:00 GMT"}])
def test_an_unchanged_page_is_confirmed_and_not_sent_again(
    site: PageServer, session: PoliteSession, validators: dict[str, str]
) -> None:
    site.routes["/a"] = validated(HTML, **validators)
    assert session.get(site.url + "/a").status == 200
    confirmed = session.get(site.url + "/a", **validators)
    assert (confirmed.status, confirmed.body) == (304, b"")


def test_a_changed_page_is_sent_whole(site: PageServer, session: PoliteSession) -> None:
    site.routes["/a"] = validated(HTML, etag='"v2"')
    assert session.get(site.url + "/a", etag='"v1"').body == HTML


def test_304_without_a_condition_is_an_error(site: PageServer, session: PoliteSession) -> None:
    site.routes["/a"] = status(304, b"")
    assert failure(session, site.url + "/a").reason == "unexpected_304"


# Tries


def test_500_then_well_is_well(site: PageServer, session: PoliteSession, clock: Clock) -> None:
    site.routes["/a"] = in_turn(status(500), page(HTML))
    assert session.get(site.url + "/a").status == 200
    assert len(site.asked("/a")) == 2 and len(clock.pauses) == 1


def test_500_for_ever_is_the_answer_after_all_tries(
    site: PageServer, session: PoliteSession, clock: Clock
) -> None:
    site.routes["/a"] = status(500)
    assert session.get(site.url + "/a").status == 500
    assert len(site.asked("/a")) == 1 + QUICK.retries


def test_pauses_grow_and_differ(site: PageServer, clock: Clock) -> None:
    site.routes["/a"] = status(503)
    with with_config(clock, retries=4) as session:
        session.get(site.url + "/a")
    # 0.5 s doubled each time, and up to half a second of chance.
    for pause, base in zip(clock.pauses, [0.5, 1, 2, 4], strict=True):
        assert base <= pause <= base + 0.5
    assert any(pause not in (0.5, 1, 2, 4) for pause in clock.pauses)


def test_429_waits_as_long_as_retry_after_says(
    site: PageServer, session: PoliteSession, clock: Clock
) -> None:
    site.routes["/a"] = in_turn(status(429, Retry_After="17"), page(HTML))
    assert session.get(site.url + "/a").body == HTML
    assert clock.pauses == [17]


def test_retry_after_may_be_a_date(site: PageServer, session: PoliteSession, clock: Clock) -> None:
    until = format_datetime(clock.time + timedelta(seconds=33), usegmt=True)
    site.routes["/a"] = in_turn(status(503, Retry_After=until), page(HTML))
    assert session.get(site.url + "/a").body == HTML
    assert clock.pauses == [33]


def test_429_without_retry_after_backs_off(site: PageServer, session: PoliteSession, clock: Clock) -> None:
    site.routes["/a"] = in_turn(status(429), page(HTML))
    assert session.get(site.url + "/a").body == HTML
    assert len(clock.pauses) == 1 and 0.5 <= clock.pauses[0] <= 1


@pytest.mark.parametrize("text", ["soon", "-5", "1e9", ""])
def test_a_retry_after_that_cannot_be_read_is_as_none(
    site: PageServer, session: PoliteSession, clock: Clock, text: str
) -> None:
    site.routes["/a"] = in_turn(status(429, Retry_After=text), page(HTML))
    assert session.get(site.url + "/a").body == HTML
    assert len(clock.pauses) == 1 and clock.pauses[0] <= 1


def test_a_site_that_asks_for_a_long_pause_is_left_alone(
    site: PageServer, session: PoliteSession, clock: Clock
) -> None:
    site.routes["/a"] = in_turn(status(429, Retry_After=str(int(LONGEST_RETRY_AFTER) + 1)), page(HTML))
    response = session.get(site.url + "/a")
    assert (response.status, response.header("Retry-After")) == (429, "121")
    assert len(site.asked("/a")) == 1 and clock.pauses == []


# No complete response

FAULTS: dict[str, tuple[Callable[[faults.Request], None], str, int]] = {
    "stalled headers": (faults.stalled_headers, "read_timeout", 3),
    "stalled body": (faults.stalled_body, "read_timeout", 3),
    "truncated body": (faults.truncated_body, "truncated_body", 3),
    "truncated chunk": (faults.truncated_chunks, "truncated_body", 3),
    "chunks without the last": (faults.unfinished_chunks, "truncated_body", 3),
    "truncated gzip": (faults.truncated_gzip, "truncated_body", 3),
    "not gzip": (faults.not_gzip, "bad_encoding", 1),
    "unknown encoding": (status(200, b"x", Content_Encoding="br"), "bad_encoding", 1),
    "gzip bomb": (faults.gzip_bomb, "body_too_large", 1),
    "20 MiB of HTML": (faults.large_page(20), "body_too_large", 1),
    "no answer": (faults.hang_up, "connection_reset", 3),
    "not HTTP": (faults.not_http, "bad_response", 1),
}


@pytest.mark.parametrize(("fault", "reason", "tries"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_has_its_reason_and_is_tried_again_where_that_may_help(
    site: PageServer,
    session: PoliteSession,
    fault: Callable[[faults.Request], None],
    reason: str,
    tries: int,
) -> None:
    site.routes["/a"] = fault
    assert failure(session, site.url + "/a").reason == reason
    assert len(site.asked("/a")) == tries


def test_a_fault_that_passes_does_no_harm(site: PageServer, session: PoliteSession) -> None:
    site.routes["/a"] = in_turn(faults.truncated_body, faults.hang_up, page(HTML))
    assert session.get(site.url + "/a").body == HTML


def test_a_page_just_within_the_limit_is_taken(site: PageServer, session: PoliteSession) -> None:
    site.routes["/a"] = page(b"x" * (2 * 2**20))
    site.routes["/b"] = page(b"x" * (2 * 2**20 + 1))
    assert len(session.get(site.url + "/a").body) == 2 * 2**20
    assert failure(session, site.url + "/b").reason == "body_too_large"


@pytest.mark.parametrize("drip", [faults.dripping_headers, faults.dripping_body])
def test_a_dripping_answer_ends_at_the_total_time_limit(
    site: PageServer, clock: Clock, drip: Callable[[faults.Request], None]
) -> None:
    site.routes["/a"] = drip
    with with_config(clock, total_timeout=0.5) as session:
        session.get(site.url + "/first")  # the connection that is kept must be watched as well
        began = time.monotonic()
        assert failure(session, site.url + "/a").reason == "total_timeout"
    assert 0.4 < time.monotonic() - began < 2
    assert len(site.asked("/a")) == 1


def test_a_dripping_tls_handshake_ends_at_the_total_time_limit(clock: Clock) -> None:
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB is to come
            while not over.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        began = time.monotonic()
        with with_config(clock, total_timeout=0.5) as session:
            url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
            assert failure(session, url).reason == "total_timeout"
        over.set()
        thread.join()
    assert time.monotonic() - began < 2


def test_time_in_which_the_rate_makes_us_wait_is_not_the_servers(site: PageServer, clock: Clock) -> None:
    with with_config(clock, requests_per_second=2, total_timeout=0.3) as session:
        assert session.get(site.url + "/a").status == 404
        assert session.get(site.url + "/b").status == 404


def test_a_refused_connection_is_named_after_all_tries(clock: Clock, session: PoliteSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(session, f"http://127.0.0.1:{port}/a")
    assert error.reason == "connection_refused" and "robots.txt" in error.detail
    assert len(clock.pauses) == QUICK.retries


def test_an_unknown_host_is_named(session: PoliteSession) -> None:
    assert failure(session, "http://no-such-host.invalid/a").reason == "dns"


def test_plain_text_where_tls_was_promised_is_not_tried_again(
    site: PageServer, session: PoliteSession, clock: Clock
) -> None:
    assert failure(session, f"https://127.0.0.1:{site.port}/a").reason == "tls"
    assert clock.pauses == []


# Redirects


def test_a_redirect_on_the_site_is_followed(site: PageServer, session: PoliteSession) -> None:
    site.routes["/a"] = redirect("/b", 301)
    site.routes["/b"] = page(HTML)
    response = session.get(site.url + "/a")
    assert (response.url, response.final_url) == (site.url + "/a", site.url + "/b")
    assert response.body == HTML


def test_five_redirects_are_followed_and_six_are_not(site: PageServer, session: PoliteSession) -> None:
    assert MAX_REDIRECTS == 5
    site.routes |= redirect_chain("/five", 5, page(HTML)) | redirect_chain("/six", 6, page(HTML))
    assert session.get(site.url + "/five0").final_url == site.url + "/five5"
    assert failure(session, site.url + "/six0").reason == "too_many_redirects"


def test_redirects_in_a_circle_end(site: PageServer, session: PoliteSession) -> None:
    site.routes |= {"/a": redirect("/b"), "/b": redirect("/a#top"), "/self": redirect("/self")}
    assert failure(session, site.url + "/a").reason == "redirect_loop"
    assert failure(session, site.url + "/self").reason == "redirect_loop"


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "javascript:alert(1)", "data:,x"]
)
def test_a_redirect_away_from_http_is_refused(site: PageServer, session: PoliteSession, target: str) -> None:
    site.routes["/a"] = redirect(target)
    assert failure(session, site.url + "/a").reason == "redirect_not_http"


def test_a_redirect_to_another_host_or_port_is_refused_and_never_asked(
    site: PageServer, session: PoliteSession
) -> None:
    with PageServer({"/b": page(HTML)}) as other:
        for target in (other.url + "/b", f"//127.0.0.1:{other.port}/b", f"http://localhost:{site.port}/b"):
            site.routes["/a"] = redirect(target)
            error = failure(session, site.url + "/a")
            assert (error.reason, target.partition("//")[2] in error.detail) == ("redirect_other_site", True)
        assert other.log == []


@pytest.mark.parametrize(
    ("start", "target", "reason"),
    [
        ("http://example.org/a", "https://example.org/a", None),
        ("http://example.org/a", "https://www.example.org/a", None),
        ("https://www.example.org/a", "https://Example.org:443/b", None),
        ("https://example.org/a", "http://example.org/a", "redirect_insecure"),
        ("https://example.org/a", "https://evil.example.org/a", "redirect_other_site"),
        ("https://example.org/a", "https://example.org.evil.net/a", "redirect_other_site"),
        ("https://example.org/a", "https://example.org@evil.net/a", "redirect_other_site"),
        ("http://example.org/a", "http://example.org:8080/a", "redirect_other_site"),
        ("https://example.org/a", "https://example.org:nine/a", "bad_url"),
        ("https://example.org/a", "https://[example/a", "bad_url"),
    ],
)
def test_what_counts_as_the_same_site(
    session: PoliteSession, monkeypatch: pytest.MonkeyPatch, start: str, target: str, reason: str | None
) -> None:
    def exchange(url: str, headers: object) -> Response:
        first = url == start
        sent = (("Location", target),) if first else ()
        code = 404 if url.endswith("/robots.txt") else 302 if first else 200
        return Response(url, url, code, "", sent, b"", datetime(2026, 1, 1, tzinfo=UTC))

    monkeypatch.setattr(session, "_exchange", exchange)
    if reason is None:
        assert session.get(start).final_url == target
    else:
        assert failure(session, start).reason == reason


# robots.txt


def test_robots_txt_is_asked_first_and_once(site: PageServer, session: PoliteSession) -> None:
    for path in ("/a", "/b"):
        session.get(site.url + path)
    assert [request.path for request in site.log] == ["/robots.txt", "/a", "/b"]


def test_a_forbidden_page_is_never_asked_for(site: PageServer, session: PoliteSession) -> None:
    site.routes["/robots.txt"] = robots("User-agent: *\nDisallow: /paper/\nAllow: /paper/1$\n")
    error = failure(session, site.url + "/paper/2")
    assert isinstance(error, RobotsDisallowed) and error.reason == "robots_disallowed"
    assert session.get(site.url + "/paper/1").status == 404
    assert session.get(site.url + "/benchmark/2").status == 404
    assert site.asked("/paper/2") == []


def test_rules_for_us_by_name_go_before_those_for_all(site: PageServer, session: PoliteSession) -> None:
    site.routes["/robots.txt"] = robots("User-agent: *\nAllow: /\n\nUser-agent: SotaDuck\nDisallow: /\n")
    assert failure(session, site.url + "/a").reason == "robots_disallowed"


def test_a_redirect_to_a_forbidden_page_is_not_followed(site: PageServer, session: PoliteSession) -> None:
    site.routes["/robots.txt"] = robots("User-agent: *\nDisallow: /private")
    site.routes["/a"] = redirect("/private")
    error = failure(session, site.url + "/a")
    assert error.reason == "robots_disallowed" and "/private" in error.detail
    assert site.asked("/private") == []


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_no_robots_txt_allows_all(site: PageServer, session: PoliteSession, code: int) -> None:
    site.routes |= {"/robots.txt": status(code, b"User-agent: *\nDisallow: /"), "/a": page(HTML)}
    assert session.get(site.url + "/a").body == HTML


@pytest.mark.parametrize("code", [500, 503, 429])
def test_rules_that_stay_unknown_forbid_all(site: PageServer, session: PoliteSession, code: int) -> None:
    site.routes |= {"/robots.txt": status(code), "/a": page(HTML)}
    for _ in range(2):
        error = failure(session, site.url + "/a")
        assert isinstance(error, RobotsDisallowed) and error.reason == "robots_unreachable"
    assert site.asked("/a") == [] and len(site.asked("/robots.txt")) == 1 + QUICK.retries


def test_robots_txt_with_html_or_bytes_of_any_kind_forbids_nothing(
    site: PageServer, session: PoliteSession
) -> None:
    site.routes |= {"/robots.txt": page(b"\xff\xfe\x00<html>Disallow"), "/a": page(HTML)}
    assert session.get(site.url + "/a").body == HTML


def test_crawl_delay_is_kept_between_pages(site: PageServer, session: PoliteSession, clock: Clock) -> None:
    site.routes["/robots.txt"] = robots("User-agent: *\nCrawl-delay: 10\n")
    session.get(site.url + "/a")
    clock.time += timedelta(seconds=4)
    session.get(site.url + "/b")
    clock.time += timedelta(seconds=11)
    session.get(site.url + "/c")
    # robots.txt was a request as well: ten seconds after it, and six more than the four that passed.
    assert clock.pauses == [10, 6]


def test_crawl_delay_has_a_longest(site: PageServer, session: PoliteSession, clock: Clock) -> None:
    site.routes["/robots.txt"] = robots("User-agent: *\nCrawl-delay: 86400\n")
    session.get(site.url + "/a")
    assert clock.pauses == [LONGEST_CRAWL_DELAY]


# Rate


def test_requests_are_spaced_evenly(site: PageServer, clock: Clock) -> None:
    with with_config(clock, requests_per_second=5) as session:
        for number in range(4):
            session.get(f"{site.url}/{number}")
    times = [request.time for request in site.log]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    # robots.txt and four pages: four gaps of a fifth of a second each. The server's clock sees a request late
    # on a busy machine, and the next gap is shorter by as much: no burst, and the rate over all.
    assert len(gaps) == 4 and all(gap > 0.1 for gap in gaps)
    assert 0.75 < times[-1] - times[0] < 5


def test_the_rate_holds_for_tries_too(site: PageServer, clock: Clock) -> None:
    site.routes["/a"] = status(503)
    with with_config(clock, requests_per_second=5) as session:
        session.get(site.url + "/a")
    times = [request.time for request in site.asked("/a")]
    assert all(later - earlier > 0.1 for earlier, later in pairwise(times))


def test_each_host_has_a_rate_of_its_own(site: PageServer, clock: Clock) -> None:
    with PageServer() as other, with_config(clock, requests_per_second=1) as session:
        began = time.monotonic()
        for server in (site, other):
            session.get(server.url + "/a")
        # One page each after its robots.txt: a second for each host, and none between the hosts.
        assert time.monotonic() - began < 2.8
        assert other.log[0].time - site.log[-1].time < 0.5


def test_no_rate_means_no_waiting(site: PageServer, session: PoliteSession) -> None:
    began = time.monotonic()
    for number in range(50):
        session.get(f"{site.url}/{number}")
    assert time.monotonic() - began < 2
