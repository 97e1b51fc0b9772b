"""What changed, as Markdown: a digest fit for a release note or a mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cli import tables
from cli.changes import (
    MOST,
    Ink,
    Row,
    board_name,
    by_leaderboard,
    counted,
    figures,
    first,
    marked,
    moved,
    new_leaderboards,
    once,
    period,
    subject,
    told,
)
from cli.markdown import link, plain

if TYPE_CHECKING:
    from warehouse.changes import Changes

PAGE = Ink(plain=plain, strong=lambda text: f"**{plain(text)}**")
TOP = 10
"""So many lines of one kind stand below a leaderboard; the rest is counted."""

SECTIONS = {
    "New state of the art": ("new_sota",),
    "State of the art lost": ("lost_sota",),
    "Directions changed": ("direction_changed",),
    "Corrections": ("corrected",),
    "Vanished and returned": ("leaderboard_vanished", "vanished", "leaderboard_returned", "returned"),
    "New leaderboards": ("new_leaderboard",),
    "New results": ("new_result",),
    "Rank moves": ("rank_moved",),
}
OWN = (
    "The sources said the same all the time; what follows comes of another vocabulary or another release of "
    "sotaduck, which reads them otherwise."
)
LICENCE = (
    "sotaduck compared what these sources showed and wrote the sentences around it; names and values are "
    "theirs. What comes from a source under CC BY-SA is under the same licence here."
)


def digest(found: Changes) -> str:
    """The whole digest, with a line end."""
    rows = once(found.rows)
    if not rows:
        return f"No leaderboard changes {plain(period(found))}.\n"
    theirs = [row for row in rows if row["cause"] == "source"]
    ours = [row for row in rows if row["cause"] != "source"]
    parts = [f"# Leaderboard changes {plain(period(found))}", f"{figures(rows)}."]
    parts += _sections(theirs, "##", found.marks)
    if ours:
        parts += ["## Our own changes", OWN, *_sections(ours, "###", found.marks)]
    parts += ["## Sources", "\n".join(_source(source) for source in found.sources), LICENCE]
    return "\n\n".join(parts) + "\n"


def _sections(rows: Sequence[Row], level: str, marks: Mapping[str, str]) -> Iterator[str]:
    for title, kinds in SECTIONS.items():
        groups = by_leaderboard(row for row in rows if row["kind"] in kinds)
        if not groups:
            continue
        yield f"{level} {title}"
        if kinds == ("new_sota",):
            yield _cut([_record(row, marks) for group in groups for row in group])
        elif kinds == ("new_leaderboard",):
            yield _cut([_new_leaderboard(row) for row in new_leaderboards(rows)])
        elif kinds == ("new_result",):
            yield from _new_results(groups, marks)
        elif kinds == ("rank_moved",):
            yield _cut([_moves(group) for group in groups])
        else:
            yield _cut([_listed(group, marks) for group in groups])


def _cut(items: Sequence[str]) -> str:
    shown, more = first(items, MOST)
    return "\n".join(f"- {item}" for item in (*shown, more) if item)


def _record(row: Row, marks: Mapping[str, str]) -> str:
    reached = f"{PAGE.strong(row['model'])} reaches {_value(row)} on {board_name(row, plain)}"
    paper = _paper(row)
    return f"{reached}: {told(row, PAGE)}.{f' Paper: {paper}' if paper else ''}{_mark(row, marks)}"


def _new_leaderboard(row: Row) -> str:
    return f"**{board_name(row, plain)}**: {told(row, PAGE)}"


def _moves(group: Sequence[Row]) -> str:
    return f"{board_name(group[0], plain)}: {counted('rank_moved', len(group))}, {moved(group, PAGE)}"


def _listed(group: Sequence[Row], marks: Mapping[str, str]) -> str:
    """A leaderboard and its changes, one line each below it; where there is one, it is on the same line."""
    lines, more = first([f"{_change(row)}{_mark(row, marks)}" for row in group], TOP)
    name = board_name(group[0], plain)
    if len(group) == 1:
        return f"{name}: {lines[0]}"
    return "\n".join([name, *(f"  - {line}" for line in (*lines, more) if line)])


def _change(row: Row) -> str:
    """`**Model** (90.3): value 90.1 → 90.3`; of a leaderboard, the words alone."""
    model, _, _ = subject(row)
    return told(row, PAGE) if model is None else f"{PAGE.strong(model)} ({_value(row)}): {told(row, PAGE)}"


def _new_results(groups: Sequence[Sequence[Row]], marks: Mapping[str, str]) -> Iterator[str]:
    """A table a leaderboard, best ranks first."""
    shown, more = first(groups, MOST)
    for group in shown:
        best, others = first(group, TOP)
        yield f"**{board_name(group[0], plain)}**"
        head = (f"| rank | {plain(group[0]['metric'] or 'value')} | model | paper |", "|---:|---:|---|---|")
        yield "\n".join([*head, *(_result(row, marks) for row in best)])
        if others:
            yield others
    if more:
        yield f"{more} leaderboards with new results"


def _result(row: Row, marks: Mapping[str, str]) -> str:
    model = f"{plain(row['model'])}{_mark(row, marks)}"
    return f"| {row['new_rank'] or '–'} | {_value(row)} | {model} | {_paper(row) or '–'} |"


def _value(row: Row) -> str:
    """The number; where there is none, the text that was published."""
    _, value, text = subject(row)
    return plain(text) if value is None and text else tables.number(value)


def _paper(row: Row) -> str:
    """A link to the paper, or its title where there is no address; nothing where neither is known."""
    known = row["paper_title"] or row["paper_url"]
    return link(plain(row["paper_title"] or "paper"), row["paper_url"]) if known else ""


def _mark(row: Row, marks: Mapping[str, str]) -> str:
    words = marked(row, marks)
    return f" *({words})*" if words else ""


def _source(source: Row) -> str:
    title = link(plain(source["title"]), source["address"])
    licence = link(plain(source["licence"]), source["licence_url"])
    return f"- {title}: {plain(source['attribution'].rstrip('.'))}. Licence: {licence}"
