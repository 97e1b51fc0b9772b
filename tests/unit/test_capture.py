"""Pages of a list, captured: good ones, unchanged ones, and every failure by itself."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from extract.archive import Archive
from extract.capture import PATIENCE, Captured, capture_pages
from extract.http import PoliteSession
from sotaduck.config import SourceConfig
from sotaduck.records import Failure
from tests import server as faults
from tests.server import PageServer, page, redirect, robots, status, validated

CONFIG = SourceConfig(
    requests_per_second=0, read_timeout=0.3, total_timeout=1.5, connect_timeout=1, max_body_mb=1, retries=1
)


@pytest.fixture
def site() -> Iterator[PageServer]:
    with PageServer() as server:
        yield server


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive") as opened:
        yield opened


def capture(archive: Archive, *urls: str, full: bool = False) -> list[Captured]:
    with PoliteSession(CONFIG, sleep=lambda seconds: None) as session:
        return capture_pages("paperswithcode2", urls, archive, session, full=full)


def test_pages_come_in_the_order_that_was_asked(site: PageServer, archive: Archive) -> None:
    site.routes |= {f"/{name}": page(name.encode()) for name in "cab"}
    urls = [f"{site.url}/{name}" for name in "cab"]
    captured = capture(archive, *urls)
    assert [item.url for item in captured] == urls
    assert [item.failure for item in captured] == [None] * 3
    assert [archive.body(item.capture) for item in captured if item.capture] == [b"c", b"a", b"b"]


def test_a_second_run_sends_conditions_only_and_confirms(site: PageServer, archive: Archive) -> None:
    site.routes |= {
        "/etag": validated(b"one", etag='"v1"'),
        "/date": validated(b"two", last_modified="Mon, 23 Nov 2026 10:00:00 GMT"),
        "/none": page(b"three"),
    }
    urls = [site.url + path for path in site.routes]
    first = capture(archive, *urls)
    for _ in range(2):
        again = capture(archive, *urls)
        assert [item.capture.status for item in again if item.capture] == [304, 304, 200]
        assert [item.capture.digest for item in again if item.capture] == [
            item.capture.digest for item in first if item.capture
        ]
        assert [item.failure for item in again] == [None] * 3
    assert [request.headers.get("if-none-match") for request in site.asked("/etag")] == [None, '"v1"', '"v1"']
    sent = [request.headers.get("if-modified-since") for request in site.asked("/date")]
    assert sent == [None] + ["Mon, 23 Nov 2026 10:00:00 GMT"] * 2


def test_a_full_run_asks_without_conditions(site: PageServer, archive: Archive) -> None:
    site.routes["/a"] = validated(b"page", etag='"v1"')
    capture(archive, site.url + "/a")
    (item,) = capture(archive, site.url + "/a", full=True)
    assert item.capture is not None and item.capture.status == 200
    assert all("if-none-match" not in request.headers for request in site.log)


def test_after_an_error_page_the_last_good_page_is_still_the_condition(
    site: PageServer, archive: Archive
) -> None:
    site.routes["/a"] = validated(b"page", etag='"v1"')
    (good,) = capture(archive, site.url + "/a")
    site.routes["/a"] = status(404, ETag='"error"')
    capture(archive, site.url + "/a")
    site.routes["/a"] = validated(b"page", etag='"v1"')
    (item,) = capture(archive, site.url + "/a")
    assert item.capture is not None and good.capture is not None
    assert (item.capture.status, item.capture.digest) == (304, good.capture.digest)


@pytest.mark.parametrize(
    ("code", "retry_after"), [(404, None), (410, None), (403, None), (429, "3600"), (500, None), (503, None)]
)
def test_an_error_page_is_archived_and_is_a_failure(
    site: PageServer, archive: Archive, code: int, retry_after: str | None
) -> None:
    headers = {"Retry_After": retry_after} if retry_after else {}
    site.routes["/a"] = status(code, b"sorry", **headers)
    (item,) = capture(archive, site.url + "/a")
    assert item.capture is not None and item.failure is not None
    assert (item.capture.status, archive.body(item.capture)) == (code, b"sorry")
    assert (item.failure.stage, item.failure.reason) == ("fetch", f"http_{code}")
    assert item.failure.capture_id == item.capture.capture_id
    assert str(code) in item.failure.detail and (retry_after or "") in item.failure.detail


def test_one_bad_page_never_stops_the_others(site: PageServer, archive: Archive) -> None:
    with PageServer() as other, socket.create_server(("127.0.0.1", 0)) as closed:
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        site.routes |= {
            "/robots.txt": robots("User-agent: *\nDisallow: /forbidden"),
            "/404": status(404),
            "/500": status(500),
            "/429": status(429),
            "/stalled": faults.stalled_body,
            "/dripping": faults.dripping_body,
            "/truncated": faults.truncated_body,
            "/bomb": faults.gzip_bomb,
            "/large": faults.large_page(20),
            "/hang-up": faults.hang_up,
            "/elsewhere": redirect(other.url + "/good"),
            "/file": redirect("file:///etc/passwd"),
            "/circle": redirect("/circle"),
            "/forbidden": page(b"secret"),
            "/good": page(b"good"),
        }
        expected = {
            "/404": "http_404",
            "/500": "http_500",
            "/429": "http_429",
            "/stalled": "read_timeout",
            "/dripping": "total_timeout",
            "/truncated": "truncated_body",
            "/bomb": "body_too_large",
            "/large": "body_too_large",
            "/hang-up": "connection_reset",
            "/elsewhere": "redirect_other_site",
            "/file": "redirect_not_http",
            "/circle": "redirect_loop",
            "/forbidden": "robots_disallowed",
        }
        urls = [*(site.url + path for path in expected), refused + "/a", "mailto:x", site.url + "/good"]
        *bad, good = capture(archive, *urls)
        assert other.log == []
    assert [item.failure.reason for item in bad if item.failure] == [
        *expected.values(),
        "connection_refused",
        "bad_url",
    ]
    assert all(item.failure.detail and item.failure.url == item.url for item in bad if item.failure)
    assert good.failure is None and good.capture is not None and archive.body(good.capture) == b"good"
    assert [item.capture.status for item in bad if item.capture] == [404, 500, 429]


def test_progress_is_told_after_each_page(site: PageServer, archive: Archive) -> None:
    site.routes["/b"] = page(b"b")
    urls = [site.url + "/a", site.url + "/b"]
    told: list[tuple[int, int, str]] = []
    with PoliteSession(CONFIG) as session:
        capture_pages(
            "s",
            urls,
            archive,
            session,
            progress=lambda done, total, url: told.append((done, total, url)),
        )
    assert told == [(1, 2, urls[0]), (2, 2, urls[1])]


def test_a_host_that_goes_down_is_soon_left_alone(archive: Archive, caplog: pytest.LogCaptureFixture) -> None:
    pauses: list[float] = []
    server = PageServer({"/0": page(b"good")})
    with server, PageServer({"/x": page(b"well")}) as well:
        urls = [server.url + "/0", *(f"{server.url}/{number}" for number in range(1, 100)), well.url + "/x"]

        def stop(done: int, total: int, url: str) -> None:
            if done == 1:
                server.close()

        with (
            caplog.at_level(logging.WARNING),
            PoliteSession(CONFIG, sleep=pauses.append) as session,
        ):
            captured = capture_pages("s", urls, archive, session, progress=stop)
    reasons = [item.failure.reason if item.failure else None for item in captured]
    assert reasons == [
        None,
        *["connection_refused"] * PATIENCE,
        *["host_unreachable"] * (99 - PATIENCE),
        None,
    ]
    # Every page that was asked for had all its tries, and the others cost none.
    assert len(pauses) == PATIENCE * CONFIG.retries
    assert caplog.text.count("cannot be reached") == 1


def test_a_page_that_answers_makes_the_host_reachable_again(
    site: PageServer, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.capture.PATIENCE", 2)
    site.routes["/hang-up"] = faults.hang_up
    captured = capture(archive, *(site.url + path for path in ["/hang-up"] * 5 + ["/a"]))
    # The host is there, though it answers nothing: it is not given up.
    assert [item.failure.reason for item in captured if isinstance(item.failure, Failure)] == [
        *["connection_reset"] * 5,
        "http_404",
    ]
