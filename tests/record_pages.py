"""Records the pages of `tests/pages/paperswithcode2`: `python -m tests.record_pages`.

The pages are rendered from the plain data below, and what each must give is worked out from the same
data by `tests.expected`. Run it again only where the styles themselves change, and look at the difference.
"""

from __future__ import annotations

import json
from typing import Any

from tests import expected
from tests.markup import Data, render_benchmark, render_paper
from tests.pages_io import EXPECTED, PAGES

FOLDER = PAGES / "paperswithcode2"


def row(rank: int, model: str, value: str, **others: Any) -> Data:
    """A row with no paper, date or code unless it is given."""
    facts = {"extra_data": False, "title": None, "paper": None, "date": None, "code": False, "sota": False}
    return {"rank": rank, "model": model, "value": value} | facts | others


CITYSCAPES: Data = {
    "area": "Computer Vision",
    "task": "Panoptic Segmentation",
    "dataset": "Cityscapes val",
    "metric": "mIoU",
    "direction": "higher",
    "partial": None,
    "rows": [
        row(
            1,
            "EfficientPS (Cityscapes-fine)",
            "90.3",
            title="EfficientPS: Efficient Panoptic Segmentation",
            paper="/paper/189921",
            date="2020-04-05",
            code=True,
            code_urls=["https://github.com/DeepSceneSeg/EfficientPS"],
            sota=True,
        ),
        row(
            2,
            "Panoptic-DeepLab (SWideRNet [1, 1, 4.5], Mapillary Vistas, multi-scale)",
            "85.3",
            extra_data=True,
            title="Scaling Wide Residual Networks for Panoptic Segmentation",
            paper="/paper/211480",
            date="2020-11-23",
        ),
        row(
            3,
            "Axial-DeepLab-XL (Mapillary Vistas, multi-scale)",
            "84.6",
            extra_data=True,
            title="Axial-DeepLab: Stand-Alone Axial-Attention for Panoptic Segmentation",
            date="2020-03-17",
            code=True,
            sota=True,
        ),
        row(4, "UPSNet", "83"),
    ],
}
PERPLEXITY: Data = {
    "area": "Medical",
    "task": "Language Modelling",
    "dataset": "Penn Treebank (Word Level)",
    "metric": "Test perplexity",
    "direction": "lower",
    "partial": None,
    "rows": [
        row(
            1,
            "GPT-3 (Zero-Shot)",
            "20.5",
            extra_data=True,
            title="Language Models are Few-Shot Learners",
            sota=True,
        ),
        row(2, "GPT-2", "35.76", extra_data=True, code=True),
        row(3, "Mogrifier LSTM + dynamic eval", "44.9", title="Mogrifier LSTM", date="2019-09-04", sota=True),
    ],
}
# What real leaderboards hold in their cells.
ODD: Data = {
    "area": "Miscellaneous",
    "task": "1 Image, 2*2 Stitchi",
    "dataset": "Data on <Roads> & Rails",
    "metric": "Accuracy (%) @ 1",
    "direction": "higher",
    "partial": None,
    "rows": [
        row(1, "{ANNA} 🦆", "28.5*", title="A “Quoted” Title <with> & in it", date="2021-02-03"),
        row(2, "LUKE++ · v2, 中文", "0.8428 ± 0.0014", extra_data=True),
        row(3, "512", "1,234", code=True),
        row(4, "#7 (ours)", "-", title="84.6", date="2019-12-31"),
        row(5, "SOTA", "6.2%", title="What Comes on Top", sota=True),
    ],
}
PARTIAL: Data = PERPLEXITY | {
    "partial": "Showing the first 3 rows; the rest of this leaderboard is not part of this sample."
}
NOTHING_BUT_MODELS: Data = CITYSCAPES | {
    "area": None,
    "direction": None,
    "rows": [row(1, "A", "2"), row(2, "B", "1")],
}

BOARDS: dict[str, tuple[Data, str, str]] = {
    "table-and-cards": (CITYSCAPES, "plain", "table and cards"),
    "react": (CITYSCAPES, "react", "table and cards"),
    "table-only": (CITYSCAPES, "react", "table"),
    "other-order": (PERPLEXITY, "bare", "table"),
    "cards-only": (CITYSCAPES, "react", "cards"),
    "cards-in-a-row": (PERPLEXITY, "flat", "cards"),
    "labelled-cards": (PERPLEXITY, "labelled", "cards"),
    "aria-table": (CITYSCAPES, "flat", "table"),
    "screen-readers": (CITYSCAPES, "ornate", "table and cards"),
    "header-in-two-rows": (PERPLEXITY, "labelled", "table"),
    "lower-is-better": (PERPLEXITY, "plain", "table and cards"),
    "odd-cells": (ODD, "plain", "table and cards"),
    "odd-cells-table": (ODD, "ornate", "table"),
    "partial": (PARTIAL, "react", "table"),
    "no-paper-date-code": (NOTHING_BUT_MODELS, "ornate", "table and cards"),
}

LUKE: Data = {
    "title": "LUKE: Deep Contextualized Entity Representations with Entity-aware Self-attention",
    "authors": ["Ikuya Yamada", "Akari Asai", "Hiroyuki Shindo", "Hideaki Takeda", "Yuji Matsumoto"],
    "date": "2020-10-02",
    "venue": "EMNLP 2020 11",
    "tasks": ["Question Answering", "Named Entity Recognition (NER)"],
    "links": [
        ("Paper", "https://arxiv.org/abs/2010.01057v1"),
        ("PDF", "https://arxiv.org/pdf/2010.01057v1.pdf"),
        ("Code(official)", "https://github.com/studio-ousia/luke"),
        ("Code", "https://github.com/huggingface/transformers"),
    ],
    "abstract": "Entity representations are useful in natural language tasks involving entities.",
    "results": [
        {
            "task": "Question Answering",
            "dataset": "SQuAD1.1 dev",
            "metric": "EM",
            "value": "89.8",
            "model": "LUKE",
        },
        {
            "task": "Question Answering",
            "dataset": "SQuAD1.1 dev",
            "metric": "F1",
            "value": "95",
            "model": "LUKE",
        },
    ],
    "partial": None,
}
BARE_PAPER: Data = {
    "title": "Learning to Fuse Things & Stuff",
    "authors": ["Jie Li", "Sammy Davis, Jr.", "Hervé Jégou"],
    "date": "2018-12-04",
    "venue": None,
    "tasks": [],
    "links": ["Paper", "PDF"],
    "abstract": None,
    "results": [],
    "partial": None,
}
PART_OF_A_PAPER: Data = LUKE | {
    "date": None,
    "venue": None,
    "tasks": [],
    "links": [],
    "abstract": None,
    "partial": "The rest of this page is not part of this sample.",
}

PAPERS: dict[str, tuple[Data, str]] = {
    "paper": (LUKE, "plain"),
    "paper-react": (LUKE, "react"),
    "paper-other-order": (LUKE, "bare"),
    "paper-labelled": (LUKE, "labelled"),
    "paper-without-much": (BARE_PAPER, "plain"),
    "paper-partial": (PART_OF_A_PAPER, "ornate"),
}


def record() -> None:
    """Write every page and what it must give."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, (case, (data, style, layout)) in enumerate(BOARDS.items(), 1):
        url = f"{expected.SITE}/benchmark/{number}"
        _write(case, render_benchmark(data, style, layout), url, expected.board(data, layout, url))
    for number, (case, (data, style)) in enumerate(PAPERS.items(), 1):
        url = f"{expected.SITE}/paper/{number}"
        _write(case, render_paper(data, style), url, expected.paper(data, url))


def _write(case: str, page: bytes, url: str, record: dict[str, Any]) -> None:
    (FOLDER / f"{case}.html").write_bytes(page)
    text = json.dumps({"url": url, "records": [record]}, indent=1, ensure_ascii=False)
    (FOLDER / f"{case}{EXPECTED}").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    record()
