"""Every expectation: it passes what is right, and fails what is not, on exactly the rows that are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from expectations import frames
from expectations.run import Gate
from expectations.suites import SUITES
from expectations.views import in_common_order
from sotaduck.errors import ValidationStopped
from sotaduck.records import Normalised, RawBoard
from tests import checked_records as good
from transform.values import parse_value

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "expectations.md"


def raws(*boards: RawBoard) -> pd.DataFrame:
    return frames.raw_rows(boards)


def results(**first: object) -> pd.DataFrame:
    return frames.results(good.batch(**first), {"c1": good.CAPTURED})


def papers(**changes: object) -> pd.DataFrame:
    return frames.papers(Normalised(papers=(good.paper(**changes),)), {"c2": good.CAPTURED})


def boards(**changes: object) -> pd.DataFrame:
    batch = good.batch()
    return frames.boards(
        Normalised(boards=(good.board(**changes),), results=batch.results, quarantine=batch.quarantine)
    )


RIGHT: dict[str, Callable[[], pd.DataFrame]] = {
    "raw_rows": lambda: raws(good.RAW),
    "results": results,
    "papers": papers,
    "boards": boards,
    "ranked_results": good.ranked,
    "sota_history": good.history,
    "badges": good.badges,
    "leaderboards": good.leaders,
    "loaded": good.counts,
}

LATE = date(2026, 11, 22)  # The capture is of 20 November, 23:30 UTC: the 21st has begun in the east.
EARLY = date(1949, 12, 31)

# (expectation, a frame that breaks it, how many rows do; the others that the same fault breaks)
WRONG: list[tuple[str, Callable[[], pd.DataFrame], int, tuple[str, ...]]] = [
    ("raw_model_named", lambda: raws(good.raw(1, model=" \n")), 1, ()),
    ("raw_model_named", lambda: raws(good.raw(1, model="-")), 1, ()),
    ("raw_positions_complete", lambda: raws(good.raw(1, position=1)), 2, ()),
    ("raw_positions_complete", lambda: raws(good.raw(2, position=4)), 1, ()),
    ("raw_positions_complete", lambda: raws(good.raw(0, position=0)), 1, ()),
    ("raw_cells_fit_metrics", lambda: raws(good.raw(1, values=("79.8", "1"))), 1, ()),
    ("raw_cells_fit_metrics", lambda: raws(good.raw(1, values=())), 1, ()),
    (
        "raw_board_has_metrics",
        lambda: raws(good.raw(metrics=(), rows=(good.raw_row(values=()),))),
        1,
        (),
    ),
    ("raw_rank_positive", lambda: raws(good.raw(0, rank=0)), 1, ()),
    ("raw_rank_in_order", lambda: raws(good.raw(0, rank=3)), 1, ()),
    ("raw_date_iso", lambda: raws(good.raw(1, date="10 Aug 2018")), 1, ()),
    ("raw_date_iso", lambda: raws(good.raw(1, date="2018-02-30")), 1, ()),
    ("raw_paper_date_iso", lambda: raws(good.raw(1, paper_date="2018")), 1, ()),
    ("raw_paper_url_absolute", lambda: raws(good.raw(1, paper_url="/paper/3")), 1, ()),
    ("raw_badge_dated", lambda: raws(good.raw(1, date=None)), 1, ()),
    ("result_id_unique", lambda: results(result_id="r2"), 2, ()),
    ("result_leaderboard_id_slugs", lambda: results(leaderboard_id="task/data set/miou"), 1, ()),
    ("result_leaderboard_id_slugs", lambda: results(leaderboard_id="task/dataset"), 1, ()),
    ("result_leaderboard_id_slugs", lambda: results(leaderboard_id="task//miou"), 1, ()),
    ("result_leaderboard_id_slugs", lambda: results(leaderboard_id="Task/dataset/miou"), 1, ()),
    ("result_board_known", lambda: results(board_id="b9"), 1, ()),
    ("result_text_kept", lambda: results(value_text=" "), 1, ()),
    ("result_value_or_reason", lambda: results(value_reason="not_a_number"), 1, ()),
    ("result_value_or_reason", lambda: results(value=None), 1, ()),
    (
        "result_value_finite",
        lambda: results(value=float("nan"), value_text="NaN"),
        1,
        ("result_within_bounds",),
    ),
    (
        "result_value_finite",
        lambda: results(value=float("inf"), value_text="inf"),
        1,
        ("result_within_bounds",),
    ),
    ("result_zero_said", lambda: results(value=0.0, value_text="-"), 1, ()),
    ("result_zero_said", lambda: results(value=0.0, value_text="0. 8132"), 1, ()),
    ("result_scale_flagged", lambda: results(value=61.2, value_text="0.612"), 1, ()),
    ("result_scale_flagged", lambda: results(value=0.612, value_text="61.2%"), 1, ()),
    (
        "result_scale_flagged",
        lambda: results(value=0.612, value_text="0.612", value_flags=("rescaled_x100",)),
        1,
        (),
    ),
    ("result_within_bounds", lambda: results(value=100.5, value_text="100.5"), 1, ()),
    ("result_within_bounds", lambda: results(value=-0.5, value_text="-0.5"), 1, ()),
    ("result_uncertainty_positive", lambda: results(uncertainty=-0.1), 1, ()),
    ("result_date_source_known", lambda: results(date_source="guess"), 1, ()),
    ("result_date_not_ahead", lambda: results(result_date=LATE), 1, ()),
    ("result_date_not_early", lambda: results(result_date=EARLY), 1, ()),
    ("result_paper_date_not_ahead", lambda: results(paper_date=LATE), 1, ()),
    ("result_paper_date_not_early", lambda: results(paper_date=EARLY), 1, ()),
    ("paper_id_scheme", lambda: papers(paper_id="2004.02307"), 1, ()),
    (
        "paper_described_once",
        lambda: frames.papers(Normalised(papers=(good.paper(), good.paper(url="https://example.org/4"))), {}),
        2,
        (),
    ),
    ("paper_titled", lambda: papers(title=" … "), 1, ()),
    ("paper_arxiv_id_form", lambda: papers(arxiv_id="2004.02307v2"), 1, ()),
    ("paper_arxiv_id_form", lambda: papers(arxiv_id="2013.02307"), 1, ()),
    ("paper_doi_form", lambda: papers(doi="https://doi.org/10.1007/x"), 1, ()),
    ("paper_date_not_ahead", lambda: papers(published=LATE, updated=None), 1, ()),
    ("paper_date_not_early", lambda: papers(published=EARLY), 1, ()),
    ("paper_not_updated_before_published", lambda: papers(updated=date(2020, 4, 4)), 1, ()),
    ("paper_venue_year_sane", lambda: papers(venue_year=202), 1, ()),
    ("paper_venue_month_sane", lambda: papers(venue_month=13), 1, ()),
    ("board_cells_accounted", lambda: boards(cells_in=4), 1, ()),
    (
        "board_counts_positive",
        lambda: boards(cells_duplicate=-1, cells_in=2),
        1,
        (),
    ),
    (
        "board_loaded_are_results",
        lambda: boards(cells_loaded=1, cells_duplicate=1),
        1,
        (),
    ),
    (
        "board_quarantined_are_listed",
        lambda: boards(cells_quarantined=0, cells_duplicate=1),
        1,
        (),
    ),
    ("board_leaderboard_id_slugs", lambda: boards(leaderboard_id="a/b"), 1, ()),
    ("board_metric_kind_known", lambda: boards(metric_kind="good"), 1, ()),
    ("board_metric_kind_given", lambda: boards(metric_kind=None), 1, ()),
    ("board_direction_source_known", lambda: boards(direction_source="order"), 1, ()),
    ("board_direction_declared", lambda: boards(direction_source=None), 1, ()),
    ("board_direction_declared", lambda: boards(higher_is_better=None), 1, ("board_direction_known",)),
    ("board_bounds_in_order", lambda: boards(lower_bound=100.0, upper_bound=0.0), 1, ()),
    ("board_direction_known", lambda: boards(higher_is_better=None, direction_source=None), 1, ()),
    (
        "rank_has_value_and_direction",
        lambda: good.ranked(rank=[1, 2, 2, 4, 5]),
        1,
        (),
    ),
    (
        "rank_has_value_and_direction",
        lambda: good.ranked(higher_is_better=[None] * 5),
        4,
        (),
    ),
    ("rank_counts_better", lambda: good.ranked(rank=[1, 3, 2, 4, None]), 1, ()),
    ("rank_counts_better", lambda: good.ranked(higher_is_better=[False] * 5), 2, ()),
    ("rank_fits_published_order", lambda: good.ranked(source_rank=[4, 1, 2, 3, 5]), 1, ()),
    ("sota_steps_numbered", lambda: good.history(step=[2, 3, 3]), 1, ()),
    ("sota_steps_numbered", lambda: good.history(step=[1, 3, 3]), 1, ()),
    (
        "sota_dates_rise",
        lambda: good.history(sota_date=[date(2019, 11, 22)] * 3),
        1,
        (),
    ),
    (
        "sota_dates_rise",
        lambda: good.history(sota_date=[None, date(2019, 11, 22), date(2019, 11, 22)]),
        2,
        (),
    ),
    ("sota_values_improve", lambda: good.history(value=[40.0, 40.0, 40.0]), 1, ()),
    ("sota_values_improve", lambda: good.history(value=[39.0, 40.0, 40.0]), 1, ()),
    ("sota_values_improve", lambda: good.history(higher_is_better=[True] * 3), 1, ()),
    ("sota_fits_badges", lambda: good.badges(source_sota=[False, True, True, None]), 3, ()),
    ("leaderboard_leader_ranks_first", lambda: good.leaders(leader=["C", "C", None]), 2, ()),
    ("leaderboard_leader_ranks_first", lambda: good.leaders(leader=["A", "A", "Z"]), 1, ()),
    ("leaderboard_leader_ranks_first", lambda: good.leaders(leader=[None, None, None]), 2, ()),
    ("leaderboard_leader_value_ranks_first", lambda: good.leaders(value=[90.0, 91.0, None]), 1, ()),
    ("loaded_rows_are_visible", lambda: good.counts(in_view=[2, 1]), 1, ()),
    ("board_shown_as_seen", lambda: good.counts(is_newest=[True, False]), 1, ()),
]


def level_of(name: str) -> str:
    return next(one.level for suite in SUITES.values() for one in suite().expectations if one.name == name)


def suite_of(name: str) -> str:
    return next(key for key, suite in SUITES.items() if any(one.name == name for one in suite().expectations))


@pytest.mark.parametrize("suite", SUITES)
def test_what_is_right_passes(suite: str) -> None:
    outcome = Gate(None).check(suite, RIGHT[suite]())
    assert [check for check in outcome.checks if not check.success] == []
    assert {check.expectation for check in outcome.checks} == {
        one.name for one in SUITES[suite]().expectations
    }
    assert outcome.rejected == ()


@pytest.mark.parametrize("suite", SUITES)
def test_no_rows_are_no_fault(suite: str) -> None:
    outcome = Gate(None).check(suite, RIGHT[suite]().iloc[:0])
    assert all(check.success and check.checked == 0 for check in outcome.checks)


def test_no_records_make_a_frame_with_all_its_columns() -> None:
    nothing = Normalised()
    made = (frames.raw_rows(()), frames.results(nothing), frames.papers(nothing), frames.boards(nothing))
    for empty, suite in zip(made, ("raw_rows", "results", "papers", "boards"), strict=True):
        assert list(empty.columns) == list(RIGHT[suite]().columns)
        assert Gate(None).check(suite, empty).rejected == ()


@pytest.mark.parametrize(
    ("name", "frame", "rows", "others"), WRONG, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(WRONG)]
)
def test_what_is_wrong_fails(
    name: str, frame: Callable[[], pd.DataFrame], rows: int, others: tuple[str, ...]
) -> None:
    gate = Gate(None)
    if level_of(name) == "critical":
        with pytest.raises(ValidationStopped, match=name):
            gate.check(suite_of(name), frame())
    else:
        gate.check(suite_of(name), frame())
    failed = {check.expectation: check.unexpected for check in gate.checks if not check.success}
    assert failed.pop(name) == rows
    assert set(failed) == set(others)


def test_every_expectation_is_seen_to_fail() -> None:
    declared = {one.name for suite in SUITES.values() for one in suite().expectations}
    assert declared == {name for name, *_ in WRONG}


def test_names_are_unique_and_words_are_whole() -> None:
    declared = [one for suite in SUITES.values() for one in suite().expectations]
    assert len({one.name for one in declared}) == len(declared)
    for one in declared:
        assert one.says and not one.says.endswith(".") and one.action.endswith(".")
        assert (one.level == "quarantine") == bool(one.field and one.reason)


def test_the_document_lists_every_expectation_with_its_level_and_words() -> None:
    row = re.compile(r"^\| `(\w+)` \| (\w+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
    written = {
        section.split("`", 2)[1]: row.findall(section)
        for section in DOCUMENT.read_text(encoding="utf-8").split("\n## ")
        if section.startswith("`")
    }
    assert written == {
        name: [(one.name, one.level, one.says, one.action) for one in suite().expectations]
        for name, suite in SUITES.items()
    }


def test_a_board_that_is_a_part_may_have_gaps_but_no_repeats() -> None:
    part = good.raw(2, position=9)
    gap = RawBoard(**{name: getattr(part, name) for name in part.__slots__} | {"partial": "cut after 9 rows"})
    assert frames.raw_rows([gap])["position_fits"].tolist() == [True, True, True]
    assert frames.raw_rows([part])["position_fits"].tolist() == [True, True, False]


def test_boards_of_one_batch_count_their_rows_apart() -> None:
    assert frames.raw_rows([good.RAW, good.RAW])["position_fits"].all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", True), ("0.0", True), ("0.00%", True), ("-0", True), ("~0*", True), (".0", True), ("0,0", True),
        ("0 ± 0.1", True), ("0.0 (3090)", True), ("٠", True), ("0²", True), ("0e5", True), ("0 . 0", True),
        ("-", False), ("", False), ("zero", False), ("O.753", False), ("0. 8132", False), ("0 .5", False),
        ("1e-400", False), ("10", False), ("0.001", False), ("100 (0 with BT)", False), ("5 ± 0", False),
    ],
)  # fmt: skip
def test_a_text_says_zero_where_its_number_has_no_other_digit(text: str, said: bool) -> None:
    assert frames.says_zero(good.result(value=0.0, value_text=text)) is said


def test_no_zero_that_the_value_grammar_reads_is_refused() -> None:
    """The check must not stop a run for a cell that the transform reads rightly."""
    random = Random(7)
    texts = ("".join(random.choices("000.1,%±()~ -+*eE²٠", k=random.randint(1, 7))) for _ in range(20_000))
    zeros = [value for value in map(parse_value, texts) if value.number == 0]
    assert len(zeros) > 100
    for value in zeros:
        result = good.result(value=0.0, value_text=value.text, components=value.components)
        assert frames.says_zero(result), value


def test_a_zero_among_several_numbers_is_said() -> None:
    assert frames.says_zero(good.result(value=0.0, value_text="35.0 / 0.0", components=(35.0, 0.0)))


def test_a_date_is_held_against_its_capture_and_not_against_the_day_of_a_replay() -> None:
    batch = good.batch(result_date=date(2026, 11, 21), paper_date=LATE)
    frame = frames.results(batch, {"c1": good.CAPTURED})
    assert frame["result_date_not_ahead"].tolist()[0] is True
    assert frame["paper_date_not_ahead"].tolist()[0] is False


def test_the_fewest_rows_are_out_of_order() -> None:
    assert in_common_order([]) == []
    assert in_common_order([1, 2, 2, 4]) == [True] * 4
    assert in_common_order([30, 1, 2, 3]) == [False, True, True, True]
    assert in_common_order([1, 2, 3, 0]) == [True, True, True, False]
    assert sum(in_common_order([4, 3, 2, 1])) == 1


def test_a_page_is_ordered_by_the_metric_that_fits_best() -> None:
    """Two metrics of one page, ordered by the first: the second is no fault of the page."""
    first = good.ranked()
    second = good.ranked(
        leaderboard_id=["other/board/time"] * 5, rank=[4, 3, 2, 1, None], value=[9.0, 8.0, 7.0, 6.0, None],
        higher_is_better=[False] * 5,
    )  # fmt: skip
    gate = Gate(None)
    gate.check("ranked_results", pd.concat([second, first]))
    assert all(check.success for check in gate.checks)


def test_boards_without_ranks_have_no_order_to_fit() -> None:
    gate = Gate(None)
    gate.check("ranked_results", good.ranked(higher_is_better=[None] * 5, rank=[None] * 5))
    assert all(check.success for check in gate.checks)
