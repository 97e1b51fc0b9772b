"""A short year, loaded in every order: one content, and at each week what an independent reconstruction says.

The whole year of 52 weeks runs with `python -m benchmarks --year`.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from flows.accept import accept
from flows.run import silent
from flows.snapshots import snapshot
from sotaduck.config import Config
from tests.year.checks import (
    OF_RUNS,
    Machine,
    Shown,
    expected,
    expected_changes,
    in_words,
    told,
    told_changes,
)
from tests.year.facts import BoardPage, Capture, Week
from tests.year.oracle import Answer, answers, at_end_of_weeks, changes
from tests.year.world import make, write
from warehouse.export import export

WEEKS = 6
EVERY_KIND = {
    "new_leaderboard", "leaderboard_vanished", "leaderboard_returned", "new_sota", "lost_sota", "new_result",
    "vanished", "returned", "rank_moved", "corrected value", "corrected date", "corrected extra_data",
    "corrected paper", "corrected model",
}  # fmt: skip


@pytest.fixture(scope="module")
def year() -> list[Week]:
    return make(WEEKS, few=True)


@pytest.fixture(scope="module")
def known(year: list[Week]) -> list[Answer]:
    return list(answers(year))


@pytest.fixture(scope="module")
def at_once(year: list[Week], tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine that took in the whole year in one run."""
    machine = Machine(tmp_path_factory.mktemp("at_once"))
    machine.load(year)
    return machine


@pytest.fixture(scope="module")
def content(at_once: Machine) -> dict[str, list[str]]:
    """All that it shows."""
    return at_once.content()


@pytest.fixture(scope="module")
def past(at_once: Machine, year: list[Week]) -> dict[int, Shown]:
    """What it shows as of the end of each week."""
    with at_once.reading():
        return {week.number: at_once.shown(week.end) for week in year}


OF_THE_WEEK = 3
"""The week whose snapshot is made when it is over."""


class InOrder:
    """A machine that took in week after week, and what its views showed after some of them."""

    def __init__(self, machine: Machine, year: list[Week]) -> None:
        self.machine = machine
        self.shown: dict[int, Shown] = {}
        for weeks in (year[:2], year[2:4], year[4:]):
            machine.load(weeks)
            with machine.reading():
                self.shown[weeks[-1].number] = machine.shown()
            if weeks[-1].number == OF_THE_WEEK:
                self.snapshot = export(machine.config.warehouse, machine.folder / "snapshot").folder


@pytest.fixture(scope="module")
def in_order(year: list[Week], tmp_path_factory: pytest.TempPathFactory) -> InOrder:
    return InOrder(Machine(tmp_path_factory.mktemp("in_order")), year)


# ---------------------------------------------------------------- the generator


def test_the_same_year_is_made_each_time_and_another_seed_makes_another(tmp_path: Path) -> None:
    files = []
    for name, seed in (("one", 9), ("again", 9), ("other", 10)):
        (folder := tmp_path / name).mkdir()
        files.append([write(week, folder).read_bytes() for week in make(WEEKS, few=True, seed=seed)])
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_the_short_year_has_every_kind_of_change_and_unchanged_pages(
    year: list[Week], known: list[Answer]
) -> None:
    kinds = Counter(" ".join(filter(None, (one.kind, one.field))) for one in changes(known))
    assert set(kinds) == EVERY_KIND
    pages = [(capture.url, capture.body) for week in year for capture in week.captures]
    assert len(set(pages)) < 0.75 * len(pages)
    assert any(capture.status == 404 for week in year for capture in week.captures)


# ---------------------------------------------------------------- what is known


def test_what_is_loaded_in_order_shows_what_the_oracle_says(in_order: InOrder, known: list[Answer]) -> None:
    ends = at_end_of_weeks(known)
    for week, shown in in_order.shown.items():
        assert told(shown) == expected(ends[week]), f"week {week}"


def test_as_of_each_week_is_what_the_oracle_says(past: dict[int, Shown], known: list[Answer]) -> None:
    ends = at_end_of_weeks(known)
    assert past.keys() == ends.keys()
    for week, shown in past.items():
        assert told(shown) == expected(ends[week]), f"week {week}"


def test_as_of_is_column_by_column_what_a_warehouse_of_then_shows(
    past: dict[int, Shown], in_order: InOrder
) -> None:
    for week, shown in in_order.shown.items():
        assert in_words(past[week]) == in_words(shown), f"week {week}"


def test_as_of_a_time_before_the_first_capture_shows_nothing(at_once: Machine, year: list[Week]) -> None:
    with at_once.reading():
        shown = at_once.shown(year[0].captures[0].at - timedelta(seconds=1))
    assert all(rows == [] for rows in shown.values())


def test_a_snapshot_as_of_a_week_is_byte_by_byte_the_one_made_then(
    at_once: Machine, in_order: InOrder, year: list[Week], tmp_path: Path
) -> None:
    late = snapshot(at_once.config, tmp_path / "late", as_of=year[OF_THE_WEEK].end).folder
    tables = {file.name for file in late.glob("*.csv")} - {f"{name}.csv" for name in OF_RUNS}
    assert {"ranked_results.csv", "sota_history.csv", "leaderboards.csv", "papers.csv"} <= tables
    assert tables == {file.name for file in in_order.snapshot.glob("*.csv")} - {
        f"{name}.csv" for name in OF_RUNS
    }
    assert [name for name in sorted(tables) if _bytes(late, name) != _bytes(in_order.snapshot, name)] == []


def _bytes(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def test_changes_are_what_the_oracle_says(at_once: Machine, known: list[Answer]) -> None:
    with at_once.reading():
        ours = Counter(told_changes(at_once))
    theirs = Counter(expected_changes(changes(known)))
    assert sorted((ours - theirs).elements(), key=repr) == []
    assert sorted((theirs - ours).elements(), key=repr) == []


# ---------------------------------------------------------------- any order, one content


def test_week_after_week_gives_the_content_of_all_at_once(
    content: dict[str, list[str]], in_order: InOrder
) -> None:
    assert in_order.machine.content() == content


def test_weeks_in_another_order_give_the_same_content(
    content: dict[str, list[str]], year: list[Week], tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    for weeks in ((1,), (5, 0), (4, 3, 2)):
        machine.load(year[week] for week in weeks)
    assert machine.content() == content


def test_two_machines_with_half_the_year_each_give_the_same_content(
    content: dict[str, list[str]], year: list[Week], tmp_path: Path
) -> None:
    one, other = Machine(tmp_path / "one"), Machine(tmp_path / "other")
    one.load(year[1::2])
    other.load(year[::2])
    one.ingest(other.config.archive)
    assert one.content() == content


def test_a_week_that_is_loaded_again_changes_nothing(
    content: dict[str, list[str]], in_order: InOrder, year: list[Week]
) -> None:
    size = _archive_size(in_order.machine)
    in_order.machine.load([year[2]])
    assert in_order.machine.content() == content
    assert _archive_size(in_order.machine) == size


def _archive_size(machine: Machine) -> int:
    return sum(file.stat().st_size for file in machine.config.archive.glob("*.warc.gz"))


# ---------------------------------------------------------------- what is held back, and accepted


def _is_small(capture: Capture) -> bool:
    """The page that stays small until somebody accepts it."""
    says = capture.says
    return isinstance(says, BoardPage) and says.url.endswith("/54736") and len(says.rows) == 5


def test_a_board_that_stays_small_is_shown_when_somebody_accepts_it_and_not_before(
    at_once: Machine, year: list[Week], known: list[Answer], tmp_path: Path
) -> None:
    assert any(map(_is_small, (capture for week in year for capture in week.captures)))
    machine = Machine(Path(copytree(at_once.folder, tmp_path / "copy")))
    config = Config(warehouse=machine.config.warehouse, archive=machine.config.archive)
    done = accept(config, "sentiment-analysis/sst-5-fine-grained-classification/accuracy", silent)
    assert len(done.taken) == 1
    accepted = list(answers(year, _is_small))
    with machine.reading():
        assert told(machine.shown()) == expected(accepted[-1])
        # Nobody had looked yet at the year's end.
        assert told(machine.shown(year[-1].end)) == expected(known[-1])
