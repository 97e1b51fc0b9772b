"""What changed, for a person: the words that the table and the Markdown digest share, and the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli import tables
from cli.markdown import one_line

if TYPE_CHECKING:
    from warehouse.changes import Changes

Row = Mapping[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ink:
    """How scraped text is written, so that it stays text."""

    plain: Callable[[str], str]
    strong: Callable[[str], str]


NAMES = {
    "new_sota": ("new state of the art", "new states of the art"),
    "lost_sota": ("state of the art lost", "states of the art lost"),
    "direction_changed": ("direction changed", "directions changed"),
    "corrected": ("correction", "corrections"),
    "leaderboard_vanished": ("leaderboard vanished", "leaderboards vanished"),
    "vanished": ("result vanished", "results vanished"),
    "leaderboard_returned": ("leaderboard returned", "leaderboards returned"),
    "returned": ("result returned", "results returned"),
    "new_leaderboard": ("new leaderboard", "new leaderboards"),
    "new_result": ("new result", "new results"),
    "rank_moved": ("rank move", "rank moves"),
}
"""Kind → its name for one and for several; the most important first."""
ORDER = {kind: at for at, kind in enumerate(NAMES)}
SAID = {"true": "yes", "false": "no"}
CAUSES = {
    "source": "What the sources changed",
    "sotaduck": "What our own vocabulary or code changed, while the sources said the same",
}
VERBS = ("new_sota", "lost_sota")
"""Of these the words go on from the model's name; of others they stand behind a colon."""
MOST = 20
"""So many changes of one kind are shown of a leaderboard; the rest is counted."""


# ---------------------------------------------------------------- words


def counted(kind: str, number: int) -> str:
    """`1 new result`, `1,200 new results`."""
    return f"{number:,} {NAMES[kind][number != 1]}"


def figures(rows: Sequence[Row]) -> str:
    """All changes in one line: how many of each kind, on how many leaderboards."""
    kinds = [row["kind"] for row in rows]
    boards = len({row["leaderboard_id"] for row in rows})
    counts = [counted(kind, kinds.count(kind)) for kind in NAMES if kind in kinds]
    return f"{', '.join(counts)}, on {boards:,} leaderboard{'' if boards == 1 else 's'}"


def period(found: Changes) -> str:
    """`since run 20261124T072247Z-6c25 (2026-11-24 07:22 UTC)`, `from 2026-11-01 to 2026-12-01 UTC`."""
    if found.run_id and found.since:
        since = f"since run {one_line(found.run_id)} ({moment(found.since)} UTC)"
        return since + (f", up to {moment(found.until)} UTC" if found.until else "")
    until = found.until or found.known_until
    if found.since and until and until < found.since:
        until = None  # nothing was seen in the period
    begin = f"from {moment(found.since) if found.since else 'the beginning'}"
    return f"{begin} to {moment(until)} UTC" if until else f"{begin} UTC on"


def moment(when: datetime) -> str:
    """A time to the minute; midnight as its day."""
    return when.isoformat(sep=" ", timespec="minutes").removesuffix(" 00:00")


def board_name(row: Row, ink: Callable[[str], str]) -> str:
    """`Task / Dataset (metric ▲)`; of a leaderboard that is gone, its id."""
    if row["task"] is None:
        return ink(row["leaderboard_id"])
    arrow = tables.ARROWS[row["higher_is_better"]]
    return ink(f"{row['task']} / {row['dataset']} ({row['metric']} {arrow})")


def subject(row: Row) -> tuple[str | None, float | None, str]:
    """The model that a change is about, its value and the value's text: of a lost record, who held it."""
    if row["kind"] == "lost_sota":
        return row["previous_model"], row["previous_value"], ""
    return row["model"], row["value"], one_line(row["value_text"] or "")


def marked(row: Row, marks: Mapping[str, str]) -> str:
    """What there is to know beside that value: `extra data, suspect`, or nothing."""
    return marks.get(row["previous_result_id" if row["kind"] == "lost_sota" else "result_id"], "")


def told(row: Row, ink: Ink) -> str:
    """What happened, in words to stand behind the model, or behind the leaderboard where it is about that."""
    kind, model, record = row["kind"], row["model"], row["previous_model"]
    old, new = (_said(row["field"], row[name], ink) for name in ("old", "new"))
    if kind == "new_sota":
        text = "sets the first record"
        if record is not None:
            beaten, gain = _valued(record, row["previous_value"], ink), row["improvement"]
            text = f"beats {beaten} by {tables.number(gain)}" if gain else f"takes the lead from {beaten}"
    elif kind == "lost_sota":
        leader = "nobody does" if model is None else _valued(model, row["value"], ink)
        text = f"leads no more, now {leader}"
    elif kind == "corrected":
        text = f"{row['field'].replace('_', ' ')} {old} → {new}"
    elif kind == "direction_changed":
        text = f"{old} → {new}"
    elif kind == "vanished":
        text = f"no longer listed, was {_rank(row['old_rank'])}"
    elif kind == "returned":
        text = f"listed again, {_rank(row['new_rank'])}"
    elif kind == "leaderboard_returned":
        text = f"listed again, {ink.plain(row['detail'])}"
    elif kind == "new_result":
        text = _rank(row["new_rank"])
    elif kind == "rank_moved":
        text = f"{_rank(row['old_rank'])} → {row['new_rank'] or 'none'}"
    else:
        text = ink.plain(row["detail"])
    return text + (", among results without extra data" if row["track"] == "no_extra_data" else "")


def _said(field: str, text: str | None, ink: Ink) -> str:
    if text is None:
        return "not known"
    return ink.plain(SAID.get(text, text) if field == "extra_data" else text)


def _valued(model: str, value: float | None, ink: Ink) -> str:
    return f"{ink.plain(model)} ({tables.number(value)})"


def _rank(rank: int | None) -> str:
    return f"rank {rank}" if rank else "not ranked"


def moved(moves: Sequence[Row], ink: Ink) -> str:
    """The rank moves of a leaderboard: the result that moved furthest, or the only one."""
    row = min(moves, key=_distance)
    return f"{'furthest ' if len(moves) > 1 else ''}{ink.strong(row['model'])}: {told(row, ink)}"


def _distance(row: Row) -> tuple[int, int]:
    """The furthest first; of those that tie, the one that now stands highest."""
    old, new = row["old_rank"] or 0, row["new_rank"] or 0
    return -abs(new - old), new


# ---------------------------------------------------------------- what belongs together


def once(rows: Sequence[Row]) -> list[Row]:
    """The changes, without those of the track `no_extra_data` that say what the track `all` says too."""
    same = ("changed_at", "cause", "kind", "leaderboard_id", "result_id", "previous_result_id")
    said = {tuple(row[name] for name in same) for row in rows if row["track"] == "all"}
    return [
        row
        for row in rows
        if row["track"] != "no_extra_data" or tuple(row[name] for name in same) not in said
    ]


def by_leaderboard(rows: Iterable[Row]) -> list[list[Row]]:
    """The changes of each leaderboard, the most important first, in the leaderboard and among them."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=_importance):
        groups.setdefault(row["leaderboard_id"], []).append(row)
    return list(groups.values())


def _importance(row: Row) -> tuple[Any, ...]:
    kind, when, rank = row["kind"], row["changed_at"], row["new_rank"] or row["old_rank"]
    standing = (rank is None, rank)
    # Of what is new the best comes first, of all else the oldest.
    last = (standing, when) if kind == "new_result" else (when, standing)
    return ORDER[kind], row["leaderboard_id"], *last


def new_leaderboards(rows: Iterable[Row]) -> list[Row]:
    """The new leaderboards, the largest first."""
    begun = [row for row in rows if row["kind"] == "new_leaderboard"]
    return sorted(begun, key=lambda row: (-(row["results"] or 0), row["leaderboard_id"]))


def first(items: Sequence[Item], most: int) -> tuple[Sequence[Item], str]:
    """The first ones, and `and 23 more` where there are others."""
    return items[:most], f"and {len(items) - most:,} more" if len(items) > most else ""


# ---------------------------------------------------------------- the table

SCREEN = Ink(
    plain=lambda text: escape(one_line(text)), strong=lambda text: f"[bold]{escape(one_line(text))}[/bold]"
)


@dataclass(frozen=True, slots=True)
class _Line:
    changed_at: datetime | None
    label: str
    value: float | None
    text: str
    what: str


def table(found: Changes) -> RenderableType:
    """The changes by leaderboard, what the sources changed first, then what we did."""
    rows = once(found.rows)
    if not rows:
        return _nothing(found)
    parts: list[RenderableType] = [Text(f"Changes {period(found)}", style="bold"), Text(figures(rows))]
    shown = hidden = 0
    for cause, title in CAUSES.items():
        chosen = [row for row in rows if row["cause"] == cause]
        if chosen:
            parts += [Text(""), Text(title, style="bold yellow")]
        for heading, group in _groups(chosen):
            if shown >= tables.MOST_ROWS:
                hidden += len(group)
                continue
            lines = _lines(group, found.marks)
            shown += len(lines)
            parts += [Text(""), Text(heading, style="bold cyan"), _grid(lines)]
    if hidden:
        parts.append(Text(f"… and {hidden:,} changes more; --format csv gives all", style="dim"))
    return Group(*parts)


def _nothing(found: Changes) -> Text:
    text = Text(f"No changes {period(found)}.")
    if found.latest:
        text.append(
            f" The last one is of {moment(found.latest)} UTC; --since takes a time, 7d, a run, or all."
        )
    return text


def _groups(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Headings and what stands below: each leaderboard with its changes, and the new ones together."""
    groups = by_leaderboard(row for row in rows if row["kind"] != "new_leaderboard")
    named = [(board_name(group[0], one_line), group) for group in groups]
    begun = new_leaderboards(rows)
    return [*named, ("New leaderboards", begun)] if begun else named


def _lines(group: Sequence[Row], marks: Mapping[str, str]) -> list[_Line]:
    """A line a change; rank moves are one, and each kind has its most."""
    lines = []
    for kind, names in NAMES.items():
        rows = [row for row in group if row["kind"] == kind]
        if kind == "rank_moved" and rows:
            lines.append(
                _Line(rows[-1]["changed_at"], counted(kind, len(rows)), None, "", moved(rows, SCREEN))
            )
            continue
        shown, more = first(rows, MOST)
        for row in shown:
            model, value, text = subject(row)
            if kind == "new_leaderboard":
                what = f"{SCREEN.strong(board_name(row, one_line))}: {told(row, SCREEN)}"
                lines.append(_Line(row["changed_at"], names[0], None, "", what))
            else:
                name = "" if model is None else SCREEN.strong(model) + (" " if kind in VERBS else ": ")
                what = name + told(row, SCREEN) + _mark(marked(row, marks))
                lines.append(_Line(row["changed_at"], names[0], value, text, what))
        if more:
            lines.append(_Line(None, "", None, "", f"[dim]… {more}[/dim]"))
    return lines


def _mark(words: str) -> str:
    return f" [yellow]{escape(f'[{words}]')}[/yellow]" if words else ""


def _grid(lines: Sequence[_Line]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim", width=len("2026-11-24"))
    grid.add_column(no_wrap=True, width=max(len(one) for one, _ in NAMES.values()))
    grid.add_column(no_wrap=True, max_width=16)
    grid.add_column(overflow="fold")
    numbers = tables.aligned([line.value for line in lines])
    width = max(6, *map(len, numbers))
    for line, number in zip(lines, numbers, strict=True):
        day = tables.cell(line.changed_at and line.changed_at.date())
        value = line.text if line.value is None else number
        # Padded here: a column that is justified right loses the blanks that align the decimal points.
        grid.add_row(day, line.label, escape(value.rjust(width)), line.what)
    return grid
