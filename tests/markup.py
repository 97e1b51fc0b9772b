"""Pages of the benchmark and paper kinds, rendered from plain data in markups that differ a lot.

What the site's markup really is, nobody has seen. Each style here is legitimate HTML (`bare` is what
careless hands write) and says the same in the same order of texts: a table, and cards for small screens.

A board is a dict: `area, task, dataset, metric, direction` (`higher`, `lower` or None), `partial` (a
sentence or None) and `rows` with `rank, model, value, extra_data, title, paper` (the path of its page),
`date, code, sota`, and where wanted `title_shown` (as the table cuts it) and `code_urls`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

Data = dict[str, Any]

NAVIGATION = ("Tasks", "SotA", "Datasets", "Papers", "Methods", "Submit", "About")
ICON = '<svg viewBox="0 0 8 8"><title>Icon</title><desc>an icon</desc><path d="M0 0h8"/></svg>'
COMMENT = "<!-- -->"  # React parts two texts of one element with it
UNSEEN = '<span class="sr-only">{}</span>'
COLUMNS = ("#", "Model", "METRIC", "Extra Data", "Paper", "Date", "Code")


# ---------------------------------------------------------------- what every style says


def shown_title(row: Data) -> str:
    """The title as a table shows it: cut to 48 characters."""
    title = row["title"]
    if title is None:
        return "-"
    return str(row.get("title_shown") or (title if len(title) <= 51 else title[:48] + "..."))


def arrow(data: Data) -> str:
    return "▲" if data["direction"] == "lower" else "▼"


def direction(data: Data) -> str:
    return f"({data['direction']} is better)" if data["direction"] else ""


def heading(data: Data) -> str:
    return escape(f"{data['task']} on {data['dataset']}")


def crumbs(data: Data) -> list[str]:
    return (
        [escape(item) for item in ("SotA", data["area"], data["task"], data["dataset"])]
        if data["area"]
        else []
    )


def note(data: Data, tag: str = "p") -> str:
    return f"<{tag}>{escape(data['partial'])}</{tag}>" if data.get("partial") else ""


def linked(href: str | None, text: str) -> str:
    return f'<a href="{escape(href)}">{text}</a>' if href else text


def code_links(row: Data, inner: str = "Code") -> str:
    return " ".join(linked(url, inner) for url in row.get("code_urls") or []) or inner


def texts(row: Data) -> dict[str, str]:
    """The cells of a row, by column, links included."""
    return {
        "#": str(row["rank"]),
        "Model": escape(row["model"]),
        "METRIC": escape(row["value"]),
        "Extra Data": "Yes" if row["extra_data"] else "No",
        "Paper": linked(row.get("paper"), escape(shown_title(row))),
        "Date": row["date"] or "-",
        "Code": code_links(row) if row["code"] else "-",
    }


def title_link(row: Data) -> str:
    return linked(row.get("paper"), escape(row["title"])) if row["title"] else ""


def name_of(column: str, data: Data) -> str:
    return escape(data["metric"]) if column == "METRIC" else column


def wrap(tag: str, items: Iterable[str]) -> str:
    return "".join(f"<{tag}>{item}</{tag}>" for item in items if item)


def navigation() -> str:
    return "<nav>" + "".join(f"<a href='/{item.lower()}'>{item}</a> " for item in NAVIGATION) + "</nav>"


def toolbar(data: Data) -> str:
    metric = escape(data["metric"])
    options = (f"{metric} (best first)", f"{metric} (worst first)", "Date (newest first)", "Model name (A→Z)")
    return (
        "<div>Leaderboard</div><div>Dataset</div><div>Loading chart...</div><h2>Results</h2>"
        "<button>Submit a result</button><button>Hide extra data</button><button>Export CSV</button>"
        f"<label>Sort:</label><select>{wrap('option', options)}</select>"
    )


def document(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)} | Papers with Code</title>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>'


# ---------------------------------------------------------------- boards


def plain(data: Data, table: bool, cards: bool) -> str:
    """A table with <thead>, and cards in a list; one element a line."""
    ends = {"Model": " ↕", "METRIC": f" {arrow(data)}", "Date": " ↕"}
    rows = "".join(
        f"<tr>\n  {wrap('td', (f' {text} ' for text in texts(row).values()))}\n</tr>\n"
        for row in data["rows"]
    )
    items = []
    for row in data["rows"]:
        facts = [
            f"#{row['rank']}",
            escape(row["model"]),
            "SOTA" if row.get("sota") else "",
            escape(row["value"]),
        ]
        facts += [escape(data["metric"]), "· Extra Data" if row["extra_data"] else ""]
        facts += [
            f"· {row['date']}" if row["date"] else "",
            title_link(row),
            code_links(row) if row["code"] else "",
        ]
        items.append("\n" + wrap("div", facts).replace("</div><div>", "</div>\n<div>") + "\n")
    head = wrap("th", (name_of(column, data) + ends.get(column, "") for column in COLUMNS))
    return document(
        f"{data['task']} on {data['dataset']}",
        f"{navigation()}<main><nav>{'<span>/</span>'.join(linked('/x', item) for item in crumbs(data))}</nav>"
        f"<h1>{heading(data)}</h1><p>Metric: {escape(data['metric'])} {direction(data)}</p>{note(data)}"
        f"{toolbar(data)}\n"
        + (f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>\n" if table else "")
        + (f"<ul>{wrap('li', items)}</ul>" if cards else "")
        + "</main><footer><p>© 2026 Papers with Code</p><a href='/about'>About</a></footer>",
    )


def react(data: Data, table: bool, cards: bool) -> str:
    """Server-rendered React: utility classes, `<!-- -->` between texts, buttons and arrows in headers."""

    def split(text: str) -> str:
        return COMMENT.join((escape(text[:2]), escape(text[2:]))) if len(text) > 2 else escape(text)

    arrows = {"Model": "↕", "METRIC": arrow(data), "Date": "↕"}
    head = "".join(
        f'<th scope="col" class="px-4"><button type="button"><span>{name_of(column, data)}</span>'
        + (f'<span aria-hidden="true" class="ml-1">{arrows[column]}</span>' if column in arrows else "")
        + "</button></th>"
        for column in COLUMNS
    )
    rows, items = [], []
    for row in data["rows"]:
        cell = texts(row) | {"#": f"{row['rank']}{COMMENT}", "METRIC": f"<span>{split(row['value'])}</span>"}
        cell["Model"] = f'<div class="flex"><span class="font-medium">{cell["Model"]}</span></div>'
        cell["Code"] = code_links(row, f"{ICON}Code") if row["code"] else "<span>-</span>"
        rows.append(f'<tr class="hover:bg-gray-50">{wrap("td", cell.values())}</tr>')
        badge = '<span class="rounded bg-green-100">SOTA</span>' if row.get("sota") else ""
        facts = [
            split(row["value"]),
            escape(data["metric"]),
            f"· {COMMENT}Extra Data" if row["extra_data"] else "",
        ]
        facts.append(f"· {COMMENT}{row['date']}" if row["date"] else "")
        items.append(
            f'<div class="rounded-lg border p-4"><div class="flex gap-2"><span>#{COMMENT}{row["rank"]}</span>'
            f"<span>{escape(row['model'])}</span>{badge}</div><div>{wrap('span', facts)}</div>"
            + wrap("p", [title_link(row)])
            + wrap("div", [code_links(row, ICON + "Code") if row["code"] else ""])
            + "</div>"
        )
    trail = [f"<a href='/x'>{item}</a>{COMMENT}<span>/</span>" for item in crumbs(data)[:-1]] + crumbs(data)[
        -1:
    ]
    way = f"{COMMENT} ({COMMENT}{data['direction']} is better{COMMENT})" if data["direction"] else ""
    return document(
        f"{data['task']} on {data['dataset']}",
        f'<div id="__next"><header>{navigation()}</header><main><ol>{wrap("li", trail)}</ol>'
        f'<h1 class="text-3xl">{escape(data["task"])}{COMMENT} on {COMMENT}{escape(data["dataset"])}</h1>'
        f"<p>Metric: {COMMENT}<span>{escape(data['metric'])}</span>{way}</p>"
        + note(data, "div")
        + toolbar(data)
        + (
            f'<div class="hidden md:block"><table class="w-full"><thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
            if table
            else ""
        )
        + (f'<div class="md:hidden space-y-3">{"".join(items)}</div>' if cards else "")
        + '</main></div><script id="__NEXT_DATA__" type="application/json">{"rows":["#1","#2"]}</script>',
    )


def bare(data: Data, table: bool, cards: bool) -> str:
    """No <thead>, another order of columns, end tags left out; value and metric of a card in one text."""
    order = ("Model", "METRIC", "Date", "#", "Code", "Extra Data", "Paper")
    head = "".join(
        f"<TH>{name_of(column, data)}{f'<b>{arrow(data)}</b>' if column == 'METRIC' else ''}\n"
        for column in order
    )
    rows = "".join(
        f"<TR>{''.join(f'<TD>{texts(row)[column]}{chr(10)}' for column in order)}" for row in data["rows"]
    )
    items = []
    for row in data["rows"]:
        facts = (
            f"{escape(row['value'])} {escape(data['metric'])}{' · Extra Data' if row['extra_data'] else ''}"
        )
        items.append(
            f"<li><b>#{row['rank']}</b> <i>{escape(row['model'])}</i>"
            f"{' <small>SOTA</small>' if row.get('sota') else ''}"
            f"<div>{facts}{' · ' + row['date'] if row['date'] else ''}</div>"
            f"{wrap('div', [title_link(row)])}{code_links(row) if row['code'] else ''}\n"
        )
    return (
        f"<html><title>{heading(data)}</title><body><p>{' / '.join(crumbs(data))}<h2>{heading(data)}</h2>"
        f"<p>Metric: {escape(data['metric'])} {direction(data)}\n{note(data)}"
        + (f"<TABLE border=1><TR>{head}{rows}</TABLE>" if table else "")
        + (f"<ol>{''.join(items)}</ol>" if cards else "")
        + "<p>Papers with Code</body></html>"
    )


def flat(data: Data, table: bool, cards: bool) -> str:
    """An ARIA table of <div>s; the cards lie flat in one element, parted by <br>."""
    rows = "".join(
        '<div role="row">'
        + "".join(f'<div role="cell"><span>{text}</span></div>' for text in texts(row).values())
        + "</div>"
        for row in data["rows"]
    )
    items = []
    for row in data["rows"]:
        facts = [escape(row["value"]), escape(data["metric"]), "· Extra Data" if row["extra_data"] else ""]
        facts.append(f"· {row['date']}" if row["date"] else "")
        items.append(
            f"<span>#{row['rank']}</span> <strong>{escape(row['model'])}</strong> "
            f"{wrap('em', ['SOTA' if row.get('sota') else ''])}"
            f"<br>{wrap('span', facts)}<br>"
            + (f"<cite>{title_link(row)}</cite><br>" if row["title"] else "")
            + (f"<small>{code_links(row)}</small><br>" if row["code"] else "")
        )
    head = "".join(f'<div role="columnheader">{name_of(column, data)}</div>' for column in COLUMNS)
    return document(
        "Leaderboard",
        f"<div>{' › '.join(f'<span>{item}</span>' for item in crumbs(data))}</div>"
        f"<div role=heading aria-level=1>{heading(data)}</div>"
        f"<div>Metric: {escape(data['metric'])} {direction(data)}</div>{note(data, 'div')}"
        + (
            f'<div role="table"><div role="rowgroup"><div role="row">{head}</div></div>'
            f'<div role="rowgroup">{rows}</div></div>'
            if table
            else ""
        )
        + (f"<section>{''.join(items)}</section>" if cards else ""),
    )


def ornate(data: Data, table: bool, cards: bool) -> str:
    """Everything a careful front-end adds: texts for screen readers, icons with titles, a repeated header."""
    order = ("Code", "Date", "#", "Paper", "Extra Data", "Model", "METRIC")
    arrows = {"METRIC": f"<i>{arrow(data)}</i>", "Date": "<i>↕</i>", "Model": "<i>↕</i>"}
    head = "".join(
        f"<th><div><div>{UNSEEN.format('Sort by')}<span>{name_of(column, data)}</span> {ICON}"
        f"{arrows.get(column, '')}</div></div></th>"
        for column in order
    )
    rows, items = [], []
    for row in data["rows"]:
        cell = texts(row)
        cell["#"] = f"{UNSEEN.format('Rank')}<b>#{row['rank']}</b>"
        cell["Paper"] = f"{ICON} {cell['Paper']}"
        cell["Date"] = f"<time>{row['date']}</time>" if row["date"] else "—"
        cell["Code"] = code_links(row, f"{ICON}<span>Code</span>") if row["code"] else "&nbsp;"
        cell["Extra Data"] = f"{ICON}{UNSEEN.format(cell['Extra Data'])}"
        cell["Model"] = f"<a href='/m/{row['rank']}'><span>{cell['Model']}</span></a>"
        rows.append(
            "<tr>" + "".join(f"<td><div><p>{cell[column]}</p></div></td>" for column in order) + "</tr>"
        )
        dotted = ["Extra Data" if row["extra_data"] else "", row["date"] or ""]
        items.append(
            f"<section>{UNSEEN.format('Rank')}<div><div>{ICON}#{row['rank']}</div>"
            f"{'<span><span>★ SOTA</span></span>' if row.get('sota') else ''}"
            f"<h3><a href='/m/{row['rank']}'>{escape(row['model'])}</a></h3></div>"
            f"<div><p>{escape(row['value'])}</p><p>{escape(data['metric'])}</p>"
            f"<p>{''.join(f'<span>·</span><span>{fact}</span>' for fact in dotted if fact)}</p></div>"
            f"<p>{title_link(row) or '-'}</p>{wrap('p', [code_links(row) if row['code'] else ''])}</section>"
        )
    return document(
        f"{data['task']} on {data['dataset']}",
        "<!-- #1 --><script>var rows = ['#1', '#2'];</script><noscript>Please enable JavaScript</noscript>"
        "<aside>#1 in the news: a captcha is solved</aside>"
        f"<nav aria-label=Breadcrumb>{' / '.join(crumbs(data))}</nav>"
        f"<h1><span>{heading(data)}</span></h1><div><span>Metric:</span> "
        f"<strong>{escape(data['metric'])}</strong><span> {direction(data)}</span></div>{note(data)}"
        + (
            f"<div><table><caption>Results</caption><tbody><tr>{head}</tr>{''.join(rows)}</tbody><tfoot><tr>{head}</tr>"
            f"<tr><td colspan={len(order)}>{len(rows)} results</td></tr></tfoot></table></div>"
            if table
            else ""
        )
        + (f"<div>{''.join(items)}</div>" if cards else "")
        + "<footer>Tasks SotA Datasets</footer>",
    )


def labelled(data: Data, table: bool, cards: bool) -> str:
    """Cards as definition lists, the metric before its value; a table whose header has two rows."""
    rows = []
    for row in data["rows"]:
        number, model, *others = texts(row).values()
        rows.append(f"<tr><td>{number}</td><th scope=row>{model}</th>{wrap('td', others)}</tr>")
    items = []
    for row in data["rows"]:
        facts = [
            ("Rank", f"#{row['rank']}"),
            ("Model", escape(row["model"]) + ("<b>SOTA</b>" if row.get("sota") else "")),
        ]
        facts += [
            (escape(data["metric"]), escape(row["value"])),
            ("Extra Data", "Yes" if row["extra_data"] else "No"),
        ]
        facts += [
            ("Date", row["date"]),
            ("Paper", title_link(row)),
            ("Code", code_links(row) if row["code"] else ""),
        ]
        items.append(
            wrap("dl", ["".join(f"<dt>{label}</dt><dd>{fact}</dd>" for label, fact in facts if fact)])
        )
    head = (
        "<tr><th rowspan=2>#</th><th rowspan=2>Model</th><th colspan=2>Result</th><th rowspan=2>Paper</th>"
        "<th rowspan=2>Date</th><th rowspan=2>Code</th></tr>"
        f"<tr><th>{escape(data['metric'])}</th><th>Extra Data</th></tr>"
    )
    return document(
        f"{data['task']} on {data['dataset']}",
        f"{navigation()}<div>{' '.join(linked('/x', item) for item in crumbs(data))}</div>"
        f"<h1>{heading(data)}</h1>"
        f"<dl><dt>Metric:</dt><dd>{escape(data['metric'])} {direction(data)}</dd></dl>"
        + note(data)
        + toolbar(data)
        + (f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>" if table else "")
        + (f"<section>{''.join(items)}</section>" if cards else ""),
    )


_BOARDS: dict[str, Callable[[Data, bool, bool], str]] = {
    function.__name__: function for function in (plain, react, bare, flat, ornate, labelled)
}
STYLES: tuple[str, ...] = tuple(_BOARDS)
LAYOUTS = ("table and cards", "table", "cards")


def render_benchmark(data: Data, style: str, layout: str = "table and cards") -> bytes:
    """A board's page in one of STYLES and LAYOUTS."""
    return _BOARDS[style](data, "table" in layout, "cards" in layout).encode()


# ---------------------------------------------------------------- papers


def render_paper(data: Data, style: str) -> bytes:
    """A paper's page: `title, authors, date, venue, tasks, links, abstract, results, partial`.

    `links` holds labels, or pairs of a label and an address.
    """
    spans = style in ("react", "flat", "ornate")
    between = COMMENT if style == "react" else ""
    links = []
    for link in data["links"]:
        label, url = (link, None) if isinstance(link, str) else link
        inner = label.replace("(official)", f"{between}<span>(official)</span>") if spans else label
        links.append(linked(url, (ICON if spans else "") + inner) if url else f"<span>{inner}</span>")
    names = [escape(name) for name in data["authors"]]
    if style == "labelled":
        authors = f"<ul>{wrap('li', (linked(f'/author/{at}', name) for at, name in enumerate(names)))}</ul>"
    elif spans:
        authors = ", ".join(linked(f"/author/{at}", name) for at, name in enumerate(names))
    else:
        authors = f"<span>{', '.join(names)}</span>"
    order = ["Task", "Dataset", "Metric", "Value", "Model"]
    if style in ("bare", "ornate"):
        order = ["Model", "Metric", "Value", "Dataset", "Task"]
    table = ""
    if data["results"]:
        cells = (wrap("td", (escape(item[name.lower()]) for name in order)) for item in data["results"])
        head = f"<tr>{wrap('th', order)}</tr>"
        table = f"<table>{head if style == 'bare' else f'<thead>{head}</thead>'}{wrap('tr', cells)}</table>"
        table = f"<h2>Results</h2>{table}"
    title = escape(data["title"])
    tag = "span" if spans else "p"
    facts = wrap(tag, [data["date"] or "", escape(data["venue"] or "")])
    tasks = wrap(tag, (linked(f"/task/{at}", escape(task)) for at, task in enumerate(data["tasks"])))
    crumb = f"<a href='/papers'>Papers</a> <span>/</span> <span>{title}</span>"
    if style == "bare":
        crumb = f"Papers / {title}"
    if style == "labelled":
        authors, facts = f"<b>Authors:</b>{authors}", f"<b>Published:</b>{facts}"
    related = "<ul><li><a href='/paper/1'>Another Paper</a><span>2020-01-01</span></li></ul>"
    return document(
        data["title"],
        f"{navigation()}<main><div>{crumb}</div><h1>{title}</h1><div>{authors if names else ''}</div>"
        f"<div>{facts}</div>{note(data)}<div>{tasks}</div><div>{' '.join(links)}</div>"
        + (f"<h2>Abstract</h2><p>{escape(data['abstract'])}</p>" if data["abstract"] else "")
        + f"{table}<h2>Related Papers</h2>{related}</main>",
    ).encode()
