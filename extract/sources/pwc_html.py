"""Leaderboard pages of the original Papers with Code (paperswithcode.com, ended in July 2025).

A page carries its data as JSON in `<script type="application/json" id="…">`. Read are
`evaluation-table-data` (the rows), `evaluation-table-metrics` (names and `is_loss`) and
`sota-page-details` or `dataset-details` (names of task, dataset and area). A row's `raw_metrics`
are never used: the site turned text that it could not read into 0 (`-`, `0. 8132`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup

from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawMetric, RawRow

SITE = "https://paperswithcode.com"
ROWS, METRICS = "evaluation-table-data", "evaluation-table-metrics"

IGNORED_ROW_KEYS = frozenset(
    {
        "raw_metrics",  # wrong by design: see above
        "method_short",  # parts of `method`
        "method_details",
        "mlmodel",  # links inside the site, which is gone
        "mlmodel_short",
        "mlmodeldetails",
        "reports",
        "external_source_url",  # where somebody read the result: neither a paper nor code
    }
)
IGNORED_PAPER_KEYS = frozenset(
    {"code", "review_url", "id"}  # `code` says whether there is code, not where
)


def parse_page(capture: Capture, body: bytes) -> RawBoard:
    """Read one leaderboard page.

    Raises:
        ParseError: `not_a_leaderboard`, `bad_json`, `no_rows`, `unknown_field`, `wrong_type`,
            `missing_heading`; each names the script and the row.
    """
    soup = BeautifulSoup(body, "lxml")
    scripts = {
        str(tag["id"]): tag.string or ""
        for tag in soup.find_all("script", id=True)
        if str(tag.get("type", "")).split(";")[0].strip().lower() == "application/json"
    }
    if ROWS not in scripts:
        raise ParseError(
            "not_a_leaderboard", f"the page has no script of the id `{ROWS}`; is it another kind?", capture.url
        )
    data = {name: _json(name, text, capture.url) for name, text in scripts.items() if _is_ours(name)}
    rows = _typed(data[ROWS], list, ROWS, capture.url)
    if not rows:
        raise ParseError("no_rows", f"`{ROWS}` is an empty list", capture.url)
    metrics = _metrics(data.get(METRICS), rows, capture.url)
    names = [metric.name for metric in metrics]
    task, dataset, area = _names(data, soup, capture.url)
    table_id = rows[0].get("table_id") if isinstance(rows[0], dict) else None
    return RawBoard(
        source=capture.source,
        capture_id=capture.capture_id,
        # The table's number outlives the address, which came with and without a host, a query, a suffix.
        locator=f"{SITE}/sota#table-{table_id}" if table_id is not None else capture.url,
        area=area,
        task=task,
        dataset=dataset,
        metrics=metrics,
        rows=tuple(_row(place, row, names, capture.url) for place, row in enumerate(rows, 1)),
    )


def _is_ours(name: str) -> bool:
    return name in {ROWS, METRICS, "sota-page-details", "dataset-details"}


def _json(name: str, text: str, url: str) -> Any:
    try:
        # NaN and Infinity stand bare on some pages; as text they reach the value grammar, which refuses them.
        return json.loads(text, parse_constant=str, parse_float=str, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise ParseError("bad_json", f"script `{name}`: {type(error).__name__}: {error}", url) from error


def _integer(text: str) -> int | str:
    return int(text) if len(text) < 19 else text


def _typed(value: Any, kind: type, place: str, url: str) -> Any:
    if not isinstance(value, kind):
        raise ParseError("wrong_type", f"{place}: {type(value).__name__} where {kind.__name__} is due", url)
    return value


def _metrics(listed: Any, rows: Sequence[Any], url: str) -> tuple[RawMetric, ...]:
    """The listed metrics in their order (the first ranks), then those that only rows have."""
    metrics: dict[str, RawMetric] = {}
    for place, item in enumerate(_typed(listed, list, METRICS, url) if listed is not None else (), 1):
        where = f"`{METRICS}`, entry {place}"
        name = _typed(_typed(item, dict, where, url).get("name"), str, f"{where}, `name`", url)
        is_loss = item.get("is_loss")
        if is_loss is None:
            metrics[name] = RawMetric(name)
        else:
            lower = _typed(is_loss, bool, f"{where}, `is_loss`", url)
            metrics[name] = RawMetric(name, higher_is_better=not lower, direction_source="is_loss")
    for place, row in enumerate(rows, 1):
        where = f"`{ROWS}`, row {place}"
        values = _typed(_typed(row, dict, where, url).get("metrics"), dict, f"{where}, `metrics`", url)
        for name in values:
            metrics.setdefault(name, RawMetric(name))
    if not metrics:
        raise ParseError("no_metrics", "neither the page nor its rows name a metric", url)
    return tuple(metrics.values())


def _names(data: Mapping[str, Any], soup: BeautifulSoup, url: str) -> tuple[str, str, str | None]:
    details: dict[str, Any] = {}
    for name in ("dataset-details", "sota-page-details"):
        if isinstance(data.get(name), dict):
            details.update({key: value for key, value in data[name].items() if value})
    task = details.get("task_name") or details.get("task")
    dataset = details.get("dataset_name") or details.get("dataset") or details.get("name")
    area = details.get("task_main_area_name") or details.get("area")
    if not (task and dataset):
        heading = soup.find("h1")
        text = " ".join(heading.get_text(" ").split()) if heading else ""
        task_said, _, dataset_said = text.rpartition(" on ")
        task, dataset = task or task_said, dataset or dataset_said
    if not (isinstance(task, str) and isinstance(dataset, str) and task.strip() and dataset.strip()):
        raise ParseError("missing_heading", "the page does not name its task and dataset", url)
    return task.strip(), dataset.strip(), area.strip() if isinstance(area, str) else None


def _row(place: int, row: Mapping[str, Any], names: Sequence[str], url: str) -> RawRow:
    where = f"`{ROWS}`, row {place}"
    left = dict(row)
    values = left.pop("metrics")
    paper = left.pop("paper", None)
    paper = dict(_typed(paper, dict, f"{where}, `paper`", url)) if paper else {}
    title, paper_url = _text(paper.pop("title", None)), _text(paper.pop("url", None))
    published = _text(paper.pop("published", None))
    rank, row_id, extra = left.pop("rank", None), left.pop("row_id", None), left.pop("uses_additional_data", None)
    model = left.pop("method", None)
    if model is None:
        short, details = _text(left.get("method_short")), _text(left.get("method_details"))
        model = f"{short} ({details})" if short and details else short or ""
    code = left.pop("code_url", None)
    date = _text(left.pop("evaluation_date", None))
    tags = left.pop("tags", None) or []
    left.pop("table_id", None)
    unknown = sorted(left.keys() - IGNORED_ROW_KEYS) + sorted(paper.keys() - IGNORED_PAPER_KEYS)
    if unknown:
        raise ParseError("unknown_field", f"{where}: unknown field `{unknown[0]}`", url)
    return RawRow(
        position=place,
        rank=rank if isinstance(rank, int) and not isinstance(rank, bool) else None,
        model=_typed(model, str, f"{where}, `method`", url),
        values=tuple(_cell(values.get(name)) for name in names),
        extra_data=None if extra is None else _typed(extra, bool, f"{where}, `uses_additional_data`", url),
        paper_title=title,
        paper_url=urljoin(SITE, paper_url) if paper_url else None,
        date=date,
        paper_date=published,
        code_urls=(code,) if isinstance(code, str) and code else (),
        source_row_id=None if row_id is None else str(row_id),
        tags=tuple(str(tag["name"]) for tag in tags if isinstance(tag, dict) and tag.get("name")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _cell(value: Any) -> str | None:
    """A metric cell as text; numbers keep the digits that the page wrote."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
