"""Questions to the published warehouse: nothing can be changed, no other file read, refusals say why."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.drops import held_back
from sotaduck.errors import WarehouseError
from sotaduck.records import Normalised, Quarantined
from tests import views_io
from transform.reconcile import reconcile
from warehouse import load, publish, query, state
from warehouse.derive import derive

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "cli.main", "sql"]
BOARD = "panoptic-segmentation/cityscapes-val/miou"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources of one board, one of which has a second board without a direction."""
    path = tmp_path_factory.mktemp("query") / "w.duckdb"
    with publish.build(path) as connection:
        load.set_sources(connection, views_io.SOURCES)
        one = views_io.board("a", leaderboard_id=BOARD, cells_in=3, cells_loaded=2, cells_quarantined=1)
        two = views_io.board("b", leaderboard_id=BOARD, source="beta", cells_in=1, cells_loaded=1)
        silent = views_io.board(
            "c",
            leaderboard_id="t/d/unknown",
            higher_is_better=None,
            direction_source=None,
            cells_in=3,
            cells_loaded=3,
        )
        days = [views_io.moment(f"202{at}-01-01").date() for at in range(3)]
        results = (
            views_io.result(one, "Second", 80.0, position=2, source_rank=2, result_date=days[0]),
            views_io.result(one, "First", 90.0, position=1, source_rank=1, result_date=days[1], paper_id="p2",
                            paper_url="https://alpha.example/paper/2"),
            views_io.result(one, "Unread", None, position=3, source_rank=3),
            views_io.result(two, "first", 90.5, result_date=days[2], paper_id="p2"),
            *(views_io.result(silent, name, 1.0) for name in "xyz"),
        )  # fmt: skip
        refused = views_io.make(
            Quarantined,
            {
                "source": "alpha", "capture_id": one.capture_id, "source_url": one.locator, "board_id": "a",
                "leaderboard_id": BOARD, "field": "value", "reason": "not_a_number", "detail": "", "cells": 1,
                "expectation": "grammar", "value_text": "n/a", "position": 3, "model": "Unread",
            },
        )  # fmt: skip
        batch = Normalised(boards=(one, two, silent), results=results, quarantine=(refused,))
        views_io.put(connection, batch)
        derive(connection, reconcile, held_back)
    return path


# ---------------------------------------------------------------- ad-hoc SQL

FORBIDDEN = {
    "create table mine (day date)": "read-only",
    "create or replace view results as select 1 as one": "read-only",
    "drop view results": "read-only",
    "insert into core.aliases values ('a', 'b', 'c')": "read-only",
    "update core.results set value = 100": "read-only",
    "delete from core.results": "read-only",
    "attach 'other.duckdb' as other": "disabled by configuration",
    "copy results to 'results.csv'": "disabled by configuration",
    "copy (select 1) to 'results.parquet' (format parquet)": "disabled by configuration",
    "export database 'copy'": "disabled by configuration",
    "from read_csv('/etc/passwd')": "disabled by configuration",
    "from read_text('/etc/passwd')": "disabled by configuration",
    "from read_blob('/etc/passwd')": "disabled by configuration",
    "from read_json('/etc/passwd')": "disabled by configuration",
    "from read_parquet('https://example.org/x.parquet')": "disabled",
    "from glob('/etc/*')": "disabled by configuration",
    "from '/etc/passwd'": "does not exist",
    "install httpfs": "disabled by configuration",
    "load httpfs": "disabled",
    "set enable_external_access = true": "locked",
    "set lock_configuration = false": "locked",
    "set temp_directory = 'elsewhere'": "locked",
    "reset enable_external_access": "locked",
}


@pytest.mark.parametrize("text", FORBIDDEN)
def test_nothing_is_changed_and_no_other_file_is_read(warehouse: Path, text: str) -> None:
    before, files = warehouse.read_bytes(), sorted(warehouse.parent.iterdir())
    with pytest.raises(WarehouseError, match=rf"(?s)the query failed: .*{FORBIDDEN[text]}"):
        query.run_sql(warehouse, text)
    assert warehouse.read_bytes() == before
    assert sorted(warehouse.parent.iterdir()) == files


@pytest.mark.parametrize("name", ["text", "warehouse", "connection", "statements", "rows", "pa", "sys"])
def test_names_in_a_query_are_tables_and_not_variables_of_this_program(warehouse: Path, name: str) -> None:
    text = warehouse
    assert text
    with pytest.raises(WarehouseError, match=f"Table with name {name} does not exist"):
        query.run_sql(warehouse, f"from {name}")


def test_a_mistake_is_told_in_the_words_of_duckdb_with_its_place(warehouse: Path) -> None:
    with pytest.raises(WarehouseError, match=r"(?s)syntax error at or near \"selct\".*LINE 1: selct 1"):
        query.run_sql(warehouse, "selct 1")


@pytest.mark.parametrize("text", ["", " \n", ";", "-- nothing"])
def test_a_query_that_is_none_is_an_error(warehouse: Path, text: str) -> None:
    with pytest.raises(WarehouseError, match="the query is empty"):
        query.run_sql(warehouse, text)


def test_of_several_queries_none_is_answered_in_silence(warehouse: Path) -> None:
    with pytest.raises(WarehouseError, match="ask one at a time"):
        query.run_sql(warehouse, "select 1; select 2")


def test_a_query_may_be_prepared_by_statements_before_it(warehouse: Path) -> None:
    answer = query.run_sql(warehouse, "create temp table one as select 1 as n; from one;")
    assert answer == query.Answer(("n",), [(1,)])


def test_an_answer_without_rows_has_its_columns(warehouse: Path) -> None:
    assert query.run_sql(warehouse, "select model, rank from ranked_results where false") == query.Answer(
        ("model", "rank"), []
    )


def test_readers_of_one_process_do_not_disturb_each_other(warehouse: Path) -> None:
    own = duckdb.connect(str(warehouse), read_only=True)
    with query.opened(warehouse) as one, query.opened(warehouse) as two:
        for connection in (own, one, two):
            assert connection.execute("select count(*) from results").fetchone() == (6,)
    assert own.execute("from read_text(?)", [__file__]).fetchall()
    own.close()


def test_times_with_a_zone_are_shown_in_utc(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    text = "select '2024-01-01 00:00:00+05:30'::timestamptz::varchar"
    assert query.run_sql(warehouse, text).rows == [("2023-12-31 18:30:00+00",)]


def test_a_query_that_needs_much_memory_leaves_nothing_behind(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "select count(*) from (select range as n, random() as r from range(300000) order by r)"
    assert query.run_sql(warehouse, text).rows == [(300000,)]
    assert {file.name for file in warehouse.parent.iterdir()} == {"w.duckdb", ".w.duckdb.lock"}
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the questions of the commands


def test_a_leaderboard_is_given_best_first_and_unranked_last(warehouse: Path) -> None:
    board, rows = query.leaderboard(warehouse, BOARD)
    assert (board["leader"], board["results"], board["sources"]) == ("First", 3, ["alpha", "beta"])
    assert [(row["model"], row["rank"]) for row in rows] == [("First", 1), ("Second", 2), ("Unread", None)]


def test_a_history_is_given_oldest_first_on_one_track_or_both(warehouse: Path) -> None:
    _, steps = query.history(warehouse, BOARD, "all")
    assert [(step["step"], step["model"]) for step in steps] == [(1, "Second"), (2, "First")]
    _, both = query.history(warehouse, BOARD)
    assert {step["track"] for step in both} == {"all", "no_extra_data"}


@pytest.mark.parametrize("asked", ["panoptic-segmentation/cityscapes/miou", BOARD.upper(), f"{BOARD}s"])
def test_an_unknown_leaderboard_names_near_ones(warehouse: Path, asked: str) -> None:
    for question in (query.leaderboard, query.history):
        with pytest.raises(WarehouseError, match=f"did you mean {BOARD}"):
            question(warehouse, asked)


def test_a_leaderboard_that_is_like_none_names_none_and_says_how_to_list_all(warehouse: Path) -> None:
    with pytest.raises(WarehouseError, match="there is no leaderboard '€'") as error:
        query.leaderboard(warehouse, "€")
    assert "did you mean" not in str(error.value)
    assert "select leaderboard_id from leaderboards" in str(error.value)


def test_a_chain_leads_from_a_result_to_every_raw_cell(warehouse: Path) -> None:
    chain = query.chain(warehouse, "a:First")
    assert chain["result"]["value"] == 90.0
    assert [(step["source"], step["model"], step["value_text"]) for step in chain["provenance"]] == [
        ("alpha", "First", "90"), ("beta", "first", "90.5"),
    ]  # fmt: skip
    assert {(item["kind"], item["said"], item["other_said"]) for item in chain["conflicts"]} == {
        ("date", "2021-01-01", "2022-01-01"),
    }


def test_a_result_that_is_not_there_says_how_to_find_ids(warehouse: Path) -> None:
    with pytest.raises(WarehouseError, match=r"there is no result 'nope'; .*--json"):
        query.chain(warehouse, "nope")


def test_leaders_are_those_of_the_largest_boards(warehouse: Path) -> None:
    found = [(row["leaderboard_id"], row["leader"]) for row in query.leaders(warehouse, 5)]
    assert found == [(BOARD, "First"), ("t/d/unknown", None)]
    assert len(query.leaders(warehouse, 1)) == 1


def test_status_accounts_for_every_cell(warehouse: Path) -> None:
    facts = query.status(warehouse)
    assert [
        (row["source"], row["boards"], row["cells_in"], row["loaded"], row["quarantined"])
        for row in facts["cells"]
    ] == [("alpha", 2, 6, 5, 1), ("beta", 1, 1, 1, 0)]
    assert [(row["reason"], row["cells"]) for row in facts["quarantined_by_reason"]] == [("not_a_number", 1)]
    assert [row["leaderboard_id"] for row in facts["direction_unknown"]] == ["t/d/unknown"]
    assert facts["holds"][0]["results"] == 6


def test_what_is_known_is_told_to_the_next_run(warehouse: Path) -> None:
    known = state.known(warehouse)
    page = "https://alpha.example/a"
    assert known.parsed["alpha", page] == f"sha256:{page}@2024-01-01"
    assert known.links == {page: ("https://alpha.example/paper/2",)}
    assert len(known.captures) == 3


def test_nothing_is_known_where_there_is_no_warehouse(tmp_path: Path) -> None:
    assert state.known(tmp_path / "none.duckdb") == state.Known()


# ---------------------------------------------------------------- files that are no warehouse


def test_a_missing_warehouse_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="is not there; `sotaduck refresh` makes a warehouse"):
        query.run_sql(tmp_path / "none.duckdb", "select 1")


def test_a_folder_is_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="is a folder"):
        query.run_sql(tmp_path, "select 1")


def test_text_is_no_warehouse(tmp_path: Path) -> None:
    (tmp_path / "w.duckdb").write_text("dear diary\n" * 1000)
    with pytest.raises(WarehouseError, match="cannot be opened as a warehouse"):
        query.run_sql(tmp_path / "w.duckdb", "select 1")


def test_somebody_elses_duckdb_file_is_no_warehouse(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "w.duckdb")).close()
    with pytest.raises(WarehouseError, match="no sotaduck warehouse"):
        query.run_sql(tmp_path / "w.duckdb", "select 1")


# ---------------------------------------------------------------- the command `sql`


def sql(warehouse: Path, text: str, style: str) -> str:
    command = [
        sys.executable,
        "-m",
        "cli.main",
        "sql",
        text,
        "--format",
        style,
        "--warehouse",
        str(warehouse),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


VALUES = """
    select
        null as nothing, '' as empty, 'é, "☃"' as text, true as yes, 3::bigint as whole, 1.50 as decimal,
        -0.25::double as number, 'nan'::double as nan, date '2020-01-31' as day,
        timestamp '2020-01-31 10:00:00' as time, ['é', null] as list,
        {'a': 1, 'b': [date '2020-01-01']} as struct,
        map {'k': 2} as map, '\\xAA'::blob as bytes, 170141183460469231731687303715884105727::hugeint as huge
"""


def test_values_as_json(warehouse: Path) -> None:
    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    (row,) = json.loads(sql(warehouse, VALUES, "json"), parse_constant=no_constant)
    assert row == {
        "nothing": None, "empty": "", "text": 'é, "☃"', "yes": True, "whole": 3, "decimal": 1.5,
        "number": -0.25, "nan": None, "day": "2020-01-31", "time": "2020-01-31T10:00:00", "list": ["é", None],
        "struct": {"a": 1, "b": ["2020-01-01"]}, "map": {"k": 2}, "bytes": "aa",
        "huge": 170141183460469231731687303715884105727,
    }  # fmt: skip


def test_values_as_csv(warehouse: Path) -> None:
    header, row = csv.reader(io.StringIO(sql(warehouse, VALUES, "csv")), strict=True)
    assert dict(zip(header, row, strict=True)) == {
        "nothing": "", "empty": "", "text": 'é, "☃"', "yes": "true", "whole": "3", "decimal": "1.50",
        "number": "-0.25", "nan": "nan", "day": "2020-01-31", "time": "2020-01-31 10:00:00",
        "list": '["é", null]',
        "struct": '{"a": 1, "b": ["2020-01-01"]}', "map": '{"k": 2}', "bytes": "aa",
        "huge": "170141183460469231731687303715884105727",
    }  # fmt: skip


def test_an_answer_without_rows_in_every_format(warehouse: Path) -> None:
    text = "select model, rank from ranked_results where false"
    assert sql(warehouse, text, "csv") == "model,rank\n"
    assert json.loads(sql(warehouse, text, "json")) == []
    assert sql(warehouse, text, "table").rstrip().endswith("0 rows")


@pytest.mark.parametrize("style", ["csv", "json"])
def test_a_reader_who_has_seen_enough_gets_no_traceback(warehouse: Path, style: str) -> None:
    text = "select range as n, 'a long text' as t from range(200000)"
    with subprocess.Popen(
        [*COMMAND, text, "--format", style, "--warehouse", str(warehouse)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(20)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_table_shows_what_a_person_can_look_at_and_says_what_it_leaves_out(warehouse: Path) -> None:
    lines = sql(warehouse, "select range as n from range(100000)", "table").splitlines()
    assert "999" in lines[-3] and "1000" not in "".join(lines[:-1])
    assert lines[-1] == "100000 rows, of which the first 1000 are shown; --format csv gives all"
