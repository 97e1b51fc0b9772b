"""One scale for a board that mixes fractions and percent (rows 4, 10, 11).

    all within 0…1 ──▶ fraction        all above, or a `%` ──▶ percent        some of each ──▶ mixed:
      several fractions that fit the percent values once multiplied ──▶ rescaled, flag `rescaled_x100`
      percent among fractions (impossible as they stand), one or a few ──▶ rescaled, flag `rescaled_x0.01`
      a value far off that is possible as it stands ──▶ left alone, flag `scale_outlier`

The rule weighs evidence: 0.612, 0.584 … 0.251 beside 49.1 … 26.5 (ActivityNet-QA) are a cluster
that covers the same range times 100; 0.02 beside 49 … 89.7 (LAMBADA) is one value that a model can reach.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from transform.draft import Draft
from transform.metrics import Metric
from transform.values import Value
from transform.vocabulary import Vocabulary

CLUSTER = 3
"""Fewer fractions than this are no cluster: they are flagged, never multiplied."""
GAP = 10.0
"""How many times smaller than all others a value must be before its scale is in doubt."""
PARTED = 4.0
"""How far apart two clusters must lie at least; it must also be the widest gap of the board."""


class ScaleDecision(Struct, frozen=True):
    """What was decided for one board, and why.

    Attributes:
        scale: `fraction` or `percent`, None where the metric knows no such pair or no value tells.
        factor: what the rescaled values were multiplied with, None where there are none.
        rescaled, outliers: indexes of the values that bear a new flag.
        lower_bound, upper_bound: the metric's bounds on this scale.
        reason: the evidence in words and numbers.
    """

    scale: Literal["fraction", "percent"] | None
    factor: float | None
    rescaled: tuple[int, ...]
    outliers: tuple[int, ...]
    lower_bound: float | None
    upper_bound: float | None
    reason: str


def settle_scales(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: each column on one scale, with a warning for each board whose values were rescaled."""
    columns, warnings = [], []
    for column in draft.columns:
        values, decision = rescale(column.values, column.metric)
        columns.append(replace(column, values=values, scale=decision))
        if decision.rescaled:
            board, factor = draft.board, f"{decision.factor:g}"
            warnings.append(
                f"{board.task} on {board.dataset}, {column.published.name}: {len(decision.rescaled)} of "
                f"{len(values)} values times {factor}: {decision.reason} ({board.locator})"
            )
    return replace(draft, columns=tuple(columns), warnings=(*draft.warnings, *warnings))


def rescale(values: Sequence[Value], metric: Metric) -> tuple[tuple[Value, ...], ScaleDecision]:
    """Bring a board's values to one scale where two clear clusters say so; flag what stays in doubt."""
    twofold = metric.hundredfold and metric.kind == "quality"
    known = [(index, value.number) for index, value in enumerate(values) if value.number is not None]
    if not twofold or not known:
        return tuple(values), _decision(metric, None, "the metric is not published in two scales")
    # A `%` in the text is final (row 4).
    said = {index for index, _ in known if values[index].unit == "percent"}
    small = [(index, number) for index, number in known if index not in said and 0 < abs(number) <= 1]
    large = [(index, number) for index, number in known if index in said or abs(number) > 1]
    if not large:
        return tuple(values), _decision(metric, "fraction", "no value is above 1")
    percents = [abs(number) for index, number in large if number]
    if small and (wrong := _impossible(small, large, said)):
        return _apply(
            values, metric, "fraction", -2, wrong, f"{len(small)} of {len(known)} values are fractions"
        )
    if len(small) >= CLUSTER and _same_range(small, percents):
        reason = f"{len(small)} fractions, times 100, fall among {len(large)} values in percent"
        return _apply(values, metric, "percent", 2, [index for index, _ in small], reason)
    outliers = _outliers(known)
    flagged = tuple(
        replace(value, flags=(*value.flags, "scale_outlier")) if index in outliers else value
        for index, value in enumerate(values)
    )
    decision = _decision(
        metric, "percent", f"{len(small)} values of {len(known)} are 1 or below", outliers=outliers
    )
    return flagged, decision


def _impossible(small: list[tuple[int, float]], large: list[tuple[int, float]], said: set[int]) -> list[int]:
    """Percent among fractions: few, clearly above 1, and a hundredth of each lies among the fractions."""
    few = len(large) < CLUSTER and len(small) >= 2 * CLUSTER * len(large)
    sizes = [abs(number) for _, number in small]
    fits = all(
        (index in said or abs(number) >= GAP)
        and min(sizes) / 2 <= abs(number) / 100 <= min(1.0, max(sizes) * 2)
        for index, number in large
    )
    return [index for index, _ in large] if few and fits else []


def _same_range(small: list[tuple[int, float]], percents: list[float]) -> bool:
    """True where the fractions lie apart from the percent values, and times 100 lie among them."""
    sizes = sorted(abs(number) for _, number in small)
    if len(percents) < 2:
        return False
    gap = min(percents) / sizes[-1]
    ordered = [*sizes, *sorted(percents)]
    if gap < PARTED or gap < max(after / before for before, after in pairwise(ordered)):
        return False
    hundredfold = [size * 100 for size in sizes]
    middle = statistics.median(hundredfold)
    return min(percents) / 2 <= middle <= max(percents) * 2


def _outliers(known: list[tuple[int, float]]) -> tuple[int, ...]:
    """The smallest few of a board where a wide gap parts them from all the others."""
    ordered = sorted((abs(number), index) for index, number in known if number)
    for place in range(min((len(ordered) - 1), max(1, len(ordered) // 2)), 0, -1):
        if (
            ordered[place][0] >= GAP * ordered[place - 1][0]
            and ordered[place - 1][0] <= 1 < ordered[place][0]
        ):
            return tuple(sorted(index for _, index in ordered[:place]))
    return ()


def _apply(
    values: Sequence[Value],
    metric: Metric,
    scale: Literal["fraction", "percent"],
    places: int,
    chosen: list[int],
    reason: str,
) -> tuple[tuple[Value, ...], ScaleDecision]:
    flag = "rescaled_x100" if places > 0 else "rescaled_x0.01"
    scaled = [
        replace(
            value,
            number=_shift(value.number, places),
            uncertainty=_shift(value.uncertainty, places),
            unit=None,
            flags=(*value.flags, flag),
        )
        if index in set(chosen)
        else value
        for index, value in enumerate(values)
    ]
    return tuple(scaled), _decision(metric, scale, reason, rescaled=tuple(chosen), factor=10.0**places)


def _shift(number: float | None, places: int) -> float | None:
    """The number with its decimal point moved: 0.612 becomes 61.2, not 61.199999999999996."""
    return None if number is None else float(Decimal(repr(number)).scaleb(places))


def _decision(
    metric: Metric,
    scale: Literal["fraction", "percent"] | None,
    reason: str,
    *,
    rescaled: tuple[int, ...] = (),
    outliers: tuple[int, ...] = (),
    factor: float | None = None,
) -> ScaleDecision:
    lower, upper = metric.lower_bound, metric.upper_bound
    if scale == "fraction":
        lower, upper = _shift(lower, -2), _shift(upper, -2)
    return ScaleDecision(scale, factor, rescaled, outliers, lower, upper, reason)
