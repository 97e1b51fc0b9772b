"""What the pages of the simulated year say, as plain facts: made by the generator, read by the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of a page: its label, the leaderboard that it feeds, its direction as the page says it."""

    label: str
    leaderboard_id: str
    higher_is_better: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a page.

    Attributes:
        key: who it is in our world, whatever the page says of it; no page shows it.
        cells: text by label of the metric; a label that is missing is a cell without any text.
        paper: which paper it is in our world; None where the row names none.
        title: the title as this page prints it; ends in `...` where the page cuts it.
        link: the path of the paper's page, where the row links it.
        date: ISO, None where the row has none.
    """

    key: str
    model: str
    cells: dict[str, str]
    extra_data: bool = False
    paper: str | None = None
    title: str | None = None
    link: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class BoardPage:
    """A leaderboard page of one source; its rows are in the order of the page."""

    source: str
    url: str
    area: str
    task: str
    dataset: str
    metrics: tuple[Metric, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A paper's page: the whole title, and the date if it has one."""

    source: str
    url: str
    paper: str
    title: str
    date: str | None


@dataclass(frozen=True, slots=True)
class Capture:
    """One answer of a site. `says` is None where it is no page (404)."""

    at: datetime
    url: str
    status: int
    body: bytes
    says: BoardPage | PaperPage | None


@dataclass(frozen=True, slots=True)
class Week:
    """The captures of a week, in order of time; `end` is the last moment of the week."""

    number: int
    end: datetime
    captures: tuple[Capture, ...]
