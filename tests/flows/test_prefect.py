"""The real command line under a real Prefect server: what the server sees, retries, and a run without one."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.conftest import ROOT, ask, environment, post, processes_with
from tests.flows.site import FAULTS, Site

SOTADUCK = [sys.executable, "-m", "cli.main"]


def command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOTADUCK, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def seen(
    session_site: Site, api: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """`sotaduck refresh` on the user's server, with two pages that fail."""
    folder = tmp_path_factory.mktemp("seen")
    session_site.reset()
    text = session_site.configuration(min(FAULTS), max(FAULTS))
    (folder / "sotaduck.toml").write_text(text, "utf-8")
    return folder, command(folder, "refresh", "--source", "paperswithcode2", PREFECT_API_URL=api)


def test_the_command_says_what_it_did_and_what_failed(
    session_site: Site, seen: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    folder, done = seen
    assert done.returncode == 4
    said = " ".join(done.stdout.split())
    for number, reason in ((min(FAULTS), "http_404"), (max(FAULTS), "cell_count")):
        assert f"{session_site.address(number)}:" in said and f"[{reason}]" in said
    assert "EfficientPS (Cityscapes-fine)" in said
    assert str(folder / "data-docs" / "index.html") in said.replace(" ", "")
    ((run_id, status),) = ask(folder, "select run_id, status from runs")
    assert f"Run {run_id}: {status}" in said
    assert status == "done_with_failures"


def test_nobody_but_the_command_speaks_on_standard_error(
    seen: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    lines = seen[1].stderr.splitlines()
    assert lines
    assert [line for line in lines if not re.fullmatch(r" *\d+\.\d s  [\w ]+: \d+", line)] == []


def test_the_server_knows_the_run_its_tasks_and_its_artifacts(
    api: str, seen: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    folder, _ = seen
    (run,) = post(api, "/flow_runs/filter", {"flows": {"name": {"any_": ["refresh"]}}})
    assert (run["name"], run["state_type"]) == ("refresh-paperswithcode2", "COMPLETED")
    tasks = post(api, "/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    names = {re.sub(r"-\w{3}$", "", task["name"]) for task in tasks}
    assert names >= {"capture-paperswithcode2", "normalise", "validate", "load", "finish"}
    assert {task["state_type"] for task in tasks} == {"COMPLETED"}
    artifacts = {item["key"]: item for item in post(api, "/artifacts/filter", {})}
    assert (folder / "data-docs" / "index.html").as_uri() in artifacts["sotaduck-data-docs"]["data"]
    figures = {row["figure"]: row["value"] for row in json.loads(artifacts["sotaduck-run"]["data"])}
    ((counts,),) = ask(folder, "select counts from runs")
    assert figures == counts
    limits = post(api, "/v2/concurrency_limits/filter", {})
    assert [(item["name"], item["limit"]) for item in limits] == [("sotaduck-host-127.0.0.1", 1)]


def test_a_task_is_tried_again_after_what_may_pass_and_not_after_what_will_not(
    api: str, tmp_path: Path
) -> None:
    script = (
        "import flows.environment\n"
        "from flows import refresh as flow\n"
        "from sotaduck.errors import ArchiveError\n"
        "from prefect import flow as make\n"
        "for error in (RuntimeError('passes'), ArchiveError('stays')):\n"
        "    tries = []\n"
        "    def capture_source(*_):\n"
        "        tries.append(1)\n"
        "        raise error\n"
        "    flow.capture_source = capture_source\n"
        "    class Run:\n"
        "        sources = {'x': type('Source', (), {'base_url': 'http://retry.example'})()}\n"
        "    @make(name='tries', persist_result=False)\n"
        "    def tried():\n"
        "        flow.capture.with_options(retry_delay_seconds=0)(Run(), 'x', None)\n"
        "    try:\n"
        "        tried()\n"
        "    except type(error) as raised:\n"
        "        print(len(tries), raised)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(PREFECT_API_URL=api),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["2 passes", "1 stays"]


def test_without_a_server_the_command_starts_one_and_leaves_none(site: Site, home: Path) -> None:
    done = command(home, "refresh", "--json", REFRESHED_BY="alone")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert report["counts"]["unchanged"] == report["counts"]["captures"] > 0
    assert processes_with("REFRESHED_BY", "alone") == []


def test_a_stopped_run_ends_with_status_3(site: Site, home: Path, api: str) -> None:
    """The transform is broken from without, in the process of the command."""
    site.boards[79678]["rows"][0]["value"] = "72.5"
    site.serve()
    script = (
        "from tests.flows.broken import a_zero\n"
        "from transform import pipeline\n"
        "pipeline.normalise = a_zero\n"
        "from cli.main import main\n"
        "main()\n"
    )
    before = (home / "warehouse.duckdb").read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", script, "refresh"],
        cwd=home,
        env=environment(PREFECT_API_URL=api, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "sotaduck: result_zero_said (critical)" in done.stderr
    assert "Traceback" not in done.stderr
    assert (home / "warehouse.duckdb").read_bytes() == before


def test_a_server_that_does_not_answer_is_one_clear_message(home: Path) -> None:
    for arguments in (["refresh"], ["serve"]):
        done = command(home, *arguments, PREFECT_API_URL="http://127.0.0.1:1/api")
        assert done.returncode == 1
        *_, said = done.stderr.splitlines()
        assert said.startswith("sotaduck: the Prefect server at http://127.0.0.1:1/api does not answer")
        assert "unset PREFECT_API_URL" in said
        assert "Traceback" not in done.stderr


def test_a_warehouse_that_cannot_be_used_is_said_before_the_run(home: Path) -> None:
    done = command(home, "refresh", "--warehouse", "archive")
    assert done.returncode == 1
    assert done.stderr.startswith(f"sotaduck: {home / 'archive'}: is a folder")


@pytest.fixture(scope="module")
def project() -> Iterator[dict[str, Any]]:
    yield yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))


def test_the_deployments_name_flows_that_there_are_and_parameters_that_they_take(
    project: dict[str, Any],
) -> None:
    assert {item["name"] for item in project["deployments"]} == {"daily", "weekly-snapshot"}
    for deployment in project["deployments"]:
        file, _, name = deployment["entrypoint"].partition(":")
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        flow = getattr(module, name)
        assert set(deployment["parameters"]) <= set(flow.parameters.properties)
        assert all(schedule["timezone"] == "UTC" for schedule in deployment["schedules"])


def test_prefect_is_pinned_to_what_the_lock_has(project: dict[str, Any]) -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert f"prefect=={project['prefect-version']} " in lock
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert any(item.startswith("prefect>=3.8") for item in wanted)


def test_telemetry_is_off() -> None:
    from flows.environment import DEFAULTS

    assert {name: os.environ.get(name) for name in DEFAULTS} == DEFAULTS
    assert DEFAULTS["PREFECT_SERVER_ANALYTICS_ENABLED"] == DEFAULTS["GX_ANALYTICS_ENABLED"] == "false"
