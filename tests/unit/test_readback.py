"""Every exported CSV, read back by DuckDB, pandas and the csv module, gives the rows of its view again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from expectations.drops import held_back
from sotaduck.records import Normalised
from tests import views_io
from tests.snapshots_io import NAMES, contents, of_the_view
from transform.reconcile import reconcile
from warehouse import load, publish
from warehouse.derive import derive
from warehouse.export import FILES, export

TEXTS = [
    *NAMES, "NA", "nan", "None", "true", "1e5", "2/3", "007", "12345678901234567890", "\r\n", '"', '[","]',
    "{}", "é e\u0301 \u200b \U0001f986", "a\\nb", "x" * 100_000, "empty",
]  # fmt: skip
FLOATS = (0.1, 0.1 + 0.2, 1e-320, 1.7976931348623157e308, -1 / 3, 123456789.123456789, 5.0, 1e22, 1e-7)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A warehouse of what is hard to read back, and its snapshot."""
    folder = tmp_path_factory.mktemp("hard")
    path = folder / "w.duckdb"
    with publish.build(path) as connection:
        load.set_sources(connection, views_io.SOURCES)
        board = views_io.board("b")
        results = tuple(
            views_io.result(
                board, name, FLOATS[at % len(FLOATS)], model_id=f"m{at}", position=at, value_text=name,
                note="" if name == "empty" else name, variant=(name, "a,b", 'c"d', "null", ""),
                paper_id=f"p{at}", paper_title=name, components=FLOATS if at % 2 else (),
                extra_data=(True, False, None)[at % 3], shots=at,
                result_date=(date(1999, 12, 31), None)[at % 2],
            )
            for at, name in enumerate(TEXTS)
        )  # fmt: skip
        paper = views_io.paper(
            paper_id="p1", title="P, 1", capture_id=board.capture_id, abstract="two\nlines",
            authors=("Å, B", "'C"),
        )  # fmt: skip
        views_io.put(connection, Normalised(boards=(board,), results=results, papers=(paper,)))
        connection.execute("update core.captures set size = 9223372036854775807")
        derive(connection, reconcile, held_back)
    export(path, folder / "out")
    return path, folder / "out"


def fields_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    """View → the fields of its file, as the Data Package describes them."""
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return {resource["name"]: resource["schema"]["fields"] for resource in package["resources"]}


def without_empty_texts(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What a reader sees that cannot tell NULL from the empty text."""
    return [tuple(None if cell == "" else cell for cell in row) for row in rows]


def test_the_warehouse_holds_what_is_hard(made: tuple[Path, Path]) -> None:
    """What the other tests stand on."""
    rows = of_the_view(made[0], "results")
    assert {row[2] for row in rows} == set(TEXTS)
    cells = [cell for row in rows for cell in row]
    assert (
        "" in cells
        and None in cells
        and list(FLOATS) in cells
        and True in cells
        and date(1999, 12, 31) in cells
    )
    assert len(fields_of(made[1])) == len(FILES)


CELLS: dict[str, Callable[[str], Any]] = {
    "string": lambda text: text.removeprefix("'"),
    "number": float,
    "integer": int,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "array": json.loads,
    "object": json.loads,
}


@pytest.mark.parametrize("view", FILES)
def test_the_csv_module_reads_the_rows_of_the_view(made: tuple[Path, Path], view: str) -> None:
    warehouse, folder = made
    fields = fields_of(folder)[view]
    with (folder / f"{view}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        assert next(reader) == [field["name"] for field in fields]
        found = [
            tuple(
                CELLS[field["type"]](cell) if cell else None for cell, field in zip(row, fields, strict=True)
            )
            for row in reader
        ]
    assert found == without_empty_texts(of_the_view(warehouse, view))


DUCKDB = {
    "string": "VARCHAR", "number": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN", "date": "DATE",
    "datetime": "TIMESTAMP", "array": "JSON", "object": "JSON",
}  # fmt: skip


@pytest.mark.parametrize("view", FILES)
def test_duckdb_reads_the_rows_of_the_view(made: tuple[Path, Path], view: str) -> None:
    """NULL and the empty text are told apart."""
    warehouse, folder = made
    fields = fields_of(folder)[view]
    columns = {field["name"]: DUCKDB[field["type"]] for field in fields}
    chosen = ", ".join(
        f"""regexp_replace("{name}", '^''', '')""" if kind == "VARCHAR" else f'"{name}"'
        for name, kind in columns.items()
    )
    found = duckdb.sql(
        f"select {chosen} from read_csv('{folder / view}.csv', columns = {columns}, header = true, "
        "auto_detect = false, quote = '\"', escape = '\"', allow_quoted_nulls = false)"
    ).fetchall()
    nested = {at for at, field in enumerate(fields) if field["type"] in ("array", "object")}
    assert [
        tuple(json.loads(cell) if at in nested and cell is not None else cell for at, cell in enumerate(row))
        for row in found
    ] == of_the_view(warehouse, view)


def test_duckdb_makes_lists_of_the_json(made: tuple[Path, Path]) -> None:
    warehouse, folder = made
    found = duckdb.sql(
        f"select variant::json::varchar[], components::json::double[] from '{folder}/results.csv'"
    ).fetchall()
    rows = of_the_view(warehouse, "results")
    names = [field["name"] for field in fields_of(folder)["results"]]
    at, other = names.index("variant"), names.index("components")
    assert found == [(row[at], row[other]) for row in rows]


PANDAS = {"string": "string", "number": "float64", "integer": "Int64", "boolean": "boolean"}
TIMES = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%d %H:%M:%S"}


@pytest.mark.parametrize("view", FILES)
def test_pandas_reads_the_rows_of_the_view(made: tuple[Path, Path], view: str) -> None:
    warehouse, folder = made
    fields = fields_of(folder)[view]
    frame = pd.read_csv(
        folder / f"{view}.csv",
        dtype={field["name"]: PANDAS.get(field["type"], "string") for field in fields},  # type: ignore[arg-type]
        keep_default_na=False,
        na_values=[""],
    )
    expected = without_empty_texts(of_the_view(warehouse, view))
    assert len(frame) == len(expected)
    for at, field in enumerate(fields):
        kind, series = field["type"], frame[field["name"]]
        if kind in TIMES:
            series = pd.to_datetime(series, format=TIMES[kind])
        cells = [None if pd.isna(cell) else cell for cell in series]
        if kind in ("string", "array", "object"):
            cells = [None if cell is None else CELLS[kind](cell) for cell in cells]
        elif kind == "date":
            cells = [None if cell is None else cell.date() for cell in cells]
        assert cells == [row[at] for row in expected], field["name"]


def test_no_file_begins_with_a_byte_order_mark(made: tuple[Path, Path]) -> None:
    """The csv module would take it for a part of the first column's name."""
    marked = io.StringIO(b"\xef\xbb\xbfmodel\nA\n".decode("utf-8"), newline="")
    assert next(csv.DictReader(marked)) == {"\ufeffmodel": "A"}
    assert not any(content.startswith(b"\xef\xbb\xbf") for content in contents(made[1]).values())
