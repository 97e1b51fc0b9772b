"""The archive and the warehouse compacted: what is read from them, and what is built from them, stays."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import cli
from extract.archive import Archive
from extract.compact import compact as compact_archive
from flows import compact as flow
from flows.compact import compact
from flows.ingest import ingest
from flows.run import silent
from sotaduck import config as configuration
from sotaduck.config import BUNDLED
from sotaduck.errors import BuildInProgress, WarehouseError
from tests.flows.conftest import ask, content, run_refresh
from tests.flows.site import Site
from warehouse import publish

PTB, PQ = 51940, 79678
PLACES = ("warc_file", "warc_offset", "size")


def settings(folder: Path) -> configuration.Config:
    return configuration.load(folder / "sotaduck.toml")


@pytest.fixture(scope="module")
def many_once(session_site: Site, loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose archive has grown over some runs, and taken in the files of another machine. Copy it."""
    site, folder = session_site, tmp_path_factory.mktemp("many")
    home, other = (Path(shutil.copytree(loaded, folder / name)) for name in ("home", "other"))
    site.reset()
    site.boards[PQ]["rows"][0]["value"] = "72.5"
    site.serve()
    run_refresh(home)
    del site.boards[PTB]["rows"][3]
    site.validators = False
    site.serve()
    for machine in (other, home):
        run_refresh(machine)
    ingest(settings(home), "nlp-progress", [BUNDLED / "nlp-progress" / "english"], silent)
    ingest(settings(other), "opencodepapers", [BUNDLED / "opencodepapers"], silent)
    for file in (other / "archive").glob("*.warc.gz"):
        shutil.copy(file, home / "archive" / f"other-{file.name}")
    run_refresh(home)
    return home


@pytest.fixture
def many(site: Site, many_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(many_once, tmp_path / "many"))


def held(folder: Path) -> dict[str, tuple[object, ...]]:
    """Every capture in the archive: its body, and all but its place."""
    archive = Archive(folder / "archive")
    captures = archive.captures()
    found = {
        item.capture_id: (
            item.source, item.url, item.fetched_at, item.status, item.digest, item.media_type, item.etag,
            item.last_modified, item.run_id, archive.body(item),
        )
        for item in captures
    }  # fmt: skip
    assert len(found) == len(captures)
    return found


def places(folder: Path) -> list[tuple[object, ...]]:
    return sorted(
        (item.capture_id, item.warc_file, item.warc_offset, item.size, item.run_id)
        for item in Archive(folder / "archive").captures()
    )


PLACES_TOLD = "select capture_id, warc_file, warc_offset, size, run_id from core.captures order by capture_id"


def test_a_replay_after_it_gives_what_a_replay_before_it_gave(site: Site, many: Path) -> None:
    run_refresh(many, replay=True)
    captures, before = held(many), content(many, PLACES)
    assert all(before[view] for view in ("results", "sota_history", "papers", "captures", "quarantine"))
    report = compact(settings(many), silent)
    assert report.archive and report.archive.files_before == 2 and report.archive.files_after == 1
    assert report.archive.bytes_after < 0.8 * report.archive.bytes_before
    assert report.warehouse and report.warehouse.bytes_after <= report.warehouse.bytes_before
    assert content(many, PLACES) == before
    assert held(many) == captures
    assert ask(many, PLACES_TOLD) == places(many)
    again = compact(settings(many), silent)
    assert again.archive and again.warehouse and not again.archive.changed and not again.warehouse.changed
    (many / "archive" / "index.jsonl").unlink()
    run_refresh(many, replay=True)
    assert site.server.log == []
    assert content(many, PLACES) == before
    assert ask(many, PLACES_TOLD) == places(many)


def test_a_run_that_was_killed_between_archive_and_warehouse_is_made_good_by_the_next(
    many: Path,
) -> None:
    with Archive(many / "archive") as archive:
        compact_archive(archive, silent)
    before = content(many, PLACES)
    assert ask(many, PLACES_TOLD) != places(many)
    other = Path(shutil.copytree(many, many.with_name("second")))
    run_refresh(many)
    assert ask(many, PLACES_TOLD) == places(many)
    report = compact(settings(other), silent)
    assert report.archive and not report.archive.changed and report.warehouse and report.warehouse.changed
    assert ask(other, PLACES_TOLD) == places(other) and content(other, PLACES) == before


def test_the_run_that_fetched_a_capture_stays_known(home: Path) -> None:
    ((run_id,),) = ask(home, "select run_id from runs")
    assert ask(home, "select distinct run_id from core.captures") == [(run_id,)]
    assert {item.run_id for item in Archive(home / "archive").captures()} == {run_id}
    compact(settings(home), silent)
    run_refresh(home, replay=True)
    assert ask(home, "select distinct run_id from core.captures") == [(run_id,)]


def test_it_waits_for_a_build_and_says_so_when_it_gives_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow.publish, "locked", partial(publish.locked, wait=0.1))
    with publish.locked(home / "warehouse.duckdb"), pytest.raises(BuildInProgress, match="another run"):
        compact(settings(home), silent)


def test_where_nothing_is_there_it_says_so(tmp_path: Path) -> None:
    config = configuration.Config(warehouse=tmp_path / "w.duckdb", archive=tmp_path / "archive")
    with pytest.raises(WarehouseError, match=r"neither .*w\.duckdb nor .*archive is there"):
        compact(config, silent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("gone", ["archive", "warehouse.duckdb"])
def test_one_of_both_is_enough(home: Path, gone: str) -> None:
    path = home / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    report = compact(settings(home), silent)
    assert (report.archive is None, report.warehouse is None) == (gone == "archive", gone != "archive")
    assert not path.exists()


def test_the_command_tells_what_it_gave_back(many: Path) -> None:
    def command(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["compact", "--config", str(many / "sotaduck.toml"), *arguments])
        assert done.exit_code == 0, done.exception
        return done.stdout

    archive = sorted((many / "archive").glob("*.gz"))
    size = sum(file.stat().st_size for file in archive)
    first, second = command().splitlines()
    assert f"archive: {len(archive)} files, {size:,} bytes → 1 file, " in first
    assert first.endswith(f" {next((many / 'archive').glob('*.gz')).stat().st_size:,} bytes")
    assert "warehouse.duckdb: 1 file, " in second and "→" in second
    assert command().count("nothing to gain") == 2
    assert '"files_after": 1' in command("--json")


def run_alone(folder: Path) -> None:
    compact(settings(folder), silent)
    os._exit(0)


@pytest.fixture(scope="module")
def children() -> Iterator[multiprocessing.context.ForkServerContext]:
    """Makes processes that have the pipeline imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.flows.conftest", "flows.compact"])
    yield context


@pytest.mark.timeout(300)
def test_killed_at_any_moment_all_is_whole_and_the_next_run_completes(
    many: Path, tmp_path: Path, children: multiprocessing.context.ForkServerContext
) -> None:
    before, captures = content(many, PLACES), held(many)
    whole = 0.0
    chance = random.Random(7)
    for attempt in range(9):
        folder = Path(shutil.copytree(many, tmp_path / "killed"))
        child = children.Process(target=run_alone, args=(folder,))
        child.start()
        begun = time.monotonic()
        if attempt:
            time.sleep(whole * (attempt - 1 + chance.random()) / 8)
            child.kill()
        child.join(60)
        if not attempt:
            whole = time.monotonic() - begun
        assert child.exitcode in (0, -signal.SIGKILL)
        assert content(folder, PLACES) == before
        assert held(folder) == captures
        compact(settings(folder), silent)
        assert content(folder, PLACES) == before and held(folder) == captures
        assert ask(folder, PLACES_TOLD) == places(folder)
        left = [file.name for file in (*folder.iterdir(), *(folder / "archive").iterdir())]
        assert not [name for name in left if "build" in name or "new" in name]
        shutil.rmtree(folder)
