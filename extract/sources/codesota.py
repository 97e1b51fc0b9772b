"""The CodeSOTA registry: a folder of JSON tables in a git repository, joined by ids.

    areas ◀── tasks ◀── datasets ◀── benchmark_results ──▶ models
                ▲                       │    ╰──▶ sources
           paper_tasks ──▶ papers ◀─────╯    ◀── trust_signals

Each row of `benchmark_results` is one value (model, dataset, metric, source). The grain is kept: a board
is one metric of one dataset, and its rows stand in the order of the file, which is no ranking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import quote

from extract.sources.codesota_tables import RESULTS, Row, Table, bundle, read_tables
from extract.sources.signals import Signals
from extract.strict_json import compact
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawEntry, RawMetric, RawPaper, RawRow

__all__ = ["bundle", "parse_registry"]

REGISTRY = "https://github.com/kwikiel/codesota.com/blob/main/registry"
_BOOLEANS = {"true": True, "false": False}


def parse_registry(capture: Capture, body: BinaryIO) -> Iterator[RawBoard | RawPaper | RawEntry | ParseError]:
    """Read a registry that `bundle` made one document.

    Yields:
        A ParseError for each id that leads nowhere and for what of a table cannot be read; the boards, by
        their first result in the file; the papers; the datasets.

    Raises:
        ParseError: as `read_tables`.
    """
    signals = Signals()
    try:
        tables, errors = read_tables(body.read(), capture.url, signals)
    except ParseError as error:
        raise ParseError(error.reason, error.detail, capture.url) from error
    if not tables[RESULTS].rows:
        errors.append(ParseError("no_rows", f"`{RESULTS}.json` holds no results"))
    registry = _Registry(capture, tables)
    records: list[RawBoard | RawPaper | RawEntry] = list(registry.boards(signals))
    records += [*registry.papers(), *registry.entries()]
    for spoilt in (*errors, *registry.errors):
        yield ParseError(spoilt.reason, spoilt.detail, capture.url)
    yield from records


@dataclass(slots=True)
class _Board:
    """A board that grows."""

    task: str
    area: str | None
    dataset: str
    metric: str
    directions: set[bool | None] = field(default_factory=set)
    rows: list[RawRow] = field(default_factory=list)


class _Registry:
    """The tables and their joins."""

    def __init__(self, capture: Capture, tables: Mapping[str, Table]) -> None:
        self.capture = capture
        self.tables = tables
        self.errors: list[ParseError] = []
        self.missing: set[str] = set()

    def boards(self, signals: Signals) -> Iterator[RawBoard]:
        """A board for each (dataset, task, metric) that has results; the first one carries the warnings."""
        found: dict[str, _Board] = {}
        places: dict[tuple[str, str | None], tuple[str, str | None, str] | None] = {}
        unplaced: dict[str, list[int]] = {}
        tags = self._tags()
        for row in self.tables[RESULTS].rows:
            model_id, dataset_id, metric = row.text("model"), row.text("dataset"), row.text("metric")
            if model_id is None or dataset_id is None or metric is None:
                self._error(RESULTS, row, "missing_field", "lacks its model, dataset or metric")
                continue
            key = (dataset_id, row.text("task"))
            if key not in places:
                places[key] = self._place(row)
            model = self._join("models", RESULTS, row, "model")
            place = places[key]
            if place is None:
                unplaced.setdefault(dataset_id, []).append(row.place)
            if model is None or place is None:
                continue
            task, area, dataset = place
            anchor = "/".join(quote(part, safe="") for part in (dataset_id, metric, row.text("task")) if part)
            board = found.setdefault(
                f"{REGISTRY}/{RESULTS}.json#{anchor}", _Board(task, area, dataset, metric)
            )
            board.directions.add(_boolean(row, "higher_is_better"))
            board.rows.append(self._row(len(board.rows) + 1, row, model.text("name") or model_id, tags))
        for dataset_id, lost in unplaced.items():
            detail = f"{len(lost)} of the results on `{dataset_id}` are lost, from row {lost[0]} on"
            self.errors.append(ParseError("unplaced", f"`{RESULTS}.json`: {detail}: see its error"))
        for locator, board in found.items():
            yield self._board(locator, board, signals.texts())
            signals = Signals()

    def papers(self) -> Iterator[RawPaper]:
        """The papers, with the tasks that the edges give them."""
        tasks: dict[str, list[str]] = {}
        for edge in self._rows("paper_tasks"):
            paper, task = self._join("papers", "paper_tasks", edge, "paper"), None
            if paper is not None:
                task = self._join("tasks", "paper_tasks", edge, "task")
            if paper is not None and task is not None:
                tasks.setdefault(paper.text("id") or "", []).append(
                    task.text("name") or task.text("id") or ""
                )
        for row in self._rows("papers"):
            title = row.text("title")
            if title is None:
                self._error("papers", row, "missing_field", "has no title")
                continue
            code = _link(row, "code_url")
            yield RawPaper(
                source=self.capture.source,
                capture_id=self.capture.capture_id,
                url=_paper_url(row),
                title=title,
                authors=_authors(row),
                date=row.text("date"),
                venue=row.text("venue"),
                tasks=tuple(tasks.get(row.text("id") or "", ())),
                paper_link=_link(row, "url"),
                pdf_link=_link(row, "pdf_url"),
                code_urls=(code,) if code else (),
                abstract=row.text("abstract"),
                arxiv_id=row.text("arxiv_id"),
                doi=row.text("doi"),
            )

    def entries(self) -> Iterator[RawEntry]:
        """The datasets."""
        for row in self._rows("datasets"):
            task = self.tables["tasks"].by_id.get(row.text("task") or "")
            name = row.text("name") or row.text("id") or ""
            yield RawEntry(
                source=self.capture.source,
                capture_id=self.capture.capture_id,
                kind="dataset",
                url=f"{REGISTRY}/datasets.json#{quote(row.text('id') or '', safe='')}",
                name=name,
                full_name=row.text("full_name"),
                homepage=_link(row, "homepage"),
                description=row.text("description"),
                introduced=row.text("year"),
                paper_url=_link(row, "paper_url"),
                labels=tuple(filter(None, [task.text("name")])) if task else (),
            )

    def _rows(self, table: str) -> tuple[Row, ...]:
        return self.tables[table].rows if table in self.tables else ()

    def _error(self, table: str, row: Row, reason: str, text: str) -> None:
        self.errors.append(ParseError(reason, f"`{table}.json`, row {row.place} {text}"))

    def _join(self, table: str, of: str, row: Row, name: str) -> Row | None:
        """The row that an id leads to; None, and an error, where it leads nowhere."""
        identity = row.text(name)
        if identity is None:
            return None
        if table not in self.tables:
            if table not in self.missing:
                self.missing.add(table)
                self._error(
                    of, row, "missing_table", f"is the first that needs `{table}.json`: there is none"
                )
            return None
        found = self.tables[table].by_id.get(identity)
        if found is None:
            self._error(of, row, "dangling_id", f"has `{name}` = `{identity}`, which `{table}.json` lacks")
        return found

    def _place(self, row: Row) -> tuple[str, str | None, str] | None:
        """Task, area and dataset of a result, by names; None, and an error, where they cannot be known."""
        dataset = self._join("datasets", RESULTS, row, "dataset")
        if dataset is None:
            return None
        of, stating = (RESULTS, row) if row.text("task") else ("datasets", dataset)
        if stating.text("task") is None:
            self._error(of, stating, "missing_field", "has no task")
            return None
        task = self._join("tasks", of, stating, "task")
        if task is None:
            return None
        area = self._join("areas", "tasks", task, "area")
        names = [found.text("name") or found.text("id") or "" for found in (task, dataset)]
        return names[0], area.text("name") if area else None, names[1]

    def _tags(self) -> dict[str, tuple[str, ...]]:
        """What the registry's trust signals say of results, by the result's id."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self._rows("trust_signals"):
            result, signal = row.text("result"), row.text("signal")
            if row.text("about") == "benchmark_result" and result and signal:
                found[result] = (*found.get(result, ()), signal)
        return found

    def _row(self, position: int, row: Row, model: str, tags: Mapping[str, tuple[str, ...]]) -> RawRow:
        paper = self._join("papers", RESULTS, row, "paper")
        source_url, code_url = self._source(row)
        value, result_id = row.fields.get("value"), row.text("id")
        code = _link(row, "code_url") or code_url
        return RawRow(
            position=position,
            rank=None,
            model=model,
            values=(None if value is None else compact(value),),
            extra_data=_boolean(row, "extra_data"),
            paper_title=(paper.text("title") if paper else None) or row.text("paper_title"),
            paper_url=_paper_url(paper) if paper else _link(row, "paper_url") or source_url,
            date=row.text("date"),
            paper_date=paper.text("date") if paper else None,
            code_urls=(code,) if code else (),
            source_row_id=result_id,
            authors=_authors(paper) if paper else (),
            tags=tags.get(result_id or "", ()),
        )

    def _source(self, row: Row) -> tuple[str | None, str | None]:
        """Addresses of the primary literature and of code that a result's source gives.

        `source` is an id of sources.json or words (`Table 3`); the registry says of `sourceUrl` that it
        leads to the primary literature.
        """
        stated, text = _link(row, "source_url"), row.text("source") or ""
        known = self.tables["sources"].by_id.get(text) if "sources" in self.tables else None
        if known is None:
            if text.isdecimal():
                self._join("sources", RESULTS, row, "source")
            return stated or _link(row, "source"), None
        link = _link(known, "url")
        if known.text("type") == "code":
            return stated, link
        return stated or (link if known.text("type") == "paper" else None), None

    def _board(self, locator: str, board: _Board, warnings: tuple[str, ...]) -> RawBoard:
        stated = board.directions - {None}
        direction = next(iter(stated)) if len(stated) == 1 else None
        if len(stated) > 1:
            warnings += (f"results of `{board.metric}` state both directions; none is used",)
        return RawBoard(
            source=self.capture.source,
            capture_id=self.capture.capture_id,
            locator=locator,
            area=board.area,
            task=board.task,
            dataset=board.dataset,
            metrics=(RawMetric(board.metric, direction, None if direction is None else "page"),),
            rows=tuple(board.rows),
            warnings=warnings,
        )


def _boolean(row: Row, name: str) -> bool | None:
    return _BOOLEANS.get((row.text(name) or "").strip().lower())


def _link(row: Row, name: str) -> str | None:
    """A field that is a web address; None where it is absent or something else (`Table 3`)."""
    text = (row.text(name) or "").strip()
    return text if text.lower().startswith(("http://", "https://")) else None


def _paper_url(row: Row) -> str:
    """The address by which results name a paper: the best that the registry knows."""
    if link := _link(row, "url"):
        return link
    if arxiv_id := row.text("arxiv_id"):
        return f"https://arxiv.org/abs/{arxiv_id.strip()}"
    if doi := row.text("doi"):
        return f"https://doi.org/{doi.strip()}"
    return f"{REGISTRY}/papers.json#{quote(row.text('id') or '', safe='')}"


def _authors(row: Row) -> tuple[str, ...]:
    authors = row.fields.get("authors")
    names = authors.split(", ") if isinstance(authors, str) else authors if isinstance(authors, list) else []
    told = [name.get("name") if isinstance(name, dict) else name for name in names]
    return tuple(name.strip() for name in told if isinstance(name, str) and name.strip())
