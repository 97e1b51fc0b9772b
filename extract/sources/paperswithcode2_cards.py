"""The cards of a benchmark page: the rows once more, for small screens.

    #1 · model · [SOTA] · value · metric · [· Extra Data] · [· date] · [full title] · [Code]

They are found by this order of texts, in whatever elements they stand. One card can be read in
more than one way (is `2` of `Foo<sub>2</sub>` the model's or the value's?): all ways are given,
the likeliest first, and the table, where there is one, decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bs4.element import Tag

from extract.tables import Piece, fold, squash
from sotaduck.errors import ParseError

_MARKER = re.compile(r"#\s?(\d{1,6})(?=\s|$)")
_CUT = "\x1f"  # stands in a card's text wherever an element begins or ends
_GAP = rf"[\s{_CUT}]*"
_EDGE = rf"(?=[\s{_CUT}·]|$)"
_EXTRA = re.compile(rf"{_GAP}(?:·{_GAP})?Extra Data{_EDGE}", re.I)
_DATE = re.compile(rf"{_GAP}(?:·{_GAP}(?P<dotted>(?=[^{_CUT}·]*\d{{4}})[^{_CUT}·]{{4,20}}?)|(?P<iso>\d{{4}}-\d\d-\d\d)){_GAP}(?=[{_CUT}·]|$)")
_CODE = re.compile(rf"(?:^|{_CUT}){_GAP}(?:·{_GAP})?(?:Code(?:\s*\((?:official|\d+)\))?|-|–|—){_GAP}$", re.I)
_UNIT = re.compile(r"[%±(]|(?:[kKMBGT]|ms|s)$")
DASHES = frozenset({"-", "–", "—", ""})

# Words that a layout may print before a field. They are dropped where every card has them.
_LABELS = frozenset(
    "rank model value score result metric paper title date published paper:".split()
)


@dataclass(frozen=True, slots=True)
class Card:
    """One card: its number, its pieces of text, and all the ways to read it."""

    number: int
    parts: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a card."""

    model: str
    sota: bool
    value: str
    extra_data: bool
    date: str | None
    title: str | None
    code: bool


def find_cards(stream: Sequence[Piece], metric: str, partial: bool) -> list[Card]:
    """The cards among the pieces of a page, in order; none where the page has none.

    Raises:
        ParseError: `rank_sequence` where a number is missing, `broken_html`.
    """
    stream = [part for part in stream if not part.unseen or part.text in ("SOTA", "Extra Data")]
    marks = [(at, int(found[1])) for at, part in enumerate(stream) if (found := _MARKER.match(part.text))]
    marks += [
        (at, int(stream[at + 1].text))
        for at, part in enumerate(stream[:-1])
        if part.text == "#" and re.fullmatch(r"\d{1,6}", stream[at + 1].text)
    ]
    marks = _chain(stream, sorted(marks), partial)
    if not marks:
        return []
    ends = [at for at, _ in marks[1:]] + [_end(stream, [at for at, _ in marks])]
    cards = []
    for (begin, number), end in zip(marks, ends, strict=True):
        parts = list(stream[begin:end])
        if parts[0].text == "#":
            parts = parts[2:]
        elif rest := parts[0].text[_MARKER.match(parts[0].text).end() :].strip():  # type: ignore[union-attr]
            parts[0] = Piece(rest, "", parts[0].tag, parts[0].anchor, parts[0].unseen)
        else:
            parts = parts[1:]
        cards.append(Card(number, tuple(parts)))
    cards = _without_labels(cards, metric)
    named = re.compile(_name_pattern(metric))
    if not any(named.search(_CUT.join(part.text for part in card.parts)) for card in cards):
        return []  # numbered things, but not results: none of them names the metric
    seen: dict[int, int] = {}
    for card in cards:
        for part in card.parts:
            if part.anchor is not None and seen.setdefault(id(part.anchor), card.number) != card.number:
                raise ParseError("broken_html", f"card #{card.number}: a link of an earlier card is not closed")
    return cards


def _chain(stream: Sequence[Piece], marks: list[tuple[int, int]], partial: bool) -> list[tuple[int, int]]:
    """The numbers that count the cards: all of them, or those that stand in the same kind of place."""

    def counts(chain: Sequence[tuple[int, int]]) -> bool:
        first = chain[0][1]
        return (first == 1 or partial) and [n for _, n in chain] == list(range(first, first + len(chain)))

    if not marks or counts(marks):
        return marks
    places: dict[str, list[tuple[int, int]]] = {}
    for at, number in marks:
        path = "/".join(tag.name for tag in (stream[at].tag, *stream[at].tag.parents) if tag.name)
        # With its class, for a model called `#2` in an element like that of the number beside it.
        path += " " + " ".join(stream[at].tag.get_attribute_list("class", [""]))  # type: ignore[arg-type]
        places.setdefault(path, []).append((at, number))
    good = [chain for chain in places.values() if counts(chain)]
    longest = max((len(chain) for chain in good), default=0)
    # The others must be fewer than the chain and lie inside it: names, not cards that were missed.
    best = [chain for chain in good if len(chain) == longest]
    if len(best) == 1 and longest > 1 and not any(n == best[0][-1][1] + 1 and at > best[0][-1][0] for at, n in marks):
        return best[0]
    numbers = [number for _, number in marks]
    wrong = next((i for i, n in enumerate(numbers) if n != (numbers[i - 1] + 1 if i else 1)), 0)
    before = f"after #{numbers[wrong - 1]}" if wrong else "first"
    raise ParseError("rank_sequence", f"cards: {before} comes #{numbers[wrong]}; one is missing or out of order")


def _end(stream: Sequence[Piece], begins: list[int]) -> int:
    """Where the last card ends: with the element that holds it and none of the others."""
    last = stream[begins[-1]].tag
    chain = [last, *(tag for tag in last.parents)]
    if len(begins) > 1:
        others = {id(tag) for at in begins[:-1] for tag in (stream[at].tag, *stream[at].tag.parents)}
        shared = next((i for i, tag in enumerate(chain) if id(tag) in others), len(chain) - 1)
        holder = chain[max(shared - 1, 0)]
        if _count_within(stream, begins[-1], holder) <= 2:
            holder = chain[shared]  # no element of its own for each card: they stand in a row
    else:
        # A lone card: the largest element that begins with its number.
        holder = last
        for tag in chain:
            if begins[0] > 0 and _within(stream[begins[0] - 1].tag, tag):
                break
            holder = tag
        if _count_within(stream, begins[-1], holder) <= 2 and holder.parent is not None:
            holder = holder.parent
    return begins[-1] + _count_within(stream, begins[-1], holder)


def _within(tag: Tag, holder: Tag) -> bool:
    return tag is holder or any(parent is holder for parent in tag.parents)


def _count_within(stream: Sequence[Piece], begin: int, holder: Tag) -> int:
    end = begin
    while end < len(stream) and _within(stream[end].tag, holder):
        end += 1
    return end - begin


def _without_labels(cards: list[Card], metric: str) -> list[Card]:
    def word(part: Piece) -> str:
        return part.text.rstrip(": ").casefold()

    # The last card may lack a label that stands before the number of the next one.
    most = max(len(cards) - 1, 2)
    labels = {
        label
        for label in _LABELS
        if label != metric.casefold()
        and sum(any(word(part) == label for part in card.parts) for card in cards) >= most
    }
    if not labels:
        return cards
    return [
        Card(card.number, tuple(part for part in card.parts if word(part) not in labels)) for card in cards
    ]


def _name_pattern(metric: str) -> str:
    words = rf"[\s{_CUT}]*".join(re.escape(word) for word in metric.split())
    return rf"(?<=[\s{_CUT}]){words}{_EDGE}"


def readings(card: Card, metric: str) -> list[Reading]:
    """All ways to read a card, the likeliest first.

    A card without `· Extra Data` says that there is none: the site does not tell unknown from no.

    Raises:
        ParseError: `unreadable_card`, `card_leftover`; names the card and its text.
    """
    text = "".join(
        ("" if not index else _CUT + ("\n" if part.gap == "\n" else part.gap)) + part.text
        for index, part in enumerate(card.parts)
    )
    found: list[tuple[tuple[bool, bool], Reading]] = []
    leftover: str | None = None
    for name in re.finditer(_name_pattern(metric), text):
        tail = _tail(text[name.end() :])
        if isinstance(tail, str):
            leftover = leftover or tail
            continue
        extra_data, date, title, code = tail
        for model, sota, value in _heads(text[: name.start()]):
            key = (_CUT in (title or ""), bool(_UNIT.match(value)))
            found.append((key, Reading(model, sota, value, extra_data, date, _plain(title), code)))
    if not found:
        if leftover is not None:
            raise ParseError("card_leftover", f"card #{card.number}: no place is known for {leftover!r}")
        shown = " | ".join(part.text for part in card.parts)
        raise ParseError(
            "unreadable_card", f"card #{card.number} is not a model, a value and `{metric}`: {shown[:160]!r}"
        )
    return [reading for _, reading in sorted(found, key=lambda item: item[0])]


def _plain(text: str | None) -> str | None:
    return fold(text.replace(_CUT, "")) if text is not None else None


def _heads(head: str) -> Iterator[tuple[str, bool, str]]:
    """Model, badge and value from the text before the metric's name; the value is the last element first."""
    head = head.strip(f" \n{_CUT}")
    for cut in reversed([match.start() for match in re.finditer(_CUT, head)]):
        before, value = head[:cut].strip(f" \n{_CUT}"), _plain(head[cut:]) or ""
        badge = re.search(rf"{_CUT}\s*SOTA$", before)
        if badge:
            yield _plain(before[: badge.start()]) or "", True, value
        elif first := re.match(rf"SOTA\s*{_CUT}", before):
            yield _plain(before[first.end() :]) or "", True, value
        if before and value:
            yield _plain(before) or "", False, value


def _tail(tail: str) -> tuple[bool, str | None, str | None, bool] | str:
    """Extra data, date, title and code from the text behind the metric's name; or what is too much."""
    extra = _EXTRA.match(tail)
    if extra:
        tail = tail[extra.end() :]
    date = _DATE.match(tail)
    if date:
        tail = tail[date.end() :]
    code = False
    tail = tail.strip(f" \n{_CUT}")
    while tail and (end := _CODE.search(tail)):
        code = code or "code" in end[0].casefold()
        tail = tail[: end.start()].rstrip(f" \n{_CUT}")
    pieces = [piece.strip() for piece in tail.split(_CUT)]
    if "\n" in tail or "Code" in pieces or _MARKER.match(tail) or tail.startswith("·"):
        return fold(tail.replace(_CUT, ""))
    text = fold(date["dotted"] or date["iso"]) if date else None
    return extra is not None, text, tail if squash(tail) not in DASHES else None, code
