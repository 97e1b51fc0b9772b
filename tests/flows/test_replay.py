"""The archive is the truth: what is built from it alone is what was built as it came."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from flows import refresh as flow
from sotaduck.errors import ArchiveError
from tests.flows.conftest import ask, content, run_refresh
from tests.flows.site import BOARDS, FAULTS, SEED, Site
from transform import vocabulary

PQ, PTB, SNLI = 79678, 51940, 51908


def after_a_replay(folder: Path, site: Site) -> dict[str, list[str]]:
    """What the archive alone gives, the server asked for nothing."""
    site.server.log.clear()
    run_refresh(folder, replay=True)
    assert site.server.log == []
    return content(folder)


def test_a_replay_gives_the_same_content(site: Site, home: Path) -> None:
    before = content(home)
    assert all(before[view] for view in ("results", "ranked_results", "sota_history", "papers", "captures"))
    assert after_a_replay(home, site) == before


def test_a_replay_gives_the_same_content_after_pages_have_changed(site: Site, home: Path) -> None:
    """Five refreshes: a correction, rows that go and come back, a failing page, nonces, a board renamed."""
    file = home / "sotaduck.toml"
    file.write_text(site.configuration(*list(FAULTS)[:1], *list(FAULTS)[-5:]), "utf-8")
    kept = site.boards[PTB]["rows"][2]
    site.boards[PQ]["rows"][3]["value"] = "69.0"
    site.boards[PTB]["rows"].remove(kept)
    site.serve()
    run_refresh(home)
    site.server.routes[f"/benchmark/{SNLI}"] = site.server.routes["/benchmark/900018"]
    site.papers[98777]["title"] = "Language Models with Transformers, Revisited"
    site.boards[PTB]["rows"].insert(2, kept)
    run_refresh(home)
    site.nonce = "a page of a moment"
    site.boards[SEED]["task"] = "Panoptic Segmentation of Streets"
    site.serve()
    run_refresh(home)
    site.validators, site.nonce = False, ""
    site.serve()
    run_refresh(home)
    before = content(home)
    assert after_a_replay(home, site) == before


def test_a_full_refresh_asks_for_every_page_anew_and_changes_nothing(site: Site, home: Path) -> None:
    before = content(home, ("last_seen", "days_held"))
    captures = len(before.pop("captures"))
    report = run_refresh(home, full=True)
    assert all("if-none-match" not in request.headers for request in site.server.log)
    assert report.counts["captures"] == 2 * captures
    assert len(content(home)["captures"]) == 2 * captures
    after = content(home, ("last_seen", "days_held"))
    del after["captures"]
    assert after == before


def test_runs_outlive_a_replay(home: Path) -> None:
    run_refresh(home, replay=True)
    assert ask(home, "select kind from runs order by started_at, run_id") == [("refresh",), ("replay",)]
    assert ask(home, "select count(distinct run_id) from checks") == [(2,)]


def test_what_a_run_captured_before_it_was_killed_is_loaded_by_the_next(
    site: Site, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.boards[PQ]["rows"][0]["value"] = "72.5"
    site.serve()

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(flow, "batches", killed)
        with pytest.raises(Killed):
            run_refresh(home)
    query = "select leader_value from leaderboards where leaderboard_id like 'panoptic-segmentation/%/pq'"
    assert ask(home, query) == [(70.8,)]
    for number in BOARDS:
        site.server.routes[f"/benchmark/{number}"] = site.server.routes["/benchmark/900004"]
    report = run_refresh(home)
    assert {item.reason for item in report.failures} == {"http_500"}
    assert ask(home, query) == [(72.5,)]
    before = content(home)
    assert after_a_replay(home, site) == before


def test_a_replay_without_the_archive_is_refused_and_the_warehouse_kept(home: Path) -> None:
    shutil.rmtree(home / "archive")
    bytes_before = (home / "warehouse.duckdb").read_bytes()
    for parameters in ({"replay": True}, {"full": True}):
        with pytest.raises(ArchiveError, match="Restore the archive"):
            run_refresh(home, **parameters)
    assert (home / "warehouse.duckdb").read_bytes() == bytes_before


def test_a_warehouse_of_another_vocabulary_is_built_anew(
    site: Site, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(home, ("last_seen", "days_held"))
    other = replace(vocabulary.load(), digest="another")
    monkeypatch.setattr(vocabulary, "load", lambda: other)
    report = run_refresh(home)
    assert report.counts["boards"] == len(BOARDS)
    after = content(home, ("last_seen", "days_held"))
    assert after.pop("captures") != before.pop("captures")
    assert after == before
