"""A year of weekly captures of real leaderboards (tests/year): what a week costs, and whether all is right.

The weeks are loaded in order, one run each. Then the same year is loaded in other ways, and every answer is
held against that of the independent reconstruction; the last table says how many rows differ: none may.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.year.checks import Machine, expected, expected_changes, in_words, told, told_changes
from tests.year.facts import Week
from tests.year.oracle import answers, at_end_of_weeks, changes
from tests.year.world import make

WEEKS = 52
SHOWN = 4
"""Each so-manieth week has a row in the table."""

HEAD = ("week", "captures", "of them new", "s", "CPU s", "warehouse MB", "archive MB", "changes so far")
TREND = ("part of the year", "s a week", "CPU s a week", "MB of warehouse a week", "kB of archive a week")
CHECKED = ("what is held against what", "compared", "differ")


@dataclass(frozen=True, slots=True)
class Load:
    """One week's run. Seconds on the clock and of the processor; sizes in bytes, after the run.

    Attributes:
        new: captures whose page said something that it had not said the week before.
        changes: rows of the view `changes`.
    """

    week: int
    captures: int
    new: int
    seconds: float
    cpu: float
    warehouse: int
    archive: int
    changes: int


@dataclass(frozen=True, slots=True)
class Check:
    """Rows of two sides: how many there are, and how many only one of them has."""

    what: str
    compared: int
    differ: int


def measured(
    weeks: int = WEEKS, few: bool = False, say: Callable[[str], None] = lambda text: None
) -> tuple[list[Load], list[Check]]:
    """Load a year in order, then in the other ways, and compare.

    Args:
        few: the short list of pages.
        say: told what is being done; a year takes many minutes.
    """
    year = make(weeks, few=few)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        loads, early, in_order = _in_order(home / "in order", year, say)
        checks = list(_checks(home, year, in_order, early, say))
    return loads, checks


Content = dict[str, list[str]]


def _in_order(
    folder: Path, year: Sequence[Week], say: Callable[[str], None]
) -> tuple[list[Load], dict[int, Content], Machine]:
    """A run a week; what the views show at the end of each quarter."""
    machine, loads, early = Machine(folder), [], {}
    before: set[tuple[str, bytes]] = set()
    for week in year:
        begun, cpu = time.perf_counter(), time.process_time()
        machine.load([week])
        spent, cpu = time.perf_counter() - begun, time.process_time() - cpu
        pages = {(capture.url, capture.body) for capture in week.captures}
        with machine.reading():
            ((known,),) = machine.ask("select count(*) from changes")
            if (week.number + 1) % max(1, len(year) // 4) == 0:
                early[week.number] = in_words(machine.shown())
        loads.append(
            Load(
                week.number, len(week.captures), len(pages - before), spent, cpu,
                machine.config.warehouse.stat().st_size, _size(machine.config.archive.glob("*")), known,
            )
        )  # fmt: skip
        before = pages
        say(f"week {week.number}: {spent:.1f} s")
    return loads, early, machine


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _checks(
    home: Path, year: Sequence[Week], in_order: Machine, early: dict[int, Content], say: Callable[[str], None]
) -> Iterable[Check]:
    known = list(answers(year))
    ends = at_end_of_weeks(known)
    found: Counter[str] = Counter()
    compared = 0
    pairs: list[tuple[Content, Content]] = []
    with in_order.reading():
        for week in year:
            say(f"as of week {week.number}")
            shown = in_order.shown(week.end)
            ours, theirs = told(shown), expected(ends[week.number])
            if week.number in early:
                pairs.append((in_words(shown), early[week.number]))
            compared += sum(map(len, theirs.values()))
            found["oracle"] += sum(_differ(ours[name], theirs[name]) for name in theirs)
        yield Check("as of the end of each week: the oracle", compared, found["oracle"])
        rows = expected_changes(changes(known))
        yield Check("changes: the oracle's", len(rows), _differ(told_changes(in_order), rows))
        yield _contents("as of each quarter: the views at that time", pairs)
    content = in_order.content()
    for what, load in (
        ("all weeks in one run: a week at a time", _at_once),
        ("weeks in any order, a run each: in order", _shuffled),
        ("two machines with half the weeks each, joined: one machine", _joined),
    ):
        say(what)
        machine = load(home / what.partition(":")[0], year)
        yield _contents(what, [(machine.content(), content)])
    say("a week again")
    in_order.load([year[len(year) // 2]])
    yield _contents("a week loaded again: as it was", [(in_order.content(), content)])


def _differ(ours: Sequence[object], theirs: Sequence[object]) -> int:
    one, other = Counter(map(repr, ours)), Counter(map(repr, theirs))
    return (one - other).total() + (other - one).total()


def _contents(what: str, pairs: Sequence[tuple[Content, Content]]) -> Check:
    compared = sum(len(rows) for _, theirs in pairs for rows in theirs.values())
    differ = sum(_differ(ours.get(name, []), rows) for ours, theirs in pairs for name, rows in theirs.items())
    return Check(what, compared, differ)


def _at_once(folder: Path, year: Sequence[Week]) -> Machine:
    machine = Machine(folder)
    machine.load(year)
    return machine


def _shuffled(folder: Path, year: Sequence[Week]) -> Machine:
    machine, weeks = Machine(folder), list(year)
    random.Random(1).shuffle(weeks)
    for week in weeks:
        machine.load([week])
    return machine


def _joined(folder: Path, year: Sequence[Week]) -> Machine:
    one, other = _at_once(folder / "one", year[1::2]), _at_once(folder / "other", year[::2])
    one.ingest(other.config.archive)
    return one


# ---------------------------------------------------------------- tables


def rows(loads: Sequence[Load]) -> list[tuple[object, ...]]:
    """The rows of a table with HEAD."""
    return [
        (
            f"{one.week}", one.captures, one.new, one.seconds, one.cpu, one.warehouse / 1e6,
            one.archive / 1e6, one.changes,
        )
        for one in loads
        if one.week % SHOWN == 0 or one is loads[-1]
    ]  # fmt: skip


def trend(loads: Sequence[Load]) -> list[tuple[object, ...]]:
    """The rows of a table with TREND, a quarter each; of time the median, of sizes the growth."""
    quarter = max(1, len(loads) // 4)
    found = []
    for begin in range(quarter, len(loads), quarter):
        part, before = loads[begin : begin + quarter], loads[begin - 1]
        if len(part) == quarter:
            found.append(
                (
                    f"weeks {part[0].week} to {part[-1].week}",
                    median(one.seconds for one in part),
                    median(one.cpu for one in part),
                    (part[-1].warehouse - before.warehouse) / 1e6 / quarter,
                    (part[-1].archive - before.archive) / 1e3 / quarter,
                )
            )
    first = loads[1:quarter] or loads[:1]
    head = (
        f"weeks {first[0].week} to {first[-1].week}",
        median(one.seconds for one in first),
        median(one.cpu for one in first),
        (first[-1].warehouse - loads[0].warehouse) / 1e6 / len(first),
        (first[-1].archive - loads[0].archive) / 1e3 / len(first),
    )
    return [head, *found]


def checked(checks: Sequence[Check]) -> list[tuple[object, ...]]:
    """The rows of a table with CHECKED."""
    return [(one.what, one.compared, one.differ) for one in checks]
