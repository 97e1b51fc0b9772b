"""The Data Package descriptor: what the standard asks for, and that what it says of the files is true.

The standard is checked by hand here (https://datapackage.org/standard/, versions 1 and 2): what must be
there, and in which form.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.snapshots_io import build
from warehouse.export import FILES, export

NAME = re.compile(r"[-a-z0-9._/]+")
SAFE_PATH = re.compile(r"(?![./~])(?!.*\.\./)[^\\:]+")
TYPES = {
    "string": "VARCHAR", "number": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN", "date": "DATE",
    "datetime": "TIMESTAMP", "array": "JSON", "object": "JSON",
}  # fmt: skip


@pytest.fixture(scope="module", params=["samples", "dangerous"])
def folder(
    request: pytest.FixtureRequest, sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A snapshot in CSV and Parquet: of the bundled samples, and of names that are hard to write."""
    made = tmp_path_factory.mktemp("package")
    if request.param == "dangerous":
        build(made / "w.duckdb")
        return export(made / "w.duckdb", made / "out", style="both").folder
    return export(sample_warehouse, made / "out", style="both").folder


def package(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "datapackage.json").read_text("utf-8"))  # type: ignore[no-any-return]


def tables(folder: Path) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in package(folder)["resources"] if item["format"] == "csv"}


def relation(folder: Path, resource: dict[str, Any]) -> str:
    """A CSV resource, as DuckDB reads it by its own schema and dialect."""
    columns = {field["name"]: TYPES[field["type"]] for field in resource["schema"]["fields"]}
    dialect = resource["dialect"]
    return (
        f"read_csv('{folder / resource['path']}', columns = {columns}, auto_detect = false, "
        f"header = {dialect['header']}, delim = '{dialect['delimiter']}', quote = '{dialect['quoteChar']}', "
        "escape = '\"', allow_quoted_nulls = false)"
    )


def test_the_package_is_what_the_standard_asks_for(folder: Path) -> None:
    told = package(folder)
    assert told["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert NAME.fullmatch(told["name"])
    assert told["licenses"] and told["sources"] and told["resources"]
    for licence in told["licenses"]:
        assert re.fullmatch(r"[-A-Za-z0-9._]+", licence["name"])
        assert licence["path"].startswith("https://") and licence["title"]
    for source in told["sources"]:
        assert source["title"] and source["path"].startswith("https://") and source["attribution"]
    names = [resource["name"] for resource in told["resources"]]
    assert len(set(names)) == len(names) == 2 * len(FILES)
    assert "created" not in told  # it would be another in every run


def test_every_resource_is_what_the_standard_asks_for(folder: Path) -> None:
    for resource in package(folder)["resources"]:
        assert NAME.fullmatch(resource["name"]) and SAFE_PATH.fullmatch(resource["path"])
        assert resource["type"] == "table"
        assert (resource["format"], resource["mediatype"]) in (
            ("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet"),
        )  # fmt: skip
        if resource["format"] == "csv":
            assert resource["profile"] == "tabular-data-resource"
            assert resource["encoding"] == "utf-8"
        schema = resource["schema"]
        names = [field["name"] for field in schema["fields"]]
        assert len(set(names)) == len(names)
        assert all(field["type"] in TYPES and field["description"] for field in schema["fields"])
        assert schema["missingValues"] == [""]
        assert set(schema.get("primaryKey", [])) <= set(names)


def test_a_package_of_csv_alone_is_a_tabular_one(folder: Path, tmp_path: Path) -> None:
    build(tmp_path / "w.duckdb")
    assert package(folder)["profile"] == "data-package"
    told = package(export(tmp_path / "w.duckdb", tmp_path / "csv").folder)
    assert told["profile"] == "tabular-data-package"
    assert [item["name"] for item in told["resources"]] == list(FILES)
    told = package(export(tmp_path / "w.duckdb", tmp_path / "parquet", style="parquet").folder)
    assert told["profile"] == "data-package"
    assert [item["name"] for item in told["resources"]] == list(FILES)


def test_bytes_and_hash_are_those_of_the_files(folder: Path) -> None:
    for resource in package(folder)["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()


def test_every_cell_has_the_type_of_its_field(folder: Path) -> None:
    rows = 0
    for resource in tables(folder).values():
        relation_ = relation(folder, resource)
        rows += len(duckdb.sql(f"from {relation_}").fetchall())
        times = [item["name"] for item in resource["schema"]["fields"] if item["type"] == "datetime"]
        with (folder / resource["path"]).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                for name in times:
                    assert re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)?", row[name])
    assert rows > 50
    assert {item.get("format") for item in tables(folder)["results"]["schema"]["fields"]} == {
        None, "%Y-%m-%d %H:%M:%S",
    }  # fmt: skip


def test_primary_keys_are_keys(folder: Path) -> None:
    for name, resource in tables(folder).items():
        key = resource["schema"].get("primaryKey")
        if key:
            chosen, nothing = ", ".join(key), " or ".join(f"{column} is null" for column in key)
            found = duckdb.sql(
                f"select count(*), count(distinct ({chosen})), count(*) filter ({nothing}) "
                f"from {relation(folder, resource)}"
            ).fetchone()
            assert found and found[0] == found[1] and found[2] == 0, name
    assert len([item for item in tables(folder).values() if "primaryKey" in item["schema"]]) >= 12


def test_foreign_keys_find_their_row(folder: Path) -> None:
    files, looked_at = tables(folder), 0
    for name, resource in files.items():
        for key in resource["schema"].get("foreignKeys", []):
            (column,), (other,) = key["fields"], key["reference"]["fields"]
            target = files[key["reference"]["resource"]]
            there = f"select {other} from {relation(folder, target)}"
            found = duckdb.sql(
                f"select count(*) filter ({column} not in ({there})), count(*) "
                f"from {relation(folder, resource)} where {column} is not null"
            ).fetchone()
            assert found and found[0] == 0, (name, column)
            looked_at += found[1]
    assert looked_at > 100


def test_a_parquet_file_refers_to_parquet_files(folder: Path) -> None:
    resources = {item["name"]: item for item in package(folder)["resources"]}
    keys = resources["ranked_results.parquet"]["schema"]["foreignKeys"]
    assert {key["reference"]["resource"] for key in keys} <= set(resources)
    assert all(key["reference"]["resource"].endswith(".parquet") for key in keys)
