"""The command line: what it takes, what it refuses, and with which exit status. Nothing is started here."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from cli.main import cli, main

COMMANDS = sorted(cli.commands)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of a command, in this process."""
    monkeypatch.setattr(sys, "argv", ["sotaduck", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(autouse=True)
def an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "WAREHOUSE", "ARCHIVE"):
        monkeypatch.delenv(f"SOTADUCK_{name}", raising=False)


def test_the_commands_are_those_of_the_contract() -> None:
    contract = {"refresh", "ingest", "sql", "leaderboard", "history", "export", "status", "serve"}
    assert contract <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_takes_a_warehouse_and_a_configuration(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, command, "--help") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: sotaduck {command}")
    assert "--warehouse" in said and "--config" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained(command: str) -> None:
    options = [item for item in cli.commands[command].params if isinstance(item, click.Option)]
    assert [
        option.name for option in options if not (option.help or option.name in ("as_json", "style"))
    ] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("refresh", "--no-such-option"),
        ("refresh", "--replay", "--full"),
        ("refresh", "--source"),
        ("sql",),
        ("sql", "select 1", "--format", "xml"),
        ("leaderboard",),
        ("leaderboard", "a/b/c", "--top", "0"),
        ("history", "a/b/c", "--track", "both"),
        ("export",),
        ("export", "--out", "x", "--format", "xlsx"),
        ("diff",),
        ("diff", "a", "b", "c"),
        ("diff", "a", "b", "--format", "xlsx"),
        ("ingest", "pwc-dump"),
        ("ingest", "no-such-kind", "file"),
        ("accept",),
        ("accept", "a/b/c", "--all"),
        ("status", "surplus"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what_is_wrong(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    assert "Error: " in said.err
    assert said.out == ""


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "serve"])
def test_a_configuration_that_cannot_be_used_ends_with_status_2(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = {
        "sql": ["select 1"], "leaderboard": ["a/b/c"], "history": ["a/b/c"], "show": ["x"],
        "export": ["--out", "out"], "ingest": ["pwc-dump", "file"], "diff": ["a"],
        "accept": ["--all"],
    }.get(command, [])  # fmt: skip
    assert run(monkeypatch, command, *arguments, "--config", "nowhere.toml") == 2
    assert "nowhere.toml: cannot be read" in capsys.readouterr().err
    (tmp_path / "sotaduck.toml").write_text("colour = 'red'", "utf-8")
    assert run(monkeypatch, command, *arguments) == 2
    assert "sotaduck.toml: unknown key `colour`" in capsys.readouterr().err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["sotaduck.toml"]


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("", (), "no source is configured"),
        ("[sources.nowhere]", (), "source `nowhere` cannot be refreshed; known are arxiv, paperswithcode2"),
        ("[sources.pwc-dump]", (), "its files are read by `sotaduck ingest`"),
        ("[sources.arxiv]", ("--source", "paperswithcode2"), "source `paperswithcode2` is not configured"),
        ("[sources.arxiv]", ("--source", "elsewhere"), "source `elsewhere` cannot be refreshed"),
    ],
)
def test_a_source_that_cannot_be_refreshed_is_refused_before_anything_is_started(
    text: str,
    arguments: tuple[str, ...],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "sotaduck.toml").write_text(text, "utf-8")
    assert run(monkeypatch, "refresh", *arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("command", [["sql", "select 1"], ["leaderboard", "a/b/c"], ["status"]])
def test_without_a_warehouse_the_status_is_1_and_the_message_says_what_to_do(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *command) == 1
    assert "`sotaduck refresh` makes a warehouse" in capsys.readouterr().err


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from sotaduck import __version__

    assert run(monkeypatch, "--version") == 0
    assert __version__ in capsys.readouterr().out
