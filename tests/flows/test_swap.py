"""One build at a time, beside the published file: readers go on, and a killed build changes nothing."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import sys
import time
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from flows import refresh as flow
from flows import steps
from sotaduck.errors import SotaduckError
from tests.flows.conftest import ask, content, run_refresh
from tests.flows.expected import ranking
from tests.flows.site import Site

EVIDENCE = ("capture_id", "outcome", "fetched_at", "digest", "warc_offset")
"""Two runs that read the same page at once both read it; one after the other, the later confirms."""
PQ = 79678
LEADER = (
    "select leader_value from leaderboards where leaderboard_id = 'panoptic-segmentation/cityscapes-val/pq'"
)


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Makes processes that have the pipeline imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.flows.conftest", "great_expectations.expectations"])
    return context


def refresh_alone(folder: Path) -> None:
    """A refresh in a process of its own; it ends with the exit status of the command."""
    try:
        sys.exit(run_refresh(folder).exit_status)
    except SotaduckError as error:
        sys.exit(error.exit_status)


def start(processes: ForkServerContext, folder: Path) -> ForkServerProcess:
    process = processes.Process(target=refresh_alone, args=(folder,))
    process.start()
    return process


def change(site: Site, value: str) -> None:
    """Another leader on one page."""
    site.boards[PQ]["rows"][0]["value"] = value
    site.serve()


def test_a_refresh_succeeds_while_an_analyst_has_the_file_open(site: Site, home: Path) -> None:
    change(site, "72.5")
    script = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1], read_only=True)\n"
        "for _ in range(2):\n"
        "    print(connection.execute(sys.argv[2]).fetchone()[0], flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", script, str(home / "warehouse.duckdb"), LEADER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as analyst:
        assert analyst.stdin is not None and analyst.stdout is not None
        assert analyst.stdout.readline() == "70.8\n"
        assert run_refresh(home).exit_status == 0
        assert ask(home, LEADER) == [(72.5,)]
        analyst.stdin.write("\n")
        analyst.stdin.flush()
        assert analyst.stdout.readline() == "70.8\n"
        analyst.stdin.write("\n")


def test_of_two_refreshes_at_once_one_waits_for_the_other(
    site: Site, home: Path, processes: ForkServerContext
) -> None:
    change(site, "72.5")
    both = [start(processes, home) for _ in range(2)]
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert ask(home, LEADER) == [(72.5,)]
    assert ask(home, "select count(*) from runs") == [(3,)]
    run_refresh(home)
    before = content(home, EVIDENCE)
    run_refresh(home, replay=True)
    assert content(home, EVIDENCE) == before


def test_a_run_that_is_overtaken_by_another_loads_nothing_twice(
    site: Site, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(site, "72.5")

    def overtaken(*arguments: Any) -> Any:
        """Within the build of the one, the other would wait: it comes just before."""
        monkeypatch.setattr(steps, "building", building)
        flow.refresh.fn(config=str(home / "sotaduck.toml"))
        return building(*arguments)

    building = steps.building
    monkeypatch.setattr(steps, "building", overtaken)
    run_refresh(home)
    assert ask(home, "select count(*) from runs") == [(3,)]
    twice = "select board_id from core.observations group by board_id, capture_id having count(*) > 1"
    assert ask(home, twice) == []
    before = content(home, EVIDENCE)
    run_refresh(home, replay=True)
    assert content(home, EVIDENCE) == before


def test_a_refresh_that_is_killed_at_any_moment_leaves_the_old_file_or_the_new_one(
    site: Site, home: Path, processes: ForkServerContext
) -> None:
    begun = time.monotonic()
    start(processes, home).join(60)
    whole = time.monotonic() - begun
    chance = random.Random(5)
    allowed = {70.8}
    for attempt in range(5):
        value = f"7{attempt + 1}.5"
        change(site, value)
        allowed.add(float(value))
        process = start(processes, home)
        time.sleep(whole * (attempt + chance.random()) / 5)
        process.kill()
        process.join(10)
        assert process.exitcode in (-signal.SIGKILL, 0)
        ((leader,),) = ask(home, LEADER)
        assert leader in allowed
        assert ask(home, "select count(*) from ranked_results where rank is not null") == [(176,)]
    assert run_refresh(home).exit_status == 0
    ranked = ask(
        home, "select rank, model, value from ranked_results where source_url = $1", site.address(PQ)
    )
    assert sorted(ranked) == ranking(site.boards[PQ])
    assert (
        sorted(file.name for file in home.iterdir() if "build-" in file.name or file.suffix == ".wal") == []
    )
    before = content(home)
    run_refresh(home, replay=True)
    assert content(home) == before
