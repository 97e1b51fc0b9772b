"""Facts are loaded once, kept for ever, and take their place by their time, whenever they come."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime
from itertools import permutations
from typing import Any

import duckdb
import pytest
from msgspec.structs import replace

from expectations.drops import held_back
from sotaduck.records import Capture, ModelAlias, Normalised, Paper, Quarantined, RawEntry
from tests import views_io
from transform.reconcile import reconcile
from warehouse import load
from warehouse.derive import VIEWS, derive

URL = "https://alpha.example/b"
Said = dict[str, float | None]
"""Model → value, None where the cell is text: what one capture of the board says."""


def observed(seen: str, said: Said) -> Normalised:
    """What the transform gives for one capture of the board."""
    board = views_io.board("b", seen, content_digest=repr(said), cells_in=len(said))
    results = tuple(
        views_io.result(board, model, value, position=at, paper_id="p1", paper_title="A Net")
        for at, (model, value) in enumerate(said.items(), 1)
    )
    refused = tuple(
        Quarantined(
            "alpha", board.capture_id, URL, "b", board.leaderboard_id, result.position, result.model, "value",
            result.value_text, "not_a_number", "", "grammar", 1,
        )
        for result in results
        if result.value is None
    )  # fmt: skip
    return Normalised(boards=(board,), results=results, quarantine=refused)


def loaded(*batches: Normalised) -> duckdb.DuckDBPyConnection:
    connection = views_io.new()
    for batch in batches:
        views_io.put(connection, batch)
        load.confirm(connection)
    derive(connection, reconcile, held_back)
    return connection


def sizes(connection: duckdb.DuckDBPyConnection, *tables: str) -> list[int]:
    return [views_io.rows(connection, f"select count(*) from core.{table}")[0][0] for table in tables]


FIRST: Said = {"A": 90.0, "B": 80.0, "C": None}
CORRECTED: Said = {"A": 91.0, "B": 80.0}
BACK: Said = {"A": 91.0, "B": 80.0, "C": 70.0}


def test_a_board_seen_three_times_keeps_all_that_it_ever_said() -> None:
    connection = loaded(
        observed("2024-01-01", FIRST), observed("2024-02-01", CORRECTED), observed("2024-03-01", BACK)
    )
    assert sizes(connection, "contents", "observations", "results", "quarantine") == [3, 3, 8, 1]
    said = views_io.rows(
        connection,
        "select o.seen_at::date::varchar, r.model, r.value from core.observations o "
        "join core.results r using (content_id) order by all",
    )
    assert said == [
        ("2024-01-01", "A", 90.0), ("2024-01-01", "B", 80.0), ("2024-01-01", "C", None),
        ("2024-02-01", "A", 91.0), ("2024-02-01", "B", 80.0),
        ("2024-03-01", "A", 91.0), ("2024-03-01", "B", 80.0), ("2024-03-01", "C", 70.0),
    ]  # fmt: skip
    now = views_io.rows(
        connection, "select model, value, first_seen::date::varchar, listed from results order by model"
    )
    assert now == [
        ("A", 91.0, "2024-01-01", True),
        ("B", 80.0, "2024-01-01", True),
        ("C", 70.0, "2024-01-01", True),
    ]


def test_what_is_unchanged_adds_an_observation_and_no_content() -> None:
    connection = loaded(observed("2024-01-01", FIRST), observed("2024-02-01", FIRST))
    assert sizes(connection, "contents", "observations", "results", "quarantine") == [1, 2, 3, 1]


def test_what_a_board_said_before_the_last_time_is_no_new_content() -> None:
    connection = loaded(
        observed("2024-01-01", FIRST), observed("2024-02-01", CORRECTED), observed("2024-03-01", FIRST)
    )
    assert sizes(connection, "contents", "observations", "results") == [2, 3, 5]
    now = views_io.rows(connection, "select model, value, listed from results order by model")
    assert now == [("A", 90.0, True), ("B", 80.0, True), ("C", None, True)]


def test_two_captures_in_one_batch_are_two_observations_of_one_content() -> None:
    first, second = observed("2024-01-01", FIRST), observed("2024-02-01", FIRST)
    both = Normalised(
        boards=first.boards + second.boards,
        results=first.results + second.results,
        quarantine=first.quarantine + second.quarantine,
    )
    connection = loaded(both)
    assert sizes(connection, "contents", "observations", "results", "quarantine") == [1, 2, 3, 1]


def test_a_confirmed_capture_is_an_observation_of_every_board_of_its_page() -> None:
    one = observed("2024-01-01", FIRST)
    other = replace(one.boards[0], board_id="other", leaderboard_id="t/d/other")
    page = replace(one, boards=(*one.boards, other))
    connection = loaded(page)
    again = views_io.capture("alpha", URL, "2024-02-01", status=304, digest=digest(connection))
    load.add_captures(connection, [(again, "confirmed")])
    for _ in range(2):
        load.confirm(connection)
    found = views_io.rows(
        connection, "select board_id, seen_at::date::varchar from core.observations order by all"
    )
    assert found == [
        ("b", "2024-01-01"),
        ("b", "2024-02-01"),
        ("other", "2024-01-01"),
        ("other", "2024-02-01"),
    ]


def digest(connection: duckdb.DuckDBPyConnection) -> str:
    return str(views_io.rows(connection, "select digest from core.captures")[0][0])


def test_a_batch_that_is_loaded_twice_changes_nothing() -> None:
    batch = replace(
        observed("2024-01-01", FIRST),
        papers=(a_paper("2024-01-01"),),
        entries=(RawEntry("alpha", f"{URL}@2024-01-01", "dataset", "u", "Data"),),
        aliases=(ModelAlias("a", "A", "case"),),
        quarantine=(
            Quarantined(
                "alpha", f"{URL}@2024-01-01", URL, None, None, None, None, "date", "soon", "r", "", "e", 0
            ),
        ),
    )
    connection = loaded(batch)
    tables = ("captures", "contents", "observations", "results", "papers", "entries", "quarantine", "aliases")
    before = sizes(connection, *tables)
    views_io.put(connection, batch)
    assert sizes(connection, *tables) == before == [1, 1, 1, 3, 1, 1, 1, 1]


def a_paper(seen: str, **facts: Any) -> Paper:
    given = {
        "paper_id": "p1",
        "url": "https://alpha.example/p1",
        "title": "A Net",
        "capture_id": f"{URL}@{seen}",
    }
    return views_io.paper(**(given | facts))


def test_what_rows_say_of_a_paper_counts_once_and_its_own_page_each_time() -> None:
    days = ("2024-01-01", "2024-02-01", "2024-03-01")
    rows = [replace(observed(day, FIRST), papers=(a_paper(day, from_row=True),)) for day in days]
    assert sizes(loaded(*rows), "papers") == [1]
    pages = [replace(batch, papers=(replace(batch.papers[0], from_row=False),)) for batch in rows]
    assert sizes(loaded(*pages), "papers") == [3]


# ---------------------------------------------------------------- the order of loading

HISTORY = (
    observed("2024-01-01", FIRST),
    observed("2024-02-01", CORRECTED),
    observed("2024-03-01", FIRST),
    observed("2024-03-01T00:00:01", BACK),
)


def shown(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    return {view: views_io.rows(connection, f"select * from {view} order by all") for view in VIEWS}


def test_captures_may_come_in_any_order() -> None:
    """An old WARC file that is found late gives the warehouse that it would have given in time."""
    in_time = shown(loaded(*HISTORY))
    orders = list(permutations(HISTORY))
    for order in (orders[-1], *orders[1:-1:5]):
        assert shown(loaded(*order)) == in_time


def test_captures_may_come_in_one_load_or_in_many() -> None:
    def all_of(name: str) -> tuple[Any, ...]:
        return tuple(item for batch in HISTORY for item in getattr(batch, name))

    together = Normalised(boards=all_of("boards"), results=all_of("results"), quarantine=all_of("quarantine"))
    assert shown(loaded(together)) == shown(loaded(*HISTORY))


def test_deriving_after_each_load_gives_what_deriving_once_gives() -> None:
    connection = views_io.new()
    for batch in HISTORY:
        views_io.put(connection, batch)
        derive(connection, reconcile, held_back)
    assert shown(connection) == shown(loaded(*HISTORY))


# ---------------------------------------------------------------- values come back as they went in


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "naïve ☃",
        "two\nlines",
        "tab\there",
        "NULL",
        "'; drop table results; --",
        "\x00",
        "�",
        "🦆" * 500,
    ],
)
def test_any_text_comes_back(text: str) -> None:
    board = views_io.board("b")
    result = views_io.result(
        board, text, 1.0, model_id="m", value_text=text or "1", variant=(text, "two"), note=text
    )
    connection = loaded(Normalised(boards=(board,), results=(result,)))
    assert views_io.rows(connection, "select model, value_text, variant, note from results") == [
        (text, text or "1", [text, "two"], text)
    ]


@pytest.mark.parametrize("value", [0.0, -0.0, 1e-300, 1.7e308, 0.1 + 0.2, 2**53 + 1.0])
def test_any_number_comes_back(value: float) -> None:
    board = views_io.board("b")
    connection = loaded(Normalised(boards=(board,), results=(views_io.result(board, "A", value),)))
    assert views_io.rows(connection, "select value from results") == [(value,)]


def test_times_are_kept_in_utc_whatever_their_zone() -> None:
    connection = views_io.new()
    capture = views_io.capture("alpha", URL, "2024-01-01")
    there = dataclasses.replace(capture, fetched_at=datetime.fromisoformat("2024-01-01T01:30:00+05:30"))
    load.add_captures(connection, [(there, "parsed")])
    found = views_io.rows(connection, "select fetched_at::varchar from core.captures")
    assert found == [("2023-12-31 20:00:00",)]


def captures(*items: Capture) -> Sequence[tuple[Capture, str]]:
    return [(item, "parsed") for item in items]


def test_a_capture_that_is_known_is_left_as_it_is() -> None:
    connection = views_io.new()
    capture = views_io.capture("alpha", URL, "2024-01-01")
    load.add_captures(connection, captures(capture))
    load.add_captures(connection, [(capture, "failed")])
    assert views_io.rows(connection, "select outcome from core.captures") == [("parsed",)]


# ---------------------------------------------------------------- what was held back, and accepted

LARGE: Said = {f"M{rank}": 90.0 - rank for rank in range(12)}
SMALL: Said = {"M1": 89.0, "M2": 88.0}


def test_an_accepted_loss_counts_from_when_it_was_accepted_and_bears_its_run() -> None:
    connection = views_io.new()
    for batch in (observed("2024-01-01", LARGE), observed("2024-02-01", SMALL)):
        views_io.put(connection, batch)
    derive(connection, reconcile, held_back)
    assert views_io.rows(connection, "select results, leader from leaderboards") == [(12, "M0")]
    connection.execute(
        f"insert into core.acceptances values ('b', '{URL}@2024-02-01', '2024-03-05 12:00', 'accepting')"
    )
    derive(connection, reconcile, held_back)
    assert views_io.rows(connection, "select results, leader from leaderboards") == [(2, "M1")]
    for day, results in (("2024-02-15", 12), ("2024-03-05 11:59", 12), ("2024-03-05 12:00", 2)):
        found = views_io.rows(connection, f"select results from leaderboards_as_of('{day}')")
        assert found == [(results,)], day
    lost = views_io.rows(
        connection,
        "select changed_at::date::varchar, model, previous_model, run_id, capture_id from changes "
        "where kind = 'lost_sota' and track = 'all'",
    )
    assert lost == [("2024-03-05", "M1", "M0", "accepting", f"{URL}@2024-02-01")]


# ---------------------------------------------------------------- from when on a capture counts


def refreshed(seen: str, run: str) -> tuple[Normalised, Capture]:
    batch = observed(seen, FIRST)
    return batch, views_io.capture("alpha", URL, seen, run_id=run)


def test_what_one_refresh_fetched_counts_together_from_its_last_capture_on() -> None:
    run = "20240101T100000Z-aaaa"
    board, capture = refreshed("2024-01-01T10:00", run)
    page = views_io.capture("alpha", "https://alpha.example/p1", "2024-01-01T10:05", run_id=run)
    paper = views_io.paper(
        paper_id="p1", url=page.url, title="A Net", capture_id=page.capture_id, published=date(2023, 5, 1)
    )
    connection = views_io.new()
    views_io.put(connection, board, [capture])
    views_io.put(connection, Normalised(papers=(paper,)), [page])
    derive(connection, reconcile, held_back)
    for minute, known in (("10:04", 0), ("10:05", 1)):
        found = views_io.rows(connection, f"from leaderboards_as_of('2024-01-01 {minute}')")
        assert len(found) == known, minute
    told = views_io.rows(connection, "select changed_at::varchar, kind from changes")
    assert told == [("2024-01-01 10:05:00", "new_leaderboard")]


def test_what_a_later_run_took_in_counts_from_its_own_time() -> None:
    run = "20240601T000000Z-aaaa"
    connection = views_io.new()
    for seen in ("2024-01-01", "2024-02-01"):
        batch, capture = refreshed(seen, run)
        views_io.put(connection, batch, [capture])
    derive(connection, reconcile, held_back)
    found = views_io.rows(connection, "select last_seen::date::varchar from leaderboards_as_of('2024-01-15')")
    assert found == [("2024-01-01",)]


def test_a_content_that_was_said_before_is_that_of_the_earlier_capture_also_between_builds() -> None:
    connection = views_io.new()
    for day in ("2024-02-01", "2024-01-01"):
        views_io.put(connection, observed(day, FIRST))
        derive(connection, reconcile, held_back)
    first = f"{URL}@2024-01-01"
    assert views_io.rows(connection, "select distinct capture_id from result_versions") == [(first,)]
    assert views_io.rows(connection, "select distinct capture_id from ranked_results") == [(first,)]


def test_a_board_that_moved_to_another_document_is_not_missed_by_the_former() -> None:
    """A dump under another file name: what the old file says later of the board is nothing."""
    old, new = "file:old.json", "file:new.json"
    connection = views_io.new()
    for document, day, name in (
        (old, "2024-01-01", "b"), (old, "2024-01-01", "c"), (new, "2024-02-01", "b"), (old, "2024-03-01", "c")
    ):  # fmt: skip
        capture = views_io.capture("alpha", document, day)
        board = views_io.board(
            name, locator=name, leaderboard_id=f"t/d/{name}", capture_id=capture.capture_id, cells_in=1
        )
        batch = Normalised(boards=(board,), results=(views_io.result(board, "A", 1.0),))
        views_io.put(connection, batch, [capture])
    derive(connection, reconcile, held_back)
    assert views_io.rows(connection, "select leaderboard_id, results from leaderboards order by 1") == [
        ("t/d/b", 1), ("t/d/c", 1),
    ]  # fmt: skip


def test_of_two_captures_of_one_refresh_the_earlier_said_it_first_also_between_builds() -> None:
    run = "20240101T100000Z-aaaa"
    connection = views_io.new()
    for seen in ("2024-01-01T10:05", "2024-01-01T10:00"):
        batch, capture = refreshed(seen, run)
        views_io.put(connection, batch, [capture])
        derive(connection, reconcile, held_back)
    shown_by = views_io.rows(connection, "select distinct capture_id from ranked_results_as_of('2024-01-02')")
    assert shown_by == [(f"{URL}@2024-01-01T10:00",)]


def test_a_date_that_a_paper_s_page_brings_is_shown_by_that_page() -> None:
    connection = views_io.new()
    views_io.put(connection, observed("2024-01-01", FIRST))
    page = views_io.capture("alpha", "https://alpha.example/p1", "2024-02-01")
    paper = views_io.paper(
        paper_id="p1", url=page.url, title="A Net", capture_id=page.capture_id, published=date(2023, 5, 1)
    )
    views_io.put(connection, Normalised(papers=(paper,)), [page])
    derive(connection, reconcile, held_back)
    told = views_io.rows(
        connection, "select model, old, new, capture_id from changes where field = 'date' order by model"
    )
    assert told == [(model, None, "2023-05-01", page.capture_id) for model in "ABC"]
