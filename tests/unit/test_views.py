"""The public views: golden cases, what each view promises of itself, and facts that hold on any data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.drops import held_back
from sotaduck.records import Normalised
from tests import views_doc, views_io
from transform.reconcile import reconcile
from warehouse.derive import HERE, VIEWS, derive

FOLDER = HERE / "views"
BY_PAPER_DATES = "by_paper_dates_a_row_counts_from_its_paper_on"
AT_RELEASE = "sota_at_release_looks_at_earlier_days_and_at_its_own_day"


@pytest.mark.parametrize("case", views_io.cases(), ids=lambda case: f"{case.parent.name}-{case.name}")
def test_view_shows(case: Path) -> None:
    """The facts of a folder give its expected rows: the folder's name says what is meant."""
    columns, rows = views_io.expected(case)
    assert views_io.actual(case, columns) == rows


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with nothing in it: every view is there."""
    connection = views_io.new()
    derive(connection, reconcile, held_back)
    yield connection
    connection.close()


# ---------------------------------------------------------------- one file a view, and every word explained


def test_each_file_is_a_view_that_is_made_and_each_view_has_a_file() -> None:
    assert sorted(file.stem for file in FOLDER.iterdir()) == sorted(VIEWS)
    assert len(set(VIEWS)) == len(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
def test_a_file_holds_the_one_view_that_it_is_named_for_and_says_its_grain(view: str) -> None:
    text = (FOLDER / f"{view}.sql").read_text("utf-8")
    assert re.findall(r"^create .*", text, re.MULTILINE) == [f"create or replace view {view} as"]
    assert text.startswith("-- Grain: ")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_has_golden_cases(view: str) -> None:
    assert any(case.parent.name == view for case in views_io.cases())


def test_each_case_asks_for_something() -> None:
    for case in views_io.cases():
        columns, rows = views_io.expected(case)
        assert columns and all(len(row) == len(columns) for row in rows), case


def test_the_warehouse_shows_the_views_and_nothing_else(empty: duckdb.DuckDBPyConnection) -> None:
    shown = views_io.rows(
        empty, "select table_name from information_schema.tables where table_schema = 'main' order by 1"
    )
    assert [name for (name,) in shown] == sorted(VIEWS)


def test_every_view_and_every_column_has_a_comment(empty: duckdb.DuckDBPyConnection) -> None:
    views = views_io.rows(
        empty,
        "select view_name from duckdb_views() "
        "where schema_name = 'main' and not internal and comment is null",
    )
    assert views == []
    silent = [
        f"{view}.{name}"
        for view, columns in views_doc.columns(empty).items()
        for name, _, comment in columns
        if not comment
    ]
    assert silent == []


def test_columns_of_results_mean_the_same_in_ranked_results(empty: duckdb.DuckDBPyConnection) -> None:
    described = views_doc.columns(empty)
    assert described["ranked_results"][: len(described["results"])] == described["results"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_warehouse_without_facts_has_views_without_rows(
    empty: duckdb.DuckDBPyConnection, view: str
) -> None:
    counted = views_io.rows(empty, f"select count(*) from {view}")
    assert counted == [(len(views_io.SOURCES) if view == "sources" else 0,)]


def test_the_reference_in_docs_is_what_the_warehouse_says() -> None:
    """If this fails, run `python -m tests.views_doc` and look at the difference."""
    assert views_doc.parts()[1] == views_doc.reference()


CONTRACT = {
    "leaderboards": "leaderboard_id area task dataset metric metric_kind higher_is_better direction_source "
    "unit results dated_results sources leader leader_value sota_since",
    "results": "result_id leaderboard_id model model_id base_model variant value value_text uncertainty unit "
    "value_flags extra_data paper_id paper_title paper_url result_date date_source code_url source sources "
    "source_rank source_url capture_id first_seen last_seen",
    "ranked_results": "rank rank_no_extra_data gap_to_leader sota_at_release",
    "sota_history": "leaderboard_id track step sota_date model value previous_value improvement days_held "
    "is_current result_id paper_title paper_url",
    "papers": "paper_id title authors published venue arxiv_id doi abstract tasks code_urls source",
}


@pytest.mark.parametrize("view", CONTRACT)
def test_what_people_rely_on_is_there(empty: duckdb.DuckDBPyConnection, view: str) -> None:
    assert set(CONTRACT[view].split()) <= {name for name, *_ in views_doc.columns(empty)[view]}


def test_views_of_an_earlier_release_go_away() -> None:
    connection = views_io.new()
    connection.execute("create view gone as select 1 as one")
    derive(connection, reconcile, held_back)
    assert views_io.rows(connection, "from duckdb_views() where view_name = 'gone'") == []
    connection.close()


# ---------------------------------------------------------------- policies of the history


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("'birthday', 'all'", "date_basis is result_date or paper_date"),
        ("'paper_date', 'some'", "track is all or"),
    ],
)
def test_a_policy_that_is_none_is_an_error(arguments: str, message: str) -> None:
    connection = views_io.warehouse(views_io.VIEWS / "sota_history" / BY_PAPER_DATES)
    with pytest.raises(duckdb.Error, match=message):
        connection.execute(f"from sota_history_policy({arguments})")
    connection.close()


def test_an_analysts_settings_change_no_answer() -> None:
    """Views say themselves where NULLs stand."""
    connection = views_io.warehouse(views_io.VIEWS / "ranked_results" / AT_RELEASE)
    views = ("ranked_results", "sota_history", "current_sota", "leaderboards")
    query = [f"from {view} order by all nulls last" for view in views]
    before = [views_io.rows(connection, text) for text in query]
    connection.execute("set default_null_order = 'nulls_first'; set default_order = 'desc'")
    after = [views_io.rows(connection, text.replace("all nulls", "all asc nulls")) for text in query]
    assert after == before
    connection.close()


# ---------------------------------------------------------------- any board, against a plain calculation

Row = tuple[float | None, date | None, bool | None, float | None]
a_row = st.tuples(
    st.none() | st.sampled_from([70.0, 75.0, 80.0, 80.1, 0.0]),
    st.none() | st.integers(0, 5).map(lambda day: date(2020, 1, 1) + timedelta(days=day)),
    st.none() | st.booleans(),
    st.none() | st.sampled_from([0.1, 5.0]),
)


def beats(one: float, other: float, higher: bool) -> bool:
    return one > other if higher else one < other


def slow_ranks(rows: list[Row], higher: bool, track: str) -> list[int | None]:
    inside = [value if track == "all" or extra is not True else None for value, _, extra, _ in rows]
    return [
        None
        if value is None
        else 1 + sum(other is not None and beats(other, value, higher) for other in inside)
        for value in inside
    ]


def slow_history(
    rows: list[Row], higher: bool, track: str
) -> list[tuple[int, date, int, float | None, bool]]:
    """Day by day: step, day, row, former record, within uncertainty."""
    steps = []
    record: float | None = None
    doubt = 0.0
    number = 0
    for day in sorted({day for _, day, _, _ in rows if day}):
        today = {
            at: (value, plus_minus)
            for at, (value, when, extra, plus_minus) in enumerate(rows)
            if when == day and value is not None and (track == "all" or extra is not True)
        }
        best = [
            at
            for at, (value, _) in today.items()
            if not any(beats(other, value, higher) for other, _ in today.values())
        ]
        if not best or (record is not None and not beats(today[best[0]][0], record, higher)):
            continue
        number += 1
        value = today[best[0]][0]
        for at in best:
            own = today[at][1] or 0.0
            within = record is not None and round(abs(value - record), 10) <= max(own, doubt)
            steps.append((number, day, at, record, within))
        record, doubt = value, max(today[at][1] or 0.0 for at in best)
    return steps


@settings(max_examples=25, deadline=None)
@given(st.lists(a_row, min_size=1, max_size=12), st.booleans())
def test_ranks_and_history_are_those_of_a_plain_calculation(rows: list[Row], higher: bool) -> None:
    connection = views_io.new()
    board = views_io.board("b", "2024-01-01", higher_is_better=higher)
    results = tuple(
        views_io.result(board, str(at), value, result_date=day, extra_data=extra, uncertainty=plus_minus)
        for at, (value, day, extra, plus_minus) in enumerate(rows)
    )
    views_io.put(connection, Normalised(boards=(board,), results=results))
    derive(connection, reconcile, held_back)
    found = views_io.rows(
        connection,
        "select rank, rank_no_extra_data, sota_at_release from ranked_results order by model::integer",
    )
    assert [row[0] for row in found] == slow_ranks(rows, higher, "all")
    assert [row[1] for row in found] == slow_ranks(rows, higher, "no_extra_data")
    for track in ("all", "no_extra_data"):
        history = views_io.rows(
            connection,
            "select step, sota_date, model::integer, previous_value, within_uncertainty from sota_history "
            f"where track = '{track}' order by step, model::integer",
        )
        assert history == slow_history(rows, higher, track)
    records = {at for _, _, at, _, _ in slow_history(rows, higher, "all")}
    at_release = [
        None if value is None or day is None else at in records for at, (value, day, _, _) in enumerate(rows)
    ]
    assert [row[2] for row in found] == at_release
    connection.close()
