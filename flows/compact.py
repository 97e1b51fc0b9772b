"""Space given back, in the archive and then in the warehouse. Plain functions: nothing of Prefect would help.

The archive is whole at every moment and tells by itself where its records stand; the warehouse repeats it
for people. So the archive goes first, and where a run is killed between the two, the next build or
`compact` tells the warehouse (`warehouse.load.settle`).
"""

from __future__ import annotations

from dataclasses import dataclass

from extract.archive import Archive
from extract.compact import compact as compact_archive
from flows.run import Progress
from sotaduck.config import Config
from sotaduck.errors import WarehouseError
from sotaduck.records import Space
from warehouse import publish
from warehouse.compact import check_current
from warehouse.compact import compact as compact_warehouse


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What was given back; of what is not there, None."""

    archive: Space | None
    warehouse: Space | None


def compact(config: Config, progress: Progress) -> CompactReport:
    """Compact the archive and the warehouse; no build goes on meanwhile, and nothing is captured.

    Raises:
        WarehouseError: there is nothing to compact, or an earlier release made the warehouse.
        SotaduckError: what stopped it; archive and warehouse hold what they held.
    """
    in_archive, in_warehouse = config.archive.is_dir(), config.warehouse.is_file()
    if not in_archive and not in_warehouse:
        raise WarehouseError(
            f"neither {config.warehouse} nor {config.archive} is there; `sotaduck refresh` makes both"
        )
    with publish.locked(config.warehouse) as published, Archive(config.archive) as archive:
        if in_warehouse:
            check_current(published)
        of_archive = compact_archive(archive, progress) if in_archive else None
        of_warehouse = None
        if in_warehouse:
            progress("warehouse", 0, 1)
            of_warehouse = compact_warehouse(published, archive.captures())
            progress("warehouse", 1, 1)
        return CompactReport(of_archive, of_warehouse)
