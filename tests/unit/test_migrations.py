"""A warehouse of an earlier release: read as it is, brought up to date on a copy, never left half done."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from click.testing import CliRunner, Result
from msgspec import structs

from cli.main import cli
from extract.archive import Archive
from extract.http import Response
from flows.ingest import ingest
from flows.run import RunReport, begin, silent
from sotaduck.config import BUNDLED, Config
from sotaduck.errors import SotaduckError, WarehouseError, WarehouseTooNew
from tests.flows.conftest import ask, content
from transform import vocabulary
from warehouse import publish

RELEASES = Path(__file__).parents[1] / "releases"
PTB = "language-modelling/penn-treebank-word-level/test-perplexity"
OF_RUNS = ("run_id", "warc_file", "warc_offset", "size")


@pytest.fixture(params=sorted(folder.name for folder in RELEASES.iterdir() if folder.is_dir()))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with archive and warehouse as a release left them."""
    folder = tmp_path / "old"
    shutil.copytree(RELEASES / request.param / "archive", folder / "archive")
    packed = (RELEASES / request.param / "warehouse.duckdb.zst").read_bytes()
    (folder / "warehouse.duckdb").write_bytes(zstandard.ZstdDecompressor().decompress(packed))
    return folder


def settings(folder: Path) -> Config:
    return Config(warehouse=folder / "warehouse.duckdb", archive=folder / "archive")


def updated(folder: Path) -> RunReport:
    """A run that has nothing new to say: the archive into itself."""
    return ingest(settings(folder), "warc", [folder / "archive"], silent)


def anew(folder: Path) -> Path:
    """A warehouse made from the same archive and nothing else."""
    other = folder.with_name("anew")
    shutil.copytree(folder / "archive", other / "archive")
    updated(other)
    return other


def schema(folder: Path) -> int:
    ((found,),) = ask(folder, "select max(version) from meta.migrations")
    return int(found)


def command(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--warehouse", str(folder / "warehouse.duckdb")])


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("leaderboard", PTB), "GPT-3 (Zero-Shot)"),
        (("history", PTB), "20.5"),
        (("sql", "select model from results where value_text = '44.6'"), "Mogrifier LSTM + dynamic eval"),
        (("sql", "select count(*) as n from captures", "--format", "csv"), "n\n10\n"),
    ],
)
def test_what_the_release_knew_can_be_asked(old: Path, arguments: tuple[str, ...], shown: str) -> None:
    before = (old / "warehouse.duckdb").read_bytes()
    done = command(old, *arguments)
    assert done.exit_code == 0, done.exception
    assert shown in done.output
    assert (old / "warehouse.duckdb").read_bytes() == before


def test_every_reading_command_answers_or_says_what_to_do(old: Path) -> None:
    before = (old / "warehouse.duckdb").read_bytes()
    ((result_id,),) = ask(old, f"select result_id from results where leaderboard_id = '{PTB}' limit 1")
    answered = []
    for arguments in (
        ("leaderboard", PTB, "--json"), ("history", PTB, "--json"), ("show", result_id), ("status",),
        ("status", "--json"), ("export", "--out", str(old / "snapshot")), ("changes", "--since", "all"),
        ("sql", "from held"), ("sql", "from changes"),
    ):  # fmt: skip
        done = command(old, *arguments)
        if done.exception is None or isinstance(done.exception, SystemExit):
            answered.append(arguments[0])
            assert done.exit_code == 0 and done.output
            continue
        assert isinstance(done.exception, WarehouseError), arguments
        last = str(done.exception).splitlines()[-1]
        assert "earlier release" in last and "`sotaduck refresh`" in last, arguments
        assert arguments[0] == "sql" or last == str(done.exception)
    assert {"leaderboard", "history", "show"} <= set(answered)
    assert (old / "warehouse.duckdb").read_bytes() == before
    assert sorted(file.name for file in old.iterdir() if "warehouse" in file.name) == ["warehouse.duckdb"]


# ---------------------------------------------------------------- bringing it up to date


@pytest.mark.parametrize("rebuilt", [False, True], ids=["migrated", "built anew"])
def test_the_next_run_publishes_what_is_built_from_the_archive_alone(
    old: Path, monkeypatch: pytest.MonkeyPatch, rebuilt: bool
) -> None:
    """Whether the vocabulary is the release's own, so that its facts stay, or another."""
    ((digest,),) = ask(old, "select distinct vocabulary from core.runs")
    other = replace(vocabulary.load(), digest="another" if rebuilt else digest)
    monkeypatch.setattr(vocabulary, "load", lambda: other)
    assert schema(old) < publish.SCHEMA_VERSION
    assert begin(structs.replace(settings(old), bundled=True)).rebuilds == rebuilt
    runs = ask(old, "select run_id, kind, started_at, version, counts from core.runs order by run_id")
    report = updated(old)
    assert report.exit_status == 0
    assert schema(old) == publish.SCHEMA_VERSION
    kept = ask(old, "select run_id, kind, started_at, version, counts from core.runs order by run_id")
    assert kept[:-1] == runs and kept[-1][0] == report.run_id
    assert content(old, OF_RUNS) == content(anew(old), OF_RUNS)


def test_what_it_answered_before_it_answers_after(old: Path) -> None:
    """The columns that the release had, by its own views: the oracle is the release."""
    asked = {
        "leaderboards": "leaderboard_id, metric, unit, results, leader, leader_value, sota_since, last_seen",
        "ranked_results": "leaderboard_id, model, value_text, rank, first_seen, last_seen, listed",
        "sota_history": "leaderboard_id, track, step, sota_date, model, value, improvement, days_held",
        "papers": "title, published, arxiv_id",
        "quarantine": "source, field, value_text, reason, cells",
        "captures": "capture_id, url, fetched_at, digest, outcome, warc_file, warc_offset",
    }
    questions = {view: f"select {columns} from {view} order by all" for view, columns in asked.items()}
    before = {view: ask(old, question) for view, question in questions.items()}
    assert all(before.values())
    updated(old)
    for view, question in questions.items():
        assert ask(old, question) == before[view], view


def test_the_next_run_loads_what_is_new(old: Path) -> None:
    file = BUNDLED / "nlp-progress" / "english" / "dependency_parsing.md"
    report = ingest(settings(old), "nlp-progress", [file], silent)
    assert report.exit_status == 0
    runs = ask(old, "select url, run_id from core.captures where run_id is not null")
    assert runs == [("file:dependency_parsing.md", report.run_id)]
    assert ask(old, "select count(*) from core.captures where run_id is null") == [(10,)]
    assert content(old, OF_RUNS) == content(anew(old), OF_RUNS)


def test_whose_run_a_capture_is_is_known_once_the_archive_says_so(old: Path) -> None:
    """The same captures in another machine's files, which name their run."""
    with Archive(old / "archive") as archive:
        first = archive.captures()[0]
        body = archive.body(first)
    sent = (("Content-Type", first.media_type),)
    with Archive(old / "other", run_id="20260105T060000Z-abcd") as other:
        response = Response(first.url, first.url, 200, "OK", sent, body, first.fetched_at)
        assert other.add(first.source, response).capture_id == first.capture_id
    shutil.copy(old / "other" / "00001.warc.gz", old / "archive" / "other.warc.gz")
    updated(old)
    assert ask(old, "select capture_id, run_id from core.captures where run_id is not null") == [
        (first.capture_id, "20260105T060000Z-abcd")
    ]


def test_it_is_not_compacted_before_it_is_brought_up_to_date(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTADUCK_ARCHIVE", str(old / "archive"))
    before = (old / "warehouse.duckdb").read_bytes()
    done = command(old, "compact")
    assert isinstance(done.exception, WarehouseError) and "earlier release" in str(done.exception)
    assert (old / "warehouse.duckdb").read_bytes() == before
    updated(old)
    done = command(old, "compact")
    assert done.exit_code == 0, done.exception


# ---------------------------------------------------------------- what goes wrong


HALF = "create table core.half (day date); create table core.other (day date); select day from core.nowhere;"


def with_migration(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> int:
    """A migration of the next release."""
    number = publish.SCHEMA_VERSION + 1
    file = folder / f"{number:04}_next.sql"
    file.write_text(text)
    found = [*publish.migrations(), (number, file)]
    monkeypatch.setattr(publish, "migrations", lambda: found)
    return number


def test_a_migration_that_fails_half_way_leaves_the_old_file(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (old / "warehouse.duckdb").read_bytes()
    with_migration(monkeypatch, old.parent, HALF)
    with pytest.raises(WarehouseError, match=r"could not be built.*nowhere.*is as it was"):
        updated(old)
    assert (old / "warehouse.duckdb").read_bytes() == before
    monkeypatch.undo()
    updated(old)
    assert schema(old) == publish.SCHEMA_VERSION


def test_a_migration_is_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several statements whose last fails none holds; the migrations before it do."""
    with_migration(monkeypatch, tmp_path, HALF)
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as connection, pytest.raises(duckdb.Error, match="nowhere"):
        publish.migrate(connection)
    with duckdb.connect(str(path)) as connection:
        tables = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
        assert "captures" in tables and not tables & {"half", "other"}
        assert connection.execute("select max(version) from meta.migrations").fetchone() == (
            publish.SCHEMA_VERSION,
        )
        monkeypatch.undo()
        with_migration(
            monkeypatch, tmp_path, "create table core.half (day date); create table core.other (n int);"
        )
        publish.migrate(connection)
        assert connection.execute("select count(*) from core.half, core.other").fetchone() == (0,)


def later(folder: Path, version: int) -> None:
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute(f"insert into meta.migrations values ({version}, 'later', 'sotaduck')")


def test_a_file_of_a_later_release_is_refused_by_all_with_both_versions(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTADUCK_ARCHIVE", str(old / "archive"))
    later(old, 99)
    before = (old / "warehouse.duckdb").read_bytes()
    commands: tuple[tuple[str, ...], ...] = (
        ("status",), ("sql", "select 1"), ("leaderboard", PTB), ("history", PTB), ("show", "x"), ("changes",),
        ("export", "--out", str(old / "x")), ("ingest", "warc", str(old / "archive")), ("compact",),
    )  # fmt: skip
    for arguments in commands:
        done = command(old, *arguments)
        assert isinstance(done.exception, WarehouseTooNew), (arguments, done.exception)
        assert done.exception.exit_status == 1
        message = str(done.exception)
        assert "version 99" in message and f"up to {publish.SCHEMA_VERSION}." in message, arguments
    with pytest.raises(WarehouseTooNew, match="version 99"):
        begin(structs.replace(settings(old), bundled=True))
    assert (old / "warehouse.duckdb").read_bytes() == before


def test_a_file_whose_migrations_have_a_gap_is_refused(old: Path) -> None:
    later(old, 3)
    before = (old / "warehouse.duckdb").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "SCHEMA_VERSION", 3)
        for refused in (lambda: command(old, "status").exception, lambda: caught(lambda: updated(old))):
            error = refused()
            assert isinstance(error, WarehouseError) and "the migrations 1, 3," in str(error)
    assert (old / "warehouse.duckdb").read_bytes() == before


def caught(call: Any) -> SotaduckError | None:
    try:
        call()
    except SotaduckError as error:
        return error
    return None


def test_every_release_that_is_kept_says_how_it_was_made() -> None:
    folders = [folder for folder in RELEASES.iterdir() if folder.is_dir()]
    assert folders
    notice = (RELEASES.parents[1] / "NOTICE").read_text("utf-8")
    for folder in folders:
        text = (folder / "README.md").read_text("utf-8")
        assert "CC BY-SA 4.0" in text and "commit" in text
        assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 150_000
    assert notice.count("tests/releases/") == 2
