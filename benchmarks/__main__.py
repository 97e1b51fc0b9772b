"""Measure the pipeline beside the naive way.

    python -m benchmarks [--boards FILE] [--large] [--dump [FOLDER]] [--scale 1.0] [--only PART]…
    python -m benchmarks --year [--weeks 52]
    python -m benchmarks --kills 200

reading     pages to records: our parsers, pandas.read_html
publishing  captured pages to a published warehouse, stage by stage; read_html and one INSERT a row
growth      normalisation of 10⁴, 10⁵ and 10⁶ cells (with --large 10⁷), memory, cost of parsing their pages
dump        (with --dump) a dump of 10,000 leaderboards and 500,000 papers; json.load and INSERTs
year        (with --year, alone) a year of weekly captures: what a week costs, and whether all is right
kills       (with --kills N, alone) commands that write, killed at random moments: what stood, what came next

Without --boards, the real leaderboards are those that the repository holds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks import dump, growth, kills, publishing, reading, year
from benchmarks.boards import real_boards
from benchmarks.measure import RUNS, machine, show

PARTS = ("reading", "publishing", "growth", "dump", "year", "kills")
ALONE = ("year", "kills")


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--boards", type=Path, help="real leaderboards, one JSON object a line, plain or .gz")
    parser.add_argument("--large", action="store_true", help="normalise 10 million cells as well")
    parser.add_argument(
        "--dump",
        nargs="?",
        type=Path,
        const=Path(),
        help="measure a dump: of FOLDER, or one made for the time",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of a dump that is made; 1 is all of it"
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone (may be given again)")
    parser.add_argument("--year", action="store_true", help="load a simulated year, and nothing else")
    parser.add_argument("--weeks", type=int, default=year.WEEKS, help="weeks of the year")
    parser.add_argument("--kills", type=int, metavar="N", help="kill commands N times, and nothing else")
    given = parser.parse_args(arguments)
    asked = [part for part in PARTS if part not in ALONE and (part != "dump" or given.dump is not None)]
    alone = [part for part, wanted in zip(ALONE, (given.year, given.kills), strict=True) if wanted]
    chosen = given.only or alone or asked
    console = Console(width=140)
    real = real_boards(given.boards)
    console.print(
        f"{machine()}\n{len(real)} real leaderboards; medians of {RUNS} runs where runs are short.\n"
    )
    if "reading" in chosen:
        show(console, "Pages to records", reading.HEAD, reading.rates(real))
    if "publishing" in chosen:
        _publishing(console, real)
    if "growth" in chosen:
        sizes = [10**4, 10**5, 10**6, *([10**7] if given.large else [])]
        found = growth.rows(growth.measured(sizes, given.boards))
        show(console, "Normalisation, and the parsing of the same cells", growth.HEAD, found)
    if "dump" in chosen:
        with TemporaryDirectory() as made:
            folder = given.dump if given.dump and given.dump != Path() else Path(made)
            _dump(console, folder, given.boards, given.scale)
    if "kills" in chosen:
        _kills(console, real, given.kills or 200)
    if "year" in chosen:
        _year(console, given.weeks)


def _publishing(console: Console, real: list[dict[str, object]]) -> None:
    found = publishing.compared(real)
    show(console, "Captured pages to a published warehouse", publishing.HEAD, [one.row() for one in found])
    ours, naive, other = found
    console.print(ours.shares())
    console.print(other.shares())
    console.print(f"ours/naive over the same pages: {ours.total / naive.total:.2f} of the time\n")


def _dump(console: Console, folder: Path, boards: Path | None, scale: float) -> None:
    dump.make(folder, boards, scale)
    ours, theirs = dump.measured(folder)
    show(console, "A whole dump into a fresh warehouse", dump.HEAD, dump.rows(ours, theirs))
    stages = ", ".join(f"{name} {spent:.0f} s" for name, spent in ours.stages.items())
    console.print(f"{ours.status}, {ours.failures} failures; stages: {stages}")
    console.print(f"INSERTs were measured on {dump.SAMPLE:,} rows of each file, in one transaction.\n")


def _kills(console: Console, real: list[dict[str, object]], number: int) -> None:
    with TemporaryDirectory() as folder:
        found = list(kills.trials(Path(folder), real, number))
    show(console, "Killed at random moments", kills.HEAD, [trials.row() for trials in found])
    for trials in found:
        for fault in trials.faults:
            console.print(f"{trials.command}: {fault}", markup=False)


def _year(console: Console, weeks: int) -> None:
    loads, checks = year.measured(weeks, say=lambda text: console.print(text, style="dim"))
    show(console, "A week at a time", year.HEAD, year.rows(loads))
    show(console, "What a further week costs", year.TREND, year.trend(loads))
    show(console, "Rows that differ", year.CHECKED, year.checked(checks))


if __name__ == "__main__":
    main()
