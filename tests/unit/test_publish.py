"""The published warehouse is whole at every moment, whoever reads it and however a build ends."""

from __future__ import annotations

import os
import random
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from expectations.drops import held_back
from sotaduck.errors import BuildInProgress, WarehouseError, WarehouseTooNew
from sotaduck.records import Normalised
from tests import views_io
from transform.reconcile import reconcile
from warehouse import load, publish
from warehouse.derive import derive

ROOT = Path(__file__).resolve().parents[2]


def build(warehouse: Path, models: int, *, fresh: bool = False) -> None:
    """Publish one board of this many models."""
    with publish.build(warehouse, fresh=fresh, wait=0) as connection:
        fill(connection, models)


def fill(connection: duckdb.DuckDBPyConnection, models: int, seen: str = "") -> None:
    load.set_sources(connection, views_io.SOURCES)
    board = views_io.board("b", seen or f"2024-01-01T00:00:{models % 60:02}", content_digest=str(models))
    results = tuple(views_io.result(board, f"Model {number}", float(number)) for number in range(models))
    views_io.put(connection, Normalised(boards=(board,), results=results))
    derive(connection, reconcile, held_back)


def count(warehouse: Path) -> int:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute("select count(*) from ranked_results where listed").fetchone()
    assert row is not None
    return int(row[0])


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    build(path, 3)
    return path


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A real second process."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> str:
    """Wait for the process to end well; gives what it still printed."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


ANALYST = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for _ in range(2):
    print(connection.execute('select count(*) from results').fetchone()[0], flush=True)
    sys.stdin.readline()
connection.close()
print(duckdb.connect(sys.argv[1], read_only=True).execute('select count(*) from results').fetchone()[0])
"""


def test_a_build_succeeds_while_an_analyst_reads_and_the_analyst_keeps_the_old_snapshot(
    warehouse: Path,
) -> None:
    analyst = python(ANALYST, warehouse)
    assert answer(analyst) == "3"
    build(warehouse, 5)
    assert count(warehouse) == 5
    tell(analyst)
    assert answer(analyst) == "3"
    tell(analyst)
    assert end(analyst).strip() == "5"


def test_a_build_that_fails_changes_nothing_and_leaves_no_draft(warehouse: Path) -> None:
    before = warehouse.read_bytes()
    with pytest.raises(ZeroDivisionError), publish.build(warehouse) as connection:
        fill(connection, 9)
        raise ZeroDivisionError
    assert warehouse.read_bytes() == before
    assert files(warehouse.parent) <= {"w.duckdb", ".w.duckdb.lock"}


def test_a_query_that_fails_in_a_build_is_a_warehouse_error_and_changes_nothing(warehouse: Path) -> None:
    before = warehouse.read_bytes()
    with pytest.raises(WarehouseError, match="as it was"), publish.build(warehouse) as connection:
        connection.execute("drop table core.results")
        connection.execute("select * from core.results")
    assert warehouse.read_bytes() == before


KILLED = """
import sys
from pathlib import Path
from tests.unit import test_publish
print('ready', flush=True)
models = int(sys.argv[2])
while True:
    models += 1
    test_publish.build(Path(sys.argv[1]), models)
    print(models, flush=True)
"""


@pytest.mark.timeout(300)
def test_a_build_that_is_killed_at_any_moment_leaves_the_file_whole(warehouse: Path) -> None:
    chance = random.Random(8)
    published = 3
    for _ in range(10):
        process = python(KILLED, warehouse, published)
        assert answer(process) == "ready"
        time.sleep(chance.uniform(0, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        out, _ = process.communicate(timeout=30)
        told = int(out.split()[-1]) if out.split() else published
        # What was acknowledged is there; the build after it may have been swapped in and not told.
        found = count(warehouse)
        assert found in (told, told + 1)
        published = found
    build(warehouse, published + 7)
    assert count(warehouse) == published + 7
    assert files(warehouse.parent) == {"w.duckdb", ".w.duckdb.lock"}


SLOW = """
import sys
from pathlib import Path
from tests.unit import test_publish
from warehouse import publish
with publish.build(Path(sys.argv[1])) as connection:
    test_publish.fill(connection, 4, '2024-01-02')
    print('building', flush=True)
    sys.stdin.readline()
"""


def test_a_second_build_waits_for_the_first_and_builds_on_what_that_published(warehouse: Path) -> None:
    first = python(SLOW, warehouse)
    assert answer(first) == "building"
    with pytest.raises(BuildInProgress, match="another run"), publish.build(warehouse, wait=0):
        pytest.fail("two builds at once")
    assert count(warehouse) == 3
    tell(first)
    with publish.build(warehouse, wait=60) as connection:
        assert connection.execute("select count(*) from results where listed").fetchone() == (4,)
    end(first)


def test_the_lock_of_a_killed_build_does_not_hold(warehouse: Path) -> None:
    process = python(SLOW, warehouse)
    assert answer(process) == "building"
    assert any(".build-" in name for name in files(warehouse.parent))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    spilled = warehouse.parent / f".w.duckdb.build-{process.pid}.tmp"
    spilled.mkdir()
    (spilled / "duckdb_temp_storage.tmp").touch()
    build(warehouse, 6)
    assert count(warehouse) == 6
    assert not any(".build-" in name for name in files(warehouse.parent))


# ---------------------------------------------------------------- paths that cannot be used


def refused(path: Path, error: type[WarehouseError], message: str) -> None:
    with pytest.raises(error, match=message), publish.build(path):
        pytest.fail("it was built")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, WarehouseError, "is a folder; name a file")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    refused(tmp_path / "file" / "w.duckdb", WarehouseError, "file: cannot be made")


def test_a_folder_that_cannot_be_written_is_refused(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere, so the refusal is made up where the lock is taken."""

    def denied(lock: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("warehouse.publish.FileLock.acquire", denied)
    refused(warehouse, WarehouseError, r"its folder cannot be written \(Permission denied\)")


def test_what_is_no_duckdb_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("dear diary\n" * 1000)
    refused(path, WarehouseError, "cannot be opened as a warehouse")
    assert path.read_text().startswith("dear diary")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.touch()
    refused(path, WarehouseError, "w.duckdb")
    assert path.read_bytes() == b""


def test_a_warehouse_that_is_cut_off_is_refused_and_kept(warehouse: Path) -> None:
    cut = warehouse.read_bytes()[:20_000]
    warehouse.write_bytes(cut)
    refused(warehouse, WarehouseError, "w.duckdb")
    assert warehouse.read_bytes() == cut


@pytest.mark.parametrize(
    "statement",
    [
        "create table diary (day date)",
        "create schema meta",
        "create schema meta; create table meta.migrations (n int)",
    ],
)
def test_somebody_elses_duckdb_file_is_refused_and_kept(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    before = path.read_bytes()
    refused(path, WarehouseError, "is a DuckDB file, and no sotaduck warehouse")
    assert path.read_bytes() == before


@pytest.mark.parametrize("fresh", [False, True])
def test_a_file_of_a_later_release_is_refused_and_kept(warehouse: Path, fresh: bool) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into meta.migrations values (99, '0099_later', 'sotaduck')")
    before = warehouse.read_bytes()
    with pytest.raises(WarehouseTooNew, match="schema version 99"), publish.build(warehouse, fresh=fresh):
        pytest.fail("it was built")
    assert warehouse.read_bytes() == before


def test_a_warehouse_that_somebody_has_open_for_writing_is_refused(warehouse: Path) -> None:
    writer = python(
        "import sys, duckdb\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "connection.execute('create table mine (day date)')\n"
        "print('open', flush=True)\nsys.stdin.readline()\n",
        warehouse,
    )
    assert answer(writer) == "open"
    refused(warehouse, WarehouseError, r"w\.duckdb")
    tell(writer)
    end(writer)


def test_a_write_ahead_log_beside_the_warehouse_is_refused_with_what_to_do(warehouse: Path) -> None:
    process = python(
        "import os, sys, duckdb\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "connection.execute('create table mine (day date)')\n"
        "os._exit(0)\n",
        warehouse,
    )
    end(process)
    assert (warehouse.parent / "w.duckdb.wal").exists()
    refused(warehouse, WarehouseError, "open and close the file once with DuckDB")
    duckdb.connect(str(warehouse)).close()
    build(warehouse, 4)
    assert count(warehouse) == 4


# ---------------------------------------------------------------- a disk that is full


FULL = """
import resource, sys
from pathlib import Path
from tests.unit import test_publish
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
try:
    test_publish.build(Path(sys.argv[1]), 20_000)
except test_publish.WarehouseError as error:
    print(error)
"""


@pytest.mark.parametrize("more", [-100_000, 300_000, 1_000_000])
def test_a_full_disk_ends_a_build_and_leaves_the_old_file(warehouse: Path, more: int) -> None:
    """The copy, the writing or the last checkpoint meets the limit."""
    before = warehouse.read_bytes()
    process = python(FULL, warehouse, len(before) + more)
    assert "could not be built" in end(process)
    assert warehouse.read_bytes() == before
    assert files(warehouse.parent) <= {"w.duckdb", ".w.duckdb.lock"}


def test_a_swap_that_fails_leaves_the_old_file(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WarehouseError, match="No space left on device"):
        build(warehouse, 9)
    monkeypatch.undo()
    assert count(warehouse) == 3
    assert files(warehouse.parent) <= {"w.duckdb", ".w.duckdb.lock"}


# ---------------------------------------------------------------- what is kept


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "w.duckdb"
    link.symlink_to(tmp_path / "disk" / "real.duckdb")
    build(link, 3)
    build(link, 4)
    assert link.is_symlink()
    assert count(tmp_path / "disk" / "real.duckdb") == 4
    assert files(tmp_path) == {"disk", "w.duckdb"}


def test_the_rights_of_the_file_stay(warehouse: Path) -> None:
    warehouse.chmod(0o640)
    build(warehouse, 4)
    assert stat.S_IMODE(warehouse.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["it's.duckdb", 'a "b".duckdb', "naïve ☃.duckdb", "w.db"])
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / "deep" / "er" / name
    build(path, 3)
    build(path, 4, fresh=True)
    assert count(path) == 4


def run(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    moment = views_io.moment("2024-01-01")
    nothing: list[str] = []
    load.add_run(
        connection,
        {
            "run_id": run_id, "kind": "refresh", "started_at": moment, "finished_at": moment,
            "status": "done", "sources": ["alpha"], "vocabulary": "v", "version": "0",
            "counts": {"boards": 1},
            "stages": {"parse": 0.5}, "warnings": nothing, "notes": nothing, "data_docs": None,
        },
        [],
        [],
    )  # fmt: skip


def test_a_warehouse_that_is_built_anew_forgets_its_facts_and_keeps_its_runs(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with publish.build(path) as connection:
        fill(connection, 3)
        run(connection, "first")
    with publish.build(path, fresh=True) as connection:
        run(connection, "second")
        derive(connection, reconcile, held_back)
    assert count(path) == 0
    with duckdb.connect(str(path), read_only=True) as connection:
        kept = connection.execute("select run_id, counts['boards'] from runs order by run_id").fetchall()
    assert kept == [("first", 1), ("second", 1)]


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    numbers = [number for number, _ in publish.migrations()]
    assert numbers == list(range(1, publish.SCHEMA_VERSION + 1))


@pytest.fixture(autouse=True)
def _no_core_files() -> Iterator[None]:
    """Killed processes leave no core files in the repository."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)
