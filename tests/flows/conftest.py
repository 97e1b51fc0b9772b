"""What the flow tests share: the site, the flow's body without Prefect, and questions to the warehouse."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import flows.environment  # noqa: F401  (before Prefect)
from flows import refresh as flow
from flows.run import RunReport
from tests.flows.site import Site
from tests.server import PageServer

Refresh = Callable[..., RunReport]


@pytest.fixture(scope="session")
def session_site() -> Iterator[Site]:
    with PageServer() as server:
        yield Site(server)


@pytest.fixture
def site(session_site: Site) -> Site:
    """The site as it is at first, its log empty."""
    session_site.reset()
    return session_site


@contextlib.contextmanager
def without_prefect() -> Iterator[None]:
    """The tasks of the flow are the functions that they wrap; nothing is told to a server."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("capture", "normalise", "validate", "load", "finish"):
            patch.setattr(flow, name, getattr(flow, name).fn)
        patch.setattr(flow, "host_limit", contextlib.nullcontext)
        patch.setattr(flow, "publish_artifacts", lambda report: None)
        yield


def run_refresh(folder: Path, **parameters: Any) -> RunReport:
    """The body of the flow, line for line, on the configuration in a folder."""
    with without_prefect():
        report: RunReport = flow.refresh.fn(config=str(folder / "sotaduck.toml"), **parameters)
        return report


@pytest.fixture(scope="session")
def loaded(session_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with configuration, archive and warehouse after one refresh of the good pages. Copy it."""
    folder = tmp_path_factory.mktemp("loaded")
    session_site.reset()
    (folder / "sotaduck.toml").write_text(session_site.configuration(), "utf-8")
    report = run_refresh(folder)
    assert report.failures == ()
    return folder


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Path:
    """A folder of the test's own, as after a first refresh."""
    return Path(shutil.copytree(loaded, tmp_path / "home"))


def ask(folder: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of the warehouse in a folder."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query, list(values)).fetchall()


ROOT = Path(__file__).parents[2]


def environment(**variables: str) -> dict[str, str]:
    """Variables for a command: those of this process without what Prefect was told, and these."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "SOTADUCK_"))
    }
    return {**kept, "PREFECT_HOME": os.environ["PREFECT_HOME"], "PYTHONPATH": str(ROOT), **variables}


def processes_with(variable: str, value: str) -> list[int]:
    """Ids of processes that have this in their environment."""
    wanted = f"{variable}={value}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def post(api: str, path: str, body: dict[str, Any]) -> Any:
    """The answer of Prefect's API."""
    request = urllib.request.Request(
        f"{api}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture(scope="session", autouse=True)
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Prefect's files of this session: the user's own are left alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(folder := tmp_path_factory.mktemp("prefect")))
        yield folder


@pytest.fixture(scope="session")
def api(prefect_home: Path) -> Iterator[str]:
    """A Prefect server as a user would run it; the address of its API."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--port", str(port)]
    url = f"http://127.0.0.1:{port}/api"
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{url}/health", timeout=2).close()
                    break
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()


OF_RUNS = frozenset({"runs", "checks", "failures"})
"""Views that tell of the runs, and not of the world."""


def content(folder: Path, without: Collection[str] = ()) -> dict[str, list[str]]:
    """Every row of every public view but those of the runs, in words and sorted.

    Args:
        without: columns to leave out, in whatever view they are.
    """
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where schema_name = 'main' and not internal"
        ).fetchall()
        query = "select columns(name -> name not in ({})) from {}"
        left_out = ", ".join(f"'{name}'" for name in ("", *without))
        return {
            name: sorted(map(repr, connection.execute(query.format(left_out, name)).fetchall()))
            for (name,) in views
            if name not in OF_RUNS
        }
