"""arXiv's record of the papers that leaderboards name, and leaderboards found from index pages."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from flows import capturing
from tests import server
from tests.flows.conftest import ask, run_refresh
from tests.markup import render_benchmark
from tests.server import PageServer

ROW = {
    "rank": 1, "model": "M", "value": "80.1", "extra_data": False, "title": "A Paper on Things",
    "paper": None, "date": "2020-01-02", "code": False, "sota": True,
}  # fmt: skip
BOARD = {
    "area": "A", "task": "T", "dataset": "D", "metric": "Accuracy", "direction": "higher", "partial": None,
    "rows": [ROW],
}  # fmt: skip
ENTRY = """<entry><id>http://arxiv.org/abs/{id}v3</id><title>Title of
  {id}</title><summary>About {id}.</summary><published>2020-01-01T00:00:00Z</published>
  <updated>2021-02-03T00:00:00Z</updated><author><name>Ada One</name></author>
  <category term="cs.CV"/></entry>"""


def paper_page(arxiv: str) -> bytes:
    return (
        "<html><body><p><a href='/papers'>Papers</a> / A Paper on Things</p><h1>A Paper on Things</h1>"
        f"<p>Ada One</p><p>2020-01-01</p><p><a href='https://arxiv.org/abs/{arxiv}'>Paper</a></p>"
        "<h2>Abstract</h2><p>Things.</p></body></html>"
    ).encode()


def arxiv_answer(request: server.Request) -> None:
    ids = parse_qs(urlsplit(request.path).query)["id_list"][0].split(",")
    feed = '<feed xmlns="http://www.w3.org/2005/Atom">' + "".join(ENTRY.format(id=i) for i in ids) + "</feed>"
    request.whole(200, feed.encode(), {"Content-Type": "application/atom+xml"})


def configure(folder: Path, site: str, **more: str) -> None:
    lines = "".join(f"{name} = {value}\n" for name, value in more.items())
    (folder / "sotaduck.toml").write_text(
        f'[sources.paperswithcode2]\nbase_url = "{site}"\nrequests_per_second = 0\n{lines}\n'
        f'[sources.arxiv]\nbase_url = "{site}"\nrequests_per_second = 0\n',
        "utf-8",
    )


@pytest.fixture
def arxiv_site() -> dict[str, server.Answer]:
    board = BOARD | {"rows": [ROW | {"paper": "/paper/7"}]}
    return {
        "/benchmark/1": server.page(render_benchmark(board, "plain")),
        "/paper/7": server.page(paper_page("2001.00001v2")),
    }


def test_arxiv_is_asked_once_for_each_paper_and_its_fields_say_so(
    tmp_path: Path, arxiv_site: dict[str, server.Answer]
) -> None:
    query = "/api/query?id_list=2001.00001&max_results=1"
    with PageServer(arxiv_site | {query: arxiv_answer}) as site:
        configure(tmp_path, site.url, benchmarks="[1]")
        report = run_refresh(tmp_path)
        assert (report.status, report.failures) == ("done", ())
        fields = "arxiv_id, updated::varchar, categories, field_sources['updated']"
        assert ask(tmp_path, f"select {fields} from papers") == [
            ("2001.00001", "2021-02-03", ["cs.CV"], "arxiv")
        ]
        assert ask(tmp_path, "select paper_id from results") == [("arxiv:2001.00001",)]
        run_refresh(tmp_path)
        assert len(site.asked(query)) == 1


def test_arxiv_that_asks_to_slow_down_is_asked_again_later(
    tmp_path: Path, arxiv_site: dict[str, server.Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(capturing.time, "sleep", waited.append)
    query = "/api/query?id_list=2001.00001&max_results=1"
    busy = server.page(b"Rate exceeded.", "text/plain")
    with PageServer(arxiv_site | {query: server.in_turn(busy, arxiv_answer)}) as site:
        configure(tmp_path, site.url, benchmarks="[1]")
        report = run_refresh(tmp_path)
    assert waited == [capturing.PATIENCE[0]]
    assert report.failures == ()
    assert ask(tmp_path, "select field_sources['abstract'] from papers") == [("arxiv",)]


def index(*links: str) -> server.Answer:
    return server.page("".join(f"<a href='{link}'>x</a>" for link in links).encode())


def test_leaderboards_are_found_from_index_pages_and_a_list(tmp_path: Path) -> None:
    pages = {
        f"/benchmark/{n}": server.page(render_benchmark(BOARD | {"dataset": f"D{n}"}, "plain"))
        for n in (1, 2, 3)
    }
    pages |= {
        "/sota": index("/task/a", "https://elsewhere.test/benchmark/9"),
        "/task/a": index("/benchmark/2"),
    }
    pages |= {"/tasks": index("/task/a", "/benchmark/3"), "/datasets": index()}
    (tmp_path / "boards.txt").write_text("1  # by hand\n", "utf-8")
    with PageServer(pages) as site:
        configure(tmp_path, site.url, discover="true", benchmark_list='"boards.txt"', papers="false")
        report = run_refresh(tmp_path)
        found = ask(tmp_path, "select dataset from leaderboards order by 1")
        assert (report.status, found) == ("done", [("D1",), ("D2",), ("D3",)])
        # What was asked for in this round is not asked for again: a discovery that was interrupted goes on.
        run_refresh(tmp_path)
        assert [len(site.asked(path)) for path in ("/sota", "/tasks", "/task/a")] == [1, 1, 1]
        # Index pages are kept and say nothing of results: a replay passes over them.
        assert run_refresh(tmp_path, replay=True).status == "done"
        assert ask(tmp_path, "select dataset from leaderboards order by 1") == found


def test_a_discovery_that_stops_at_its_limit_says_so(tmp_path: Path) -> None:
    pages = {"/benchmark/1": server.page(render_benchmark(BOARD, "plain"))}
    pages |= {"/sota": index("/benchmark/1", "/task/a"), "/task/a": index()}
    with PageServer(pages) as site:
        configure(tmp_path, site.url, discover="true", discover_pages="1", papers="false")
        report = run_refresh(tmp_path)
    assert [text for text in report.warnings if "discover_pages" in text]
    assert ask(tmp_path, "select count(*) from leaderboards") == [(1,)]
