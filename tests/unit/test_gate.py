"""The gate: what it stops, what it puts aside, what it remembers, and its pages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from expectations import frames
from expectations.run import Gate, Outcome, quarantine
from expectations.suites import SUITES
from sotaduck.errors import ValidationStopped
from sotaduck.records import Normalised, Quarantined, RawBoard
from tests import checked_records as good

CAPTURED = {"c1": good.CAPTURED, "c2": good.CAPTURED}


def validate(rows: list[RawBoard], batch: Normalised) -> Normalised:
    """What a run checks of a batch before it is loaded."""
    gate = Gate(None)
    kept = quarantine(
        batch,
        gate.check("raw_rows", frames.raw_rows(rows)),
        gate.check("results", frames.results(batch, CAPTURED)),
        gate.check("papers", frames.papers(batch, CAPTURED)),
    )
    gate.check("boards", frames.boards(kept))
    return kept


def check_results(gate: Gate, batch: Normalised) -> Outcome:
    return gate.check("results", frames.results(batch, CAPTURED))


def test_a_critical_failure_names_the_expectation_the_board_and_the_row() -> None:
    with pytest.raises(ValidationStopped) as stopped:
        check_results(Gate(None), good.batch(value=0.0, value_text="-"))
    message = str(stopped.value)
    assert stopped.value.exit_status == 3
    assert "result_zero_said (critical): A value is 0 only where the text says zero: 1 of 3 rows" in message
    assert "source paperswithcode2" in message and good.LEADERBOARD in message
    assert "position 1, model EfficientPS, value 0.0, value_text -, value_reason none" in message
    assert "make a test of the row" in message
    assert "Panoptic-DeepLab" not in message


def test_a_message_names_five_rows_and_counts_the_rest() -> None:
    wrong = tuple(
        good.result(result_id=f"r{n}", position=n, model=f"Model {n}", value=None) for n in range(1, 8)
    )
    with pytest.raises(ValidationStopped) as stopped:
        check_results(Gate(None), Normalised(boards=(good.board(),), results=wrong))
    named = re.findall(r"model Model (\d)", str(stopped.value))
    assert named == ["1", "2", "3", "4", "5"]
    assert "7 of 7 rows" in str(stopped.value) and "… and 2 more" in str(stopped.value)


def test_every_critical_failure_of_a_suite_is_told_at_once() -> None:
    with pytest.raises(ValidationStopped) as stopped:
        check_results(Gate(None), good.batch(value=0.0, value_text="-", leaderboard_id="a/b"))
    assert "result_zero_said" in str(stopped.value)
    assert "result_leaderboard_id_slugs" in str(stopped.value)


def test_a_warning_lets_all_rows_pass_and_names_them() -> None:
    outcome = check_results(Gate(None), good.batch(value=101.0, value_text="101"))
    (found,) = [check for check in outcome.checks if not check.success]
    assert (found.expectation, found.severity, found.checked, found.unexpected) == (
        "result_within_bounds", "warning", 3, 1,
    )  # fmt: skip
    assert "value 101.0, value_text 101, lower_bound 0.0, upper_bound 100.0" in found.detail
    assert outcome.rejected == ()


def test_batches_of_one_suite_add_up() -> None:
    gate = Gate(None)
    check_results(gate, good.batch())
    check_results(gate, good.batch(value=101.0, value_text="101"))
    check_results(gate, good.batch(value=102.0, value_text="102"))
    (bounds,) = [check for check in gate.checks if check.expectation == "result_within_bounds"]
    assert (bounds.checked, bounds.unexpected, bounds.success) == (9, 2, False)
    assert "value_text 101" in bounds.detail and "value_text 102" in bounds.detail
    assert len(gate.checks) == len(SUITES["results"]().expectations)


def test_what_stopped_a_run_is_in_its_record() -> None:
    gate = Gate(None)
    with pytest.raises(ValidationStopped):
        check_results(gate, good.batch(value=0.0, value_text="-"))
    assert [check.expectation for check in gate.checks if not check.success] == ["result_zero_said"]


def test_a_frame_that_lacks_a_column_is_an_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="in_view"):
        Gate(None).check("loaded", good.counts().drop(columns="in_view"))


def test_an_expectation_that_breaks_down_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = SUITES["loaded"]()
    broken = replace(
        suite.expectations[0], kind="ExpectColumnValuesToMatchRegex", level="info",
        arguments={"column": "what", "regex": "("},
    )  # fmt: skip
    monkeypatch.setitem(
        cast(dict[str, Any], SUITES), "loaded", lambda: replace(suite, expectations=(broken,))
    )
    with pytest.raises(ValidationStopped, match="loaded_rows_are_visible could not be evaluated"):
        Gate(None).check("loaded", good.counts())


# ---------------------------------------------------------------- quarantine


def cells_out(batch: Normalised) -> list[tuple[int, int]]:
    """Cells in, and cells out as the results and the lines of the quarantine have them."""
    valued = Counter(result.board_id for result in batch.results if result.value is not None)
    lines: Counter[Any] = Counter()
    for line in batch.quarantine:
        lines[line.board_id] += line.cells
    return [
        (board.cells_in, valued[board.board_id] + lines[board.board_id] + board.cells_duplicate)
        for board in batch.boards
    ]


def new_lines(batch: Normalised) -> list[Quarantined]:
    return [line for line in batch.quarantine if line is not good.UNREAD]


def test_a_row_without_a_model_goes_to_quarantine_and_the_others_load() -> None:
    kept = validate([good.raw(0, model=" ")], good.batch(model=" "))
    assert [result.result_id for result in kept.results] == ["r2", "r3"]
    (line,) = new_lines(kept)
    assert (line.field, line.expectation, line.reason) == ("row", "raw_model_named", "no_model")
    assert (line.position, line.value_text, line.cells, line.board_id) == (1, "82.1", 1, "b1")
    assert (kept.boards[0].cells_loaded, kept.boards[0].cells_quarantined) == (1, 2)
    assert cells_out(kept) == [(3, 3)]


def test_a_rejected_row_whose_cell_has_its_line_already_gets_no_second() -> None:
    kept = validate([good.raw(2, model="-")], good.batch())
    assert [result.result_id for result in kept.results] == ["r1", "r2"]
    assert new_lines(kept) == []
    assert cells_out(kept) == [(3, 3)]


def test_a_row_is_put_aside_on_every_board_of_its_page() -> None:
    one = good.batch()
    both = Normalised(
        boards=(*one.boards, good.board(board_id="b2", leaderboard_id="a/b/pq")),
        results=(
            *one.results,
            *(msgspec.structs.replace(r, board_id="b2", result_id=r.result_id + "pq") for r in one.results),
        ),
        quarantine=(good.UNREAD, msgspec.structs.replace(good.UNREAD, board_id="b2")),
    )
    outcome = Gate(None).check("raw_rows", frames.raw_rows([good.raw(1, model="")]))
    kept = quarantine(both, outcome)
    assert [result.result_id for result in kept.results] == ["r1", "r3", "r1pq", "r3pq"]
    assert cells_out(kept) == [(3, 3), (3, 3)]
    assert Gate(None).check("boards", frames.boards(kept)).rejected == ()


def test_a_row_of_another_capture_stays() -> None:
    outcome = Gate(None).check(
        "raw_rows",
        frames.raw_rows(
            [
                good.raw(
                    0,
                    model="",
                )
            ]
        ),
    )
    later = Normalised(
        boards=(good.board(capture_id="c9"),), results=(good.result(capture_id="c9"),), papers=()
    )
    assert quarantine(later, outcome) == later


def test_a_date_in_the_future_is_put_aside_and_the_value_stays() -> None:
    batch = good.batch(result_date=date(2027, 1, 1))
    kept = validate([good.RAW], batch)
    first = kept.results[0]
    assert (first.value, first.result_date, first.paper_date) == (82.1, None, date(2020, 4, 5))
    assert first.date_source == "paper"
    (line,) = new_lines(kept)
    assert (line.field, line.value_text, line.cells) == ("date", "2027-01-01", 0)
    assert (line.expectation, line.reason) == ("result_date_not_ahead", "date_in_future")
    assert "result_date 2027-01-01" in line.detail


def test_a_result_whose_dates_are_all_refused_has_no_date_source() -> None:
    early = date(1900, 1, 1)
    kept = validate([good.RAW], good.batch(result_date=early, paper_date=early))
    assert (kept.results[0].date_source, kept.results[0].result_date, kept.results[0].paper_date) == (
        None,
    ) * 3
    assert [line.reason for line in new_lines(kept)] == ["date_too_early"] * 2


def test_the_date_of_a_row_with_several_metrics_is_one_line() -> None:
    future = date(2027, 1, 1)
    batch = Normalised(
        boards=(good.board(), good.board(board_id="b2")),
        results=(
            good.result(result_date=future),
            good.result(result_id="x", board_id="b2", result_date=future),
        ),
    )
    kept = quarantine(batch, check_results(Gate(None), batch))
    assert [result.result_date for result in kept.results] == [None, None]
    assert len(kept.quarantine) == 1


def test_a_paper_without_a_title_goes_and_one_with_a_false_date_stays() -> None:
    papers = (
        good.paper(title=" "),
        good.paper(paper_id="arxiv:1911.10194", published=date(1900, 1, 1)),
        good.paper(paper_id="arxiv:1801.00868", title="", from_row=True),
    )
    kept = validate([], Normalised(papers=papers))
    assert [(paper.paper_id, paper.published) for paper in kept.papers] == [
        ("arxiv:1911.10194", None),
        ("arxiv:1801.00868", date(2020, 4, 5)),
    ]
    assert [(line.field, line.reason, line.cells) for line in kept.quarantine] == [
        ("paper", "no_title", 0),
        ("date", "date_too_early", 0),
    ]


def test_nothing_refused_is_nothing_changed() -> None:
    batch = good.batch()
    assert validate([good.RAW], batch) is batch


# ---------------------------------------------------------------- Data Docs


class Page(HTMLParser):
    """The tags of a page, what they point to, and that they close as they open."""

    VOID = frozenset(("meta", "br", "link", "img", "input", "hr"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.targets: list[str] = []
        self.ids: list[str | None] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.targets += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    gate = Gate(tmp_path_factory.mktemp("run") / "deep" / "data_docs")
    gate.check("raw_rows", frames.raw_rows([good.RAW]))
    check_results(gate, good.batch(value=101.0, value_text="<b>101</b> $x", model="A & B"))
    gate.check("ranked_results", good.ranked(source_rank=[4, 1, 2, 3, 5]))
    with pytest.raises(ValidationStopped):
        gate.check("loaded", good.counts(in_view=[2, 1]))
    index = gate.write_docs()
    assert index is not None
    return index


def test_the_pages_need_no_network_and_run_nothing(documented: Path) -> None:
    pages = sorted(documented.parent.glob("*.html"))
    assert [page.name for page in pages] == [
        "index.html", "loaded.html", "ranked_results.html", "raw_rows.html", "results.html",
    ]  # fmt: skip
    for page in pages:
        text = page.read_text(encoding="utf-8")
        found = Page(text)
        assert found.open == []
        assert not {"script", "link", "img", "iframe"} & set(found.tags)
        assert len(found.ids) == len(set(found.ids))
        assert found.tags["style"] == 1 and found.tags["title"] == 1
        assert not re.search(r"@import|url\(", text)
        for target in found.targets:
            assert target.startswith("#") or (page.parent / target).is_file(), target


def test_the_index_lists_suites_and_findings_and_leads_to_the_pages(documented: Path) -> None:
    text = documented.read_text(encoding="utf-8")
    assert set(Page(text).targets) == {"loaded.html", "ranked_results.html", "raw_rows.html", "results.html"}
    assert re.search(r'raw_rows</a></td><td class="passed">passed', text)
    assert re.search(r'results</a></td><td class="failed">failed', text)
    assert "result_within_bounds" in text and "loaded_rows_are_visible" in text
    assert "&lt;b&gt;101&lt;/b&gt; $x" in text and "A &amp; B" in text


def test_a_suite_page_says_what_holds_and_which_rows_do_not(documented: Path) -> None:
    text = (documented.parent / "results.html").read_text(encoding="utf-8")
    for one in SUITES["results"]().expectations:
        assert one.name in text
    assert "1 unexpected values found" in text
    assert "<b>101" not in text and "&lt;b&gt;101&lt;/b&gt; $x" in text


def test_pages_of_an_earlier_run_do_not_linger(tmp_path: Path) -> None:
    for suite, frame in (("loaded", good.counts()), ("badges", good.badges())):
        gate = Gate(tmp_path)
        gate.check(suite, frame)
        gate.write_docs()
    assert sorted(page.name for page in tmp_path.iterdir()) == ["badges.html", "index.html"]


def test_no_docs_are_written_where_none_are_wanted_or_nothing_was_checked(tmp_path: Path) -> None:
    gate = Gate(None)
    gate.check("loaded", good.counts())
    assert gate.write_docs() is None
    assert Gate(tmp_path / "docs").write_docs() is None
    assert not (tmp_path / "docs").exists()


# ---------------------------------------------------------------- imports


def test_the_package_costs_no_import_of_great_expectations_and_sends_no_telemetry() -> None:
    script = (
        "import sys, os; os.environ.pop('GX_ANALYTICS_ENABLED', None)\n"
        "import expectations.run, expectations.frames, expectations.views, expectations.suites\n"
        "[suite() for suite in expectations.suites.SUITES.values()]\n"
        "print([name for name in ('great_expectations', 'pandas') if name in sys.modules])\n"
        "expectations.run.warm_up(); expectations.run.warm_up()\n"
        "print('great_expectations' in sys.modules, os.environ['GX_ANALYTICS_ENABLED'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        cwd=Path(__file__).resolve().parents[2], env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["[]", "True false"]
