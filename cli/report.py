"""Running a refresh for a person: the server beside, a progress bar, and what came of it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from cli import tables
from flows.server import prefect_server

if TYPE_CHECKING:
    from flows.accept import Accepted, Taken
    from flows.compact import CompactReport
    from flows.run import Progress as Watcher
    from flows.run import RunReport
    from sotaduck.config import Config

LEADERS_SHOWN = 25
SHOWN = 20


def run_refresh(
    settings: Config, *, quiet: bool, sources: list[str] | None, replay: bool, full: bool, **parameters: Any
) -> RunReport:
    """Run the flow, with a Prefect server of its own where the user has none.

    The server takes some ten seconds to start; what the run imports is imported meanwhile.
    """
    # Prefect's own lines say little that the report does not, and every error twice, with its traceback;
    # whoever wants them sets the level.
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    console = tables.console(stderr=True)
    with watched(console, quiet) as watch, prefect_server() as server:
        watch("starting Prefect", 0, 1)
        from flows.run import begin

        # What cannot be used is said before the rest is imported.
        begin(settings, sources or (), replay=replay, full=full)
        from expectations.run import warm_up
        from flows import refresh

        warm_up()
        if server:
            server.wait()
        watch("starting Prefect", 1, 1)
        return refresh.run(watch, sources=sources, replay=replay, full=full, **parameters)


def run_ingest(settings: Config, kind: str, paths: Sequence[Path], *, quiet: bool) -> RunReport:
    """Load files, here and now: no Prefect, since nothing of it would help."""
    console = tables.console(stderr=True)
    with watched(console, quiet) as watch:
        from flows.ingest import ingest

        return ingest(settings, kind, paths, watch)


def run_accept(settings: Config, name: str | None, *, quiet: bool) -> Accepted:
    """Take what is held back of the boards of this name, or of all."""
    console = tables.console(stderr=True)
    with watched(console, quiet) as watch:
        from flows.accept import accept

        return accept(settings, name, watch)


def run_compact(settings: Config, *, quiet: bool) -> CompactReport:
    """Give back space, here and now."""
    with watched(tables.console(stderr=True), quiet) as watch:
        from flows.compact import compact

        return compact(settings, watch)


@contextlib.contextmanager
def watched(console: Console, quiet: bool) -> Iterator[Watcher]:
    """A progress bar when a person watches, a plain line a step otherwise, nothing when quiet."""
    if quiet:
        yield lambda step, done, total: None
    elif console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description:18}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
            tasks: dict[str, Any] = {}

            def draw(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    tasks[step] = bar.add_task(step, total=total)
                bar.update(tasks[step], completed=done, total=total)

            yield draw
    else:
        started = time.monotonic()

        def line(step: str, done: int, total: int) -> None:
            if done == total:
                seconds = time.monotonic() - started
                print(f"{seconds:6.1f} s  {step}: {done}", file=sys.stderr, flush=True)  # noqa: T201

        yield line


def as_dict(report: RunReport | Accepted | CompactReport) -> dict[str, Any]:
    """The report as JSON takes it."""
    from dataclasses import asdict

    return asdict(report)


def show(report: RunReport, bundled: bool = False) -> None:
    """What the run did, what went wrong, and who leads."""
    from warehouse import query as ask

    console = tables.console()
    if bundled:
        console.print(
            "[dim]No sotaduck.toml here: the bundled samples stand in for the network. README.md says how to "
            "name pages.[/dim]"
        )
    leaders = ask.leaders(report.warehouse, LEADERS_SHOWN + 1)
    if leaders:
        console.print(tables.leaders_table(leaders[:LEADERS_SHOWN]))
    if len(leaders) > LEADERS_SHOWN:
        console.print("[dim]… and more: sotaduck sql 'from leaderboards'[/dim]")
    console.print(figures(report.counts))
    for note in report.notes:
        console.print(escape(note))
    _some(console, "yellow", "warning", report.warnings, "checks")
    failures = [f"{item.stage} {item.url}: {item.detail} [{item.reason}]" for item in report.failures]
    _some(console, "red", "failed", failures, "failures")
    console.print(f"Warehouse  {escape(str(report.warehouse))}")
    if report.data_docs:
        console.print(f"Data Docs  {escape(str(report.data_docs))} (what was checked; needs no network)")
    click.echo(f"Run {report.run_id}: {report.status} in {sum(report.stages.values()):.1f} s")


def show_accepted(accepted: Accepted, name: str | None) -> None:
    """What was taken, who leads now, and what is still held."""
    console = tables.console()
    for one in accepted.taken:
        board = one.board
        place = f"{board.leaderboard_id} of {board.locator}"
        console.print(escape(f"{place}: {board.rows_before:,} → {board.rows_now:,} rows; {_leaders(one)}"))
    if not accepted.taken and (name is None or not accepted.left):
        console.print("Nothing is held back: every leaderboard is shown as it was seen last.")
    elif not accepted.taken:
        console.print(escape(f"{name} is not held back: it is shown as it was seen last."))
    if accepted.left:
        console.print(f"Still held back: {len(accepted.left):,}. sotaduck sql 'from held' lists them.")
    if report := accepted.report:
        failures = [f"{item.stage} {item.url}: {item.detail} [{item.reason}]" for item in report.failures]
        _some(console, "red", "failed", failures, "failures")
        click.echo(f"Run {report.run_id}: {report.status} in {sum(report.stages.values()):.1f} s")


def _leaders(taken: Taken) -> str:
    before, now = taken.leader_before, taken.leader
    if now[0] is None:
        return "nobody leads" if before[0] is None else f"nobody leads, before it was {_leader(before)}"
    if before == now:
        return f"{_leader(now)} leads as before"
    return f"{_leader(now)} leads, before it was {'nobody' if before[0] is None else _leader(before)}"


def _leader(leader: tuple[str | None, float | None]) -> str:
    return f"{leader[0]} ({tables.number(leader[1])})"


def show_compacted(settings: Config, done: CompactReport) -> None:
    """What archive and warehouse took before, and what they take now."""
    for path, space in ((settings.archive, done.archive), (settings.warehouse, done.warehouse)):
        if space is None:
            click.echo(f"{path}: is not there")
        elif not space.changed:
            click.echo(f"{path}: nothing to gain ({_files(space.files_after)}, {space.bytes_after:,} bytes)")
        else:
            click.echo(
                f"{path}: {_files(space.files_before)}, {space.bytes_before:,} bytes → "
                f"{_files(space.files_after)}, {space.bytes_after:,} bytes"
            )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _some(console: Console, colour: str, word: str, lines: Sequence[str], view: str) -> None:
    """The first lines of what may be many; the view has them all."""
    for line in lines[:SHOWN]:
        console.print(f"[{colour}]{word}[/{colour}] {escape(line)}")
    if len(lines) > SHOWN:
        console.print(f"[dim]… and {len(lines) - SHOWN:,} more: sotaduck sql 'from {view}'[/dim]")


def figures(counts: Mapping[str, int]) -> str:
    """The run's figures in one line of words: what it did, and what the warehouse holds now."""
    words = {
        name: f"{value:,} {name.removeprefix('total_').replace('_', ' ')}" for name, value in counts.items()
    }
    did = [text for name, text in words.items() if counts[name] and not name.startswith("total_")]
    holds = [text for name, text in words.items() if name.startswith("total_")]
    return f"{' · '.join(did) or 'nothing new'} → the warehouse has {', '.join(holds)}"


def show_status(path: Path, facts: Mapping[str, Any]) -> None:
    """The warehouse at a glance."""
    console = tables.console()
    console.print(f"[bold]{escape(str(path))}[/bold]")
    for title, rows in facts.items():
        console.print()
        console.print(f"[bold]{escape(title.replace('_', ' '))}[/bold]")
        if not rows:
            console.print("[dim]none[/dim]")
        elif isinstance(rows, dict):
            grid = Table.grid(padding=(0, 2))
            for name, value in rows.items():
                grid.add_row(escape(name.replace("_", " ")), escape(tables.cell(value)))
            console.print(grid)
        else:
            columns = list(rows[0])
            console.print(tables.plain_table(columns, [[row[name] for name in columns] for row in rows]))
