"""Warehouses that are hard to export, and what a snapshot of them holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from expectations.drops import held_back
from sotaduck.records import Normalised
from tests import views_io
from transform.reconcile import reconcile
from warehouse import files, load, publish, query
from warehouse.derive import derive

NAMES = [
    "=1+1", "+x", "-x", "@x", "'x", "\tx", "\rx", "\nx", "-5", "+3.5", "-1.5e3", "=", "'", "''=1",
    "plain", 'say "hi"', "a,b", "two\nlines", "naïve ☃", " leading", "NULL", "\\N", "|pipe", "＝1+1", "＠x",
]  # fmt: skip
"""Model names, dangerous and otherwise."""
IN_NO_SNAPSHOT = ("run_id", "started_at", "warc_file", "warc_offset")


def build(
    path: Path, seen: str = "2024-01-01", names: list[str] = NAMES, fresh: bool = False, **facts: Any
) -> None:
    """A warehouse of one board with these models, each with a paper of its name, and a board that is unread.

    Args:
        facts: of every result of the first board, in place of what they would be.
    """
    with publish.build(path, fresh=fresh) as connection:
        load.set_sources(connection, views_io.SOURCES)
        board = views_io.board("b", seen, content_digest=repr((names, facts)))
        other = views_io.board("b2", seen, source="beta")
        results = [
            views_io.result(
                board, name, float(at), **({
                    "model_id": f"m{at}", "position": at, "value_text": str(at), "note": name,
                    "paper_id": f"p{at}", "paper_title": name, "variant": (name, "b"),
                } | facts),
            )
            for at, name in enumerate(names)
        ]  # fmt: skip
        results.append(views_io.result(other, "unread", None, value_text="=n/a"))
        papers = tuple(
            views_io.paper(paper_id=f"p{at}", title=name, capture_id=board.capture_id, abstract=name)
            for at, name in enumerate(names)
        )
        views_io.put(connection, Normalised(boards=(board, other), results=tuple(results), papers=papers))
        derive(connection, reconcile, held_back)


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def manifest(folder: Path) -> dict[str, Any]:
    """What a snapshot says of itself."""
    return json.loads((folder / "manifest.json").read_text("utf-8"))  # type: ignore[no-any-return]


def of_the_view(warehouse: Path, view: str) -> list[tuple[Any, ...]]:
    """The rows of a view, without the columns that no snapshot has."""
    names = query.run_sql(warehouse, f"from {view} limit 0").columns
    chosen = [name for name in names if name not in IN_NO_SNAPSHOT]
    order = files.order(view, dict.fromkeys(chosen, ""))
    return query.run_sql(warehouse, f"select {', '.join(chosen)} from {view} order by {order}").rows
