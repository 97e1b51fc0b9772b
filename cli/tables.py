"""What a person looks at: tables for the terminal, made from plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]

MOST_ROWS = 1000
"""More rows than this nobody looks at, and laying them out takes minutes."""
ARROWS = {True: "▲", False: "▼", None: "?"}
READABLE = 24
"""Narrower than this, a folded text column can no longer be read."""
DIRECTIONS = {True: "higher is better", False: "lower is better", None: "direction unknown: not ranked"}


def number(value: float | None) -> str:
    """A number as a person writes it: no trailing zeros, no exponent where it can be helped.

    Twelve digits are kept: more than any leaderboard publishes, and few enough to hide what binary
    fractions add to a difference.
    """
    if value is None:
        return "–"
    text = f"{value:.12g}"
    return f"{value:,.0f}" if "e" in text and abs(value) < 1e15 and value == int(value) else text


def aligned(values: Sequence[float | None]) -> list[str]:
    """Numbers with their decimal points in one column: padded right with blanks."""
    texts = [number(value) for value in values]
    places = [len(text.partition(".")[2]) + ("." in text) for text in texts]
    width = max(places, default=0)
    return [text + " " * (width - place) for text, place in zip(texts, places, strict=True)]


def cell(value: Any) -> str:
    """Any SQL value as text for a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, dict):
        return " · ".join(f"{name} {cell(item)}" for name, item in value.items())
    return str(value)


def row_count(rows: int) -> str:
    """`30 rows` below a table, and what it leaves out."""
    text = f"{rows} row{'' if rows == 1 else 's'}"
    if rows > MOST_ROWS:
        text += f", of which the first {MOST_ROWS} are shown; --format csv gives all"
    return text


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> RenderableType:
    """The result of a query: numbers right, text left; rows too wide for the screen one below the other."""
    return _Answer(columns, rows)


class _Answer:
    """Chooses its form when the width of the screen is known, as `\\x auto` of psql does."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.columns = columns
        self.rows = [[cell(value) for value in row] for row in rows]
        self.numeric = [
            any(_is_number(row[at]) for row in rows)
            and all(row[at] is None or _is_number(row[at]) for row in rows)
            for at in range(len(columns))
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A table where columns of a readable width fit, else a block for each row."""
        widths = [
            max([len(name), *(len(row[at]) for row in self.rows)]) for at, name in enumerate(self.columns)
        ]
        readable = sum(min(READABLE, width) + 2 for width in widths)
        yield self._table() if readable <= options.max_width else self._blocks()

    def _table(self) -> Table:
        table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for name, numeric in zip(self.columns, self.numeric, strict=True):
            table.add_column(escape(name), justify="right" if numeric else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*(escape(text) for text in row))
        return table

    def _blocks(self) -> Group:
        parts: list[RenderableType] = []
        for number, row in enumerate(self.rows, 1):
            parts += [Text(f"── {number} ──", style="dim"), _pairs(zip(self.columns, row, strict=True))]
        return Group(*parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in pairs:
        grid.add_row(escape(name), escape(text))
    return grid


def chain(facts: Row) -> RenderableType:
    """A result and where it comes from, from the value down to the bytes."""
    result = facts["result"]
    head = Text(f"{result['model']}  {cell(result['value']) or result['value_reason']}", style="bold")
    head.append(f"  {result['leaderboard_id']}  rank {cell(result['rank']) or '–'}", style="cyan")
    parts: list[RenderableType] = [head]
    for step in facts["provenance"]:
        read = cell(step["value"]) or f"NULL: {step['value_reason']}"
        parts += [
            Text(""),
            _pairs(
                {
                    "source": f"{step['source']} ({step['matched_by'].replace('_', ' ')})",
                    "raw cell": f"{step['value_text']!r} in row {step['position']}, model {step['model']!r}",
                    "read as": " ".join([read, *(f"[{flag}]" for flag in step["value_flags"])]),
                    "page": step["source_url"],
                    "capture": f"{step['capture_id']}, {cell(step['fetched_at'])} UTC",
                    "digest": step["digest"],
                    "bytes": f"{step['warc_file']} at offset {step['warc_offset']}",
                    "seen": f"{cell(step['first_seen'])} to {cell(step['last_seen'])}"
                    + ("" if step["listed"] else ", no longer listed"),
                }.items()
            ),
        ]
    for title in ("conflicts", "suspects"):
        if facts[title]:
            columns = list(facts[title][0])
            parts += [Text(""), Text(title, style="bold yellow")]
            parts.append(plain_table(columns, [list(row.values()) for row in facts[title]]))
    return Group(*parts)


def board_heading(board: Row) -> Text:
    """`Panoptic Segmentation on Cityscapes val — mIoU ▲ higher is better`."""
    heading = Text(f"{board['task']} on {board['dataset']}", style="bold")
    heading.append(f" — {board['metric']} {ARROWS[board['higher_is_better']]} ", style="bold cyan")
    heading.append(DIRECTIONS[board["higher_is_better"]], style="dim")
    if board["direction_source"]:
        heading.append(f" (says the {board['direction_source']})".replace("_", " "), style="dim")
    return heading


def leaderboard_table(board: Row, rows: Sequence[Row]) -> RenderableType:
    """A leaderboard: its leader, its ranks, and the rows that were state of the art at release."""
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column(f"{board['metric']} {ARROWS[board['higher_is_better']]}", justify="right")
    table.add_column("gap", justify="right", style="dim")
    table.add_column("SOTA", justify="center")
    table.add_column("model", overflow="fold", min_width=24)
    table.add_column("extra data", justify="center")
    table.add_column("date", no_wrap=True)
    table.add_column("paper", overflow="ellipsis", no_wrap=True, max_width=48, style="dim")
    values = aligned([row["value"] for row in rows])
    gaps = aligned([row["gap_to_leader"] or None for row in rows])
    for row, value, gap in zip(rows, values, gaps, strict=True):
        first = row["rank"] == 1
        table.add_row(
            cell(row["rank"]) or "–",
            value if row["value"] is not None else escape(f"{row['value_text']} ({row['value_reason']})"),
            gap.replace("–", " "),
            "●" if row["sota_at_release"] else "",
            escape(row["model"]) + flags(row),
            {True: "yes", False: "no", None: "?"}[row["extra_data"]],
            cell(row["result_date"]) or "–",
            escape(row["paper_title"] or "–"),
            style="bold green" if first else None,
        )
    foot = Text("● was state of the art when it was published", style="dim")
    return Group(board_heading(board), table, foot)


def flags(row: Row) -> str:
    """The marks that a value carries, in brackets behind the model."""
    marks = [*row["value_flags"], *(["suspect"] if row["suspect"] else [])]
    return _mark(", ".join(marks)) if marks else ""


def _mark(text: str, colour: str = "yellow") -> str:
    return f" [{colour}]{escape(f'[{text}]')}[/{colour}]"


def history_table(board: Row, steps: Sequence[Row]) -> RenderableType:
    """Who led when: one line a step, the newest last, on each track."""
    parts: list[RenderableType] = [board_heading(board)]
    for track in dict.fromkeys(step["track"] for step in steps):
        chosen = [step for step in steps if step["track"] == track]
        table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, title=f"track {track}")
        table.title_justify = "left"
        for name, justify in (
            ("step", "right"),
            ("since", "left"),
            (f"{board['metric']} {ARROWS[board['higher_is_better']]}", "right"),
            ("better by", "right"),
            ("days held", "right"),
        ):
            table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        table.add_column("model", overflow="fold", min_width=24)
        table.add_column("paper", overflow="ellipsis", no_wrap=True, max_width=48, style="dim")
        values = aligned([step["value"] for step in chosen])
        gains = aligned([step["improvement"] for step in chosen])
        for step, value, gain in zip(chosen, values, gains, strict=True):
            table.add_row(
                cell(step["step"]),
                cell(step["sota_date"]),
                value,
                gain.replace("–", " "),
                cell(step["days_held"]) + ("…" if step["is_current"] else ""),
                escape(step["model"])
                + (_mark("suspect") if step["suspect"] else "")
                + (_mark("within the uncertainty", "dim") if step["within_uncertainty"] else ""),
                escape(step["paper_title"] or "–"),
                style="bold green" if step["is_current"] else None,
            )
        parts.append(table)
    if len(parts) == 1:
        parts.append(Text("no history: no result with a date, a value and a known direction", style="dim"))
    return Group(*parts)


def leaders_table(rows: Sequence[Row]) -> Table:
    """The leader of each leaderboard, one line each."""
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("leaderboard", overflow="fold", ratio=2)
    table.add_column("metric", overflow="fold")
    table.add_column("best", justify="right", style="bold green")
    table.add_column("leader", overflow="fold", ratio=2)
    table.add_column("since", no_wrap=True)
    table.add_column("results", justify="right")
    for row, value in zip(rows, aligned([row["leader_value"] for row in rows]), strict=True):
        table.add_row(
            escape(f"{row['task']} on {row['dataset']}"),
            escape(f"{row['metric']} {ARROWS[row['higher_is_better']]}"),
            value,
            escape(row["leader"] or "–") + (_mark("suspect") if row["leader_suspect"] else ""),
            cell(row["sota_since"]) or "–",
            cell(row["results"]),
        )
    return table


def console(stderr: bool = False, width: int | None = None) -> Console:
    """A terminal; where the output is a file or a pipe, lines are wide enough not to be folded."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False, width=width)
    return made if made.is_terminal or width else Console(stderr=stderr, highlight=False, width=160)
