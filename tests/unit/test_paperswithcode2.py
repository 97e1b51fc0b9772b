"""Pages of paperswithcode2.com that are not what they should be, and what harmless differences do not change.

(The recorded pages beside their records are in tests/pages/paperswithcode2: test_sources reads them.)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from sotaduck.errors import ParseError
from sotaduck.records import RawBoard, RawPaper
from tests import expected, pages_io
from tests.markup import LAYOUTS, STYLES, render_benchmark, render_paper
from tests.record_pages import CITYSCAPES, LUKE, PERPLEXITY

URL = "https://paperswithcode2.com/benchmark/80563"
PAPER_URL = "https://paperswithcode2.com/paper/166166"


def board(page: str | bytes, media_type: str = "", url: str = URL) -> RawBoard:
    body = page.encode() if isinstance(page, str) else page
    (record,) = pages_io.parse("paperswithcode2", url, body, media_type)
    assert isinstance(record, RawBoard)
    return record


def paper(page: str | bytes) -> RawPaper:
    body = page.encode() if isinstance(page, str) else page
    (record,) = pages_io.parse("paperswithcode2", PAPER_URL, body)
    assert isinstance(record, RawPaper)
    return record


def refused(page: str | bytes, media_type: str = "", url: str = URL) -> ParseError:
    """The error with which a page is refused; it names the page."""
    with pytest.raises(ParseError) as caught:
        board(page, media_type, url)
    assert caught.value.url == url
    assert str(caught.value).startswith(f"{url}: ")
    return caught.value


def page(style: str = "plain", layout: str = "table and cards", data: dict[str, Any] = CITYSCAPES) -> str:
    return render_benchmark(data, style, layout).decode()


def changed(text: str, old: str, new: str, count: int = -1) -> str:
    """A page with a change that really changes it."""
    assert old in text
    return text.replace(old, new, count)


def without(text: str, pattern: str) -> str:
    """A page without the first match."""
    found, times = re.subn(pattern, "", text, count=1, flags=re.S)
    assert times == 1
    return found


# ---------------------------------------------------------------- every style, every layout


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("data", [CITYSCAPES, PERPLEXITY], ids=["higher", "lower"])
def test_every_style_gives_the_same_record(style: str, layout: str, data: dict[str, Any]) -> None:
    record = board(render_benchmark(data, style, layout))
    assert pages_io.records_to_json([record]) == [expected.board(data, layout, URL)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("style", STYLES)
def test_a_board_of_one_row_is_read(style: str, layout: str) -> None:
    data = PERPLEXITY | {"rows": PERPLEXITY["rows"][:1]}
    assert pages_io.records_to_json([board(render_benchmark(data, style, layout))]) == [
        expected.board(data, layout, URL)
    ]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_a_paper_gives_the_same_record(style: str) -> None:
    record = paper(render_paper(LUKE, style))
    assert pages_io.records_to_json([record]) == [expected.paper(LUKE, PAPER_URL)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("style", STYLES)
def test_a_page_cut_short_is_refused_wherever_it_is_cut(style: str, layout: str) -> None:
    whole = page(style, layout)
    # What is left out at the very end is the frame of the page, after the last row.
    end = max(whole.rfind("</table>"), whole.rfind("UPSNet"))
    for at in range(1, end, max(1, end // 40)):
        refused(whole[:at])


# ---------------------------------------------------------------- not a leaderboard at all


@pytest.mark.parametrize(
    ("body", "media_type", "reason"),
    [
        (b"", "", "not_html"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "", "bad_encoding"),
        (b"<p>\0</p>", "", "not_html"),
        (b'{"rows": []}', "application/json", "not_html"),
        (b'{"rows": []}', "", "not_html"),
        (b"<html><body></body></html>", "text/html", "not_a_leaderboard"),
        (b"<html><body><h1>Welcome</h1></body></html>", "text/html", "not_a_leaderboard"),
        (b"<title>Just a moment...</title><h1>Verify you are human</h1>", "", "challenge_page"),
        (b"<p>Metric: mIoU (higher is better)</p><h1>Are you a robot?</h1>", "", "challenge_page"),
    ],
)
def test_what_is_no_leaderboard_is_refused(body: bytes, media_type: str, reason: str) -> None:
    assert refused(body, media_type).reason == reason


def test_a_papers_page_is_no_leaderboard_and_the_other_way_round() -> None:
    assert refused(render_paper(LUKE, "plain")).reason == "not_a_leaderboard"
    for style in STYLES:
        for layout in LAYOUTS:
            error = refused(page(style, layout), url=PAPER_URL)
            # One style has news about a captcha: as long as the page is no paper, that may be a challenge.
            assert error.reason == ("challenge_page" if style == "ornate" else "not_a_paper")


def test_a_paper_about_captchas_is_no_challenge() -> None:
    data = CITYSCAPES | {"rows": [CITYSCAPES["rows"][0] | {"title": "Breaking reCAPTCHA: are you a robot?"}]}
    assert board(page(data=data)).rows[0].paper_title == "Breaking reCAPTCHA: are you a robot?"


def test_invalid_utf8_is_refused_and_the_place_named() -> None:
    error = refused(page().encode().replace(b"UPSNet", b"UPS\xffNet"))
    assert error.reason == "bad_encoding"
    assert "UPS" in error.detail


def test_the_declared_charset_is_obeyed() -> None:
    text = changed(changed(page("bare", "table"), "UPSNet", "Jégou"), "▼", "")
    record = board(text.encode("latin-1"), "text/html; charset=ISO-8859-1")
    assert record.rows[3].model == "Jégou"


def test_twenty_megabytes_are_refused_at_once() -> None:
    filler = "<p>" + "lorem ipsum " * 1_750_000 + "</p>"
    assert refused(changed(page(), "<main>", f"<main>{filler}")).reason == "too_large"
    assert refused(changed(page(), "<main>", "<main>" + "<p>x</p>" * 600_000)).reason == "too_large"


def test_deep_nesting_does_no_harm() -> None:
    deep = "<div>" * 20_000, "</div>" * 20_000
    text = changed(changed(page(), "<main>", f"{deep[0]}<main>"), "</main>", f"</main>{deep[1]}")
    assert board(text) == board(page())
    assert refused("<html><body>" + "<div>" * 100_000).reason == "cut_short"


# ---------------------------------------------------------------- a leaderboard with a fault

FAULTS: list[tuple[Callable[[str], str], str, str]] = [
    (lambda text: changed(text, "<th>Paper</th>", "<th>Model</th>"), "duplicate_header", "`Model`"),
    (lambda text: changed(text, "Model ↕", "Method ↕"), "unknown_header", "column 2 is called `Method`"),
    (lambda text: changed(text, "mIoU ▼", "PQ ▼"), "unknown_header", "column 3 is called `PQ`"),
    (lambda text: changed(text, "<th>Paper", "<th>Publication"), "unknown_header", "`Publication`"),
    (lambda text: without(text, r"<td> No </td>"), "cell_count", "row 1 has 6 cells for 7 columns"),
    (lambda text: changed(text, "<td> No </td>", "<td>No</td><td>x</td>", 1), "cell_count", "row 1 has 8"),
    (lambda text: changed(text, "<td> No </td>", "<td colspan=2>No</td>", 1), "cell_count", "row 1: a cell"),
    (lambda text: changed(text, "<td> 3 </td>", "<td>three</td>"), "unreadable_cell", "row 3, column `Rank`"),
    (lambda text: changed(text, "<td> No </td>", "<td>Perhaps</td>", 1), "unreadable_cell", "row 1, column"),
    (lambda text: changed(text, "<td> UPSNet </td>", "<td></td>"), "missing_model", "row 4"),
    (lambda text: without(text, r"<tr>\n  <td> 2 .*?</tr>"), "table_card_mismatch", "no row is like card #2"),
    (lambda text: without(text, r"<li>\n<div>#2.*?</li>"), "rank_sequence", "after card #1 comes #3"),
    (
        lambda text: without(text, r"<li>\n<div>#4.*?</li>"),
        "table_card_mismatch",
        "no card has row 4 (UPSNet)",
    ),
    (lambda text: changed(text, "<div>84.6</div>", "<div>84.7</div>"), "table_card_mismatch", "row 3"),
    (lambda text: changed(text, "<div>UPSNet<", "<div>UPSNeXt<"), "table_card_mismatch", "row 4"),
    (lambda text: changed(text, "· 2020-11-23", "· 2020-11-24"), "table_card_mismatch", "row 2"),
    (
        lambda text: changed(text, "Residual Networks for Panoptic Segmentation", "x"),
        "table_card_mismatch",
        "row 2",
    ),
    (lambda text: without(text, "<div>· Extra Data</div>"), "table_card_mismatch", "row 2"),
    (lambda text: changed(text, "/paper/189921", "/paper/7", 1), "table_card_mismatch", "row 1"),
    (lambda text: changed(text, "<td> 3 </td>", "<td> 4 </td>"), "table_card_mismatch", "row 3"),
    (lambda text: without(text, "<tbody>.*</tbody>"), "table_card_mismatch", "the table has no rows"),
    (lambda text: without(text, "<thead>.*</thead>"), "unknown_header", "no header that is known"),
    (lambda text: changed(text, "Metric: mIoU", "Measure: mIoU"), "missing_metric", "`Metric: …`"),
    (lambda text: text.replace(" on Cityscapes", " at Cityscapes"), "missing_heading", "<task> on <dataset>"),
    (
        lambda text: changed(text, "<h2>Results</h2>", "<h2>Results (30)</h2>"),
        "row_count",
        "30 rows, and has 4",
    ),
]


@pytest.mark.parametrize(("change", "reason", "place"), FAULTS)
def test_a_fault_is_named_with_its_place(change: Callable[[str], str], reason: str, place: str) -> None:
    error = refused(change(page()))
    assert error.reason == reason
    assert place in error.detail


@pytest.mark.parametrize("note", ["", "<tr><td colspan=7>No results yet</td></tr>"])
def test_a_page_without_rows_is_refused(note: str) -> None:
    empty = re.sub("<tbody>.*</tbody>", f"<tbody>{note}</tbody>", page("plain", "table"), flags=re.S)
    assert refused(empty).reason == "no_rows"
    assert refused(page("plain", "neither")).reason == "not_a_leaderboard"


def test_a_missing_row_of_a_lone_table_is_noticed_by_its_number() -> None:
    error = refused(without(page("plain", "table"), r"<tr>\n  <td> 2 .*?</tr>"))
    assert error.reason == "rank_sequence"
    assert "has the number 3, expected 2" in error.detail


def test_a_column_that_is_not_known_is_refused_though_its_cells_fit() -> None:
    text = changed(page(), "<th>Code</th>", "<th>Code</th><th>Params</th>")
    text = changed(text, "</td>\n</tr>", "</td><td>5M</td>\n</tr>")
    assert refused(text).reason == "unknown_header"


def test_two_tables_that_differ_are_refused() -> None:
    table = re.search("<table>.*</table>", page("plain", "table"), re.S)
    assert table
    other = table[0].replace("90.3", "90.4")
    assert refused(changed(page(), "<ul>", f"{other}<ul>")).reason == "several_tables"


def test_a_copy_of_the_table_for_small_screens_changes_nothing() -> None:
    rows = "".join(f"<tr><td>{row['model']}<td>{row['value']}</tr>" for row in CITYSCAPES["rows"])
    copy = f"<table><tr><th>Model<th>mIoU</tr>{rows}</table>"
    assert board(changed(page(), "<ul>", f"{copy}<ul>")) == board(page())


def test_a_card_with_more_than_is_known_is_refused() -> None:
    error = refused(
        changed(page("plain", "cards"), "<div>· 2020-04-05</div>", "<div>· 2020-04-05</div><div>New</div>")
    )
    assert error.reason == "card_leftover"
    assert "card #1" in error.detail


def test_a_card_without_a_value_is_refused() -> None:
    assert refused(without(page("plain", "cards"), "<div>83</div>")).reason == "unreadable_card"


# ---------------------------------------------------------------- lenient HTML, strict facts


@pytest.mark.parametrize("tag", ["td", "tr", "li", "a", "table", "p", "option"])
@pytest.mark.parametrize("style", ["plain", "react", "ornate"])
def test_unclosed_tags_lose_nothing(style: str, tag: str) -> None:
    assert board(page(style).replace(f"</{tag}>", "")) == board(page(style))


@pytest.mark.parametrize("tag", ["div", "span", "p", "section"])
@pytest.mark.parametrize("style", STYLES)
def test_unclosed_containers_give_the_same_record_or_an_error(style: str, tag: str) -> None:
    try:
        record = board(page(style).replace(f"</{tag}>", ""))
    except ParseError as error:
        assert error.url == URL
    else:
        assert record == board(page(style))


@pytest.mark.parametrize("column", ["#", "Extra Data", "Paper", "Date", "Code"])
def test_a_column_may_be_missing_and_the_cards_fill_it(column: str) -> None:
    place = ["#", "Model", "mIoU", "Extra Data", "Paper", "Date", "Code"].index(column)

    def cut(row: re.Match[str]) -> str:
        cells = re.findall(r"<t[hd]>.*?</t[hd]>", row[0], re.S)
        return f"<tr>{''.join(cells[:place] + cells[place + 1 :])}</tr>"

    table = re.sub("<tr>.*?</tr>", cut, page(), flags=re.S)
    assert board(table) == board(page())


def test_a_lone_table_leaves_unknown_what_it_does_not_say() -> None:
    record = board(
        "<h1>Parsing on Treebank</h1><p>Metric: F1 (higher is better)</p>"
        "<table><tr><th>Model<th>F1<tr><td>A<td>90<tr><td>B<td>80</table>"
    )
    first = record.rows[0]
    assert (first.rank, first.extra_data, first.paper_title, first.date, first.sota_badge) == (None,) * 5
    assert [(row.model, row.values) for row in record.rows] == [("A", ("90",)), ("B", ("80",))]
    assert record.area is None


@pytest.mark.parametrize(
    "line",
    [
        "<p>Metric: mIoU (higher is better)</p>",
        "<p>Metric:mIoU (Higher is better)</p>",
        "<p><b>Metric</b>: <i>mIoU</i> — higher is better</p>",
        "<dl><dt>Metric</dt><dd>mIoU</dd><dd>higher is better</dd></dl>",
        "<div>Metric: <!-- -->mIoU<!-- --> <span>(<!-- -->higher<!-- --> is better)</span></div>",
    ],
)
def test_the_metric_and_its_direction_are_read_in_any_elements(line: str) -> None:
    text = without(page("plain"), "<p>Metric: .*?</p>")
    metric = board(changed(text, "</h1>", f"</h1>{line}")).metrics[0]
    assert (metric.name, metric.higher_is_better, metric.direction_source) == ("mIoU", True, "page")


def test_a_direction_that_the_page_does_not_state_is_unknown() -> None:
    metric = board(changed(page(), " (higher is better)", "")).metrics[0]
    assert (metric.name, metric.higher_is_better, metric.direction_source) == ("mIoU", None, None)


def test_an_arrow_of_the_other_direction_is_a_warning_that_names_the_column() -> None:
    (warning,) = board(changed(page(), "mIoU ▼", "mIoU ▲")).warnings
    assert "column `mIoU`" in warning
    assert board(page()).warnings == ()


def test_code_that_stands_in_the_table_alone_is_a_warning() -> None:
    (warning,) = board(without(page(), r"<div>Code</div>\n")).warnings
    assert warning.startswith("row 3 (Axial-DeepLab-XL")


def test_the_breadcrumb_tells_where_task_and_dataset_part() -> None:
    data = CITYSCAPES | {"task": "Depth on Demand", "dataset": "Cars on Roads"}
    record = board(page(data=data))
    assert (record.area, record.task, record.dataset) == (
        "Computer Vision",
        "Depth on Demand",
        "Cars on Roads",
    )
    assert refused(page(data=data | {"area": None})).reason == "ambiguous_heading"


@pytest.mark.parametrize("style", STYLES)
def test_a_cut_title_is_marked_and_the_card_resolves_it(style: str) -> None:
    of_table = board(page(style, "table")).rows[2]
    assert of_table.paper_title == "Axial-DeepLab: Stand-Alone Axial-Attention for P..."
    assert of_table.paper_title_cut
    of_both = board(page(style)).rows[2]
    assert of_both.paper_title == "Axial-DeepLab: Stand-Alone Axial-Attention for Panoptic Segmentation"
    assert not of_both.paper_title_cut


def test_a_cut_title_is_resolved_by_its_tooltip() -> None:
    full = "Axial-DeepLab: Stand-Alone Axial-Attention for Panoptic Segmentation"
    shown = "Axial-DeepLab: Stand-Alone Axial-Attention for P..."
    row = board(changed(page("plain", "table"), shown, f'<span title="{full}">{shown}</span>')).rows[2]
    assert (row.paper_title, row.paper_title_cut) == (full, False)


@pytest.mark.parametrize(
    ("note", "partial"),
    [
        ("Showing the first 4 rows of this leaderboard.", True),
        ("Showing 1-4 of 120 results", True),
        ("4 of 4 results", False),
        ("Load more", True),
        ("Page 1 of 1", False),
    ],
)
def test_a_page_that_says_it_is_a_part_is_one(note: str, partial: bool) -> None:
    text = changed(page("plain", "table"), "<table>", f"<p>{note}</p><table>")
    assert board(text).partial == (note if partial else None)


def test_a_later_part_may_begin_with_another_number() -> None:
    rows = [row | {"rank": row["rank"] + 30} for row in CITYSCAPES["rows"]]
    data = CITYSCAPES | {"rows": rows, "partial": "Showing 31-34 of 120 results"}
    assert [row.rank for row in board(page(data=data)).rows] == [31, 32, 33, 34]
    assert refused(page(data=data | {"partial": None})).reason == "rank_sequence"


def test_how_many_results_the_site_has_is_not_how_many_the_page_has() -> None:
    text = changed(page(), "<footer>", "<footer><p>150,000 results</p>")
    assert board(text) == board(page())


def test_links_are_absolute_and_only_links_to_papers_are_papers() -> None:
    first = board(page("ornate"), url="http://127.0.0.1:8000/benchmark/1").rows[0]
    assert first.paper_url == "http://127.0.0.1:8000/paper/189921"
    assert first.code_urls == ("https://github.com/DeepSceneSeg/EfficientPS",)
    assert board(page("ornate")).rows[3].paper_url is None  # its model is linked, and it has no paper


def test_script_links_are_none() -> None:
    text = changed(
        page("plain", "table"), "https://github.com/DeepSceneSeg/EfficientPS", "javascript:void(0)"
    )
    assert board(text).rows[0].code_urls == ()


# ---------------------------------------------------------------- papers


def test_a_paper_without_its_title_is_refused() -> None:
    text = render_paper(LUKE, "plain").decode()
    text = without(text, "<h1>.*?</h1>")
    text = without(text, "<div><a href='/papers'>.*?</div>")
    with pytest.raises(ParseError, match="missing_title"):
        paper(text)


def test_a_results_table_with_another_column_is_refused() -> None:
    text = changed(render_paper(LUKE, "plain").decode(), "<th>Value</th>", "<th>Score</th>")
    with pytest.raises(ParseError, match="unknown_header"):
        paper(text)


def test_a_missing_cell_of_the_results_is_refused() -> None:
    text = changed(render_paper(LUKE, "plain").decode(), "<td>89.8</td>", "")
    with pytest.raises(ParseError, match="row 1 has 4 cells for 5 columns"):
        paper(text)


def test_a_breadcrumb_that_is_cut_leaves_the_heading_as_title() -> None:
    text = render_paper(LUKE, "plain").decode()
    text = changed(text, f"<span>{LUKE['title']}</span>", f"<span>{LUKE['title'][:40]}...</span>")
    assert paper(text).title == LUKE["title"]
