"""Which observations are held back: a mass drop holds its board, and only that one, until it is accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from expectations.drops import failures, held_back
from sotaduck.records import BoardHistory, Held, HeldBoard, Listing, Observed

START = datetime(2024, 1, 1, tzinfo=UTC)
URL = "https://x.test/b"


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def history(*rows: int, name: str = "b", accepted: tuple[int, ...] = ()) -> BoardHistory:
    """A board that had so many rows on the first day, on the second day …"""
    observations = (Observed(day(at), f"c{at}", count, at in accepted) for at, count in enumerate(rows))
    return BoardHistory(name, "s", f"https://x.test/{name}", "Acc", tuple(observations))


def days_held(*rows: int, accepted: tuple[int, ...] = (), share: float = 0.5) -> list[int]:
    found = held_back([history(*rows, accepted=accepted)], share=share)
    return [int(one.capture_id[1:]) for one in found]


def document(*lists: str) -> list[Listing]:
    """A document that held these boards, a letter a board, on the first day, on the second day …"""
    return [Listing(f"c{at}", day(at), frozenset(names)) for at, names in enumerate(lists)]


def of_document(
    listings: list[Listing], rows: int = 3, accepted: dict[str, tuple[int, ...]] | None = None
) -> list[BoardHistory]:
    """The boards of a document, each with so many rows wherever the document has it."""
    days = accepted or {}
    return [
        history(*(rows * (name in one.board_ids) for one in listings), name=name, accepted=days.get(name, ()))
        for name in sorted(frozenset[str]().union(*(one.board_ids for one in listings)))
    ]


# ---------------------------------------------------------------- boards


def test_a_hundred_rows_that_become_ten_are_held_with_both_figures_and_both_days() -> None:
    assert held_back([history(104, 10)]) == [Held("b", "c1", day(1), 104, 10, day(0))]


def test_half_of_the_rows_may_go_and_small_boards_may_shrink() -> None:
    assert days_held(104, 52) == []
    assert days_held(104, 51) == [1]
    assert days_held(9, 1) == []
    assert days_held(10, 4) == [1]


def test_a_board_that_vanished_whole_is_held_where_it_was_large() -> None:
    assert days_held(10, 0) == [1]
    assert days_held(9, 0) == []


def test_what_is_held_is_no_measure_for_the_next() -> None:
    assert days_held(104, 10, 10, 104, 60, 29) == [1, 2, 5]


def test_a_board_that_comes_back_is_shown_again_by_itself() -> None:
    assert days_held(104, 10, 52) == [1]


def test_what_is_accepted_is_good_and_the_measure_from_then_on() -> None:
    assert days_held(104, 20, 20, accepted=(1,)) == []
    assert days_held(104, 20, 9, accepted=(1,)) == [2]
    assert days_held(104, 9, 1, accepted=(1,)) == []
    assert days_held(104, 0, 0, accepted=(1,)) == []


def test_the_share_is_a_matter_of_configuration_and_taken_as_it_is_written() -> None:
    assert days_held(100, 79, share=0.8) == [1]
    assert days_held(100, 80, share=0.8) == []
    assert days_held(100, 7, share=0.07) == []  # in binary, 100 times 0.07 is more than 7
    assert days_held(100, 99, share=1) == [1]
    assert days_held(100, 0, share=0) == []


def test_other_boards_are_not_held_nor_those_that_are_never() -> None:
    boards = [history(104, 9), history(20, 20, name="other")]
    assert [one.board_id for one in held_back(boards)] == ["b"]
    assert held_back(boards, accepted_locators=[URL]) == []


def test_of_two_captures_in_one_second_the_greater_id_is_the_later() -> None:
    seen = (Observed(day(0), "c2", 10), Observed(day(0), "c1", 104))
    assert [one.capture_id for one in held_back([BoardHistory("b", "s", URL, "Acc", seen)])] == ["c2"]


# ---------------------------------------------------------------- documents


def test_a_document_that_lost_most_of_its_boards_keeps_also_the_small_ones() -> None:
    listings = document("abcdefghij", "abcd")
    found = held_back(of_document(listings), [listings])
    assert [(one.board_id, one.capture_id, one.rows_before, one.rows_now) for one in found] == [
        (name, "c1", 3, 0) for name in "efghij"
    ]


def test_half_of_the_boards_may_go_and_so_may_those_of_a_small_document() -> None:
    for listings in (document("abcdefghij", "abcde"), document("abcdefghi", "a")):
        assert held_back(of_document(listings), [listings]) == []


def held_on(listings: list[Listing], **accepted: tuple[int, ...]) -> dict[str, str]:
    """Capture → the boards that it lacks and that are held."""
    found: dict[str, str] = {}
    for one in held_back(of_document(listings, accepted=accepted), [listings]):
        found[one.capture_id] = found.get(one.capture_id, "") + one.board_id
    return found


def test_a_document_is_measured_against_its_last_good_state_until_it_is_back() -> None:
    listings = document("abcdefghij", "abcd", "abcdxyz", "abcdefghi", "abcdefghi")
    assert held_on(listings) == {"c1": "efghij", "c2": "efghij"}


def test_a_board_that_is_accepted_takes_no_other_with_it() -> None:
    listings = document("abcdefghij", "abcd", "abcd", "abcd")
    assert held_on(listings, e=(1, 2)) == {"c1": "fghij", "c2": "fghij", "c3": "fghij"}
    back_and_gone_again = document("abcdefghij", "abcd", "abce", "abc")
    assert held_on(back_and_gone_again, e=(1,)) == {"c1": "fghij", "c2": "dfghij", "c3": "defghij"}


def test_when_all_lost_boards_are_accepted_the_rest_is_the_document() -> None:
    listings = document("abcdefghijkl", "abcdmnopqr", "mnopqr", "abcdmnopqr")
    gone = dict.fromkeys("efghijkl", (1,))
    assert held_on(listings) == {"c1": "efghijkl", "c2": "abcdefghijkl", "c3": "efghijkl"}
    assert held_on(listings, **gone) == {}
    listings = document("abcdefghijkl", "abcdmnopqr", "abcd")
    assert held_on(listings, **gone) == {"c2": "mnopqr"}


def test_boards_that_are_never_held_are_no_loss() -> None:
    listings = document("abcdefghij", "abcd", "abc")
    locators = [f"https://x.test/{name}" for name in "efghij"]
    assert held_back(of_document(listings), [listings], accepted_locators=locators) == []


def test_a_large_board_is_held_though_its_document_lost_no_other() -> None:
    listings = document("abcdefghij", "abcdefghi")
    boards = [*of_document(listings)[:-1], history(12, 0, name="j")]
    assert [one.board_id for one in held_back(boards, [listings])] == ["j"]


# ---------------------------------------------------------------- properties

ROWS = st.lists(st.one_of(st.integers(0, 30), st.integers(0, 300)), min_size=1, max_size=12)
SHARES = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0])


@given(st.data())
def test_the_order_in_which_captures_are_loaded_says_nothing(data: st.DataObject) -> None:
    names = st.lists(st.sets(st.sampled_from("abcdefghijkl")).map("".join), min_size=1, max_size=6)
    listings = document(*data.draw(names))
    days = tuple(data.draw(st.sets(st.integers(0, 5))))
    boards = of_document(listings, rows=data.draw(st.integers(1, 12)), accepted={"a": days})
    shuffled = [
        BoardHistory(
            one.board_id,
            one.source,
            one.locator,
            one.label,
            tuple(data.draw(st.permutations(one.observations))),
        )
        for one in data.draw(st.permutations(boards))
    ]
    in_order = held_back(boards, [listings])
    assert held_back(shuffled, [data.draw(st.permutations(listings))]) == in_order


@given(ROWS, SHARES)
def test_each_held_observation_is_a_drop_from_the_last_one_that_is_not(rows: list[int], share: float) -> None:
    held = set(days_held(*rows, share=share))
    for at, count in enumerate(rows[1:], 1):
        good = next(before for before in reversed(range(at)) if before not in held)
        assert (at in held) == (rows[good] >= 10 and round(count * 10) < rows[good] * round(share * 10))


@given(ROWS, SHARES, SHARES)
def test_a_greater_share_holds_no_less(rows: list[int], one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert set(days_held(*rows, share=less)) <= set(days_held(*rows, share=more))


@given(ROWS, st.integers(0, 300))
def test_where_the_last_capture_is_held_one_with_fewer_rows_would_be_too(rows: list[int], last: int) -> None:
    if len(rows) in days_held(*rows, last):
        assert len(rows) in days_held(*rows, last // 2)


@given(ROWS, SHARES)
def test_when_all_that_is_held_is_accepted_nothing_is(rows: list[int], share: float) -> None:
    held = tuple(days_held(*rows, share=share))
    assert days_held(*rows, accepted=held, share=share) == []


# ---------------------------------------------------------------- what is told


def held_board(name: str, now: int, before: int = 1040, url: str = URL) -> HeldBoard:
    return HeldBoard(
        name, f"t/d/{name}", "s", f"https://x.test/{name}", url, "T", "D", name, ("c1", "c2"), before, now,
        day(0), day(7),
    )  # fmt: skip


def test_a_board_that_shrank_is_told_with_figures_days_and_what_to_do() -> None:
    (told,) = failures([held_board("acc", 10)])
    assert (told.source, told.url, told.stage, told.reason, told.capture_id) == (
        "s", "https://x.test/acc", "validate", "mass_drop", "c2",
    )  # fmt: skip
    assert told.detail == (
        "T on D, acc: 1,040 rows on 2024-01-01, 10 on 2024-01-08; shown as before. "
        "Look at https://x.test/b; if the loss is real: sotaduck accept t/d/acc"
    )


def test_boards_that_vanished_are_one_line_a_document() -> None:
    file = "file:///a dump.json"
    boards = [held_board(name, 0, url=file) for name in ("a", "b", "c", "d", "e")]
    other = held_board("f", 0)
    assert [(one.url, one.reason) for one in failures([*boards, other])] == [
        (file, "boards_vanished"), ("https://x.test/f", "board_vanished"),
    ]  # fmt: skip
    many, one = (told.detail for told in failures([*boards, other]))
    assert many.startswith(
        "5 boards are no longer there on 2024-01-08 (T on D, a: 1,040 rows on 2024-01-01; "
    )
    assert many.endswith(
        "; and 2 more); shown as before. "
        "Look at file:///a dump.json; if the loss is real: sotaduck accept 'file:///a dump.json'"
    )
    assert one.startswith("T on D, f: 1,040 rows on 2024-01-01, no longer there on 2024-01-08; ")
