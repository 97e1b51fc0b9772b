"""`sotaduck serve`: the schedule on one machine, with a server of its own or on the user's."""

from __future__ import annotations

import contextlib
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.schedule import in_utc
from sotaduck.errors import ConfigError
from tests.flows.conftest import ask, environment, post, processes_with
from tests.flows.site import Site

PATIENCE = 100.0


@contextlib.contextmanager
def served(folder: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`sotaduck serve` in a folder; killed at the end if it has not ended by then."""
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", *arguments],
        cwd=folder,
        env=environment(SERVED_FROM=str(folder), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """What it says when it is ready."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    assert ready, "it says nothing"
    return process.stdout.readline()


def wait_for_runs(folder: Path, number: int) -> list[tuple[Any, ...]]:
    deadline = time.monotonic() + PATIENCE
    query = "select kind, status from runs"
    while time.monotonic() < deadline:
        if (folder / "warehouse.duckdb").exists() and len(runs := ask(folder, query)) >= number:
            return runs
        time.sleep(0.2)
    return ask(folder, query)


def ended(folder: Path) -> list[int]:
    """Processes that are left some seconds after the end."""
    deadline = time.monotonic() + 15
    while (left := processes_with("SERVED_FROM", str(folder))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def test_with_a_server_of_its_own_it_refreshes_and_leaves_nothing_behind(site: Site, home: Path) -> None:
    with served(home, "--run-now", "--cron", "30 5 * * *") as process:
        line = first_line(process)
        ready = r"Serving refresh/daily at '30 5 \* \* \*' UTC on (http://127\.0\.0\.1:\d+/api); Ctrl-C .*\n"
        said = re.fullmatch(ready, line)
        assert said, line
        assert wait_for_runs(home, 2) == [("refresh", "done")] * 2
        (deployment,) = post(said[1], "/deployments/filter", {})
        ((schedule,),) = [deployment["schedules"]]
        assert (schedule["active"], schedule["schedule"]["cron"]) == (True, "30 5 * * *")
        assert schedule["schedule"]["timezone"] == "UTC"
        process.send_signal(signal.SIGTERM)
        process.wait(90)
        assert process.returncode == 0
        assert ended(home) == []


def test_on_the_users_server_it_stops_at_ctrl_c_and_is_on_schedule_again_when_started_again(
    site: Site, home: Path, api: str
) -> None:
    for _ in range(2):
        with served(home, PREFECT_API_URL=api) as process:
            assert f"at '0 6 * * *' UTC on {api}" in first_line(process)
            (deployment,) = post(api, "/deployments/filter", {"deployments": {"name": {"any_": ["daily"]}}})
            assert [item["active"] for item in deployment["schedules"]] == [True]
            assert deployment["paused"] is False
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            process.wait(90)
            assert process.returncode == 0
            assert ended(home) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_of_its_own_ends_with_it_whenever_it_is_killed(home: Path, number: int) -> None:
    with served(home) as process:
        deadline = time.monotonic() + 30
        while len(processes_with("SERVED_FROM", str(home))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(number)
        process.wait(90)
        assert ended(home) == []


def test_what_is_no_cron_expression_is_said_at_once(home: Path) -> None:
    with served(home, "--cron", "every day") as process:
        _, said = process.communicate(timeout=20)
        assert process.returncode == 2
        assert said.startswith("sotaduck: --cron 'every day' is no cron expression")
        assert "Traceback" not in said


@pytest.mark.parametrize("cron", ["61 * * * *", "", "* * * *", "daily-ish"])
def test_what_is_no_cron_expression_is_refused(cron: str) -> None:
    with pytest.raises(ConfigError, match="is no cron expression"):
        in_utc(cron)
