"""The records that pass between the stages. Frozen, so that no stage changes another's facts.

    extract ──Capture, RawBoard, RawPaper──▶ transform ──Board, Result, Paper, Quarantined──▶ warehouse

(A dump also gives RawEntry: a dataset or a method that it describes.)

Raw records hold text exactly as published (`None` where the page has no such cell); normalised
records hold typed values beside that text.

What the transform makes by the million are msgspec structs: frozen as dataclasses are, and made in a sixth of
the time. They hold only texts, numbers and dates, can be in no cycle, and are kept from the garbage
collector.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

DirectionSource = Literal["page", "is_loss", "registry"]
MetricKind = Literal["quality", "resource", "descriptor"]


@dataclass(frozen=True, slots=True)
class Capture:
    """One response, as kept in the archive.

    Attributes:
        capture_id: 16 hex digits, a digest of source, url, fetched_at, status and digest.
        source: name of the source (`paperswithcode2`).
        url: address that was asked for.
        fetched_at: when the response came, UTC, whole seconds.
        status: HTTP status; 304 for a revisit, whose digest is that of the page it confirms.
        digest: `sha256:<hex>` of the body, decoded from its transfer and content encodings.
        media_type: Content-Type as sent, or "".
        etag, last_modified: validators as sent, for the next conditional request.
        warc_file: file name inside the archive folder.
        warc_offset: byte offset of the gzip member in that file.
        size: bytes of the decoded body (0 for a revisit).
        run_id: the run that put it into an archive first; None where no record says so.
    """

    capture_id: str
    source: str
    url: str
    fetched_at: datetime
    status: int
    digest: str
    media_type: str
    etag: str | None
    last_modified: str | None
    warc_file: str
    warc_offset: int
    size: int
    run_id: str | None = None

    @property
    def is_revisit(self) -> bool:
        """True where the server confirmed an earlier capture instead of sending the page again."""
        return self.status == 304


@dataclass(frozen=True, slots=True)
class RawMetric:
    """A metric column as the page names it. `higher_is_better` is None where the page does not say."""

    name: str
    higher_is_better: bool | None = None
    direction_source: DirectionSource | None = None


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a leaderboard page, text as published.

    Attributes:
        position: 1-based place of the row on the page.
        rank: the number that the page prints, which ties do not share on some sites.
        model: model name as published.
        values: text of each metric cell, in the order of `RawBoard.metrics`; None for a cell that
            is there and empty of any text (JSON null, blank).
        extra_data: True/False where the page states it, None where it does not.
        paper_title: title as published, the fullest that the page gives.
        paper_title_cut: True where only a title that ends in `...` is known.
        paper_url: absolute address of the paper, None where there is none.
        date: date text as published (ISO on all known sources), None where there is none.
        paper_date: the paper's own date where the source states it apart from the result's.
        code_urls: absolute addresses of code.
        sota_badge: True/False on pages that mark what was state of the art at release, else None.
        source_row_id: the source's own id of the row, if it has one.
        authors: the paper's authors where the leaderboard itself lists them.
        tags: labels that the source puts on the row.
    """

    position: int
    rank: int | None
    model: str
    values: tuple[str | None, ...]
    extra_data: bool | None = None
    paper_title: str | None = None
    paper_title_cut: bool = False
    paper_url: str | None = None
    date: str | None = None
    paper_date: str | None = None
    code_urls: tuple[str, ...] = ()
    sota_badge: bool | None = None
    source_row_id: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawBoard:
    """One leaderboard page or file section: a task, a dataset, its metrics and rows.

    Attributes:
        locator: what names this board in its source through all captures (the page's address).
        partial: why the page is known to hold only a part of the board, or None where it is whole.
        warnings: what the page says of itself that does not fit together, in words, each with its place.
    """

    source: str
    capture_id: str
    locator: str
    area: str | None
    task: str
    dataset: str
    metrics: tuple[RawMetric, ...]
    rows: tuple[RawRow, ...]
    partial: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawPaperResult:
    """One line of the `Results` table of a paper page, text as published."""

    task: str
    dataset: str
    metric: str
    value: str
    model: str


@dataclass(frozen=True, slots=True)
class RawPaper:
    """A paper as one source describes it, text as published.

    Attributes:
        url: address of the paper's page in the source: what leaderboards link to.
        paper_link, pdf_link: where the page's `Paper` and `PDF` links lead (often arXiv).
        official_code_urls: the part of `code_urls` that the page marks as official.
        arxiv_id, doi: as the source states them; ids inside links are found by the transform.
        updated: date of the last version, where the source tells it apart from `date`.
        categories: subject classes (`cs.CV`), the primary one first.
        partial: why the page is known to hold only a part, or None where it is whole.
    """

    source: str
    capture_id: str
    url: str
    title: str
    authors: tuple[str, ...] = ()
    date: str | None = None
    venue: str | None = None
    tasks: tuple[str, ...] = ()
    paper_link: str | None = None
    pdf_link: str | None = None
    code_urls: tuple[str, ...] = ()
    official_code_urls: tuple[str, ...] = ()
    abstract: str | None = None
    results: tuple[RawPaperResult, ...] = ()
    arxiv_id: str | None = None
    doi: str | None = None
    updated: str | None = None
    categories: tuple[str, ...] = ()
    journal_ref: str | None = None
    partial: str | None = None


@dataclass(frozen=True, slots=True)
class RawEntry:
    """A dataset or a method as a dump describes it, text as published.

    Attributes:
        url: address of its page in the source.
        homepage: its own site.
        introduced: date or year of its introduction.
        paper_title, paper_url: the paper that introduced it.
        labels: tasks, modalities or collections that it is filed under.
    """

    source: str
    capture_id: str
    kind: Literal["dataset", "method"]
    url: str
    name: str
    full_name: str | None = None
    homepage: str | None = None
    description: str | None = None
    introduced: str | None = None
    paper_title: str | None = None
    paper_url: str | None = None
    labels: tuple[str, ...] = ()


class Board(Struct, frozen=True, gc=False):
    """One leaderboard (task, dataset, one metric) as one source shows it at one capture.

    Attributes:
        board_id: names (source, locator, metric label) through all captures.
        higher_is_better: None where neither page, source nor registry says.
        cells_in: cells of this metric on the page; equals loaded + quarantined + duplicates.
        content_digest: digest of what was parsed, captures apart: equal where nothing has changed.
    """

    board_id: str
    leaderboard_id: str
    source: str
    capture_id: str
    locator: str
    area: str | None
    task: str
    dataset: str
    metric: str
    metric_published: str
    metric_kind: MetricKind
    higher_is_better: bool | None
    direction_source: DirectionSource | None
    unit: str | None
    lower_bound: float | None
    upper_bound: float | None
    partial: str | None
    cells_in: int
    cells_loaded: int
    cells_quarantined: int
    cells_duplicate: int
    content_digest: str = ""


class Result(Struct, frozen=True, gc=False):
    """One cell of a leaderboard, normalised.

    `result_id` is the identity over time; `value` is None where `value_reason` says why the text gives no
    number. `paper_title_key` is the title's fingerprint, None where the title is cut. Dates are calendar
    dates; `date_source` is `result` (the row's own date), `paper` (the paper's date) or None.
    """

    result_id: str
    board_id: str
    leaderboard_id: str
    source: str
    capture_id: str
    source_url: str
    position: int
    source_rank: int | None
    source_sota: bool | None
    model: str
    model_id: str
    base_model: str
    variant: tuple[str, ...]
    parameters: float | None
    shots: int | None
    ensemble: bool | None
    citation: str | None
    value: float | None
    value_text: str
    value_reason: str | None
    uncertainty: float | None
    components: tuple[float, ...]
    note: str | None
    unit: str | None
    value_flags: tuple[str, ...]
    extra_data: bool | None
    paper_id: str | None
    paper_title: str | None
    paper_title_cut: bool
    paper_title_key: str | None
    paper_url: str | None
    result_date: date | None
    paper_date: date | None
    date_source: Literal["result", "paper"] | None
    code_url: str | None


class Paper(Struct, frozen=True, gc=False):
    """A paper as one source describes it, normalised.

    `paper_id` is `arxiv:…`, `<source>:…` or `title:…`; `title_key` is the title's fingerprint, by which
    sources are joined where no id does. `from_row` is True for what a leaderboard's row alone says of its
    paper.
    """

    paper_id: str
    source: str
    capture_id: str
    url: str
    title: str
    title_key: str | None
    from_row: bool
    authors: tuple[str, ...]
    published: date | None
    venue: str | None
    venue_year: int | None
    venue_month: int | None
    arxiv_id: str | None
    doi: str | None
    abstract: str | None
    tasks: tuple[str, ...]
    code_urls: tuple[str, ...]
    official_code_urls: tuple[str, ...]
    updated: date | None
    categories: tuple[str, ...]
    journal_ref: str | None
    results_listed: int
    partial: str | None


class Quarantined(Struct, frozen=True, gc=False):
    """Something that a page says and that was not loaded as a value, with the reason.

    Attributes:
        field: `value` (one metric cell), `row` (every cell of a row), `date`, `paper` …
        cells: how many value cells this line accounts for (1 for `value`, 0 for `date`).
        expectation: the Great Expectations check that refused it, or the grammar that could not read it.
    """

    source: str
    capture_id: str
    source_url: str
    board_id: str | None
    leaderboard_id: str | None
    position: int | None
    model: str | None
    field: str
    value_text: str | None
    reason: str
    detail: str
    expectation: str
    cells: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A page or file, or a part of one, that a run could not fetch, read or accept."""

    source: str
    url: str
    stage: Literal["fetch", "parse", "validate"]
    reason: str
    detail: str
    capture_id: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one expectation on one set of rows."""

    suite: str
    expectation: str
    severity: Literal["critical", "warning", "info"]
    success: bool
    checked: int
    unexpected: int
    detail: str


class ModelAlias(Struct, frozen=True, gc=False):
    """A published model name and the id that it reached, with the rule that took it there."""

    model_id: str
    published: str
    rule: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed result of one board, as reconciliation looks at it. `trust`: 1 is trusted most.

    `model` is the name as published; `model_id` the folded one.
    """

    result_id: str
    leaderboard_id: str
    board_id: str
    trust: int
    position: int
    model_id: str
    paper_id: str | None
    value: float | None
    upper_bound: float | None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Which results of which boards are one.

    Attributes:
        matches: (result_id, result_id of the most trusted of them, rule) for each result that is not alone.
        factors: board_id → what its values are multiplied with to be on the leaderboard's scale.
        near_names: (leaderboard_id, model, model, likeness up to 100): names that look alike and were not
            joined, for a person to look at.
    """

    matches: tuple[tuple[str, str, str], ...] = ()
    factors: tuple[tuple[str, float], ...] = ()
    near_names: tuple[tuple[str, str, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """What one capture shows of a board.

    Attributes:
        rows: cells of its metric; 0 where the board's document was read well and no longer has the board.
        accepted: somebody has looked at this capture: what it shows of the board is true, however little.
    """

    seen_at: datetime
    capture_id: str
    rows: int
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class BoardHistory:
    """A board at each of its captures, in any order. `label` is its metric as published."""

    board_id: str
    source: str
    locator: str
    label: str
    observations: tuple[Observed, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which boards one capture of a document (a page, a dump) holds."""

    capture_id: str
    seen_at: datetime
    board_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Held:
    """An observation that is held back: the board is shown as it was at `last_good_at`."""

    board_id: str
    capture_id: str
    seen_at: datetime
    rows_before: int
    rows_now: int
    last_good_at: datetime


@dataclass(frozen=True, slots=True)
class HeldBoard:
    """A board whose newest observation is held back, as the warehouse tells of it.

    Attributes:
        locator: names the board in its source; of a page its address.
        url: address of the document (page, file) that was captured.
        metric: as published.
        capture_ids: the captures that are held back, the newest last.
        rows_now: 0 where the document no longer has the board.
        last_good_at, seen_at: when it was seen well, and when it was seen last, UTC.
    """

    board_id: str
    leaderboard_id: str
    source: str
    locator: str
    url: str
    task: str
    dataset: str
    metric: str
    capture_ids: tuple[str, ...]
    rows_before: int
    rows_now: int
    last_good_at: datetime
    seen_at: datetime


class Normalised(Struct, frozen=True):
    """What the transform stage makes of a set of raw records."""

    boards: tuple[Board, ...] = ()
    results: tuple[Result, ...] = ()
    papers: tuple[Paper, ...] = ()
    entries: tuple[RawEntry, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    aliases: tuple[ModelAlias, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Space:
    """What files take, before and after they were compacted: how many they are, and their bytes."""

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int

    @property
    def changed(self) -> bool:
        """False where there was nothing to gain."""
        return (self.files_before, self.bytes_before) != (self.files_after, self.bytes_after)
