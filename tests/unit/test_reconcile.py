"""Results of several sources are one result by name and paper, or by paper and value; never by likeness."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sotaduck.records import Candidate
from transform.reconcile import reconcile

ROW = Candidate("a1", "t/d/m", "A", 1, 1, "efficientps", "arxiv:2004.02307", 82.1, 100.0)


def matched(*rows: Candidate) -> dict[str, tuple[str, str]]:
    return {result: (merged, rule) for result, merged, rule in reconcile(rows).matches}


def test_one_name_under_one_paper_is_one_result_even_where_the_values_differ() -> None:
    other = replace(ROW, result_id="b1", board_id="B", trust=2, value=82.9)
    assert matched(ROW, other) == {"a1": ("a1", "first"), "b1": ("a1", "model_and_paper")}


def test_one_paper_and_one_value_are_one_result_where_the_names_differ() -> None:
    other = replace(ROW, result_id="b1", board_id="B", trust=2, model_id="efficient-ps")
    assert matched(ROW, other)["b1"] == ("a1", "paper_and_value")


def test_a_like_name_with_another_value_stays_apart() -> None:
    other = replace(ROW, result_id="b1", board_id="B", trust=2, model_id="efficient-ps", value=82.2)
    assert matched(ROW, other) == {}


def test_without_a_paper_nothing_is_joined() -> None:
    row = replace(ROW, paper_id=None)
    assert matched(row, replace(row, result_id="b1", board_id="B")) == {}


def test_rows_of_one_board_are_never_joined() -> None:
    assert matched(ROW, replace(ROW, result_id="a2", position=2)) == {}


def test_a_name_that_stands_twice_is_told_apart_by_its_value() -> None:
    rows = [ROW, replace(ROW, result_id="a2", position=2, value=90.3)]
    others = [
        replace(rows[1], result_id="b1", board_id="B", trust=2),
        replace(rows[0], result_id="b2", board_id="B", trust=2),
    ]
    found = matched(*rows, *others)
    assert (found["b1"][0], found["b2"][0]) == ("a2", "a1")


def test_a_row_that_could_join_two_results_joins_none() -> None:
    rows = [ROW, replace(ROW, result_id="a2", position=2)]
    other = replace(ROW, result_id="b1", board_id="B", trust=2)
    assert matched(*rows, other) == {}


def test_leaderboards_do_not_mix() -> None:
    other = replace(ROW, result_id="b1", board_id="B", leaderboard_id="t/d/other")
    assert matched(ROW, other) == {}


def test_three_boards_are_one_result_by_different_rules() -> None:
    second = replace(ROW, result_id="b1", board_id="B", trust=2, model_id="eps")
    third = replace(second, result_id="c1", board_id="C", trust=3, value=82.0)
    assert matched(ROW, second, third) == {
        "a1": ("a1", "first"), "b1": ("a1", "paper_and_value"), "c1": ("a1", "model_and_paper"),
    }  # fmt: skip


def scale_boards(*pairs: tuple[float, float], upper: float = 1.0) -> list[Candidate]:
    ours = [replace(ROW, result_id=f"a{n}", model_id=f"m{n}", value=a) for n, (a, _) in enumerate(pairs)]
    theirs = [
        replace(ROW, result_id=f"b{n}", board_id="B", trust=2, model_id=f"m{n}", value=b, upper_bound=upper)
        for n, (_, b) in enumerate(pairs)
    ]
    return [*ours, *theirs]


def test_a_board_in_fractions_is_brought_to_the_percent_of_the_trusted_one() -> None:
    assert reconcile(scale_boards((82.1, 0.821), (75.0, 0.7504), upper=100.0)).factors == (("B", 100.0),)
    assert reconcile(scale_boards((0.5, 50.0), (0.25, 25.0))).factors == (("B", 0.01),)


def test_one_pair_alone_is_no_scale_unless_the_bounds_say_so_too() -> None:
    assert reconcile(scale_boards((82.1, 0.821), upper=100.0)).factors == ()
    assert reconcile(scale_boards((82.1, 0.821), upper=1.0)).factors == (("B", 100.0),)


def test_one_value_that_agrees_as_it_stands_forbids_a_factor() -> None:
    assert reconcile(scale_boards((82.1, 0.821), (75.0, 0.75), (3.0, 3.0))).factors == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from("AB"), st.sampled_from(["m", "n"]), st.sampled_from([None, "p", "q"]),
            st.sampled_from([None, 1.0, 2.0]),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_result_is_lost_or_joined_within_its_board(
    rows: list[tuple[str, str, str | None, float | None]],
) -> None:
    made = [
        replace(
            ROW, result_id=f"r{n}", board_id=board, trust=ord(board), position=n, model_id=model,
            paper_id=paper, value=value,
        )
        for n, (board, model, paper, value) in enumerate(sorted(rows, key=lambda row: row[0]))
    ]  # fmt: skip
    matches = reconcile(made).matches
    board = {row.result_id: row.board_id for row in made}
    assert len({result for result, _, _ in matches}) == len(matches)
    for leader in {merged for _, merged, _ in matches}:
        members = [result for result, merged, _ in matches if merged == leader]
        assert leader in members
        assert sorted(board[member] for member in members) == ["A", "B"]


def test_names_that_look_alike_are_listed_and_not_joined() -> None:
    first = replace(ROW, model="EfficientPS", paper_id=None)
    other = replace(first, result_id="b1", board_id="B", model="EficientPS", model_id="eficientps")
    found = reconcile([first, other])
    assert found.matches == ()
    assert [row[:3] for row in found.near_names] == [("t/d/m", "EfficientPS", "EficientPS")]
