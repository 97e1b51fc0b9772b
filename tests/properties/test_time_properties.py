"""What is known follows from what was captured, not from the order of loading; the past is what was shown.

Random histories of pages and papers, of two refreshes and single captures, with mass drops among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from expectations.drops import held_back
from sotaduck.records import Capture, Normalised, Paper
from tests import views_io
from transform.reconcile import reconcile
from warehouse import load
from warehouse.derive import PAST_VIEWS, VIEWS, derive

START = datetime(2024, 1, 1, tzinfo=UTC)
MODELS = ("A", "B", "C", "D")
TITLES = {"p1": "A Network For Seeing All Things", "p2": "A Network For Seeing Few Things"}
CUT = "A Network For Seeing A..."
RUNS = {24: "20240102T000000Z-aa", 60: "20240103T120000Z-bb"}
"""Hour of its start → a refresh, of twelve hours. All that is captured in these hours is its own: where two
refreshes overlap, what was seen last counts, though it be known first, and no time of then had that order."""

# An example builds two warehouses and asks every view of both.
few = settings(max_examples=20, deadline=None)

# A small loss counts as a mass drop here, so that examples hold some.
hold = partial(held_back, share=0.6, enough=3)


class Cell(Struct, frozen=True):
    """A row of a board: a model, its value (NULL where it cannot be read), date, paper."""

    model: str
    value: float | None
    date: int | None
    paper: str | None
    extra: bool | None


class Seen(Struct, frozen=True):
    """One capture, of a page with its boards or of a paper's page.

    `late`: a later refresh put it into the archive.
    """

    hour: int
    late: bool
    document: str
    boards: tuple[tuple[str, tuple[Cell, ...]], ...] = ()
    paper: tuple[str, str, int | None] | None = None


cells = st.builds(
    Cell, st.sampled_from(MODELS), st.one_of(st.none(), st.sampled_from([50.0, 60.0, 60.5, 0.6, 70.0])),
    st.one_of(st.none(), st.integers(0, 3)), st.sampled_from([None, "p1", "p2", CUT]),
    st.sampled_from([None, False, True]),
)  # fmt: skip
rows = st.lists(cells, min_size=1, max_size=4, unique_by=lambda cell: cell.model).map(tuple)
pages = st.builds(
    Seen, st.integers(0, 90), st.booleans(), st.sampled_from(["alpha/one", "alpha/two", "beta/one"]),
    st.dictionaries(st.sampled_from(["acc", "f1"]), rows, min_size=1, max_size=2).map(
        lambda said: tuple(said.items())
    ),
)  # fmt: skip
papers = st.builds(
    lambda hour, late, name, days, linked: Seen(hour, late, f"alpha/{name}", (), (name, linked, days)),
    st.integers(0, 90), st.booleans(), st.sampled_from(["p1", "p2"]), st.one_of(st.none(), st.integers(0, 3)),
    st.sampled_from(["own", "arxiv"]),
)  # fmt: skip
histories = st.lists(
    st.one_of(pages, pages, papers), min_size=1, max_size=8, unique_by=lambda seen: (seen.document, seen.hour)
)


def run_of(seen: Seen) -> str | None:
    """The refresh that fetched it, or that took it into the archive."""
    fetched = next((run for start, run in RUNS.items() if start <= seen.hour < start + 12), None)
    return fetched or (
        next((run for start, run in RUNS.items() if start > seen.hour), None) if seen.late else None
    )


def time(seen: Seen) -> datetime:
    return START + timedelta(hours=seen.hour)


def batch(seen: Seen) -> tuple[Normalised, Capture]:
    """What the transform gives for one capture."""
    source, name = seen.document.split("/")
    url = f"https://{source}.example/{name}"
    said = repr((seen.boards, seen.paper))
    capture = views_io.capture(
        source,
        url,
        time(seen).isoformat().removesuffix("+00:00"),
        digest=f"sha256:{said}",
        run_id=run_of(seen),
    )
    boards, results = [], []
    for metric, rows in seen.boards:
        board = views_io.board(
            f"{seen.document}/{metric}", source=source, locator=url, leaderboard_id=f"t/d/{metric}",
            capture_id=capture.capture_id, content_digest=repr(rows), cells_in=len(rows),
        )  # fmt: skip
        boards.append(board)
        for position, cell in enumerate(rows, 1):
            of_paper: dict[str, Any] = {}
            if cell.paper == CUT:
                of_paper = {"paper_title": CUT, "paper_title_cut": True}
            elif cell.paper:
                of_paper = {"paper_id": cell.paper, "paper_title": TITLES[cell.paper]}
            day = None if cell.date is None else (START + timedelta(days=cell.date)).date()
            results.append(
                views_io.result(
                    board,
                    cell.model,
                    cell.value,
                    position=position,
                    result_date=day,
                    extra_data=cell.extra,
                    **of_paper,
                )
            )
    found: list[Paper] = []
    if seen.paper:
        name, linked, days = seen.paper
        found.append(
            views_io.paper(
                paper_id="arxiv:2401.00001" if linked == "arxiv" else name, source=source, url=url,
                title=TITLES[name],
                capture_id=capture.capture_id,
                published=None if days is None else (START + timedelta(days=days)).date(),
            )
        )  # fmt: skip
    # A row says of its paper what it knows.
    found += [
        views_io.paper(
            paper_id=row.paper_id, source=source, title=row.paper_title, from_row=True,
            capture_id=capture.capture_id,
        )
        for row in results if row.paper_id
    ]  # fmt: skip
    return Normalised(boards=tuple(boards), results=tuple(results), papers=tuple(found)), capture


def warehouse(*loads: Sequence[Seen]) -> duckdb.DuckDBPyConnection:
    """A warehouse of these captures, a build a load, as runs do it: what says the same is not read again."""
    connection = views_io.new()
    for several in loads:
        for seen in several:
            normalised, capture = batch(seen)
            known = connection.execute(
                "select digest from core.captures where url = $1 "
                "order by fetched_at desc, capture_id desc limit 1",
                [capture.url],
            ).fetchone()
            if known and known[0] == capture.digest:
                load.add_captures(connection, [(capture, "confirmed")])
            else:
                load.add_captures(connection, [(capture, "parsed")])
                load.add(connection, normalised, {capture.capture_id: capture.fetched_at})
        load.confirm(connection)
        derive(connection, reconcile, hold)
    return connection


def shown(
    connection: duckdb.DuckDBPyConnection, names: Iterable[str] = VIEWS
) -> dict[str, list[tuple[Any, ...]]]:
    return {name: views_io.rows(connection, f"select * from {name} order by all") for name in names}


@few
@given(histories, st.data())
def test_any_order_of_loading_gives_the_same_warehouse(history: list[Seen], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(history))
    one, two = sorted(data.draw(st.tuples(*[st.integers(0, len(history))] * 2)))
    in_time = warehouse(sorted(history, key=lambda seen: (seen.hour, seen.document)))
    other = warehouse(shuffled[:one], shuffled[one:two], shuffled[two:])
    assert shown(other) == shown(in_time)


@few
@given(histories, st.integers(0, 100))
def test_the_past_is_what_a_warehouse_of_then_showed(history: list[Seen], hour: int) -> None:
    whole = warehouse(history)
    when = (START + timedelta(hours=hour)).isoformat(sep=" ").removesuffix("+00:00")
    # What one refresh fetched counts together, from its last capture on.
    known = {
        name for (name,) in views_io.rows(
            whole, f"select capture_id from mart.capture_times where known_at <= '{when}'"
        )
    }  # fmt: skip
    then = warehouse([seen for seen in history if batch(seen)[1].capture_id in known])
    as_of = {
        name: views_io.rows(whole, f"select * from {name}_as_of('{when}') order by all")
        for name in PAST_VIEWS
    }
    assert as_of == shown(then, PAST_VIEWS)
