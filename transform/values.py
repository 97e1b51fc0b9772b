"""The text of one metric cell as a value: a number, or NULL with a reason; the text is always kept.

    text ──marks off──▶ missing? ──▶ number [magnitude|unit] [± uncertainty] [(note)] ──▶ Value
                            │                         │
                            └▶ reason `missing`       └▶ several, a range, a bound, words: NULL + reason

What one text cannot tell alone (is `1,234` a thousand? does `3.0m` count millions?) its column decides:
`column_context` looks at the column once, `parse_value` then reads each cell. Two promises, both held by
property tests: no text raises, and no text gives 0 that does not say zero. Rows named here are
those of the project's list of quirks (each is a test in `tests/unit/test_values.py`).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from transform.draft import Draft

if TYPE_CHECKING:
    from transform.vocabulary import Vocabulary

Comma = Literal["decimal", "thousands"]

LONGEST = 300
"""Characters beyond which a cell is prose and is not searched for a number."""


class MetricLike(Protocol):
    """What a column needs to know of its metric (`transform.metrics.Metric` fits)."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str | None: ...  # noqa: D102
    @property
    def upper_bound(self) -> float | None: ...  # noqa: D102
    @property
    def parts(self) -> int: ...  # noqa: D102


class Value(Struct, frozen=True, gc=False):
    """What one cell says.

    Attributes:
        number: the value, None where `reason` says why there is none.
        text: the cell as published.
        reason: `missing`, `not_a_number`, `not_finite`, `several_values`, `range`, `bound`,
            `ambiguous_comma`, `ambiguous_magnitude`, `other_unit`, `out_of_range`, `too_long`;
            None with a number.
        uncertainty: what stands behind `±`.
        components: the numbers of a cell that holds more than one (or a bound), in their order.
        unit: `percent`, or a unit that stands in the text (`ms`, `fps` …).
        flags: `marked`, `approximate`, `doubtful`, `emphasised`, `bracketed`, `inner_blank`,
            `stray_character`, `other_digits`, `first_of_several`; `transform.scale` adds its own.
        note: what stands in brackets behind the number.
    """

    number: float | None
    text: str
    reason: str | None = None
    uncertainty: float | None = None
    components: tuple[float, ...] = ()
    unit: str | None = None
    flags: tuple[str, ...] = ()
    note: str | None = None


class ValueContext(Struct, frozen=True):
    """What the column knows that one cell does not.

    Attributes:
        comma: what a comma before three digits is here, None where nothing tells.
        dot_groups: the column writes `1.234,5`, so that `1.234` may be a thousand.
        is_count: `k`, `M`, `B`, `G`, `T` behind a number are magnitudes (row 3).
        magnitude: power of ten that the metric's name already carries (`Params (M)` is 6).
        component: index of the number that counts where a cell holds `parts` of them (row 7).
        parts: how many numbers the metric's name announces.
        unit: the unit of the column; a cell in another unit is no value of this column.
    """

    comma: Comma | None = None
    dot_groups: bool = False
    is_count: bool = False
    magnitude: int = 0
    component: int | None = None
    parts: int = 1
    unit: str | None = None


NO_CONTEXT = ValueContext()
BLANK = Value(None, "", "missing")
"""The value of a cell that is there and empty."""

_MISSING = frozenset(
    ("", "n/a", "na", "n.a.", "n.a", "n\\a", "none", "null", "nil", "tbd", "tba", "unknown", "not available",
     "not reported", "not applicable", "missing", "/", ".")
)  # fmt: skip
_DASHES = frozenset("-‐‑‒–—―−_.…·•")
_POWERS = {
    "k": 3, "m": 6, "mn": 6, "b": 9, "bn": 9, "g": 9, "t": 12, "params": 0,
    "flops": 0, "mflops": 6, "gflops": 9, "tflops": 12, "macs": 0, "mmacs": 6, "gmacs": 9,
}  # fmt: skip
_SUPERSCRIPTS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_SURE_POWERS = frozenset(("k", "K", "M", "B", "G", "T", "bn", "Bn"))
_HEADER_POWERS = {
    "k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "g": 9, "billion": 9, "t": 12, "trillion": 12,
}  # fmt: skip
_UNITS = {
    "%": "percent", "percent": "percent", "pct": "percent", "ms": "ms", "msec": "ms", "s": "s",
    "sec": "s", "secs": "s", "seconds": "s", "min": "min", "mins": "min", "minutes": "min",
    "h": "h", "hr": "h", "hrs": "h", "hours": "h", "fps": "fps", "hz": "Hz", "db": "dB", "mm": "mm",
    "cm": "cm", "km": "km", "px": "px", "pixels": "px", "kb": "KB", "mb": "MB", "gb": "GB",
    "tb": "TB", "mib": "MiB", "gib": "GiB", "bits": "bits", "bpc": "bpc", "bpd": "bpd", "nats": "nats",
    "°": "deg", "deg": "deg",
}  # fmt: skip

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:\.\d*|,\d+)?|\.\d+)"
_TIMES_TEN = r"\s*[x×·*]\s*10\s*(?:\^|\*\*)\s*[({]?([-+]?\d{1,5})[)}]?"
_NUMBER = rf"[-+]?{_DIGITS}(?:e[-+]?\d{{1,5}}|{_TIMES_TEN.replace('([-+]', '(?:[-+]')})?"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_POWER = "|".join(sorted(_POWERS, key=len, reverse=True))
_TAIL = rf"(?:\s*(?P<tail{{n}}>(?:{_UNIT}|{_POWER})(?![^\W_]|[²³^])))?"
_MARKS = r"[*†‡§¶#^+?!~¹²³⁰⁴-⁹ᵃ-ᶿ'`]"

_PLAIN = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_SINGLE = re.compile(
    rf"(?P<number>{_NUMBER}){_TAIL.format(n='')}(?P<marks1>(?:\s*{_MARKS})*)"
    rf"(?:\s*\(?\s*(?:±|\+/-|\+-|\\pm)\s*(?P<error>{_NUMBER}){_TAIL.format(n='2')}\s*\)?)?"
    rf"(?P<marks2>(?:\s*{_MARKS})*)(?:\s*(?P<note>\(.+\)|\[.+\])\s*(?P<marks3>(?:{_MARKS})*))?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_RANGE = re.compile(rf"({_DIGITS})\s*%?\s*(?:-|–|—|to|\.\.)\s*({_DIGITS})\s*%?", re.ASCII)
_BOUND = re.compile(
    rf"(?:[<>≤≥⩽⩾≲≳]=?|at least|at most|up to|under|over)\s*({_NUMBER})(?:\s*(?:{_UNIT}))?", re.ASCII | re.I
)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", re.ASCII)
_APPROXIMATE = re.compile(r"(?:~|≈|∼|≃|≅|about\s|approx\.?\s|ca\.\s?|circa\s)\s*", re.IGNORECASE)
_NOT_FINITE = re.compile(r"[-+]?(?:nan|inf(?:inity)?|∞)%?", re.IGNORECASE)
_INNER_BLANK = re.compile(r"(?<=\d)\s+(?=\.\s*\d)|(?<=\d\.)\s+(?=\d)", re.ASCII)
_SURELY_DECIMAL = re.compile(r"0,\d+|\d{1,3}(?:\.\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{4,},\d+", re.ASCII)
_SURELY_GROUPS = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{3}){2,}(?:\.\d+)?|,\d{3}\.\d+)", re.ASCII)
_WITH_COMMA = re.compile(r"(?<![\d.,])[\d.]*,[\d.,]*\d", re.ASCII)
_DOT_GROUPS = re.compile(r"\d{1,3}(?:\.\d{3})+", re.ASCII)
_BLANK_GROUPS = re.compile(r"[1-9]\d{0,2}(?: \d{3})+", re.ASCII)
_EMPHASIS = re.compile(
    r"(\*\*|__|[*_`$])(?P<inside>.*[^*_`$].*)\1|\\textbf\{(?P<bold>.*)\}|<b>(?P<html>.*)</b>", re.DOTALL
)
_BRACKETS = re.compile(r"\((?P<round>[^()]*)\)|\[(?P<square>[^\[\]]*)\]|\{(?P<curly>[^{}]*)\}")
_SUPERSCRIPT_POWER = re.compile(r"([x×·*]\s*10)([⁻⁺]?[⁰¹²³⁴-⁹]+)")
_HEADER_POWER = re.compile(
    r"[(\[]\s*(?:in\s+|#)?(k|m|b|g|t|thousand|million|billion|trillion)s?\s*[)\]]|\b([KMGT])-?(?:FLOP|MAC|Op)",
    re.I,
)
_STRAY = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\u180e"))
_SIGNS = str.maketrans("−﹣－＋﹢％﹪٪．٫，٬～／（）", "---++%%%..,,~/()")


def read_values(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: each cell of each column as a value."""
    columns = []
    for column in draft.columns:
        context = column_context(column.texts, column.metric)
        values = tuple(parse_value(text, context=context) if text else BLANK for text in column.texts)
        columns.append(replace(column, values=values))
    return replace(draft, columns=tuple(columns))


def column_context(texts: Sequence[str | None], metric: MetricLike) -> ValueContext:
    """What the cells of one column and their metric tell about reading one of them (rows 3, 5, 7)."""
    power = _HEADER_POWER.search(metric.name)
    counts = metric.unit == "count"
    said = [text for text in texts if text]
    odd = [_tidy(text)[0] for text in said if len(text) <= LONGEST and not _PLAIN.fullmatch(text)]
    singles = [match for text in odd if (match := _SINGLE.fullmatch(text))]
    tails = [match["tail"] for match in singles if match["tail"]]
    if metric.unit is None:  # the suffix counts whatever the metric is called; `m` alone may be minutes
        counts = any(tail in _SURE_POWERS for tail in tails) and not any(
            tail.lower() in _UNITS for tail in tails
        )
    units = Counter(_UNITS[tail.lower()] for tail in tails if tail.lower() in _UNITS)
    common = units.most_common(2)
    clear = common and (len(common) == 1 or common[0][1] > common[1][1])
    numbers = [token for text in odd if "," in text for token in _WITH_COMMA.findall(text)]
    return ValueContext(
        comma=_comma(numbers, said, counts, metric.upper_bound) if numbers else None,
        dot_groups=any(_SURELY_DECIMAL.fullmatch(token) and "." in token for token in numbers),
        is_count=counts,
        magnitude=_HEADER_POWERS[(power[1] or power[2]).lower()] if power else 0,
        component=0 if metric.parts > 1 else None,
        parts=metric.parts,
        unit=None if counts else metric.unit or (common[0][0] if clear else None),
    )


def parse_value(text: str, *, context: ValueContext = NO_CONTEXT) -> Value:
    """Read one cell in the light of its column. Never raises, for any text."""
    if len(text) <= LONGEST and not context.dot_groups and _PLAIN.fullmatch(text):
        return Value(float(text) + 0.0, text)  # finite at this length; -0.0 is 0.0
    return _parse(text, context)


def format_value(value: Value) -> str:
    """The value as a text that reads as the same value again; the published text where there is no number."""
    if value.number is None:
        return value.text
    unit = "" if value.unit is None else "%" if value.unit == "percent" else f" {value.unit}"
    error = "" if value.uncertainty is None else f" ± {value.uncertainty!r}{unit}"
    note = "" if value.note is None else f" ({value.note})"
    return f"{value.number!r}{unit}{error}{note}"


@lru_cache(maxsize=1 << 14)
def _parse(text: str, context: ValueContext) -> Value:
    if len(text) > LONGEST:
        return Value(None, text, "missing" if not text.strip() else "too_long")
    tidy, flags = _tidy(text)
    bare = tidy.rstrip("*†‡§¶#^").casefold()
    if bare in _MISSING or _DASHES.issuperset(bare) or not bare.strip("?"):
        return Value(None, text, "missing", flags=flags)
    if _NOT_FINITE.fullmatch(bare):
        return Value(None, text, "not_finite", flags=flags)
    if _DATE.fullmatch(tidy):
        return Value(None, text, "not_a_number", flags=flags)
    if match := _RANGE.fullmatch(tidy):
        return _several(text, [match[1], match[2]], "range", flags, context)
    if match := _BOUND.fullmatch(tidy):
        return _several(text, [match[1]], "bound", flags, context)
    if context.is_count and _BLANK_GROUPS.fullmatch(tidy):
        return Value(float(tidy.replace(" ", "")), text, flags=flags)
    if _INNER_BLANK.search(tidy) and _SINGLE.fullmatch(joined := _INNER_BLANK.sub("", tidy)):
        tidy, flags = joined, (*flags, "inner_blank")
    if match := _SINGLE.fullmatch(tidy):
        return _single(text, match, flags, context)
    if match := _BRACKETS.fullmatch(tidy):
        tidy, flags = (
            (match["round"] or match["square"] or match["curly"] or "").strip(),
            (*flags, "bracketed"),
        )
        if match := _SINGLE.fullmatch(tidy):
            return _single(text, match, flags, context)
    return _components(text, tidy, flags, context)


def _single(text: str, match: re.Match[str], flags: tuple[str, ...], context: ValueContext) -> Value:
    """One number with what may stand behind it (rows 1, 2, 3, 4, 8)."""
    marks = (match["marks1"] or "") + (match["marks2"] or "") + (match["marks3"] or "")
    if "?" in marks:
        flags = (*flags, "doubtful")
    if marks.replace("?", "").strip():
        flags = (*flags, "marked")
    note = match["note"][1:-1].strip() if match["note"] else None
    tail, tail2 = (match["tail"] or ""), (match["tail2"] or "")
    if tail and tail2 and tail.lower() != tail2.lower():
        return Value(None, text, "other_unit", flags=flags, note=note)
    power, unit, reason = _measure(tail or tail2, context)
    if reason is None and "." not in match["number"] and not _SUPERSCRIPTS.isdisjoint(marks):
        reason = "not_a_number"  # the ² of `10²` is a power or a footnote
    error: float | None = None
    number: float | None = None
    if reason is None:
        # `83.6 ± 0.5M` is one count with its error: the suffix belongs to both.
        number, reason = _number(match["number"], context, power)
    if reason is None and match["error"] is not None:
        error, reason = _number(match["error"], context, power)
    if reason is not None:
        return Value(None, text, reason, flags=flags, note=note)
    return Value(number, text, None, error, (), unit, flags, note)


def _measure(tail: str, context: ValueContext) -> tuple[int, str | None, str | None]:
    """What stands behind the number, as (power of ten, unit, reason it cannot be used)."""
    lower = tail.lower()
    if not tail:
        return 0, None, None
    if lower in _POWERS:
        if context.is_count:
            return _POWERS[lower] - context.magnitude, None, None
        return 0, None, "ambiguous_magnitude"
    unit = _UNITS[lower]
    return 0, unit, None if context.unit in (None, unit) and not context.is_count else "other_unit"


def _components(text: str, tidy: str, flags: tuple[str, ...], context: ValueContext) -> Value:
    """Several numbers: kept, and a value only where the metric's name lists as many parts (row 7)."""
    for separator in (r"\s*[/;|]\s*", r",\s+", r"\s+"):
        tokens = re.split(separator, tidy)
        if len(tokens) > 1:
            break
    else:
        return Value(None, text, "not_a_number", flags=flags)
    matches = [_SINGLE.fullmatch(token) for token in tokens]
    if not all(matches):
        return Value(None, text, "not_a_number", flags=flags)
    parts = [
        _single(token, match, (), context) for token, match in zip(tokens, matches, strict=True) if match
    ]
    flags = tuple(dict.fromkeys((*flags, *(flag for part in parts for flag in part.flags))))
    if any(part.number is None or part.note for part in parts):
        return Value(None, text, "not_a_number", flags=flags)
    numbers = tuple(part.number for part in parts if part.number is not None)
    if context.component is None or len(numbers) != context.parts:
        return Value(None, text, "several_values", components=numbers, flags=flags)
    chosen = parts[context.component]
    return Value(
        chosen.number, text, None, chosen.uncertainty, numbers, chosen.unit, (*flags, "first_of_several")
    )


def _several(
    text: str, tokens: list[str], reason: str, flags: tuple[str, ...], context: ValueContext
) -> Value:
    """A range or a bound: the numbers are kept, none of them is the value."""
    numbers = tuple(
        number for token in tokens for number in (_number(token, context)[0],) if number is not None
    )
    return Value(None, text, reason, components=numbers, flags=flags)


def _number(token: str, context: ValueContext, power: int = 0) -> tuple[float | None, str | None]:
    """The number that an ASCII token of the grammar spells, or the reason why it is none."""
    mantissa, exponent = token, 0
    if match := re.search(_TIMES_TEN, token, re.ASCII | re.IGNORECASE):
        mantissa, exponent = token[: match.start()], int(match[1])
    elif "e" in (lower := token.lower()):
        mantissa, _, tens = lower.partition("e")
        exponent = int(tens)
    digits = mantissa.lstrip("+-")
    if "," in digits:
        if _SURELY_GROUPS.fullmatch(digits):
            comma: Comma | None = "thousands" if context.comma != "decimal" else None
        elif _SURELY_DECIMAL.fullmatch(digits):
            comma = "decimal" if context.comma != "thousands" else None
        else:
            comma = context.comma
        if comma is None:
            return None, "ambiguous_comma"
        mantissa = (
            mantissa.replace(".", "").replace(",", ".") if comma == "decimal" else mantissa.replace(",", "")
        )
    elif context.dot_groups and _DOT_GROUPS.fullmatch(digits):
        return None, "ambiguous_comma"
    number = float(f"{mantissa}e{exponent + power}")
    if not math.isfinite(number) or (number == 0 and digits.strip("0.,")):
        return None, "out_of_range"
    return number + 0.0, None  # -0.0 is 0.0


@lru_cache(maxsize=1 << 12)  # the column is looked at before its cells are read
def _tidy(text: str) -> tuple[str, tuple[str, ...]]:
    """The text in plain blanks, signs and digits; flags say what was taken off (row 1)."""
    flags: list[str] = []
    tidy = text.translate(_STRAY)
    if tidy != text:
        flags.append("stray_character")
    tidy = " ".join(tidy.translate(_SIGNS).split())
    other = "" if tidy.isascii() else filter(str.isdecimal, tidy)
    digits = {ord(char) - unicodedata.decimal(char) for char in other}
    if len(digits) == 1 and digits != {
        ord("0")
    }:  # one script throughout; a mixture stays as it is and is no number
        tidy = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in tidy)
        flags.append("other_digits")
    tidy = _SUPERSCRIPT_POWER.sub(_spell_power, tidy)
    if match := _EMPHASIS.fullmatch(tidy):
        tidy = (match["inside"] or match["bold"] or match["html"] or "").strip()
        flags.append("emphasised")
    if match := _APPROXIMATE.match(tidy):
        tidy = tidy[match.end() :]
        flags.append("approximate")
    bare = tidy.lstrip("*†‡§¶#^").lstrip()
    if bare != tidy:
        tidy = bare
        flags.append("marked")
    return tidy, tuple(flags)


def _spell_power(match: re.Match[str]) -> str:
    return f"{match[1]}^{unicodedata.normalize('NFKC', match[2]).replace('−', '-')}"


def _comma(tokens: list[str], said: list[str], counts: bool, upper: float | None) -> Comma | None:
    """What commas are here: a cell that says it for certain, else the bounds, else the others (row 5)."""
    sure: set[Comma] = set()
    for token in tokens:
        if _SURELY_GROUPS.fullmatch(token):
            sure.add("thousands")
        elif _SURELY_DECIMAL.fullmatch(token):
            sure.add("decimal")
    if sure:
        return sure.pop() if len(sure) == 1 else None
    if counts:
        return "thousands"
    grouped = [
        float(token.replace(",", "")) for token in tokens if re.fullmatch(r"\d{1,3},\d{3}", token, re.ASCII)
    ]
    if upper is not None and any(number > upper for number in grouped):
        return "decimal"
    plain = (abs(float(text)) for text in said if _PLAIN.fullmatch(text))
    near = [number for number in plain if number]
    if not near or not grouped:
        return None
    low, high = min(near) / 10, max(near) * 10
    fits: set[tuple[bool, bool]] = {
        (low <= number <= high, low <= number / 1000 <= high) for number in grouped
    }
    return "thousands" if fits == {(True, False)} else "decimal" if fits == {(False, True)} else None
