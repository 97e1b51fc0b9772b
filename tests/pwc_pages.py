"""Pages like those of the original Papers with Code, built from rows of the site's own format.

    board = {"table_id": 44, "dataset": "MultiRC", "task": "question answering", "rows": [row, …]}
    body = page(board, shell="site", losses={"Error": True})

The scripts and their ids are the site's; the markup around them is ours, in shells that differ in
what a parser could lean on: what names the board, how a script's text is escaped, where it stands.
"""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Board = Mapping[str, Any]

SHELLS = ("site", "saved", "escaped", "heading", "title", "address")
"""site: as the site served it, everything said. saved: by a browser or an archive (other quotes, upper
case, NaN, a banner). escaped: `&quot;` inside scripts. heading, title, address: only that names the board,
and no metrics are listed."""


def boards(file: Path) -> Iterator[dict[str, Any]]:
    """Boards of a file with one JSON object a line, gzipped."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def slug(text: str) -> str:
    """A name as the site's addresses write it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def address(board: Board) -> str:
    """The address of the board on the site."""
    return f"https://paperswithcode.com/sota/{slug(board['task'])}-on-{slug(board['dataset'])}"


def page(
    board: Board, shell: str = "site", losses: Mapping[str, bool] | None = None, area: str = "Methodology"
) -> bytes:
    """A page of the board.

    Args:
        board: table_id, dataset, task, rows.
        shell: one of SHELLS.
        losses: `is_loss` of metrics; of those that it lacks, the page says nothing.
        area: main area of the task.
    """
    rows = board["rows"]
    metrics = [
        {"name": name, "is_loss": (losses or {}).get(name), "is_fixed": False} for name in rows[0]["metrics"]
    ]
    details = {
        "task_main_area_name": area,
        "task_name": board["task"],
        "dataset_name": board["dataset"],
        "description": "",
        "mirror_url": None,
    }
    scripts = {
        "evaluation-chart-data": {"all": {"data": []}},
        "evaluation-table-metrics": metrics,
        "evaluation-table-data": rows,
        "community-table-data": [],
        "dataset-details": [{"name": board["dataset"], "url": f"/dataset/{slug(board['dataset'])}"}],
        "sota-page-details": details,
    }
    task, dataset = html.escape(board["task"]), html.escape(board["dataset"])
    if shell == "site":
        return _whole(
            f"{dataset} Benchmark ({task}) | Papers With Code", f"<h1>{task} on {dataset}</h1>", scripts
        )
    if shell == "saved":
        text = _whole("Papers with Code", "<h1>State of the Art</h1>", scripts).decode()
        text = re.sub(
            r'<script id="([a-z-]+)" type="application/json">',
            r"<SCRIPT  type='application/json; charset=utf-8' data-v=1 id='\1'>",
            text.replace("</script>", "</SCRIPT>"),
        )
        text = re.sub(r'("raw_metrics": \{[^{}]*?): null', r"\1: NaN", text)
        return text.replace("<body>", "<body><!-- saved --><div id=toolbar>1 capture</div>").encode()
    if shell == "escaped":
        return _whole("Papers with Code", "", scripts, escape=lambda text: html.escape(text, quote=True))
    for name in ("sota-page-details", "dataset-details", "evaluation-table-metrics"):
        del scripts[name]
    if shell == "heading":
        heading = f'<h1 id="sota">\n  {task}\n  on <a href="#">{dataset}</a>\n</h1>'
        return _whole("Papers with Code", heading, scripts)
    if shell == "title":
        return _whole(f"Papers with Code - {dataset} Benchmark ({task})", "<h1>Leaderboard</h1>", scripts)
    if shell == "address":
        return _whole("Papers with Code", "", scripts)
    raise ValueError(shell)


def _django(text: str) -> str:
    """JSON as Django writes it into a script."""
    return text.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")


def _whole(title: str, heading: str, scripts: Mapping[str, Any], escape: Any = _django) -> bytes:
    texts = {name: escape(json.dumps(value, ensure_ascii=False)) for name, value in scripts.items()}
    data = "\n".join(
        f'<script id="{name}" type="application/json">{text}</script>' for name, text in texts.items()
    )
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<nav><a href="/sota">Browse State-of-the-Art</a></nav>
{heading}
<div id="evaluation-table">Loading …</div>
<script>window.dataLayer = [];</script>
{data}
</body>
</html>
""".encode()
