"""Snapshots: the public views as files, a manifest that says what they are, and a Data Package descriptor.

    lock of the parent folder ─▶ left-overs away ─▶ draft beside the folder ─▶ files, fsync ─▶ rename

The same state gives the same bytes on any machine: rows are ordered by their keys, times are those of the
data, and what only our own runs know (`files.RUN_COLUMNS`) stays in the warehouse. The folder is whole or not
there.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from sotaduck.disk import sync
from sotaduck.errors import BuildInProgress, WarehouseError
from warehouse import files
from warehouse.datapackage import descriptor
from warehouse.files import FILES
from warehouse.manifest import DESCRIPTOR, MADE_BY, MANIFEST, manifest
from warehouse.publish import BUILD_MEMORY, age, quoted, version
from warehouse.query import opened

FORMATS: Mapping[str, tuple[str, ...]] = {
    "csv": ("csv",),
    "parquet": ("parquet",),
    "both": ("csv", "parquet"),
}
"""What can be asked for → the kinds of files."""
DATE = "{date}"
"""In the name of the folder: the day of the data, UTC."""

_COPY = {
    "csv": "(format csv, header, delimiter ',', quote '\"', escape '\"')",
    "parquet": "(format parquet, compression zstd, row_group_size 122880)",
}
_SPILL = ".spill"
_ABOUT_SOURCES = ("source", "title", "licence", "licence_url", "attribution", "address")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that was written: its folder, and what its manifest says."""

    folder: Path
    manifest: dict[str, Any]


def export(
    warehouse: Path, out: Path, *, style: str = "csv", as_of: datetime | None = None, wait: float = 60
) -> Snapshot:
    """Write a snapshot, whole or not at all.

    Args:
        warehouse: any warehouse file.
        out: folder; must be missing, empty, or an earlier snapshot and nothing else, which is replaced. Of a
            symbolic link, the folder that it names. `{date}` in it is the day of the data (UTC).
        style: `csv`, `parquet` or `both`.
        as_of: what the manifest says of the time whose knowledge the warehouse holds; None for the newest.
        wait: seconds to wait for another export beside it to end.

    Raises:
        WarehouseError: the warehouse cannot be read, or the folder cannot be written.
        BuildInProgress: another export beside it does not end.
    """
    with opened(warehouse) as opening:  # what cannot be exported is refused before anything is made
        if older := age(opening, warehouse):
            raise WarehouseError(older)
    with _published(warehouse) as connection:
        until = _data_until(connection)
        out = _place(out, until)
        _check(out)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(f"{out.parent}: cannot be made ({error.strerror})") from error
        try:
            with _alone(out.parent, wait):
                _clear_left_overs(out)
                _check(out)
                draft = Path(tempfile.mkdtemp(prefix=_draft_prefix(out), dir=out.parent))
                try:
                    told = _write(connection, warehouse, draft, FORMATS[style], until, as_of)
                    draft.chmod(0o755)
                    _swap(draft, out)
                finally:
                    shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise WarehouseError(
                f"{out}: the snapshot could not be written ({error.strerror or error})"
            ) from error
        except duckdb.Error as error:
            raise WarehouseError(f"{out}: the snapshot could not be written ({error})") from error
    return Snapshot(out, told)


@contextlib.contextmanager
def _published(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty database of its own: the published file is attached read-only, so that only
    COPY can write, and one state of it is seen to the end.
    """
    connection = duckdb.connect()
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set python_enable_replacements = false")
        connection.execute(f"set memory_limit = '{BUILD_MEMORY}'")
        connection.execute(f"attach {quoted(warehouse)} as published (type duckdb, read_only)")
        connection.execute("use published")
        yield connection
    finally:
        connection.close()


# ---------------------------------------------------------------- the folder


def _place(out: Path, until: datetime | None) -> Path:
    if DATE in str(out):
        if until is None:
            raise WarehouseError(f"{out}: the warehouse holds no data yet, so {DATE} has no day to stand for")
        out = Path(str(out).replace(DATE, until.date().isoformat()))
    return out.resolve()


def _check(out: Path) -> None:
    for above in out.parents:
        if _files_of(above):
            raise WarehouseError(f"{out}: lies in the snapshot {above}; name a folder beside it")
    if out.exists() and not out.is_dir():
        raise WarehouseError(f"{out}: is a file; name a folder for the snapshot")
    if not out.is_dir():
        return
    foreign = sorted({file.name for file in out.iterdir()} - _files_of(out))
    if foreign:
        raise WarehouseError(
            f"{out}: holds {foreign[0]}, which is no part of an earlier snapshot; name another folder"
        )


def _files_of(folder: Path) -> set[str]:
    """The files of the snapshot in a folder: what its own manifest lists, that, and the descriptor."""
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
        if told["made_by"].startswith(MADE_BY):
            return {MANIFEST, DESCRIPTOR, *(file["name"] for file in told["files"])}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        pass  # no manifest, or not one of ours
    return set()


@contextlib.contextmanager
def _alone(parent: Path, wait: float) -> Iterator[None]:
    """One export at a time in a folder. The folder itself is locked: no file is left, and a killed export
    holds nothing.
    """
    handle = os.open(parent, os.O_RDONLY)
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise BuildInProgress(
                        f"{parent}: another export is writing there and has not ended in {wait:g} s; try "
                        "later"
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _draft_prefix(out: Path) -> str:
    return f".{out.name}.draft-"


def _old_prefix(out: Path) -> str:
    return f".{out.name}.old-"


def _clear_left_overs(out: Path) -> None:
    """What killed exports left beside the folder. One that was killed between its two renames has left the
    earlier snapshot there: it comes back first, in case this export fails too.
    """
    for old in sorted(out.parent.glob(f"{_glob(_old_prefix(out))}*")):
        if not out.exists() and (old / out.name).is_dir():
            (old / out.name).rename(out)
        shutil.rmtree(old)
    for draft in sorted(out.parent.glob(f"{_glob(_draft_prefix(out))}*")):
        shutil.rmtree(draft)


def _glob(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def _swap(draft: Path, out: Path) -> None:
    """Put the folder in its place; an earlier snapshot goes away only when the new one stands."""
    sync(draft)
    if not out.exists():
        draft.rename(out)
        sync(out.parent)
        return
    old = Path(tempfile.mkdtemp(prefix=_old_prefix(out), dir=out.parent))
    out.rename(old / out.name)
    try:
        draft.rename(out)
    except OSError:
        (old / out.name).rename(out)
        raise
    finally:
        sync(out.parent)
        shutil.rmtree(old, ignore_errors=True)


# ---------------------------------------------------------------- its files


def _data_until(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """When anything was last looked at."""
    row = connection.execute(
        "select greatest((select max(last_seen) from leaderboards), (select max(fetched_at) from captures))"
    ).fetchone()
    return row[0] if row else None


def _write(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    draft: Path,
    formats: Sequence[str],
    until: datetime | None,
    as_of: datetime | None,
) -> dict[str, Any]:
    connection.execute(f"set temp_directory = {quoted(draft / _SPILL)}")
    made = [_file(connection, view, kind, draft) for view in FILES for kind in formats]
    told = manifest(
        schema_version=version(connection, warehouse),
        data_until=until,
        as_of=as_of,
        sources=_sources(connection),
        formats=formats,
        duckdb_version=duckdb.__version__,
        files=made,
    )
    for name, content in ((DESCRIPTOR, descriptor(told)), (MANIFEST, told)):
        (draft / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
        sync(draft / name)
    shutil.rmtree(draft / _SPILL, ignore_errors=True)
    return told


def _file(connection: duckdb.DuckDBPyConnection, view: str, kind: str, draft: Path) -> dict[str, Any]:
    columns = columns_of(connection, "published", view)
    chosen = files.select(view, columns, view)
    cells = ", ".join(files.cell(*column) for column in columns.items()) if kind == "csv" else "*"
    path = draft / f"{view}.{kind}"
    copied = connection.execute(
        f"copy (select {cells} from (from ({chosen}) order by {files.order(view, columns)})) "
        f"to {quoted(path)} {_COPY[kind]}"
    ).fetchone()
    sync(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    about, comments = _comments(connection, view)
    return {
        "name": path.name,
        "view": view,
        "description": about,
        "rows": copied[0] if copied else 0,
        "bytes": path.stat().st_size,
        "sha256": digest,
        "columns": {
            column: {"type": type_, "description": comments[column]} for column, type_ in columns.items()
        },
    }


def columns_of(connection: duckdb.DuckDBPyConnection, database: str, view: str) -> dict[str, str]:
    """Name → type of the columns that a snapshot has of a view, in order; none where it has no such view."""
    rows = connection.execute(
        f"""
        select column_name, data_type from duckdb_columns()
        where database_name = {quoted(database)} and schema_name = 'main' and table_name = {quoted(view)}
        order by column_index
        """
    ).fetchall()
    return {name: files.exported(kind) for name, kind in rows if name not in files.RUN_COLUMNS}


def _comments(connection: duckdb.DuckDBPyConnection, view: str) -> tuple[str, dict[str, str]]:
    """The comment of a view, and those of its columns."""
    about = connection.execute(
        "select comment from duckdb_views() where database_name = 'published' and schema_name = 'main' "
        f"and view_name = {quoted(view)}"
    ).fetchone()
    columns = connection.execute(
        "select column_name, comment from duckdb_columns() where database_name = 'published' "
        f"and schema_name = 'main' and table_name = {quoted(view)}"
    ).fetchall()
    return (about and about[0]) or "", {name: comment or "" for name, comment in columns}


def _sources(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The sources that any row of any file names, but for the list of sources itself."""
    parts = []
    for view in FILES:
        if view == "sources":
            continue
        for column, kind in columns_of(connection, "published", view).items():
            if column in files.SOURCE_COLUMNS:
                parts.append(f"select {f'unnest({column})' if files.nested(kind) else column} from {view}")
    rows = connection.execute(
        f"select {', '.join(_ABOUT_SOURCES)} from sources "
        f"where source in ({' union '.join(parts)}) order by source"
    ).fetchall()
    return [dict(zip(_ABOUT_SOURCES, row, strict=True)) for row in rows]
