"""The strict readers of HTML and of tables."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from extract.refusals import CHALLENGES, claimed_rows, is_note, partial_statement
from extract.tables import Grid, grids, header_word
from extract.visible import decode, fold, lines, read_html, squash
from sotaduck.errors import ParseError


def read(html: str) -> list[Grid]:
    def is_header(texts: Sequence[str]) -> bool:
        return {"Model", "F1"} <= set(texts)

    return grids(read_html(html.encode()), is_header, is_note)


def texts(html: str) -> list[list[str]]:
    (grid,) = read(html)
    return [[cell.text for cell in row] for row in grid.rows]


HEAD = "<table><tr><th>Model<th>F1<th>Date</tr>"


# ---------------------------------------------------------------- what a reader sees


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>84<!-- -->.6</p>", "84.6"),
        ("<p>84<b>.6</b></p>", "84.6"),
        ("<p>Top<br>1</p>", "Top 1"),
        ("<p>a<span class='sr-only'>hidden</span>b</p>", "ab"),
        ("<p><span class='x sr-only'>Yes</span></p>", "Yes"),
        ("<p><svg><title>Icon</title><text>no</text></svg>x</p>", "x"),
        ("<p><img alt='Code'></p>", "Code"),
        ("<p>a&nbsp;&amp;&#x1F986;\n  b</p>", "a &🦆 b"),
        ("<p>x<script>y</script><style>z</style></p>", "x"),
        ("<p><template>y</template><noscript>n</noscript>x</p>", "x"),
    ],
)
def test_text_is_what_a_reader_sees(html: str, text: str) -> None:
    page = read_html(html.encode())
    assert page.text(page.elements[1]) == text


def test_blocks_begin_lines_and_inline_elements_do_not() -> None:
    page = read_html(b"<div>a <b>b</b></div><ul><li>c<li>d <i>e</i></ul>f<br>g")
    assert lines(page.stream) == ["a b", "c", "d e", "f", "g"]


def test_a_text_knows_the_link_that_it_stands_in() -> None:
    page = read_html(b"<a href='/x'><span>in</span></a><a>no address</a><b>out</b>")
    assert [part.anchor is not None for part in page.stream] == [True, False, False]


def test_inside_gives_the_elements_of_an_element() -> None:
    page = read_html(b"<div><p>a<b>b</b></p><i>c</i></div><u>d</u>")
    assert [tag.name for tag in page.inside(page.elements[1])] == ["p", "b", "i"]


def test_fold_and_squash() -> None:
    assert fold(" a\u00a0\n b ") == "a b"
    assert squash(" a\u00a0\n b ") == "ab"
    assert squash(None) == ""


@pytest.mark.parametrize(
    ("body", "media_type", "text"),
    [
        ("é".encode(), "", "é"),
        ("\ufeffé".encode(), "", "é"),
        ("é".encode("utf-16"), "", "é"),
        ("é".encode("latin-1"), "text/html; charset=iso-8859-1", "é"),
        (b'<meta charset="windows-1252">\x93', "", '<meta charset="windows-1252">“'),
        (b'<meta charset="utf-16">a', "", '<meta charset="utf-16">a'),
    ],
)
def test_bytes_are_decoded_as_declared(body: bytes, media_type: str, text: str) -> None:
    assert decode(body, media_type) == text


@pytest.mark.parametrize("body", [b"\xff\xfea", b"a\xc3", b'<meta charset="klingon">a'])
def test_bytes_that_the_charset_does_not_allow_are_refused(body: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        decode(body)
    assert caught.value.reason == "bad_encoding"


@pytest.mark.parametrize(
    "html",
    [
        "<div><p>a",
        "<table><tr><td>a",
        "<p>a</p><span>b",
        "<html><body><ul><li>a</li>",
        "<div><!-- </div> -->a",
    ],
)
def test_a_page_that_ends_inside_an_element_is_cut_short(html: str) -> None:
    with pytest.raises(ParseError) as caught:
        read_html(html.encode())
    assert caught.value.reason == "cut_short"


@pytest.mark.parametrize(
    "html",
    ["<p>a<p>b", "<ul><li>a<li>b</ul>", "<div><b>a</div>", "<div>a</body></html>\n", "<br><img src=x>a<hr/>"],
)
def test_end_tags_that_html_lets_one_leave_out_are_not_missed(html: str) -> None:
    assert read_html(html.encode()).stream


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Model ↕", "Model"),
        ("Sort by Date", "Date"),
        ("F1 ▼", "F1"),
        ("Date (sorted descending)", "Date"),
        ("Sortino Ratio", "Sortino Ratio"),
        ("Resort", "Resort"),
        ("#", "#"),
    ],
)
def test_a_headers_word_has_no_arrows(text: str, word: str) -> None:
    assert header_word(text) == word


def test_rows_are_as_long_as_the_header() -> None:
    assert texts(f"{HEAD}<tr><td>A<td>1<td>x<tr><td>B<td>2<td></table>") == [["A", "1", "x"], ["B", "2", ""]]


@pytest.mark.parametrize(
    ("row", "reason", "place"),
    [
        ("<tr><td>A<td>1", "cell_count", "row 2 has 2 cells for 3 columns"),
        ("<tr><td>A<td>1<td>x<td>y", "cell_count", "row 2 has 4 cells"),
        ("<tr><td>A<td colspan=2>1", "cell_count", "row 2: a cell spans several columns"),
        ("<tr><td>A", "cell_count", "row 2 has one cell"),
        ("<tr><td>A<td>1<td><table><tr><td>x</table>", "nested_table", "row 2"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(row: str, reason: str, place: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(f"{HEAD}<tr><td>Z<td>0<td>z{row}</table>")
    assert caught.value.reason == reason
    assert place in caught.value.detail


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ParseError, match="duplicate_header"):
        read("<table><tr><th>Model<th>F1<th>f1</table>")


def test_a_cell_may_span_rows() -> None:
    html = f"{HEAD}<tr><td rowspan=2>A<td>1<td>x<tr><td>2<td>y<tr><td>B<td>3<td>z</table>"
    assert texts(html) == [["A", "1", "x"], ["A", "2", "y"], ["B", "3", "z"]]


def test_of_a_header_in_two_rows_the_last_names_the_columns() -> None:
    html = "<table><tr><th rowspan=2>Model<th colspan=2>Scores<tr><th>F1<th>EM<tr><td>A<td>1<td>2</table>"
    (grid,) = read(html)
    assert grid.header == ("Model", "F1", "EM")
    assert [[cell.text for cell in row] for row in grid.rows] == [["A", "1", "2"]]


def test_a_row_over_the_whole_width_is_a_note_or_an_error() -> None:
    (grid,) = read(f"{HEAD}<tr><td colspan=3>No results yet</table>")
    assert (grid.rows, grid.notes) == ((), ("No results yet",))
    with pytest.raises(ParseError, match="cell_count"):
        read(f"{HEAD}<tr><td colspan=3>Something else</table>")


def test_a_repeated_header_is_no_row() -> None:
    html = f"{HEAD}<tr><td>A<td>1<td>x</tr><tfoot><tr><th>Model<th>F1<th>Date</tfoot></table>"
    assert texts(html) == [["A", "1", "x"]]


def test_a_table_around_the_page_is_not_the_tables_rows() -> None:
    html = f"<table><tr><td>left<td>{HEAD}<tr><td>A<td>1<td>x</table><td>right</table>"
    assert texts(html) == [["A", "1", "x"]]


def test_rows_of_other_elements_are_read_where_a_header_stands_above_them() -> None:
    row = "<div><span>{}</span><span>{}</span><span>{}</span></div>"
    html = row.format("Model", "F1", "Date") + row.format("A", "1", "x") + row.format("B", "2", "y")
    assert texts(f"<section>{html}</section>") == [["A", "1", "x"], ["B", "2", "y"]]


def test_a_bar_of_buttons_is_no_header() -> None:
    assert (
        read("<div><button>Model</button><button>F1</button><button>Date</button></div><p>A</p><p>B</p>")
        == []
    )


# ---------------------------------------------------------------- what pages say of themselves


@pytest.mark.parametrize(
    ("line", "claimed"),
    [
        ("30 results", 30),
        ("Results (1,234)", 1234),
        ("Showing 15 of 120", 15),
        ("Showing 16-30 of 120", 15),
        ("Results", None),
        ("We list 30 results of our own", None),
    ],
)
def test_the_rows_that_a_page_claims(line: str, claimed: int | None) -> None:
    assert claimed_rows([line]) == claimed


@pytest.mark.parametrize(
    "line",
    [
        "Showing the first 15 rows; the rest of this leaderboard is not part of this sample.",
        "Showing 15 of 120 results",
        "Results 16 to 30 of 120",
        "Page 2 of 3",
        "Only the top 20 models are shown",
        "Load more",
        "Show 20 more results",
        "Show all 120 results",
        "(truncated)",
    ],
)
def test_statements_of_a_part(line: str) -> None:
    assert partial_statement(["Results", line]) == line


@pytest.mark.parametrize(
    "line", ["30 of 30", "1-30 of 30 results", "Page 1 of 1", "Showing off", "Show more", "x" * 400]
)
def test_what_is_no_statement_of_a_part(line: str) -> None:
    assert partial_statement([line]) is None


@pytest.mark.parametrize("text", ["Verify you are human", "Just a moment...", "hCaptcha", "Access denied"])
def test_challenges_are_known(text: str) -> None:
    assert CHALLENGES.search(text)
