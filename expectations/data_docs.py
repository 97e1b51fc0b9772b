"""Data Docs: the pages of Great Expectations on what a run checked, readable without a network.

    index.html ─▶ <suite>.html …

Great Expectations renders the results of a suite to sections; its own pages around them fetch style
sheets and scripts from the network, so these sections stand in a page of our own that needs neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from expectations.suites import SUITES
from expectations.tally import Tally

STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c62828; --good: #2e7d32; --warn: #b26a00; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --good: #81c784; --warn: #ffb74d; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h5 { font-size: 1.05rem; margin: 2rem 0 .3rem; } h6, p { margin: .3rem 0; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
td td:last-child { white-space: nowrap; }
code, pre { font: .9em ui-monospace, monospace; white-space: pre-wrap; }
.failed, .critical, .text-danger { color: var(--bad); } .passed, .text-success { color: var(--good); }
.warning, .quarantine, .text-warning { color: var(--warn); }
.fa-check-circle::before { content: "✓"; } .fa-times::before { content: "✗"; }
.fa-exclamation-triangle::before { content: "!"; }
.badge { border: 1px solid var(--line); border-radius: .3rem; padding: 0 .3rem; }
i { font-style: normal; font-weight: bold; }
"""

_UNWANTED = re.compile(
    r"""<(script|style)\b.*?</\1\s*>|<(?:link|img|script)\b[^>]*>|\sid="[^"]*"(?=[^<]*>)""",
    re.DOTALL | re.IGNORECASE,
)
"""Scripts, what is fetched, and ids, which the sections of a page have in common."""


def write(folder: Path, suites: Mapping[str, Sequence[Tally]]) -> Path:
    """Write an index and a page for each suite, in the place of those of the last run.

    Returns:
        The index.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in SUITES:
        page = folder / f"{name}.html"
        if name in suites:
            page.write_text(_suite(name, suites[name]), encoding="utf-8")
        else:
            page.unlink(missing_ok=True)
    (folder / "index.html").write_text(_index(suites), encoding="utf-8")
    return folder / "index.html"


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _index(suites: Mapping[str, Sequence[Tally]]) -> str:
    rows = []
    for name, tallies in suites.items():
        failed = [tally for tally in tallies if tally.unexpected]
        word = "failed" if failed else "passed"
        rows.append(
            f'<tr><td><a href="{name}.html">{name}</a></td><td class="{word}">{word}</td>'
            f'<td class="number">{_rows(tallies):,}</td>'
            f'<td class="number">{len(tallies)}</td><td class="number">{len(failed)}</td></tr>'
        )
    found = [tally for tallies in suites.values() for tally in tallies if tally.unexpected]
    findings = "".join(
        f'<h5>{tally.expectation.name} <span class="{tally.expectation.level}">{tally.expectation.level}'
        f"</span></h5><pre>{escape(tally.detail)}</pre>"
        for tally in found
    )
    head = "<tr><th>Suite</th><th>Status</th><th>Rows</th><th>Expectations</th><th>Failed</th></tr>"
    body = (
        "<h1>What was checked</h1><p>Rows are those that this run loaded, or the views that it made.</p>"
        f"<table>{head}{''.join(rows)}</table><h1>What was found</h1>{findings or '<p>Nothing.</p>'}"
    )
    return _page("sotaduck Data Docs", body)


def _rows(tallies: Sequence[Tally]) -> int:
    return max(tally.checked for tally in tallies)


def _suite(name: str, tallies: Sequence[Tally]) -> str:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaSectionView

    failed = sum(tally.unexpected > 0 for tally in tallies)
    document = ValidationResultsPageRenderer().render(
        ExpectationSuiteValidationResult(
            success=failed == 0,
            results=[_result(tally) for tally in tallies],
            suite_name=name,
            statistics={},
            meta={},
        )
    )
    view: Any = DefaultJinjaSectionView()
    # The first section is about files of a GX project, which there is none of.
    sections = [
        view.render({"section": section.to_json_dict(), "section_loop": {"index": number}})
        for number, section in enumerate(document.sections[1:], 1)
    ]
    body = (
        f'<p><a href="index.html">All suites</a></p><h1>{name}</h1>'
        f"<p>{_rows(tallies):,} rows, {len(tallies)} expectations, {failed} failed</p>"
    )
    return _page(f"{name}: sotaduck Data Docs", body + _UNWANTED.sub("", "".join(sections)))


def _result(tally: Tally) -> Any:
    """The tally as Great Expectations tells one expectation's result, failing rows in our words."""
    from great_expectations.core import ExpectationValidationResult

    configuration = tally.expectation.declare().configuration
    configuration.description = (
        f"{tally.expectation.says}. {tally.expectation.name}, {tally.expectation.level}."
    )
    return ExpectationValidationResult(
        success=tally.unexpected == 0,
        expectation_config=configuration,
        result={
            "element_count": tally.checked,
            "missing_count": tally.skipped,
            "unexpected_count": tally.unexpected,
            "unexpected_percent": 100 * tally.unexpected / tally.checked if tally.checked else 0.0,
            # GX puts values into its page as they are, and these come from pages of others.
            "partial_unexpected_list": [escape(words) for words in tally.examples],
            "partial_unexpected_counts": [{"value": escape(words), "count": 1} for words in tally.examples],
        },
        meta={},
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )
