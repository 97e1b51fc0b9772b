"""The cards of a benchmark page: the rows once more, for small screens.

    #1 · model · [SOTA] · value · metric · [· Extra Data] · [· date] · [full title] · [Code]

They are found by this order of texts, in whatever elements they stand. One card can be read in
more than one way (is `2` of `Foo<sub>2</sub>` the model's or the value's?): all ways are given,
the likeliest first, and the table, where there is one, decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from extract.visible import Piece, Visible, fold
from sotaduck.errors import ParseError

DASHES = frozenset({"-", "–", "—", ""})

_CODE_TEXT = r"Code(?:\s*\((?:official|\d+)\))?"
CODE_WORDS = re.compile(f"(?i){_CODE_TEXT}")

_NUMBER = re.compile(r"#\s?(\d{1,6})[.:)]?(?:\s+(?P<rest>.*))?")
_CUT = "\x1f"  # stands in a card's text wherever an element begins or ends
_GAP = rf"[\s{_CUT}]*"
_DOT = rf"(?:[·•|]{_GAP})?"
# `· Extra Data`; or as a label, with its answer behind it. (A title may begin with these words.)
_EXTRA = re.compile(
    rf"(?i){_GAP}(?:[·•|]{_GAP}Extra Data|Extra Data(?::?{_GAP}(?:(?P<no>no)|yes))?)(?={_GAP}[·•|]|{_CUT}|$)"
)
_ANSWERED = re.compile(rf"(?i){_CUT}{_GAP}Extra Data:?{_CUT}{_GAP}(?:yes|no)(?={_CUT}|$)")
_DATE = re.compile(
    rf"{_GAP}(?:[·•|]{_GAP}(?P<dotted>(?=[^{_CUT}·•|]*\d{{4}})[^{_CUT}·•|]{{4,20}}?)|(?P<iso>\d{{4}}-\d\d-\d\d))"
    rf"{_GAP}(?=[{_CUT}·•|]|$)"
)
_CODE = re.compile(rf"(?i)(?:^|{_CUT}){_GAP}{_DOT}(?:{_CODE_TEXT}|-|–|—){_GAP}$")
_NUMERIC = re.compile(r"\W*\d\S*(?:\s*[±(/].*)?|[-–—]+")
_BADGE = re.compile(r"\W*SOTA\W*")

# Words that a layout may print before a field. They are dropped where every card has them.
_LABELS = frozenset(
    ["rank", "model", "value", "score", "result", "metric", "paper", "title", "date", "published"]
)


@dataclass(frozen=True, slots=True)
class Card:
    """One card: its number, and its pieces of text behind the number."""

    number: int
    parts: tuple[Piece, ...]

    def __str__(self) -> str:
        return f"card #{self.number}: " + repr(" | ".join(part.text for part in self.parts)[:160])


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a card.

    A card without `· Extra Data` says that there is none: the site does not tell unknown from no.
    """

    model: str
    sota: bool
    value: str
    extra_data: bool
    date: str | None
    title: str | None
    code: bool


# ---------------------------------------------------------------- where the cards are


@dataclass(frozen=True, slots=True)
class _Mark:
    """A `#1` on the page: its places in the pieces, and the rest of the text that it begins."""

    begin: int
    end: int
    number: int
    rest: str


def find_cards(page: Visible, parts: Sequence[Piece], metric: str) -> list[Card]:
    """The cards among these pieces of a page, in order; none where the page has none.

    Raises:
        ParseError: `rank_sequence` where a number is missing.
    """
    parts = [
        part for part in parts if not part.unseen or _BADGE.fullmatch(part.text) or _EXTRA.match(part.text)
    ]
    marks = _count(parts, list(_marks(parts)), metric)
    if not marks:
        return []
    ends = [mark.begin for mark in marks[1:]] + [_end(page, parts, marks, metric)]
    cards = []
    for mark, end in zip(marks, ends, strict=True):
        first = parts[mark.end - 1]
        rest = [Piece(first.at, mark.rest, "", first.tag, first.anchor, first.unseen)] if mark.rest else []
        cards.append(Card(mark.number, (*rest, *parts[mark.end : end])))
    return _without_labels(cards, metric)


def _marks(parts: Sequence[Piece]) -> Iterator[_Mark]:
    for at, part in enumerate(parts):
        if found := _NUMBER.fullmatch(part.text):
            yield _Mark(at, at + 1, int(found[1]), found["rest"] or "")
        elif part.text == "#" and at + 1 < len(parts) and re.fullmatch(r"\d{1,6}", parts[at + 1].text):
            yield _Mark(at, at + 2, int(parts[at + 1].text), "")


def _count(parts: Sequence[Piece], marks: Sequence[_Mark], metric: str) -> list[_Mark]:
    """The marks that count the cards: all of them, or those that stand in the same kind of place.

    (A model or a title may be called `#2` as well; and other things on the page may be numbered.)
    """
    named = _name(metric)

    def with_results(chain: Sequence[_Mark]) -> list[_Mark]:
        ends = [mark.begin for mark in chain[1:]] + [len(parts)]
        return [
            mark
            for mark, end in zip(chain, ends, strict=True)
            if named.search(_text(parts[mark.begin : end]))
        ]

    places: dict[tuple[str, ...], list[_Mark]] = {}
    for mark in marks:
        tag = parts[mark.begin].tag
        path = [tag.name, *(parent.name for parent in tag.parents)]
        for place in (
            ("#1" if not mark.rest else "#1 Foo",),
            ("any",),
            tuple(path),
            (*path, str(tag.get("class"))),
        ):
            places.setdefault(place, []).append(mark)
    places["with results",] = with_results(marks) if marks else []
    chains = [chain for chain in places.values() if chain and 2 * len(with_results(chain)) > len(chain)]
    chains.sort(key=lambda chain: (chain[0].number != 1, -len(chain)))
    for chain in chains:
        if all(mark.number == chain[0].number + step for step, mark in enumerate(chain)):
            return chain
    if not chains:
        return []
    numbers = [mark.number for mark in chains[0]]
    at = next(at for at in range(1, len(numbers)) if numbers[at] != numbers[at - 1] + 1)
    detail = f"after card #{numbers[at - 1]} comes #{numbers[at]}; one is missing or out of order"
    raise ParseError("rank_sequence", detail)


def _end(page: Visible, parts: Sequence[Piece], marks: Sequence[_Mark], metric: str) -> int:
    """Where the last card ends: with the largest element that holds it and nothing before it.

    Where that is its number alone, the cards lie in one element, and the last ends with that.
    """
    last = marks[-1].begin
    if len(marks) > 1:
        before: Piece | None = parts[marks[-2].begin]
    else:
        above = page.stream[: parts[last].at]
        before = next((part for part in reversed(above) if not part.unseen), None)
    named = _name(metric)
    end = last
    for tag in page.holders(parts[last].tag):
        span = page.span(tag)
        if before is not None and span.begin <= before.at and named.search(_text(parts[last:end])):
            break
        end = next((at for at in range(end, len(parts)) if parts[at].at >= span.end), len(parts))
    return end


def _without_labels(cards: list[Card], metric: str) -> list[Card]:
    """Cards without the words that a layout prints before its fields (`<dt>Model</dt><dd>…`)."""

    def word(part: Piece) -> str:
        return part.text.rstrip(": ").casefold()

    labels = _LABELS - {metric.casefold()}
    words = [{word(part) for part in card.parts} & labels for card in cards]
    if len(cards) == 1:  # one word of a lone card may be its model's name
        answered = _ANSWERED.search(_text(cards[0].parts)) is not None
        labelled = len(words[0]) + answered > 1
    else:
        # A label that stands before the number is the end of the card before.
        ranks = all(card.parts and word(card.parts[-1]) == "rank" for card in cards[:-1])
        labelled = ranks or bool(set.intersection(*words))
    if not labelled:
        return cards
    found = []
    for card in cards:
        kept: list[Piece] = []
        after_label = False
        for part in card.parts:
            after_label = word(part) in labels and not after_label
            if not after_label:
                kept.append(part)
        found.append(Card(card.number, tuple(kept)))
    return found


def _text(parts: Sequence[Piece]) -> str:
    return "".join(
        (_CUT + ("\n" if part.gap == "\n" else part.gap) if index else "") + part.text
        for index, part in enumerate(parts)
    )


def _name(metric: str) -> re.Pattern[str]:
    words = rf"[\s{_CUT}]*".join(re.escape(word) for word in metric.split())
    return re.compile(rf"(?<=[\s{_CUT}]){words}(?=[\s{_CUT}·•|:]|$)")


# ---------------------------------------------------------------- what a card says

_Ranked = tuple[tuple[int, ...], Reading]
_Layout = Callable[[str, str], Iterator[tuple[int, str, str, str]]]
"""(text before the metric, text behind it) → (doubt, model, value, tail)."""


def read_cards(cards: Sequence[Card], metric: str) -> list[list[Reading]]:
    """All ways to read each card, the likeliest first; the value before the metric's name or behind it.

    Raises:
        ParseError: `unreadable_card`, `card_leftover`; names the card and its text.
    """
    name = _name(metric)
    layouts = [[_readings(card, name, layout) for card in cards] for layout in (_value_first, _name_first)]
    layouts.sort(key=_certain, reverse=True)  # stable: the value first, where both are as good
    found = []
    for ways, others in zip(*layouts, strict=True):
        if isinstance(ways, ParseError):
            raise ways
        both = ways + (others if isinstance(others, list) else [])
        found.append([reading for _, reading in both])
    return found


def _certain(ways: Sequence[list[_Ranked] | ParseError]) -> tuple[int, int]:
    """How many cards can be read without doubt, and how many at all."""
    readable = [ranked for ranked in ways if isinstance(ranked, list)]
    return sum(not any(ranked[0][0]) for ranked in readable), len(readable)


def _readings(card: Card, name: re.Pattern[str], layout: _Layout) -> list[_Ranked] | ParseError:
    found: list[_Ranked] = []
    leftover: str | None = None
    for badge, parts in _without_badge(card.parts, name):
        text = _text(parts)
        for at in name.finditer(text):
            for doubt, model, value, rest in layout(text[: at.start()], text[at.end() :]):
                tail = _tail(rest)
                if isinstance(tail, str):
                    leftover = leftover or tail
                    continue
                extra_data, date, title, code = tail
                rank = (int(_CUT in (title or "")), doubt)
                reading = Reading(
                    model, badge, value, extra_data, date, _plain(title) if title else None, code
                )
                found.append((rank, reading))
    if found:
        return sorted(found, key=lambda item: item[0])
    if leftover is not None:
        return ParseError("card_leftover", f"card #{card.number}: no place is known for {leftover!r}")
    return ParseError("unreadable_card", f"no model, value and metric in {card}")


def _without_badge(
    parts: tuple[Piece, ...], name: re.Pattern[str]
) -> Iterator[tuple[bool, tuple[Piece, ...]]]:
    """A card's pieces without its badge; then, in case that it was none, with it."""
    for at, part in enumerate(parts):
        if _BADGE.fullmatch(part.text) and name.search(_text(parts[at:])):
            nothing = Piece(part.at, "", part.gap, part.tag, part.anchor, part.unseen)
            yield True, (*parts[:at], nothing, *parts[at + 1 :])
    yield False, parts


def _value_first(head: str, tail: str) -> Iterator[tuple[int, str, str, str]]:
    head = head.strip(f" \n{_CUT}")
    cuts = list(re.finditer(rf"{_CUT}[\s{_CUT}]*", head))
    for cut in reversed(cuts):
        model, value = _plain(head[: cut.start()]), _plain(head[cut.end() :])
        if model and value:
            # `84` and `.6`, `17.1` and `(16.1)` side by side are one value; not with a badge between them.
            beside = cut[0].count(_CUT) == 1 and model[-1:].isdigit()
            continued = beside and re.match(r"[.,%±(]|[kKMBGT]$", value)
            if cut is not cuts[-1]:
                doubt = 2
            else:
                doubt = 3 if continued else int(len(cuts) > 1 and not _is_value(value))
            yield doubt, model, value, tail
    if not cuts:  # all in one text
        for space in reversed([match.start() for match in re.finditer(r"\s", head)]):
            if _is_value(head[space:]):
                yield 4, _plain(head[:space]), _plain(head[space:]), tail
    yield 5, _plain(head), "", tail


def _name_first(head: str, tail: str) -> Iterator[tuple[int, str, str, str]]:
    found = re.match(rf":?{_GAP}(?P<value>[^\s{_CUT}·•|][^{_CUT}]*)", tail)
    if found and (model := _plain(head)):
        value = found["value"].strip()
        yield int(_NUMERIC.fullmatch(value) is None), model, value, tail[found.end() :]


def _is_value(text: str) -> bool:
    return re.search(r"\d", text) is not None or text.strip() in DASHES


def _plain(text: str) -> str:
    return fold(text.replace(_CUT, ""))


def _tail(tail: str) -> tuple[bool, str | None, str | None, bool] | str:
    """Extra data, date, title and code from the text behind value and metric; or what is too much."""
    extra, date = False, None
    while True:
        if found := _EXTRA.match(tail):
            extra = not found["no"]
        elif date is None and (found := _DATE.match(tail)):
            date = fold(found["dotted"] or found["iso"])
        else:
            break
        tail = tail[found.end() :]
    code = False
    tail = tail.strip(f" \n{_CUT}")
    while tail and (found := _CODE.search(tail)):
        code = code or "code" in found[0].casefold()
        tail = tail[: found.start()].rstrip(f" \n{_CUT}")
    if "\n" in tail or tail.startswith(("·", "•", "|")):
        return _plain(tail)
    return extra, date, tail or None, code
