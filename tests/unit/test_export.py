"""Snapshots: the same warehouse gives the same bytes, whole or not at all, and no spreadsheet runs a cell."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sotaduck.errors import WarehouseError
from sotaduck.records import Normalised
from tests import views_io
from transform.reconcile import reconcile
from warehouse import export as snapshots
from warehouse import load, publish, query
from warehouse.derive import VIEWS, derive
from warehouse.export import export

NAMES = [
    "=1+1", "+x", "-x", "@x", "'x", "\tx", "\rx", "\nx", "-5", "+3.5", "-1.5e3", "=", "'", "''=1",
    "plain", 'say "hi"', "a,b", "two\nlines", "naïve ☃", " leading", "NULL", "\\N", "|pipe", "＝1+1", "＠x",
]  # fmt: skip
"""Model names, dangerous and otherwise."""
DANGEROUS = {"=1+1", "+x", "-x", "@x", "'x", "\tx", "\rx", "\nx", "-1.5e3", "=", "'", "''=1", "＝1+1", "＠x"}


def build(path: Path, seen: str = "2024-01-01", names: list[str] = NAMES, fresh: bool = False) -> None:
    with publish.build(path, fresh=fresh) as connection:
        load.set_sources(connection, views_io.SOURCES)
        board = views_io.board("b", seen, content_digest=repr(names))
        other = views_io.board("b2", seen, source="beta")
        results = [
            views_io.result(
                board, name, float(at), model_id=f"m{at}", position=at, value_text=str(at), note=name,
                paper_id=f"p{at}", paper_title=name, variant=(name, "b"),
            )
            for at, name in enumerate(names)
        ]  # fmt: skip
        results.append(views_io.result(other, "unread", None, value_text="=n/a"))
        papers = tuple(
            views_io.paper(paper_id=f"p{at}", title=name, capture_id=board.capture_id, abstract=name)
            for at, name in enumerate(names)
        )
        views_io.put(connection, Normalised(boards=(board, other), results=tuple(results), papers=papers))
        derive(connection, reconcile)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "w.duckdb"
    build(path)
    return path


@pytest.fixture(scope="module")
def snapshot(warehouse: Path) -> Path:
    out = warehouse.parent / "snapshot"
    export(warehouse, out)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text("utf-8"))  # type: ignore[no-any-return]


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened, strict=True))


# ---------------------------------------------------------------- the same bytes


def test_the_same_warehouse_gives_the_same_bytes(warehouse: Path, snapshot: Path, tmp_path: Path) -> None:
    export(warehouse, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(snapshot)


def test_a_warehouse_built_anew_from_the_same_facts_gives_the_same_bytes(
    warehouse: Path, snapshot: Path, tmp_path: Path
) -> None:
    build(tmp_path / "anew.duckdb")
    build(tmp_path / "anew.duckdb", fresh=True)
    assert (tmp_path / "anew.duckdb").read_bytes() != warehouse.read_bytes()
    export(tmp_path / "anew.duckdb", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(snapshot)


def test_the_manifest_counts_and_digests_every_file(snapshot: Path) -> None:
    told = manifest(snapshot)
    assert [item["name"] for item in told["files"]] == [f"{view}.csv" for view in snapshots.FILES]
    assert {item["name"] for item in told["files"]} | {"manifest.json"} == set(contents(snapshot))
    for item in told["files"]:
        file = snapshot / item["name"]
        rows = read(file)
        assert item["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert item["rows"] == len(rows), item["name"]
        assert list(item["columns"]) == file.read_text("utf-8").partition("\n")[0].split(",")


def test_the_manifest_says_what_it_is_and_under_which_licence(snapshot: Path) -> None:
    told = manifest(snapshot)
    assert told["schema_version"] == publish.SCHEMA_VERSION
    assert told["data_until"] == "2024-01-01T00:00:00Z"
    assert [(item["source"], item["licence"], item["attribution"]) for item in told["sources"]] == [
        ("alpha", "CC0", "by alpha"), ("beta", "CC0", "by beta"),
    ]  # fmt: skip


def test_every_file_is_a_view_and_its_order_is_that_of_a_key(warehouse: Path) -> None:
    assert set(snapshots.FILES) <= set(VIEWS)
    for view in snapshots.FILES:
        assert query.run_sql(warehouse, f"select * from {view} order by {snapshots.FILES[view]}") is not None


# ---------------------------------------------------------------- what a spreadsheet would run


def test_no_text_cell_begins_as_a_formula_unless_it_is_a_plain_number(snapshot: Path) -> None:
    types = {item["name"]: item["columns"] for item in manifest(snapshot)["files"]}
    looked_at = 0
    for name, columns in types.items():
        for row in read(snapshot / name):
            for column, cell in row.items():
                if columns[column] == "VARCHAR" and cell[:1] in set("=+-@\t\r\n"):
                    float(cell)
                looked_at += 1
    assert looked_at > 1000


def test_dangerous_names_have_an_apostrophe_and_the_others_are_as_they_were(snapshot: Path) -> None:
    shown = {row["result_id"]: row["model"] for row in read(snapshot / "results.csv")}
    assert {name: shown[f"b:{name}"] for name in NAMES} == {
        name: f"'{name}" if name in DANGEROUS else name for name in NAMES
    }


def test_taking_one_apostrophe_off_gives_every_text_back(snapshot: Path) -> None:
    """Texts that begin with one have got a second, so the rule has no exception."""
    shown = [row["model"] for row in read(snapshot / "results.csv")]
    assert {name.removeprefix("'") for name in shown} == {*NAMES, "unread"}


def test_lists_of_dangerous_texts_begin_with_a_bracket(snapshot: Path) -> None:
    variants = {row["variant"] for row in read(snapshot / "results.csv")} - {"[]"}
    assert len(variants) == len(NAMES)
    assert all(variant.startswith("[") for variant in variants)


def test_numbers_dates_and_truths_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with publish.build(path) as connection:
        load.set_sources(connection, views_io.SOURCES)
        board = views_io.board("b", higher_is_better=False)
        result = views_io.result(
            board,
            "A",
            -2.5,
            value_text="-2.5",
            result_date=views_io.moment("1999-12-31").date(),
            extra_data=True,
        )
        views_io.put(connection, Normalised(boards=(board,), results=(result,)))
        derive(connection, reconcile)
    export(path, tmp_path / "out")
    (row,) = read(tmp_path / "out" / "results.csv")
    assert (row["value"], row["value_text"], row["result_date"], row["extra_data"], row["uncertainty"]) == (
        "-2.5", "-2.5", "1999-12-31", "true", "",
    )  # fmt: skip


def test_null_is_an_empty_cell_and_an_empty_text_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with publish.build(path) as connection:
        load.set_sources(connection, views_io.SOURCES)
        board = views_io.board("b")
        results = (
            views_io.result(board, "A", 1.0, model_id="a", note=""),
            views_io.result(board, "B", 2.0, model_id="b", note=None),
        )
        views_io.put(connection, Normalised(boards=(board,), results=results))
        derive(connection, reconcile)
    export(path, tmp_path / "out")
    file = tmp_path / "out" / "results.csv"
    options = "all_varchar = true, allow_quoted_nulls = false"
    back = duckdb.sql(f"select model, note from read_csv('{file}', {options}) order by model").fetchall()
    assert back == [("A", ""), ("B", None)]
    assert '""' in file.read_text("utf-8")


# ---------------------------------------------------------------- the folder


def test_an_earlier_snapshot_is_replaced_whole(warehouse: Path, snapshot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(warehouse, out)
    (out / "results.csv").write_text("old")
    (out / "of_an_earlier_release.csv").write_text("old")
    told = manifest(out)
    told["files"].append({"name": "of_an_earlier_release.csv"})
    (out / "manifest.json").write_text(json.dumps(told))
    export(warehouse, out)
    assert contents(out) == contents(snapshot)
    assert {file.name for file in tmp_path.iterdir()} == {"out"}


def test_an_empty_folder_will_do(warehouse: Path, snapshot: Path, tmp_path: Path) -> None:
    export(warehouse, tmp_path / "deep" / "er")
    (tmp_path / "empty").mkdir()
    export(warehouse, tmp_path / "empty")
    assert contents(tmp_path / "deep" / "er") == contents(tmp_path / "empty") == contents(snapshot)


def test_a_folder_with_other_files_is_refused_and_kept(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(WarehouseError, match=r"holds thesis\.tex, which is no part"):
        export(warehouse, tmp_path)
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


def test_a_folder_with_somebody_elses_manifest_is_refused_and_kept(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "my web page"}')
    (tmp_path / "index.html").write_text("years of work")
    with pytest.raises(WarehouseError, match=r"holds index\.html"):
        export(warehouse, tmp_path)
    assert (tmp_path / "index.html").read_text() == "years of work"


def test_a_snapshot_with_a_file_of_ones_own_in_it_is_refused_and_kept(
    warehouse: Path, tmp_path: Path
) -> None:
    export(warehouse, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("years of work")
    with pytest.raises(WarehouseError, match=r"holds notes\.txt"):
        export(warehouse, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "years of work"


def test_a_file_is_refused(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(WarehouseError, match="is a file; name a folder"):
        export(warehouse, tmp_path / "out")
    with pytest.raises(WarehouseError, match="cannot be written"):
        export(warehouse, tmp_path / "out" / "deeper")
    assert (tmp_path / "out").read_text() == "a file"


def test_a_link_to_a_folder_stays_one(warehouse: Path, snapshot: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    export(warehouse, tmp_path / "out")
    export(warehouse, tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert contents(tmp_path / "disk") == contents(snapshot)


def test_the_folder_in_which_one_stands_can_be_named(
    warehouse: Path, snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export(warehouse, Path("out"))
    monkeypatch.chdir(tmp_path / "out")
    export(warehouse, Path())
    assert contents(tmp_path / "out") == contents(snapshot)


@pytest.mark.parametrize("name", ["it's", 'a "b"', "☃", "with blank"])
def test_any_name_will_do(warehouse: Path, snapshot: Path, tmp_path: Path, name: str) -> None:
    export(warehouse, tmp_path / name)
    assert contents(tmp_path / name) == contents(snapshot)


def test_a_snapshot_that_fails_leaves_the_earlier_one(
    warehouse: Path, snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(warehouse, out)
    monkeypatch.setattr(snapshots, "FILES", {**snapshots.FILES, "results": "no_such_column"})
    with pytest.raises(WarehouseError, match="could not be written"):
        export(warehouse, out)
    assert contents(out) == contents(snapshot)
    assert {file.name for file in tmp_path.iterdir()} == {"out"}


def test_without_a_warehouse_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="sotaduck refresh"):
        export(tmp_path / "missing.duckdb", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- beside a refresh


def test_a_snapshot_is_of_one_state_where_a_refresh_swaps_the_file_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second state has one model more; every file, and the manifest, are of the first."""
    path = tmp_path / "w.duckdb"
    build(path, names=["A", "B"])
    export(path, tmp_path / "before")
    real = snapshots._file

    def swapped(states: Iterator[None]) -> Any:
        def one_file(*arguments: Any) -> dict[str, Any]:
            next(states, None)
            return real(*arguments)

        return one_file

    def refreshed() -> Iterator[None]:
        build(path, "2024-02-01", names=["A", "B", "C"])
        yield

    monkeypatch.setattr(snapshots, "_file", swapped(refreshed()))
    export(path, tmp_path / "meanwhile")
    assert contents(tmp_path / "meanwhile") == contents(tmp_path / "before")
    monkeypatch.undo()
    export(path, tmp_path / "after")
    assert manifest(tmp_path / "after")["files"][1]["rows"] == 4
