"""Makes `samples/archive`, which `make run` replays without a network, from `samples/data`.

    python -m samples.make_archive            in the root of the repository

The same data gives the same bytes. The markup of the pages is sotaduck's own (`tests.markup`), each
page says so, and the pages take turns in the styles, so that the samples exercise the parser.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from extract.archive import Archive
from extract.http import Response
from tests.markup import STYLES, render_benchmark, render_paper

HERE = Path(__file__).parent
SOURCE = "paperswithcode2"
FIRST = datetime(2026, 1, 5, 6, 0, 0, tzinfo=UTC)
NOTICE = (
    "<footer><p>Sample page: facts from paperswithcode2.com (from the Papers with Code archive), "
    "CC BY-SA 4.0; the markup is sotaduck's own and not that of the site.</p></footer>"
)

log = logging.getLogger("sotaduck.samples")


def samples() -> Iterator[dict[str, Any]]:
    """The plain data of each page, leaderboards first, in the order of their files' names."""
    for kind in ("benchmark", "paper"):
        for file in sorted((HERE / "data").glob(f"{kind}-*.json")):
            yield json.loads(file.read_text("utf-8"))


def responses() -> Iterator[Response]:
    """Each page as the site's answer to a request, one a second from FIRST on."""
    for number, data in enumerate(samples()):
        style = STYLES[number % len(STYLES)]
        layout = data.get("layout")
        page = render_benchmark(data, style, layout) if layout else render_paper(data, style)
        yield Response(
            url=data["url"],
            final_url=data["url"],
            status=200,
            reason="OK",
            headers=(("Content-Type", "text/html; charset=utf-8"),),
            body=page.replace(b"</body>", NOTICE.encode() + b"</body>"),
            fetched_at=FIRST + timedelta(seconds=number),
        )


def make(folder: Path) -> int:
    """Write the archive into a folder, in place of what was there, and give the number of pages."""
    for pattern in ("*.warc.gz", "index.jsonl", "archive.lock"):
        for file in folder.glob(pattern):
            file.unlink()
    with Archive(folder) as archive:
        for response in responses():
            archive.add(SOURCE, response)
        pages = len(archive.captures())
    (folder / "archive.lock").unlink(missing_ok=True)
    return pages


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    log.info("%d pages in %s", make(HERE / "archive"), HERE / "archive")
