"""An export that is killed, meets a full disk or another export leaves the earlier snapshot, whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sotaduck.errors import BuildInProgress, WarehouseError
from tests.snapshots_io import build, contents
from warehouse import export as snapshots
from warehouse.export import export

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, signal, sys
from pathlib import Path
from warehouse import export as snapshots

warehouse, out, how, where = sys.argv[1:]
real = getattr(snapshots, where)

def stopped(*arguments, **named):
    print("there", flush=True)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.readline()
    return real(*arguments, **named)

setattr(snapshots, where, stopped)
snapshots.export(Path(warehouse), Path(out))
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "w.duckdb"
    build(path)
    return path


@pytest.fixture
def out(warehouse: Path, tmp_path: Path) -> Path:
    """An earlier snapshot, of the same state."""
    return export(warehouse, tmp_path / "out").folder


def start(warehouse: Path, out: Path, how: str, where: str) -> subprocess.Popen[str]:
    """An export in a process of its own that waits, or is killed, as it is about to call this function."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(warehouse), str(out), how, where],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.parametrize("where", ["_file", "manifest", "descriptor", "_sources", "_swap"])
def test_an_export_that_is_killed_leaves_the_earlier_snapshot_and_the_next_cleans_up(
    warehouse: Path, out: Path, where: str
) -> None:
    before = contents(out)
    with start(warehouse, out, "killed", where) as process:
        process.wait(60)
    assert process.returncode == -signal.SIGKILL
    assert contents(out) == before
    assert len(list(out.parent.iterdir())) == 2  # the draft was left
    export(warehouse, out)
    assert contents(out) == before
    assert [file.name for file in out.parent.iterdir()] == ["out"]


def test_an_export_that_is_killed_at_any_moment_leaves_a_whole_folder_or_none(
    warehouse: Path, tmp_path: Path
) -> None:
    """Ten moments, from one generator; of a folder that is there and of one that is not."""
    whole = contents(export(warehouse, tmp_path / "whole").folder)
    draw = random.Random(5)
    for number in range(10):
        out = tmp_path / f"out{number % 2}"
        with start(warehouse, out, "waits", "_data_until") as process:
            assert process.stdout and process.stdin
            process.stdout.readline()
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(draw.random() * 0.6)
            process.kill()
        assert not out.exists() or contents(out) == whole
        if number % 2:
            export(warehouse, out)
    for name in ("out0", "out1"):
        export(warehouse, tmp_path / name)
        assert contents(tmp_path / name) == whole
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out0", "out1", "whole"]


def test_an_export_that_was_killed_between_its_renames_gives_the_earlier_snapshot_back(
    warehouse: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As such a kill leaves it; and the export after it fails, so that nothing new takes its place."""
    before = contents(out)
    (out.parent / ".out.old-x1").mkdir()
    (out.parent / ".out.draft-y2").mkdir()
    out.rename(out.parent / ".out.old-x1" / "out")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "_write", full)
    with pytest.raises(WarehouseError, match="No space left"):
        export(warehouse, out)
    assert contents(out) == before
    assert [file.name for file in out.parent.iterdir()] == ["out"]


def test_two_exports_into_one_folder_go_one_after_the_other(warehouse: Path, tmp_path: Path) -> None:
    whole = contents(export(warehouse, tmp_path / "elsewhere" / "whole").folder)
    out = tmp_path / "here" / "out"
    with start(warehouse, out, "waits", "_swap") as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "there\n"
        with pytest.raises(BuildInProgress, match=r"another export .* has not ended in 0\.2 s"):
            export(warehouse, out, wait=0.2)
        assert not out.exists()
        process.stdin.write("\n")
        process.stdin.flush()
        export(warehouse, out)  # waits for the other
        assert process.wait(60) == 0
    assert contents(out) == whole
    assert [file.name for file in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("blocks", [1, 20, 45])
def test_a_full_disk_leaves_the_earlier_snapshot(warehouse: Path, out: Path, blocks: int) -> None:
    """No file may be longer than so many blocks of 1,024 bytes."""
    before = contents(out)
    command = (
        f"ulimit -f {blocks}; exec {sys.executable} -m cli.main export --out {out} --warehouse {warehouse}"
    )
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "the snapshot could not be written" in done.stderr
    assert contents(out) == before
    assert [file.name for file in out.parent.iterdir()] == ["out"]


def test_a_folder_that_cannot_be_written_is_said(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By root too, for whom every folder can be written: the call fails as it would for others."""

    def refused(**_: Any) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(snapshots.tempfile, "mkdtemp", refused)
    with pytest.raises(WarehouseError, match=r"could not be written \(Permission denied\)"):
        export(warehouse, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_inside_a_snapshot_is_refused(warehouse: Path, out: Path) -> None:
    before = contents(out)
    with pytest.raises(WarehouseError, match="lies in the snapshot"):
        export(warehouse, out / "deep" / "er")
    assert contents(out) == before
