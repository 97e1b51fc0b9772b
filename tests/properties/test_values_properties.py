"""For every text: nothing raises, nothing becomes zero in silence, a written value reads as itself."""

from __future__ import annotations

import math
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from transform.metrics import Metric, is_descriptor_column, resolve_metric
from transform.scale import rescale
from transform.values import Value, ValueContext, column_context, format_value, parse_value
from transform.vocabulary import load

CELLS = st.one_of(
    st.text(),
    st.text(alphabet="0123456789.,-+±%()[]/ eEkKmMBGx×^*~?<>–−∞\u00a0\ufeff٣３²", max_size=25),
    st.floats(allow_nan=True).map(str),
    st.from_regex(r"-?[0-9]{1,4}[.,]?[0-9]{0,4} ?(±|\+-)? ?[0-9.]{0,4}[%kMB]?[*+?]?", fullmatch=True),
)
CONTEXTS = st.builds(
    ValueContext,
    comma=st.sampled_from([None, "decimal", "thousands"]),
    dot_groups=st.booleans(),
    is_count=st.booleans(),
    magnitude=st.sampled_from([0, 3, 6, 9]),
    component=st.sampled_from([None, 0]),
    parts=st.integers(1, 3),
    unit=st.sampled_from([None, "percent", "ms"]),
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(CELLS, CONTEXTS)
def test_every_text_is_a_finite_number_or_has_a_reason(text: str, context: ValueContext) -> None:
    value = parse_value(text, context=context)
    assert value.text == text
    assert (value.number is None) != (value.reason is None)
    assert value.number is None or math.isfinite(value.number)


@given(CELLS, CONTEXTS)
def test_no_text_gives_zero_that_does_not_say_zero(text: str, context: ValueContext) -> None:
    if parse_value(text, context=context).number == 0:
        assert any(unicodedata.decimal(char, None) == 0 for char in text)


@given(
    st.lists(st.one_of(st.none(), CELLS), max_size=8),
    st.sampled_from(["Accuracy", "Params (M)", "Latency", "x/y"]),
)
def test_a_column_of_anything_is_read(texts: list[str | None], label: str) -> None:
    metric = resolve_metric(label, load())
    context = column_context(texts, metric)
    values = [parse_value(text or "", context=context) for text in texts]
    scaled, _ = rescale(values, metric)
    assert [value.text for value in scaled] == [value.text for value in values]
    assert is_descriptor_column(texts) in (True, False)


@given(FINITE, st.one_of(st.none(), FINITE.map(abs)), st.sampled_from([None, "percent", "ms", "dB"]))
def test_a_formatted_value_reads_as_itself(
    number: float, uncertainty: float | None, unit: str | None
) -> None:
    again = parse_value(format_value(Value(number, "", uncertainty=uncertainty, unit=unit)))
    assert (again.number, again.uncertainty, again.unit) == (number, uncertainty, unit)


@given(st.text())
def test_every_label_resolves(label: str) -> None:
    assert isinstance(resolve_metric(label, load()), Metric)
