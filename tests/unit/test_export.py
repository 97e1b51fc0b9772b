"""Snapshots: the same warehouse gives the same bytes, whole or not at all, and no spreadsheet runs a cell."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.drops import held_back
from sotaduck import __version__
from sotaduck.errors import WarehouseError
from sotaduck.records import Normalised
from tests import views_io
from tests.snapshots_io import IN_NO_SNAPSHOT, NAMES, build, contents, manifest, of_the_view
from transform.reconcile import reconcile
from warehouse import export as snapshots
from warehouse import files, load, publish, query
from warehouse.derive import VIEWS, derive
from warehouse.export import export

DANGEROUS = {"=1+1", "+x", "-x", "@x", "'x", "\tx", "\rx", "\nx", "-1.5e3", "=", "'", "''=1", "＝1+1", "＠x"}


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
    listed = {item["name"] for item in told["files"]}
    assert listed | {"manifest.json", "datapackage.json"} == set(contents(snapshot))
    for item in told["files"]:
        file = snapshot / item["name"]
        rows = read(file)
        assert item["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert item["bytes"] == file.stat().st_size
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
        file = snapshots.FILES[view]
        names = query.run_sql(warehouse, f"from {view} limit 0").columns
        columns = dict.fromkeys((name for name in names if name not in IN_NO_SNAPSHOT), "")
        assert {*file.key, *file.label, *file.refers} <= set(columns), view
        assert query.run_sql(warehouse, f"from {view} order by {files.order(view, columns)}") is not None


# ---------------------------------------------------------------- what a spreadsheet would run


def test_no_text_cell_begins_as_a_formula_unless_it_is_a_plain_number(snapshot: Path) -> None:
    types = {item["name"]: item["columns"] for item in manifest(snapshot)["files"]}
    looked_at = 0
    for name, columns in types.items():
        for row in read(snapshot / name):
            for column, cell in row.items():
                if columns[column]["type"] == "VARCHAR" and cell[:1] in set("=+-@\t\r\n"):
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
        derive(connection, reconcile, held_back)
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
        derive(connection, reconcile, held_back)
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
    with pytest.raises(WarehouseError, match="cannot be made"):
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
    broken = replace(snapshots.FILES["results"], order="no_such_column")
    monkeypatch.setattr(files, "FILES", {**snapshots.FILES, "results": broken})
    with pytest.raises(WarehouseError, match="could not be written"):
        export(warehouse, out)
    assert contents(out) == contents(snapshot)
    assert {file.name for file in tmp_path.iterdir()} == {"out"}


def test_without_a_warehouse_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="sotaduck refresh"):
        export(tmp_path / "missing.duckdb", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what it says of itself


def test_the_manifest_has_type_and_meaning_of_every_column(warehouse: Path, snapshot: Path) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for item in manifest(snapshot)["files"]:
            described = connection.execute(
                "select column_name, data_type, comment from duckdb_columns() "
                f"where schema_name = 'main' and table_name = '{item['view']}' order by column_index"
            ).fetchall()
            assert item["columns"] == {
                name: {"type": kind.replace("HUGEINT", "BIGINT"), "description": comment}
                for name, kind, comment in described
                if name not in IN_NO_SNAPSHOT
            }
            assert all(column["description"] for column in item["columns"].values()), item["view"]
            assert item["description"]


def test_the_manifest_names_release_policy_and_time(warehouse: Path, snapshot: Path, tmp_path: Path) -> None:
    told = manifest(snapshot)
    assert told["made_by"] == f"sotaduck {__version__}"
    assert told["as_of"] is None
    assert {name: rule["is"] for name, rule in told["policy"].items()}.items() >= {
        "date_basis": "result_date", "undated_rows": "ranked_not_in_history", "extra_data": "two_tracks",
        "direction": "stated_never_guessed", "rank": "competition", "scale": "one_per_leaderboard",
    }.items()  # fmt: skip
    assert all(rule["in_words"] for rule in told["policy"].values())
    then = datetime(2024, 1, 31, 12, tzinfo=UTC)
    assert export(warehouse, tmp_path / "then", as_of=then).manifest["as_of"] == "2024-01-31T12:00:00Z"


def test_only_sources_whose_data_is_inside_are_named(tmp_path: Path) -> None:
    """gamma is known to the warehouse and has nothing in it; beta has a paper and no leaderboard."""
    path = tmp_path / "w.duckdb"
    with publish.build(path) as connection:
        load.set_sources(connection, views_io.SOURCES)
        board = views_io.board("b")
        page = views_io.capture("beta", "https://beta.example/p", "2024-03-01")
        paper = views_io.paper(paper_id="p", title="P", source="beta", capture_id=page.capture_id)
        batch = Normalised(boards=(board,), results=(views_io.result(board, "A", 1.0),), papers=(paper,))
        views_io.put(connection, batch, [page])
        derive(connection, reconcile, held_back)
    told = export(path, tmp_path / "out").manifest
    assert [source["source"] for source in told["sources"]] == ["alpha", "beta"]
    assert told["data_until"] == "2024-03-01T00:00:00Z"


def test_nothing_of_the_machine_or_the_run_is_inside(tmp_path: Path) -> None:
    """Two machines that know the same: other paths, other runs, other places in the archive."""
    made = {}
    for machine, run in (("one", "20240101T000000Z-aaaa"), ("two", "20240202T000000Z-bbbb")):
        path = tmp_path / machine / "w.duckdb"
        build(path)
        add_runs(path, run, docs=str(tmp_path / machine), warc=f"{machine}.warc.gz")
        export(path, tmp_path / machine / "out", style="both")
        made[machine] = contents(tmp_path / machine / "out")
    assert made["one"] == made["two"]
    together = b"".join(made["one"].values())
    for secret in (str(tmp_path), "aaaa", "bbbb", ".warc.gz"):
        assert secret.encode() not in together, secret
    assert b"fetch,http_404,gone" in made["one"]["failures.csv"]
    assert made["one"]["failures.csv"].count(b"\n") == 2  # it failed in two runs, and is one row


def add_runs(path: Path, run: str, docs: str, warc: str) -> None:
    """Two runs in which the same page failed, as a machine records them."""
    with publish.build(path) as connection:
        connection.execute(f"update core.captures set warc_file = '{warc}', warc_offset = {len(warc)}")
        for number in (1, 2):
            connection.execute(
                f"""
                insert into core.runs by name select
                    '{run}-{number}' as run_id, 'refresh' as kind, now()::timestamp as started_at,
                    now()::timestamp as finished_at, 'done' as status, ['alpha'] as sources,
                    'v' as vocabulary,
                    '0' as version, map{{'a': 1}} as counts, map{{'a': 0.5}} as stages,
                    []::varchar[] as warnings, []::varchar[] as notes, '{docs}' as data_docs
                """
            )
            connection.execute(
                f"""
                insert into core.failures by name select
                    '{run}-{number}' as run_id, 'alpha' as source, 'https://alpha.example/x' as url,
                    'fetch' as stage, 'http_404' as reason, 'gone' as detail, null as capture_id
                """
            )


# ---------------------------------------------------------------- CSV, Parquet or both


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_parquet_is_the_same_bytes_whatever_the_machine_has_of_threads(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    export(warehouse, tmp_path / "as_it_is", style="parquet")
    real = duckdb.connect

    def with_threads(*arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        connection = real(*arguments, **options)
        connection.execute(f"set threads = {threads}")
        return connection

    monkeypatch.setattr(duckdb, "connect", with_threads)
    export(warehouse, tmp_path / "out", style="parquet")
    assert contents(tmp_path / "out") == contents(tmp_path / "as_it_is")


def test_many_rows_are_the_same_parquet_bytes_with_one_thread_and_with_many(tmp_path: Path) -> None:
    """As COPY is called, over more than one row group, from a table in another order."""
    digests = set()
    for threads in (1, 2, 8):
        with duckdb.connect() as connection:
            connection.execute(f"set threads = {threads}")
            connection.execute(
                "create table t as select i, md5(i::varchar) as text, [i / 7.0] as list "
                "from range(300000) r(i) order by hash(i)"
            )
            path = tmp_path / f"{threads}.parquet"
            connection.execute(f"copy (from t order by i) to '{path}' {snapshots._COPY['parquet']}")
            digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_parquet_holds_the_rows_of_the_view_as_they_are(warehouse: Path, tmp_path: Path) -> None:
    told = export(warehouse, tmp_path / "out", style="both").manifest
    assert [item["name"] for item in told["files"]][:2] == ["leaderboards.csv", "leaderboards.parquet"]
    for view in snapshots.FILES:
        read_back = duckdb.sql(f"from '{tmp_path}/out/{view}.parquet'")
        assert read_back.fetchall() == of_the_view(warehouse, view), view
    assert str(duckdb.sql(f"select results from '{tmp_path}/out/sources.parquet'").types[0]) == "BIGINT"


def test_the_next_snapshot_may_be_of_another_kind(warehouse: Path, snapshot: Path, tmp_path: Path) -> None:
    export(warehouse, tmp_path / "out", style="both")
    export(warehouse, tmp_path / "out", style="parquet")
    assert {file.suffix for file in (tmp_path / "out").iterdir()} == {".parquet", ".json"}
    export(warehouse, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(snapshot)


# ---------------------------------------------------------------- a dated folder


def test_the_date_in_the_name_is_that_of_the_data(warehouse: Path, snapshot: Path, tmp_path: Path) -> None:
    done = export(warehouse, tmp_path / "{date}" / "all")
    assert done.folder == tmp_path / "2024-01-01" / "all"
    assert contents(done.folder) == contents(snapshot)


def test_without_data_there_is_no_date(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with publish.build(path) as connection:
        derive(connection, reconcile, held_back)
    with pytest.raises(WarehouseError, match="no data yet"):
        export(path, tmp_path / "{date}")
    assert {file.name for file in tmp_path.iterdir()} == {"w.duckdb", ".w.duckdb.lock"}
    told = export(path, tmp_path / "out").manifest
    assert (told["data_until"], told["sources"]) == (None, [])


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
