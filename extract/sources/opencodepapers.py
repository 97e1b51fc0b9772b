"""OpenCodePapers: a git repository of JSON files, one a leaderboard, made from the Papers with Code archive.

`dataset/benchmarks/<task>-on-<dataset>.json` holds `title` (that slug), `task-hierarchy`, `dataset-info`
and `benchmark`: `fields` (key and label of each column) and `items` (the rows by key). The keys are `p`
paper, `c` code, `n` model, `d` date; every other column is a metric, or says whether extra data was used.
An item's paper was at first a Markdown link, then `{name, link}`, then `{name, link, authors}`; before
the JSON files there were Markdown pages with the same JSON inside. No file states a direction.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

from extract.sources.kinds import looks_like
from extract.sources.signals import Signals
from extract.strict_json import compact, decode
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawEntry, RawMetric, RawRow

SITE = "https://opencodepapers-b7572d.gitlab.io"

MODEL, PAPER, CODE, DATE = "n", "p", "c", "d"
TOP_KEYS = frozenset({"title", "task-hierarchy", "dataset-info", "benchmark"})
BENCHMARK_KEYS = frozenset({"fields", "items", "markdown", "caption"})  # the last two were for GitLab's table
FIELD_KEYS = frozenset({"key", "label", "sortable"})
PAPER_KEYS = frozenset({"name", "link", "authors"})

# Labels of the column that says whether a result used extra data, and what its words mean. Other words
# (`Unknown`, `?`) leave it open.
EXTRA_DATA = frozenset(
    {"ext. data", "ext data", "external data", "extra data", "extra training data", "uses additional data"}
)
YES_NO = {
    "yes": True,
    "true": True,
    "✓": True,
    "✔": True,
    "no": False,
    "false": False,
    "✗": False,
    "✘": False,
}
OPEN = frozenset({"", "-", "--", "?", "n/a", "unknown", "none", "null"})

_LINK = re.compile(r"\]\(\s*<?(?P<url>(?:[^\s()<>]|\([^\s()]*\))*)>?\s*\)")
_HTTP = re.compile(r"(?i)\s*https?://\S+\s*\Z")
_PAGE = re.compile(r"(?s)^# (?P<title>[^\n]+)\n(?P<head>.*?)```json:table\s*\n(?P<table>.*?)(?:\n```|\Z)")


def parse_file(capture: Capture, body: BinaryIO) -> Iterator[RawBoard | RawEntry | ParseError]:
    """Read one file: its leaderboard, and what it says of the dataset.

    Yields:
        A ParseError (`wrong_type`) for each item that is no object; the board; the dataset, where the file
        knows its address or its paper.

    Raises:
        ParseError: `other_kind` (the message says which it looks like), `missing_field`, `wrong_type`,
            `no_rows`, `no_metrics`, `duplicate_label`, and those of `strict_json.decode`.
    """
    try:
        yield from _records(capture, _content(body.read(), capture.url))
    except ParseError as error:
        raise ParseError(error.reason, error.detail, capture.url) from error


def _content(body: bytes, url: str) -> dict[str, Any]:
    """The file's JSON, or the same out of one of the early Markdown pages."""
    kind = looks_like(body[:4096], url)
    content = None
    if body.startswith(b"# "):
        page = _PAGE.match(body.decode("utf-8", "replace").replace("\r\n", "\n"))
        content = _early_page(page) if page else None
    elif body.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[") or kind.startswith("text in UTF"):
        content = decode(body)
    if not isinstance(content, dict) or "benchmark" not in content:
        raise ParseError("other_kind", f"an OpenCodePapers benchmark is due, this is {kind}")
    return content


def _early_page(page: re.Match[str]) -> dict[str, Any]:
    link = re.search(r"\[Dataset Link\]\((\S+)\)", page["head"])
    hierarchy = re.search(r"Task Hierarchy:\s*\[(.*)\]", page["head"])
    names = re.findall(r"""'([^']*)'|"([^"]*)\"""", hierarchy[1]) if hierarchy else []
    return {
        "title": page["title"].strip(),
        "task-hierarchy": [single or double for single, double in names],
        "dataset-info": {"link": link[1] if link else None},
        "benchmark": decode(page["table"], "the page's `json:table`"),
    }


def _records(capture: Capture, content: dict[str, Any]) -> Iterator[RawBoard | RawEntry | ParseError]:
    signals = Signals()
    signals.unknown(content, TOP_KEYS, "file", "the file")
    benchmark = _typed(content["benchmark"], dict, "`benchmark`")
    signals.unknown(benchmark, BENCHMARK_KEYS, "benchmark", "`benchmark`")
    items = _typed(benchmark.get("items"), list, "`items`")
    if not items:
        raise ParseError("no_rows", "`items` is an empty list")
    title = _text(content.get("title"))
    if title is None:
        title = PurePosixPath(unquote(urlsplit(capture.url).path)).stem
        signals.say("title", f"the file has no `title`; its name is taken: `{title}`")
    task, dataset = _names(title, _texts(content.get("task-hierarchy")), signals)
    metrics, extra = _columns(benchmark.get("fields"), signals)
    rows = []
    for place, item in enumerate(items, 1):
        if isinstance(item, dict):
            rows.append(_row(place, item, tuple(metrics), extra, signals))
        else:
            yield ParseError("wrong_type", f"item {place} is no object: {compact(item)[:80]}", capture.url)
    locator = f"{SITE}/benchmarks/{quote(title)}.html"
    yield RawBoard(
        source=capture.source,
        capture_id=capture.capture_id,
        locator=locator,
        area=None,
        task=task,
        dataset=dataset,
        metrics=tuple(RawMetric(label) for label in metrics.values()),
        rows=tuple(rows),
        warnings=signals.texts(),
    )
    info = content.get("dataset-info") or {}
    homepage, paper = (
        (_text(info.get("link")), _text(info.get("paper"))) if isinstance(info, dict) else (None,) * 2
    )
    if homepage or paper:
        yield RawEntry(
            source=capture.source,
            capture_id=capture.capture_id,
            kind="dataset",
            url=locator,
            name=dataset,
            homepage=homepage,
            paper_title=paper,
            labels=(task,),
        )


def _names(title: str, hierarchy: tuple[str, ...], signals: Signals) -> tuple[str, str]:
    """Task and dataset of a title; the task by its full name where the hierarchy has it.

    A title says `on` between the two, and was cut at about 50 characters: of some, the dataset is gone.
    """
    sign = "-on-" if "-on-" in title else " on "
    words = title.split(sign)
    cuts = [(sign.join(words[:at]), sign.join(words[at:])) for at in range(1, len(words))]
    for name in reversed(hierarchy):
        for left, right in cuts:
            if _squash(left) == _squash(name):
                return name, right
    if not cuts:
        signals.say("title", f"the title `{title}` names no dataset; it stands for it as a whole")
        return (hierarchy or (title.removesuffix("-on"),))[-1], title
    task, dataset = cuts[0]
    if len(cuts) > 1:
        signals.say("cuts", f"the title `{title}` can be cut in two ways; taken: `{task}`")
    if hierarchy and _squash(hierarchy[-1]) not in _squash(task):
        # A task that was renamed keeps its slug (`2048`: "Playing the Game of 2048").
        signals.say("title", f"the title's task is `{task}`, the hierarchy's `{hierarchy[-1]}` is taken")
        task = hierarchy[-1]
    # Else the title says more than the hierarchy, which ends above it (`10-shot-image-generation`).
    return task, dataset


def _columns(fields: Any, signals: Signals) -> tuple[dict[str, str], str | None]:
    """Labels of the metrics by key, in the order of the columns, and the key of the extra-data column."""
    metrics: dict[str, str] = {}
    extra = None
    for place, field in enumerate(_typed(fields, list, "`fields`"), 1):
        key = _text(_typed(field, dict, f"field {place}").get("key"))
        if key is None:
            raise ParseError("missing_field", f"field {place} has no `key`")
        label = _text(field.get("label")) or key
        signals.unknown(field, FIELD_KEYS, "field", f"field {place}")
        if key in (MODEL, PAPER, CODE, DATE):
            continue
        if " ".join(label.casefold().split()) in EXTRA_DATA and extra in (None, key):
            extra = key
        elif key in metrics or label in metrics.values():
            raise ParseError(
                "duplicate_label", f"field {place}: a column `{key}`, `{label}` is there already"
            )
        else:
            metrics[key] = label
    if not metrics:
        raise ParseError("no_metrics", "no field is a metric")
    return metrics, extra


def _row(
    place: int, item: Mapping[str, Any], metrics: tuple[str, ...], extra: str | None, signals: Signals
) -> RawRow:
    where = f"item {place}"
    signals.unknown(item, frozenset({MODEL, PAPER, CODE, DATE, *metrics, extra or MODEL}), "item", where)
    model = _text(item.get(MODEL))
    if model is None:
        signals.say("model", f"{where} names no model")
    title, link, authors = _paper(item.get(PAPER), where, signals)
    return RawRow(
        position=place,
        rank=None,
        model=model or "",
        values=tuple(None if item.get(key) is None else compact(item[key]) for key in metrics),
        extra_data=_extra_data(item.get(extra), where, signals) if extra else None,
        paper_title=title,
        paper_url=link,
        date=_text(item.get(DATE)),
        code_urls=tuple(_code(item.get(CODE), where, signals)),
        authors=authors,
    )


def _paper(paper: Any, where: str, signals: Signals) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Title, address and authors of an item's paper, in any of the three forms."""
    if isinstance(paper, dict):
        signals.unknown(paper, PAPER_KEYS, "paper", f"{where}, `p`")
        link = _address(paper.get("link"), f"{where}, `p`", signals)
        return _text(paper.get("name")), link, _authors(paper.get("authors"))
    text = _text(paper)
    if text is None:
        if paper not in (None, "") and not isinstance(paper, str):
            signals.say("paper", f"{where}: `p` is not read: {compact(paper)[:80]}")
        return None, None, ()
    links = list(_LINK.finditer(text)) if text.startswith("[") else []
    if not links:
        return (None, text.strip(), ()) if _HTTP.match(text) else (text, None, ())
    if len(links) > 1:
        signals.say("links", f"{where}: `p` holds several links, the last one is read: {text[:120]}")
    title = html.unescape(text[1 : links[-1].start()])
    return _text(title), _address(links[-1]["url"], f"{where}, `p`", signals), ()


def _authors(authors: Any) -> tuple[str, ...]:
    names = re.split(r",\s+", authors) if isinstance(authors, str) else _texts(authors)
    return tuple(name.strip() for name in names if name.strip())


def _code(code: Any, where: str, signals: Signals) -> Iterator[str]:
    """Addresses of code: a bare one, a Markdown link, or several of them."""
    for part in code if isinstance(code, list) else [code]:
        text = _text(part) or ""
        found = [link["url"] for link in _LINK.finditer(text)] or text.split()
        for url in found:
            if address := _address(url, f"{where}, `c`", signals):
                yield address


def _address(text: Any, where: str, signals: Signals) -> str | None:
    link = _text(text)
    if link is None or _HTTP.match(link):
        return link and link.strip()
    signals.say(("address", where.rpartition(" ")[2]), f"{where}: no web address, not read: {link[:120]!r}")
    return None


def _extra_data(cell: Any, where: str, signals: Signals) -> bool | None:
    word = compact(cell).strip().casefold() if cell is not None else ""
    if word not in YES_NO and word not in OPEN:
        signals.say("extra", f"{where}: {word!r} says neither yes nor no about extra data")
    return YES_NO.get(word)


def _typed(value: Any, kind: type, place: str) -> Any:
    if not isinstance(value, kind):
        reason = "missing_field" if value is None else "wrong_type"
        raise ParseError(reason, f"{place} is {type(value).__name__}, {kind.__name__} is due")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, value))) if isinstance(value, list) else ()


def _text(value: Any) -> str | None:
    """A cell's text; None for what stands for nothing: null, blanks, a dash."""
    return value if isinstance(value, str) and value.strip() not in ("", "-", "--") else None


def _squash(text: str) -> str:
    """Letters and digits alone: what a slug keeps of a name."""
    return "".join(filter(str.isalnum, text.casefold()))
