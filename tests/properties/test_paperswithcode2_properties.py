"""What must hold for any leaderboard in any markup: what the page says is what the record holds."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sotaduck.errors import ParseError
from tests import expected, pages_io
from tests.markup import LAYOUTS, STYLES, render_benchmark, render_paper
from tests.record_pages import CITYSCAPES, LUKE

URL = "https://paperswithcode2.com/benchmark/1"
PAPER_URL = "https://paperswithcode2.com/paper/1"

# Words of real names, and words that a careless reader would take for something else on the page.
WORDS = """BERT GPT-3 (175B, [1, 1, 4.5], C++ 84.6 12 512 mIoU F1 Model Date Yes No Paper Rank SOTA Code A&B
    <b>x</b> {ANNA} “q” 😀 naïve α→β ViT-L/16@384 · 50k - * † % é ﬁ 中文 2020-01-01 it's on Metric:"""
VALUES = """84.6; 28.5*; 0.8428 ± 0.0014; -; 1,234; 83; 6.2%; O.753; .602; ~257M; 17.1 (16.1 with x);
    35.0 / 8.9; NaN; −3.5; **70.3**; --"""
# Without the mark of a lost character, which a page is warned of: what Hypothesis draws follows the constants
# of our own modules, and that is one.
free = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\ufffd"), min_size=1, max_size=6
)
names = st.lists(st.sampled_from(WORDS.split()) | free, min_size=1, max_size=4).map(" ".join).filter(bool)
# `#1` at its beginning is what makes a card, and a name or title that is a field is read as that field.
models = names.map(lambda name: f"X{name}" if name.startswith(("#", "·", "-")) or name == "Code" else name)
titles = names.map(lambda name: f"On {name}")
metrics = st.sampled_from(
    [
        "mIoU",
        "Top 1 Accuracy",
        "Accuracy (%)",
        "F1",
        "Hits@1",
        "R@1 (IoU=0.5)",
        "% Test Accuracy",
        "EM / F1",
        "FID",
        "Score",
        "Rank-1",
    ]
)
values = st.sampled_from([" ".join(value.split()) for value in VALUES.split(";")])
papers = st.sampled_from([None, "/paper/12", "/paper/7"])
codes = st.sampled_from([[], ["https://github.com/a/b"], ["https://github.com/a/b", "https://gitlab.com/c"]])
row = st.fixed_dictionaries(
    {
        "model": models,
        "value": values,
        "extra_data": st.booleans(),
        "title": st.none() | titles,
        "paper": papers,
        "date": st.sampled_from([None, "2020-04-05", "2018-12-31"]),
        "code": st.booleans(),
        "code_urls": codes,
        "sota": st.booleans(),
    }
)
boards = st.fixed_dictionaries(
    {
        "area": st.sampled_from([None, "Computer Vision", "Medical"]),
        "task": st.sampled_from(["Panoptic Segmentation", "1 Image, 2*2 Stitchi"]),
        "dataset": st.sampled_from(["Cityscapes val", "Penn Treebank (Word Level)", "C&D <x>"]),
        "metric": metrics,
        "direction": st.sampled_from(["higher", "lower", None]),
        "partial": st.sampled_from([None, "Showing the first 15 rows of this leaderboard."]),
        "rows": st.lists(row, min_size=1, max_size=5),
    }
)
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def whole(board: dict[str, Any]) -> dict[str, Any]:
    """A board whose rows are numbered and link only what they have."""
    rows = []
    for place, item in enumerate(board["rows"], 1):
        paper = item["paper"] if item["title"] else None
        rows.append(
            item | {"rank": place, "paper": paper, "code_urls": item["code_urls"] if item["code"] else []}
        )
    return board | {"rows": rows}


@many
@given(boards.map(whole), st.sampled_from(STYLES), st.sampled_from(LAYOUTS))
def test_a_page_gives_what_it_was_made_from(board: dict[str, Any], style: str, layout: str) -> None:
    records = pages_io.parse("paperswithcode2", URL, render_benchmark(board, style, layout))
    assert pages_io.records_to_json(records) == [expected.board(board, layout, URL)]


@many
@given(
    st.sampled_from(STYLES),
    st.sampled_from(LAYOUTS),
    st.integers(0),
    st.integers(0, 80),
    st.binary(max_size=8),
)
def test_a_damaged_page_gives_a_record_or_a_parse_error(
    style: str, layout: str, place: int, length: int, new: bytes
) -> None:
    for url, page in (
        (URL, render_benchmark(CITYSCAPES, style, layout)),
        (PAPER_URL, render_paper(LUKE, style)),
    ):
        at = place % len(page)
        with contextlib.suppress(ParseError):
            assert pages_io.parse("paperswithcode2", url, page[:at] + new + page[at + length :])


@many
@given(st.binary(max_size=200) | st.text(alphabet="<>/#1 abltrdhp=\"'&;!-", max_size=200).map(str.encode))
def test_any_bytes_give_a_record_or_a_parse_error(body: bytes) -> None:
    for url in (URL, PAPER_URL):
        with contextlib.suppress(ParseError):
            assert pages_io.parse("paperswithcode2", url, body)
