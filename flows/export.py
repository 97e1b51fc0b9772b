"""The export flow: a dated snapshot of the warehouse, under Prefect, for a schedule.

`sotaduck export` writes the same snapshot without Prefect.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

import flows.environment  # noqa: F401  (before Prefect: it reads these variables when imported)
from sotaduck import config as configuration
from warehouse import export as snapshots


@task(retries=1, retry_delay_seconds=10, cache_policy=NO_CACHE, persist_result=False)
def write_snapshot(warehouse: Path, out: Path, style: str) -> snapshots.Snapshot:
    """Write it whole or not at all; a disk that was full for a moment gets a second try."""
    return snapshots.export(warehouse, out, style=style)


@flow(name="export", flow_run_name="export-{out}", persist_result=False)
def export(
    out: str, config: str | None = None, warehouse: str | None = None, style: str = "csv"
) -> dict[str, Any]:
    """Write a snapshot of the warehouse.

    Args:
        out: folder for the snapshot; must be empty, missing, or an earlier snapshot. `{date}` in it is the
            day of the data (UTC): `snapshots/{date}` keeps one folder a day that brought something new.
        config: path of a configuration file; None as `sotaduck.config.load` says.
        warehouse: DuckDB file to use instead of the configured one.
        style: `csv`, `parquet` or `both`.

    Returns:
        The manifest.
    """
    settings = configuration.load(
        Path(config) if config else None, warehouse=Path(warehouse) if warehouse else None
    )
    done = write_snapshot(settings.warehouse, Path(out), style)
    create_table_artifact(
        key="sotaduck-snapshot",
        table=[{"file": item["name"], "rows": item["rows"]} for item in done.manifest["files"]],
        description=f"Snapshot in {done.folder}",
    )
    return done.manifest
