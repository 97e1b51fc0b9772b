"""Pages of paperswithcode2.com: `/benchmark/<id>` (one leaderboard, one metric) and `/paper/<id>`.

The site's markup was never seen, only the order of its texts: everything is found by what the page
says (header words, the `Metric:` line, `#1`, where links lead), nothing by class names or by position.
A benchmark page holds its rows twice, as a table and as cards; both are read and held against each other.

    _page        links, words, refusals        _benchmark   the table, held against the cards
    _heading     metric, task, dataset, area   _cards       the cards
                                               _paper       paper pages
"""

from __future__ import annotations

from extract.sources.paperswithcode2_benchmark import read_benchmark
from extract.sources.paperswithcode2_page import errors_name
from extract.sources.paperswithcode2_paper import read_paper
from sotaduck.records import Capture, RawBoard, RawPaper


def parse_benchmark(capture: Capture, body: bytes) -> RawBoard:
    """Read a leaderboard page.

    On a page without a table, a card that does not say `Extra Data` is kept as stated: False. The
    source itself does not tell "no" from "unknown".

    Raises:
        ParseError: `not_html`, `bad_encoding`, `too_large`, `cut_short`; `challenge_page`,
            `not_a_leaderboard`, `missing_metric`, `missing_heading`, `ambiguous_heading`; `no_rows`,
            `unknown_header`, `missing_column`, `duplicate_header`, `several_tables`, `nested_table`,
            `cell_count`, `unreadable_cell`, `missing_model`, `several_papers`; `unreadable_card`,
            `card_leftover`, `table_card_mismatch`; `rank_sequence`, `row_count`.
    """
    with errors_name(capture.url):
        return read_benchmark(capture, body)


def parse_paper(capture: Capture, body: bytes) -> RawPaper:
    """Read a paper's page. What the page does not have is None or empty; without a title it is an error.

    Raises:
        ParseError: `not_html`, `bad_encoding`, `too_large`, `cut_short`; `challenge_page`,
            `not_a_paper`, `missing_title`; `unknown_header`, `missing_column`, `duplicate_header`,
            `cell_count`, `nested_table`.
    """
    with errors_name(capture.url):
        return read_paper(capture, body)
