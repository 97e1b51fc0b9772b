"""One refresh of a site with everything wrong that can be wrong, and everything right beside it."""

from __future__ import annotations

import gzip
from dataclasses import asdict
from pathlib import Path

import pytest

from flows.run import RunReport
from tests.flows.conftest import ask, run_refresh
from tests.flows.expected import distinct, ranking, records
from tests.flows.site import BOARDS, FAULTS, FORBIDDEN, PASSING, SEED, Site
from tests.markup import STYLES
from tests.server import PageServer, status


@pytest.fixture(scope="module")
def faulty(session_site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunReport]:
    """A folder after a refresh of all boards and all faults, and the report."""
    folder = tmp_path_factory.mktemp("faulty")
    session_site.reset()
    session_site.hesitate()
    (folder / "sotaduck.toml").write_text(session_site.configuration(*FAULTS), "utf-8")
    return folder, run_refresh(folder)


def test_every_fault_is_listed_with_its_stage_and_reason(
    session_site: Site, faulty: tuple[Path, RunReport]
) -> None:
    _, report = faulty
    wanted = {session_site.address(number): fault[:2] for number, fault in FAULTS.items()}
    assert {item.url: (item.stage, item.reason) for item in report.failures} == wanted
    assert len(report.failures) == len(FAULTS) == report.counts["failures"]
    assert (report.exit_status, report.status) == (4, "done_with_failures")
    assert all(item.detail for item in report.failures)


def test_the_warehouse_keeps_each_failure(faulty: tuple[Path, RunReport]) -> None:
    folder, report = faulty
    kept = ask(
        folder,
        "select source, url, stage, reason, detail, capture_id from failures where run_id = $1",
        report.run_id,
    )
    assert sorted(kept, key=repr) == sorted(
        (tuple(asdict(item).values()) for item in report.failures), key=repr
    )


def test_what_a_server_says_of_an_error_is_told(session_site: Site, faulty: tuple[Path, RunReport]) -> None:
    details = {item.url: item.detail for item in faulty[1].failures}
    later = next(
        number
        for number, fault in FAULTS.items()
        if fault[1] == "http_429" and "3600" in details[session_site.address(number)]
    )
    assert details[session_site.address(later)].endswith("come back later (Retry-After: 3600)")


def test_an_answer_with_a_body_is_in_the_archive_whatever_its_status(faulty: tuple[Path, RunReport]) -> None:
    folder, report = faulty
    answered = {item.url for item in report.failures if item.capture_id}
    refused = {
        item.url for item in report.failures if item.reason.startswith("http_") or item.stage == "parse"
    }
    assert answered == refused
    kept = ask(folder, "select url, outcome from captures where outcome = 'failed'")
    assert dict(kept) == dict.fromkeys(answered, "failed")
    archived = b"".join(gzip.decompress(file.read_bytes()) for file in (folder / "archive").glob("*.warc.gz"))
    assert all(f"WARC-Target-URI: {url}\r\n".encode() in archived for url in answered)


def test_a_page_that_robots_txt_forbids_is_not_asked_for(
    session_site: Site, faulty: tuple[Path, RunReport]
) -> None:
    log = session_site.server.log
    assert log[0].path == "/robots.txt"
    assert not session_site.server.asked(f"/benchmark/{FORBIDDEN}")
    assert all("sotaduck/" in asked.headers["user-agent"] for asked in log)


def test_a_page_that_asks_to_wait_a_moment_is_had(session_site: Site, faulty: tuple[Path, RunReport]) -> None:
    first, second = session_site.server.asked(f"/benchmark/{PASSING}")
    assert second.time - first.time >= 1.0


def test_all_markups_are_served(session_site: Site) -> None:
    assert {style for style, _ in session_site.styles.values()} == set(STYLES)


@pytest.mark.parametrize("number", BOARDS)
def test_beside_the_faults_every_board_is_loaded_and_ranked(
    number: int, session_site: Site, faulty: tuple[Path, RunReport]
) -> None:
    board = session_site.boards[number]
    rows = ask(
        faulty[0],
        "select rank, model, value from ranked_results where source_url = $1",
        session_site.address(number),
    )
    assert sorted(rows) == ranking(board)


@pytest.mark.parametrize("number", BOARDS)
def test_beside_the_faults_every_board_has_its_history(
    number: int, session_site: Site, faulty: tuple[Path, RunReport]
) -> None:
    board = session_site.boards[number]
    papers = {f"/paper/{paper}": data for paper, data in session_site.papers.items()}
    for track, extra_data in (("all", True), ("no_extra_data", False)):
        steps = ask(
            faulty[0],
            "select distinct strftime(sota_date, '%Y-%m-%d') as day, value from sota_history "
            "where track = $1 and leaderboard_id = "
            "(select any_value(leaderboard_id) from results where source_url = $2) order by day",
            track,
            session_site.address(number),
        )
        assert steps == records(board, papers, extra_data)


def test_the_badges_of_the_seed_page_are_its_history(faulty: tuple[Path, RunReport]) -> None:
    badges = [(row["date"], row["model"], float(row["value"])) for row in BOARDS[SEED]["rows"] if row["sota"]]
    assert len(badges) == 4
    steps = ask(
        faulty[0],
        "select strftime(sota_date, '%Y-%m-%d'), model, value from sota_history where track = 'all' "
        "and leaderboard_id = 'panoptic-segmentation/cityscapes-val/miou' order by step",
    )
    assert steps == sorted(badges)


def test_every_cell_is_accounted_for(session_site: Site, faulty: tuple[Path, RunReport]) -> None:
    counts = faulty[1].counts
    rows = [row for board in session_site.boards.values() for row in board["rows"]]
    said = [row for board in session_site.boards.values() for row in distinct(board)]
    assert (counts["cells_in"], counts["loaded"]) == (len(rows), len(said))
    assert (counts["duplicates"], counts["quarantined"]) == (len(rows) - len(said), 0)
    assert counts["boards"] == counts["total_leaderboards"] == len(BOARDS)


def test_papers_that_leaderboards_link_are_fetched_once_and_told(
    session_site: Site, faulty: tuple[Path, RunReport]
) -> None:
    linked = {row["paper"] for board in session_site.boards.values() for row in board["rows"] if row["paper"]}
    assert linked
    assert [len(session_site.server.asked(path)) for path in sorted(linked)] == [1] * len(linked)
    for path in linked:
        paper = session_site.papers[int(path.rpartition("/")[2])]
        told = ask(
            faulty[0],
            "select title, authors, strftime(published, '%Y-%m-%d'), tasks from papers where url = $1",
            session_site.url + path,
        )
        assert told == [(paper["title"], paper["authors"], paper["date"], paper["tasks"])]


def test_a_result_leads_back_to_its_bytes(session_site: Site, faulty: tuple[Path, RunReport]) -> None:
    folder, _ = faulty
    ((url, digest, file, offset),) = ask(
        folder,
        "select p.url, p.digest, p.warc_file, p.warc_offset "
        "from provenance p join current_sota s using (result_id) "
        "where s.leaderboard_id like 'panoptic-segmentation/%/miou' and s.track = 'all'",
    )
    assert url == session_site.address(SEED)
    with (folder / "archive" / file).open("rb") as warc:
        warc.seek(offset)
        record = gzip.GzipFile(fileobj=warc).read(4000)
    assert f"WARC-Payload-Digest: {digest}".encode() in record


def test_a_host_that_refuses_the_connection_is_a_failure_of_its_pages(tmp_path: Path) -> None:
    with PageServer() as server:
        gone = Site(server)
    (tmp_path / "sotaduck.toml").write_text(gone.configuration(papers=False), "utf-8")
    report = run_refresh(tmp_path)
    assert report.exit_status == 4
    assert {item.reason for item in report.failures} == {"connection_refused", "host_unreachable"}
    assert {item.url for item in report.failures} == {gone.address(number) for number in BOARDS}


def test_a_site_whose_robots_txt_cannot_be_read_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.server.routes["/robots.txt"] = status(503)
    (tmp_path / "sotaduck.toml").write_text(site.configuration(), "utf-8")
    report = run_refresh(tmp_path)
    assert {item.reason for item in report.failures} == {"robots_unreachable"}
    assert {asked.path for asked in site.server.log} == {"/robots.txt"}
    assert ask(tmp_path, "select count(*) from results") == [(0,)]
