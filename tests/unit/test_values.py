"""Rows 1 to 9 of the quirks, each on cells and columns as they were published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transform.metrics import Metric, is_descriptor_column, resolve_metric
from transform.values import ValueContext, column_context, format_value, parse_value
from transform.vocabulary import load

COLUMNS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "columns.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
COUNT = ValueContext(is_count=True)


def column(table: str, metric: str) -> tuple[list[str | None], Metric]:
    found = next(item for item in COLUMNS if item["table"] == table and item["metric"] == metric)
    return found["texts"], resolve_metric(metric, load(), dataset=found["dataset"] or "")


def read(texts: list[str | None], metric: Metric) -> list[float | None]:
    context = column_context(texts, metric)
    return [parse_value(text or "", context=context).number for text in texts]


@pytest.mark.parametrize(
    ("text", "number", "flags"),
    [
        ("28.5*", 28.5, ("marked",)),
        ("60.7+", 60.7, ("marked",)),
        ("91.2†‡", 91.2, ("marked",)),
        ("**70.3**", 70.3, ("emphasised",)),
        ("\ufeff93.3", 93.3, ("stray_character",)),
        (" 44.2", 44.2, ()),
        ("\u00a044.2\u202f", 44.2, ()),
        (".602", 0.602, ()),
        ("0. 8132", 0.8132, ("inner_blank",)),
        ("0. 27", 0.27, ("inner_blank",)),
        ("-17.38", -17.38, ()),
        ("−5.2", -5.2, ()),
        ("1e-4", 0.0001, ()),
        ("1.2 × 10^-3", 0.0012, ()),
        ("1.2 × 10⁻³", 0.0012, ()),
        ("９３．３", 93.3, ("other_digits",)),
        ("٩٣٫٣", 93.3, ("other_digits",)),
        ("28.5¹", 28.5, ("marked",)),
    ],
)
def test_marks_and_blanks_do_not_hide_a_number(text: str, number: float, flags: tuple[str, ...]) -> None:
    value = parse_value(text)
    assert (value.number, value.flags, value.text, value.reason) == (number, flags, text, None)


@pytest.mark.parametrize(
    "text", ["", "   ", "-", "--", "---", "--*", "–", "—", "−", "n/a", "N/A", "None", "?", "\ufeff"]
)
def test_a_cell_that_says_nothing_is_missing(text: str) -> None:
    assert parse_value(text).number is None
    assert parse_value(text).reason == "missing"


@pytest.mark.parametrize(
    ("text", "number", "uncertainty", "unit"),
    [
        ("0.8428 ± 0.0014", 0.8428, 0.0014, None),
        ("83.6 ± 0.5%", 83.6, 0.5, "percent"),
        ("0.25±0.005", 0.25, 0.005, None),
        ("23.6± 0.6", 23.6, 0.6, None),
        ("10.7±0.6\t", 10.7, 0.6, None),
        ("71.2 +/- 0.3", 71.2, 0.3, None),
        ("71.2 (±0.3)", 71.2, 0.3, None),
        ("$83.6 \\pm 0.5$", 83.6, 0.5, None),
        ("6.2%", 6.2, None, "percent"),
        ("89.2 %", 89.2, None, "percent"),
        ("0.363%", 0.363, None, "percent"),
        ("15.3 ms", 15.3, None, "ms"),
    ],
)
def test_uncertainty_and_unit_stand_beside_the_number(
    text: str, number: float, uncertainty: float | None, unit: str | None
) -> None:
    value = parse_value(text)
    assert (value.number, value.uncertainty, value.unit) == (number, uncertainty, unit)


@pytest.mark.parametrize(
    ("text", "number"),
    [("220k", 220000.0), ("3.0m", 3e6), ("1.3B", 1.3e9), ("7532M", 7.532e9), ("~257M", 2.57e8),
     ("43B?", 4.3e10),
     ("0.151B", 151e6), ("17.3K", 17300.0), ("1 234 567", 1234567.0)],
)  # fmt: skip
def test_a_magnitude_counts_in_a_count(text: str, number: float) -> None:
    assert parse_value(text, context=COUNT).number == number


@pytest.mark.parametrize("text", ["3.0m", "1.3B", "220k"])
def test_a_magnitude_without_evidence_of_a_count_is_null(text: str) -> None:
    assert parse_value(text).reason == "ambiguous_magnitude"
    assert parse_value(text, context=ValueContext(unit="s")).number is None


def test_parameters_of_snli_are_counts() -> None:
    texts, metric = column("SNLI", "Parameters")
    said = dict(zip(texts, read(texts, metric), strict=True))
    assert said["220k"] == 220000
    assert said["3.0m"] == 3e6


def test_the_suffix_counts_whatever_the_metric_is_called() -> None:
    texts, _ = column("103", "Operations per network pass")
    assert read(texts, Metric("Whatever"))[texts.index("2.81G")] == 2.81e9
    snli, _ = column("SNLI", "Parameters")
    assert read(snli, Metric("Whatever"))[snli.index("3.0m")] == 3e6  # `220k` in the same column says so


def test_a_suffix_that_the_header_already_carries_is_not_counted_twice() -> None:
    metric = resolve_metric("Params (M)", load())
    assert read(["3.8", "25M", "1.2B"], metric) == [3.8, 25.0, 1200.0]


@pytest.mark.parametrize(
    ("texts", "unit", "upper", "numbers"),
    [
        (["1,234"], None, None, [None]),
        (["0,991"], None, None, [0.991]),
        (["1,234", "0,991"], None, None, [1.234, 0.991]),
        (["1,234", "12,345,678"], None, None, [1234.0, 12345678.0]),
        (["1,234", "0,991", "1,234,567"], None, None, [None, 0.991, 1234567.0]),
        (["93,412", "91.5"], "percent", 100.0, [93.412, 91.5]),
        (["1,234", "1500", "2300"], None, None, [1234.0, 1500.0, 2300.0]),
        (["1,234"], "count", None, [1234.0]),
        (["1.234,5", "1.234"], None, None, [1234.5, None]),
    ],
)
def test_a_comma_is_decided_by_its_column(
    texts: list[str | None], unit: str | None, upper: float | None, numbers: list[float | None]
) -> None:
    assert read(texts, Metric("m", unit=unit, upper_bound=upper)) == numbers


def test_an_undecided_comma_has_its_reason() -> None:
    assert parse_value("1,234").reason == "ambiguous_comma"


@pytest.mark.parametrize(
    ("text", "components"),
    [
        ("35.0 / 8.9 / 20.4", (35.0, 8.9, 20.4)),
        ("(32.76 32.07 26.26 22.74)", (32.76, 32.07, 26.26, 22.74)),
        ("93.0/90.7", (93.0, 90.7)),
        ("91.6/91.1*", (91.6, 91.1)),
    ],
)
def test_several_numbers_are_kept_and_none_is_the_value(text: str, components: tuple[float, ...]) -> None:
    value = parse_value(text)
    assert (value.number, value.reason, value.components) == (None, "several_values", components)


def test_the_metric_name_can_say_which_part_counts() -> None:
    metric = resolve_metric("Accuracy (top-1/top-5)", load())
    assert metric.parts == 2
    value = parse_value("78.1/93.2", context=column_context(["78.1/93.2"], metric))
    assert (value.number, value.components, value.flags) == (78.1, (78.1, 93.2), ("first_of_several",))
    assert parse_value("78.1/93.2/95", context=column_context([], metric)).reason == "several_values"


def test_scrolls_cells_have_three_numbers_and_no_value() -> None:
    for name in ("GovRep", "QALT EM-T/H"):
        texts, metric = column("14573", name)
        assert {
            parse_value(text, context=column_context(texts, metric)).reason for text in texts if text
        } == {"several_values"}


@pytest.mark.parametrize(
    ("text", "number", "note"),
    [
        ("17.1(16.1 with basic dynamic evaluation)", 17.1, "16.1 with basic dynamic evaluation"),
        ("108.8(2080Ti)", 108.8, "2080Ti"),
        ("65.5 (3090)", 65.5, "3090"),
        ("70.14 (measured by Ge et al., 2018)", 70.14, "measured by Ge et al., 2018"),
    ],
)
def test_a_note_in_brackets_is_kept_beside_the_leading_number(text: str, number: float, note: str) -> None:
    value = parse_value(text)
    assert (value.number, value.note) == (number, note)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("No", "not_a_number"), ("BERT", "not_a_number"),
        ("kindness", "not_a_number"), ("176400x4x3", "not_a_number"),
        ("2828*3", "not_a_number"), ("O.753", "not_a_number"), ("Please tell us", "not_a_number"),
        ("2019-01-02", "not_a_number"), ("12/31/2019", "not_a_number"),
        ("10²", "not_a_number"), ("٣3", "not_a_number"),
        ("1_000", "not_a_number"), ("NaN", "not_finite"), ("inf", "not_finite"), ("-∞", "not_finite"),
        ("1e999", "out_of_range"), ("1e-999", "out_of_range"),
        ("80-85", "range"), (">90", "bound"), ("<5%", "bound"),
        ("≥ 5", "bound"), ("word " * 1000, "too_long"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_null_with_a_reason(text: str, reason: str) -> None:
    value = parse_value(text)
    assert (value.number, value.reason, value.text) == (None, reason, text)


def test_another_unit_than_the_columns_is_no_value() -> None:
    assert read(["15 ms", "20 ms", "1 s"], Metric("Latency")) == [15.0, 20.0, None]


def test_columns_of_words_are_descriptors_and_columns_of_numbers_are_not() -> None:
    for table, name in (("3031", "Pre-Training Dataset"), ("3031", "Frozen"), ("1165", "Sentence Encoder")):
        assert is_descriptor_column(column(table, name)[0])
    for table, name in (
        ("1234", "GFLOPs"),
        ("14573", "GovRep"),
        ("3157", "Accuracy"),
        ("SNLI", "Parameters"),
    ):
        assert not is_descriptor_column(column(table, name)[0])


def test_a_formatted_value_reads_as_the_same_value() -> None:
    for text in ("83.6 ± 0.5%", "15.3 ms", "70.14 (measured by Ge et al., 2018)", "-0.5"):
        value = parse_value(text)
        again = parse_value(format_value(value))
        assert (again.number, again.uncertainty, again.unit, again.note) == (
            value.number, value.uncertainty, value.unit, value.note,
        )  # fmt: skip
