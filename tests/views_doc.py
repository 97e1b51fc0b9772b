"""The reference part of docs/views.md, from the comments that the warehouse itself carries.

`python -m tests.views_doc` writes it; the part above the mark is written by hand.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from expectations.drops import held_back
from tests import views_io
from transform.reconcile import reconcile
from warehouse.derive import HERE, VIEWS, derive

DOC = HERE.parent / "docs" / "views.md"
MARK = "<!-- From here on: the comments of the warehouse, written by `python -m tests.views_doc`. -->\n"


def grain(view: str) -> str:
    """The first line of a view's file, without its dashes."""
    return (HERE / "views" / f"{view}.sql").read_text("utf-8").splitlines()[0].removeprefix("-- ")


def columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str, str | None]]]:
    """View → name, type and comment of each of its columns."""
    found: dict[str, list[tuple[str, str, str | None]]] = {}
    for view, *column in views_io.rows(
        connection,
        "select table_name, column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'main' and not internal order by table_oid, column_index",
    ):
        found.setdefault(view, []).append((column[0], column[1], column[2]))
    return found


def reference() -> str:
    """A section for each view: its grain, its comment, its columns."""
    connection = views_io.new()
    derive(connection, reconcile, held_back)
    comments = dict(
        views_io.rows(connection, "select view_name, comment from duckdb_views() where schema_name = 'main'")
    )
    described = columns(connection)
    connection.close()
    parts = []
    for view in VIEWS:
        lines = [
            f"## {view}",
            "",
            comments[view],
            "",
            grain(view),
            "",
            "| column | type | meaning |",
            "|---|---|---|",
        ]
        for name, kind, comment in described[view]:
            meaning = (comment or "").replace("|", "\\|").replace("<", "&lt;")
            lines.append(f"| `{name}` | {kind.lower()} | {meaning} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def parts(doc: Path = DOC) -> tuple[str, str]:
    """What is written by hand, and the reference."""
    by_hand, mark, rest = doc.read_text("utf-8").partition(MARK)
    if not mark:
        raise ValueError(f"{doc}: has no line {MARK!r}")
    return by_hand, rest.lstrip("\n")


if __name__ == "__main__":
    DOC.write_text(f"{parts()[0]}{MARK}\n{reference()}", "utf-8")
