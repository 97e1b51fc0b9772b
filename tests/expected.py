"""What a page must give, worked out from the plain data that `tests.markup` renders: no parser is asked."""

from __future__ import annotations

from typing import Any

from tests.markup import Data, shown_title

SITE = "https://paperswithcode2.com"


def board(data: Data, layout: str, url: str) -> dict[str, Any]:
    """The record of a leaderboard's page, as JSON."""
    metric = {"name": data["metric"]}
    if data["direction"]:
        metric |= {"higher_is_better": data["direction"] == "higher", "direction_source": "page"}
    record = {
        "type": "board",
        "locator": url,
        "area": data["area"],
        "task": data["task"],
        "dataset": data["dataset"],
        "metrics": [metric],
        "rows": [row(item, place, layout) for place, item in enumerate(data["rows"], 1)],
    }
    if data.get("partial"):
        record["partial"] = data["partial"]
    return record


def row(item: Data, position: int, layout: str) -> dict[str, Any]:
    """One row; a table alone knows no badge and only the title that it shows."""
    record: dict[str, Any] = {"position": position, "rank": item["rank"]}
    record["model"] = item["model"]
    record["values"] = [item["value"]]
    record["extra_data"] = item["extra_data"]
    if item["title"] is not None:
        title = item["title"] if "cards" in layout else shown_title(item)
        record["paper_title"] = title
        if title.endswith("..."):
            record["paper_title_cut"] = True
        if item.get("paper"):
            record["paper_url"] = SITE + item["paper"]
    if item["date"]:
        record["date"] = item["date"]
    if item["code"] and item.get("code_urls"):
        record["code_urls"] = item["code_urls"]
    if "cards" in layout:
        record["sota_badge"] = bool(item.get("sota"))
    return record


def paper(data: Data, url: str) -> dict[str, Any]:
    """The record of a paper's page, as JSON."""
    links = [(link, None) if isinstance(link, str) else link for link in data["links"]]
    codes = [address for label, address in links if label.startswith("Code") and address]
    record = {
        "type": "paper",
        "url": url,
        "title": data["title"],
        "authors": data["authors"],
        "date": data["date"],
        "venue": data["venue"],
        "tasks": data["tasks"],
        "paper_link": next((address for label, address in links if label == "Paper"), None),
        "pdf_link": next((address for label, address in links if label == "PDF"), None),
        "code_urls": list(dict.fromkeys(codes)),
        "official_code_urls": [address for label, address in links if label == "Code(official)" and address],
        "abstract": data["abstract"],
        "results": data["results"],
        "partial": data["partial"],
    }
    return {key: value for key, value in record.items() if value not in (None, [])}
