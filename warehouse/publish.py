"""Build beside, swap atomically, one build at a time.

    lock ─▶ copy of the published file (or a new one) ─▶ migrations ─▶ the caller's work ─▶ fsync, rename

DuckDB lets one process write and none read beside it, so nobody ever writes the published file: readers keep
the snapshot that they opened, and a build that ends early, however it ends, changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from sotaduck.disk import sync
from sotaduck.errors import BuildInProgress, WarehouseError, WarehouseTooNew

SCHEMA = Path(__file__).parent / "schema"
_MARK = "sotaduck"

BUILD_MEMORY = "800MB"
"""What DuckDB may hold while it builds; beyond it, it spills to disk. A whole dump of half a million papers
then stays below 2 GB with all that Python holds beside it (docs/benchmarks.md)."""


def migrations() -> list[tuple[int, Path]]:
    """The numbered migrations, in order."""
    return sorted((int(file.name.partition("_")[0]), file) for file in SCHEMA.glob("*.sql"))


SCHEMA_VERSION = migrations()[-1][0]
"""The newest schema that this release knows."""


@contextlib.contextmanager
def build(warehouse: Path, fresh: bool = False, wait: float = 60) -> Iterator[duckdb.DuckDBPyConnection]:
    """Have a private copy of the warehouse for the block; publish it where the block ends well.

    Args:
        warehouse: the published file; need not exist. Of a symbolic link, the file that it names is replaced.
        fresh: begin with an empty warehouse. Runs and their records are kept.
        wait: seconds to wait for another build of this warehouse to end.

    Raises:
        BuildInProgress: another process is still building this warehouse.
        WarehouseTooNew: a later release made it.
        WarehouseError: the path cannot be used, or the disk is full; the published file is as it was.
    """
    with locked(warehouse, wait) as published:
        draft = draft_of(published)
        try:
            yield from _draft(published, draft, fresh)
            swap(draft, published)
        finally:
            remove(draft)


@contextlib.contextmanager
def locked(warehouse: Path, wait: float = 60) -> Iterator[Path]:
    """Be the only build of a warehouse for the block; gives the file itself where the path is a link.

    Args:
        wait: seconds to wait for another build of this warehouse to end.

    Raises:
        BuildInProgress, WarehouseError: as `build`.
    """
    published = Path(os.path.realpath(warehouse))
    _check_path(published)
    lock = FileLock(_beside(published, "lock"), timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        raise BuildInProgress(
            f"{published}: another run is building this warehouse and has not ended in {wait:g} s; try later"
        ) from None
    except OSError as error:
        raise WarehouseError(f"{published}: its folder cannot be written ({error.strerror})") from error
    try:
        with _explained(published):
            _remove_left_over(published)
            yield published
    finally:
        lock.release()


def draft_of(published: Path) -> Path:
    """Where a build of this process stands until it is swapped in."""
    return _beside(published, f"build-{os.getpid()}")


def swap(draft: Path, published: Path) -> None:
    """Put a draft, closed, in the place of the published file."""
    if published.exists():
        shutil.copymode(published, draft)
    sync(draft)
    os.replace(draft, published)  # noqa: PTH105 (the one call that swaps atomically, by its own name)
    sync(published.parent)


def _draft(warehouse: Path, draft: Path, fresh: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    if warehouse.exists():
        check_published(warehouse)
        if not fresh:
            shutil.copyfile(warehouse, draft)
    connection = connect(draft, read_only=False)
    try:
        migrate(connection)
        if fresh and warehouse.exists():
            _keep_runs(connection, warehouse)
        yield connection
        connection.execute("checkpoint")
    finally:
        connection.close()


def connect(file: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file with the settings that everybody here needs.

    A read-only connection cannot reach other files or the network. It is a database of its own to which the
    file is attached: a file that is opened twice in one process would share its settings, which are locked.

    Raises:
        WarehouseError: not a DuckDB file, or one that cannot be opened.
    """
    connection = None
    try:
        connection = duckdb.connect(":memory:" if read_only else str(file))
        connection.execute("set timezone = 'UTC'")
        connection.execute("set enable_progress_bar = false")  # a bar in the middle of our own output
        # A table that is not there is an error, not some variable of this program that bears its name.
        connection.execute("set python_enable_replacements = false")
        if read_only:
            spill = Path(tempfile.gettempdir()) / f"sotaduck-{os.getpid()}"
            connection.execute(f"set temp_directory = {quoted(spill)}")
            connection.execute(f"attach {quoted(file)} as warehouse (type duckdb, read_only)")
            connection.execute("use warehouse")
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
        else:
            connection.execute(f"set memory_limit = '{BUILD_MEMORY}'")
    except duckdb.Error as error:
        if connection is not None:
            connection.close()
        raise WarehouseError(f"{file}: cannot be opened as a warehouse: {_first_line(error)}") from error
    return connection


def check_published(warehouse: Path) -> None:
    """Refuse what is no warehouse of ours, before anything is built on it.

    Raises:
        WarehouseError: not a DuckDB file, not made by sotaduck, or open for writing elsewhere.
        WarehouseTooNew: made by a later release.
    """
    if warehouse.with_name(warehouse.name + ".wal").exists():
        raise WarehouseError(
            f"{warehouse}.wal is there: another program has the warehouse open for writing, or was killed "
            "while it had. Close that program; if none runs, open and close the file once with DuckDB"
        )
    connection = connect(warehouse, read_only=True)
    try:
        version(connection, warehouse)
    finally:
        connection.close()


def version(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    """The schema version of an open warehouse.

    Raises:
        WarehouseError: not made by sotaduck.
        WarehouseTooNew: made by a later release.
    """
    try:
        rows = connection.execute(
            f"select version from meta.migrations where made_by = {quoted(_MARK)} order by version"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        rows = []
    if not rows:
        raise WarehouseError(f"{file}: is a DuckDB file, and no sotaduck warehouse; name another --warehouse")
    made = [int(row[0]) for row in rows]
    if made[-1] > SCHEMA_VERSION:
        raise WarehouseTooNew(
            f"{file}: has schema version {made[-1]}, made by a later release of sotaduck; this one knows up "
            f"to {SCHEMA_VERSION}. Install the later release"
        )
    if made != list(range(1, made[-1] + 1)):
        told = ", ".join(map(str, made))
        raise WarehouseError(
            f"{file}: tells of the migrations {told}, and each from 1 to {made[-1]} should be there once: "
            "somebody has changed it. Move it away; `sotaduck refresh --replay` makes one from the archive"
        )
    return made[-1]


def age(connection: duckdb.DuckDBPyConnection, file: Path) -> str:
    """What to do about an open warehouse of an earlier release, in words; "" for one of this release.

    Raises:
        WarehouseError, WarehouseTooNew: as `version`.
    """
    found = version(connection, file)
    if found == SCHEMA_VERSION:
        return ""
    return (
        f"{file}: was made by an earlier release of sotaduck (its schema version is {found}, that of this "
        f"release {SCHEMA_VERSION}); `sotaduck refresh` or the next `ingest` brings it up to date"
    )


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring a file to the newest schema, one migration a transaction."""
    connection.execute("create schema if not exists meta")
    connection.execute(
        "create table if not exists meta.migrations (version integer, name varchar, made_by varchar)"
    )
    row = connection.execute("select coalesce(max(version), 0) from meta.migrations").fetchone()
    done = row[0] if row else 0
    for number, file in migrations():
        if number > done:
            connection.begin()
            try:
                connection.execute(file.read_text("utf-8"))
                connection.execute(
                    "insert into meta.migrations values ($1, $2, $3)", [number, file.stem, _MARK]
                )
                connection.commit()
            except duckdb.Error:
                connection.rollback()
                raise


def _keep_runs(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """A warehouse that is built anew still knows what no archive tells.

    Which runs there were, what somebody has accepted, and what changed by our own doing.
    """
    connection.execute(f"attach {quoted(warehouse)} as published (read_only)")
    there = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'published' and schema_name = 'core'"
    ).fetchall()
    for table in ("runs", "failures", "checks", "acceptances", "own_changes"):
        if (table,) in there:  # an earlier release knew fewer
            connection.execute(f"insert into core.{table} by name from published.core.{table}")
    connection.execute("detach published")


def _check_path(warehouse: Path) -> None:
    if warehouse.is_dir():
        raise WarehouseError(
            f"{warehouse}: is a folder; name a file, such as {warehouse / 'warehouse.duckdb'}"
        )
    try:
        warehouse.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{warehouse.parent}: cannot be made ({error.strerror})") from error


def _beside(warehouse: Path, kind: str) -> Path:
    return warehouse.with_name(f".{warehouse.name}.{kind}")


def _remove_left_over(warehouse: Path) -> None:
    """What killed builds left; whoever holds the lock is the only build."""
    prefix = f".{warehouse.name}.build-"
    for file in list(warehouse.parent.iterdir()):
        if file.name.startswith(prefix):
            remove(file)


def remove(draft: Path) -> None:
    """A draft, its write-ahead log, and the folder that DuckDB spills to."""
    for file in (draft, draft.with_name(draft.name + ".wal"), draft.with_name(draft.name + ".tmp")):
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def _explained(warehouse: Path) -> Iterator[None]:
    """Faults of disk and DuckDB as one kind of error that says what is still true."""
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"{warehouse}: could not be built ({error.strerror or error}); what is published is as it was"
        ) from error
    except duckdb.Error as error:
        raise WarehouseError(
            f"{warehouse}: could not be built ({_first_line(error)}); what is published is as it was"
        ) from error


def quoted(text: str | Path) -> str:
    """A text or path as SQL writes it. DuckDB imports pandas for the first parameter that Python gives it."""
    return "'" + str(text).replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
