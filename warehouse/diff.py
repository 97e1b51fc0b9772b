"""What differs between two snapshots or warehouses: rows added, removed and changed, by key.

DuckDB compares, file by file; what is equal never reaches Python. A snapshot is read with the types and texts
of its views, so that a warehouse and the snapshot made from it do not differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from sotaduck.errors import WarehouseError
from warehouse import files
from warehouse.export import columns_of
from warehouse.files import FILES, File
from warehouse.manifest import FORMAT, MADE_BY, MANIFEST
from warehouse.publish import BUILD_MEMORY, quoted, version
from warehouse.query import opened

CHANGES = ("added", "removed", "changed")


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs.

    Attributes:
        change: `added` (only the second side has it), `removed` (only the first), `changed`.
        key: the columns that name the row.
        old: of a changed row the changed columns, of a removed one all; None for an added one.
        new: the same, the other way round.
        label: the columns by which a person knows the row.
    """

    change: Literal["added", "removed", "changed"]
    key: Mapping[str, Any]
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    label: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """A file that both sides have.

    Attributes:
        rows: of the first and of the second side.
        counts: how many rows are added, removed, changed.
        ignored: columns in which a difference was not looked for.
        only_first, only_second: columns that one side alone has.
    """

    view: str
    rows: tuple[int, int]
    counts: Mapping[str, int]
    ignored: tuple[str, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """A snapshot or a warehouse, as it is open.

    Attributes:
        about: what it is: kind, made_by, schema_version, data_until, as_of.
        columns: file → name and type of its columns.
        relations: file → the rows, as SQL names them.
    """

    path: Path
    about: Mapping[str, Any]
    columns: Mapping[str, Mapping[str, str]]
    relations: Mapping[str, str]


class Diff:
    """Two sides, compared file by file. Made by `compared`."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, first: Side, second: Side, every_column: bool
    ) -> None:
        self.first, self.second = first, second
        self._connection = connection
        self._every_column = every_column

    @property
    def only_first(self) -> tuple[str, ...]:
        """Files that only the first side has."""
        return tuple(view for view in self.first.columns if view not in self.second.columns)

    @property
    def only_second(self) -> tuple[str, ...]:
        """Files that only the second side has."""
        return tuple(view for view in self.second.columns if view not in self.first.columns)

    def files(self) -> Iterator[tuple[Compared, Iterator[Difference]]]:
        """Each file that both have, and its rows that differ, in the order of their keys. Read them before
        the next file is asked for.

        Raises:
            WarehouseError: a side cannot be read after all.
        """
        for view in self.first.columns:
            if view in self.second.columns:
                with _explained(self.first, self.second, view):
                    compared = self._compare(view)
                yield compared, self._differences(view)
                self._connection.execute("drop table difference")

    def _compare(self, view: str) -> Compared:
        """Write what differs into the table `difference`, and count it."""
        file, first, second = FILES[view], self.first.columns[view], self.second.columns[view]
        both = [column for column in first if column in second]
        ignored = tuple(
            column
            for column in both
            if column in files.LOOKED and column not in file.key and not self._every_column
        )
        comparison = _Comparison(view, self.first, self.second, both, ignored)
        self._connection.execute(f"create table moved as {comparison.moved()}")
        self._connection.execute(f"create table difference as {comparison.difference()}")
        self._connection.execute("drop table moved")
        counts = dict.fromkeys(CHANGES, 0) | dict(
            self._connection.execute("select change, count(*) from difference group by change").fetchall()
        )
        rows = [
            self._connection.execute(f"select count(*) from {side.relations[view]}").fetchone()
            for side in (self.first, self.second)
        ]
        return Compared(
            view,
            (rows[0][0] if rows[0] else 0, rows[1][0] if rows[1] else 0),
            counts,
            ignored,
            tuple(column for column in first if column not in second),
            tuple(column for column in second if column not in first),
        )

    def _differences(self, view: str) -> Iterator[Difference]:
        file = FILES[view]
        cursor = self._connection.cursor()
        cursor.execute("select change, key, changed, old, new from difference order by place, key, n")
        try:
            while some := cursor.fetchmany(1000):
                for row in some:
                    yield _difference(file, *row)
        finally:
            cursor.close()


@contextlib.contextmanager
def compared(first: Path, second: Path, *, every_column: bool = False) -> Iterator[Diff]:
    """Open two snapshots (folders) or warehouses (files) to compare them.

    Args:
        first: the older side: what it has and the other lacks is removed.
        every_column: also count columns that say only where and when we looked (`files.LOOKED`).

    Raises:
        WarehouseError: a side is not there, is neither, or a file of a snapshot is not what its manifest
            says.
    """
    with tempfile.TemporaryDirectory(prefix=f"sotaduck-{os.getpid()}-", ignore_cleanup_errors=True) as spill:
        connection = duckdb.connect()
        try:
            for setting in (
                "timezone = 'UTC'",
                "enable_progress_bar = false",
                "python_enable_replacements = false",
                "preserve_insertion_order = false",
                f"memory_limit = '{BUILD_MEMORY}'",
                f"temp_directory = {quoted(spill)}",
            ):
                connection.execute(f"set {setting}")
            sides = [_opened(connection, first, "first")]
            same = first.resolve() == second.resolve()  # DuckDB attaches no file twice
            sides.append(sides[0] if same else _opened(connection, second, "second"))
            yield Diff(connection, sides[0], sides[1], every_column)
        finally:
            connection.close()


# ---------------------------------------------------------------- the two sides


def _opened(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Side:
    if path.is_dir():
        return _snapshot(path)
    if not path.is_file():
        raise WarehouseError(f"{path}: is not there; name a snapshot folder or a warehouse file")
    return _warehouse(connection, path, name)


def _warehouse(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Side:
    with opened(path):
        pass  # says what is wrong with a file that is no warehouse
    connection.execute(f"attach {quoted(path)} as {name} (type duckdb, read_only)")
    connection.execute(f"use {name}")
    try:
        about = {"kind": "warehouse", "schema_version": version(connection, path)}
    finally:
        connection.execute("use memory")
    columns = {view: columns_of(connection, name, view) for view in FILES}
    columns = {view: found for view, found in columns.items() if found}
    relations = {
        view: f"({files.select(view, found, f'{name}.main.{files.name(view)}')})"
        for view, found in columns.items()
    }
    return Side(path, about, columns, relations)


def _snapshot(folder: Path) -> Side:
    told = _manifest(folder)
    columns, relations = {}, {}
    for file in told["files"]:
        view, path = file["view"], folder / file["name"]
        if view not in FILES or view in columns:  # unknown to this release; or the Parquet twin
            continue
        columns[view] = {name: column["type"] for name, column in file["columns"].items()}
        relations[view] = (
            files.read_csv(path, columns[view]) if path.suffix == ".csv" else f"read_parquet({quoted(path)})"
        )
    about = {name: told[name] for name in ("made_by", "schema_version", "data_until", "as_of")}
    return Side(folder, {"kind": "snapshot", **about}, columns, relations)


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a snapshot whose files are what it says."""
    path = folder / MANIFEST
    try:
        told = json.loads(path.read_text("utf-8"))
        ours = told["made_by"].startswith(MADE_BY)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        ours = False
    if not ours:
        raise WarehouseError(f"{folder}: has no {MANIFEST} of sotaduck; name a folder that `export` made")
    if told.get("format", 1) != FORMAT:
        raise WarehouseError(
            f"{folder}: was made by {told['made_by']}, in another format of snapshots; export it anew"
        )
    try:
        for file in told["files"]:
            _check(folder, file["name"], file["bytes"], file["sha256"])
    except (LookupError, TypeError, AttributeError) as error:
        raise WarehouseError(f"{path}: is damaged ({error!r}); export the snapshot anew") from error
    return told  # type: ignore[no-any-return]


def _check(folder: Path, name: str, size: int, sha256: str) -> None:
    file = folder / name
    if file.parent != folder or file.is_symlink():
        raise WarehouseError(f"{file}: is no file of the snapshot; its {MANIFEST} is damaged")
    try:
        with file.open("rb") as opened_file:
            fits = file.stat().st_size == size
            fits = fits and hashlib.file_digest(opened_file, "sha256").hexdigest() == sha256
    except OSError as error:
        raise WarehouseError(
            f"{file}: cannot be read ({error.strerror}); export the snapshot anew"
        ) from error
    if not fits:
        raise WarehouseError(
            f"{file}: is not the file that {MANIFEST} describes: its sha256 differs. It was changed after "
            "the export (a spreadsheet that saved it?); export the snapshot anew"
        )


# ---------------------------------------------------------------- the comparison


class _Comparison:
    """The SQL that compares a file of two sides.

    Rows that share a key (or, without a key, are equal) are told apart by their number `n` in the order of
    all that is compared, so that three of them against two are one row added or removed, and no more.
    """

    def __init__(
        self, view: str, first: Side, second: Side, both: list[str], ignored: tuple[str, ...]
    ) -> None:
        looked_at = [column for column in both if column not in ignored]
        self.both = both
        self.key = [column for column in (FILES[view].key or looked_at) if column in looked_at]
        self.rest = [column for column in looked_at if column not in self.key]
        self._unique = FILES[view].unique
        self._relations = (first.relations[view], second.relations[view])
        # Compared as text where the two sides hold a column as different types.
        self._form = {
            column: "{0}" if first.columns[view][column] == second.columns[view][column] else "{0}::varchar"
            for column in self.rest
        }

    def moved(self) -> str:
        """Key and `n` of the rows that differ. A digest stands for the rest of a row: half a million papers
        with their abstracts would be a gigabyte in a join.
        """
        pairs = ", ".join(
            f"{quoted(column)}, {self._form[column].format(files.name(column))}" for column in self.rest
        )
        keys = ", ".join(files.name(column) for column in (*self.key, "n"))
        one, other = (
            f"select {keys}, sha256(json_object({pairs})::varchar) as digest from ({rows})"
            for rows in self._rows()
        )
        found = ", ".join(f"coalesce(a.{name}, b.{name}) as {name}" for name in keys.split(", "))
        return f"""
            select {found} from ({one}) a full join ({other}) b on {self._alike("a", "b")}
            where a.digest is distinct from b.digest
        """

    def difference(self) -> str:
        """Those rows: change, place of that change, key, n, changed columns, old and new as JSON."""
        one, other = (
            f"from ({rows}) r semi join moved m on {self._alike('r', 'm')}" for rows in self._rows()
        )
        tests = {
            column: " is distinct from ".join(form.format(f"{side}.{files.name(column)}") for side in "ab")
            for column, form in self._form.items()
        }
        changed = ", ".join(f"case when {test} then {quoted(column)} end" for column, test in tests.items())
        return f"""
            select
                case when a.n is null then 'added' when b.n is null then 'removed' else 'changed' end
                    as change,
                case change when 'removed' then 1 when 'changed' then 2 when 'added' then 3 end as place,
                {_json("coalesce(a.{0}, b.{0})", self.key)} as key,
                coalesce(a.n, b.n) as n,
                list_filter([{changed}]::varchar[], lambda c: c is not null) as changed,
                case when a.n is not null then {_json("a.{0}", self.both)} end as old,
                case when b.n is not null then {_json("b.{0}", self.both)} end as new
            from ({one}) a full join ({other}) b on {self._alike("a", "b")}
        """

    def _rows(self) -> list[str]:
        """The rows of both sides with their number."""
        chosen = ", ".join(files.name(column) for column in self.both)
        number = "1"
        if not self._unique:
            within = ", ".join(files.name(column) for column in self.key)
            ordered = ", ".join(files.name(column) for column in (self.rest or self.key))
            number = f"row_number() over (partition by {within} order by {ordered})"
        return [f"select {chosen}, {number} as n from {relation}" for relation in self._relations]

    def _alike(self, one: str, other: str) -> str:
        same = (
            f"{one}.{files.name(column)} is not distinct from {other}.{files.name(column)}"
            for column in self.key
        )
        return " and ".join((*same, f"{one}.n = {other}.n"))


def _json(form: str, columns: list[str]) -> str:
    """The columns of a row as a JSON object."""
    pairs = ", ".join(f"{quoted(column)}, {form.format(files.name(column))}" for column in columns)
    return f"json_object({pairs})::varchar"


def _difference(
    file: File, change: Any, key: str, changed: list[str], old: str | None, new: str | None
) -> Difference:
    named: dict[str, Any] = json.loads(key)
    before: dict[str, Any] | None = json.loads(old) if old is not None else None
    after: dict[str, Any] | None = json.loads(new) if new is not None else None
    whole = after or before or {}
    label = {column: whole[column] for column in file.label if column in whole} or named
    if before is not None and after is not None:
        before, after = ({column: side[column] for column in changed} for side in (before, after))
    return Difference(change, named, before, after, label)


@contextlib.contextmanager
def _explained(first: Side, second: Side, view: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(
            f"{first.path} and {second.path}: {view} cannot be compared ({str(error).splitlines()[0]})"
        ) from error
