"""What the warehouse must answer at any moment of the year, worked out from the plain facts alone.

    answers(weeks) ──▶ Answer after each capture      what every leaderboard says: results, ranks, histories
    changes(answers) ──▶ Change                       what is not as it was after the capture before

Written from the contract (docs/views.md, the columns of `changes`), in plain Python, with nothing of the
pipeline: rows are told apart by the keys that the generator gave them, which no page shows. What a capture
touches is worked out anew from all that was said until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby

from tests.year.facts import BoardPage, Capture, Metric, PaperPage, Row, Week

TRUST = {"paperswithcode2": 2, "pwc-html": 3}
"""As the sources' own files say it; the smaller number is trusted more."""

ENOUGH, SHARE = 10, 0.5
"""A board that had so many rows, and shows less than this share of them (or none), is held back."""

TRACKS = ("all", "no_extra_data")


@dataclass(frozen=True, slots=True)
class Result:
    """A result as the warehouse must know it."""

    key: str
    model: str
    value: float | None
    text: str
    extra_data: bool
    date: date | None
    date_source: str | None
    paper: str | None
    title: str | None
    listed: bool
    first_seen: datetime
    last_seen: datetime
    order: tuple[int, int]
    rank: int | None = None
    rank_no_extra_data: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A row of `sota_history`."""

    track: str
    step: int
    date: date
    key: str
    model: str
    value: float
    previous_value: float | None
    improvement: float | None
    days_held: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A leaderboard.

    Attributes:
        shown: a page has it.
        results: by key; those that nobody lists any more as well.
        history: of both tracks.
        delisted: the models of the rows that are kept beside the listed ones: each form that a board has
            given up, also where another form or board still has the result.
        papers: those of its rows.
    """

    leaderboard_id: str
    higher_is_better: bool
    sources: tuple[str, ...]
    shown: bool
    first_seen: datetime
    last_seen: datetime
    results: dict[str, Result]
    history: tuple[Step, ...]
    delisted: tuple[str, ...]
    papers: frozenset[str | None]

    @property
    def listed(self) -> list[Result]:
        """Its listed results."""
        return [result for result in self.results.values() if result.listed]

    def first(self, track: str) -> list[Result]:
        """Who ranks first on a track; of equals, the first by date, the undated last, then as on the page."""
        ranks = {"all": lambda one: one.rank, "no_extra_data": lambda one: one.rank_no_extra_data}
        found = [result for result in self.listed if ranks[track](result) == 1]
        return sorted(found, key=lambda one: (one.date or date.max, one.order))

    @property
    def leader(self) -> Result | None:
        """The first of those that rank first."""
        return next(iter(self.first("all")), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known after a capture."""

    capture: Capture
    week: int
    leaderboards: dict[str, Leaderboard]


# ---------------------------------------------------------------- what is known when


@dataclass(frozen=True, slots=True)
class _Said:
    """A cell of a board at one time; `times`: all times at which it stood there in this form."""

    row: Row
    text: str
    order: tuple[int, int]
    at: datetime
    times: tuple[datetime, ...] = ()


@dataclass(slots=True)
class _Seen:
    """A board (a metric of a page): all that its good observations said, by key, in order of time."""

    metric: Metric
    source: str
    times: list[datetime] = field(default_factory=list)
    rows: int = 0
    said: dict[str, list[_Said]] = field(default_factory=dict)
    on_page: bool = True

    def lists(self, said: _Said) -> bool:
        """Whether this is what it shows now."""
        return self.on_page and said.at == self.times[-1]


Accepted = Callable[[Capture], bool]
"""Whether a person has taken the small page of this capture for true."""


def answers(weeks: Iterable[Week], accepted: Accepted = lambda capture: False) -> Iterator[Answer]:
    """What is known after each capture."""
    boards: dict[tuple[str, str], _Seen] = {}
    papers: dict[str, PaperPage] = {}
    known: dict[str, Leaderboard] = {}
    for week in weeks:
        for capture in week.captures:
            touched: set[str] = set()
            if isinstance(capture.says, PaperPage):
                page = capture.says
                if papers.get(page.paper) != page:
                    papers[page.paper] = page
                    touched = {
                        name for name, leaderboard in known.items() if page.paper in leaderboard.papers
                    }
            elif isinstance(capture.says, BoardPage):
                _observe(boards, capture, capture.says, accepted(capture))
                touched = {
                    seen.metric.leaderboard_id for (url, _), seen in boards.items() if url == capture.url
                }
            known |= {name: _leaderboard(name, boards.values(), papers) for name in touched}
            yield Answer(capture, week.number, dict(known))


def _observe(boards: dict[tuple[str, str], _Seen], capture: Capture, page: BoardPage, accepted: bool) -> None:
    for metric in page.metrics:
        seen = boards.setdefault((page.url, metric.label), _Seen(metric, page.source))
        if seen.rows >= ENOUGH and len(page.rows) < seen.rows * SHARE and not accepted:
            continue
        seen.times.append(capture.at)
        seen.rows, seen.on_page = len(page.rows), True
        for place, row in enumerate(page.rows):
            if (text := row.cells.get(metric.label)) is not None:
                order = (TRUST[seen.source], place)
                seen.said.setdefault(row.key, []).append(_Said(row, text, order, capture.at))
    labels = {metric.label for metric in page.metrics}
    for (url, label), seen in boards.items():
        if url == page.url and label not in labels and (seen.rows < ENOUGH or accepted):
            seen.on_page = False


def _leaderboard(name: str, known: Iterable[_Seen], papers: dict[str, PaperPage]) -> Leaderboard:
    boards = [seen for seen in known if seen.metric.leaderboard_id == name]
    boards.sort(key=lambda seen: TRUST[seen.source])
    higher = boards[0].metric.higher_is_better
    keys = dict.fromkeys(key for seen in boards for key in seen.said)
    results = _ranked([_result(key, boards, papers) for key in keys], higher)
    last_seen = max(seen.times[-1] for seen in boards)
    return Leaderboard(
        leaderboard_id=name,
        higher_is_better=higher,
        sources=tuple(sorted({seen.source for seen in boards})),
        shown=any(seen.on_page for seen in boards),
        first_seen=min(seen.times[0] for seen in boards),
        last_seen=last_seen,
        results={result.key: result for result in results},
        history=tuple(step for track in TRACKS for step in _history(results, track, higher, last_seen)),
        delisted=tuple(sorted(model for seen in boards for model in _withdrawn(seen))),
        papers=frozenset(said[-1].row.paper for seen in boards for said in seen.said.values()),
    )


def _result(key: str, boards: list[_Seen], papers: dict[str, PaperPage]) -> Result:
    """What the boards say of a result, the most trusted first; what none lists any more, as it was last."""
    now: list[_Said] = []
    once: list[_Said] = []
    for seen in boards:
        if said := seen.said.get(key):
            form = _form(said[-1].row)
            times = tuple(one.at for one in said if _form(one.row) == form)
            (now if seen.lists(said[-1]) else once).append(replace(said[-1], times=times))
    rows = now or sorted(once, key=lambda one: one.at, reverse=True)
    first = next((one for one in rows if _number(one.text) is not None), rows[0])
    stated = next((date.fromisoformat(one.row.date) for one in rows if one.row.date), None)
    page = papers.get(first.row.paper) if first.row.paper else None
    of_paper = date.fromisoformat(page.date) if page and page.date else None
    return Result(
        key=key,
        model=first.row.model,
        value=_number(first.text),
        text=first.text,
        extra_data=first.row.extra_data,
        date=stated or of_paper,
        date_source="result" if stated else "paper" if of_paper else None,
        paper=first.row.paper,
        title=page.title if page else first.row.title,
        listed=bool(now),
        first_seen=min(at for one in rows for at in one.times),
        last_seen=max(at for one in rows for at in one.times),
        order=first.order,
    )


def _form(row: Row) -> tuple[str, str | None, bool]:
    """What makes the id of a result, beside its board (docs/architecture.md): another form, another id."""
    return row.model, row.paper, row.extra_data


def _withdrawn(seen: _Seen) -> list[str]:
    """The models of all forms that a board has shown and shows no more."""
    gone = []
    for said in seen.said.values():
        now = {_form(said[-1].row)} if seen.lists(said[-1]) else set()
        gone += [model for model, _, _ in {_form(one.row) for one in said} - now]
    return gone


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


# ---------------------------------------------------------------- ranks and histories


def _ranked(results: Sequence[Result], higher: bool) -> list[Result]:
    def better(one: Result, other: Result) -> bool:
        assert one.value is not None and other.value is not None
        return one.value > other.value if higher else one.value < other.value

    valued = [result for result in results if result.listed and result.value is not None]
    plain = [result for result in valued if not result.extra_data]
    return [
        replace(
            result,
            rank=1 + sum(better(other, result) for other in valued) if result in valued else None,
            rank_no_extra_data=1 + sum(better(other, result) for other in plain) if result in plain else None,
        )
        for result in results
    ]


def _history(results: Sequence[Result], track: str, higher: bool, last_seen: datetime) -> list[Step]:
    sign = 1 if higher else -1
    dated = sorted(
        (
            (result.date, result)
            for result in results
            if result.listed and result.date and result.value is not None
            if track == "all" or not result.extra_data
        ),
        key=lambda pair: pair[0],
    )
    records: list[tuple[date, list[Result], float]] = []
    for day, group in groupby(dated, key=lambda pair: pair[0]):
        of_day = [result for _, result in group]
        best = max((result.value or 0.0) * sign for result in of_day)
        if not records or best > records[-1][2] * sign:
            holders = [result for result in of_day if (result.value or 0.0) * sign == best]
            records.append((day, holders, best * sign))
    ends = [*(day for day, _, _ in records[1:]), last_seen.date()] if records else []
    steps = []
    for number, ((day, holders, value), end) in enumerate(zip(records, ends, strict=True), 1):
        before = records[number - 2][2] if number > 1 else None
        gained = None if before is None else abs(value - before)
        steps += [
            Step(
                track, number, day, holder.key, holder.model, value, before, gained, (end - day).days,
                number == len(records),
            )
            for holder in sorted(holders, key=lambda one: one.order)
        ]  # fmt: skip
    return steps


# ---------------------------------------------------------------- changes


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the view `changes`, as far as the facts alone decide it."""

    changed_at: datetime
    url: str
    kind: str
    leaderboard_id: str
    track: str | None = None
    model: str | None = None
    value: float | None = None
    field: str | None = None
    old: str | None = None
    new: str | None = None
    old_rank: int | None = None
    new_rank: int | None = None
    previous_model: str | None = None
    previous_value: float | None = None
    improvement: float | None = None
    results: int | None = None


def changes(known: Iterable[Answer]) -> list[Change]:
    """What each capture changed."""
    found: list[Change] = []
    before: dict[str, Leaderboard] = {}
    for answer in known:
        at, url = answer.capture.at, answer.capture.url
        for name, now in answer.leaderboards.items():
            found += _changed(at, url, before.get(name), now)
        before = answer.leaderboards
    return found


def _changed(at: datetime, url: str, before: Leaderboard | None, now: Leaderboard) -> Iterator[Change]:
    name = now.leaderboard_id
    if before is None:
        yield Change(at, url, "new_leaderboard", name, results=len(now.listed))
        return
    if before.shown != now.shown:
        if now.shown:
            yield Change(at, url, "leaderboard_returned", name, results=len(now.listed))
        else:
            yield Change(at, url, "leaderboard_vanished", name)
        return
    for track in TRACKS:
        yield from _record(at, url, before, now, track)
    for key, result in now.results.items():
        yield from _of_result(at, url, name, before.results.get(key), result)


def _record(at: datetime, url: str, before: Leaderboard, now: Leaderboard, track: str) -> Iterator[Change]:
    """The first place goes to another: taken where it was beaten, lost where its holder fell or went."""
    old, new = (next(iter(one.first(track)), None) for one in (before, now))
    if (old and old.key) == (new and new.key):
        return
    sign = 1 if now.higher_is_better else -1
    gained = None
    if old and new and old.value is not None and new.value is not None:
        gained = (new.value - old.value) * sign
    # A tie takes nothing, whichever of the two was there first; nor does who is left by another's fall.
    still = old is not None and any(one.key == old.key for one in now.first(track))
    if still and gained == 0:
        return
    taken = new is not None and (gained is None or gained > 0)
    yield Change(
        at, url, "new_sota" if taken else "lost_sota", now.leaderboard_id, track,
        model=new.model if new else None, value=new.value if new else None,
        previous_model=old.model if old else None, previous_value=old.value if old else None,
        improvement=abs(gained) if taken and gained is not None else None,
    )  # fmt: skip


def _of_result(at: datetime, url: str, name: str, old: Result | None, new: Result) -> Iterator[Change]:
    def change(kind: str, **more: object) -> Change:
        return Change(at, url, kind, name, model=new.model, value=new.value, **more)  # type: ignore[arg-type]

    if old is None:
        yield change("new_result", new_rank=new.rank)
        return
    if old.listed and not new.listed:
        yield change("vanished", old_rank=old.rank)
        return
    if not new.listed:
        return
    if not old.listed:
        yield change("returned", new_rank=new.rank)
    ranks = {"old_rank": old.rank if old.listed else None, "new_rank": new.rank}
    said = (
        ("value", old.text, new.text),
        ("date", old.date and old.date.isoformat(), new.date and new.date.isoformat()),
        ("extra_data", str(old.extra_data).lower(), str(new.extra_data).lower()),
        ("model", old.model, new.model),
    )
    for what, was, now in said:
        if was != now:
            yield change("corrected", field=what, old=was, new=now, **ranks)
    if old.paper != new.paper:  # a cut title that is whole now is the same paper
        yield change("corrected", field="paper", old=old.title, new=new.title, **ranks)
    if old.listed and old.rank is not None and new.rank is not None and old.rank != new.rank:
        yield change("rank_moved", **ranks)


def at_end_of_weeks(known: Iterable[Answer]) -> dict[int, Answer]:
    """The last answer of each week."""
    return {answer.week: answer for answer in known}
