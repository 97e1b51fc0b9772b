"""The rules of the house: what may import what, and what must stay quick."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_imports_point_down_and_the_stages_do_not_know_each_other() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["sql", "leaderboard", "history", "changes", "export", "status"])
def test_commands_that_read_import_neither_prefect_nor_great_expectations(
    command: str, tmp_path: Path
) -> None:
    """Run against a missing warehouse: every import of the command happens, then a clear error."""
    arguments = {
        "sql": ["select 1"], "leaderboard": ["a/b/c"], "history": ["a/b/c"], "export": ["--out", "x"],
        "changes": [], "status": [],
    }[command]  # fmt: skip
    script = (
        "import sys\n"
        "from cli.main import main\n"
        f"sys.argv = ['sotaduck', {command!r}, *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as error:\n    print('status', error.code)\n"
        "print([name for name in ('prefect', 'great_expectations') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["status 1", "[]"]
    assert "sotaduck refresh" in done.stderr


def test_help_imports_nothing_that_is_slow() -> None:
    script = (
        "import sys\n"
        "from cli.main import main\n"
        "sys.argv = ['sotaduck', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "slow = ('prefect', 'great_expectations', 'duckdb', 'pandas', 'pyarrow', 'bs4', 'lxml', 'requests')\n"
        "print([name for name in slow if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_help_comes_at_once() -> None:
    command = [sys.executable, "-m", "cli.main", "--help"]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - start)
    assert "Who leads in machine learning" in done.stdout
    assert min(times) < 0.5
