"""A metric's published label as one known metric: canonical name, direction, unit, bounds, kind.

    label ──decoration off──▶ a name or alias of the registry ──▶ a pattern with a parameter (`Hits@{k}`)
          ──▶ a label around a known metric (`Test {metric}`) ──▶ unknown: the label itself, no direction

All knowledge is data (`vocabulary/metrics.toml`), each entry with its reason. Labels that differ in words
stay apart; only spelling (case, blanks, dashes, `%`) and listed aliases join them (row 12). Direction is
declared, never guessed: what no rule knows has none (row 13). Resources and descriptors keep their
numbers and are never ranked as quality (row 14).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from sotaduck.records import DirectionSource, MetricKind
from transform.draft import Column, Draft
from transform.slugs import slug
from transform.values import NO_CONTEXT, parse_value
from transform.vocabulary import Vocabulary

Direction = Literal["higher", "lower"]


class Metric(Struct, frozen=True):
    """What is known of a metric.

    Attributes:
        name: canonical name; the parameter of a label (`@10`, `(Test)`) stays in it.
        direction: `higher` or `lower` is better, None where that is unknown or neither is.
        unit: `percent` (a share, published as 0–1 or 0–100), `count`, `ms` …; None where unknown.
        lower_bound, upper_bound: what the metric allows, in its unit (a share: 0 to 100).
        kind: `quality` is ranked; `resource` and `descriptor` are kept beside it.
        matched_rule: `name`, `alias`, `pattern: …` or `unknown`.
        hundredfold: published both as it is and times 100, so that a board may mix the two.
        slug: the part for a leaderboard's id where the name's own slug would be that of another metric
            (`MAP` and `mAP`), None where the name's slug is right.
        parts: how many numbers the label announces (`BLEU/ROUGE`: 2).
    """

    name: str
    direction: Direction | None = None
    unit: str | None = None
    lower_bound: float | None = None
    upper_bound: float | None = None
    kind: MetricKind = "quality"
    matched_rule: str = "unknown"
    hundredfold: bool = False
    slug: str | None = None
    parts: int = 1


def name_metrics(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: a column for each metric of the page, with its direction and kind."""
    columns = []
    for place, published in enumerate(draft.board.metrics):
        texts = tuple(row.values[place] for row in draft.rows)
        metric = resolve_metric(published.name, vocabulary, dataset=draft.board.dataset)
        if metric.kind == "quality" and metric.direction is None and is_descriptor_column(texts):
            metric = replace(metric, kind="descriptor")
        higher, source = decide_direction(published.higher_is_better, published.direction_source, metric)
        columns.append(Column(published, metric, higher, source, texts))
    return replace(draft, columns=tuple(columns))


def resolve_metric(label: str, vocabulary: Vocabulary, *, dataset: str = "") -> Metric:
    """The metric that a label names. `dataset` opens the entries of one dataset (`Gender` of CrowS-Pairs)."""
    return _resolve(label, vocabulary, dataset)


def decide_direction(
    page: bool | None, page_source: DirectionSource | None, metric: Metric
) -> tuple[bool | None, DirectionSource | None]:
    """Is higher better, and who says so: the page, else `is_loss`, else the registry (row 13)."""
    if page is not None:
        return page, page_source or "page"
    if metric.direction is not None:
        return metric.direction == "higher", "registry"
    return None, None


def is_descriptor_column(texts: Sequence[str | None]) -> bool:
    """True for a column of words (row 9): at least two cells, and more than half of those that say anything.

    A cell such as `259x4` is no word. For a metric that the registry knows, the registry's kind stands.
    """
    said = [text for text in texts if text and parse_value(text, context=NO_CONTEXT).reason != "missing"]
    words = [text for text in said if not any(char.isdigit() for char in text[:3]) and _is_words(text)]
    return len(words) >= 2 and 2 * len(words) > len(said)


def _is_words(text: str) -> bool:
    return parse_value(text, context=NO_CONTEXT).reason in ("not_a_number", "too_long")


class _Pattern(Struct, frozen=True):
    """A template. `literal` is what a label must hold, folded, before its expression is worth compiling."""

    template: str
    literal: str
    source: str
    flags: re.RegexFlag
    metric: Metric | None
    name: str
    slug: str | None
    refuse: tuple[re.Pattern[str], ...]

    def match(self, label: str) -> re.Match[str] | None:
        """The label as an instance of this template, unless its `{x}` holds a word that is refused."""
        match = _compiled(self.source, self.flags).fullmatch(label)
        if match is None:
            return None
        own = match.groupdict().get("x") or ""
        return None if any(words.search(own) for words in self.refuse) else match


@cache  # as many as the registry has templates
def _compiled(source: str, flags: re.RegexFlag) -> re.Pattern[str]:
    return re.compile(source, flags)


class _Registry(Struct, frozen=True):
    exact: Mapping[tuple[str, str], Metric]
    folded: Mapping[tuple[str, str], Metric]
    patterns: tuple[_Pattern, ...]
    families: tuple[str, ...]
    apart: frozenset[tuple[str, str]]

    def scopes(self, dataset: str) -> Sequence[str]:
        """Where to look a label up: entries of this dataset, those of its family, the common ones."""
        if not dataset:
            return COMMON
        return (dataset, *(f"{family}*" for family in self.families if dataset.startswith(family)), *COMMON)


DEEPEST = 4
"""How many layers of words around a metric are looked through (`Test text-to-video R@1 (split 2)`)."""
LONGEST = 120
"""Characters beyond which a label is a sentence and fits no pattern."""
COMMON = ("",)
"""The scope of entries that hold for every dataset."""

_DASHES = str.maketrans("‐‑‒–—−－＠’‘´`", "-------@''''")
_PERCENT = re.compile(r"\s*[(\[]\s*(?:in\s+)?%\s*[)\]]|^%\s+|\s+%$|(?<=[^\W\d])%$")
_ARROWS: tuple[tuple[str, Direction], ...] = (
    ("↑", "higher"),
    ("▲", "higher"),
    ("↓", "lower"),
    ("▼", "lower"),
)
_BLANKS = re.compile(r"[-_\s]+")
_AROUND_SIGN = re.compile(r" (?:(?=[@()/,:+])|(?<=[@()/,:+] ))")
_ARROW = re.compile(r"\s*[(\[]?[↑↓▲▼][)\]]?\s*")


@lru_cache(maxsize=1 << 14)
def _resolve(label: str, vocabulary: Vocabulary, dataset: str) -> Metric:
    registry = _registry(vocabulary)
    arrows = {direction for arrow, direction in _ARROWS if arrow in label}
    metric = _look_up(_clean(label), registry, registry.scopes(_key(dataset).casefold()), depth=0)
    if len(arrows) == 1:  # the label itself declares it
        metric = replace(metric, direction=next(iter(arrows)))
    return metric


def _look_up(label: str, registry: _Registry, scopes: Sequence[str], depth: int) -> Metric:
    key = _key(label)
    low = key.casefold()
    for scope in scopes:
        found = registry.exact.get((scope, key)) or registry.folded.get((scope, low))
        if found is not None:
            return found
    if depth == 0 and "/" in label and (listed := _parts(label, registry)) is not None:
        return listed
    folded = label.casefold()
    for pattern in registry.patterns if depth < DEEPEST and len(label) <= LONGEST else ():
        if pattern.literal not in folded or (match := pattern.match(label)) is None:
            continue
        groups = {key: _squeeze(value or "") for key, value in match.groupdict().items()}
        rule = f"pattern: {pattern.template}"
        if pattern.metric is not None:
            own = pattern.slug and _fill(pattern.slug, groups)
            return replace(pattern.metric, name=_fill(pattern.name, groups), slug=own, matched_rule=rule)
        inner = _look_up(groups["metric"], registry, COMMON, depth + 1)
        if inner.matched_rule != "unknown":
            name = _fill(pattern.name, {**groups, "metric": inner.name})
            return replace(inner, name=name, slug=None, matched_rule=rule)
    # `Map` may be `MAP` or `mAP`: it joins neither.
    unclear = ("", low) in registry.apart
    return Metric(label, slug=f"{slug(label)}-of-unclear-case" if unclear else None)


def _parts(label: str, registry: _Registry) -> Metric | None:
    """`BLEU/ROUGE`, `Accuracy (top-1/top-5)`: a list of known metrics, of which the first counts (row 7)."""
    inner = re.fullmatch(r".*\(([^()]*/[^()]*)\)", label)
    parts = [
        _look_up(name.strip(), registry, COMMON, 1) for name in (inner[1] if inner else label).split("/")
    ]
    if any(part.direction is None or part.kind != "quality" for part in parts):
        return None
    return replace(parts[0], name=label, slug=None, matched_rule="parts", parts=len(parts))


def _clean(label: str) -> str:
    """The label without blanks at its ends, arrows and percent decoration; its case stays."""
    plain = label.translate(_DASHES)
    if not plain.isascii():
        plain = _ARROW.sub(" ", plain.replace("\ufeff", ""))
    plain = _squeeze(plain)
    return (_squeeze(_PERCENT.sub("", plain)) or plain) if "%" in plain else plain


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _key(label: str) -> str:
    """What labels of one metric share: blanks, dashes and underscores are one and the same."""
    return _AROUND_SIGN.sub("", _BLANKS.sub(" ", _clean(label)).strip())


def _fill(template: str, groups: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: groups.get(match[1], ""), template)


@lru_cache(maxsize=8)
def _registry(vocabulary: Vocabulary) -> _Registry:
    """The vocabulary's entries, ready for looking up. A name that is there twice is an error of the file."""
    exact: dict[tuple[str, str], Metric] = {}
    folded: dict[tuple[str, str], Metric] = {}
    apart: set[tuple[str, str]] = set()
    for group in vocabulary.metrics["metrics"]:
        aliases: Mapping[str, Sequence[str]] = group.get("aliases", {})
        scopes = [_key(dataset).casefold() for dataset in group.get("datasets", ("",))]
        for name in group["names"]:
            for label in (name, *aliases.get(name, ())):
                entry = _metric(group, name, "name" if label == name else "alias")
                plain = _key(label)
                for scope in scopes:
                    key = (scope, plain)
                    if key in exact and exact[key].name != name:
                        raise ValueError(
                            f"metrics.toml names {label!r} twice: for {exact[key].name!r} and {name!r}"
                        )
                    exact[key] = entry
                    low = (scope, plain.casefold())
                    if low in folded and folded[low].name != name:
                        apart.add(low)  # `MAP` and `mAP`: only their case tells them apart
                    folded[low] = entry
    for low in apart:
        del folded[low]
    kinds: Mapping[str, str] = vocabulary.metrics["placeholders"]
    turning: str = vocabulary.metrics["turning"]["words"]
    patterns = [
        _pattern(group, template, kinds, turning)
        for group in vocabulary.metrics["patterns"]
        for template in group["templates"]
    ]
    families = dict.fromkeys(scope[:-1] for scope, _ in exact if scope.endswith("*"))
    return _Registry(exact, folded, tuple(patterns), tuple(families), frozenset(apart))


def _metric(group: Mapping[str, Any], name: str, rule: str) -> Metric:
    lower, upper = [*group.get("bounds", ()), None, None][:2]
    return Metric(
        name=name,
        direction=group.get("direction"),
        unit=group.get("unit"),
        lower_bound=None if lower is None else float(lower),
        upper_bound=None if upper is None else float(upper),
        kind=group.get("kind", "quality"),
        matched_rule=rule,
        hundredfold=group.get("hundredfold", group.get("unit") == "percent"),
        slug=group.get("slugs", {}).get(name),
    )


def _pattern(group: Mapping[str, Any], template: str, kinds: Mapping[str, str], turning: str) -> _Pattern:
    """A template as a regular expression: `{k}` is what `[placeholders]` says, ` ` and `-` are one."""
    source = ""
    literals = [""]
    for piece in re.split(r"(\{\w+\}|[-_ ]+|[@()/:,])", template):
        if piece.startswith("{"):
            source += f"(?P<{piece[1:-1]}>{kinds[piece[1:-1]]})"
        elif piece == " - ":
            source += r"\s+-\s+"
        elif piece and not piece.strip("-_ "):
            source += r"[-_\s]+"
        elif piece in ("@", "(", ")", "/", ":", ","):
            source += rf"\s*{re.escape(piece)}\s*"
            literals.append(piece)
        elif piece:
            source += re.escape(piece)
            literals.append(piece.casefold())
    wraps = "{metric}" in template
    return _Pattern(
        template=template,
        literal=max(literals, key=len),
        source=source.replace(r"[-_\s]+\s*", r"\s*").replace(r"\s*[-_\s]+", r"\s*"),
        flags=re.NOFLAG if group.get("case") else re.IGNORECASE,
        metric=None if wraps else _metric(group, template, "pattern"),
        name=group.get("names", {}).get(template, template),
        slug=group.get("slugs", {}).get(template),
        refuse=tuple(re.compile(words, re.I) for words in (turning, group.get("refuse")) if words),
    )
