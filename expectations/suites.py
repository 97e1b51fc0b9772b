"""The suites, as functions: what must hold of the records before the load and of the views after it.

    raw_rows ─▶ results, papers, boards ─▶ load ─▶ ranked_results, sota_history, badges, leaderboards, loaded

An expectation names a class of Great Expectations and its arguments, so that this module costs no
import of it. What no such class can say is a column of yes, no or not applicable in the frame
(`expectations/frames.py`), which must then be yes. `docs/expectations.md` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["critical", "quarantine", "warning", "info"]
"""What a failure does: stops the load · puts the row or the field aside · reports it · notes it."""

SLUGS = r"\A[^\s/A-Z]+/[^\s/A-Z]+/[^\s/A-Z]+\Z"
ARXIV = r"\A(?:\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3})\Z"
DOI = r"\A10\.\d{4,9}/\S+\Z"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must hold of every row of a frame.

    Attributes:
        name: stable id, `<what>_<rule>`, unique over all suites.
        level: what a failure does.
        says: what holds, as a sentence.
        action: what to do where it does not, as a sentence.
        kind: the class of `great_expectations.expectations`.
        arguments: what it is called with.
        shows: further columns that a message about a failing row gives.
        field: what is put aside at level `quarantine`: `row`, `paper`, or the name of a date.
        reason: snake_case word for the quarantine.
    """

    name: str
    level: Level
    says: str
    action: str
    kind: str
    arguments: Mapping[str, Any]
    shows: tuple[str, ...] = ()
    field: str = ""
    reason: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the frame that it looks at."""
        found = [value for name, value in self.arguments.items() if name.startswith("column")]
        return tuple(name for value in found for name in ([value] if isinstance(value, str) else value))

    def declare(self) -> Any:
        """The expectation as an object of Great Expectations, which this imports."""
        from great_expectations import expectations

        return getattr(expectations, self.kind)(
            **self.arguments, severity=self.severity, description=self.says, meta={"name": self.name}
        )

    @property
    def severity(self) -> Literal["critical", "warning", "info"]:
        """The severity in Great Expectations' words: what is put aside is a warning to the reader."""
        return "warning" if self.level == "quarantine" else self.level


@dataclass(frozen=True, slots=True)
class Suite:
    """Expectations of one kind of frame.

    Attributes:
        keys: the columns by which a person knows a row, for messages.
        identity: the columns by which `expectations.quarantine` finds what a row was made from.
    """

    name: str
    keys: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    identity: tuple[str, ...] = ()


def _make(level: Level) -> Callable[..., Expectation]:
    def make(
        name: str, kind: str, arguments: Mapping[str, Any], says: str, action: str, **more: Any
    ) -> Expectation:
        return Expectation(name, level, says, action, kind, arguments, **more)

    return make


_critical, _quarantine = _make("critical"), _make("quarantine")
_warning, _info = _make("warning"), _make("info")

_IN_SET, _MATCHES = "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToMatchRegex"
_BETWEEN, _EQUAL = "ExpectColumnValuesToBeBetween", "ExpectColumnPairValuesToBeEqual"
_UNIQUE, _NOT_NULL = "ExpectCompoundColumnsToBeUnique", "ExpectColumnValuesToNotBeNull"

_PARSER = "A parser broke its promise: read the page named above with it, and add the page to its samples."
_TRANSFORM = "A pass of the transform broke its promise: make a test of the row named above, and mend it."
_VIEW = "The SQL of the view is wrong: make a golden case of the rows named above, and mend it."


def _yes(column: str) -> dict[str, Any]:
    return {"column": column, "value_set": [True]}


def raw_rows() -> Suite:
    """Rows as the parsers gave them."""
    return Suite(
        "raw_rows",
        ("source", "board", "position", "model"),
        identity=("capture_id", "board", "position"),
        expectations=(
            _quarantine(
                "raw_model_named", _MATCHES, {"column": "model", "regex": r"\w"},
                "A row names its model with at least one letter or digit",
                "Look at the row on the page; its cells are in `quarantine`.",
                field="row", reason="no_model",
            ),
            _critical(
                "raw_positions_complete", _IN_SET, _yes("position_fits"),
                "The rows of a board are numbered 1, 2, 3 … without a gap or a repeat "
                "(a board that says it is only a part may have gaps)",
                _PARSER, shows=("rows",),
            ),
            _critical(
                "raw_cells_fit_metrics", _EQUAL, {"column_A": "cells", "column_B": "metrics"},
                "A row has one cell for each metric of its board", _PARSER, shows=("cells", "metrics"),
            ),
            _critical(
                "raw_board_has_metrics", _BETWEEN, {"column": "metrics", "min_value": 1},
                "A board has at least one metric", _PARSER,
            ),
            _warning(
                "raw_rank_positive", _BETWEEN, {"column": "rank", "min_value": 1},
                "A published rank is 1 or more", "Look at the page; our own ranks do not use it.",
            ),
            _warning(
                "raw_rank_in_order", _IN_SET, _yes("rank_in_order"),
                "Published ranks do not fall from one row to the next",
                "Look whether the page is sorted by another column.", shows=("rank",),
            ),
            _warning(
                "raw_date_iso", _IN_SET, _yes("date_is_iso"),
                "A date is a day of the calendar, written YYYY-MM-DD",
                "Look at the page; a new way to write dates belongs into the source's parser.",
                shows=("date",),
            ),
            _warning(
                "raw_paper_date_iso", _IN_SET, _yes("paper_date_is_iso"),
                "A paper's date is a day of the calendar, written YYYY-MM-DD",
                "Look at the page; a new way to write dates belongs into the source's parser.",
                shows=("paper_date",),
            ),
            _warning(
                "raw_paper_url_absolute", _MATCHES, {"column": "paper_url", "regex": r"\Ahttps?://\S+\Z"},
                "The address of a paper is absolute, on the web, and without blanks",
                "Look at the link on the page; the result is loaded with the address as it is.",
            ),
            _info(
                "raw_badge_dated", _IN_SET, _yes("badge_has_date"),
                "A row with the badge of the state of the art has a date",
                "Nothing: without a date the row cannot enter our own history.",
            ),
        ),
    )  # fmt: skip


def results() -> Suite:
    """Results as the transform gave them."""
    shown = ("value", "value_text", "value_reason")
    return Suite(
        "results",
        ("source", "leaderboard_id", "position", "model"),
        identity=("capture_id", "result_id"),
        expectations=(
            _critical(
                "result_id_unique", _UNIQUE, {"column_list": ["capture_id", "result_id"]},
                "A result_id stands for one result of a capture", _TRANSFORM, shows=shown,
            ),
            _critical(
                "result_leaderboard_id_slugs", _MATCHES, {"column": "leaderboard_id", "regex": SLUGS},
                "A leaderboard_id is three slugs, task/dataset/metric", _TRANSFORM,
            ),
            _critical(
                "result_board_known", _IN_SET, _yes("board_is_known"),
                "A result belongs to a board of the same capture", _TRANSFORM, shows=("board_id",),
            ),
            _critical(
                "result_text_kept", _MATCHES, {"column": "value_text", "regex": r"\S"},
                "A result keeps the text of its cell", _TRANSFORM, shows=shown,
            ),
            _critical(
                "result_value_or_reason", _IN_SET, _yes("value_xor_reason"),
                "A result has either a value or the reason why it has none", _TRANSFORM, shows=shown,
            ),
            _critical(
                "result_value_finite", _IN_SET, _yes("value_is_finite"),
                "A value is a finite number", _TRANSFORM, shows=shown,
            ),
            _critical(
                "result_zero_said", _IN_SET, _yes("zero_is_said"),
                "A value is 0 only where the text says zero", _TRANSFORM, shows=shown,
            ),
            _critical(
                "result_scale_flagged", _IN_SET, _yes("scale_is_flagged"),
                "A value that is 100 times the number in its text, or a hundredth of it, bears the flag of "
                "that factor, and no other value does",
                _TRANSFORM, shows=(*shown, "value_flags"),
            ),
            _warning(
                "result_within_bounds", _IN_SET, _yes("within_bounds"),
                "A value lies within the bounds of its metric",
                "See the view `suspects`; if the metric can reach the value, correct its bounds in "
                "`transform/vocabulary/metrics.toml`.",
                shows=("value", "value_text", "lower_bound", "upper_bound"),
            ),
            _warning(
                "result_uncertainty_positive", _BETWEEN, {"column": "uncertainty", "min_value": 0},
                "An uncertainty is not negative", "Look at the cell on the page.", shows=shown,
            ),
            _critical(
                "result_date_source_known", _IN_SET,
                {"column": "date_source", "value_set": ["result", "paper"]},
                "A date is the result's own or its paper's", _TRANSFORM,
            ),
            *_dates("result", "result_date", "A result's date"),
            *_dates("result_paper", "paper_date", "The date of a result's paper"),
        ),
    )  # fmt: skip


def _dates(prefix: str, column: str, what: str) -> tuple[Expectation, ...]:
    return (
        _quarantine(
            f"{prefix}_date_not_ahead", _IN_SET, _yes(f"{column}_not_ahead"),
            f"{what} is not later than the day after the capture",
            "Look at the page; what it dates is loaded without this date.",
            shows=(column,), field=column, reason="date_in_future",
        ),
        _quarantine(
            f"{prefix}_date_not_early", _IN_SET, _yes(f"{column}_not_early"),
            f"{what} is not before 1950, as placeholders are",
            "Look at the page; what it dates is loaded without this date.",
            shows=(column,), field=column, reason="date_too_early",
        ),
    )  # fmt: skip


def papers() -> Suite:
    """Papers as the transform gave them."""
    look = "Look at the paper's page; the paper is loaded as it is."
    return Suite(
        "papers",
        ("source", "paper_id", "title"),
        identity=("capture_id", "paper_id", "url"),
        expectations=(
            _critical(
                "paper_id_scheme", _MATCHES, {"column": "paper_id", "regex": r"\A[a-z0-9_-]+:\S"},
                "A paper_id says what it is an id of: arxiv:…, title:…, url:… or the site's own", _TRANSFORM,
            ),
            _warning(
                "paper_described_once", _UNIQUE,
                {
                    "column_list": ["capture_id", "described_id"],
                    "ignore_row_if": "any_value_is_missing",
                },
                "A page or file describes a paper once", "Nothing is lost: the records are joined into one.",
                shows=("url",),
            ),
            _quarantine(
                "paper_titled", _MATCHES, {"column": "described_title", "regex": r"\w"},
                "A paper that has a page or record of its own has a title with a letter or digit",
                "Look at the paper's page.", shows=("url",), field="paper", reason="no_title",
            ),
            _warning(
                "paper_arxiv_id_form", _MATCHES, {"column": "arxiv_id", "regex": ARXIV},
                "An arXiv id is like 2104.00001 or cs.CL/0102003, without a version", look, shows=("url",),
            ),
            _warning(
                "paper_doi_form", _MATCHES, {"column": "doi", "regex": DOI},
                "A DOI is like 10.1000/182", look, shows=("url",),
            ),
            *_dates("paper", "published", "A paper's date"),
            _warning(
                "paper_not_updated_before_published", _IN_SET, _yes("updated_is_later"),
                "A paper's last version is not older than its first", look, shows=("published", "updated"),
            ),
            _warning(
                "paper_venue_year_sane", _BETWEEN,
                {"column": "venue_year", "min_value": 1950, "max_value": 2100},
                "The year of a venue lies between 1950 and 2100", look, shows=("venue",),
            ),
            _warning(
                "paper_venue_month_sane", _BETWEEN,
                {"column": "venue_month", "min_value": 1, "max_value": 12},
                "The month of a venue lies between 1 and 12", look, shows=("venue",),
            ),
        ),
    )  # fmt: skip


def boards() -> Suite:
    """Boards and the accounting of their cells."""
    counts = ("cells_in", "cells_loaded", "cells_quarantined", "cells_duplicate")
    return Suite(
        "boards",
        ("source", "board", "leaderboard_id"),
        (
            _critical(
                "board_cells_accounted", _EQUAL, {"column_A": "cells_in", "column_B": "cells_out"},
                "Every cell is loaded, quarantined or an exact duplicate", _TRANSFORM, shows=counts,
            ),
            _critical(
                "board_counts_positive", _BETWEEN, {"column": "fewest", "min_value": 0},
                "No count of cells is negative", _TRANSFORM, shows=counts,
            ),
            _critical(
                "board_loaded_are_results", _EQUAL, {"column_A": "loaded", "column_B": "results"},
                "A board has as many results with a value as cells that count as loaded", _TRANSFORM,
                shows=counts,
            ),
            _critical(
                "board_quarantined_are_listed", _EQUAL, {"column_A": "quarantined", "column_B": "lines"},
                "The lines in `quarantine` of a board account for the cells that count as quarantined",
                _TRANSFORM, shows=counts,
            ),
            _critical(
                "board_leaderboard_id_slugs", _MATCHES, {"column": "leaderboard_id", "regex": SLUGS},
                "A board's leaderboard_id is three slugs, task/dataset/metric", _TRANSFORM,
            ),
            _critical(
                "board_metric_kind_known", _IN_SET,
                {"column": "metric_kind", "value_set": ["quality", "resource", "descriptor"]},
                "A metric's kind is quality, resource or descriptor", _TRANSFORM,
            ),
            _critical(
                "board_metric_kind_given", _NOT_NULL, {"column": "metric_kind"},
                "A metric has a kind", _TRANSFORM,
            ),
            _critical(
                "board_direction_source_known", _IN_SET,
                {"column": "direction_source", "value_set": ["page", "is_loss", "registry"]},
                "A direction comes from the page, from is_loss or from the registry", _TRANSFORM,
            ),
            _critical(
                "board_direction_declared", _IN_SET, _yes("direction_is_declared"),
                "A direction is known exactly where it is said who declared it", _TRANSFORM,
                shows=("higher_is_better", "direction_source"),
            ),
            _critical(
                "board_bounds_in_order", _IN_SET, _yes("bounds_in_order"),
                "The lower bound of a metric is below its upper bound", _TRANSFORM,
                shows=("lower_bound", "upper_bound"),
            ),
            _info(
                "board_direction_known", _IN_SET, _yes("direction_is_known"),
                "It is known which way a quality metric runs",
                "Nothing is ranked on these boards: add the metric, with a reason, to "
                "`transform/vocabulary/metrics.toml`.",
                shows=("metric",),
            ),
        ),
    )  # fmt: skip


def ranked_results() -> Suite:
    """The view of ranked results."""
    return Suite(
        "ranked_results",
        ("leaderboard_id", "source", "model"),
        (
            _critical(
                "rank_has_value_and_direction", _IN_SET, _yes("rank_has_grounds"),
                "Only a result with a value, on a board with a direction, has a rank", _VIEW,
                shows=("rank", "value", "higher_is_better"),
            ),
            _critical(
                "rank_counts_better", _IN_SET, _yes("rank_counts_better"),
                "A rank is one more than the number of results that are better", _VIEW,
                shows=("rank", "value"),
            ),
            _warning(
                "rank_fits_published_order", _IN_SET, _yes("fits_published_order"),
                "Our ranks run in the order that the page publishes (ties in any order)",
                "Look at the rows named: the page has them in another place than their values.",
                shows=("rank", "source_rank", "value"),
            ),
        ),
    )  # fmt: skip


def sota_history() -> Suite:
    """The view of records over time."""
    keys = ("leaderboard_id", "track", "step", "model")
    return Suite(
        "sota_history",
        keys,
        (
            _critical(
                "sota_steps_numbered", _IN_SET, _yes("step_fits"),
                "The steps of a history are numbered 1, 2, 3 …", _VIEW,
            ),
            _critical(
                "sota_dates_rise", _IN_SET, _yes("date_rises"),
                "Every step of a history is dated, and later than the one before", _VIEW,
                shows=("sota_date",),
            ),
            _critical(
                "sota_values_improve", _IN_SET, _yes("value_improves"),
                "Every step of a history is strictly better than the one before", _VIEW, shows=("value",),
            ),
        ),
    )  # fmt: skip


def badges() -> Suite:
    """Our history beside the badges that pages publish."""
    return Suite(
        "badges",
        ("leaderboard_id", "model"),
        (
            _warning(
                "sota_fits_badges", _IN_SET, _yes("fits_badge"),
                "Our history has exactly the results that bear the badge of the state of the art",
                "Look at the rows named: their date or value, or a rival's, differs from what the page used.",
                shows=("sota_at_release", "source_sota"),
            ),
        ),
    )  # fmt: skip


def leaderboards() -> Suite:
    """The view of leaderboards, beside its ranked results."""
    return Suite(
        "leaderboards",
        ("leaderboard_id", "leader"),
        (
            _critical(
                "leaderboard_leader_ranks_first", _IN_SET, _yes("leader_ranks_first"),
                "The leader is a model with rank 1, and there is none where nothing is ranked", _VIEW,
                shows=("model",),
            ),
            _critical(
                "leaderboard_leader_value_ranks_first", _IN_SET, _yes("first_rank_is_leader"),
                "Every result with rank 1 has the leader's value", _VIEW,
                shows=("leader_value", "model", "value"),
            ),
        ),
    )  # fmt: skip


def loaded() -> Suite:
    """What the tables hold beside what the views show."""
    return Suite(
        "loaded",
        ("what",),
        (
            _critical(
                "loaded_rows_are_visible", _EQUAL, {"column_A": "in_tables", "column_B": "in_view"},
                "A view shows as many rows as the load put into the tables behind it", _VIEW,
                shows=("in_tables", "in_view"),
            ),
            _warning(
                "board_shown_as_seen", _IN_SET, _yes("is_newest"),
                "A board is shown as it was seen last, not held back after it lost most of its rows",
                "Look at the page (view `held`); if the loss is real, `sotaduck accept` takes it.",
                shows=("rows_shown", "rows_seen"),
            ),
        ),
    )  # fmt: skip


SUITES: Mapping[str, Callable[[], Suite]] = {
    function.__name__: function
    for function in (
        raw_rows, results, papers, boards, ranked_results, sota_history, badges, leaderboards, loaded,
    )
}  # fmt: skip
"""Every suite by its name, in the order of a run."""
