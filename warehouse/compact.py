"""A warehouse file written anew without the blocks that builds have freed.

DuckDB reuses freed blocks and never gives them back; in a copy, object by object, there are none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from sotaduck.errors import WarehouseError
from sotaduck.records import Capture, Space
from warehouse.load import settle
from warehouse.publish import age, check_published, connect, draft_of, quoted, remove, swap


def compact(published: Path, held: Iterable[Capture]) -> Space:
    """Publish the same content in a smaller file, with the places of its captures as the archive has them.

    Args:
        published: the file, locked (`publish.locked`).
        held: what the archive holds.

    Raises:
        WarehouseError: it cannot be used, or an earlier release made it; what is published is as it was.
    """
    check_current(published)
    draft = draft_of(published)
    settled = draft.with_name(f"{draft.name}.settled")
    before = published.stat().st_size
    try:
        shutil.copyfile(published, settled)
        moved, freed = _settle(settled, held)
        if moved or freed:
            _copy(settled, draft)
            if moved or draft.stat().st_size < before:
                swap(draft, published)
    finally:
        remove(draft)
        remove(settled)
    return Space(1, 1, before, published.stat().st_size)


def check_current(published: Path) -> None:
    """Refuse a file that is not of this release.

    Raises:
        WarehouseError: it is none, or an earlier release made it.
    """
    check_published(published)
    connection = connect(published, read_only=True)
    try:
        if older := age(connection, published):
            raise WarehouseError(older)
    finally:
        connection.close()


def _settle(file: Path, held: Iterable[Capture]) -> tuple[int, int]:
    """How many captures stood elsewhere, and how many blocks of the file are free."""
    connection = connect(file, read_only=False)
    try:
        moved = settle(connection, held)
        row = connection.execute("select free_blocks from pragma_database_size()").fetchone()
        return moved, int(row[0]) if row else 0
    finally:
        connection.close()


def _copy(source: Path, target: Path) -> None:
    connection = connect(Path(":memory:"), read_only=False)
    try:
        connection.execute(f"attach {quoted(source)} as source (read_only)")
        connection.execute(f"attach {quoted(target)} as target")
        connection.execute("copy from database source to target")
        connection.execute("checkpoint target")
    finally:
        connection.close()
