"""The refresh flow: capture → read → normalise → validate → load, under Prefect.

Read it as the architecture. The work is done by `flows.steps`, which knows no Prefect; here are
the retries, the limit for a host, the names and the artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect import flow, task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.runtime import flow_run
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

import flows.environment  # noqa: F401  (before Prefect: it reads these variables when imported)
from flows import steps
from flows.capturing import capture_source
from flows.reading import batches
from flows.run import Pages, Progress, Run, RunReport, begin, silent
from sotaduck import config as configuration
from sotaduck.errors import SotaduckError
from sotaduck.records import Normalised

watcher: ContextVar[Progress] = ContextVar("watcher", default=silent)
"""Who is told of progress: a flow's parameters must be plain data, so it cannot be one of them."""

plain: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}
"""Every task works on the archive or the warehouse, which are the record: nothing to cache."""


def _is_worth_another_try(_task: Any, _run: Any, state: Any) -> bool:
    """A fault that a sotaduck error names will be there a second later; others may pass."""
    try:
        state.result()
    except SotaduckError:
        return False
    except Exception:  # noqa: BLE001  (only asked whether another try helps; the error itself goes on)
        return True
    return False


@task(
    task_run_name="capture-{name}",
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=_is_worth_another_try,
    **plain,
)
def capture(run: Run, name: str, gathered: Pages) -> Pages:
    """Fetch and read one source, one run at a time for its host."""
    with host_limit(run.sources[name].base_url):
        return capture_source(run, name, gathered, watcher.get())


@task(**plain)
def normalise(run: Run, batch: Pages) -> Normalised:
    """Text to typed records."""
    return steps.normalise(run, batch)


@task(**plain)
def validate(run: Run, batch: Pages, normalised: Normalised) -> Normalised:
    """Great Expectations before the load."""
    return steps.validate(run, batch, normalised)


@task(**plain)
def load(run: Run, build: Any, batch: Pages, normalised: Normalised) -> None:
    """Into the build, beside the published file."""
    steps.load(run, build, batch, normalised)


@task(**plain)
def finish(run: Run, build: Any) -> RunReport:
    """Marts, views, their checks, the record of the run."""
    return steps.finish(run, build)


def check_server() -> None:
    """Ask the Prefect server whether it is there.

    Raises:
        SotaduckError: it does not answer.
    """
    with get_client(sync_client=True) as client:
        if fault := client.api_healthcheck():
            raise SotaduckError(
                f"the Prefect server at {str(client.api_url).rstrip('/')} does not answer ({fault}); "
                "start it, or unset PREFECT_API_URL to have a local one"
            ) from fault


@contextmanager
def host_limit(base_url: str) -> Iterator[None]:
    """One capture at a time for a host, over all runs that share this Prefect server."""
    name = f"sotaduck-host-{urlsplit(base_url).hostname}"
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(name, limit=1)
    with concurrency(name, occupy=1, strict=True):
        yield


def run_name() -> str:
    """`refresh-paperswithcode2`, `replay-all` …: what the run is about, for Prefect's lists."""
    parameters = flow_run.parameters
    what = "replay" if parameters.get("replay") else "full" if parameters.get("full") else "refresh"
    return "-".join([what, *(parameters.get("sources") or ["all"])])


@flow(name="refresh", flow_run_name=run_name, validate_parameters=False, persist_result=False)
def refresh(
    config: str | None = None,
    sources: list[str] | None = None,
    replay: bool = False,
    full: bool = False,
    warehouse: str | None = None,
) -> RunReport:
    """Bring the warehouse up to date.

    Args:
        config: path of a configuration file; None as `sotaduck.config.load` says.
        sources: names of sources; None for all that are configured.
        replay: rebuild from the archive alone, with no network.
        full: fetch every page without conditions and rebuild from the whole archive.
        warehouse: DuckDB file to use instead of the configured one.

    Raises:
        SotaduckError: what stopped the run; the published warehouse is as it was.
    """
    settings = configuration.load(
        Path(config) if config else None, warehouse=Path(warehouse) if warehouse else None
    )
    run = begin(settings, sources or [], replay=replay, full=full)
    pages = Pages()
    if run.kind != "replay" or settings.bundled:  # the bundled samples need no network
        for name in run.sources:
            with run.stage("capture"):
                pages.add(capture(run, name, pages))
    with steps.building(run) as build:
        for batch in batches(run, pages, (), watcher.get()):
            normalised = normalise(run, batch)
            validated = validate(run, batch, normalised)
            load(run, build, batch, validated)
        report = finish(run, build)
    publish_artifacts(report)
    return report


def publish_artifacts(report: RunReport) -> None:
    """The run's figures and its Data Docs, for Prefect's pages."""
    create_table_artifact(
        key="sotaduck-run",
        table=[{"figure": name, "value": value} for name, value in report.counts.items()],
        description=f"Run {report.run_id}: {report.status}. The warehouse's view `runs` is the record.",
    )
    if report.data_docs:
        create_link_artifact(
            key="sotaduck-data-docs",
            link=report.data_docs.as_uri(),
            link_text="Data Docs",
            description="What Great Expectations checked.",
        )


def run(progress: Progress, **parameters: Any) -> RunReport:
    """Run the flow here and now, told to `progress`.

    Raises:
        SotaduckError: as `refresh`.
    """
    check_server()
    token = watcher.set(progress)
    try:
        # A run is minutes at most: nobody watches its heartbeat, and joining its thread costs a second.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            report = refresh(**parameters)
    finally:
        watcher.reset(token)
    if not isinstance(report, RunReport):
        raise SotaduckError(f"the flow gave {type(report).__name__}, not a report")
    return report
