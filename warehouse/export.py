"""Snapshots: a CSV of every public view and a manifest that says what they are.

The same warehouse gives the same bytes: rows are ordered by their keys, times are those of the data. A text
cell that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from sotaduck import __version__
from sotaduck.errors import WarehouseError
from warehouse.publish import version
from warehouse.query import opened

FILES: Mapping[str, str] = {
    "leaderboards": "leaderboard_id",
    "results": "leaderboard_id, result_id",
    "ranked_results": "leaderboard_id, rank nulls last, result_id",
    "sota_history": "leaderboard_id, track, step, result_id",
    "current_sota": "leaderboard_id, track, result_id",
    "papers": "paper_id",
    "models": "model_id",
    "model_aliases": "model_id, published, rule",
    "suspects": "leaderboard_id, result_id, kind",
    "conflicts": "leaderboard_id, result_id nulls first, kind, source, other_source, source_url, other_url",
    "agreement": "source_a, source_b",
    "quarantine": "source, source_url, capture_id, leaderboard_id nulls first, position nulls first, field, "
    "reason, model, detail",
    "captures": "fetched_at, source, url, capture_id",
    "failures": "run_id, source, url, stage, reason, detail",
    "sources": "source",
}
"""The public views that a report needs, each with the order of its rows."""

MANIFEST = "manifest.json"
MADE_BY = "sotaduck"
FORMULA = r"^['=+\-@＝＋－＠\t\r\n]"
NUMBER = r"^[+-]?\d+(\.\d+)?$"
"""What a text must not begin with: a spreadsheet runs `=…`, `+…`, `-…`, `@…`, in some countries their wide
forms too, and reads a plain number as a number. The apostrophe itself is doubled, so that taking one off
gives the text back. After https://owasp.org/www-community/attacks/CSV_Injection."""


def export(warehouse: Path, out: Path) -> dict[str, Any]:
    """Write a snapshot, whole or not at all.

    Args:
        out: folder; must be missing, empty, or an earlier snapshot and nothing else, which is replaced. Of a
            symbolic link, the folder that it names.

    Returns:
        The manifest.

    Raises:
        WarehouseError: the warehouse cannot be read, or the folder cannot be written.
    """
    out = out.resolve()
    _check(out)
    with opened(warehouse):
        pass  # what is no warehouse is refused before anything is made
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise WarehouseError(f"{out.parent}: cannot be written ({error.strerror})") from error
    try:
        manifest = _write(warehouse, draft)
        draft.chmod(0o755)
        _swap(draft, out)
    except OSError as error:
        raise WarehouseError(f"{out}: the snapshot could not be written ({error.strerror})") from error
    except duckdb.Error as error:
        raise WarehouseError(f"{out}: the snapshot could not be written ({error})") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _check(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise WarehouseError(f"{out}: is a file; name a folder for the snapshot")
    if not out.is_dir():
        return
    foreign = sorted({file.name for file in out.iterdir()} - _files_of(out))
    if foreign:
        raise WarehouseError(
            f"{out}: holds {foreign[0]}, which is no part of an earlier snapshot; name another folder"
        )


def _files_of(out: Path) -> set[str]:
    """The files of the snapshot in a folder: what its own manifest lists, and that."""
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        if manifest["made_by"].startswith(MADE_BY):
            return {MANIFEST, *(file["name"] for file in manifest["files"])}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        pass  # no manifest, or not one of ours
    return set()


def _write(warehouse: Path, draft: Path) -> dict[str, Any]:
    # A connection of its own, to an empty database: the published file is attached read-only, so that only
    # COPY can write, and only here.
    connection = duckdb.connect()
    try:
        connection.execute("set timezone = 'UTC'")
        quoted = str(warehouse).replace("'", "''")
        connection.execute(f"attach '{quoted}' as published (read_only)")
        connection.execute("use published")
        number = version(connection, warehouse)
        files = [_file(connection, view, order, draft) for view, order in FILES.items()]
        seen = connection.execute("select max(last_seen) from leaderboards").fetchone()
        sources = connection.execute(
            "select source, title, licence, licence_url, attribution, address from sources "
            "where leaderboards > 0 or source in (select unnest(sources) from papers) order by source"
        ).fetchall()
    finally:
        connection.close()
    names = ("source", "title", "licence", "licence_url", "attribution", "address")
    manifest = {
        "made_by": f"{MADE_BY} {__version__}",
        "schema_version": number,
        "data_until": seen[0].isoformat() + "Z" if seen and seen[0] else None,
        "licence": "Each source keeps its own licence; what comes from Papers with Code is CC BY-SA 4.0, "
        "and so is what is made from it.",
        "sources": [dict(zip(names, row, strict=True)) for row in sources],
        "csv": {
            "encoding": 'UTF-8, line ends \\n, quotes doubled; NULL is an empty cell, an empty text is ""',
            "lists": "as DuckDB prints them: [a, b]",
            "formulas": "a text that begins with = + - @ (or the wide forms of these), ' tab or line end, "
            "and is no plain number, has an apostrophe in front: take one off",
        },
        "files": files,
    }
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return manifest


def _file(connection: duckdb.DuckDBPyConnection, view: str, order: str, draft: Path) -> dict[str, Any]:
    columns = connection.execute(f"describe {view}").fetchall()
    harmless = ", ".join(_harmless(name, kind) for name, kind, *_ in columns)
    path = draft / f"{view}.csv"
    quoted = str(path).replace("'", "''")
    connection.execute(
        f"copy (select {harmless} from {view} order by {order}) to '{quoted}' "
        "(format csv, header, delimiter ',', quote '\"', escape '\"')"
    )
    counted = connection.execute(f"select count(*) from {view}").fetchone()
    return {
        "name": path.name,
        "rows": counted[0] if counted else 0,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "columns": {name: kind for name, kind, *_ in columns},
    }


def _harmless(name: str, kind: str) -> str:
    """The column as text that no spreadsheet runs; numbers, dates and yes or no stay as they are."""
    if kind != "VARCHAR":
        return f'"{name}"'
    formula = FORMULA.replace("'", "''")
    return f"""
        case
            when regexp_matches("{name}", '{formula}') and not regexp_matches("{name}", '{NUMBER}')
            then '''' || "{name}" else "{name}"
        end as "{name}"
    """


def _swap(draft: Path, out: Path) -> None:
    """Put the folder in its place; an earlier snapshot goes away only when the new one stands."""
    if not out.exists():
        draft.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    out.rename(old / out.name)
    try:
        draft.rename(out)
    except OSError:
        (old / out.name).rename(out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
