"""Rows 4, 10 and 11 of the quirks on the boards where they were seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transform.metrics import Metric, resolve_metric
from transform.scale import ScaleDecision, rescale
from transform.values import Value, column_context, parse_value
from transform.vocabulary import load

COLUMNS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "columns.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
SHARE = Metric("Accuracy", "higher", "percent", 0.0, 100.0, hundredfold=True)


def board(table: str, metric: str) -> tuple[dict[str, Value], ScaleDecision]:
    found = next(item for item in COLUMNS if item["table"] == table and item["metric"] == metric)
    texts = [text or "" for text in found["texts"]]
    known = resolve_metric(metric, load(), dataset=found["dataset"])
    context = column_context(texts, known)
    values, decision = rescale([parse_value(text, context=context) for text in texts], known)
    return {value.text: value for value in values}, decision


def numbers(texts: list[str]) -> tuple[list[float | None], list[tuple[str, ...]]]:
    values, _ = rescale([parse_value(text) for text in texts], SHARE)
    return [value.number for value in values], [value.flags for value in values]


def test_activitynet_qa_is_brought_to_percent() -> None:
    values, decision = board("11042", "Accuracy")
    assert values["0.612"].number == 61.2
    assert values["0.612"].flags == ("rescaled_x100",)
    assert values["49.1"].number == 49.1
    assert (decision.scale, decision.factor, len(decision.rescaled)) == ("percent", 100.0, 17)
    assert max(values.values(), key=lambda value: value.number or 0).text == "0.612"


def test_a_lone_low_value_of_lambada_is_flagged_and_never_multiplied() -> None:
    values, decision = board("3157", "Accuracy")
    assert values["0.02"].number == 0.02
    assert values["0.02"].flags == ("scale_outlier",)
    assert decision.rescaled == ()


def test_mrr_of_visdial_is_brought_to_percent() -> None:
    values, decision = board("2571", "MRR")
    assert values["0.6792"].number == 67.92
    assert len(decision.rescaled) == 7


def test_a_percent_among_fractions_is_impossible_as_it_stands_and_divided() -> None:
    values, decision = board("22415", "Dev Set (Acc-%)")
    assert values["66.0"].number == 0.66
    assert values["66.0"].flags == ("rescaled_x0.01",)
    assert (decision.scale, decision.upper_bound) == ("fraction", 1.0)


@pytest.mark.parametrize(("table", "texts"), [("14838", ["0.357%"]), ("14846", ["0.498%", "0.523%"])])
def test_a_percent_sign_is_never_overruled(table: str, texts: list[str]) -> None:
    values, decision = board(table, "Test WER")
    assert decision.rescaled == ()
    for text in texts:
        assert values[text].flags == ("scale_outlier",)
        assert values[text].number == float(text.rstrip("%"))


@pytest.mark.parametrize(("table", "metric"), [("2490", "CIDEr"), ("25317", "Resolved (unassisted)")])
def test_values_on_both_sides_of_one_without_a_gap_are_left_alone(table: str, metric: str) -> None:
    values, decision = board(table, metric)
    assert decision.rescaled == decision.outliers == ()
    assert not any("scale" in flag for value in values.values() for flag in value.flags)


def test_one_or_two_fractions_are_no_cluster() -> None:
    assert numbers(["60", "55", "50", "0.58"])[0] == [60, 55, 50, 0.58]
    assert numbers(["60", "55", "50", "0.58", "0.53"])[1][-1] == ("scale_outlier",)


def test_zero_is_zero_on_every_scale() -> None:
    assert numbers(["0", "0.5", "0.55", "0.6", "50", "55", "60"])[0] == [0, 50, 55, 60, 50, 55, 60]


def test_metrics_without_two_scales_are_left_alone() -> None:
    values = [parse_value(text) for text in ("0.5", "0.6", "0.7", "50", "60", "70")]
    assert rescale(values, Metric("FID", "lower"))[0] == tuple(values)
    assert rescale([], SHARE)[0] == ()
