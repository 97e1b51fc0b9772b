"""Transforms that break their promise, each in one way, on one board."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sotaduck.records import Normalised
from transform import pipeline

PQ_ID = "panoptic-segmentation/cityscapes-val/pq"
normalise = pipeline.normalise


def lose_a_cell(*arguments: Any) -> Normalised:
    """A transform that forgets a result and does not say so."""
    good = normalise(*arguments)
    lost = next(result for result in good.results if result.leaderboard_id == PQ_ID)
    return replace(good, results=tuple(result for result in good.results if result is not lost))


def repeat_an_id(*arguments: Any) -> Normalised:
    """A transform that calls two results by one name."""
    good = normalise(*arguments)
    first, second = [result for result in good.results if result.leaderboard_id == PQ_ID][:2]
    return replace(
        good,
        results=tuple(
            replace(result, result_id=first.result_id) if result is second else result
            for result in good.results
        ),
    )


def a_zero(*arguments: Any) -> Normalised:
    """A transform that makes a 0 of a value."""
    good = normalise(*arguments)
    return replace(
        good,
        results=tuple(
            replace(result, value=0.0) if result.leaderboard_id == PQ_ID and result.position == 3 else result
            for result in good.results
        ),
    )
