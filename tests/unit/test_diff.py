"""Two snapshots or warehouses, compared: what is added, removed and changed, and what is no difference."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from cli.main import cli
from sotaduck.errors import WarehouseError
from tests.snapshots_io import NAMES, build
from warehouse.diff import compared
from warehouse.export import FILES, export


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One state as warehouse, CSV and Parquet, and an edited one."""
    folder = tmp_path_factory.mktemp("states")
    made = {"warehouse": folder / "w.duckdb", "edited": folder / "e.duckdb"}
    build(made["warehouse"])
    build(made["edited"])
    with duckdb.connect(str(made["edited"])) as connection:
        edit = """
            update mart.results set value = 4.5, value_text = '4.5' where result_id = 'b:plain';
            update mart.results set note = null, variant = ['x', 'a,b'] where result_id = 'b:=1+1';
            delete from mart.results where result_id in ('b:=', 'b:-x');
            insert into mart.results select * replace ('new' as result_id, '=new' as model)
                from mart.results where result_id = 'b:NULL';
        """
        connection.execute(edit)
    for name in ("warehouse", "edited"):
        for style in ("csv", "parquet", "both"):
            made[f"{name} {style}"] = export(made[name], folder / f"{name}-{style}", style=style).folder
    return made


Found = dict[str, list[tuple[str, Any, Any, Any]]]


def differences(first: Path, second: Path, **options: bool) -> Found:
    """File → change, key, old and new of each row that differs; files without one are left out."""
    with compared(first, second, **options) as diff:
        found = {
            about.view: [(row.change, dict(row.key), row.old, row.new) for row in rows]
            for about, rows in diff.files()
        }
    assert set(found) == set(FILES)
    return {view: rows for view, rows in found.items() if rows}


SAME = ("warehouse", "warehouse csv", "warehouse parquet", "warehouse both")


@pytest.mark.parametrize("second", SAME)
@pytest.mark.parametrize("first", SAME)
def test_one_state_does_not_differ_however_it_is_kept(
    places: dict[str, Path], first: str, second: str
) -> None:
    assert differences(places[first], places[second], every_column=True) == {}


def test_the_samples_do_not_differ_from_their_snapshot(sample_warehouse: Path, tmp_path: Path) -> None:
    export(sample_warehouse, tmp_path / "out")
    assert differences(sample_warehouse, tmp_path / "out", every_column=True) == {}


@pytest.mark.parametrize("first", ["warehouse", "warehouse csv", "warehouse parquet"])
@pytest.mark.parametrize("second", ["edited", "edited csv", "edited parquet"])
def test_what_was_added_removed_and_changed_is_found(
    places: dict[str, Path], first: str, second: str
) -> None:
    """By hand: what the fixture did to the table that `results` shows."""
    rows = differences(places[first], places[second])["results"]
    assert [(change, key["result_id"]) for change, key, *_ in rows] == [
        ("removed", "b:-x"), ("removed", "b:="), ("changed", "b:=1+1"), ("changed", "b:plain"),
        ("added", "new"),
    ]  # fmt: skip
    assert rows[2][2:] == (
        {"variant": ["=1+1", "b"], "note": "=1+1"}, {"variant": ["x", "a,b"], "note": None},
    )  # fmt: skip
    assert rows[3][2:] == ({"value": 14.0, "value_text": "14"}, {"value": 4.5, "value_text": "4.5"})
    assert (rows[0][2]["model"], rows[0][3]) == ("-x", None)
    assert (rows[4][2], rows[4][3]["model"]) == (None, "=new")


def test_the_other_way_round_it_is_the_other_way_round(places: dict[str, Path]) -> None:
    there = differences(places["warehouse"], places["edited"])
    back = differences(places["edited"], places["warehouse"])
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    for view, rows in there.items():
        expected = [(turned[change], key, new, old) for change, key, old, new in rows]
        assert sorted(back[view], key=repr) == sorted(expected, key=repr)


def test_a_page_that_was_looked_at_again_is_no_change_unless_asked_for(tmp_path: Path) -> None:
    before, after = tmp_path / "before.duckdb", tmp_path / "after.duckdb"
    build(before, names=["A", "B"])
    build(after, names=["A", "B"])
    build(after, "2024-02-01", names=["A", "B"])
    found = differences(before, after)
    assert set(found) == {"captures"}  # of which there are two more
    assert [change for change, *_ in found["captures"]] == ["added", "added"]
    every = differences(before, after, every_column=True)
    moved = {column for _, _, _, new in every["results"] for column in new or {}}
    assert "last_seen" in moved and moved <= {"last_seen", "capture_id"}


def test_what_was_not_compared_is_told(places: dict[str, Path]) -> None:
    with compared(places["warehouse"], places["edited"]) as diff:
        told = {about.view: set(about.ignored) for about, _ in diff.files()}
    assert told["results"] == {"first_seen", "last_seen", "capture_id"}
    assert told["sota_history"] == {"days_held", "capture_id"}
    assert told["captures"] == set()


def test_rows_without_a_key_are_counted(places: dict[str, Path], tmp_path: Path) -> None:
    """Three equal rows against one are two removed."""
    insert = """
        insert into core.quarantine by name select
            null as content_id, 'alpha' as source, 'c' as capture_id, 'u' as source_url, 'f' as field,
            'bad' as reason, 'd' as detail, 'e' as expectation, 1 as cells from range({})
    """
    for name, count in (("three", 3), ("one", 1)):
        shutil.copy(places["warehouse"], tmp_path / f"{name}.duckdb")
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
            connection.execute(insert.format(count))
    export(tmp_path / "one.duckdb", tmp_path / "one")
    for second in ("one.duckdb", "one"):
        found = differences(tmp_path / "three.duckdb", tmp_path / second)
        assert [change for change, *_ in found["quarantine"]] == ["removed", "removed"]


def test_a_file_or_column_that_one_side_has_is_told(places: dict[str, Path], tmp_path: Path) -> None:
    shutil.copy(places["warehouse"], tmp_path / "w.duckdb")
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("drop view suspects; create or replace view agreement as select 'a' as source_a, "
                           "'b' as source_b, 1 as colour")  # fmt: skip
    with compared(tmp_path / "w.duckdb", places["warehouse csv"]) as diff:
        assert (diff.only_first, diff.only_second) == ((), ("suspects",))
        (about,) = [about for about, _ in diff.files() if about.view == "agreement"]
    assert about.only_first == ("colour",)
    assert about.only_second == ("leaderboards", "matches", "conflicts", "only_a", "only_b")


# ---------------------------------------------------------------- what cannot be read


def copied(places: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(places["warehouse csv"], tmp_path / "copy"))


def test_a_snapshot_that_was_changed_is_refused_with_the_name_of_the_file(
    places: dict[str, Path], tmp_path: Path
) -> None:
    folder = copied(places, tmp_path)
    content = (folder / "papers.csv").read_bytes()
    (folder / "papers.csv").write_bytes(content.replace(b"plain", b"plane"))
    with pytest.raises(WarehouseError, match=r"papers\.csv: is not the file that manifest\.json describes"):
        differences(places["warehouse"], folder)
    (folder / "papers.csv").unlink()
    with pytest.raises(WarehouseError, match=r"papers\.csv: cannot be read"):
        differences(folder, places["warehouse"])


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"made_by": "another tool"}, "has no manifest.json of sotaduck"),
        ({"format": 1}, "in another format of snapshots; export it anew"),
        ({"files": [{"name": "papers.csv"}]}, "is damaged"),
        ({"files": [{"name": "../x", "bytes": 1, "sha256": "0"}]}, "is no file of the snapshot"),
    ],
)
def test_a_manifest_that_is_none_of_ours_is_refused(
    places: dict[str, Path], tmp_path: Path, edit: dict[str, Any], says: str
) -> None:
    folder = copied(places, tmp_path)
    told = json.loads((folder / "manifest.json").read_text("utf-8")) | edit
    (folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(WarehouseError, match=says):
        differences(places["warehouse"], folder)


def test_a_type_in_a_manifest_is_no_sql(places: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(places, tmp_path)
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    told["files"][0]["columns"]["task"]["type"] = "VARCHAR from x; drop table y"
    (folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(WarehouseError, match="is no type that a snapshot has"):
        differences(places["warehouse"], folder)


# ---------------------------------------------------------------- the command


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli, ["diff", *map(str, arguments)])


def test_the_command_tells_a_person(places: dict[str, Path]) -> None:
    done = run(places["warehouse csv"], places["edited"])
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert ["results", "26", "25", "1", "2", "2"] in lines
    assert "~ task/data/acc · plain: value 14.0 → 4.5, value_text 14 → 4.5" in done.output
    assert "+ task/data/acc · =new" in done.output
    assert "Not compared, since they say only where and when we looked: capture_id, days_held" in done.output


def test_without_a_second_side_it_is_the_warehouse(places: dict[str, Path]) -> None:
    done = run(places["warehouse csv"], "--warehouse", places["warehouse"])
    assert done.exit_code == 0
    assert "No row differs." in done.output
    both = run(places["warehouse csv"], places["edited"], "--warehouse", places["warehouse"])
    assert both.exit_code == 2
    assert "give one of them" in both.output


def test_json_has_every_difference(places: dict[str, Path]) -> None:
    told = json.loads(run(places["warehouse csv"], places["edited csv"], "--format", "json").output)
    assert told["a"]["data_until"] == "2024-01-01T00:00:00Z"
    files = {item["file"]: item for item in told["files"]}
    assert list(files) == list(FILES)
    results = files["results"]
    counts = [results[name] for name in ("rows_a", "rows_b", "added", "removed", "changed")]
    assert counts == [26, 25, 1, 2, 2]
    assert results["differences"][3] == {
        "change": "changed", "key": {"result_id": "b:plain"}, "old": {"value": 14.0, "value_text": "14"},
        "new": {"value": 4.5, "value_text": "4.5"},
    }  # fmt: skip
    for item in files.values():
        assert len(item["differences"]) == item["added"] + item["removed"] + item["changed"]
    short = json.loads(run(places["warehouse"], places["edited"], "--format", "json", "--key-only").output)
    assert short["files"][1]["differences"][3] == {"change": "changed", "key": {"result_id": "b:plain"}}


def test_csv_has_a_line_a_cell_and_no_formula(places: dict[str, Path]) -> None:
    lines = list(
        csv.reader(io.StringIO(run(places["warehouse"], places["edited"], "--format", "csv").output))
    )
    assert lines[0] == ["file", "change", "key", "column", "old", "new"]
    of_results = [line for line in lines if line[0] == "results"]
    assert ["results", "changed", '{"result_id": "b:plain"}', "value", "14.0", "4.5"] in of_results
    assert ["results", "changed", '{"result_id": "b:=1+1"}', "note", "'=1+1", ""] in of_results
    assert len(of_results) == 2 + 4 + 1
    short = run(places["warehouse"], places["edited"], "--format", "csv", "--key-only").output
    assert 'results,changed,"{""result_id"": ""b:plain""}"' in short.splitlines()


def test_markdown_takes_no_name_for_markup(tmp_path: Path) -> None:
    build(tmp_path / "a.duckdb", names=["A"])
    build(tmp_path / "b.duckdb", names=["A", "[x](https://evil.example) <b>|`"])
    done = run(tmp_path / "a.duckdb", tmp_path / "b.duckdb", "--format", "markdown")
    assert done.exit_code == 0
    assert "| results | 2 | 3 | 1 | 0 | 0 |" in done.output
    (line,) = [
        line
        for line in done.output.splitlines()
        if "evil" in line and "task/data/acc" in line and "all" not in line
    ][:1]
    assert r"\[x\](" in line and r"\<b\>" in line and r"\|" in line and r"\`" in line


@pytest.mark.parametrize("bad", ["nowhere", "an empty folder", "a text"])
def test_what_cannot_be_read_ends_with_status_1(
    places: dict[str, Path], tmp_path: Path, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "an empty folder").mkdir()
    (tmp_path / "a text").write_text("hello")
    for sides in ((tmp_path / bad, places["warehouse"]), (places["warehouse"], tmp_path / bad)):
        done = run(*sides)
        assert isinstance(done.exception, WarehouseError)
        assert done.exception.exit_status == 1
        assert bad in str(done.exception)


def test_names_of_the_fixture_are_where_the_numbers_say() -> None:
    """What the expected values above rest on: the value of a model is its place in the list."""
    assert (NAMES.index("plain"), NAMES.index("=1+1"), len(NAMES)) == (14, 0, 25)
