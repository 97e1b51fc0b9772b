"""Golden cases of the public views: facts in small hand-written files, and the rows that a view then shows.

    tests/views/<view>/<fact>/results.csv     what boards say, one line a cell
                              expected.csv    the rows of the view, any of its columns, in any order

and, where needed: `boards`, `papers`, `entries`, `quarantine`, `aliases`, `captures`, `runs`,
`failures`, `checks`, `matches`, `factors` `.csv`, and `from.sql` (what to ask if not the whole view).
The columns are the fields of the records in `sotaduck.records`, and some of this module's own:

- `board` is the board's name and id, `seen` the day or minute of its capture, `run` the load that brought it.
- `value` is a number, or blank where `value_text` is none; a result's id is `<board>:<model>` unless given.
- An empty cell is NULL, a list is parted by `|`; the id of a capture is `<address>@<seen>`.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, get_args, get_type_hints

import duckdb

from expectations.drops import held_back
from sotaduck import records
from sotaduck.records import (
    Board,
    Candidate,
    Capture,
    Check,
    Failure,
    ModelAlias,
    Normalised,
    Paper,
    Quarantined,
    RawEntry,
    Reconciled,
    Result,
)
from transform.reconcile import reconcile
from warehouse import load, publish
from warehouse.derive import derive

VIEWS = Path(__file__).parent / "views"
LEADERBOARD = "task/data/acc"
DAY = "2024-01-01"
SOURCES = [
    {
        "source": name, "title": name.title(), "licence": "CC0", "licence_url": "https://cc0.example",
        "attribution": f"by {name}", "address": f"https://{name}.example", "trust": trust,
    }
    for trust, name in enumerate(("alpha", "beta", "gamma"), 1)
]  # fmt: skip
_NO_RUN: dict[str, Any] = {
    "sources": ["alpha"], "vocabulary": "v", "version": "0", "counts": {"boards": 1}, "stages": {"a": 0.5},
    "warnings": [], "notes": [], "data_docs": None,
}  # fmt: skip
_NO_CHECK = {"detail": "", "expectation": "grammar"}

Line = dict[str, str]
Facts = Mapping[str, list[Line]]


# ---------------------------------------------------------------- records from plain facts


def moment(text: str) -> datetime:
    """`2024-01-31` or `2024-01-31T10:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make(kind: type, facts: Mapping[str, Any]) -> Any:
    """A record of these facts; what is missing is nothing (None, no items, False) or the field's default."""
    hints = _hints(kind)
    values = {}
    for item in _parameters(kind):
        if item.name in facts:
            values[item.name] = facts[item.name]
        elif item.default is Parameter.empty:
            values[item.name] = _nothing(kind, item.name, hints[item.name])
    return kind(**values)


@cache
def _parameters(kind: type) -> tuple[Parameter, ...]:
    return tuple(signature(kind).parameters.values())


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, vars(records) | {"date": date, "datetime": datetime})


def _nothing(kind: type, name: str, hint: Any) -> Any:
    if type(None) in get_args(hint):
        return None
    if hint in (bool, int):
        return hint()
    if str(hint).startswith("tuple"):
        return ()
    raise ValueError(f"{kind.__name__}.{name} must be given")


def read(kind: type, line: Mapping[str, str]) -> dict[str, Any]:
    """The cells of a line that name fields of a record, typed as they are there."""
    hints = _hints(kind)
    return {name: _typed(hint, line[name]) for name, hint in hints.items() if line.get(name)}


def _typed(hint: Any, text: str) -> Any:
    kinds = {hint, *get_args(hint)}
    if str(hint).startswith("tuple"):
        inner = get_args(hint)[0]
        return tuple(inner(part) for part in text.split("|"))
    if bool in kinds:
        return {"true": True, "false": False}[text]
    if datetime in kinds:
        return moment(text)
    if date in kinds:
        return date.fromisoformat(text)
    return next((kind(text) for kind in (int, float) if kind in kinds), text)


def board(name: str, seen: str = DAY, **facts: Any) -> Board:
    """A board of one source; its metric's direction is stated by the page unless the facts say otherwise."""
    source = facts.get("source", "alpha")
    locator = facts.get("locator", f"https://{source}.example/{name}")
    given = {
        "board_id": name, "leaderboard_id": LEADERBOARD, "source": source, "locator": locator,
        "capture_id": capture_id(locator, seen), "task": "Task", "dataset": "Data", "metric": "Acc",
        "metric_published": "acc", "metric_kind": "quality", "higher_is_better": True,
        "direction_source": "page", "content_digest": "",
    }  # fmt: skip
    return make(Board, given | facts)  # type: ignore[no-any-return]


def result(of: Board, model: str, value: float | None, **facts: Any) -> Result:
    """A cell of a board."""
    text = facts.get("value_text") or (f"{value:g}" if value is not None else "n/a")
    given = {
        "result_id": f"{of.board_id}:{model}", "board_id": of.board_id, "leaderboard_id": of.leaderboard_id,
        "source": of.source, "capture_id": of.capture_id, "source_url": of.locator, "position": 1,
        "model": model, "model_id": re.sub(r"[\s-]+", "", model.lower()), "base_model": model, "value": value,
        "value_text": text, "value_reason": None if value is not None else "not_a_number",
    }  # fmt: skip
    return make(Result, given | facts)  # type: ignore[no-any-return]


def capture_id(locator: str, seen: str) -> str:
    """The id of the capture of an address at a time."""
    return f"{locator}@{seen}"


def capture(source: str, url: str, seen: str, **facts: Any) -> Capture:
    """A response with status 200; its digest names address and time unless the facts say otherwise."""
    given = {
        "capture_id": capture_id(url, seen), "source": source, "url": url, "fetched_at": moment(seen),
        "status": 200,
        "digest": f"sha256:{capture_id(url, seen)}", "media_type": "text/html", "warc_file": "a.warc.gz",
    }  # fmt: skip
    return make(Capture, given | facts)  # type: ignore[no-any-return]


def paper(**facts: Any) -> Paper:
    """A paper's own record in a source; the fingerprint of its title is that of its letters."""
    title = facts.get("title", "")
    key = None if title.endswith("...") else re.sub(r"[\W_]+", "", title.lower()) or None
    given = {"source": "alpha", "url": "", "title": title, "title_key": key}
    return make(Paper, given | facts)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- a warehouse of them


def new() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory, with the sources alpha, beta and gamma, trusted in this order."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'; set threads = 1")
    publish.migrate(connection)
    load.set_sources(connection, SOURCES)
    return connection


def put(
    connection: duckdb.DuckDBPyConnection,
    batch: Normalised,
    captures: Iterable[Capture] = (),
    outcome: str = "parsed",
) -> None:
    """Load a batch as a run does; captures of its boards that are not given are made up."""
    given = {item.capture_id: item for item in captures}
    for item in batch.boards:
        seen = item.capture_id.rpartition("@")[2]
        given.setdefault(item.capture_id, capture(item.source, item.locator, seen))
    load.add_captures(connection, [(item, outcome) for item in given.values()])
    load.add(connection, batch, {name: item.fetched_at for name, item in given.items()})


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The answer to a query."""
    return connection.execute(query).fetchall()


# ---------------------------------------------------------------- cases


def cases() -> list[Path]:
    """The folders of all cases."""
    return sorted(file.parent for file in VIEWS.glob("*/*/expected.csv"))


def expected(case: Path) -> tuple[list[str], list[list[str]]]:
    """The columns that a case speaks of, and its rows, in order."""
    with (case / "expected.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    return header, sorted([_plain(cell) for cell in line] for line in lines)


def actual(case: Path, columns: list[str]) -> list[list[str]]:
    """What the view shows of these columns once the facts of a case are loaded."""
    asked = case / "from.sql"
    relation = asked.read_text("utf-8") if asked.is_file() else case.parent.name
    chosen = ", ".join(f"coalesce({column}::varchar, '')" for column in columns)
    connection = warehouse(case)
    try:
        found = rows(connection, f"select {chosen} from {relation}")
    finally:
        connection.close()
    return sorted([_plain(cell) for cell in row] for row in found)


def _plain(cell: str) -> str:
    """Numbers in one spelling: 83 and 83.0 are equal."""
    try:
        return f"{float(cell):.12g}"
    except ValueError:
        return cell


def warehouse(case: Path) -> duckdb.DuckDBPyConnection:
    """A warehouse with the facts of a case, run by run."""
    connection = new()
    facts = defaultdict(list, {file.stem: list(_lines(file)) for file in case.glob("*.csv")})
    del facts["expected"]
    for run in sorted({line.get("run", "1") for lines in facts.values() for line in lines}):
        now = {name: [line for line in lines if line.get("run", "1") == run] for name, lines in facts.items()}
        _load(connection, defaultdict(list, now), facts)
        load.confirm(connection)
        derive(connection, _reconcile(facts), held_back)
    return connection


def _lines(file: Path) -> Iterator[Line]:
    with file.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened, strict=True)


def _load(connection: duckdb.DuckDBPyConnection, now: Facts, facts: Facts) -> None:
    """One run of a case: what its pages say, what else was captured, and the run's own record."""
    captures: dict[str, Capture] = {}
    boards, results, quarantine = _boards(now, facts, captures)
    batch = Normalised(
        boards=tuple(boards),
        results=tuple(results),
        papers=tuple(paper(**_described(Paper, line, captures)) for line in now["papers"]),
        entries=tuple(make(RawEntry, _described(RawEntry, line, captures)) for line in now["entries"]),
        quarantine=tuple(quarantine),
        aliases=tuple(make(ModelAlias, read(ModelAlias, line)) for line in now["aliases"]),
    )
    put(connection, batch, captures.values())
    for line in now["captures"]:
        load.add_captures(connection, [(_captured(line), line["outcome"])])
    for line in now["runs"]:
        run = _NO_RUN | {"run_id": line["run_id"], "kind": line["kind"], "status": line["status"]}
        times = {name: moment(line[name]) for name in ("started_at", "finished_at")}
        failures, checks = (
            [make(kind, read(kind, item)) for item in facts[name] if item["run_id"] == line["run_id"]]
            for name, kind in (("failures", Failure), ("checks", Check))
        )
        load.add_run(connection, run | times, failures, checks)


def _boards(
    now: Facts, facts: Facts, captures: dict[str, Capture]
) -> tuple[list[Board], list[Result], list[Quarantined]]:
    """Boards with their cells, and every line of the quarantine; adds the captures of the boards."""
    described = {line["board"]: line for line in facts["boards"]}
    said: dict[tuple[str, str], tuple[list[Line], list[Line]]] = defaultdict(lambda: ([], []))
    for line in now["results"]:
        said[line.get("board") or "b", line.get("seen") or DAY][0].append(line)
    for line in now["quarantine"]:
        if not line.get("capture_id"):
            said[line.get("board") or "b", line.get("seen") or DAY][1].append(line)
    boards, results = [], []
    quarantine = [
        make(Quarantined, read(Quarantined, line) | _NO_CHECK)
        for line in now["quarantine"]
        if line.get("capture_id")
    ]
    for (name, seen), (cells, refused) in said.items():
        line = described.get(name, {})
        directed = (
            {}
            if line.get("higher_is_better", "said")
            else {"higher_is_better": None, "direction_source": None}
        )
        with_text = {cell["model"] for cell in cells if not cell["value"]}
        made = board(
            name, seen, content_digest=_digest([*cells, *refused]), cells_quarantined=len(refused),
            cells_in=len(cells) + sum(item["model"] not in with_text for item in refused),
            cells_loaded=sum(bool(cell["value"]) for cell in cells), **read(Board, line), **directed,
        )  # fmt: skip
        captures[made.capture_id] = capture(made.source, made.locator, seen)
        boards.append(made)
        for position, cell in enumerate(cells, 1):
            known = {"position": position} | read(Result, cell)
            results.append(result(made, known.pop("model"), known.pop("value", None), **known))
        of_board = {
            "source": made.source, "source_url": made.locator, "capture_id": made.capture_id,
            "board_id": name, "leaderboard_id": made.leaderboard_id, "cells": 1,
        }  # fmt: skip
        quarantine += [make(Quarantined, read(Quarantined, item) | _NO_CHECK | of_board) for item in refused]
    return boards, results, quarantine


def _digest(lines: list[Line]) -> str:
    """Names what lines say, whenever they say it."""
    said = [
        sorted((name, text) for name, text in line.items() if name not in ("seen", "run")) for line in lines
    ]
    return sha256(repr(said).encode()).hexdigest()


def _described(kind: type, line: Line, captures: dict[str, Capture]) -> dict[str, Any]:
    """The facts of a paper or an entry, which has a capture of its own page."""
    source, url, seen = line.get("source") or "alpha", line.get("url") or "", line.get("seen") or DAY
    captures.setdefault(capture_id(url, seen), capture(source, url, seen))
    return {"source": source, "capture_id": capture_id(url, seen), **read(kind, line)}


def _captured(line: Line) -> Capture:
    """A response that is listed by itself; with `same_as`, its digest is that of the page at that time."""
    facts = read(Capture, line)
    source, url = facts.pop("source", "alpha"), facts.pop("url")
    same = {"digest": f"sha256:{capture_id(url, line['same_as'])}"} if line.get("same_as") else {}
    return capture(source, url, line["seen"], **facts, **same)


def _reconcile(facts: Facts) -> Any:
    """The reconciliation of the transform, unless the case says by hand what it found."""
    if not facts["matches"] and not facts["factors"]:
        return reconcile
    said = Reconciled(
        tuple((x["result_id"], x["merged_id"], x["rule"]) for x in facts["matches"]),
        tuple((x["board"], float(x["factor"])) for x in facts["factors"]),
    )

    def by_hand(candidates: Iterable[Candidate]) -> Reconciled:
        return said

    return by_hand
