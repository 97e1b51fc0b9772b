"""Markdown of NLP-progress as sections and tables: what markdown-it tells, without its tokens.

The library pads a row that is too short and cuts one that is too long; how many cells a row really
has is counted again, with the library's own splitter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_BARE_LINK = re.compile(r"https?://[^\s|<>\[\]]+[^\s|<>\[\].,;)]")
_RAISED = {"<sup>": "^", "<sub>": "_"}
_BREAK = re.compile(r"(?i)<br\s*/?>")
# The line under a header. Where it stands in running text, the library did not take the lines for a table.
_DELIMITER = re.compile(r"(?m)^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*$")
_HTML_TABLE = re.compile(r"(?i)<table\b")


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its text, and where it leads (http and https only)."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell.

    Attributes:
        text: as a reader sees it, without marks of Markdown and HTML tags.
        links: in order; bare addresses too, with an empty text.
        rest: the text outside of the links.
        bold: nothing but strong text.
    """

    text: str
    links: tuple[Link, ...]
    rest: str
    bold: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A body row. `cells` are as many as the header has; `written` is how many the line has."""

    line: int
    cells: tuple[Cell, ...]
    written: int
    lost: str


@dataclass(frozen=True, slots=True)
class Table:
    """A pipe table.

    Attributes:
        line: 1-based, of the header.
        headings: (level, text) of the headings that it stands under, outermost first.
        caption: the paragraph before it, None where there is none under its heading.
    """

    line: int
    headings: tuple[tuple[int, str], ...]
    caption: Cell | None
    header: tuple[Cell, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that was meant as a table and is none to the library."""

    line: int
    reason: str
    detail: str


def read_tables(text: str) -> Iterator[Table | Unread]:
    """The tables of a page, in order."""
    lines = text.split("\n")
    tokens = _MARKDOWN.parse(text)
    headings: dict[int, str] = {}
    caption: Cell | None = None
    at = 0
    while at < len(tokens):
        token = tokens[at]
        line = (token.map or [0])[0] + 1
        if token.type == "heading_open":
            level = int(token.tag[1:])
            headings = {key: value for key, value in headings.items() if key < level}
            headings[level] = _cell(tokens[at + 1]).text
            caption = None
        elif token.type == "paragraph_open" and token.level == 0:
            caption = _cell(tokens[at + 1])
        elif token.type == "table_open":
            end = next(k for k in range(at, len(tokens)) if tokens[k].type == "table_close")
            yield _table(tokens[at:end], lines, tuple(sorted(headings.items())), caption)
            at, caption = end, None
        elif token.type == "inline" and _DELIMITER.search(token.content):
            detail = "a table whose header and the line under it differ in length"
            yield Unread(line, "broken_table", f"line {line}: {detail}")
        elif token.type == "html_block" and _HTML_TABLE.search(token.content):
            yield Unread(line, "html_table", f"line {line}: a table in HTML, which is not read")
        at += 1


def _table(
    tokens: Sequence[Token], lines: list[str], headings: tuple[tuple[int, str], ...], caption: Cell | None
) -> Table:
    found: list[tuple[int, list[Cell]]] = []
    for token in tokens:
        if token.type == "tr_open":
            found.append(((token.map or [0])[0], []))
        elif token.type == "inline":
            found[-1][1].append(_cell(token))
    (line, header), *body = found
    return Table(line + 1, headings, caption, tuple(header), tuple(_row(lines, *row) for row in body))


def _row(lines: list[str], line: int, cells: list[Cell]) -> Row:
    written = _split(lines[line])
    lost = " | ".join(cell.strip() for cell in written[len(cells) :] if cell.strip())
    return Row(line + 1, tuple(cells), len(written) if "|" in lines[line] else 0, lost)


def _split(line: str) -> list[str]:
    cells: list[str] = escapedSplit(line.strip())
    if cells and not cells[0].strip():
        cells = cells[1:]
    if cells and not cells[-1].strip() and line.strip().endswith("|"):
        cells = cells[:-1]
    return cells


def _cell(inline: Token) -> Cell:
    """An inline token as a reader sees it."""
    whole: list[str] = []
    rest: list[str] = []
    links: list[Link] = []
    target: str | None = None
    inside: list[str] = []
    strong = 0
    bold = True
    raised = ""
    for token in inline.children or ():
        if token.type == "link_open":
            target, inside = str(token.attrs.get("href", "")), []
        elif token.type == "link_close":
            if target and target.lower().startswith(("http://", "https://")):
                links.append(Link(_fold("".join(inside)), target))
            target = None
        elif token.type in ("strong_open", "strong_close"):
            strong += token.nesting
        else:
            piece = _text(token)
            if raised and piece:
                # 10<sup>2</sup> is not 102; a mark such as <sup>*</sup> needs no sign of its own.
                piece, raised = raised + piece if piece[0].isalnum() else piece, ""
            raised = _RAISED.get(token.content.lower(), raised)
            whole.append(piece)
            (rest if target is None else inside).append(piece)
            bold = bold and (strong > 0 or not piece.strip(" :"))
            if target is None:
                links += [Link("", url) for url in _BARE_LINK.findall(piece)]
    text = _fold("".join(whole))
    return Cell(text, tuple(links), _fold(" ".join(rest)), bold and bool(text))


def _text(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "html_inline":
        return " " if _BREAK.fullmatch(token.content) else ""
    if token.type == "image":
        return token.content
    return token.content if token.type in ("text", "code_inline", "text_special") else ""


def _fold(text: str) -> str:
    return " ".join(text.split())
