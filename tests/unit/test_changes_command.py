"""`sotaduck changes`: periods, words, the table, the Markdown digest. What changed is the view's business."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cli import changes as said
from cli import digest, markdown, tables
from cli.main import cli
from expectations.drops import held_back
from sotaduck.records import Normalised
from sotaduck.times import moment
from tests import views_io
from transform.reconcile import reconcile
from warehouse import changes as ask
from warehouse import load, publish, query
from warehouse.derive import derive

NOW = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
FIRST, KILLED, THIRD, LAST = (
    f"202601{name}" for name in ("01T060000Z-aaaa", "08T060000Z-ffff", "15T060000Z-bbbb", "22T060000Z-cccc")
)
PLAIN = "task/data/acc"


# ---------------------------------------------------------------- a warehouse with a past

Load = tuple[str, str, str, str, dict[str, float]]
"""When a page was seen, by which run, its board, the board's leaderboard, and what it said."""


def make(path: Path, loads: Sequence[Load], own: str = "") -> Path:
    """A warehouse of boards named `<source>:<name>`; the runs are all but the killed one."""
    with publish.build(path) as connection:
        load.set_sources(connection, views_io.SOURCES)
        for day, run_id, name, leaderboard_id, values in loads:
            board = views_io.board(
                name, day, source=name.partition(":")[0], leaderboard_id=leaderboard_id, cells_in=len(values),
                cells_loaded=len(values), content_digest=f"sha256:{name}{values}",
            )  # fmt: skip
            results = tuple(
                views_io.result(board, model, value, position=at, extra_data=model == "Second")
                for at, (model, value) in enumerate(values.items(), 1)
            )
            capture = views_io.capture(board.source, board.locator, day, run_id=run_id)
            views_io.put(connection, Normalised(boards=(board,), results=results), [capture])
        for run_id in (FIRST, THIRD, LAST):
            started = datetime.strptime(run_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            times = {"started_at": started, "finished_at": started}
            load.add_run(connection, A_RUN | times | {"run_id": run_id}, [], [])
        if own:
            connection.execute(own)
        load.confirm(connection)
        derive(connection, reconcile, held_back)
    return path


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weekly runs, of which the second was killed before it loaded; the third took an old file in.

    1 January: First 80 and Second 70. 8 January: Third 90 is new. 15 January: Second is corrected to 75,
    First is gone; a board of 2020, from a file; and our own vocabulary moved a rank. 22 January: nothing.
    """
    loads: list[Load] = [
        ("2026-01-01T06:00", FIRST, "alpha:a", PLAIN, {"First": 80.0, "Second": 70.0}),
        ("2026-01-08T06:00", KILLED, "alpha:a", PLAIN, {"Third": 90.0, "First": 80.0, "Second": 70.0}),
        ("2026-01-15T06:00", THIRD, "alpha:a", PLAIN, {"Third": 90.0, "Second": 75.0}),
        ("2020-05-05T00:00", THIRD, "beta:old", "task/data/old", {"Ancient": 1.0}),
    ]
    own = f"""
        insert into core.own_changes
            (run_id, changed_at, leaderboard_id, kind, model, old_rank, new_rank, detail)
        values ('{THIRD}', '2026-01-15 06:00:30', '{PLAIN}', 'rank_moved', 'Second', 1, 2, 'moved')
    """
    return make(tmp_path_factory.mktemp("changes") / "w.duckdb", loads, own)


A_RUN: dict[str, Any] = {
    "kind": "refresh", "status": "done", "sources": ["alpha"], "vocabulary": "v", "version": "0",
    "counts": {"boards": 1}, "stages": {"a": 0.5}, "warnings": [], "notes": [], "data_docs": None,
}  # fmt: skip
OLD = ("2020-05-05", "new_leaderboard")
BEGAN = ("2026-01-01", "new_leaderboard")
SECOND_WEEK = [
    ("2026-01-08", "new_result"),
    *[("2026-01-08", "new_sota")] * 2,
    *[("2026-01-08", "rank_moved")] * 2,
]
THIRD_WEEK = [("2026-01-15", kind) for kind in ("corrected", "rank_moved", "vanished", "rank_moved")]
"""Second moves from 3 to 2 as First goes, and once more by our own doing, half a minute later."""


def found(warehouse: Path, **asked: Any) -> ask.Changes:
    return ask.changes(warehouse, now=NOW, **asked)


def told(changes: ask.Changes) -> list[tuple[str, str]]:
    return [(row["changed_at"].date().isoformat(), row["kind"]) for row in changes.rows]


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-11-01", datetime(2026, 11, 1)), ("2026-11-01T06:00", datetime(2026, 11, 1, 6)),
        ("2026-11-01 06:00:30", datetime(2026, 11, 1, 6, 0, 30)),
        ("2026-11-01T06:00Z", datetime(2026, 11, 1, 6)), ("2026-11-01T06:00+02:00", datetime(2026, 11, 1, 4)),
        ("24h", datetime(2026, 1, 31, 12)), ("7d", datetime(2026, 1, 25, 12)),
        ("2w", datetime(2026, 1, 18, 12)),
        ("0001-01-01T00:00+14:00", None), ("99999w", None),
        ("1000w", datetime(2006, 12, 3, 12)), ("7", None), ("7m", None), ("-7d", None), ("", None),
        ("yesterday", None), ("2026-13-01", None), (THIRD, None), ("٧d", None),
    ],
)  # fmt: skip
def test_a_time_is_a_date_an_hour_or_a_span_back_from_now(text: str, when: datetime | None) -> None:
    assert moment(text, NOW) == when


def test_without_a_period_the_changes_are_those_of_the_last_run(warehouse: Path) -> None:
    changes = found(warehouse)
    assert (changes.rows, changes.run_id, changes.since) == ([], LAST, datetime(2026, 1, 22, 6))
    assert changes.latest == datetime(2026, 1, 15, 6, 0, 30)


def test_since_a_run_is_what_came_after_the_run_before_it(warehouse: Path) -> None:
    """What the killed run fetched came with it, and so did the old file; the first week did not."""
    assert told(found(warehouse, since=THIRD)) == [OLD, *SECOND_WEEK, *THIRD_WEEK]
    assert told(found(warehouse, since=FIRST)) == [OLD, BEGAN, *SECOND_WEEK, *THIRD_WEEK]


def test_since_all_begins_at_the_beginning(warehouse: Path) -> None:
    changes = found(warehouse, since="all")
    assert told(changes) == [OLD, BEGAN, *SECOND_WEEK, *THIRD_WEEK]
    assert (changes.since, changes.until, changes.run_id) == (None, None, None)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-01-08T06:00", "2026-01-15T06:00", SECOND_WEEK),
        ("2026-01-08T08:00+02:00", "2026-01-15T07:00+01:00", SECOND_WEEK),
        ("2026-01-08T06:00:01", None, THIRD_WEEK),
        ("2026-01-02", "2026-01-08T06:00", []),
        ("18d", None, THIRD_WEEK),  # from 14 January, 12:00
        ("4w", "18d", SECOND_WEEK),
        ("all", "2026-01-02", [OLD, BEGAN]),
        (THIRD, "2026-01-15", [OLD, *SECOND_WEEK]),
    ],
)
def test_a_period_has_its_beginning_and_not_its_end(
    since: str, until: str | None, expected: list[Any], warehouse: Path
) -> None:
    assert told(found(warehouse, since=since, until=until)) == expected


def test_periods_that_follow_each_other_are_the_whole(warehouse: Path) -> None:
    days = ["2020-01-01", "2026-01-01T06:00", "2026-01-08T06:00", "2026-01-15T06:00:30", "2027-01-01"]
    parts = [
        row for since, until in pairwise(days) for row in found(warehouse, since=since, until=until).rows
    ]
    assert parts == found(warehouse, since="all").rows


def test_a_leaderboard_and_kinds_can_be_chosen(warehouse: Path) -> None:
    assert told(found(warehouse, since="all", leaderboard_id="task/data/old")) == [OLD]
    chosen = found(warehouse, since="all", kinds=("vanished", "corrected"))
    assert told(chosen) == [("2026-01-15", "corrected"), ("2026-01-15", "vanished")]


def test_sources_and_marks_are_those_of_what_is_shown(warehouse: Path) -> None:
    changes = found(warehouse, since=THIRD, leaderboard_id=PLAIN, kinds=("corrected",))
    assert [(row["source"], row["attribution"]) for row in changes.sources] == [("alpha", "by alpha")]
    assert changes.marks == {"alpha:a:Second": "extra data"}
    assert [row["source"] for row in found(warehouse, since="all").sources] == ["alpha", "beta"]
    assert found(warehouse).sources == []


def test_who_stated_the_record_that_was_taken_is_named_too(tmp_path: Path) -> None:
    path = make(
        tmp_path / "w.duckdb",
        [
            ("2026-01-01T06:00", FIRST, "alpha:a", PLAIN, {"Elder": 80.0}),
            ("2026-01-01T06:00", FIRST, "gamma:b", PLAIN, {"Other": 70.0}),
            ("2026-01-15T06:00", THIRD, "gamma:b", PLAIN, {"Other": 70.0, "Newcomer": 90.0}),
        ],
    )
    changes = found(path, since=THIRD, kinds=("new_sota",))
    assert {(row["model"], row["source"], row["previous_model"]) for row in changes.rows} == {
        ("Newcomer", "gamma", "Elder")
    }
    assert [row["source"] for row in changes.sources] == ["alpha", "gamma"]


def test_the_kinds_are_those_that_have_a_name_in_the_same_order() -> None:
    assert tuple(said.NAMES) == ask.KINDS
    in_sections = [kind for kinds in digest.SECTIONS.values() for kind in kinds]
    assert sorted(in_sections) == sorted(ask.KINDS)


# ---------------------------------------------------------------- the command


def run(warehouse: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        cli, ["changes", *arguments, "--warehouse", str(warehouse)], standalone_mode=False
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--since", "yesterday"), "`all`, or a run id"),
        (("--since", "20300101T000000Z-0000"), f"the last run is {LAST}"),
        (("--since", KILLED), "is no time and no run"),
        (("--until", "soon"), "is no time; it takes a date or time"),
        (("--until", THIRD), "is no time"),
        (("--since", "2026-01-02", "--until", "2026-01-02"), "is not after the beginning"),
        (("--kind", "gossip"), "is none of new_sota, lost_sota, "),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error_that_says_what_can(
    arguments: Sequence[str], says: str, warehouse: Path
) -> None:
    error = run(warehouse, *arguments).exception
    assert getattr(error, "exit_status", None) == 2
    assert says in str(error)


def test_two_formats_exclude_each_other(warehouse: Path) -> None:
    error = run(warehouse, "--json", "--format", "csv").exception
    assert getattr(error, "exit_code", None) == 2
    assert "--json and --format csv exclude each other" in str(error)


def test_an_unknown_leaderboard_names_near_ones_and_a_known_one_has_no_changes(warehouse: Path) -> None:
    error = run(warehouse, "--leaderboard", "task/data/ac").exception
    assert getattr(error, "exit_status", None) == 1
    assert "did you mean" in str(error) and PLAIN in str(error)
    done = run(warehouse, "--leaderboard", "task/data/old")
    assert done.output == (
        f"No changes since run {LAST} (2026-01-22 06:00 UTC). The last one is of 2020-05-05 UTC; "
        "--since takes a time, 7d, a run, or all.\n"
    )


def test_csv_and_json_are_the_rows_of_the_view(warehouse: Path) -> None:
    view = query.run_sql(
        warehouse, "from changes order by changed_at, leaderboard_id, kind, track, result_id, field"
    )
    header, *lines = csv.reader(io.StringIO(run(warehouse, "--since", "all", "--format", "csv").output))
    assert tuple(header) == view.columns
    assert len(lines) == len(view.rows) == 11
    at = {name: header.index(name) for name in header}
    assert [line[at["detail"]] for line in lines] == [row[at["detail"]] for row in view.rows]
    assert lines[0][at["changed_at"]] == "2020-05-05 00:00:00"
    for arguments in (("--json",), ("--format", "json"), ("--json", "--format", "json")):
        rows = json.loads(run(warehouse, "--since", "all", *arguments).output)
        assert [tuple(row) for row in rows] == [view.columns] * 11
        assert rows[0]["changed_at"] == "2020-05-05T00:00:00"
        assert [row["improvement"] for row in rows if row["kind"] == "new_sota"] == [10.0, 10.0]


def test_nothing_is_said_properly_in_every_format(warehouse: Path) -> None:
    columns = query.run_sql(warehouse, "from changes limit 0").columns
    assert run(warehouse, "--format", "csv").output == ",".join(columns) + "\n"
    assert run(warehouse, "--json").output == "[]\n"
    since = f"since run {LAST} (2026-01-22 06:00 UTC)"
    assert run(warehouse, "--format", "markdown").output == f"No leaderboard changes {since}.\n"
    assert run(warehouse).output.startswith(f"No changes {since}. The last one is of 2026-01-15 06:00 UTC")


def test_a_warehouse_without_the_view_says_how_to_get_it(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with publish.build(path):
        pass
    error = run(path).exception
    assert getattr(error, "exit_status", None) == 1
    assert "`sotaduck refresh` adds them" in str(error)


# ---------------------------------------------------------------- rows by hand


COLUMNS = (
    "changed_at", "cause", "kind", "leaderboard_id", "task", "dataset", "metric", "higher_is_better", "track",
    "result_id", "model", "value", "value_text", "field", "old", "new", "old_rank", "new_rank",
    "previous_result_id", "previous_model", "previous_value", "improvement", "results", "paper_title",
    "paper_url", "source", "source_url", "capture_id", "run_id", "detail",
)  # fmt: skip
DAY = datetime(2026, 11, 24, 7, 22)
SOURCE = {
    "source": "alpha", "title": "Alpha", "address": "https://alpha.example", "licence": "CC BY-SA 4.0",
    "licence_url": "https://creativecommons.org/licenses/by-sa/4.0/", "attribution": "Alpha. By its authors.",
}  # fmt: skip


def row(kind: str, **facts: Any) -> dict[str, Any]:
    known = {
        "changed_at": DAY, "cause": "source", "kind": kind, "leaderboard_id": "t/d/m", "task": "Parsing",
        "dataset": "Trees", "metric": "F1", "higher_is_better": True, "detail": "in one sentence",
        "source": "alpha",
    }  # fmt: skip
    if kind not in ("new_leaderboard", "leaderboard_vanished", "leaderboard_returned", "direction_changed"):
        known |= {"result_id": "r1", "model": "Parser", "value": 90.5, "value_text": "90.5"}
    return dict.fromkeys(COLUMNS) | known | facts


RECORD = row(
    "new_sota", track="all", previous_result_id="r0", previous_model="Elder", previous_value=90.0,
    improvement=0.5, paper_title="On Trees", paper_url="https://papers.example/1",
)  # fmt: skip


def of(rows: Sequence[dict[str, Any]], **facts: Any) -> ask.Changes:
    known: dict[str, Any] = {
        "columns": COLUMNS, "rows": list(rows), "since": datetime(2026, 11, 1), "until": None, "run_id": None,
        "known_until": datetime(2026, 11, 24, 7, 22), "latest": DAY, "marks": {}, "sources": [SOURCE],
    }  # fmt: skip
    return ask.Changes(**(known | facts))


def shown(changes: ask.Changes, width: int = 120) -> list[str]:
    console = tables.console(width=width)
    with console.capture() as capture:
        console.print(said.table(changes))
    return [line.rstrip() for line in capture.get().splitlines()]


ONE_OF_EACH = (
    RECORD,
    row("lost_sota", track="all", previous_model="Old king", previous_value=97.0),
    row("direction_changed", field="direction", old=None, new="lower is better (page)"),
    row("corrected", field="value", old="90.4", new="90.5"),
    row("corrected", field="extra_data", old="false", new="true"),
    row("corrected", field="date", old=None, new="2026-01-01"),
    row("leaderboard_vanished", leaderboard_id="gone/board/x", task=None, dataset=None, metric=None),
    row("vanished", old_rank=4),
    row("leaderboard_returned", leaderboard_id="t/d/back", results=3, detail="3 results, A leads with 5"),
    row("returned", new_rank=None),
    row("new_leaderboard", leaderboard_id="t/d/small", dataset="Small", results=3, detail="3 results"),
    row("new_leaderboard", leaderboard_id="t/d/wide", dataset="Wide", results=30, detail="30 results"),
    row("new_result", new_rank=1),
    row("rank_moved", model="Near", old_rank=2, new_rank=3),
    row("rank_moved", model="Far", old_rank=3, new_rank=9),
    row(
        "direction_changed", cause="sotaduck", field="direction", old="higher is better (registry)", new=None
    ),
)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"since": None}, "from the beginning to 2026-11-24 07:22 UTC"),
        ({}, "from 2026-11-01 to 2026-11-24 07:22 UTC"),
        ({"until": datetime(2026, 12, 1)}, "from 2026-11-01 to 2026-12-01 UTC"),
        ({"since": datetime(2026, 12, 1, 5)}, "from 2026-12-01 05:00 UTC on"),
        ({"known_until": None}, "from 2026-11-01 UTC on"),
        ({"run_id": THIRD}, f"since run {THIRD} (2026-11-01 UTC)"),
        ({"run_id": THIRD, "until": DAY}, f"since run {THIRD} (2026-11-01 UTC), up to 2026-11-24 07:22 UTC"),
    ],
)
def test_the_period_is_said_in_full(facts: dict[str, Any], text: str) -> None:
    assert said.period(of([], **facts)) == text


def test_the_figures_count_every_kind_and_every_leaderboard() -> None:
    assert said.figures(ONE_OF_EACH) == (
        "1 new state of the art, 1 state of the art lost, 2 directions changed, 3 corrections, "
        "1 leaderboard vanished, 1 result vanished, 1 leaderboard returned, 1 result returned, "
        "2 new leaderboards, 1 new result, 2 rank moves, on 5 leaderboards"
    )


def test_a_record_of_both_tracks_is_said_once_and_another_on_its_own() -> None:
    twin = RECORD | {"track": "no_extra_data"}
    other = twin | {"result_id": "r2", "model": "Frugal"}
    late = twin | {"changed_at": DAY + timedelta(days=1)}
    assert said.once([RECORD, twin, other, late]) == [RECORD, other, late]
    assert said.once([twin]) == [twin]


def test_a_record_that_was_taken_by_nothing_is_no_beating() -> None:
    plain = said.Ink(plain=str, strong=str)
    assert said.told(RECORD, plain) == "beats Elder (90) by 0.5"
    assert said.told(RECORD | {"improvement": 0.0}, plain) == "takes the lead from Elder (90)"
    assert said.told(RECORD | {"previous_model": None}, plain) == "sets the first record"
    on_other_track = RECORD | {"track": "no_extra_data"}
    assert said.told(on_other_track, plain) == "beats Elder (90) by 0.5, among results without extra data"


def test_only_a_yes_or_no_is_put_into_words() -> None:
    plain = said.Ink(plain=str, strong=str)
    flag = row("corrected", field="extra_data", old=None, new="true")
    name = row("corrected", field="model", old="true", new="false")
    assert [said.told(change, plain) for change in (flag, name)] == [
        "extra data not known → yes",
        "model true → false",
    ]


def test_a_record_that_nobody_holds_now_says_so() -> None:
    lost = row("lost_sota", track="all", model=None, value=None, previous_model="Elder", previous_value=90.0)
    assert "Elder leads no more, now nobody does" in " ".join(shown(of([lost])))


def test_what_stands_beside_a_lost_record_is_about_who_lost_it() -> None:
    lost = row("lost_sota", track="all", previous_result_id="r0", previous_model="Elder", previous_value=90.0)
    assert said.marked(lost, {"r0": "suspect", "r1": "extra data"}) == "suspect"
    assert said.marked(RECORD, {"r0": "suspect", "r1": "extra data"}) == "extra data"
    assert said.marked(RECORD, {}) == ""


# ---------------------------------------------------------------- the table


def test_the_table_has_every_change_by_leaderboard_and_our_own_apart() -> None:
    lines = shown(of(ONE_OF_EACH, marks={"r1": "suspect"}), 160)
    assert lines == [
        "Changes from 2026-11-01 to 2026-11-24 07:22 UTC",
        "1 new state of the art, 1 state of the art lost, 2 directions changed, 3 corrections, "
        "1 leaderboard vanished, 1 result vanished, 1 leaderboard returned, 1",
        "result returned, 2 new leaderboards, 1 new result, 2 rank moves, on 5 leaderboards",
        "",
        "What the sources changed",
        "",
        "Parsing / Trees (F1 ▲)",
        "2026-11-24  new state of the art     90.5  Parser beats Elder (90) by 0.5 [suspect]",
        "2026-11-24  state of the art lost    97    Old king leads no more, now Parser (90.5)",
        "2026-11-24  direction changed              not known → lower is better (page)",
        "2026-11-24  correction               90.5  Parser: value 90.4 → 90.5 [suspect]",
        "2026-11-24  correction               90.5  Parser: extra data no → yes [suspect]",
        "2026-11-24  correction               90.5  Parser: date not known → 2026-01-01 [suspect]",
        "2026-11-24  result vanished          90.5  Parser: no longer listed, was rank 4 [suspect]",
        "2026-11-24  result returned          90.5  Parser: listed again, not ranked [suspect]",
        "2026-11-24  new result               90.5  Parser: rank 1 [suspect]",
        "2026-11-24  2 rank moves                   furthest Far: rank 3 → 9",
        "",
        "gone/board/x",
        "2026-11-24  leaderboard vanished           in one sentence",
        "",
        "Parsing / Trees (F1 ▲)",
        "2026-11-24  leaderboard returned           listed again, 3 results, A leads with 5",
        "",
        "New leaderboards",
        "2026-11-24  new leaderboard                Parsing / Wide (F1 ▲): 30 results",
        "2026-11-24  new leaderboard                Parsing / Small (F1 ▲): 3 results",
        "",
        "What our own vocabulary or code changed, while the sources said the same",
        "",
        "Parsing / Trees (F1 ▲)",
        "2026-11-24  direction changed              higher is better (registry) → not known",
    ]


def test_leaderboards_stand_in_the_order_of_their_most_important_change() -> None:
    rows = [
        row("new_result", leaderboard_id="a", dataset="A"),
        row("vanished", leaderboard_id="b", dataset="B"),
        RECORD | {"leaderboard_id": "z", "dataset": "Z"},
        row("rank_moved", leaderboard_id="z", dataset="Z", old_rank=1, new_rank=2),
    ]
    heads = [line for line in shown(of(rows)) if line.startswith("Parsing")]
    assert heads == ["Parsing / Z (F1 ▲)", "Parsing / B (F1 ▲)", "Parsing / A (F1 ▲)"]


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_no_line_is_wider_than_the_screen_and_no_word_is_lost(width: int) -> None:
    long = row("new_result", model="A-model-with-a-name " + "of-many-words " * 12 + "end", new_rank=1)
    lines = shown(of([*ONE_OF_EACH, long]), width)
    assert max(map(len, lines)) <= width
    assert " ".join(lines).count("of-many-words") == 12


def test_what_a_leaderboard_has_too_much_of_is_counted() -> None:
    rows = [row("new_result", model=f"Model {at:03}", new_rank=at) for at in range(1, 44)]
    lines = shown(of(rows))
    assert sum("new result" in line for line in lines[3:]) == 20
    assert lines[-1].strip() == "… and 23 more"
    assert "Model 020" in lines[-2]


def test_what_is_too_much_for_a_screen_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 5)
    rows = [row("vanished", leaderboard_id=f"b{at}", model=f"{model}") for at in range(9) for model in "xy"]
    lines = shown(of(rows))
    assert sum(line.startswith("Parsing") for line in lines) == 3
    assert lines[-1] == "… and 12 changes more; --format csv gives all"


def test_a_name_is_no_markup_and_moves_no_cursor() -> None:
    text = "\n".join(shown(of([row("vanished", model="[red]x[/red]\x1b[2J\\")])))
    assert "[red]x[/red] [2J\\" in text and "\x1b" not in text


# ---------------------------------------------------------------- the digest


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def tokens(text: str) -> list[Token]:
    """All tokens, those inside of lines too."""
    return [token for block in MARKDOWN.parse(text) for token in (block, *(block.children or ()))]


def links(text: str) -> list[str]:
    return [str(token.attrs["href"]) for token in tokens(text) if token.type == "link_open"]


def read(text: str) -> list[tuple[str, str]]:
    """Every line of text that a reader sees, with the block that it stands in."""
    lines, block = [], ""
    for token in MARKDOWN.parse(text):
        if token.type.endswith("_open") and token.type != "paragraph_open":
            block = token.tag
        elif token.type == "inline":
            children = token.children or []
            lines.append(
                (block, "".join("" if child.type == "image" else child.content for child in children))
            )
        elif token.type.endswith("list_close"):
            block = ""
    return lines


def test_the_digest_says_everything() -> None:
    text = digest.digest(of(ONE_OF_EACH, marks={"r1": "suspect"}))
    board = "Parsing / Trees (F1 ▲)"
    assert read(text) == [
        ("h1", "Leaderboard changes from 2026-11-01 to 2026-11-24 07:22 UTC"),
        ("h1", said.figures(ONE_OF_EACH) + "."),
        ("h2", "New state of the art"),
        ("li", f"Parser reaches 90.5 on {board}: beats Elder (90) by 0.5. Paper: On Trees (suspect)"),
        ("h2", "State of the art lost"),
        ("li", f"{board}: Old king (97): leads no more, now Parser (90.5)"),
        ("h2", "Directions changed"),
        ("li", f"{board}: not known → lower is better (page)"),
        ("h2", "Corrections"),
        ("li", board),
        ("li", "Parser (90.5): value 90.4 → 90.5 (suspect)"),
        ("li", "Parser (90.5): extra data no → yes (suspect)"),
        ("li", "Parser (90.5): date not known → 2026-01-01 (suspect)"),
        ("h2", "Vanished and returned"),
        ("li", "gone/board/x: in one sentence"),
        ("li", board),
        ("li", "Parser (90.5): no longer listed, was rank 4 (suspect)"),
        ("li", "Parser (90.5): listed again, not ranked (suspect)"),
        ("li", f"{board}: listed again, 3 results, A leads with 5"),
        ("h2", "New leaderboards"),
        ("li", "Parsing / Wide (F1 ▲): 30 results"),
        ("li", "Parsing / Small (F1 ▲): 3 results"),
        ("h2", "New results"),
        ("h2", board),
        ("th", "rank"), ("th", "F1"), ("th", "model"), ("th", "paper"),
        ("td", "1"), ("td", "90.5"), ("td", "Parser (suspect)"), ("td", "–"),
        ("h2", "Rank moves"),
        ("li", f"{board}: 2 rank moves, furthest Far: rank 3 → 9"),
        ("h2", "Our own changes"),
        ("h2", digest.OWN),
        ("h3", "Directions changed"),
        ("li", f"{board}: higher is better (registry) → not known"),
        ("h2", "Sources"),
        ("li", "Alpha: Alpha. By its authors. Licence: CC BY-SA 4.0"),
        ("", digest.LICENCE),
    ]  # fmt: skip
    assert links(text) == [
        "https://papers.example/1", "https://alpha.example", "https://creativecommons.org/licenses/by-sa/4.0/",
    ]  # fmt: skip


def test_the_digest_counts_what_it_leaves_out() -> None:
    boards = [
        row("new_result", leaderboard_id=f"b{board:02}", dataset=f"B{board:02}", model=f"m{at}", new_rank=at)
        for board in range(23) for at in range(1, 14)
    ]  # fmt: skip
    lines = [text for _, text in read(digest.digest(of(boards)))]
    assert lines.count("and 3 more") == 20 and "and 3 more leaderboards with new results" in lines
    assert sum(line.startswith("m") and line[1:].isdigit() for line in lines) == 20 * 10
    gone = [row("vanished", model=f"m{at}", old_rank=at) for at in range(1, 34)]
    assert "and 23 more" in [text for _, text in read(digest.digest(of(gone)))]
    records = [RECORD | {"leaderboard_id": f"b{at:02}"} for at in range(1, 44)]
    assert [text for _, text in read(digest.digest(of(records)))][-4:-2] == ["and 23 more", "Sources"]


def test_the_best_ranks_are_listed_and_what_has_none_comes_last() -> None:
    rows = [
        row("new_result", model=f"m{rank}", new_rank=rank, changed_at=DAY + timedelta(days=day))
        for day, rank in enumerate((None, 11, 2, 1))
    ]
    cells = [text for block, text in read(digest.digest(of(rows))) if block == "td"]
    assert cells[::4] == ["1", "2", "11", "–"]


def test_a_value_that_is_no_number_is_shown_as_published() -> None:
    text = digest.digest(of([row("new_result", value=None, value_text="n/a|", new_rank=None)]))
    assert [line for block, line in read(text) if block == "td"] == ["–", "n/a|", "Parser", "–"]


# ---------------------------------------------------------------- names that want to be more


HOSTILE = (
    "<img src=x onerror=alert(1)>", "<!-- -->", "[click](https://evil.example)",
    "![x](https://evil.example)", "<https://evil.example>", "a | b", "\\| b", "`rm`", "``", "**b**",
    "_b_", "~~b~~", "~b~", "&lt;script&gt;", "&amp;", "a\n\n# b", "a\r\n- b", "# b", "- b", "-", "+ b",
    "1. b", "12) b", "1.", "---", "- - -", "***", "===", "> b", "```\nb", "    b", "\tb",
    "[a]: https://evil.example", "[x]", "trailing\\", "trailing\\\\", "a  \nb", "$x$", "<", "*", "(",
    "|", "||", "[", "]", "](x", "](https://evil.example)", "[^1]", "a\x00b", "a\u2028b", "\u202eb",
    "http://evil.example", "www.evil.example", "x@evil.example", "@everyone", "Hits@1", "ViT-L/16@384",
    "\u00a0b\u00a0", "\u200bb", "é", "日本",
)  # fmt: skip


def seen(text: str) -> str:
    """The text as it is meant to be read: on one line, a dash where there is none."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    words = [""]
    for character in text:
        if character.isspace() or unicodedata.category(character) == "Cc":
            words.append("")
        elif unicodedata.bidirectional(character) not in turning:
            words[-1] += character
    return " ".join(word for word in words if word) or "–"


def assert_read(source: str, expected: str, more: Sequence[str] = ()) -> None:
    """That a reader sees this text, in the only inline token, as nothing but text."""
    parsed = tokens(source)
    (inline,) = [token for token in parsed if token.type == "inline"]
    assert inline.children is not None
    assert {child.type for child in inline.children} <= {"text", *more}
    assert "".join(child.content for child in inline.children).replace("\u2060", "") == expected.replace(
        "\u2060", ""
    )


TEXTS = st.text() | st.text(alphabet="ab1 .-+#=*_~`[]()<>|\\&;!:/@$\n\t", max_size=12)


def with_hostile(test: Any) -> Any:
    for text in HOSTILE:
        test = example(text)(test)
    return given(TEXTS)(test)


@with_hostile
def test_a_text_is_read_as_it_is_wherever_it_stands(text: str) -> None:
    plain, expected = markdown.plain(text), seen(text)
    strong = ("strong_open", "strong_close")
    link = ("link_open", "link_close")
    assert_read(plain, expected)
    assert_read(f"- {plain}", expected)
    assert_read(f"- **{plain}** is", expected + " is", strong)
    assert_read(f"on **{plain}**: it", f"on {expected}: it", strong)
    assert_read(f"# of {plain}", f"of {expected}")
    address = "https://papers.example/1"
    linked = markdown.link(plain, address)
    assert_read(f"see {linked}", f"see {expected}", link)
    assert links(f"see {linked}") == [address]


@with_hostile
def test_a_text_stays_in_its_cell(text: str) -> None:
    source = f"| a | b |\n|---|---|\n| {markdown.plain(text)} | end |\n"
    parsed = tokens(source)
    cells = [token for token in parsed if token.type == "inline"]
    assert [cell.content for cell in cells][-1] == "end" and len(cells) == 4
    assert {child.type for child in cells[2].children or ()} <= {"text"}
    content = "".join(child.content for child in cells[2].children or ())
    assert content.replace("\u2060", "") == seen(text).replace("\u2060", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_link_or_a_tag_in_the_digest(name: str) -> None:
    """Every text of every change is the name; links are those that the digest of honest names has."""
    scraped = (
        "task",
        "dataset",
        "metric",
        "model",
        "previous_model",
        "value_text",
        "paper_title",
        "old",
        "new",
        "detail",
    )
    honest = of([*ONE_OF_EACH, row("new_result", value=None, new_rank=2)], marks={"r1": "suspect"})
    rows = [
        dict(change) | {key: name for key in scraped if change[key] is not None} for change in honest.rows
    ]
    text, expected = digest.digest(of(rows, marks={"r1": "suspect"})), digest.digest(honest)
    assert links(text) == links(expected)
    assert [token.type for token in MARKDOWN.parse(text)] == [
        token.type for token in MARKDOWN.parse(expected)
    ]
    assert {token.type for token in tokens(text)} <= {token.type for token in tokens(expected)}


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("https://evil.example", "https\\://evil\\.example"), ("www.evil.example", "www\\.evil\\.example"),
        ("@everyone", "@\u2060everyone"), ("x@evil.example", "x@\u2060evil\\.example"), ("Hits@1", "Hits@1"),
        ("ViT-L/16@384", "ViT-L/16@384"), ("Llama-3.3-70B", "Llama-3.3-70B"), ("-0.5", "-0.5"),
        ("84.6", "84.6"), ("www.1.2.3", "www\\.1.2.3"), ("06:00", "06:00"),
        ("mailto:a@b.example", "mailto\\:a@\u2060b\\.example"),
    ],
)  # fmt: skip
def test_what_readers_turn_into_links_by_themselves_is_broken_and_the_rest_left_alone(
    text: str, raw: str
) -> None:
    """GitHub and others make links of bare addresses and call people by @name, without any mark-up."""
    assert markdown.plain(text) == raw


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "/paper/1",
        "//evil.example", "https:", "https://", "http://[", "", None, "vbscript:x", "java\nscript:alert(1)",
        "mailto:x@y.example",
    ],
)  # fmt: skip
def test_only_addresses_of_the_web_are_linked(address: str | None) -> None:
    assert markdown.link("words", address) == "words"


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("https://a.example/x_(y)", "https://a.example/x_%28y%29"),
        ("https://a.example/?a=1&lt;b&copy=2", "https://a.example/?a=1&lt;b&copy=2"),
        ('https://a.example/ "t" onclick=x', "https://a.example/%20%22t%22%20onclick=x"),
        ("https://a.example/)[b](javascript:x", "https://a.example/%29%5Bb%5D%28javascript:x"),
        ("https://a.example/<b>|`*\\", "https://a.example/%3Cb%3E%7C%60%2A%5C"),
        (" https://a.example/é%20\n", "https://a.example/%C3%A9%20"),
        ("HTTPS://a.example/1", "https://a.example/1"),
    ],
)
def test_an_address_cannot_leave_its_link(address: str, href: str) -> None:
    source = f"| a |\n|---|\n| {markdown.link('words', address)} |\n"
    assert links(source) == [href]
    assert "html_inline" not in {token.type for token in tokens(source)}
