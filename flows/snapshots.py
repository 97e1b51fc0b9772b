"""A snapshot of the warehouse, as it is or as it was at a time. Plain functions that know no Prefect."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flows.steps import hold
from sotaduck.config import Config
from transform.reconcile import reconcile
from warehouse import past
from warehouse.export import Snapshot, export


def snapshot(config: Config, out: Path, *, style: str = "csv", as_of: datetime | None = None) -> Snapshot:
    """Write a snapshot, whole or not at all.

    Args:
        out, style: as `warehouse.export.export`.
        as_of: aware; what was known at this time, read by the vocabulary of today's warehouse. None: all.

    Raises:
        WarehouseError: the warehouse cannot be read, the folder cannot be written, or nothing was known then.
    """
    if as_of is None:
        return export(config.warehouse, out, style=style)
    with past.at(config.warehouse, as_of, reconcile, hold(config)) as then:
        return export(then, out, style=style, as_of=as_of)
