"""Leaderboards found from a site's index pages, by a `fetch` that is a dictionary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from extract.discover import Discovered, board_url, discover_boards, listed_boards
from sotaduck.errors import ConfigError

BASE = "https://paperswithcode2.com"
SOURCE = "paperswithcode2"


class Site:
    """Index pages as lists of links; remembers what it was asked for, in order."""

    def __init__(self, pages: dict[str, list[str]]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes | None:
        self.asked.append(url.removeprefix(BASE))
        links = self.pages.get(url.removeprefix(BASE))
        if links is None:
            return None
        return "".join(f"<li><a class=x href='{link}'>n</a>" for link in links).encode()

    def discover(
        self, most_pages: int = 100, fetch: Callable[[str], bytes | None] | None = None
    ) -> Discovered:
        return discover_boards(SOURCE, BASE, fetch or self.fetch, most_pages)


def site() -> Site:
    return Site(
        {
            "/sota": ["/", "/about", "/sota/vision", "/sota/speech", "/benchmark/1"],
            "/tasks": ["/task/a", "/task/b?page=2", "/benchmark/2"],
            "/datasets": [],
            "/sota/vision": ["/benchmark/3", "/task/a"],
            "/sota/speech": ["/benchmark/4"],
            "/task/a": ["/benchmark/5", "/sota"],
            "/task/b?page=2": ["/benchmark/6"],
        }
    )


def numbers(found: Discovered) -> list[int]:
    return [int(url.removeprefix(f"{BASE}/benchmark/")) for url in found.boards]


def test_the_near_pages_are_read_before_the_far_ones_and_each_once() -> None:
    pages = site()
    found = pages.discover()
    assert pages.asked == [
        "/sota", "/tasks", "/datasets",
        "/sota/vision", "/sota/speech", "/task/a", "/task/b?page=2",
    ]  # fmt: skip
    assert numbers(found) == [1, 2, 3, 4, 5, 6]
    assert (found.pages_read, found.unread, found.complete) == (7, (), True)


def test_the_limit_cuts_the_far_ends_and_says_so() -> None:
    found = site().discover(most_pages=4)
    assert numbers(found) == [1, 2, 3]
    assert not found.complete
    assert found.unread == tuple(BASE + path for path in ("/sota/speech", "/task/a", "/task/b?page=2"))


def test_a_page_that_cannot_be_had_does_not_stop_the_others() -> None:
    pages = site()
    del pages.pages["/sota"]
    found = pages.discover()
    assert numbers(found) == [2, 5, 6]
    assert found.unread == (f"{BASE}/sota",)
    assert found.complete


def test_an_interrupted_discovery_asks_the_site_only_for_what_is_missing() -> None:
    pages, archive = site(), dict[str, bytes | None]()

    def captured(url: str, until: int) -> bytes | None:
        if url not in archive:
            if len(archive) == until:
                raise KeyboardInterrupt
            archive[url] = pages.fetch(url)
        return archive[url]

    with pytest.raises(KeyboardInterrupt):
        pages.discover(fetch=lambda url: captured(url, 4))
    assert len(pages.asked) == 4
    found = pages.discover(fetch=lambda url: captured(url, 99))
    assert found == site().discover()
    assert len(pages.asked) == len(set(pages.asked)) == 7


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.org/benchmark/9",
        "//evil.org/benchmark/9",
        "https://paperswithcode2.com.evil.org/benchmark/9",
        "https://paperswithcode2.com@evil.org/benchmark/9",
        "https://paperswithcode2.com:8443/benchmark/9",
        "ftp://paperswithcode2.com/benchmark/9",
        "javascript:location='/benchmark/9'",
        "mailto:a@paperswithcode2.com",
        "http://[",
        "/benchmark/",
        "/benchmark/9/edit",
        "/x/benchmark/9",
        "#benchmark/9",
        "/login?next=/benchmark/9",
        "/sota/../admin",
        "/sotadeck",
    ],
)
def test_links_elsewhere_are_neither_leaderboards_nor_followed(link: str) -> None:
    pages = Site({"/sota": [link]})
    assert pages.discover().boards == ()
    assert pages.asked == ["/sota", "/tasks", "/datasets"]


@pytest.mark.parametrize(
    "link",
    [
        "benchmark/9",
        "/benchmark/9/",
        "/benchmark/9?sort=date",
        "/benchmark/9#row-3",
        " //benchmark///9",
        "https://PapersWithCode2.com/benchmark/9",
    ],
)
def test_variants_of_a_link_are_one_leaderboard(link: str) -> None:
    if link.startswith(" //"):
        link = BASE + link.strip()  # doubled slashes behind the host
    assert numbers(Site({"/sota": ["/benchmark/9", link]}).discover()) == [9]


def test_orders_and_filters_of_one_list_are_one_page_but_its_pages_are_several() -> None:
    pages = Site(
        {"/tasks": ["/tasks?sort=name", "/tasks/?page=2", "/tasks?sort=date&page=2", "/tasks?page=3"]}
    )
    pages.discover()
    assert pages.asked == ["/sota", "/tasks", "/datasets", "/tasks?page=2", "/tasks?page=3"]


def test_a_circle_of_pages_ends() -> None:
    pages = Site({"/sota": ["/sota/a"], "/sota/a": ["/sota/b"], "/sota/b": ["/sota/a", "/sota"]})
    assert pages.discover().complete
    assert len(pages.asked) == 5


def test_a_site_below_a_path_is_not_left() -> None:
    base = "http://127.0.0.1:8000/mirror"
    links = b"<a href='/benchmark/1'>x</a><a href='/mirror/benchmark/2'>y</a><a href='benchmark/3'>z</a>"
    found = discover_boards(SOURCE, base + "/", {f"{base}/sota": links}.get, 9)
    assert found.boards == (f"{base}/benchmark/2", f"{base}/benchmark/3")


def test_a_list_names_leaderboards_by_number_or_address(tmp_path: Path) -> None:
    path = tmp_path / "boards.txt"
    path.write_text(f"# mine\n80563\n\n{BASE}/benchmark/51940/  # test perplexity\n/benchmark/80563\n")
    assert listed_boards(SOURCE, BASE, path) == [f"{BASE}/benchmark/80563", f"{BASE}/benchmark/51940"]


@pytest.mark.parametrize("line", ["eighty", "https://evil.org/benchmark/1", "-1", "1 2", "/paper/3"])
def test_a_line_that_names_no_leaderboard_is_a_configuration_error(tmp_path: Path, line: str) -> None:
    path = tmp_path / "boards.txt"
    path.write_text(f"80563\n{line}\n")
    with pytest.raises(ConfigError, match="line 2"):
        listed_boards(SOURCE, BASE, path)


def test_a_list_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xff")
    for name in ("gone.txt", "latin.txt"):
        with pytest.raises(ConfigError, match=name):
            listed_boards(SOURCE, BASE, tmp_path / name)


def test_a_paper_is_no_leaderboard() -> None:
    assert board_url(SOURCE, BASE, f"{BASE}/paper/7") is None
