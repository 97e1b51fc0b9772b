"""The benchmark of the year: what it works out of the loads."""

from __future__ import annotations

from benchmarks.year import HEAD, SHOWN, TREND, Load, rows, trend


def _loads(weeks: int) -> list[Load]:
    """Each week adds 2 MB to the warehouse and 30 kB to the archive; the time grows by a second a week."""
    return [
        Load(week, 10, 4, float(week), week / 2, 10_000_000 + 2_000_000 * week, 30_000 * week, 7 * week)
        for week in range(weeks)
    ]


def test_the_trend_gives_medians_and_growth_of_each_quarter() -> None:
    assert trend(_loads(12)) == [
        ("weeks 1 to 2", 1.5, 0.75, 2.0, 30.0),
        ("weeks 3 to 5", 4.0, 2.0, 2.0, 30.0),
        ("weeks 6 to 8", 7.0, 3.5, 2.0, 30.0),
        ("weeks 9 to 11", 10.0, 5.0, 2.0, 30.0),
    ]
    assert all(len(row) == len(TREND) for row in trend(_loads(12)))


def test_the_table_has_every_fourth_week_and_the_last() -> None:
    shown = rows(_loads(12))
    assert [row[0] for row in shown] == ["0", "4", "8", "11"]
    assert shown[1] == ("4", 10, 4, 4.0, 2.0, 18.0, 0.12, 28)
    assert SHOWN == 4
    assert len(HEAD) == len(shown[0])
