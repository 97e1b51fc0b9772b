"""Tables for people: numbers that line up, arrows that point the right way, and no text taken for markup."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import tables


def shown(renderable: Any, width: int = 160) -> list[str]:
    """The lines as they stand on a screen of this width, without colours."""
    console = tables.console(width=width)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get().splitlines()


BOARD: dict[str, Any] = {
    "leaderboard_id": "panoptic-segmentation/cityscapes-val/miou", "task": "Panoptic Segmentation",
    "dataset": "Cityscapes val", "metric": "mIoU", "higher_is_better": True, "direction_source": "page",
    "leader": "EfficientPS", "leader_value": 90.3, "sota_since": date(2020, 4, 5), "results": 3,
    "leader_suspect": False,
}  # fmt: skip


def result(**facts: Any) -> dict[str, Any]:
    return {
        "rank": 1, "value": 90.3, "value_text": "90.3", "value_reason": None, "gap_to_leader": 0.0,
        "sota_at_release": True, "model": "EfficientPS", "value_flags": [], "suspect": False,
        "extra_data": True,
        "result_date": date(2020, 4, 5), "paper_title": "EfficientPS: Efficient Panoptic Segmentation",
    } | facts  # fmt: skip


def step(**facts: Any) -> dict[str, Any]:
    return {
        "track": "all", "step": 1, "sota_date": date(2018, 8, 10), "value": 79.8, "improvement": None,
        "days_held": 469, "is_current": False, "model": "Panoptic-DeepLab", "suspect": False,
        "within_uncertainty": False, "paper_title": "A paper",
    } | facts  # fmt: skip


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0.0, "0"), (83.0, "83"), (84.6, "84.6"), (0.1 + 0.2, "0.3"), (90.3 - 84.6, "5.7"),
        (-2.5, "-2.5"),
        (1.3e9, "1300000000"), (7.532e12, "7,532,000,000,000"), (1e-7, "1e-07"), (1e300, "1e+300"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_a_person_writes_it(value: float | None, text: str) -> None:
    assert tables.number(value) == text


@given(st.lists(st.none() | st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=1, max_size=8))
def test_decimal_points_stand_in_one_column(values: list[float | None]) -> None:
    lines = tables.aligned(values)
    width = max(map(len, lines))
    points = {text.rjust(width).index(".") for text in lines if "." in text}
    assert len(points) <= 1
    assert [text.rstrip() for text in lines] == [tables.number(value) for value in values]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "true"), (False, "false"), (3, "3"), (1.50, "1.5"), (Decimal("1.50"), "1.50"),
        ("x", "x"),
        (date(2020, 1, 31), "2020-01-31"), (datetime(2020, 1, 31, 10, 0, 0, 5), "2020-01-31 10:00:00"),
        (["a", None, 1.0], "a, , 1"), ({"a": 1, "b": [2]}, "a 1 · b 2"), ([], ""),
    ],
)  # fmt: skip
def test_any_value_has_a_text(value: Any, text: str) -> None:
    assert tables.cell(value) == text


# ---------------------------------------------------------------- answers


def test_numbers_stand_right_and_texts_left() -> None:
    lines = shown(tables.plain_table(["model", "n"], [["A", 5], ["Bigger", Decimal("1234.5")], ["C", None]]))
    table = [line.rstrip() for line in lines if line.strip()]
    assert table[0].split() == ["model", "n"]
    assert [line.index(first) for line, first in zip(table[2:], "ABC", strict=True)] == [
        table[0].index("model")
    ] * 3
    assert len(table[2]) == len(table[3])


def test_yes_and_no_are_no_numbers() -> None:
    lines = shown(tables.plain_table(["a long header"], [[True], [False]]))
    assert [line.rstrip() for line in lines if "e" in line][1:] == [" true", " false"]


@pytest.mark.parametrize("text", ["[red]x[/red]", "[/]", "[bold", "\\[x]", "SWideRNet [1, 1, 4.5]"])
def test_brackets_are_text_and_no_markup(text: str) -> None:
    assert any(text in line for line in shown(tables.plain_table([text], [[text]]))[2:])
    assert any(text in line for line in shown(tables.leaderboard_table(BOARD, [result(model=text)])))
    assert any(text in line for line in shown(tables.history_table(BOARD, [step(model=text)])))
    assert any(text in line for line in shown(tables.leaders_table([BOARD | {"leader": text}])))


def test_an_answer_too_wide_for_the_screen_stands_row_below_row_with_nothing_cut() -> None:
    columns = [f"column_{at}" for at in range(12)]
    rows = [[f"value {at} of row {row}" for at in range(12)] for row in (1, 2)]
    text = "\n".join(shown(tables.plain_table(columns, rows), width=80))
    assert "── 1 ──" in text and "── 2 ──" in text
    assert all(cell in text for row in rows for cell in row)


def test_a_text_wider_than_its_column_is_folded_and_not_cut() -> None:
    long = "x" * 200
    assert (
        "".join("".join(shown(tables.plain_table(["a", "b"], [[long, long]]), width=100)).split()).count("x")
        == 400
    )


def test_an_answer_without_rows_shows_its_columns() -> None:
    assert any(
        "model" in line and "rank" in line for line in shown(tables.plain_table(["model", "rank"], []))
    )


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (0, "0 rows"), (1, "1 row"), (1000, "1000 rows"),
        (1001, "1001 rows, of which the first 1000 are shown; --format csv gives all"),
    ],
)  # fmt: skip
def test_the_count_says_what_is_left_out(rows: int, text: str) -> None:
    assert tables.row_count(rows) == text


# ---------------------------------------------------------------- leaderboards and histories


@pytest.mark.parametrize(
    ("direction", "source", "text"),
    [
        (True, "page", "mIoU ▲ higher is better (says the page)"),
        (False, "is_loss", "mIoU ▼ lower is better (says the is loss)"),
        (None, None, "mIoU ? direction unknown: not ranked"),
    ],
)
def test_the_arrow_says_the_direction_and_the_words_whose_it_is(
    direction: bool | None, source: str | None, text: str
) -> None:
    board = BOARD | {"higher_is_better": direction, "direction_source": source}
    assert shown(tables.board_heading(board)) == [f"Panoptic Segmentation on Cityscapes val — {text}"]


def test_a_leaderboard_shows_rank_value_gap_record_and_date_of_each_result() -> None:
    rows = [
        result(),
        result(rank=2, value=84.6, gap_to_leader=5.7, model="Next", extra_data=None, sota_at_release=False),
        result(rank=2, value=84.6, gap_to_leader=5.7, model="Tie", extra_data=False, result_date=None),
        result(rank=None, value=None, value_text="see paper", value_reason="not_a_number", gap_to_leader=None,
               model="Unread", sota_at_release=None, paper_title=None),
    ]  # fmt: skip
    lines = shown(tables.leaderboard_table(BOARD, rows))
    first, second, tie, unread = (
        next(line for line in lines if f" {model} " in line)
        for model in ("EfficientPS", "Next", "Tie", "Unread")
    )
    assert first.split()[:4] == ["1", "90.3", "●", "EfficientPS"]
    assert "yes" in first and "2020-04-05" in first
    assert second.split()[:4] == ["2", "84.6", "5.7", "Next"]
    assert " ? " in second and " no " in tie and tie.split()[0] == "2"
    assert "see paper (not_a_number)" in unread and unread.split()[0] == "–"


def test_flags_and_suspects_are_marked_behind_the_model() -> None:
    lines = shown(
        tables.leaderboard_table(BOARD, [result(value_flags=["marked", "rescaled_x100"], suspect=True)])
    )
    assert any("EfficientPS [marked, rescaled_x100, suspect]" in line for line in lines)


def test_a_history_shows_each_track_with_its_steps() -> None:
    steps = [
        step(),
        step(step=2, value=81.5, improvement=1.7, days_held=116, model="Next", within_uncertainty=True),
        step(
            step=3, value=90.3, improvement=8.8, is_current=True, days_held=2000, model="Last", suspect=True
        ),
        step(track="no_extra_data", model="Only", is_current=True),
    ]
    lines = shown(tables.history_table(BOARD, steps))
    tracks = [line.split()[1] for line in lines if line.startswith("track")]
    assert tracks == ["all", "no_extra_data"]
    found = {
        model: next(line for line in lines if model in line) for model in ("DeepLab", "Next", "Last", "Only")
    }
    assert found["DeepLab"].split()[:4] == ["1", "2018-08-10", "79.8", "469"]
    assert found["Next"].split()[:5] == ["2", "2018-08-10", "81.5", "1.7", "116"]
    assert "Next [within the uncertainty]" in found["Next"]
    assert "Last [suspect]" in found["Last"] and "2000…" in found["Last"]


def test_a_leaderboard_without_history_says_why() -> None:
    assert "no history: no result with a date" in "\n".join(shown(tables.history_table(BOARD, [])))


def test_leaders_stand_one_a_line_and_those_without_one_are_dashes() -> None:
    lines = shown(
        tables.leaders_table([BOARD, BOARD | {"leader": None, "leader_value": None, "sota_since": None}])
    )
    assert any("EfficientPS" in line and "90.3" in line and "2020-04-05" in line for line in lines)
    assert any(line.count("–") == 3 for line in lines)


def test_a_chain_shows_every_raw_cell_and_the_bytes_it_came_from() -> None:
    facts = {
        "result": {"model": "Net", "value": 84.6, "value_reason": None, "leaderboard_id": "t/d/m", "rank": 4},
        "provenance": [
            {
                "source": "alpha", "matched_by": "model_and_paper", "value_text": "84.6*", "position": 4,
                "model": "Net [x]", "value": 84.6, "value_reason": None, "value_flags": ["marked"],
                "listed": False,
                "source_url": "https://alpha.example", "capture_id": "c1", "fetched_at": datetime(2024, 1, 1),
                "digest": "sha256:abc", "warc_file": "a.warc.gz", "warc_offset": 17,
                "first_seen": datetime(2024, 1, 1), "last_seen": datetime(2024, 2, 1),
            }
        ],
        "conflicts": [{"kind": "value", "said": "84.6*", "other_said": "84.8"}],
        "suspects": [],
    }  # fmt: skip
    text = "\n".join(shown(tables.chain(facts)))
    parts = (
        "Net  84.6  t/d/m  rank 4", "'84.6*' in row 4, model 'Net [x]'", "84.6 [marked]", "sha256:abc",
        "a.warc.gz at offset 17", "no longer listed", "conflicts", "84.8",
    )  # fmt: skip
    for part in parts:
        assert part in text
    assert "suspects" not in text
