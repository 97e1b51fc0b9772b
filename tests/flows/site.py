"""A site for the flow tests: real boards in every markup, papers, and every fault on a page of its own."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import server as answers
from tests.markup import LAYOUTS, STYLES, render_benchmark, render_paper
from tests.server import Answer, PageServer, in_turn, page, redirect, robots, status, validated

DATA = Path(__file__).parents[2] / "samples" / "data"
Data = dict[str, Any]


def _read(kind: str) -> dict[int, Data]:
    files = sorted(DATA.glob(f"{kind}-*.json"))
    return {int(file.stem.partition("-")[2]): json.loads(file.read_text("utf-8")) for file in files}


BOARDS = _read("benchmark")
for _board in BOARDS.values():
    for _row in _board["rows"]:
        _row.setdefault("sota", False)
PAPERS = _read("paper")
PAPERS[98777]["links"] = [("Paper", "https://arxiv.org/abs/1904.09408v2"), *PAPERS[98777]["links"][1:]]


def faulty(pattern: bytes, instead: bytes) -> Answer:
    """A board's page after something went wrong with its bytes, at the first place that fits the pattern."""
    good = render_benchmark(BOARDS[60461], "plain", "table")
    bad, changes = re.subn(pattern, instead, good, count=1, flags=re.DOTALL)
    if not changes:
        raise ValueError(f"{pattern!r} is nowhere in the page")
    return page(bad)


FAULTS: Mapping[int, tuple[str, str, Answer]] = {
    number: fault
    for number, fault in enumerate(
        (
            ("fetch", "http_404", status(404)),
            ("fetch", "http_410", status(410)),
            ("fetch", "http_429", status(429)),
            ("fetch", "http_429", status(429, Retry_After="3600")),
            ("fetch", "http_500", status(500)),
            ("fetch", "read_timeout", answers.stalled_body),
            ("fetch", "read_timeout", answers.stalled_headers),
            ("fetch", "total_timeout", answers.dripping_body),
            ("fetch", "truncated_body", answers.truncated_body),
            ("fetch", "truncated_body", answers.truncated_chunks),
            ("fetch", "body_too_large", answers.gzip_bomb),
            ("fetch", "body_too_large", answers.large_page(20)),
            ("fetch", "connection_reset", answers.hang_up),
            ("fetch", "redirect_other_site", redirect("http://other.example/benchmark/1")),
            ("fetch", "redirect_not_http", redirect("file:///etc/passwd")),
            ("fetch", "redirect_loop", redirect("/benchmark/900015")),
            ("fetch", "robots_disallowed", status(500)),
            ("parse", "not_a_leaderboard", page(b"<html><h1>About us</h1><p>We like tables.</p></html>")),
            ("parse", "no_rows", faulty(rb"<tbody>.*</tbody>", b"<tbody></tbody>")),
            (
                "parse",
                "challenge_page",
                page(b"<html><title>Just a moment...</title><h1>Verify you are human</h1></html>"),
            ),
            ("parse", "duplicate_header", faulty(rb"<th>Extra Data", b"<th>Model")),
            ("parse", "unknown_header", faulty(rb"<th>Extra Data", b"<th>Mood")),
            ("parse", "bad_encoding", faulty(rb"<td>", b"<td>\xff\xfe")),
            ("parse", "cell_count", faulty(rb"<td>.*?</td>", b"")),
        ),
        start=900000,
    )
}
"""Number of the benchmark page → the stage that must refuse it, its reason, and what the server does."""

SEED = 80563
FORBIDDEN = next(number for number, fault in FAULTS.items() if fault[1] == "robots_disallowed")
PASSING = 60461
"""A board that is served well only after an answer 429 with a Retry-After that can be waited for."""
UNCLOSED = 42935
"""A board whose page lacks its last end tags: legitimate HTML."""


class Site:
    """The server, and what it serves. Boards and papers may be changed between two refreshes.

    Attributes:
        validators: pages come with an ETag, so that an unchanged one is confirmed by 304.
        nonce: put into every page where no reader of the leaderboard sees it.
    """

    def __init__(self, server: PageServer) -> None:
        self.server = server
        self.reset()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return self.server.url

    def reset(self) -> None:
        """Everything as it was, nothing asked for."""
        self.boards = copy.deepcopy(BOARDS)
        self.papers = copy.deepcopy(PAPERS)
        self.styles = {
            number: (STYLES[at % len(STYLES)], LAYOUTS[at % len(LAYOUTS)])
            for at, number in enumerate(self.boards, 2)
        }
        self.styles[SEED] = (STYLES[0], "table and cards")
        titles = {paper["title"]: f"/paper/{number}" for number, paper in self.papers.items()}
        for board in self.boards.values():
            for row in board["rows"]:
                row["paper"] = titles.get(row["title"]) if row["title"] else None
        self.validators = True
        self.nonce = ""
        self.serve()

    def serve(self) -> None:
        """Answer with the boards and papers as they are now."""
        routes: dict[str, Answer] = {
            "/robots.txt": robots(f"User-agent: *\nDisallow: /benchmark/{FORBIDDEN}\n")
        }
        for number, board in self.boards.items():
            body = render_benchmark(board, *self.styles[number])
            if number == UNCLOSED:
                body = body.removesuffix(b"</body></html>")
            routes[f"/benchmark/{number}"] = self._page(body)
        for number, paper in self.papers.items():
            routes[f"/paper/{number}"] = self._page(render_paper(paper, "react"))
        for number, (_, _, answer) in FAULTS.items():
            routes[f"/benchmark/{number}"] = answer
        self.server.routes.clear()
        self.server.routes.update(routes)
        self.server.log.clear()

    def hesitate(self) -> None:
        """Answer `PASSING` with 429 and Retry-After once, then well."""
        path = f"/benchmark/{PASSING}"
        self.server.routes[path] = in_turn(status(429, Retry_After="1"), self.server.routes[path])

    def _page(self, body: bytes) -> Answer:
        body += f"<!-- {self.nonce} -->".encode() if self.nonce else b""
        etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        return validated(body, etag=etag) if self.validators else page(body)

    def configuration(self, *faults: int, **more: Any) -> str:
        """The text of a configuration for this site: all boards, and the pages of these faults."""
        keys = {
            "base_url": self.url,
            "benchmarks": [*self.boards, *faults],
            "requests_per_second": 0.0,
            "connect_timeout": 1.0,
            "read_timeout": 0.3,
            "total_timeout": 2.0,
            "max_body_mb": 4.0,
            "retries": 1,
            **more,
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
        return "\n".join(["[sources.paperswithcode2]", *lines, ""])

    def address(self, number: int) -> str:
        """The address of a benchmark page."""
        return f"{self.url}/benchmark/{number}"
