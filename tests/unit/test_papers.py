"""Rows 20 to 22 of the quirks: which paper a row speaks of, and its dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sotaduck.records import Paper, Quarantined, RawPaper
from tests.boards import archived, board, normalised, row
from transform.dates import read_date
from transform.papers import find_arxiv_id, find_doi, paper_id, read_paper, read_venue, title_key
from transform.vocabulary import load

TITLE = "Going deeper with Image Transformers"


def paper(**said: Any) -> tuple[Paper, list[Quarantined]]:
    url = "https://paperswithcode2.com/paper/210734"
    return read_paper(
        RawPaper(**{"source": "paperswithcode2", "capture_id": "c" * 16, "url": url, "title": TITLE, **said}),
        load(),
    )


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://arxiv.org/abs/2103.17239", "2103.17239"),
        ("https://arxiv.org/abs/2103.17239v2", "2103.17239"),
        ("http://arxiv.org/pdf/1710.09829.pdf", "1710.09829"),
        ("https://www.arxiv.org/pdf/1710.09829v3.pdf", "1710.09829"),
        ("https://arxiv.org/html/2403.13443v2", "2403.13443"),
        ("https://export.arxiv.org/abs/0704.0001", "0704.0001"),
        ("https://arxiv.org/abs/cs/0102003v1", "cs/0102003"),
        ("https://arxiv.org/abs/math.GT/0309136", "math/0309136"),
        ("https://arxiv.org/abs/hep-th/9901001", "hep-th/9901001"),
        ("https://ar5iv.labs.arxiv.org/html/2103.17239", "2103.17239"),
        ("https://huggingface.co/papers/2103.17239", "2103.17239"),
        ("https://doi.org/10.48550/arXiv.2103.17239", "2103.17239"),
        ("arXiv:2103.17239v1", "2103.17239"),
        ("arxiv: 2103.17239", "2103.17239"),
        ("https://arxiv.org/abs/2103.172391234", None),
        ("https://arxiv.org/abs/2113.17239", None),  # no thirteenth month
        ("https://arxiv.org/abs/2103.1723", None),  # five digits since 2015
        ("https://arxiv.org/abs/1403.12345", None),  # four before
        ("https://arxiv.org/list/cs.CL/recent", None),
        ("https://example.org/2103.17239", None),
        ("https://github.com/user/repo-2103.17239", None),
        ("", None),
        (None, None),
    ],
)
def test_an_arxiv_id_is_found_in_a_link_without_its_version(link: str | None, found: str | None) -> None:
    assert find_arxiv_id(link) == found


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://doi.org/10.18653/v1/P18-1091", "10.18653/v1/p18-1091"),
        ("10.1109/CVPR.2019.00963", "10.1109/cvpr.2019.00963"),
        ("https://dl.acm.org/doi/abs/10.1145/3292500.3330701", "10.1145/3292500.3330701"),
        ("doi: 10.1162/neco.1997.9.8.1735.", "10.1162/neco.1997.9.8.1735"),
        ("https://doi.org/10.48550/arXiv.2103.17239", None),  # arXiv's own: the arXiv id says it
        ("https://example.org/10.5", None),
        (None, None),
    ],
)
def test_a_doi_is_found_in_a_link(link: str | None, found: str | None) -> None:
    assert find_doi(link) == found


def test_titles_that_differ_in_case_and_punctuation_have_one_fingerprint() -> None:
    titles = (
        "PaLM: Scaling Language Modeling with Pathways",
        "PALM — scaling  language modeling, with pathways.",
    )
    assert {title_key(title) for title in titles} == {"palmscalinglanguagemodelingwithpathways"}
    assert title_key("ﬁne-tuned Ｌanguage Models") == title_key("Fine-Tuned Language Models")
    assert title_key("Mask R-CNN for C++ programmers") != title_key("Mask R-CNN for C programmers")
    assert title_key("基于深度学习的图像识别") == "基于深度学习的图像识别"


@pytest.mark.parametrize(
    "title", ["Scaling Wide Residual Networks for Panoptic Segm...", "Cut off here…", "GPT-4", "", None]
)
def test_a_cut_or_short_title_has_no_fingerprint(title: str | None) -> None:
    assert title_key(title) is None


@pytest.mark.parametrize(
    ("source", "url", "key", "found"),
    [
        ("paperswithcode2", "https://arxiv.org/abs/2103.17239v2", "atitle", "arxiv:2103.17239"),
        ("paperswithcode2", "https://paperswithcode2.com/paper/210734", "atitle", "paperswithcode2:210734"),
        ("paperswithcode2", "http://127.0.0.1:8000/paper/210734", "atitle", "paperswithcode2:210734"),
        ("pwc-html", "https://paperswithcode.com/paper/a-slug-1", "atitle", "pwc:a-slug-1"),
        ("pwc-dump", "https://paperswithcode.com/paper/a-slug-1", None, "pwc:a-slug-1"),
        ("opencodepapers", "https://paperswithcode.com/paper/a-slug-1/", None, "pwc:a-slug-1"),
        ("pwc-dump", "http://nlp.stanford.edu/pubs/snli_paper.pdf", "atitle", "title:atitle"),
        (
            "pwc-dump",
            "http://nlp.stanford.edu/pubs/snli_paper.pdf",
            None,
            "url:nlp.stanford.edu/pubs/snli_paper.pdf",
        ),
        ("nlp-progress", None, "atitle", "title:atitle"),
        ("nlp-progress", None, None, None),
        ("nlp-progress", "http://[broken", None, None),
    ],
)
def test_the_surest_name_of_a_paper_is_its_id(
    source: str, url: str | None, key: str | None, found: str | None
) -> None:
    assert paper_id(source, url, find_arxiv_id(url), key, load()) == found


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("NeurIPS 2021 12", ("NeurIPS", 2021, 12)), ("CVPR 2022 1", ("CVPR", 2022, 1)),
        ("Findings (ACL) 2022 5", ("Findings (ACL)", 2022, 5)), ("ICLR 2019", ("ICLR", 2019, None)),
        ("2021 IEEE International Conference", ("IEEE International Conference", 2021, None)),
        ("Nature", ("Nature", None, None)), ("ICML 2019 13", ("ICML 2019 13", None, None)),
        ("", (None, None, None)), (None, (None, None, None)),
    ],
)  # fmt: skip
def test_a_venue_is_split_into_name_year_and_month(text: str | None, parts: tuple[object, ...]) -> None:
    assert read_venue(text) == parts


@pytest.mark.parametrize(
    ("text", "day", "reason"),
    [
        ("2022-04-05", date(2022, 4, 5), None),
        ("2022-04-05T00:00:00.000000", date(2022, 4, 5), None),
        ("2022-04-05T10:11:12Z", date(2022, 4, 5), None),
        (" 2022-4-5 ", date(2022, 4, 5), None),
        ("2021-02-30", None, "no_such_day"),
        ("0001-01-01", None, "no_such_day"),
        ("2021", None, "incomplete_date"),
        ("2021-03", None, "incomplete_date"),
        ("05/04/2022", None, "not_a_date"),
        ("yesterday", None, "not_a_date"),
        ("-", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_date_is_a_day_or_has_a_reason(text: str | None, day: date | None, reason: str | None) -> None:
    assert read_date(text) == (day, reason)


def test_a_paper_page_is_typed() -> None:
    found, unread = paper(
        date="2021-03-31", venue="ICCV 2021 10", paper_link="https://arxiv.org/abs/2103.17239v2",
        authors=("Hugo Touvron", "Hervé Jégou"), tasks=("Image Classification",),
        doi="10.1109/ICCV48922.2021.00010",
    )  # fmt: skip
    assert unread == []
    assert (found.paper_id, found.arxiv_id, found.doi) == (
        "arxiv:2103.17239",
        "2103.17239",
        "10.1109/iccv48922.2021.00010",
    )
    assert (found.published, found.venue, found.venue_year, found.venue_month) == (
        date(2021, 3, 31),
        "ICCV",
        2021,
        10,
    )
    assert (found.title_key, found.from_row) == ("goingdeeperwithimagetransformers", False)


def test_a_paper_page_without_arxiv_link_has_the_sites_id() -> None:
    assert paper()[0].paper_id == "paperswithcode2:210734"
    assert paper(arxiv_id="2103.17239v1")[0].paper_id == "arxiv:2103.17239"
    assert paper(code_urls=("https://arxiv.org/abs/2103.17239",))[0].arxiv_id is None  # code is not the paper


def test_a_wrong_date_of_a_paper_is_quarantined_and_the_paper_kept() -> None:
    found, unread = paper(date="2021-02-30")
    assert found.published is None
    assert [(line.field, line.cells, line.reason, line.value_text) for line in unread] == [
        ("date", 0, "no_such_day", "2021-02-30")
    ]


def test_authors_and_arxiv_ids_that_only_rows_state_reach_the_papers() -> None:
    said = {"paper_title": TITLE, "paper_url": "https://arxiv.org/abs/2103.17239v2"}
    rows = [
        row(1, "CaiT-M-36", "94.2", **said, authors=("Hugo Touvron",), code_urls=("https://github.com/a/b",)),
        row(2, "CaiT-S-24", "93.0", **said, authors=("Hugo Touvron",)),
        row(3, "ResNet", "90.0"),
    ]
    (found,) = normalised(board(["Accuracy"], rows)).papers
    assert (found.paper_id, found.arxiv_id, found.from_row) == ("arxiv:2103.17239", "2103.17239", True)
    assert (found.title, found.authors, found.code_urls) == (
        TITLE,
        ("Hugo Touvron",),
        ("https://github.com/a/b",),
    )
    assert found.published is None  # no row states it


def test_rows_of_one_paper_add_up_to_one_record() -> None:
    url = "https://paperswithcode2.com/paper/7"
    rows = [
        row(1, "A", "2", paper_title="Scaling Wide Resid...", paper_title_cut=True, paper_url=url),
        row(
            2, "B", "1", paper_title="Scaling Wide Residual Networks", paper_url=url, paper_date="2020-11-23"
        ),
    ]
    (found,) = normalised(board(["Accuracy"], rows)).papers
    assert (found.title, found.title_key) == ("Scaling Wide Residual Networks", "scalingwideresidualnetworks")
    assert found.published == date(2020, 11, 23)


def test_both_dates_are_kept_and_the_results_own_goes_first() -> None:
    found = normalised(archived()["103"])  # WMT 2014 English-German
    later = next(result for result in found.results if result.model == "CMLM+LAT+4 iterations")
    assert (later.result_date, later.paper_date) == (date(2020, 5, 1), date(2020, 11, 12))
    assert later.date_source == "result"


def test_without_a_date_of_its_own_a_result_has_the_papers() -> None:
    rows = [row(1, "A", "1", paper_date="2020-05-01T00:00:00.000000"), row(2, "B", "2")]
    first, second = normalised(board(["Accuracy"], rows)).results
    assert (first.result_date, first.paper_date, first.date_source) == (None, date(2020, 5, 1), "paper")
    assert (second.result_date, second.paper_date, second.date_source) == (None, None, None)


def test_a_wrong_date_of_a_row_is_quarantined_once_and_its_values_are_loaded() -> None:
    rows = [row(1, "A", "1", "2", date="2021-02-30")]
    found = normalised(board(["Accuracy", "F1"], rows))
    assert [(line.field, line.reason, line.cells) for line in found.quarantine] == [
        ("date", "no_such_day", 0)
    ]
    assert [(result.value, result.result_date) for result in found.results] == [(1.0, None), (2.0, None)]


def test_a_row_without_a_paper_is_a_result_with_nulls() -> None:
    (result,) = normalised(
        board(["Accuracy"], [row(1, "A", "1", code_urls=("https://github.com/a/b",))])
    ).results
    assert (result.paper_id, result.paper_title, result.paper_title_key, result.paper_url) == (None,) * 4
    assert result.code_url == "https://github.com/a/b"


def test_a_cut_title_is_kept_as_cut() -> None:
    title = "Scaling Wide Residual Networks for Panoptic Segm..."
    (result,) = normalised(board(["PQ"], [row(1, "A", "1", paper_title=title, paper_title_cut=True)])).results
    assert (result.paper_title, result.paper_title_cut) == (title, True)
    assert (result.paper_title_key, result.paper_id) == (None, None)
