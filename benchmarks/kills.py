"""`kill -9` at random moments of the commands that write: what stands then, and does the next run end well?

Each trial begins with a copy of one prepared folder, starts the real command in it, kills it at a moment of
its whole length, drawn at random, and then asks: does the published warehouse open, does it hold what it held
before or what it holds after and nothing between, does it pass its own expectations; and does the same
command, run again, end as an undisturbed one does, with the same content?
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from expectations.run import Gate
from tests.pwc_pages import address, page
from warehouse import checks, state
from warehouse.publish import connect

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "refresh": ("refresh",),
    "ingest": ("ingest", "warc", "more.warc.gz"),
    "accept": ("accept", "--all"),
    "compact": ("compact",),
    "export": ("export", "--out", "snapshot"),
}
SHARES = {"refresh": 0.1, "ingest": 0.25, "accept": 0.2, "compact": 0.2, "export": 0.25}
"""Of the trials; a refresh starts Prefect and takes the longest."""

VIEWS = ("ranked_results", "sota_history", "changes", "papers", "quarantine", "held")
OF_RUNS = ("run_id", "changed_at", "known_from", "superseded_at")
HEAD = ("command", "killed", "stood as before", "stood as after", "not whole", "next run failed")


@dataclass
class Trials:
    """What came of the kills of one command. `faults` says what was wrong, in words."""

    command: str
    killed: int = 0
    before: int = 0
    after: int = 0
    broken: int = 0
    stuck: int = 0
    faults: list[str] = field(default_factory=list)

    def row(self) -> tuple[object, ...]:
        """As a line of the table."""
        return (self.command, self.killed, self.before, self.after, self.broken, self.stuck)


def trials(folder: Path, boards: list[dict[str, Any]], number: int, seed: int = 1) -> Iterator[Trials]:
    """Kill each command its share of so many times.

    Args:
        folder: an empty one, for the work.
        boards: real leaderboards, of which the pages are made.
    """
    draw = random.Random(seed)
    base = _prepared(folder / "base", boards)
    for name in COMMANDS:
        yield _of_command(folder, base, name, round(SHARES[name] * number), draw)


def _prepared(base: Path, boards: list[dict[str, Any]]) -> Path:
    """An archive of two files with a board that is held back, its warehouse, and a file to take in."""
    base.mkdir(parents=True)
    large = [board for board in boards if len(board["rows"]) >= 20][:6]
    start = datetime(2025, 1, 6, 6, tzinfo=UTC)
    _write(base / "first.warc.gz", large[:4], start)
    _write(base / "less.warc.gz", [large[0] | {"rows": large[0]["rows"][:3]}], start + timedelta(days=7))
    _write(base / "more.warc.gz", large[2:], start + timedelta(days=14))
    for file, status in (("first.warc.gz", 0), ("less.warc.gz", 4)):
        done = _run(base, ("ingest", "warc", file))
        assert done.returncode == status, done.stderr
    # A second file of the archive that holds what the first holds too: something to merge.
    shutil.copyfile(base / "archive/00001.warc.gz", base / "archive/00002.warc.gz")
    return base


def _write(file: Path, boards: list[dict[str, Any]], when: datetime) -> None:
    with file.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for at, board in enumerate(boards):
            body = page(board)
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            dated = {"WARC-Date": f"{when + timedelta(seconds=at):%Y-%m-%dT%H:%M:%SZ}"}
            writer.write_record(
                writer.create_warc_record(
                    address(board),
                    "response",
                    io.BytesIO(body),
                    len(body),
                    warc_headers_dict=dated,
                    http_headers=headers,
                )
            )


def _of_command(folder: Path, base: Path, name: str, number: int, draw: random.Random) -> Trials:
    found = Trials(name)
    undisturbed = _copied(base, folder / f"{name}-undisturbed")
    before = _content(undisturbed)
    begun = time.perf_counter()
    done = _run(undisturbed, COMMANDS[name])
    length = time.perf_counter() - begun
    after = _content(undisturbed)
    while found.killed < number:
        home = _copied(base, folder / name)
        process = _start(home, COMMANDS[name])
        begun = time.perf_counter()
        with suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, length))
        alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if not alive:  # it was through; from now on its length is known better
            length = min(length, time.perf_counter() - begun)
            continue
        found.killed += 1
        faults = _faults(home)
        content = _content(home)
        found.before += content == before
        found.after += content == after != before
        if content not in (before, after):
            faults.append("the warehouse holds what it held neither before nor after")
        found.broken += bool(faults)
        again = _run(home, COMMANDS[name])
        wrong = again.returncode != done.returncode or _content(home) != after
        found.stuck += wrong
        found.faults += faults
        if wrong:
            found.faults.append(f"the next run: status {again.returncode}: {again.stderr[-500:]}")
    return found


def _copied(base: Path, home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(base, home)
    return home


def _start(home: Path, command: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *command], cwd=home, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _run(home: Path, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    process = _start(home, command)
    out, err = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _content(home: Path) -> str:
    """A digest of what the warehouse says, whichever run said it, and when."""
    digest = hashlib.sha256()
    with closing(connect(home / "warehouse.duckdb", read_only=True)) as connection:
        for view in VIEWS:
            left_out = ", ".join(f"'{name}'" for name in OF_RUNS)
            rows = connection.execute(
                f"select columns(name -> name not in ({left_out})) from {view} order by all"
            ).fetchall()
            digest.update(repr(rows).encode())
    return digest.hexdigest()


def _faults(home: Path) -> list[str]:
    """What is not whole: of the warehouse, and of the snapshot where there is one."""
    with closing(connect(home / "warehouse.duckdb", read_only=True)) as connection:
        gate = Gate(home / "looked-at")
        for suite, query in checks.FRAMES.items():
            gate.check(suite, state.frame(connection, query))
    faults = [
        f"expectation {check.expectation}: {check.detail}"
        for check in gate.checks
        if not check.success and check.severity == "critical"
    ]
    snapshot = home / "snapshot"
    if snapshot.exists():
        for file in json.loads((snapshot / "manifest.json").read_text("utf-8"))["files"]:
            if hashlib.sha256((snapshot / file["name"]).read_bytes()).hexdigest() != file["sha256"]:
                faults.append(f"snapshot: {file['name']} is not as the manifest says")
    return faults
