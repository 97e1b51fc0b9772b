"""What `sotaduck diff` prints: a table or Markdown for a person, JSON or CSV for a program.

A person gets the first rows of each file, a program all of them, one at a time: half a million are no matter.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from cli import machine, markdown, tables
from warehouse.diff import Compared, Diff, Difference, Side
from warehouse.files import FORMULA, NUMBER

SHOWN = 20
"""Rows of a file that a person is shown."""
LONGEST = 80
"""Characters of a text that a person is shown."""
SIGNS = {"added": "+", "removed": "-", "changed": "~"}
STYLES = {"added": "green", "removed": "red", "changed": "yellow"}
COLUMNS = ("file", "change", "key", "column", "old", "new")


# ---------------------------------------------------------------- for a program


def write_json(diff: Diff, out: TextIO, *, key_only: bool) -> None:
    """One JSON object; its differences are written as they come."""
    head = {
        "a": _side(diff.first),
        "b": _side(diff.second),
        "files_only_in_a": diff.only_first,
        "files_only_in_b": diff.only_second,
    }
    out.write(json.dumps(machine.plain(head), indent=2, ensure_ascii=False).rstrip("}\n") + ',\n  "files": [')
    for at, (compared, rows) in enumerate(diff.files()):
        about = {
            "file": compared.view,
            "rows_a": compared.rows[0],
            "rows_b": compared.rows[1],
            **compared.counts,
            "not_compared": compared.ignored,
            "columns_only_in_a": compared.only_first,
            "columns_only_in_b": compared.only_second,
        }
        text = json.dumps(machine.plain(about), ensure_ascii=False).removesuffix("}")
        out.write(f'{"," if at else ""}\n    {text}, "differences": [')
        for number, row in enumerate(rows):
            told = json.dumps(_as_dict(row, key_only), ensure_ascii=False)
            out.write(f"{',' if number else ''}\n      {told}")
        out.write("]}")
    out.write("\n  ]\n}\n")


def _side(side: Side) -> dict[str, Any]:
    return {"path": str(side.path), **side.about}


def _as_dict(row: Difference, key_only: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"change": row.change, "key": row.key}
    if not key_only:
        told |= {"old": row.old, "new": row.new}
    return told


def write_csv(diff: Diff, out: TextIO, *, key_only: bool) -> None:
    """One line a changed cell, an added or a removed row; keys and rows are JSON objects."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS[:3] if key_only else COLUMNS)

    def line(*cells: Any) -> None:
        writer.writerow([_harmless(machine.csv_cell(cell)) for cell in cells[: 3 if key_only else 6]])

    for change, views in (("file_removed", diff.only_first), ("file_added", diff.only_second)):
        for view in views:
            line(view, change, None, None, None, None)
    for compared, rows in diff.files():
        for change, columns in (
            ("column_removed", compared.only_first),
            ("column_added", compared.only_second),
        ):
            for column in columns:
                line(compared.view, change, {"column": column}, column, None, None)
        for row in rows:
            if row.change == "changed" and not key_only:
                for column in row.new or {}:
                    cells = ((side or {}).get(column) for side in (row.old, row.new))
                    line(compared.view, row.change, row.key, column, *cells)
            else:
                line(compared.view, row.change, row.key, None, row.old, row.new)


def _harmless(text: str) -> str:
    """As in a snapshot: no cell that a spreadsheet would run."""
    return f"'{text}" if re.match(FORMULA, text) and not re.match(NUMBER, text) else text


# ---------------------------------------------------------------- for a person


@dataclass(frozen=True, slots=True)
class Page:
    """What a person is shown: what was compared, and of each file the first rows that differ."""

    first: Side
    second: Side
    files: list[tuple[Compared, list[Difference]]]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]

    @property
    def counted(self) -> list[list[Any]]:
        """A line a file that both have: its name, the rows of both, added, removed, changed."""
        return [
            [compared.view, *compared.rows, *compared.counts.values()]
            for compared, _ in self.files
            if compared
        ]

    @property
    def notes(self) -> list[str]:
        """What else there is to say, a sentence each."""
        said = [f"Only {self.first.path} has {view}." for view in self.only_first]
        said += [f"Only {self.second.path} has {view}." for view in self.only_second]
        for compared, _ in self.files:
            for side, columns in ((self.first, compared.only_first), (self.second, compared.only_second)):
                if columns:
                    said.append(f"Only {side.path} has {compared.view}.{', '.join(columns)}.")
        ignored = sorted({column for compared, _ in self.files for column in compared.ignored})
        if ignored:
            said.append(
                f"Not compared, since they say only where and when we looked: {', '.join(ignored)} "
                "(--all-columns compares them too)."
            )
        if not any(sum(compared.counts.values()) for compared, _ in self.files):
            said.insert(0, "No row differs.")
        return said


COUNTED = ("file", "rows A", "rows B", "added", "removed", "changed")


def page(diff: Diff) -> Page:
    """Compare all, and keep what a person is shown."""
    found = [(compared, list(islice(rows, SHOWN))) for compared, rows in diff.files()]
    return Page(diff.first, diff.second, found, diff.only_first, diff.only_second)


def as_table(shown: Page, *, key_only: bool) -> RenderableType:
    """For the terminal."""
    parts: list[RenderableType] = [
        Text(f"A  {_described(shown.first)}"),
        Text(f"B  {_described(shown.second)}"),
        tables.plain_table(COUNTED, shown.counted),
    ]
    for compared, rows in shown.files:
        if rows:
            parts.append(Text(f"\n{compared.view}", style="bold"))
            for row in rows:
                colour = STYLES[row.change]
                said = escape(" ".join((SIGNS[row.change], _line(row, key_only))))
                parts.append(Text.from_markup(f"[{colour}]{said}[/{colour}]"))
            parts += [Text(text, style="dim") for text in _more(compared, rows)]
    parts += [Text(f"\n{text}" if at == 0 else text) for at, text in enumerate(shown.notes)]
    return Group(*parts)


def as_markdown(shown: Page, *, key_only: bool) -> str:
    """For a release note or a mail."""
    lines = [
        f"- A: {markdown.plain(_described(shown.first))}",
        f"- B: {markdown.plain(_described(shown.second))}",
        "",
        "| " + " | ".join(COUNTED) + " |",
        "|---|---:|---:|---:|---:|---:|",
        *("| " + " | ".join(markdown.plain(str(cell)) for cell in line) + " |" for line in shown.counted),
    ]
    for compared, rows in shown.files:
        if rows:
            lines += ["", f"## {markdown.plain(compared.view)}", ""]
            lines += [f"- **{row.change}** {markdown.plain(_line(row, key_only))}" for row in rows]
            lines += [f"- {text}" for text in _more(compared, rows)]
    lines += ["", *(f"{markdown.plain(text)}\n" for text in shown.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _described(side: Side) -> str:
    facts = [side.about["kind"]]
    for name, words in (("data_until", "data until"), ("as_of", "as of")):
        if side.about.get(name):
            facts.append(f"{words} {side.about[name]}")
    return f"{side.path} ({', '.join(facts)})"


def _line(row: Difference, key_only: bool) -> str:
    """A row in one line: which it is, and what changed."""
    which = _named(row.key if key_only else row.label)
    if row.change != "changed" or key_only or row.old is None or row.new is None:
        return which
    changes = (f"{name} {_short(row.old[name])} → {_short(row.new[name])}" for name in row.new)
    return f"{which}: {', '.join(changes)}"


def _named(columns: Mapping[str, Any]) -> str:
    return " · ".join(_short(value) for value in columns.values() if value is not None)


def _short(value: Any) -> str:
    """A value as one short line."""
    if value is None:
        return "nothing"
    text = " ".join(machine.csv_cell(value).split()) or '""'
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _more(compared: Compared, rows: Iterable[Difference]) -> list[str]:
    left = sum(compared.counts.values()) - len(list(rows))
    return [f"and {left} more; --format csv or json gives all"] if left else []
