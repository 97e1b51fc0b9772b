"""The loaded views as the frames that the suites look at: pure functions from frame to frame.

Each takes a frame with the columns that it names (and any others), as the warehouse gives it, and adds
columns of yes, no and NA (does not apply). The gate calls them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas


def ranked_results(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Ranked results of many leaderboards.

    Args:
        rows: leaderboard_id, source, source_url, model, value, higher_is_better, rank, source_rank;
            a page with several metrics is held to be ordered by the one that fits its order best.
    """
    import pandas as pd

    found = rows.reset_index(drop=True)
    found["value"] = found["value"].astype("Float64")
    for name in ("rank", "source_rank"):
        found[name] = found[name].astype("Int64")
    found["higher_is_better"] = found["higher_is_better"].astype("boolean")
    ranked = found["rank"].notna()
    grounds = (found["value"].notna() & found["higher_is_better"].notna()).astype("boolean")
    found["rank_has_grounds"] = grounds.where(ranked)

    score = found["value"].where(found["higher_is_better"].fillna(True), -found["value"])
    usable = ranked & grounds
    places = score.where(usable).groupby(found["leaderboard_id"]).rank(method="min", ascending=False)
    found["rank_counts_better"] = (places == found["rank"]).astype("boolean").where(usable)

    found["fits_published_order"] = pd.array([None] * len(found), dtype="boolean")
    both = found[usable & found["source_rank"].notna()].sort_values(["source_rank", "rank"], kind="stable")
    for _, page in both.groupby(["source", "source_url"], dropna=False, sort=False):
        kept = [
            pd.Series(in_common_order(metric["rank"].tolist()), index=metric.index, dtype="boolean")
            for _, metric in page.groupby("leaderboard_id", sort=False)
        ]
        best = max(kept, key=lambda rows: rows.mean())
        found.loc[best.index, "fits_published_order"] = best
    return found


def in_common_order(ranks: Sequence[int]) -> list[bool]:
    """Which ranks belong to a longest run that does not fall: the others are out of their place.

    One row that a page has in a wrong place is then one row out of order, wherever it stands.
    """
    ends: list[int] = []
    tails: list[int] = []
    before: list[int | None] = []
    for index, rank in enumerate(ranks):
        at = bisect_right(ends, rank)
        before.append(tails[at - 1] if at else None)
        ends[at : at + 1] = [rank]
        tails[at : at + 1] = [index]
    kept = [False] * len(ranks)
    step = tails[-1] if tails else None
    while step is not None:
        kept[step] = True
        step = before[step]
    return kept


def sota_history(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Records over time. Results that tie on a day share a step.

    Args:
        rows: leaderboard_id, track, step, sota_date, model, value, higher_is_better.
    """
    import pandas as pd

    found = rows.sort_values(["leaderboard_id", "track", "step"], kind="stable").reset_index(drop=True)
    found["step"] = found["step"].astype("Int64")
    day = pd.to_datetime(found["sota_date"])
    higher = found["higher_is_better"].astype("boolean")
    value = found["value"].astype("Float64")
    score = value.where(higher.fillna(True), -value).where(higher.notna())
    history = [found["leaderboard_id"], found["track"]]
    step_before = found["step"].groupby(history).shift()
    day_before, score_before = day.groupby(history).shift(), score.groupby(history).shift()
    first = step_before.isna()
    shares = (found["step"] == step_before).fillna(False)
    rises = (found["step"] == step_before + 1).where(~first, found["step"] == 1)
    found["step_fits"] = (rises.fillna(False) | shares).astype("boolean")
    later = (day > day_before).where(~shares, day == day_before)
    found["date_rises"] = (later.where(~first, True) & day.notna()).astype("boolean")
    better = (score > score_before).where(~shares, score == score_before)
    found["value_improves"] = (better.where(~first, True).fillna(False) & score.notna()).astype("boolean")
    found["sota_date"] = found["sota_date"].astype("string")
    return found


def badges(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Our history beside the published badges.

    Args:
        rows: leaderboard_id, model, sota_at_release, source_sota; either NULL where it does not say.
    """
    found = rows.reset_index(drop=True)
    ours = found["sota_at_release"].astype("boolean").fillna(False)
    found["fits_badge"] = ours == found["source_sota"].astype("boolean")
    return found


def leaderboards(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Leaderboards beside what ranks first on them.

    Args:
        rows: leaderboard_id, leader, leader_value, model, value: a row for each result with rank 1, and
            one without model and value for a leaderboard where nothing is ranked.
    """
    found = rows.reset_index(drop=True)
    leader, model = found["leader"].astype("string"), found["model"].astype("string")
    named = (leader == model).fillna(False) | (leader.isna() & model.isna())
    found["leader_ranks_first"] = named.groupby(found["leaderboard_id"]).transform("any").astype("boolean")
    same = found["value"].astype("Float64") == found["leader_value"].astype("Float64")
    found["first_rank_is_leader"] = same.fillna(False).astype("boolean").where(model.notna())
    return found


VIEWS: Mapping[str, Callable[[pandas.DataFrame], pandas.DataFrame]] = {
    function.__name__: function for function in (ranked_results, sota_history, badges, leaderboards)
}
"""What makes the frame that a suite looks at from that of the warehouse."""
