"""A year of weekly captures of real leaderboards, edited as their editors edit them, drawn from a seed.

    year = make(weeks=52)
    for week in year: write(week, folder)      one WARC file a week, as a crawler would have made it

Two sites are captured: paperswithcode2.com (a page a metric, paper pages beside it) and, for some of the same
leaderboards, paperswithcode.com (a page for several metrics). The rows at the beginning are real (`samples/`,
`tests/data`). The same arguments give the same bytes.

Of a page nothing is drawn that two honest readers could take for two things: a row is renamed, or gets
another paper, only where model, paper and value leave no doubt which row it was.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests import pwc_pages
from tests.markup import render_benchmark, render_paper
from tests.year.facts import BoardPage, Capture, Metric, PaperPage, Row, Week

ROOT = Path(__file__).resolve().parents[2]
FIRST = datetime(2025, 6, 2, 6, tzinfo=UTC)
"""The first capture; each week begins at this time of its Monday. No real row is dated later."""

SITE, OLD_SITE = "https://paperswithcode2.com", "https://paperswithcode.com"
WORDS = (
    "Sparse", "Dense", "Causal", "Gated", "Linear", "Deep", "Latent", "Masked", "Robust", "Adaptive",
    "Hybrid", "Neural", "Recurrent", "Modular", "Iterative", "Prompted", "Grounded", "Unified", "Efficient",
)  # fmt: skip
THINGS = (
    "Transformers", "Experts", "Priors", "Decoders", "Queries", "Graphs", "Mixtures", "Tokens", "Kernels",
    "Pyramids", "Memories", "Adapters", "Rewards", "Teachers", "Proposals", "Contexts",
    "Encoders", "Samplers",
)  # fmt: skip
UNREADABLE = ("n/a", "BERT", "see paper")


# ---------------------------------------------------------------- the pages at the beginning


@dataclass(slots=True)
class Live:
    """A page as its site has it now, and what its editors may still do to it.

    Attributes:
        twin: its leaderboards are on the other site as well; rows are neither renamed nor given other papers.
        cut: the page cuts long titles, and links the papers' pages.
        gone: rows that were deleted, and may return.
        quiet: nobody edits it.
    """

    page: BoardPage
    style: str = "plain"
    twin: bool = False
    cut: bool = False
    quiet: bool = False
    gone: list[Row] = field(default_factory=list)


def _fold(text: str | None) -> str:
    """A text without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]+", "", (text or "").lower())


def _whole(title: str | None) -> str | None:
    """A title of the samples; what they have only in part ends with its last whole word."""
    if title is None or not title.endswith(("...", "…")):
        return title
    return title.rstrip(".…").rsplit(" ", 1)[0]


NUMBER = re.compile(r"\d+(\.\d+)?")


def _row(model: str, cells: dict[str, str], extra: bool, title: str | None, date: str | None) -> Row:
    paper = _fold(title) or None
    return Row(f"{model} @ {paper}", model, cells, extra, paper, title, None, date)


def _distinct(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows that state a plain number and share their name with no row before."""
    found: dict[str, Row] = {}
    for row in rows:
        if row.cells:
            found.setdefault(re.sub(r"[^a-z0-9+.]+", "", row.model.lower()), row)
    return tuple(found.values())


def _sample(number: int, leaderboard_id: str) -> BoardPage:
    """A page of paperswithcode2.com out of `samples/data`."""
    data = json.loads((ROOT / "samples" / "data" / f"benchmark-{number}.json").read_text("utf-8"))
    metric = Metric(data["metric"], leaderboard_id, data["direction"] == "higher")
    rows = (
        _row(
            item["model"], {metric.label: item["value"]}, bool(item["extra_data"]), _whole(item["title"]),
            item["date"],
        )
        for item in data["rows"]
        if NUMBER.fullmatch(item["value"])
    )  # fmt: skip
    return BoardPage(
        "paperswithcode2", data["url"], data["area"], data["task"], data["dataset"], (metric,),
        _distinct(rows),
    )  # fmt: skip


def _archived(table: int, most: int, *metrics: Metric) -> BoardPage:
    """A page of paperswithcode.com out of `tests/data`, with these metrics and so many rows of it."""
    lines = (ROOT / "tests" / "data" / "boards.jsonl").read_text("utf-8").splitlines()
    data = next(found for found in map(json.loads, lines) if found["table"] == str(table))
    shown = {metric.label for metric in metrics}
    rows = (
        _row(
            model,
            {
                label: text
                for label, text in zip(data["metrics"], cells, strict=True)
                if label in shown and text and NUMBER.fullmatch(text)
            },
            bool(extra),
            title,
            day,
        )
        for _, model, cells, extra, title, _, day, _, _ in data["rows"]
    )
    url = f"{OLD_SITE}/sota/board-{table}"
    return BoardPage(
        "pwc-html", url, "Methodology", data["task"], data["dataset"], metrics, _distinct(rows)[:most]
    )


def _twin(number: int, pages: Sequence[BoardPage]) -> BoardPage:
    """The other site's page of leaderboards of these pages: every second row that has a paper of its own."""
    rows: dict[str, Row] = {}
    for page in pages:
        papers = [row.paper for row in page.rows]
        for row in page.rows[::2]:
            if row.paper and papers.count(row.paper) == 1:
                known = rows.get(row.key, row)
                rows[row.key] = replace(known, cells={**known.cells, **row.cells})
    first, url = pages[0], f"{OLD_SITE}/sota/board-{number}"
    metrics = tuple(metric for page in pages for metric in page.metrics)
    return BoardPage("pwc-html", url, first.area, first.task, first.dataset, metrics, tuple(rows.values()))


def _beginning(few: bool) -> dict[str, Live]:
    """The pages, each under the name of the part that it plays."""
    cityscapes = "panoptic-segmentation/cityscapes-val"
    squad = "question-answering1-1-dev/squad"
    dialog = "visual-dialog-v0-9-val/visdial"
    speech = "community-automatic-speech-recognition-on-mozillafoundation-common-voice-11-0-pt/common-voice"
    pages = {
        "twin": Live(_sample(80563, f"{cityscapes}/miou"), twin=True),
        "cuts titles": Live(
            _sample(51941, "language-modelling/penn-treebank-word-level/validation-perplexity"),
            "bare",
            cut=True,
        ),
        "drops": Live(
            _archived(
                1430, 40, Metric("EM", f"{squad}/em", True), Metric("F1", f"{squad}/f1", True)
            )
        ),
        "stays small": Live(
            _sample(54736, "sentiment-analysis/sst-5-fine-grained-classification/accuracy"), "react"
        ),
        "loses a metric": Live(
            _archived(
                2571, 17, Metric("R@1", f"{dialog}/r-at-1", True), Metric("R@5", f"{dialog}/r-at-5", True),
                Metric("Mean Rank", f"{dialog}/mean-rank", False),
            )
        ),
        "small": Live(
            _archived(23216, 9, Metric("Wer", f"{speech}/wer", False), Metric("CER", f"{speech}/cer", False))
        ),
        "disappears": Live(_sample(42935, "link-prediction/fb15k-237/hits-at-1"), "flat"),
        "new": Live(_sample(60461, "text-classification/20news/accuracy"), "ornate"),
    }  # fmt: skip
    twins = [pages["twin"].page]
    if not few:
        pages["other twin"] = Live(_sample(79678, f"{cityscapes}/pq"), "labelled", twin=True)
        twins.append(pages["other twin"].page)
        pages["snli"] = Live(_sample(51908, "natural-language-inference/snli/test-accuracy"), "react")
        pages["squad"] = Live(_sample(49566, "question-answering/squad1-1/f1"))
        pages["sst-2"] = Live(
            _sample(54759, "sentiment-analysis/sst-2-binary-classification/accuracy"), "bare"
        )
    pages["other site"] = Live(_twin(44, twins), twin=True)
    cuts = pages["cuts titles"].page
    pages["cuts titles"].page = replace(cuts, rows=tuple(replace(row, link=_link(row)) for row in cuts.rows))
    return pages


def _link(row: Row) -> str | None:
    """The path of the paper's page on paperswithcode2.com."""
    return f"/paper/{int(hashlib.sha256(row.paper.encode()).hexdigest()[:7], 16)}" if row.paper else None


# ---------------------------------------------------------------- the year


def make(weeks: int = 52, *, few: bool = False, seed: int = 9) -> list[Week]:
    """The captures of so many weeks.

    Args:
        few: the pages that play a part, and none beside them.
    """
    world = _World(weeks, few, seed)
    return [world.week(number) for number in range(weeks)]


class _World:
    def __init__(self, weeks: int, few: bool, seed: int) -> None:
        self.draw = random.Random(seed)
        self.pages = _beginning(few)
        self.papers: dict[str, PaperPage] = {}
        self.soon: list[tuple[int, str, Row]] = []
        self.paper_soon: list[tuple[int, PaperPage]] = []
        self.made = 0
        self.edits = 8 if few else 5

        def at(share: float) -> int:
            return max(1, round(share * weeks))

        self.begins, self.ends = at(0.38), at(0.58)
        self.drop = range(at(0.48), at(0.48) + at(0.06))
        self.small = at(0.62)
        self.metric_added, self.metric_lost = at(0.2), at(0.7)
        self.small_metric_away = range(at(0.3), at(0.45))
        self.redated = at(0.8)
        for row in self.pages["cuts titles"].page.rows:
            self._paper_page(row, self.draw.randrange(weeks))

    def week(self, number: int) -> Week:
        """What is captured in a week."""
        begin = FIRST + timedelta(weeks=number)
        if number:
            self._edit(number, begin.date())
        self._play(number)
        shown: list[tuple[str, int, BoardPage | PaperPage | None]] = []
        for name in self.pages:
            if name == "new" and number < self.begins:
                continue
            gone = name == "disappears" and number >= self.ends
            page = self._shown(name, number)
            shown.append((page.url, 404 if gone else 200, None if gone else page))
        self.papers |= {page.url: page for due, page in self.paper_soon if due == number}
        if number == self.redated:
            self._redate_a_paper()
        shown += [(page.url, 200, page) for page in self.papers.values()]
        self.draw.shuffle(shown)
        styles = {live.page.url: live.style for live in self.pages.values()}
        cuts = {live.page.url for live in self.pages.values() if live.cut}
        captures = []
        for place, (url, status, says) in enumerate(shown):
            at, cut = begin + timedelta(seconds=7 * place), url in cuts
            body = _body(says, styles.get(url, "plain"), cut)
            captures.append(Capture(at, url, status, body, _as_printed(says, cut)))
        return Week(number, begin + timedelta(weeks=1, seconds=-1), tuple(captures))

    def _shown(self, name: str, number: int) -> BoardPage:
        """The page as it is shown this week."""
        page = self.pages[name].page
        if name == "drops" and number in self.drop:
            return replace(page, rows=page.rows[:4])
        hidden = self._hidden(name, number)
        metrics = tuple(metric for metric in page.metrics if metric.label != hidden)
        rows = tuple(
            replace(row, cells={label: text for label, text in row.cells.items() if label != hidden})
            for row in page.rows
        )
        return replace(page, metrics=metrics, rows=rows)

    def _hidden(self, name: str, number: int) -> str | None:
        """The metric that a page does not show this week."""
        if name == "small" and number in self.small_metric_away:
            return "CER"
        if name == "loses a metric" and number < self.metric_added:
            return "Mean Rank"
        if name == "loses a metric" and number >= self.metric_lost:
            return "R@5"
        return None

    def _play(self, number: int) -> None:
        """What this week brings by the plan, and not by chance."""
        live = self.pages["stays small"]
        if number == self.small:
            live.page = replace(live.page, rows=live.page.rows[:5])
            live.quiet = True
        if number == self.small + 1:
            self._correct_value(live, live.page.rows[2])
        self.pages["drops"].quiet = number + 1 in self.drop
        for due, name, row in self.soon:
            if due == number:
                self._add(self.pages[name], row)

    def _redate_a_paper(self) -> None:
        """A paper's page corrects its date; its rows that have none of their own get the new one."""
        undated = {row.paper for live in self.pages.values() for row in live.page.rows if not row.date}
        dated = [page for page in self.papers.values() if page.date]
        page = next((page for page in dated if page.paper in undated), dated[0])
        day = date.fromisoformat(page.date or "") - timedelta(days=14)
        self.papers[page.url] = replace(page, date=day.isoformat())

    # ------------------------------------------------------------ edits

    def _edit(self, number: int, today: date) -> None:
        names = [
            name
            for name, live in self.pages.items()
            if not live.quiet and not (name == "new" and number < self.begins)
        ]
        edited: dict[str, set[str]] = {}
        for name in self.draw.choices(names, k=self.edits):
            live, done = self.pages[name], edited.setdefault(name, set())
            rows = [row for row in live.page.rows if row.key not in done]
            kind = self.draw.choices(KINDS, WEIGHTS)[0]
            if kind == "new":
                done.add(self._new(name, live, number, today).key)
            elif kind == "returns":
                back = [row for row in live.gone if row.key not in done]
                if back:
                    row = self.draw.choice(back)
                    live.gone.remove(row)
                    self._add(live, row)
                    done.add(row.key)
            elif rows:
                row = self.draw.choice(rows)
                getattr(self, f"_{kind}")(live, row)
                done.add(row.key)

    def _new(self, name: str, live: Live, number: int, today: date) -> Row:
        self.made += 1
        word, thing = self.draw.choice(WORDS), self.draw.choice(THINGS)
        title = f"{word} {thing} for {live.page.task.title()}: What We Learned from Study {self.made}"
        chance = self.draw.random()
        days = self.draw.randint(1, 9) if chance < 0.8 else self.draw.randint(100, 900)
        day = (today - timedelta(days=days)).isoformat()
        labels = [metric.label for metric in live.page.metrics]
        stated = [label for label in labels if self.draw.random() < 0.8] or labels[:1]
        row = _row(
            f"{word}{thing}-{self.made}",
            {label: self._value(live, label) for label in stated},
            self.draw.random() < 0.3,
            title if self.draw.random() < 0.9 or live.twin or live.cut else None,
            day if self.draw.random() < 0.75 else None,
        )
        if live.page.source == "paperswithcode2" and row.paper and (live.cut or self.draw.random() < 0.6):
            row = replace(row, link=_link(row))
            self._paper_page(replace(row, date=day), number + self.draw.choice((0, 1, 3, 6, 1000)))
        self._add(live, row)
        if live.twin and self.draw.random() < 0.5:
            due = number + self.draw.randint(1, 4)
            for other, page in self.pages.items():
                crossing = page.twin and page.page.source != live.page.source
                cells = {
                    metric.label: row.cells[metric.label]
                    for metric in page.page.metrics
                    if metric.label in row.cells
                }
                if crossing and cells:
                    self.soon.append((due, other, replace(row, cells=cells, link=None)))
        return row

    def _value(self, live: Live, label: str) -> str:
        """The text of a new value: a new best one, a tie, no number at all, or one among the others."""
        metric = next(metric for metric in live.page.metrics if metric.label == label)
        texts = [row.cells[label] for row in live.page.rows if NUMBER.fullmatch(row.cells.get(label, ""))]
        chance = self.draw.random()
        if chance < 0.06:
            return self.draw.choice(UNREADABLE)
        if chance < 0.18:
            return self.draw.choice(texts)
        if chance < 0.5:
            best = (max if metric.higher_is_better else min)(texts, key=float)
            return _moved(best, self.draw.uniform(0.002, 0.01), metric.higher_is_better)
        return _moved(self.draw.choice(texts), self.draw.uniform(0.002, 0.03), not metric.higher_is_better)

    def _paper_page(self, row: Row, due: int) -> None:
        if row.paper and row.title:
            link = _link(row)
            page = PaperPage("paperswithcode2", f"{SITE}{link}", row.paper, row.title, row.date)
            self.paper_soon.append((due, page))

    def _add(self, live: Live, row: Row) -> None:
        if all(row.key != known.key for known in live.page.rows):
            self._put(live, (*live.page.rows, row))

    def _put(self, live: Live, rows: Iterable[Row]) -> None:
        """These rows, best first by the first metric, as the sites show them."""
        first = live.page.metrics[0]

        def place(row: Row) -> tuple[bool, float]:
            text = row.cells.get(first.label, "")
            number = float(text) if NUMBER.fullmatch(text) else 0.0
            return not NUMBER.fullmatch(text), -number if first.higher_is_better else number

        live.page = replace(live.page, rows=tuple(sorted(rows, key=place)))

    def _swap(self, live: Live, row: Row, other: Row) -> None:
        self._put(live, [other if known is row else known for known in live.page.rows])

    def _correct_value(self, live: Live, row: Row) -> None:
        label = self.draw.choice(list(row.cells))
        text = row.cells[label]
        if NUMBER.fullmatch(text):
            text = _moved(text, self.draw.uniform(0.002, 0.02), self.draw.random() < 0.5)
        else:
            text = self._value(live, label)
        self._swap(live, row, replace(row, cells={**row.cells, label: text}))

    def _correct_date(self, live: Live, row: Row) -> None:
        if row.date and self.draw.random() < 0.15:
            day = None
        else:
            known = date.fromisoformat(row.date or "2024-06-30")
            day = (known + timedelta(days=self.draw.choice((-31, -7, -1, 1, 12, 30)))).isoformat()
        self._swap(live, row, replace(row, date=day))

    def _correct_extra(self, live: Live, row: Row) -> None:
        self._swap(live, row, replace(row, extra_data=not row.extra_data))

    def _correct_paper(self, live: Live, row: Row) -> None:
        if not live.twin and not live.cut:
            self.made += 1
            title = f"Notes on {self.draw.choice(THINGS)}, Volume {self.made}, Revised"
            self._swap(live, row, replace(row, title=title, paper=_fold(title), link=None))

    def _rename(self, live: Live, row: Row) -> None:
        """Only a row whose paper tells it from every other row of its page."""
        same = [known for known in (*live.page.rows, *live.gone) if known.paper == row.paper]
        if not live.twin and row.paper and len(same) == 1:
            self._swap(live, row, replace(row, model=f"{row.model} ({self.draw.choice(WORDS).lower()})"))

    def _delete(self, live: Live, row: Row) -> None:
        if len(live.page.rows) > 3:
            live.gone.append(row)
            self._put(live, [known for known in live.page.rows if known is not row])


KINDS = (
    "new",
    "correct_value",
    "correct_date",
    "correct_extra",
    "correct_paper",
    "rename",
    "delete",
    "returns",
)
WEIGHTS = (34, 16, 9, 8, 6, 5, 11, 11)


def _moved(text: str, share: float, up: bool) -> str:
    """A number a little above or below, with as many digits; never out of the range of a share."""
    digits = max(len(text.partition(".")[2]), 1)
    number = float(text)
    top = 1.0 if number <= 1 else 100.0 if number <= 100 else float("inf")
    step = max(number * share, 10.0**-digits)
    moved = min(number + step, top - 10.0**-digits) if up else number - step
    shown = f"{max(moved, 10.0**-digits):.{digits}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


# ---------------------------------------------------------------- pages and files


def _as_printed(says: BoardPage | PaperPage | None, cut: bool) -> BoardPage | PaperPage | None:
    """The facts as the page prints them: with its titles cut, if it cuts them."""
    if not cut or not isinstance(says, BoardPage):
        return says
    return replace(says, rows=tuple(replace(row, title=_cut(row.title)) for row in says.rows))


def _cut(title: str | None) -> str | None:
    return title if title is None or len(title) <= 51 else f"{title[:48]}..."


def _body(says: BoardPage | PaperPage | None, style: str, cut: bool) -> bytes:
    if says is None:
        return b"<html><title>404</title><body>Not found</body></html>"
    if isinstance(says, PaperPage):
        return render_paper(
            {
                "title": says.title, "authors": ["Ada Lovelace", "Alan Turing"], "date": says.date,
                "venue": None, "tasks": [], "links": [], "abstract": None, "partial": None, "results": [],
            },
            style,
        )  # fmt: skip
    return _site_page(says, style, cut) if says.source == "paperswithcode2" else _old_site_page(says)


def _site_page(page: BoardPage, style: str, cut: bool) -> bytes:
    metric = page.metrics[0]
    data = {
        "area": page.area, "task": page.task, "dataset": page.dataset, "metric": metric.label,
        "direction": "higher" if metric.higher_is_better else "lower", "partial": None,
        "rows": [
            {
                "rank": rank, "model": row.model, "value": row.cells[metric.label],
                "extra_data": row.extra_data, "title": row.title, "paper": row.link, "date": row.date,
                "code": False, "sota": False,
            }
            for rank, row in enumerate(page.rows, 1)
        ],
    }  # fmt: skip
    return render_benchmark(data, style, "table" if cut else "table and cards")


def _old_site_page(page: BoardPage) -> bytes:
    number = int(page.url.rpartition("-")[2])
    labels = [metric.label for metric in page.metrics]
    rows: list[dict[str, Any]] = [
        {
            "table_id": number, "row_id": rank, "rank": rank, "method": row.model, "mlmodel": {},
            "method_short": row.model, "method_details": "", "mlmodel_short": None, "mlmodeldetails": None,
            "evaluation_date": row.date, "metrics": {label: row.cells.get(label) for label in labels},
            "raw_metrics": {}, "uses_additional_data": row.extra_data,
            "paper": {
                "id": rank, "title": row.title, "published": None, "code": False, "review_url": None,
                "url": row.title and f"/paper/{pwc_pages.slug(row.title)}",
            },
            "external_source_url": None, "tags": [], "reports": [],
        }
        for rank, row in enumerate(page.rows, 1)
    ]  # fmt: skip
    losses = {metric.label: not metric.higher_is_better for metric in page.metrics}
    board = {"table_id": number, "dataset": page.dataset, "task": page.task, "rows": rows}
    return pwc_pages.page(board, losses=losses, area=page.area)


def write(week: Week, folder: Path) -> Path:
    """The week's captures as one WARC file, `week-NN.warc.gz`."""
    file = folder / f"week-{week.number:02}.warc.gz"
    with file.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for capture in week.captures:
            reason = "200 OK" if capture.status == 200 else "404 Not Found"
            sent = StatusAndHeaders(
                reason, [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1"
            )
            stamp = capture.at.strftime("%Y-%m-%dT%H:%M:%SZ")
            named = {
                "WARC-Date": stamp,
                "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, stamp + capture.url)}>",
            }
            record = writer.create_warc_record(
                capture.url, "response", payload=io.BytesIO(capture.body), length=len(capture.body),
                warc_headers_dict=named, http_headers=sent,
            )  # fmt: skip
            writer.write_record(record)
    return file
