"""Pages of the benchmark and paper kinds, rendered from plain data in markups that differ a lot.

What the site's markup really is, nobody has seen. Each style here is legitimate HTML (one is what
careless hands write) and says the same in the same order of texts.

A board is a dict: `area, task, dataset, metric, direction` (`higher`, `lower` or None), `partial` (a
sentence or None) and `rows` with `rank, model, value, extra_data, title, paper, date, code, sota`, and
where wanted `title_shown` (as the table cuts it) and `code_urls`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

Data = dict[str, Any]

NAVIGATION = ("Tasks", "SotA", "Datasets", "Papers", "Methods", "Submit", "About")
ICON = '<svg viewBox="0 0 8 8"><title>Icon</title><desc>an icon</desc><path d="M0 0h8"/></svg>'


def shown_title(row: Data) -> str:
    """The title as a table shows it: cut to 48 characters."""
    title = row["title"]
    if title is None:
        return "-"
    return str(row.get("title_shown") or (title if len(title) <= 51 else title[:48] + "..."))


def _code(row: Data, inner: str = "Code") -> str:
    urls = row.get("code_urls") or []
    return " ".join(f'<a href="{escape(url)}">{inner}</a>' for url in urls) or inner


def _linked(href: str | None, text: str, attributes: str = "") -> str:
    return f'<a href="{escape(href)}"{attributes}>{text}</a>' if href else text


def _arrow(data: Data) -> str:
    return "▲" if data["direction"] == "lower" else "▼"


def _direction(data: Data) -> str:
    return f" ({data['direction']} is better)" if data["direction"] else ""


def _texts(data: Data, row: Data) -> dict[str, str]:
    return {
        "#": str(row["rank"]),
        "Model": escape(row["model"]),
        data["metric"]: escape(row["value"]),
        "Extra Data": "Yes" if row["extra_data"] else "No",
        "Paper": escape(shown_title(row)),
        "Date": row["date"] or "-",
        "Code": "Code" if row["code"] else "-",
    }


def _sort(data: Data) -> list[str]:
    metric = data["metric"]
    return [f"{metric} (best first)", f"{metric} (worst first)", "Date (newest first)", "Model name (A→Z)"]


def _page(title: str, body: str, head: str = "") -> bytes:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} | Papers with Code'
        f"</title>{head}</head><body>{body}</body></html>"
    ).encode()


def _heading(data: Data) -> str:
    return escape(f"{data['task']} on {data['dataset']}")


def _note(data: Data, tag: str = "p") -> str:
    return f"<{tag}>{escape(data['partial'])}</{tag}>" if data.get("partial") else ""


# ---------------------------------------------------------------- boards


def plain(data: Data) -> bytes:
    """A table with <thead>, and cards in a list; one element a line."""
    crumbs = [item for item in ("SotA", data["area"], data["task"], data["dataset"]) if item]
    trail = "<span>/</span>".join(f'<a href="/sota">{escape(item)}</a>' for item in crumbs) if data["area"] else ""
    header = ["#", "Model ↕", f"{escape(data['metric'])} {_arrow(data)}", "Extra Data", "Paper", "Date ↕", "Code"]
    rows, cards = [], []
    for row in data["rows"]:
        texts = _texts(data, row)
        texts["Paper"] = _linked(row.get("paper"), texts["Paper"])
        if row["code"]:
            texts["Code"] = _code(row)
        rows.append("<tr>\n" + "\n".join(f"  <td> {text} </td>" for text in texts.values()) + "\n</tr>")
        cards.append(
            f"<li>\n<div>#{row['rank']}</div>\n<div>{texts['Model']}</div>\n"
            + ("<div>SOTA</div>\n" if row.get("sota") else "")
            + f"<div>{texts[data['metric']]}</div>\n<div>{escape(data['metric'])}</div>\n"
            + ("<div>· Extra Data</div>\n" if row["extra_data"] else "")
            + (f"<div>· {row['date']}</div>\n" if row["date"] else "")
            + (f"<div>{_linked(row.get('paper'), escape(row['title']))}</div>\n" if row["title"] else "")
            + (f"<div>{_code(row)}</div>\n" if row["code"] else "")
            + "</li>"
        )
    return _page(
        f"{data['task']} on {data['dataset']}",
        "<nav>" + "".join(f"<a href='/{item.lower()}'>{item}</a>" for item in NAVIGATION) + "</nav>"
        f"<main><nav>{trail}</nav><h1>{_heading(data)}</h1>"
        f"<p>Metric: {escape(data['metric'])}{_direction(data)}</p>{_note(data)}"
        "<div>Leaderboard</div><div>Dataset</div><div>Loading chart...</div><h2>Results</h2>"
        "<button>Submit a result</button><button>Export CSV</button><label>Sort:</label><select>"
        + "".join(f"<option>{escape(item)}</option>" for item in _sort(data))
        + f"</select>\n<table><thead><tr>{''.join(f'<th>{text}</th>' for text in header)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>\n<ul>{''.join(cards)}</ul></main>"
        "<footer><p>© 2026 Papers with Code</p><a href='/about'>About</a></footer>",
    )


def react(data: Data) -> bytes:
    """Server-rendered React: utility classes, `<!-- -->` between texts, buttons and arrows in headers."""
    c = "<!-- -->"

    def split(text: str) -> str:
        return c.join((escape(text[:2]), escape(text[2:]))) if len(text) > 2 else escape(text)

    sort = '<span aria-hidden="true" class="ml-1">{}</span>'
    header = "".join(
        f'<th scope="col" class="px-4"><button type="button"><span>{name}</span>{arrow}</button></th>'
        for name, arrow in (
            ("#", ""), ("Model", sort.format("↕")), (split(data["metric"]), sort.format(_arrow(data))),
            ("Extra Data", ""), ("Paper", ""), ("Date", sort.format("↕")), ("Code", ""),
        )
    )  # fmt: skip
    rows, cards = [], []
    for row in data["rows"]:
        texts = _texts(data, row)
        rows.append(
            f'<tr class="hover:bg-gray-50"><td>{texts["#"]}{c}</td>'
            f'<td><div class="flex"><span class="font-medium">{texts["Model"]}</span></div></td>'
            f"<td><span>{split(row['value'])}</span></td><td><span>{texts['Extra Data']}</span></td>"
            f"<td>{_linked(row.get('paper'), texts['Paper'], ' class=blue')}</td>"
            f"<td>{split(texts['Date'])}</td>"
            f"<td>{_code(row, ICON + 'Code') if row['code'] else '<span>-</span>'}</td></tr>"
        )
        cards.append(
            f'<div class="rounded-lg border p-4"><div class="flex justify-between"><div class="flex gap-2">'
            f"<span>#{c}{row['rank']}</span><span>{texts['Model']}</span>"
            + ('<span class="rounded bg-green-100">SOTA</span>' if row.get("sota") else "")
            + f"</div></div><div><span>{split(row['value'])}</span><span>{escape(data['metric'])}</span>"
            + (f"<span>· {c}Extra Data</span>" if row["extra_data"] else "")
            + (f"<span>· {c}{row['date']}</span>" if row["date"] else "")
            + "</div>"
            + (f'<p class="truncate">{_linked(row.get("paper"), escape(row["title"]))}</p>' if row["title"] else "")
            + (f"<div>{_code(row, ICON + 'Code')}</div>" if row["code"] else "")
            + "</div>"
        )
    crumbs = [item for item in ("SotA", data["area"], data["task"], data["dataset"]) if item]
    trail = "".join(f"<li><a href='/x'>{escape(item)}</a>{c}<span>/</span></li>" for item in crumbs[:-1])
    return _page(
        f"{data['task']} on {data['dataset']}",
        '<div id="__next"><header><nav>'
        + "".join(f'<a class="px-2" href="/{item.lower()}">{item}</a>' for item in NAVIGATION)
        + "</nav></header><main>"
        + (f"<ol>{trail}<li>{escape(crumbs[-1])}</li></ol>" if data["area"] else "")
        + f'<h1 class="text-3xl">{escape(data["task"])}{c} on {c}{escape(data["dataset"])}</h1>'
        + f"<p>Metric: {c}<span>{escape(data['metric'])}</span>"
        + (f"{c} ({c}{data['direction']} is better{c})" if data["direction"] else "")
        + f"</p>{_note(data, 'div')}<div hidden>Loading chart...</div>"
        f'<div class="hidden md:block"><table class="w-full"><thead><tr>{header}</tr></thead><tbody>'
        f"{''.join(rows)}</tbody></table></div>"
        f'<div class="md:hidden space-y-3">{"".join(cards)}</div></main></div>'
        '<script id="__NEXT_DATA__" type="application/json">{"props":{"rows":["#1","#2"]}}</script>',
    )


def bare_table(data: Data) -> bytes:
    """A table and no cards: no <thead>, <th> in <tbody>, other order of columns, end tags left out."""
    order = ["Model", data["metric"], "Date", "#", "Code", "Extra Data", "Paper"]
    arrows = {data["metric"]: f"<b>{_arrow(data)}</b>"}
    rows = []
    for row in data["rows"]:
        texts = _texts(data, row)
        texts["Paper"] = _linked(row.get("paper"), texts["Paper"])
        if row["code"]:
            texts["Code"] = _code(row)
        rows.append("<tr>" + "".join(f"<td>{texts[name]}\n" for name in order))
    trail = " / ".join(["SotA", data["area"], data["task"], data["dataset"]]) if data["area"] else ""
    return (
        f"<html><title>{_heading(data)}</title><body><p>{escape(trail)}<h2>{_heading(data)}</h2>"
        f"<p>Metric: {escape(data['metric'])}{_direction(data)}\n{_note(data)}<table border=1><tbody><tr>"
        + "".join(f"<th>{escape(name)}{arrows.get(name, '')}\n" for name in order)
        + "".join(rows)
        + "</table><p>Papers with Code</body></html>"
    ).encode()


def cards_only(data: Data) -> bytes:
    """Articles and no table: value and metric in one line, dots in elements of their own, no white space."""
    cards = []
    for row in data["rows"]:
        facts = [f"<b>{escape(row['value'])}</b> {escape(data['metric'])}"]
        facts += ["Extra Data"] if row["extra_data"] else []
        facts += [f"<time datetime='{row['date']}'>{row['date']}</time>"] if row["date"] else []
        cards.append(
            f"<article><header><span>#{row['rank']}</span><a href='/model/{row['rank']}'>{escape(row['model'])}</a>"
            + ("<mark>SOTA</mark>" if row.get("sota") else "")
            + "</header><p>"
            + "".join(
                f"<span>{'<i>·</i> ' if index else ''}{fact}</span>" for index, fact in enumerate(facts)
            )
            + "</p>"
            + (f"<h4>{_linked(row.get('paper'), escape(row['title']))}</h4>" if row["title"] else "")
            + (f"<footer>{_code(row)}</footer>" if row["code"] else "")
            + "</article>"
        )
    trail = [item for item in ("SotA", data["area"], data["task"], data["dataset"]) if item] if data["area"] else []
    return _page(
        f"{data['task']} on {data['dataset']}",
        f"<ol>{''.join(f'<li>{escape(item)}</li>' for item in trail)}</ol>"
        f"<h1><a href='/t'>{escape(data['task'])}</a> on <a href='/d'>{escape(data['dataset'])}</a></h1>"
        f"<dl><dt>Metric:</dt><dd>{escape(data['metric'])}</dd><dd>{_direction(data)}</dd></dl>{_note(data)}"
        f"<section>{''.join(cards)}</section><footer>Contact · Imprint</footer>",
    )


def grid(data: Data) -> bytes:
    """No <table> at all: rows and cells are <div>s, the cards lie flat in one element, parted by <br>."""
    texts_of = [_texts(data, row) for row in data["rows"]]
    header = ["#", "Model", data["metric"], "Extra Data", "Paper", "Date", "Code"]
    rows = "".join(
        '<div role="row">'
        + "".join(
            f'<div role="cell"><span>{_linked(row.get("paper"), text) if name == "Paper" else _code(row) if text == "Code" and name == "Code" else text}</span></div>'
            for name, text in texts.items()
        )
        + "</div>"
        for row, texts in zip(data["rows"], texts_of, strict=True)
    )
    cards = []
    for row in data["rows"]:
        facts = [f"<span>{escape(row['value'])}</span> <span>{escape(data['metric'])}</span>"]
        facts += ["<span>· Extra Data</span>"] if row["extra_data"] else []
        facts += [f"<span>· {row['date']}</span>"] if row["date"] else []
        cards.append(
            f"<span>#{row['rank']}</span> <strong>{escape(row['model'])}</strong> "
            + ("<em>SOTA</em>" if row.get("sota") else "")
            + f"<br>{' '.join(facts)}<br>"
            + (f"<cite>{_linked(row.get('paper'), escape(row['title']))}</cite><br>" if row["title"] else "")
            + (f"<small>{_code(row)}</small><br>" if row["code"] else "")
        )
    trail = "".join(
        f"<span>{escape(item)}</span> › " for item in ("SotA", data["area"], data["task"])
    ) + f"<span>{escape(data['dataset'])}</span>" if data["area"] else ""
    return _page(
        "Leaderboard",
        f"<div>{trail}</div><div role=heading aria-level=1>{_heading(data)}</div>"
        f"<div>Metric: {escape(data['metric'])}{_direction(data)}</div>{_note(data, 'div')}"
        '<div role="table"><div role="rowgroup"><div role="row">'
        + "".join(f'<div role="columnheader">{escape(name)}</div>' for name in header)
        + f'</div></div><div role="rowgroup">{rows}</div></div><section>{"".join(cards)}</section>',
    )


def ornate(data: Data) -> bytes:
    """Everything a careful front-end adds: text for screen readers, icons with titles, labels, a repeated header."""
    seen = '<span class="sr-only">{}</span>'
    header = ["Code", "Date", "#", "Paper", "Extra Data", "Model", data["metric"]]
    cells = "".join(
        f"<th><div><div>{seen.format('Sort by')}<span>{escape(name)}</span> {ICON}"
        + (f"<i>{_arrow(data)}</i>" if name == data["metric"] else "<i>↕</i>" if name in ("Date", "Model") else "")
        + "</div></div></th>"
        for name in header
    )
    rows, cards = [], []
    for row in data["rows"]:
        texts = _texts(data, row)
        texts["#"] = f"{seen.format('Rank')}<b>#{row['rank']}</b>"
        texts["Paper"] = f"{ICON} {_linked(row.get('paper'), texts['Paper'])}"
        texts["Date"] = f"<time>{texts['Date']}</time>" if row["date"] else "—"
        texts["Code"] = _code(row, f"{ICON}<span>Code</span>") if row["code"] else "&nbsp;"
        texts["Extra Data"] = f"{ICON}{seen.format(texts['Extra Data'])}"
        texts["Model"] = f"<a href='/m/{row['rank']}'><span>{texts['Model']}</span></a>"
        rows.append("<tr>" + "".join(f"<td><div><p>{texts[name]}</p></div></td>" for name in header) + "</tr>")
        cards.append(
            f"<section>{seen.format('Rank')}<div><div>{ICON}#{row['rank']}</div><h3>{texts['Model']}</h3>"
            + ("<span><span>SOTA</span></span>" if row.get("sota") else "")
            + f"</div><div><p>{escape(row['value'])}</p><p>{escape(data['metric'])}</p><p>"
            + ("<span>·</span><span>Extra Data</span>" if row["extra_data"] else "")
            + (f"<span>·</span><span>{row['date']}</span>" if row["date"] else "")
            + f"</p></div><p>{_linked(row.get('paper'), escape(row['title'])) if row['title'] else '-'}</p>"
            + (f"<p>{_code(row)}</p>" if row["code"] else "")
            + "</section>"
        )
    trail = " / ".join(f"<a>{escape(item)}</a>" for item in ("SotA", data["area"], data["task"], data["dataset"]) if item)
    return _page(
        f"{data['task']} on {data['dataset']}",
        "<!-- #1 --><script>var rows = ['#1', '#2'];</script><noscript>Please enable JavaScript</noscript>"
        "<aside>Breaking news: a captcha is solved</aside>"
        f"<nav aria-label=Breadcrumb>{trail if data['area'] else ''}</nav><h1><span>{_heading(data)}</span></h1>"
        f"<div><span>Metric:</span> <strong>{escape(data['metric'])}</strong><span>{_direction(data)}</span></div>"
        f"{_note(data)}<div><div><table><caption>Results</caption><tbody><tr>{cells}</tr>{''.join(rows)}</tbody>"
        f"<tfoot><tr>{cells}</tr><tr><td colspan={len(header)}>{len(rows)} results</td></tr></tfoot></table></div></div>"
        f"<div>{''.join(cards)}</div><footer>Tasks SotA Datasets</footer>",
    )


_BOARDS: dict[str, Callable[[Data], bytes]] = {
    "plain": plain,
    "react": react,
    "bare_table": bare_table,
    "cards_only": cards_only,
    "grid": grid,
    "ornate": ornate,
}
STYLES: tuple[str, ...] = tuple(_BOARDS)
WITHOUT_CARDS = frozenset({"bare_table"})
WITHOUT_TABLE = frozenset({"cards_only"})


def render_benchmark(data: Data, style: str) -> bytes:
    """A board's page in one of STYLES."""
    return _BOARDS[style](data)


# ---------------------------------------------------------------- papers


def render_paper(data: Data, style: str) -> bytes:
    """A paper's page: `title, authors, date, venue, tasks, links, abstract, results, partial`.

    `links` holds labels, or pairs of a label and an address.
    """
    spans = style in ("react", "cards_only", "grid")
    c = "<!-- -->" if style == "react" else ""

    def line(items: Iterable[str], tag: str) -> str:
        return "".join(f"<{tag}>{item}</{tag}>" for item in items)

    links = []
    for link in data["links"]:
        label, url = (link, None) if isinstance(link, str) else link
        inner = label.replace("(official)", f"{c}<span>(official)</span>") if spans else label
        links.append(f'<a href="{escape(url)}">{ICON if spans else ""}{inner}</a>' if url else f"<span>{inner}</span>")
    names = [escape(name) for name in data["authors"]]
    if spans:
        authors = ", ".join(f'<a href="/author/{index}">{name}</a>' for index, name in enumerate(names))
    else:
        authors = f"<span>{', '.join(names)}</span>"
    order = ["Task", "Dataset", "Metric", "Value", "Model"]
    if style in ("bare_table", "ornate"):
        order = ["Model", "Metric", "Value", "Dataset", "Task"]
    table = ""
    if data["results"]:
        rows = "".join(
            f"<tr>{line((escape(item[name.lower()]) for name in order), 'td')}</tr>" for item in data["results"]
        )
        head = f"<tr>{line(order, 'th')}</tr>"
        table = f"<h2>Results</h2><table>{head if style == 'bare_table' else f'<thead>{head}</thead>'}{rows}</table>"
    title = escape(data["title"])
    facts = [item for item in (data["date"], escape(data["venue"]) if data["venue"] else None) if item]
    tag = "span" if spans else "p"
    return _page(
        data["title"],
        "<nav>" + "".join(f"<a href='/{item.lower()}'>{item}</a> " for item in NAVIGATION) + "</nav>"
        f"<main><div><a href='/papers'>Papers</a> <span>/</span> <span>{title}</span></div><h1>{title}</h1>"
        f"<div>{authors}</div><div>{line(facts, tag)}</div>{_note(data)}"
        + (f"<div>{line((f'<a href=/task/{n}>{escape(task)}</a>' for n, task in enumerate(data['tasks'])), tag)}</div>")
        + f"<div>{' '.join(links)}</div>"
        + (f"<h2>Abstract</h2><p>{escape(data['abstract'])}</p>" if data["abstract"] else "")
        + table
        + "<h2>Related Papers</h2><ul><li><a href='/paper/1'>Another Paper</a><span>2020-01-01</span></li></ul></main>",
    )
