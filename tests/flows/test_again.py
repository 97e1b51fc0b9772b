"""A second refresh: what has not changed costs no reading; what has changed is told as history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extract import sources
from tests.flows.conftest import ask, content, run_refresh
from tests.flows.expected import ranking
from tests.flows.site import BOARDS, SEED, Site

SEEN_AT = ("last_seen", "days_held")
"""What a page that is confirmed moves on: when it was last seen."""
PQ = 79678
PQ_ID = "panoptic-segmentation/cityscapes-val/pq"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses of the pages that a parser has been given."""
    addresses: list[str] = []
    parse = sources.parse

    def noted(source: str, capture: Any, body: Any) -> Iterator[Any]:
        addresses.append(capture.url)
        return parse(source, capture, body)

    monkeypatch.setattr(sources, "parse", noted)
    return addresses


def facts(folder: Path, *without: str) -> dict[str, list[str]]:
    """The content of all views but the captures, and but when things were last seen."""
    told = content(folder, (*SEEN_AT, *without))
    del told["captures"]
    return told


def test_with_validators_only_conditional_requests_are_sent_and_nothing_is_parsed(
    site: Site, home: Path, parsed: list[str]
) -> None:
    before = facts(home)
    report = run_refresh(home)
    asked = [request for request in site.server.log if request.path != "/robots.txt"]
    assert asked
    assert all("if-none-match" in request.headers for request in asked)
    assert parsed == []
    assert report.counts["unchanged"] == report.counts["captures"] == len(asked)
    assert (report.exit_status, report.counts["cells_in"]) == (0, 0)
    assert facts(home) == before
    ((first, last),) = ask(
        home, "select min(first_seen) < min(last_seen), min(last_seen) = max(last_seen) from results"
    )
    assert (first, last) == (True, True)


def test_the_same_bytes_without_validators_are_not_parsed_again_either(
    site: Site, home: Path, parsed: list[str]
) -> None:
    site.validators = False
    site.serve()
    before = facts(home)
    report = run_refresh(home)
    assert parsed == []
    assert report.counts["unchanged"] == report.counts["captures"] > len(BOARDS)
    assert facts(home) == before


def test_other_bytes_that_say_the_same_make_no_new_content(site: Site, home: Path, parsed: list[str]) -> None:
    before = facts(home, "capture_id")
    rows = ask(home, "select count(*) from core.results")
    site.nonce = "request 4711"
    site.serve()
    report = run_refresh(home)
    assert report.counts["unchanged"] == 0
    assert len(parsed) == report.counts["captures"] > len(BOARDS)
    assert ask(home, "select count(*) from core.results") == rows
    assert facts(home, "capture_id") == before


def test_a_corrected_value_keeps_its_result_id_and_its_first_seen(site: Site, home: Path) -> None:
    board = site.boards[PQ]
    row = board["rows"][3]
    query = (
        "select result_id, value, first_seen, listed from results where leaderboard_id = $1 and model = $2"
    )
    ((result_id, value, first_seen, _),) = ask(home, query, PQ_ID, row["model"])
    assert value == float(row["value"]) == 68.51
    row["value"] = "69.0"
    site.serve()
    run_refresh(home)
    assert ask(home, query, PQ_ID, row["model"]) == [(result_id, 69.0, first_seen, True)]
    ranked = ask(home, "select rank, model, value from ranked_results where leaderboard_id = $1", PQ_ID)
    assert sorted(ranked) == ranking(board)


def test_a_row_that_is_gone_is_kept_and_not_ranked(site: Site, home: Path) -> None:
    board = site.boards[PQ]
    gone = board["rows"].pop(0)
    for rank, row in enumerate(board["rows"], 1):
        row["rank"] = rank
    site.serve()
    run_refresh(home)
    ranked = ask(
        home, "select rank, model, value from ranked_results where leaderboard_id = $1 and listed", PQ_ID
    )
    assert sorted(ranked) == ranking(board)
    unlisted = ask(
        home,
        "select model, value, rank, last_seen < (select max(last_seen) from results) from ranked_results "
        "where not listed",
    )
    assert unlisted == [(gone["model"], 70.8, None, True)]
    assert ask(home, "select leader, leader_value from leaderboards where leaderboard_id = $1", PQ_ID) == [
        (board["rows"][0]["model"], 70.1)
    ]


def test_a_new_row_is_new(site: Site, home: Path) -> None:
    board = site.boards[PQ]
    new = dict(
        board["rows"][0], model="Newcomer", value="71.3", date="2026-11-01", title="A New Paper", paper=None
    )
    board["rows"].insert(0, new)
    for rank, row in enumerate(board["rows"], 1):
        row["rank"] = rank
    site.serve()
    run_refresh(home)
    assert ask(
        home, "select model, value from current_sota where leaderboard_id = $1 and track = 'all'", PQ_ID
    ) == [("Newcomer", 71.3)]
    fresh = ask(home, "select model from results where first_seen > (select min(first_seen) from results)")
    assert fresh == [("Newcomer",)]


def test_a_page_that_fails_today_takes_nothing_away(site: Site, home: Path) -> None:
    before = facts(home)
    routes = site.server.routes
    routes[f"/benchmark/{PQ}"] = routes["/benchmark/900004"]
    routes[f"/benchmark/{SEED}"] = routes["/benchmark/900019"]
    report = run_refresh(home)
    assert {item.reason for item in report.failures} == {"http_500", "challenge_page"}
    assert facts(home) == before


def test_a_page_that_failed_yesterday_is_read_today(site: Site, tmp_path: Path) -> None:
    (tmp_path / "sotaduck.toml").write_text(site.configuration(papers=False), "utf-8")
    good = site.server.routes[f"/benchmark/{PQ}"]
    site.server.routes[f"/benchmark/{PQ}"] = site.server.routes["/benchmark/900018"]
    assert [item.reason for item in run_refresh(tmp_path).failures] == ["no_rows"]
    site.server.routes[f"/benchmark/{PQ}"] = good
    assert run_refresh(tmp_path).failures == ()
    ranked = ask(tmp_path, "select rank, model, value from ranked_results where leaderboard_id = $1", PQ_ID)
    assert sorted(ranked) == ranking(site.boards[PQ])
