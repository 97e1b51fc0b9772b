"""Made the files beside it, with the code of release 0.1.0; README.md says how."""

import json
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import zstandard

from extract.archive import Archive
from extract.http import Response
from flows.ingest import ingest
from flows.run import silent
from samples.make_archive import FIRST, HERE, NOTICE, SOURCE
from sotaduck.config import Config
from tests.markup import STYLES, render_benchmark, render_paper

SEED, PQ, PTB = BOARDS = (80563, 79678, 51940)
PAPERS = (223014, 210734)


def sample(kind: str, number: int) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((HERE / "data" / f"{kind}-{number}.json").read_text("utf-8"))
    return data


def page(data: dict[str, Any], days: int, seconds: int) -> Response:
    layout = data.get("layout")
    body = render_benchmark(data, STYLES[0], layout) if layout else render_paper(data, STYLES[0])
    return Response(
        data["url"], data["url"], 200, "OK", (("Content-Type", "text/html; charset=utf-8"),),
        body.replace(b"</body>", NOTICE.encode() + b"</body>"),
        FIRST + timedelta(days=days, seconds=seconds),
    )  # fmt: skip


def make() -> None:
    """In the current folder: paths get into the record of a run, so they are relative."""
    config = Config(warehouse=Path("warehouse.duckdb"), archive=Path("archive"))
    boards = {number: sample("benchmark", number) for number in BOARDS}
    papers = [sample("paper", number) for number in PAPERS]
    for days in (0, 7):
        pages = [*boards.values(), *(papers if days == 0 else ())]
        with Archive(Path("captured")) as archive:
            for at, data in enumerate(pages):
                archive.add(SOURCE, page(data, days, at))
        ingest(config, "warc", [Path("captured")], silent)
        shutil.rmtree("captured")
        assert boards[PTB]["rows"][3]["value"] == ("44.9" if days == 0 else "44.6")
        boards[PTB]["rows"][3]["value"] = "44.6"  # a correction
        del boards[PQ]["rows"][-1]  # a row that its page no longer shows
    benchmarks = HERE / "opencodepapers" / "dataset" / "benchmarks"
    shutil.copy(benchmarks / "panoptic-segmentation-on-cityscapes-val.json", ".")
    shutil.copy(HERE / "nlp-progress" / "english" / "text_classification.md", ".")
    ingest(config, "opencodepapers", [Path("panoptic-segmentation-on-cityscapes-val.json")], silent)
    ingest(config, "nlp-progress", [Path("text_classification.md")], silent)
    whole = config.warehouse.read_bytes()
    Path("warehouse.duckdb.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(whole))


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    make()
