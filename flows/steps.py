"""The stages joined: plain functions that know no Prefect.

    begin ─▶ capture ─▶ batches: read ─▶ normalise ─▶ validate ─▶ load ─▶ finish (derive, check) ─▶ swap

`refresh.py` and `ingest.py` put them in order. What goes wrong with one page becomes a `Failure` and the
others go on; what goes wrong with the whole raises a `SotaduckError`, and the published warehouse is as it
was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from expectations import frames
from expectations.drops import mass_drops
from expectations.quarantine import quarantine
from extract import sources
from flows.run import Pages, Run, RunReport, now
from sotaduck import __version__
from sotaduck.errors import ValidationStopped
from sotaduck.records import Capture, Normalised
from transform import pipeline
from transform.reconcile import reconcile
from warehouse import checks, publish, state
from warehouse import load as loading
from warehouse.derive import derive


def normalise(run: Run, batch: Pages) -> Normalised:
    """Text to typed records."""
    with run.stage("normalise"):
        return pipeline.normalise(batch.boards, batch.papers, batch.entries, run.vocabulary)


def validate(run: Run, build: Any, batch: Pages, normalised: Normalised) -> Normalised:
    """Great Expectations before the load: rows that fail go to quarantine, after a mass drop the board stays.

    Raises:
        ValidationStopped: a critical expectation failed.
    """
    if not batch.size:
        return normalised
    with run.stage("validate"), _documented(run):
        drops = mass_drops(
            normalised.boards,
            batch.seen,
            loading.board_sizes(build, (board.board_id for board in normalised.boards)),
            run.config.accept_drops,
        )
        for drop in drops:
            run.refused.setdefault(drop.capture_id, []).append(drop.failure)
        kept = _without(normalised, {(drop.board_id, drop.capture_id) for drop in drops})
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


def _without(normalised: Normalised, refused: set[tuple[str, str]]) -> Normalised:
    if not refused:
        return normalised
    return replace(
        normalised,
        boards=tuple(item for item in normalised.boards if (item.board_id, item.capture_id) not in refused),
        results=tuple(item for item in normalised.results if (item.board_id, item.capture_id) not in refused),
        quarantine=tuple(
            item for item in normalised.quarantine if (item.board_id or "", item.capture_id) not in refused
        ),
    )


def load(run: Run, build: Any, batch: Pages, normalised: Normalised) -> None:
    """Put a batch into the build."""
    captures = [(capture, _outcome(run, capture, read)) for capture, read in batch.captures]
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


def _outcome(run: Run, capture: Capture, read: str) -> str:
    """What came of a capture: a page of which a board was refused has failed, and so has what confirms it."""
    page = (capture.source, capture.url)
    if refused := run.refused.pop(capture.capture_id, None):
        run.standing[page] = (capture.digest, refused)
    elif read == "parsed":
        run.standing.pop(page, None)
    digest, _ = run.standing.get(page, ("", []))
    return "failed" if capture.digest == digest else read


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


def finish(run: Run, build: Any) -> RunReport:
    """Derive marts and views, check them, and write the run's own record into the build.

    Raises:
        ValidationStopped: a view contradicts what was loaded.
    """
    with run.stage("load"):
        loading.confirm(build)
        derive(build, reconcile)
    with run.stage("validate"), _documented(run):
        for suite, query in checks.FRAMES.items():
            run.gate.check(suite, state.frame(build, query))
    with run.stage("validate"):
        docs = run.gate.write_docs()
    outcomes = run.gate.checks
    run.failures += [failure for _, refused in run.standing.values() for failure in refused]
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
