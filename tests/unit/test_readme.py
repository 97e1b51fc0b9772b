"""What the README shows is what the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def tight(text: str) -> list[str]:
    """Lines without the blanks at their ends, empty ones left out."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_the_first_query_prints_what_the_readme_says(
    sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "118")
    shown = re.search(r'```console\n\$ sotaduck sql "(.*?)"\n(.*?)```', README, re.DOTALL)
    assert shown
    done = CliRunner().invoke(cli, ["sql", shown[1], "--warehouse", str(sample_warehouse)])
    assert done.exit_code == 0, done.output
    assert tight(done.output) == tight(shown[2])


def test_the_leaders_that_the_readme_shows_lead(sample_warehouse: Path) -> None:
    shown = README.split("```text\n")[1].split("```")[0]
    with duckdb.connect(str(sample_warehouse), read_only=True) as connection:
        boards = connection.execute("select task, dataset, leader, results from leaderboards").fetchall()
    assert len(boards) == 10
    for task, dataset, leader, results in boards:
        (line,) = [
            line
            for line in shown.splitlines()
            if line.startswith(f" {task} on {dataset} ") and f"   {leader} " in line
        ]
        assert line.rstrip().endswith(f" {results}")


def test_every_command_stands_in_the_readme() -> None:
    for name in cli.commands:
        assert f"sotaduck {name}" in README, name


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for file in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "samples" / "README.md"):
        text = re.sub(r"`[^`\n]*`", "", file.read_text("utf-8"))  # what stands in code is no link
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
