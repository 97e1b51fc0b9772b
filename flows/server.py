"""A Prefect server of our own where the user runs none.

Prefect's embedded server cannot schedule, loses run records when the process ends, and makes the
calling process import the whole server as well. A server in a process of its own does none of this,
and starts while the caller imports what it needs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from flows import guarded
from flows.environment import set_defaults
from sotaduck.errors import SotaduckError

log = logging.getLogger("sotaduck.server")

START_TIMEOUT = 180.0
"""Seconds. The first start on a machine migrates Prefect's database: 18 s were measured on two cores."""


def configured_url() -> str | None:
    """Address of the Prefect API that the user has chosen, by variable or by profile; None for none.

    Read here, not through Prefect, since importing it takes seconds in which a server can start.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None  # no profile, or one that Prefect itself will complain about in its own words
    name = os.environ.get("PREFECT_PROFILE", profiles.get("active"))
    url = profiles.get("profiles", {}).get(name, {}).get("PREFECT_API_URL")
    return str(url) if url else None


class LocalServer:
    """A Prefect server on 127.0.0.1, in a process group of its own; it ends when this process does.

    Args:
        services: also run the services that a schedule needs.
    """

    def __init__(self, services: bool) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}/api"
        # -P: neither the working folder nor this one is a place of modules for it.
        command = [sys.executable, "-P", str(guarded.__file__), "prefect", "server", "start", "--no-ui"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "ERROR"]
        self._process = subprocess.Popen(
            command if services else [*command, "--no-services"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self, timeout: float = START_TIMEOUT) -> None:
        """Return when the server answers.

        Raises:
            SotaduckError: it ended, or did not answer within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise SotaduckError(
                    f"the local Prefect server ended with status {self._process.returncode}; "
                    "`prefect server start` shows why, or set PREFECT_API_URL to a server that runs"
                )
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise SotaduckError(
            f"the local Prefect server did not answer in {timeout:.0f} s; start one yourself with "
            "`prefect server start` and set PREFECT_API_URL"
        )

    def stop(self) -> None:
        """End the server and its children, gently first."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(2 * guarded.PATIENCE)


@contextlib.contextmanager
def prefect_server(services: bool = False) -> Iterator[LocalServer | None]:
    """Have a Prefect API for the block: the user's own (then None is given), or a local one.

    The local one is starting, not ready, when the block begins: call `.wait()` after the imports
    that can go on meanwhile. `PREFECT_API_URL` names it for the block.
    """
    set_defaults()
    if url := configured_url():
        log.info("using the Prefect server at %s", url)
        yield None
        return
    server = LocalServer(services)
    os.environ["PREFECT_API_URL"] = server.url
    if not services:
        # This server ends with the run: log lines that are still on their way would fail loudly.
        os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
    try:
        yield server
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        server.stop()
