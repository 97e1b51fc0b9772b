"""The stages joined: plain functions that know no Prefect.

    begin ─▶ capture ─▶ batches: read ─▶ normalise ─▶ validate ─▶ load ─▶ finish (derive, check) ─▶ swap

`refresh.py` and `ingest.py` put them in order. What goes wrong with one page becomes a `Failure` and the
others go on; what goes wrong with the whole raises a `SotaduckError`, and the published warehouse is as it
was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from expectations import frames
from expectations.drops import failures, held_back
from expectations.quarantine import quarantine
from extract import sources
from flows.run import Pages, Run, RunReport, now
from sotaduck import __version__
from sotaduck.config import Config
from sotaduck.errors import ValidationStopped
from sotaduck.records import Normalised
from transform import pipeline
from transform.reconcile import reconcile
from warehouse import checks, own_changes, publish, state
from warehouse import load as loading
from warehouse.derive import Hold, derive
from warehouse.held import held_boards


def normalise(run: Run, batch: Pages) -> Normalised:
    """Text to typed records."""
    with run.stage("normalise"):
        return pipeline.normalise(batch.boards, batch.papers, batch.entries, run.vocabulary)


def validate(run: Run, batch: Pages, normalised: Normalised) -> Normalised:
    """Great Expectations before the load: rows that fail go to quarantine.

    Raises:
        ValidationStopped: a critical expectation failed.
    """
    if not batch.size:
        return normalised
    with run.stage("validate"), _documented(run):
        kept = normalised
        for suite, frame in (
            ("raw_rows", frames.raw_rows(batch.boards)),
            ("results", frames.results(kept, batch.seen)),
            ("papers", frames.papers(kept, batch.seen)),
        ):
            kept = quarantine(kept, run.gate.check(suite, frame))
        run.gate.check("boards", frames.boards(kept))
        return kept


@contextmanager
def _documented(run: Run) -> Iterator[None]:
    """Write the Data Docs before a stopped run ends: they show which rows stopped it."""
    try:
        yield
    except ValidationStopped as error:
        docs = run.gate.write_docs()
        raise ValidationStopped(f"{error}\nThe warehouse is as it was. Data Docs: {docs}") from error


def load(run: Run, build: Any, batch: Pages, normalised: Normalised) -> None:
    """Put a batch into the build."""
    captures = batch.captures
    with run.stage("load"):
        loading.add_captures(build, captures)
        run.about |= {capture.source for capture, _ in captures}
        loading.add(build, normalised, batch.seen)
    counts = run.counts
    counts["captures"] += len(captures)
    counts["unchanged"] += sum(outcome == "confirmed" for _, outcome in captures)
    counts["boards"] += len(normalised.boards)
    counts["papers"] += len(batch.papers)
    for board in normalised.boards:
        counts["cells_in"] += board.cells_in
        counts["loaded"] += board.cells_loaded
        counts["quarantined"] += board.cells_quarantined
        counts["duplicates"] += board.cells_duplicate
    run.warnings += [f"{board.locator}: {text}" for board in batch.boards for text in board.warnings]
    run.warnings += normalised.warnings


@contextmanager
def building(run: Run) -> Iterator[Any]:
    """A private copy of the warehouse for the block, published where the block ends well.

    Raises:
        BuildInProgress, WarehouseError: as `warehouse.publish.build`.
    """
    with publish.build(run.config.warehouse, fresh=run.rebuilds) as build:
        # Another run may have loaded since this one began, also what this one has captured.
        run.known = state.known(run.config.warehouse)
        loading.set_sources(build, [source.facts() for source in sources.SOURCES.values()])
        yield build


def hold(config: Config) -> Hold:
    """Which observations are not shown, as the configuration has it."""
    return partial(held_back, share=config.mass_drop_share, accepted_locators=frozenset(config.accept_drops))


def _own_changes(run: Run, build: Any) -> None:
    moved = own_changes.record(build, run.config.warehouse, run.run_id, now())
    run.counts["own_changes"] = moved
    if moved:
        run.warnings.append(
            f"{moved} changes of answers come from this release or its vocabulary, not from the sources; "
            f"`sotaduck changes --since {run.run_id}` lists them"
        )


def finish(run: Run, build: Any) -> RunReport:
    """Derive marts and views, check them, and write the run's own record into the build.

    Raises:
        ValidationStopped: a view contradicts what was loaded.
    """
    with run.stage("load"):
        run.archive.catch_up()
        loading.settle(build, run.archive.captures())
        loading.confirm(build)
        derive(build, reconcile, hold(run.config))
        if run.rebuilds and run.config.warehouse.exists():
            _own_changes(run, build)
    with run.stage("validate"), _documented(run):
        for suite, query in checks.FRAMES.items():
            run.gate.check(suite, state.frame(build, query))
    with run.stage("validate"):
        docs = run.gate.write_docs()
    outcomes = run.gate.checks
    run.failures += failures(board for board in held_boards(build) if board.source in run.about)
    run.counts["failures"] = len(run.failures)
    run.warnings += [
        f"{check.expectation}: {check.detail}"
        for check in outcomes
        if not check.success and check.severity == "warning"
    ]
    status = "done_with_failures" if run.failures else "done"
    counts = {**run.counts, **{f"total_{name}": value for name, value in state.figures(build).items()}}
    loading.add_run(
        build,
        {
            "run_id": run.run_id, "kind": run.kind, "started_at": run.started, "finished_at": now(),
            "status": status, "sources": sorted(run.about), "vocabulary": run.vocabulary.digest,
            "version": __version__, "counts": counts, "stages": run.stages,
            "warnings": run.warnings, "notes": run.notes, "data_docs": str(docs) if docs else None,
        },
        run.failures,
        outcomes,
    )  # fmt: skip
    return RunReport(
        run_id=run.run_id, kind=run.kind, status=status, exit_status=4 if run.failures else 0,
        warehouse=run.config.warehouse, data_docs=docs, counts=counts, stages=dict(run.stages),
        failures=tuple(run.failures), warnings=tuple(run.warnings),
        notes=tuple(run.notes), checks=outcomes,
    )  # fmt: skip
