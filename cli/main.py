"""The commands. Whatever is slow to import is imported by the command that needs it.

Exit status: 0 done (warnings allowed) · 1 failed · 2 wrong usage or configuration · 3 stopped by
validation, the warehouse is as it was · 4 done, but some pages could not be fetched or read.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from sotaduck import __version__
from sotaduck.errors import SotaduckError

Command = TypeVar("Command", bound=Callable[..., Any])


def warehouse_options(command: Command) -> Command:
    """`--warehouse` and `--config`, which every command has."""
    file = click.Path(path_type=Path, dir_okay=True)
    for option in (
        click.option("--config", type=file, help="TOML file [default: sotaduck.toml, if it is there]"),
        click.option("--warehouse", type=file, help="DuckDB file [default: as configured]"),
    ):
        command = option(command)
    return command


def as_of_option(command: Command) -> Command:
    """`--as-of`, which every command has that can show the past."""
    return click.option(
        "--as-of", metavar="T", help="What was known then: 2026-11-01, 2026-11-01T06:00 (UTC), 7d (ago)."
    )(command)


def _past(as_of: str | None) -> datetime | None:
    from sotaduck import times

    return times.past(as_of, "--as-of") if as_of else None


def _warehouse(config: Path | None, warehouse: Path | None) -> Path:
    from sotaduck import config as configuration

    return configuration.load(config, warehouse=warehouse).warehouse


def _echo_json(value: Any) -> None:
    from cli import machine

    click.echo(machine.as_json(value))


class Commands(click.Group):
    """The commands. One whose reader has seen enough (`sotaduck sql … | head`) ends well."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and give its exit status."""
        try:
            status = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is buffered is written when the interpreter ends, and has to go somewhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return status


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="sotaduck")
@click.option("-v", "--verbose", is_flag=True, help="Say what happens, line by line, on standard error.")
def cli(verbose: bool) -> None:
    """Who leads in machine learning, and who led when: a warehouse of leaderboards."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )


@cli.command()
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this source; repeatable.")
@click.option("--replay", is_flag=True, help="Rebuild from the archive alone, with no network.")
@click.option("--full", is_flag=True, help="Fetch every page anew and rebuild from the whole archive.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@warehouse_options
def refresh(
    sources: tuple[str, ...],
    replay: bool,
    full: bool,
    as_json: bool,
    warehouse: Path | None,
    config: Path | None,
) -> int:
    """Capture, parse, normalise, validate and load what is configured.

    Without a configuration it replays the bundled samples.
    """
    from cli import report
    from sotaduck import config as configuration

    # What can be wrong with the arguments is said before a server is started for them.
    settings = configuration.load(config, warehouse=warehouse)
    from flows.run import choose_sources

    choose_sources(settings, sources)
    if replay and full:
        raise click.UsageError("--replay and --full exclude each other")
    done = report.run_refresh(
        settings,
        config=str(config) if config else None,
        sources=list(sources) or None,
        replay=replay,
        full=full,
        warehouse=str(settings.warehouse),
        quiet=as_json,
    )
    if as_json:
        _echo_json(report.as_dict(done))
    else:
        report.show(done, bundled=settings.bundled)
    return done.exit_status


@cli.command()
@click.argument("kind")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--brief", is_flag=True, help="Print the figures in one line.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@warehouse_options
def ingest(
    kind: str,
    paths: tuple[Path, ...],
    brief: bool,
    as_json: bool,
    warehouse: Path | None,
    config: Path | None,
) -> int:
    """Load files: KIND is pwc-dump, pwc-html, opencodepapers, nlp-progress, codesota, arxiv or warc.

    PATHS are files, folders, zips, .gz or .zst. They are kept in the archive, as everything is.
    """
    from cli import report
    from flows.ingest import kinds
    from sotaduck import config as configuration

    if kind not in kinds():
        raise click.BadParameter(f"{kind!r} is none of {', '.join(kinds())}", param_hint="KIND")
    settings = configuration.load(config, warehouse=warehouse)
    done = report.run_ingest(settings, kind, paths, quiet=as_json or brief)
    if as_json:
        _echo_json(report.as_dict(done))
    elif brief:
        click.echo(f"{kind:15} {report.figures(done.counts)}")
    else:
        report.show(done)
    return done.exit_status


@cli.command()
@click.argument("board", required=False)
@click.option("--all", "everything", is_flag=True, help="Every board that is held back now.")
@click.option("--json", "as_json", is_flag=True)
@warehouse_options
def accept(
    board: str | None, everything: bool, as_json: bool, warehouse: Path | None, config: Path | None
) -> int:
    """Take the new state of a board that lost most of its rows, when you have looked at its page.

    BOARD is a leaderboard_id, an address or a board_id. `sotaduck sql 'from held'` lists what is held back.
    """
    from cli import report
    from sotaduck import config as configuration

    if everything == (board is not None):
        raise click.UsageError("name one BOARD, or say --all")
    settings = configuration.load(config, warehouse=warehouse)
    done = report.run_accept(settings, board, quiet=as_json)
    if as_json:
        _echo_json(report.as_dict(done))
    else:
        report.show_accepted(done, board)
    return done.report.exit_status if done.report else 0


@cli.command()
@click.argument("query")
@click.option(
    "--format", "style", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@warehouse_options
def sql(query: str, style: str, warehouse: Path | None, config: Path | None) -> int:
    """Ask the warehouse in SQL. The file is opened read-only. `-` reads the query from standard input."""
    from warehouse import query as ask

    text = sys.stdin.read() if query == "-" else query
    answer = ask.run_sql(_warehouse(config, warehouse), text)
    if style == "json":
        _echo_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif style == "csv":
        from cli import machine

        machine.write_csv(sys.stdout, answer.columns, answer.rows)
    else:
        from cli import tables

        tables.console().print(tables.plain_table(answer.columns, answer.rows[: tables.MOST_ROWS]))
        click.echo(tables.row_count(len(answer.rows)))
    return 0


@cli.command()
@click.argument("leaderboard_id")
@click.option("--top", type=click.IntRange(min=1), help="Only the first N results.")
@as_of_option
@click.option("--json", "as_json", is_flag=True)
@warehouse_options
def leaderboard(
    leaderboard_id: str,
    top: int | None,
    as_of: str | None,
    as_json: bool,
    warehouse: Path | None,
    config: Path | None,
) -> int:
    """Show a leaderboard, ranked. LEADERBOARD_ID is `<task>/<dataset>/<metric>`."""
    from warehouse import query as ask

    when = _past(as_of)
    board, rows = ask.leaderboard(_warehouse(config, warehouse), leaderboard_id, when)
    rows = rows[:top]
    if as_json:
        _echo_json({"leaderboard": board, "results": rows})
        return 0
    from cli import tables

    tables.console().print(tables.leaderboard_table(board, rows))
    return 0


@cli.command()
@click.argument("leaderboard_id")
@click.option("--track", type=click.Choice(["all", "no_extra_data"]), help="Only this track.")
@as_of_option
@click.option("--json", "as_json", is_flag=True)
@warehouse_options
def history(
    leaderboard_id: str,
    track: str | None,
    as_of: str | None,
    as_json: bool,
    warehouse: Path | None,
    config: Path | None,
) -> int:
    """Show who led a leaderboard, and when."""
    from warehouse import query as ask

    when = _past(as_of)
    board, steps = ask.history(_warehouse(config, warehouse), leaderboard_id, track, when)
    if as_json:
        _echo_json({"leaderboard": board, "history": steps})
        return 0
    from cli import tables

    tables.console().print(tables.history_table(board, steps))
    return 0


@cli.command()
@click.option("--since", metavar="T|RUN", help="A time, 7d back from now, a run, all. [default: last run]")
@click.option("--until", metavar="T", help="A time, or 7d back from now; that moment is left out.")
@click.option("--leaderboard", "leaderboard_id", metavar="ID", help="Only this leaderboard.")
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only changes of this kind; repeatable.")
@click.option(
    "--format", "style", type=click.Choice(["table", "csv", "json", "markdown"]), help="[default: table]"
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@warehouse_options
def changes(
    since: str | None,
    until: str | None,
    leaderboard_id: str | None,
    kinds: tuple[str, ...],
    style: str | None,
    as_json: bool,
    warehouse: Path | None,
    config: Path | None,
) -> int:
    """Show what changed: records taken and lost, corrections, what came, went and returned.

    A time is ISO 8601, UTC where it names no zone; a run is an id of the view `runs`. --format markdown is a
    digest for a release note or a mail; csv and json are the rows of the view `changes` as they are.
    """
    from datetime import UTC, datetime

    from warehouse import changes as ask

    if as_json and style not in (None, "json"):
        raise click.UsageError(f"--json and --format {style} exclude each other")
    found = ask.changes(
        _warehouse(config, warehouse),
        now=datetime.now(UTC),
        since=since,
        until=until,
        leaderboard_id=leaderboard_id,
        kinds=kinds,
    )
    if as_json or style == "json":
        _echo_json(found.rows)
    elif style == "csv":
        from cli import machine

        machine.write_csv(sys.stdout, found.columns, (tuple(row.values()) for row in found.rows))
    elif style == "markdown":
        from cli import digest

        click.echo(digest.digest(found), nl=False)
    else:
        from cli import changes as show_changes
        from cli import tables

        tables.console().print(show_changes.table(found))
    return 0


@cli.command()
@click.argument("result_id")
@click.option("--json", "as_json", is_flag=True)
@warehouse_options
def show(result_id: str, as_json: bool, warehouse: Path | None, config: Path | None) -> int:
    """Show where a result comes from: every raw cell that states it, and the capture it was read from."""
    from warehouse import query as ask

    chain = ask.chain(_warehouse(config, warehouse), result_id)
    if as_json:
        _echo_json(chain)
        return 0
    from cli import tables

    tables.console().print(tables.chain(chain))
    return 0


@cli.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the snapshot; {date} in it is the day of the data, UTC.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["csv", "parquet", "both"]),
    default="csv",
    show_default=True,
)
@as_of_option
@click.option("--json", "as_json", is_flag=True, help="Print the manifest.")
@warehouse_options
def export(
    out: Path, style: str, as_of: str | None, as_json: bool, warehouse: Path | None, config: Path | None
) -> int:
    """Write a snapshot: a file of every public view, manifest.json and datapackage.json."""
    from sotaduck import config as configuration

    when = _past(as_of)
    settings = configuration.load(config, warehouse=warehouse)
    if when:
        from flows.snapshots import snapshot

        done = snapshot(settings, out, style=style, as_of=when)
    else:
        from warehouse.export import export as snapshot_now

        done = snapshot_now(settings.warehouse, out, style=style)
    if as_json:
        _echo_json(done.manifest)
        return 0
    from cli import tables

    rows = [[item["name"], item["rows"], item["sha256"][:12]] for item in done.manifest["files"]]
    tables.console().print(tables.plain_table(["file", "rows", "sha256"], rows))
    click.echo(f"Snapshot in {done.folder}; manifest.json says what it is, under which licences.")
    return 0


@cli.command()
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="[B]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
)
@click.option("--key-only", is_flag=True, help="Name the rows that differ, and not what differs in them.")
@click.option(
    "--all-columns", is_flag=True, help="Also compare columns that say only where and when we looked."
)
@warehouse_options
def diff(
    first: Path,
    second: Path | None,
    style: str,
    key_only: bool,
    all_columns: bool,
    warehouse: Path | None,
    config: Path | None,
) -> int:
    """Compare two snapshots or warehouses: rows added, removed and changed, by key.

    A and B are each a folder that `export` made or a warehouse file; without B, A is compared with the
    warehouse. The exit status is 0 whatever is found.
    """
    if second is not None and warehouse is not None:
        raise click.UsageError("B and --warehouse both name the second side; give one of them")
    other = _warehouse(config, warehouse)
    from cli import differences
    from warehouse import diff as differ

    with differ.compared(first, second or other, every_column=all_columns) as found:
        if style == "json":
            differences.write_json(found, sys.stdout, key_only=key_only)
        elif style == "csv":
            differences.write_csv(found, sys.stdout, key_only=key_only)
        elif style == "markdown":
            click.echo(differences.as_markdown(differences.page(found), key_only=key_only), nl=False)
        else:
            from cli import tables

            tables.console().print(differences.as_table(differences.page(found), key_only=key_only))
    return 0


@cli.command()
@click.option("--json", "as_json", is_flag=True)
@warehouse_options
def status(as_json: bool, warehouse: Path | None, config: Path | None) -> int:
    """Show what the warehouse holds, what was refused and why, and how the last runs went."""
    from warehouse import query as ask

    path = _warehouse(config, warehouse)
    facts = ask.status(path)
    if as_json:
        _echo_json(facts)
        return 0
    from cli import report

    report.show_status(path, facts)
    return 0


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@warehouse_options
def compact(as_json: bool, warehouse: Path | None, config: Path | None) -> int:
    """Merge the files of the archive and give back space, there and in the warehouse. Nothing is lost."""
    from cli import report
    from sotaduck import config as configuration

    settings = configuration.load(config, warehouse=warehouse)
    done = report.run_compact(settings, quiet=as_json)
    if as_json:
        _echo_json(report.as_dict(done))
    else:
        report.show_compacted(settings, done)
    return 0


@cli.command()
@click.option("--cron", default="0 6 * * *", show_default=True, help="When to refresh, in UTC.")
@click.option("--run-now", is_flag=True, help="Also refresh once at the start.")
@warehouse_options
def serve(cron: str, run_now: bool, warehouse: Path | None, config: Path | None) -> int:
    """Refresh on a schedule, until interrupted.

    Uses the Prefect server of PREFECT_API_URL, or starts a local one and stops it at the end.
    """
    from sotaduck import config as configuration

    settings = configuration.load(config, warehouse=warehouse)
    from flows import schedule

    schedule.serve(
        cron=cron,
        run_now=run_now,
        config=str(config.resolve()) if config else None,
        warehouse=str(settings.warehouse),
    )
    return 0


def main() -> None:
    """Entry point: runs a command and turns errors into one message and an exit status."""
    try:
        status = cli.main(standalone_mode=False, prog_name="sotaduck")
    except click.exceptions.Abort:
        click.echo("Interrupted. The published warehouse is as it was.", err=True)
        raise SystemExit(130) from None
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except SotaduckError as error:
        click.echo(f"sotaduck: {error}", err=True)
        raise SystemExit(error.exit_status) from None
    raise SystemExit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
