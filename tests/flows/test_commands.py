"""The commands that read, on a warehouse that a refresh has made."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from tests.flows.conftest import ask, environment
from tests.flows.expected import ranking
from tests.flows.site import SEED, Site

MIOU = "panoptic-segmentation/cityscapes-val/miou"


@pytest.fixture
def say(loaded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on the loaded warehouse; its exit status, output and messages."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(loaded)
        monkeypatch.setattr(sys, "argv", ["sotaduck", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def test_a_leaderboard_as_json_is_the_pages_own(say: Any, session_site: Site) -> None:
    status, out, _ = say("leaderboard", MIOU, "--json")
    told = json.loads(out)
    assert status == 0
    assert told["leaderboard"]["leaderboard_id"] == MIOU
    rows = [(row["rank"], row["model"], row["value"]) for row in told["results"]]
    assert sorted(rows) == ranking(session_site.boards[SEED])
    _, out, _ = say("leaderboard", MIOU, "--json", "--top", "2")
    assert [row["rank"] for row in json.loads(out)["results"]] == [1, 2]


def test_a_history_as_json_is_told_by_track(say: Any) -> None:
    _, out, _ = say("history", MIOU, "--json")
    steps = [(step["track"], step["sota_date"], step["value"]) for step in json.loads(out)["history"]]
    assert steps == [
        ("all", "2018-08-10", 79.8), ("all", "2019-11-22", 81.5), ("all", "2020-03-17", 84.6),
        ("all", "2020-04-05", 90.3), ("no_extra_data", "2018-08-10", 79.8),
        ("no_extra_data", "2020-04-05", 90.3),
    ]  # fmt: skip
    _, out, _ = say("history", MIOU, "--json", "--track", "no_extra_data")
    assert len(json.loads(out)["history"]) == 2


def test_a_result_leads_to_its_page(say: Any, loaded: Path, session_site: Site) -> None:
    ((result_id,),) = ask(
        loaded, f"select result_id from current_sota where leaderboard_id = '{MIOU}' and track = 'all'"
    )
    status, out, _ = say("show", result_id, "--json")
    assert status == 0
    assert session_site.address(SEED) in out


def test_the_status_as_json(say: Any) -> None:
    status, out, _ = say("status", "--json")
    assert (status, type(json.loads(out))) == (0, dict)


@pytest.mark.parametrize(
    "command", [("leaderboard", MIOU), ("history", MIOU), ("status",), ("sql", "from leaderboards")]
)
def test_tables_are_printed_without_a_terminal(say: Any, command: tuple[str, ...]) -> None:
    status, out, err = say(*command)
    assert (status, err) == (0, "")
    assert "EfficientPS" in out or command == ("status",)
    assert "\x1b[" not in out


def test_sql_gives_what_was_asked_for_in_each_format(say: Any) -> None:
    query = "select 1 as one, 'a,b\"c' as text, null as nothing, ['x', 'y'] as list, date '2020-01-02' as day"
    _, out, _ = say("sql", query, "--format", "json")
    assert json.loads(out) == [
        {"one": 1, "text": 'a,b"c', "nothing": None, "list": ["x", "y"], "day": "2020-01-02"}
    ]
    _, out, _ = say("sql", query, "--format", "csv")
    assert list(csv.reader(io.StringIO(out))) == [
        ["one", "text", "nothing", "list", "day"], ["1", 'a,b"c', "", '["x", "y"]', "2020-01-02"],
    ]  # fmt: skip
    _, out, _ = say("sql", query)
    assert out.endswith("1 row\n")


@pytest.mark.parametrize(
    "query",
    [
        "delete from core.results", "create table x (y int)", "drop view results",
        "insert into core.aliases values (1)", "/* nothing */", ";",
        "attach 'other.duckdb'", "copy results to 'out.csv'", "from read_csv('/etc/passwd')",
        "set enable_external_access = true", "install httpfs", "selec 1", "from nowhere", "",
    ],
)  # fmt: skip
def test_sql_neither_changes_anything_nor_reaches_out(say: Any, loaded: Path, query: str) -> None:
    before = (loaded / "warehouse.duckdb").read_bytes()
    names = sorted(file.name for file in loaded.iterdir())
    status, _, err = say("sql", query)
    assert status == 1 and err.startswith("sotaduck: ")
    assert "Traceback" not in err
    assert (loaded / "warehouse.duckdb").read_bytes() == before
    assert sorted(file.name for file in loaded.iterdir()) == names


def test_sql_reads_the_query_from_standard_input(say: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("select 41 + 1 as answer"))
    assert say("sql", "-", "--format", "csv")[1] == "answer\n42\n"


@pytest.mark.parametrize("rows", [3, 100_000])
def test_whoever_has_read_enough_may_leave(rows: int, loaded: Path) -> None:
    """Whether the pipe breaks while rows are printed or, for a few, when the command ends."""
    command = f"{sys.executable} -m cli.main sql 'from range({rows})' --format csv | (exec 0<&-; sleep 1)"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=loaded,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_leaderboard_that_is_not_there_names_near_ones(say: Any) -> None:
    status, _, err = say("leaderboard", "panoptic-segmentation/cityscapes-val/mio")
    assert status == 1
    assert MIOU in err


def test_an_export_has_its_manifest(say: Any, tmp_path: Path) -> None:
    status, out, _ = say("export", "--out", str(tmp_path / "snapshot"), "--json")
    manifest = json.loads(out)
    assert status == 0
    assert manifest == json.loads((tmp_path / "snapshot" / "manifest.json").read_text("utf-8"))
    for item in manifest["files"]:
        with (tmp_path / "snapshot" / item["name"]).open(encoding="utf-8", newline="") as file:
            assert sum(1 for _ in csv.reader(file)) == item["rows"] + 1
