"""Leaderboard pages of the original Papers with Code (paperswithcode.com, ended in July 2025).

A page carries its data as JSON in `<script type="application/json" id="…">`. Read are
`evaluation-table-data` (the rows), `evaluation-table-metrics` (names and `is_loss`) and
`sota-page-details` (names of task, dataset and area). A row's `raw_metrics` are never used: the site
turned text that it could not read into 0 (`-`, `0. 8132`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer

from extract import visible
from extract.refusals import CHALLENGES
from extract.sources.kinds import looks_like
from extract.sources.signals import Signals
from extract.strict_json import compact, decode
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawMetric, RawRow

SITE = "https://paperswithcode.com"
ROWS, METRICS, DETAILS = "evaluation-table-data", "evaluation-table-metrics", "sota-page-details"

IGNORED_ROW_KEYS = frozenset(
    {
        "raw_metrics",  # wrong by design: see above
        "method_short",  # parts of `method`
        "method_details",
        "mlmodel",  # links inside the site, which is gone
        "mlmodel_short",
        "mlmodeldetails",
        "reports",  # complaints of users about the row
        "external_source_url",  # where somebody read the result: neither a paper nor code
    }
)
IGNORED_PAPER_KEYS = frozenset(
    {
        "id",  # of the site's database; the address names the paper as well
        "code",  # says whether there is code, not where
        "review_url",  # where results were edited
    }
)

# How titles of the site name a leaderboard, newest first. Where ` on ` stands twice, the last one parts them:
# such task names exist ("question answering on webquestions"), and the page gets a warning.
_TITLES = (
    re.compile(r"(?:Papers with Code - )?(?P<dataset>.+) Benchmark \((?P<task>.+)\)", re.I),
    re.compile(
        r"(?:Papers with Code - )?(?:State-of-the-art table for )?(?P<task>.+) on (?P<dataset>.+)", re.I
    ),
)
_SITE_NAME = re.compile(r"(?i)\s*[|·–-]\s*papers with code\s*$")
_ADDRESS = re.compile(r"(?P<task>.+)-on-(?P<dataset>.+)")
_READ = SoupStrainer(["script", "title", "h1"])  # the rest of the page is not built: a tenth of the time


def parse_page(capture: Capture, body: bytes) -> RawBoard:
    """Read one leaderboard page.

    Raises:
        ParseError: `not_a_leaderboard`, `challenge_page`, `no_rows`, `no_metrics`, `wrong_type`,
            `missing_names`, and what `visible.decode` and `strict_json.decode` raise; each names the
            script and the row.
    """
    try:
        return _board(capture, body)
    except ParseError as error:
        raise ParseError(error.reason, error.detail, capture.url) from error


def _board(capture: Capture, body: bytes) -> RawBoard:
    text = _text_of(capture, body)
    # A page that nowhere has the name of that script is not worth a tree.
    soup = BeautifulSoup(text if ROWS in text else "", "lxml", parse_only=_READ)
    scripts = {str(tag["id"]): tag.string or "" for tag in soup.find_all("script", id=True)}
    if ROWS not in scripts:
        if challenge := CHALLENGES.search(text[:200_000]):
            raise ParseError("challenge_page", f"the page says {challenge[0]!r} and holds no leaderboard")
        kind = looks_like(body[:4096], capture.url)
        raise ParseError("not_a_leaderboard", f"there is no script of the id `{ROWS}`; this is {kind}")
    rows = _typed(_json(ROWS, scripts) or [], list, f"`{ROWS}`")
    if not rows:
        raise ParseError("no_rows", f"`{ROWS}` is empty")
    for place, row in enumerate(rows, 1):
        _typed(_typed(row, dict, _row_place(place)).get("metrics"), dict, f"{_row_place(place)}, `metrics`")
    signals = Signals()
    if "</html" not in text[-1000:].lower():
        signals.say("end", "the page does not end with </html>; it may be cut short")
    metrics = _metrics(_json(METRICS, scripts) or [], rows, signals)
    names = [metric.name for metric in metrics]
    task, dataset, area = _names(_json(DETAILS, scripts) or {}, soup, capture.url, signals)
    read = tuple(_row(place, row, names, signals) for place, row in enumerate(rows, 1))
    table_id = rows[0].get("table_id")
    return RawBoard(
        source=capture.source,
        capture_id=capture.capture_id,
        # The table's number outlives the address, which came with and without a host, a query, a suffix.
        locator=f"{SITE}/sota#table-{table_id}" if table_id is not None else capture.url,
        area=area,
        task=task,
        dataset=dataset,
        metrics=metrics,
        rows=read,
        warnings=signals.texts(),
    )


def _text_of(capture: Capture, body: bytes) -> str:
    try:
        return visible.decode(body, capture.media_type)
    except ParseError as error:
        kind = looks_like(body[:4096], capture.url)
        if kind == "an HTML page":
            raise
        raise ParseError("not_a_leaderboard", f"this is {kind} ({error.detail})") from error


def _json(name: str, scripts: Mapping[str, str]) -> Any:
    """What a script holds; None where there is no such script, or nothing in it."""
    text = scripts.get(name, "")
    if not text.strip():
        return None
    place = f"script `{name}`"
    try:
        return decode(text, place)
    except ParseError:
        if "&quot;" not in text:
            raise
        # Some tools that save pages escape what stands in a script.
        return decode(html.unescape(text), place)


def _typed(value: Any, kind: type, place: str) -> Any:
    if not isinstance(value, kind):
        raise ParseError("wrong_type", f"{place}: {type(value).__name__} where {kind.__name__} is due")
    return value


def _row_place(place: int) -> str:
    return f"`{ROWS}`, row {place}"


def _metrics(listed: Any, rows: Sequence[Any], signals: Signals) -> tuple[RawMetric, ...]:
    """The listed metrics in their order (the first ranks), then those that only rows have."""
    metrics: dict[str, RawMetric] = {}
    for place, item in enumerate(_typed(listed, list, f"`{METRICS}`"), 1):
        where = f"`{METRICS}`, entry {place}"
        name = _typed(_typed(item, dict, where).get("name"), str, f"{where}, `name`")
        is_loss = item.get("is_loss")
        if isinstance(is_loss, bool):
            metric = RawMetric(name, higher_is_better=not is_loss, direction_source="is_loss")
        else:
            metric = RawMetric(name)
            if is_loss is not None:
                signals.say(f"is_loss {name}", f"{where}: `is_loss` is {compact(is_loss)!r}, no direction")
        if metrics.setdefault(name, metric) != metric:
            metrics[name] = RawMetric(name)
            signals.say(
                f"twice {name}", f"{where}: `{name}` is listed twice with two directions; none is used"
            )
    for row in rows:
        for name in row["metrics"]:
            metrics.setdefault(name, RawMetric(name))
    if not metrics:
        raise ParseError("no_metrics", "neither the page nor its rows name a metric")
    return tuple(metrics.values())


def _names(details: Any, soup: BeautifulSoup, url: str, signals: Signals) -> tuple[str, str, str | None]:
    """Task, dataset and area: from the page's details, else its heading, its title, its address."""
    told = _typed(details, dict, f"`{DETAILS}`")
    task, dataset = _text(told.get("task_name")), _text(told.get("dataset_name"))
    if not (task and dataset):
        found = _names_elsewhere(soup, url, signals)
        if found is None:
            raise ParseError(
                "missing_names", f"neither `{DETAILS}` nor heading, title, address name the board"
            )
        task, dataset = task or found[0], dataset or found[1]
    return task.strip(), dataset.strip(), _text(told.get("task_main_area_name"))


def _names_elsewhere(soup: BeautifulSoup, url: str, signals: Signals) -> tuple[str, str] | None:
    for tag, patterns in (("h1", _TITLES[1:]), ("title", _TITLES)):
        for element in soup.find_all(tag):
            text = _SITE_NAME.sub("", visible.fold(element.get_text(" ")))
            for pattern in patterns:
                if found := pattern.fullmatch(text):
                    if text.count(" on ") > 1 and pattern is _TITLES[-1]:
                        signals.say("names", f"`{text}` can be cut in two ways; taken: {found['task']!r}")
                    return found["task"], found["dataset"]
    address = unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1]
    if found := _ADDRESS.fullmatch(re.sub(r"(?i)\.html?$", "", address)):
        signals.say("names", f"task and dataset are only named by the address `{address}`")
        return found["task"], found["dataset"]
    return None


def _row(place: int, row: Mapping[str, Any], names: Sequence[str], signals: Signals) -> RawRow:
    where = _row_place(place)
    left = dict(row)
    values = left.pop("metrics")
    paper = dict(_typed(left.pop("paper", None) or {}, dict, f"{where}, `paper`"))
    rank, row_id = _text(left.pop("rank", None)), _text(left.pop("row_id", None))
    extra = left.pop("uses_additional_data", None)
    if extra is not None and not isinstance(extra, bool):
        text = compact(extra)
        signals.say("extra", f"{where}: `uses_additional_data` is {text!r}, neither true nor false")
        extra = None
    paper_url = _text(paper.pop("url", None))
    read = RawRow(
        position=place,
        rank=int(rank) if rank and rank.isdecimal() else None,
        model=_model(left),
        values=tuple(None if values.get(name) is None else compact(values[name]) for name in names),
        extra_data=extra,
        paper_title=_text(paper.pop("title", None)),
        paper_url=_absolute(paper_url, where, signals) if paper_url else None,
        date=_text(left.pop("evaluation_date", None)),
        paper_date=_text(paper.pop("published", None)),
        source_row_id=row_id,
        tags=_tags(left.pop("tags", None) or [], where, signals),
    )
    left.pop("table_id", None)
    if not read.model:
        signals.say("method", f"{where} names no method")
    signals.unknown(left, IGNORED_ROW_KEYS, "row", where)
    signals.unknown(paper, IGNORED_PAPER_KEYS, "paper", f"{where}, `paper`")
    return read


def _absolute(link: str, where: str, signals: Signals) -> str | None:
    try:
        return urljoin(SITE, link.strip())
    except ValueError:  # brackets that are no IPv6 address
        signals.say("paper_url", f"{where}: the paper's address cannot be read: {link[:120]!r}")
        return None


def _model(left: dict[str, Any]) -> str:
    """The method's name; a page that lacks it may still have its two parts."""
    if model := _text(left.pop("method", None)):
        return model
    short, details = _text(left.get("method_short")), _text(left.get("method_details"))
    return f"{short.strip()} ({details})" if short and details else short or ""


def _tags(tags: Any, where: str, signals: Signals) -> tuple[str, ...]:
    found = []
    for tag in tags if isinstance(tags, list) else [tags]:
        name = _text(tag.get("name") if isinstance(tag, dict) else tag)
        if name is None:
            signals.say("tags", f"{where}: a tag without a name: {compact(tag)[:80]}")
        else:
            found.append(name)
    return tuple(found)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
