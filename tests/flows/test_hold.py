"""What is held back: a board that lost most of its rows stays as it was until it is back, or accepted."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from flows import run as run_module
from flows.accept import accept
from flows.ingest import ingest
from flows.run import RunReport, silent
from sotaduck import config
from tests.flows.conftest import ask, content, run_refresh
from tests.flows.expected import ranking
from tests.flows.site import BOARDS, SEED, Site
from tests.markup import render_benchmark
from tests.server import page

MIOU = "panoptic-segmentation/cityscapes-val/miou"
PQ = 79678
PQ_ID = "panoptic-segmentation/cityscapes-val/pq"


def shown(folder: Path) -> dict[str, list[str]]:
    """What the views say, but for the captures, what is held, and when things were last seen."""
    told = content(folder, ("last_seen", "days_held"))
    for name in ("captures", "held"):
        del told[name]
    return told


def shrink(site: Site, number: int = SEED, rows: int = 9) -> None:
    """Serve a board with its first rows alone."""
    site.boards[number]["rows"] = site.boards[number]["rows"][:rows]
    site.serve()


def reasons(report: RunReport) -> list[tuple[str, str, str]]:
    return [(item.stage, item.reason, item.url) for item in report.failures]


def held(folder: Path) -> list[tuple[Any, ...]]:
    return ask(
        folder, "select leaderboard_id, rows_before, rows_now, len(capture_ids) from held order by all"
    )


def settings(folder: Path) -> config.Config:
    return config.load(folder / "sotaduck.toml", {})


def configure(folder: Path, line: str) -> None:
    file = folder / "sotaduck.toml"
    file.write_text(f"{line}\n{file.read_text('utf-8')}", "utf-8")


# ---------------------------------------------------------------- held, and back again


def test_a_board_that_lost_most_of_its_rows_stays_until_they_are_back(site: Site, home: Path) -> None:
    before = shown(home)
    shrink(site)
    report = run_refresh(home)
    assert report.exit_status == 4
    drop = ("validate", "mass_drop", site.address(SEED))
    assert reasons(report) == [drop]
    detail = report.failures[0].detail
    assert re.search(r"30 rows on \d{4}-\d\d-\d\d, 9 on \d{4}-\d\d-\d\d; shown as before", detail)
    assert f"Look at {site.address(SEED)}" in detail and f"sotaduck accept {MIOU}" in detail
    assert ["board_shown_as_seen" in warning for warning in report.warnings] == [True]
    assert shown(home) == before
    assert held(home) == [(MIOU, 30, 9, 1)]

    # Nor does a second time make it true, nor a server that now says "not modified".
    assert reasons(run_refresh(home, replay=True)) == [drop]
    again = run_refresh(home)
    assert again.counts["unchanged"] == again.counts["captures"] > len(BOARDS)
    assert (again.exit_status, reasons(again)) == (4, [drop])
    assert shown(home) == before
    assert held(home) == [(MIOU, 30, 9, 2)]

    site.boards[SEED]["rows"] = BOARDS[SEED]["rows"]
    site.serve()
    assert run_refresh(home).exit_status == 0
    assert run_refresh(home, replay=True).exit_status == 0
    assert (shown(home), held(home)) == (before, [])


def test_other_boards_of_the_same_run_are_loaded(site: Site, home: Path) -> None:
    site.boards[PQ]["rows"][3]["value"] = "69.0"
    shrink(site)
    assert run_refresh(home).exit_status == 4
    ranked = ask(home, f"select rank, model, value from ranked_results where leaderboard_id = '{PQ_ID}'")
    assert sorted(ranked) == ranking(site.boards[PQ])


def test_a_run_that_is_not_about_the_source_does_not_answer_for_it(site: Site, home: Path) -> None:
    shrink(site)
    run_refresh(home)
    dump = write_dump(home / "evaluation-tables.json", 1)
    report = ingest(settings(home), "pwc-dump", [dump], silent)
    assert (report.exit_status, report.failures) == (0, ())
    assert held(home) == [(MIOU, 30, 9, 1)]


def test_the_share_is_configured(site: Site, home: Path) -> None:
    shrink(site, rows=21)
    assert run_refresh(home).exit_status == 0
    configure(home, "mass_drop_share = 0.75")
    assert [item.reason for item in run_refresh(home).failures] == ["mass_drop"]
    file = home / "sotaduck.toml"
    file.write_text(file.read_text("utf-8").replace("= 0.75", "= 0"), "utf-8")
    shrink(site, rows=1)
    assert run_refresh(home).exit_status == 0
    assert ask(home, f"select results from leaderboards where leaderboard_id = '{MIOU}'") == [(1,)]


def test_a_board_whose_losses_are_always_taken_is_never_held(site: Site, home: Path) -> None:
    shrink(site)
    run_refresh(home)
    configure(home, f"accept_drops = [{json.dumps(site.address(SEED))}]")
    assert run_refresh(home).exit_status == 0
    query = "select count(*), count(*) filter (where listed) from results where leaderboard_id = $1"
    assert ask(home, query, MIOU) == [(30, 9)]


def test_a_metric_that_its_page_shows_no_more_is_held(site: Site, home: Path) -> None:
    (leader,) = ask(home, f"select leader, leader_value from leaderboards where leaderboard_id = '{PQ_ID}'")
    site.boards[PQ]["metric"] = "AP"
    site.serve()
    report = run_refresh(home)
    assert reasons(report) == [("validate", "board_vanished", site.address(PQ))]
    assert held(home) == [(PQ_ID, 13, 0, 1)]
    query = f"select leader, leader_value, results from leaderboards where leaderboard_id = '{PQ_ID}'"
    assert ask(home, query) == [(*leader, 13)]
    taken = accept(settings(home), PQ_ID, silent)
    assert [(one.leader_before, one.leader) for one in taken.taken] == [(leader, (None, None))]
    assert ask(home, f"select count(*) from results where listed and leaderboard_id = '{PQ_ID}'") == [(0,)]
    assert run_refresh(home).exit_status == 0


# ---------------------------------------------------------------- accepted


def test_what_is_accepted_is_shown_and_stays_through_rebuilds(site: Site, home: Path) -> None:
    shrink(site)
    run_refresh(home)
    done = accept(settings(home), MIOU, silent)
    assert done.report is not None and done.report.exit_status == 0
    assert [(one.board.leaderboard_id, one.board.rows_before, one.board.rows_now) for one in done.taken] == [
        (MIOU, 30, 9)
    ]
    best = max(BOARDS[SEED]["rows"][:9], key=lambda row: float(row["value"]))
    assert done.taken[0].leader == (best["model"], float(best["value"]))
    query = f"select rank, model, value from ranked_results where listed and leaderboard_id = '{MIOU}'"
    nine = ranking(site.boards[SEED])
    assert len(nine) == 9
    assert (sorted(ask(home, query)), held(home)) == (nine, [])
    ((run_id, kind, state, notes),) = ask(home, "select run_id, kind, status, notes from runs limit 1")
    assert (run_id, kind, state) == (done.report.run_id, "accept", "done")
    assert notes == [f"accepted: {MIOU} of {site.address(SEED)}, 30 → 9 rows"]

    accepted = ask(home, "from core.acceptances")
    assert [row[3] for row in accepted] == [done.report.run_id]
    for parameters in ({}, {"replay": True}, {"full": True}, {}):
        report = run_refresh(home, **parameters)
        assert (report.exit_status, sorted(ask(home, query)), held(home)) == (0, nine, [])
        assert ask(home, "from core.acceptances") == accepted

    # What is lost after that is measured against what was accepted: nine rows may shrink, thirty may not.
    site.boards[SEED]["rows"] = BOARDS[SEED]["rows"]
    site.serve()
    assert run_refresh(home).exit_status == 0
    shrink(site, rows=8)
    assert run_refresh(home).exit_status == 4
    assert held(home) == [(MIOU, 30, 8, 1)]


def test_of_an_old_drop_that_passed_by_itself_nothing_is_accepted(site: Site, home: Path) -> None:
    shrink(site)
    run_refresh(home)
    site.boards[SEED]["rows"] = BOARDS[SEED]["rows"]
    site.serve()
    run_refresh(home)
    shrink(site, rows=7)
    run_refresh(home)
    accept(settings(home), None, silent)
    newest = "select max(fetched_at) from captures where url = $1"
    query = "select c.fetched_at from core.acceptances join captures c using (capture_id)"
    assert ask(home, query) == ask(home, newest, site.address(SEED))


def test_one_board_is_accepted_and_the_other_is_still_held(site: Site, home: Path) -> None:
    shrink(site)
    shrink(site, PQ, 6)
    assert len(run_refresh(home).failures) == 2
    done = accept(settings(home), site.address(PQ), silent)
    assert done.report is not None and done.report.exit_status == 0
    assert [board.leaderboard_id for board in done.left] == [MIOU]
    assert held(home) == [(MIOU, 30, 9, 1)]
    assert reasons(run_refresh(home)) == [("validate", "mass_drop", site.address(SEED))]


@pytest.fixture
def say(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in `home`; its exit status, output and messages."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(home)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["sotaduck", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def test_the_command_says_what_it_took_and_who_leads(site: Site, home: Path, say: Any) -> None:
    shrink(site)
    run_refresh(home)
    code, out, _ = say("status")
    assert code == 0 and re.search(rf"{MIOU} .* 30 .* 9 ", out)
    ((board_id,),) = ask(home, "select board_id from held")
    code, out, _ = say("accept", board_id)
    assert code == 0
    assert f"{MIOU} of {site.address(SEED)}: 30 → 9 rows; " in out
    assert "leads as before" in out
    code, out, _ = say("accept", "--all")
    assert (code, out) == (0, "Nothing is held back: every leaderboard is shown as it was seen last.\n")


def test_the_command_as_json(site: Site, home: Path, say: Any) -> None:
    board = site.boards[SEED]
    best = max(board["rows"], key=lambda row: float(row["value"]))
    board["rows"] = [row for row in board["rows"] if row is not best]
    for rank, row in enumerate(board["rows"], 1):
        row["rank"] = rank
    shrink(site)
    run_refresh(home)
    code, out, _ = say("accept", "--all", "--json")
    told = json.loads(out)
    second = max(board["rows"], key=lambda row: float(row["value"]))
    assert code == 0
    (taken,) = told["taken"]
    assert (taken["board"]["rows_before"], taken["board"]["rows_now"]) == (30, 9)
    assert taken["leader_before"] == [best["model"], float(best["value"])]
    assert taken["leader"] == [second["model"], float(second["value"])]
    assert (told["left"], told["report"]["kind"]) == ([], "accept")
    code, out, _ = say("accept", MIOU, "--json")
    assert (code, json.loads(out)) == (0, {"taken": [], "left": [], "report": None})


def test_a_board_that_is_not_held_is_left_as_it_is(site: Site, home: Path, say: Any) -> None:
    shrink(site)
    run_refresh(home)
    before = (home / "warehouse.duckdb").read_bytes()
    code, out, _ = say("accept", PQ_ID)
    assert code == 0
    assert out.startswith(f"{PQ_ID} is not held back: it is shown as it was seen last.\nStill held back: 1.")
    assert (home / "warehouse.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((MIOU[:-1],), 1, f"there is no leaderboard, address or board {MIOU[:-1]!r}; did you mean {MIOU}"),
        ((), 2, "name one BOARD, or say --all"),
        ((MIOU, "--all"), 2, "name one BOARD, or say --all"),
        ((MIOU, "--warehouse", "nowhere.duckdb"), 1, "is not there"),
    ],
)
def test_what_cannot_be_accepted_is_an_error(
    say: Any, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done, _, err = say("accept", *arguments)
    assert done == code
    assert says in err


# ---------------------------------------------------------------- a document that lost its boards


def write_dump(file: Path, boards: int) -> Path:
    """A dump with so many boards of three rows each."""
    rows = [{"model_name": f"M{at}", "metrics": {"Accuracy": str(90 - at)}} for at in range(3)]
    datasets = [
        {"dataset": f"D{number:02}", "sota": {"metrics": ["Accuracy"], "rows": rows}}
        for number in range(boards)
    ]
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps([{"task": "Sorting", "datasets": datasets}]), "utf-8")
    return file


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, int], RunReport]]:
    """Ingest, on a day of January, a dump with so many boards; the archive and warehouse are in tmp_path."""
    (tmp_path / "sotaduck.toml").write_text("", "utf-8")

    def on(day: int, boards: int) -> RunReport:
        monkeypatch.setattr(run_module, "now", lambda: datetime(2024, 1, day, tzinfo=UTC))
        file = write_dump(tmp_path / f"{day}" / "evaluation-tables.json", boards)
        return ingest(settings(tmp_path), "pwc-dump", [file], silent)

    yield on


LISTED = "select count(*) from leaderboards where results = 3"


def test_a_dump_that_lost_most_of_its_boards_keeps_also_the_small_ones(
    tmp_path: Path, take: Callable[[int, int], RunReport]
) -> None:
    assert take(1, 12).exit_status == 0
    report = take(8, 5)
    assert report.exit_status == 4
    (failure,) = report.failures
    (url,) = {row[0] for row in ask(tmp_path, "select url from captures")}
    assert (failure.reason, failure.url) == ("boards_vanished", url)
    assert failure.detail.startswith(
        "7 boards are no longer there on 2024-01-08 (Sorting on D05, Accuracy: 3 rows"
    )
    assert failure.detail.endswith(f"sotaduck accept {url}")
    assert ask(tmp_path, LISTED) == [(12,)]

    # Half of them may go: the other six are shown as they are again.
    assert take(15, 6).exit_status == 0
    assert ask(tmp_path, LISTED) == [(6,)]


def test_a_dump_is_accepted_by_its_address(tmp_path: Path, take: Callable[[int, int], RunReport]) -> None:
    take(1, 12)
    (failure,) = take(8, 5).failures
    done = accept(settings(tmp_path), failure.url, silent)
    assert (len(done.taken), done.left) == (7, ())
    assert ask(tmp_path, LISTED) == [(5,)]
    assert take(15, 5).exit_status == 0


# ---------------------------------------------------------------- a page whose structure changed

LOGIN = b"<html><title>Sign in</title><form><input type=password><button>Log in</button></form></html>"


def plain(number: int) -> bytes:
    return render_benchmark(BOARDS[number], "plain", "table")


CHANGED = {
    79678: ("unknown_header", plain(79678).replace(b"<th>Model", b"<th>System")),
    60461: ("not_a_leaderboard", re.sub(rb"<table.*?</table>", b"", plain(60461), flags=re.DOTALL)),
    51940: ("not_a_leaderboard", LOGIN),
    51941: ("not_html", b""),
}
"""Board → why its page is refused, and the page: a column renamed, the table gone, a login, nothing."""


def test_pages_that_are_no_longer_what_they_were_take_nothing_away(site: Site, home: Path) -> None:
    before = shown(home)
    for number, (_, body) in CHANGED.items():
        site.server.routes[f"/benchmark/{number}"] = page(body)
    report = run_refresh(home)
    assert report.exit_status == 4
    assert sorted(reasons(report)) == sorted(
        ("parse", reason, site.address(number)) for number, (reason, _) in CHANGED.items()
    )
    assert (shown(home), held(home)) == (before, [])


def test_columns_in_another_order_are_read_by_their_names(site: Site, home: Path) -> None:
    before = shown(home)
    for number, style in ((PQ, "bare"), (SEED, "ornate")):
        body = render_benchmark(site.boards[number], style, site.styles[number][1])
        assert body != render_benchmark(site.boards[number], *site.styles[number])
        site.server.routes[f"/benchmark/{number}"] = page(body)
    assert run_refresh(home).exit_status == 0
    after = shown(home)
    assert after["ranked_results"] == before["ranked_results"]
    assert after["sota_history"] == before["sota_history"]
