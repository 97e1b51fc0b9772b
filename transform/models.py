"""A model's published name: what it is called, in which variant, and the id that its spellings share.

    `DeBERTa-v3 (large, 5-shot, ensemble)` ──brackets──▶ base `DeBERTa-v3`, `large`, `5-shot`, ensemble
                                           ──folding───▶ id `debertav3(large,5shot)[ensemble]`

The id folds what is only spelling: case, dashes, blanks, Unicode forms, braces, a citation. It keeps what
tells models apart: `+`, dots, digits (`1.3b` is not `13b`; a dash between two digits stays) and ensemble or
single model. Two names are one model for no other reason than this, or a line in `vocabulary/models.toml`;
`near_misses` lists candidates for such lines and joins nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace
from rapidfuzz import fuzz

from transform.draft import Draft
from transform.vocabulary import Vocabulary


class Model(Struct, frozen=True, gc=False):
    """What a published name says.

    Attributes:
        published: the name as published.
        base: the name without its trailing brackets.
        variant: the parts of the trailing brackets, in their order.
        parameters: number of parameters, None where the name gives none (or several).
        shots: number of examples in the prompt; None where the name does not say, or only `few`.
        ensemble: True for an ensemble, False for a single model, None where the name does not say.
        citation: `Edunov et al., 2018`.
        model_id: what all spellings of the name share; empty where the name says nothing.
        rule: what the name lost on its way to the id: `braces`, `citation`, `brackets`, `ensemble`, `case`,
            `dashes`, `blanks`, `unicode`, `vocabulary: …`; `as published` where it lost nothing.
    """

    published: str
    base: str
    variant: tuple[str, ...]
    parameters: float | None
    shots: int | None
    ensemble: bool | None
    citation: str | None
    model_id: str
    rule: str


LONGEST = 300
"""Characters beyond which a name is prose: kept and folded, and not searched for parts."""
_SAYS_SOMETHING = re.compile(r"\w")
_MARKS = {True: "[ensemble]", False: "[single]", None: ""}


def identify_models(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """The pass: a model for each row."""
    return replace(draft, models=tuple(read_model(row.model, vocabulary) for row in draft.rows))


@lru_cache(maxsize=1 << 14)
def read_model(published: str, vocabulary: Vocabulary) -> Model:
    """Read a published name. Never raises, for any text."""
    knowledge = _knowledge(vocabulary)
    plain = _squeeze(_plain(published))
    prose = len(plain) > LONGEST
    text, citation = (plain, None) if prose else _take_citation(plain)
    braced, parts = (text, ()) if prose or citation == text else split_name(text)
    braced, variant, ensemble = _take_ensemble(braced, parts)
    base = _unbrace(braced)
    name = join_name(base, variant)
    folded = fold(name)
    model_id = folded + _MARKS[ensemble] if _SAYS_SOMETHING.search(folded) else ""
    steps = (
        ("braces", base != braced),
        ("citation", text != plain),
        ("brackets", bool(parts) and ensemble is None and join_name(braced, variant) != text),
        ("ensemble", ensemble is not None),
        *_folded(published, name),
    )
    rules = [step for step, taken in steps if taken]
    if (parted := knowledge.part.get(plain)) is not None:
        model_id, rules = parted, ["vocabulary: kept apart"]
    elif (joined := knowledge.join.get(model_id)) is not None:
        model_id, rules = joined, [*rules, "vocabulary: joined"]
    return Model(
        published=published,
        base=base,
        variant=variant,
        parameters=None if prose else _parameters(base, variant, knowledge),
        shots=_shots(text),
        ensemble=ensemble,
        citation=citation,
        model_id=model_id,
        rule=", ".join(rules) or "as published",
    )


# ---------------------------------------------------------------- base and variant


def split_name(name: str) -> tuple[str, tuple[str, ...]]:
    """The name before its trailing brackets, and the parts inside them.

    Parts are split at commas and semicolons that stand in no inner bracket and between no two digits. A
    bracket in the middle of a name, or one without its partner, belongs to the name.
    """
    if not name.rstrip().endswith((")", "]")):
        return name.strip(), ()
    groups: list[tuple[int, int]] = []
    stack: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(name):
        char, at = match[0], match.start()
        if char in _CLOSING:
            stack.append((_CLOSING[char], at))
            continue
        if not stack or stack[-1][0] != char:
            return name.strip(), ()
        _, begin = stack.pop()
        if not stack and char != "}":
            groups.append((begin, at + 1))
    if stack:
        return name.strip(), ()
    end = len(name.rstrip())
    trailing: list[tuple[int, int]] = []
    for begin, behind in reversed(groups):
        if behind != end:
            break
        trailing.insert(0, (begin, behind))
        end = len(name[:begin].rstrip())
    while trailing and not name[: trailing[0][0]].strip(" -"):
        trailing.pop(0)  # a name that is nothing but brackets
    if not trailing:
        return name.strip(), ()
    inside = [part for begin, end in trailing for part in _split_parts(name[begin + 1 : end - 1])]
    return _TRAILING_DASHES.sub("", name[: trailing[0][0]].strip()), tuple(inside)


def join_name(base: str, variant: Iterable[str]) -> str:
    """The name that `split_name` reads as this base and variant."""
    inside = ", ".join(variant)
    return f"{base} ({inside})" if inside else base


def _split_parts(text: str) -> list[str]:
    parts, depth, begin = [], 0, 0
    for match in _BRACKET_OR_SEPARATOR.finditer(text):
        char, at = match[0], match.start()
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and (char == ";" or not _within_number(text, at)):
            parts.append(text[begin:at])
            begin = at + 1
    return [part for part in map(_squeeze, (*parts, text[begin:])) if part]


def _within_number(text: str, comma: int) -> bool:
    """True for the comma of `1,000`; `R50,384` and `512,1024` are two parts each."""
    return bool(_THOUSANDS.match(text, comma) and _BEFORE_THOUSANDS.search(text[:comma]))


# ---------------------------------------------------------------- citation, ensemble, size, shots

_STRAY = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\ufe0f"))
_TRAILING_DASHES = re.compile(r"(?<=\S)\s*-+$")
_BRACKET = re.compile(r"[()\[\]{}]")
_BRACKET_OR_SEPARATOR = re.compile(r"[()\[\]{},;]")
_THOUSANDS = re.compile(r",\d{3}(?![\d.])")
_BEFORE_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}$")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PARTICLE = r"(?:van|von|de|del|der|den|la|le|di|el|al|ten)"
_SURNAME = rf"(?:{_PARTICLE}\s+)*(?=[^\W\d_a-z])[^\W\d_]['’´-]?[^\W\d_]*[a-zà-ÿ][\w'’-]*"  # not all capitals
_YEAR = r"(?:19|20)\d\d[a-z]?"
_HAS_YEAR = re.compile(_YEAR)
_AUTHORS = rf"{_SURNAME}(?:\s+et\.?\s*al\.?|(?:,\s+{_SURNAME})*,?\s+(?:and|&)\s+{_SURNAME})"
_CITATION = re.compile(
    rf"(?:^|(?<=[;,]))\s*(?P<said>(?:{_AUTHORS},?|{_SURNAME},)\s*[(\[]*\s*{_YEAR}\s*[)\]]*)\s*(?:$|[;,]\s*)"
)
_TRAILING_CITATION = re.compile(rf"\s(?P<said>{_AUTHORS},?\s*(?:[(\[]+\s*{_YEAR}\s*[)\]]+|{_YEAR}))\s*$")
_BRACKETED = re.compile(r"[(\[]((?:[^()\[\]]|[(\[][^()\[\]]*[)\]])*)[)\]]")


def _take_citation(text: str) -> tuple[str, str | None]:
    """The name without the citation that it carries, and the citation (row 17)."""
    if not _HAS_YEAR.search(text):
        return text, None
    if _CITATION.fullmatch(text):
        return text, text  # a model that is known by its citation alone
    found: list[str] = []

    def without(match: re.Match[str]) -> str:
        inside, before = match[1], len(found)
        while said := _CITATION.search(inside):
            found.append(_squeeze(said["said"]))
            inside = inside[: said.start()] + inside[said.end() :]
        if len(found) == before:
            return match[0]
        inside = inside.strip(" ,;")
        return f"{match[0][0]}{inside}{match[0][-1]}" if inside else ""

    rest = _squeeze(_BRACKETED.sub(without, text))
    if found:
        rest = re.sub(r"\s+(?=-\S)", "", rest)  # `BERT (Devlin et al., 2019)-Base`
    if match := _TRAILING_CITATION.search(rest):
        found.append(_squeeze(match["said"]))
        rest = rest[: match.start()].rstrip(" ,-")
    if not found:
        return text, None
    return (rest or text), "; ".join(found)


_ENSEMBLE = re.compile(r"(?:models?[- ])?ensembl(?:e|ed|es|ing)(?:[- ]models?)?", re.I)
_SINGLE = re.compile(r"single(?:[- ]model)?", re.I)
_NO_ENSEMBLE = re.compile(r"\b(?:no|not|non|w/o|without)[- ](?:model[- ])?ensembl", re.I)
_SAYS_ENSEMBLE = re.compile(r"\bensembl(?:e|ed|es|ing)\b", re.I)
_SAYS_SINGLE = re.compile(r"\bsingle[- ]model\b|^single\s*[+&]", re.I)
_BASE_ENSEMBLE = re.compile(r"^ensembled?\b|\bensembl(?:e|ed|ing)$|\bensemble of\b|[(\[]ensemble[)\]]", re.I)
_TAIL = re.compile(
    r"(?:\s+-+\s+|\s*[,:]\s+)(?P<said>(?:model )?ensemble|single model)$|[-\s]+(?P<bare>single model)$", re.I
)


def _take_ensemble(base: str, parts: tuple[str, ...]) -> tuple[str, tuple[str, ...], bool | None]:
    """Parts that say only `ensemble` or `single model` leave the variant; those that say more stay in it."""
    whole = join_name(base, parts).casefold()
    if "ensembl" not in whole and "single" not in whole:
        return base, parts, None
    said: list[bool] = []
    kept: list[str] = []
    for part in parts:
        if _ENSEMBLE.fullmatch(part):
            said.append(True)
        elif _SINGLE.fullmatch(part):
            said.append(False)
        else:
            kept.append(part)
            if _NO_ENSEMBLE.search(part):
                said.append(False)
            elif _SAYS_ENSEMBLE.search(part):
                said.append(True)
            elif _SAYS_SINGLE.search(part):
                said.append(False)
    if (match := _TAIL.search(base)) and base[: match.start()].strip():
        said.append("single" not in (match["said"] or match["bare"]).casefold())
        base = base[: match.start()].rstrip()
    elif _BASE_ENSEMBLE.search(base):
        said.append(True)
    return base, tuple(kept), said[0] if len(set(said)) == 1 else None


_SIZE = re.compile(r"(?:(?<![\w.,])|(?<=[a-z]{3})|(?<=[-_/(\[]))(\d+(?:\.\d+)?)\s?([BTMbm])(?![^\W_]|[²³^])")
_MAY_HOLD_SIZE = re.compile(r"\d\s?[BTMbm]")
_WORD_BEFORE = re.compile(r"([A-Za-z0-9]+)[-_ ]*$")
_WORD_BEHIND = re.compile(r"[-\s+]*([A-Za-z-]+)")
_POWERS = {"m": 1e6, "b": 1e9, "t": 1e12}
SMALLEST = 20
"""Millions below which a whole number (`ALBEF (14M)`) counts images as often as parameters."""


def _parameters(base: str, variant: tuple[str, ...], knowledge: _Knowledge) -> float | None:
    """`540B`, `1.3b`, `(7B params)`; not `JFT-3B` or `400M pairs`, and nothing where two sizes stand.

    The size in the name's base counts before those in its brackets, which may be of a part.
    """
    for text in (base, ", ".join(variant)):
        if sizes := _sizes(text, knowledge):
            return sizes.pop() if len(sizes) == 1 else None
    return None


def _sizes(text: str, knowledge: _Knowledge) -> set[float]:
    sizes: set[float] = set()
    if not _MAY_HOLD_SIZE.search(text):  # ten times as fast as _SIZE, and most names have none
        return sizes
    for match in _SIZE.finditer(text):
        before = _WORD_BEFORE.search(text[: match.start()])
        behind = _WORD_BEHIND.match(text, match.end())
        word = behind[1].casefold() if behind else ""
        if word.startswith("param"):
            return {_size(match)}
        if word in knowledge.data_words or (before and before[1].casefold() in knowledge.data_sets):
            continue
        if match[2] == "m" and not (match[1].isdigit() and len(match[1]) >= 3):
            continue  # `10m` may be metres
        if match[2] == "M" and match[1].isdigit() and int(match[1]) < SMALLEST:
            continue
        sizes.add(_size(match))
    return sizes


def _size(match: re.Match[str]) -> float:
    return round(float(match[1]) * _POWERS[match[2].casefold()], 3)


_SHOTS = re.compile(r"(?<![\w.])(\d+|zero|one|two|three|four|five|ten)[-\s]?shots?\b", re.I)
_EXAMPLES = re.compile(r"\bk\s*=\s*(\d+)", re.I)
_NUMBER_WORDS = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}


def _shots(name: str) -> int | None:
    """`5-shot`, `Zero-Shot`, `few-shot, k=5`; None where it says nothing, only `few`, or two numbers."""
    if "shot" not in name.casefold():
        return None
    said = {
        _NUMBER_WORDS.get(word.casefold(), -1) if not word.isdecimal() else int(word[:9])
        for word in _SHOTS.findall(name)
    }
    if not said and re.search(r"\bfew[-\s]?shot", name, re.I):
        said = {int(number[:9]) for number in _EXAMPLES.findall(name)}
    return said.pop() if len(said) == 1 else None


# ---------------------------------------------------------------- the id

_DASH = r"\s_\-‐‑‒–—―−﹘﹣－"
_DASH_OR_UNDERSCORE = re.compile(r"[_\-‐-―−﹘﹣－]")
_DASHES = re.compile(rf"(?P<between_digits>(?<=\d)[{_DASH}]+(?=\d))|[{_DASH}]+")
_QUOTES = str.maketrans("’‘‛´`“”„″′", "''''''''''")


def fold(name: str) -> str:
    """The name without what is only spelling. Folding twice changes nothing."""
    text = _plain(name).translate(_QUOTES).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    joined = _DASHES.sub(lambda match: "-" if match["between_digits"] else "", text)
    return unicodedata.normalize("NFKC", joined)  # what a blank parted (a letter and an accent) may have met


def _folded(published: str, name: str) -> tuple[tuple[str, bool], ...]:
    """Each folding, and whether the name underwent it."""
    return (
        ("case", name != name.casefold()),
        ("dashes", _DASH_OR_UNDERSCORE.search(name) is not None),
        ("blanks", " " in name or _squeeze(published) != published),
        ("unicode", _plain(published) != published),
    )


def _plain(text: str) -> str:
    """The text in one Unicode form, without characters that do not show."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_STRAY))


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _unbrace(name: str) -> str:
    match = re.fullmatch(r"\{+([^{}]*[^{}\s][^{}]*)\}+", name) if name.startswith("{") else None
    return match[1].strip() if match else name


class _Knowledge(Struct, frozen=True):
    """`models.toml`, ready for looking up: ids that join, spellings that part, words about data."""

    join: Mapping[str, str]
    part: Mapping[str, str]
    data_sets: frozenset[str]
    data_words: frozenset[str]


@lru_cache(maxsize=8)
def _knowledge(vocabulary: Vocabulary) -> _Knowledge:
    sizes = vocabulary.models.get("parameters", {})
    bare = Vocabulary(metrics={}, models={"parameters": sizes})
    if not vocabulary.models.get("join") and not vocabulary.models.get("part"):
        join, part = {}, {}
    else:
        join = {
            read_model(name, bare).model_id: read_model(entry["names"][0], bare).model_id
            for entry in vocabulary.models.get("join", ())
            for name in entry["names"]
        }
        part = {entry["name"]: entry["id"] for entry in vocabulary.models.get("part", ())}
    return _Knowledge(
        join=join,
        part=part,
        data_sets=frozenset(word.casefold() for word in sizes.get("data_sets", ())),
        data_words=frozenset(word.casefold() for word in sizes.get("data_words", ())),
    )


# ---------------------------------------------------------------- candidates

WINDOW = 12
"""How many neighbours, in alphabetical order from the front and from the back, a name is compared with."""
ALIKE = 75.0
"""Likeness of two words that are one, misspelt; `B` and `L` are sizes, and not alike at all."""
_APART = re.compile(r"\d+(?:\.\d+)*|[+.]")


def near_misses(names: Iterable[str], cutoff: float = 90.0) -> list[tuple[str, str, float]]:
    """Pairs of names that look alike and are not joined: candidates for a line in the vocabulary, no more.

    Names that differ in digits, dots or `+`, or by whole words (`PaLM 2-S`, `PaLM 2-L`), are different
    models and no candidates. Compared are neighbours in alphabetical order, read forwards and backwards,
    so that the work grows with n log n.

    Returns:
        (name, name, likeness from `cutoff` to 100), the most alike first.
    """
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(fold(name), name)
    groups: dict[tuple[str, ...], list[str]] = {}
    for key in folded:
        groups.setdefault(tuple(sorted(_APART.findall(key))), []).append(key)
    found: dict[tuple[str, str], float] = {}
    for keys in groups.values():
        for ordered in (sorted(keys), sorted(keys, key=lambda key: key[::-1])):
            for at, first in enumerate(ordered):
                for second in ordered[at + 1 : at + 1 + WINDOW]:
                    score = fuzz.ratio(first, second, score_cutoff=cutoff)
                    if score and _differ_in_spelling(folded[first], folded[second]):
                        found[min(first, second), max(first, second)] = score
    pairs = [(folded[first], folded[second], score) for (first, second), score in found.items()]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def _differ_in_spelling(first: str, second: str) -> bool:
    """True where the words of two names differ only in how they are written or parted."""
    words, others = (Counter(re.findall(r"\w+", name.casefold())) for name in (first, second))
    only, other_only = sorted((words - others).elements()), sorted((others - words).elements())
    if "".join(only) == "".join(other_only):
        return True
    return len(only) == len(other_only) and all(
        fuzz.ratio(word, other) >= ALIKE for word, other in zip(only, other_only, strict=True)
    )
