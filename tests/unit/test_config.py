"""The configuration: strict, and clear about what is wrong."""

from pathlib import Path

import pytest

from sotaduck import config
from sotaduck.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    file = folder / "sotaduck.toml"
    file.write_text(text, "utf-8")
    return file


def test_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'warehouse = "w/sota.duckdb"\n[sources.paperswithcode2]\nbenchmarks = [80563]\n')
    settings = config.load(file, {})
    assert settings.warehouse == tmp_path / "w" / "sota.duckdb"
    assert settings.archive == tmp_path / "archive"
    assert settings.sources["paperswithcode2"].benchmarks == (80563,)
    assert settings.sources["paperswithcode2"].requests_per_second == 1.0
    assert not settings.bundled


def test_no_file_means_the_bundled_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(None, {}).bundled
    assert config.load(None, {}).warehouse == tmp_path / "warehouse.duckdb"


def test_a_file_that_is_named_and_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere.toml: cannot be read"):
        config.load(tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("warehose = 'x'", "unknown key `warehose`; allowed are warehouse, archive, sources"),
        ("_bundled = true", "unknown key `_bundled`"),
        ("[sources.paperswithcode2]\nbenchmark = [1]", "unknown key `sources.paperswithcode2.benchmark`"),
        ("[sources.paperswithcode2]\nbenchmarks = ['a']", "benchmarks"),
        ("[sources.paperswithcode2]\nbenchmarks = [0]", "positive"),
        ("[sources.paperswithcode2]\nbase_url = 'ftp://x'", "base_url must start with http"),
        ("[sources.paperswithcode2]\nrequests_per_second = -1", "requests_per_second must be 0 or more"),
        ("[sources.paperswithcode2]\nread_timeout = 0", "read_timeout must be more than 0"),
        ("[sources.paperswithcode2]\npapers = 'yes'", "papers"),
        ("warehouse = 3", "warehouse"),
        ("sources = 3", "sources"),
        ("warehouse = ", "not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config.load(write(tmp_path, text), {})
    assert says in str(raised.value)
    assert "sotaduck.toml" in str(raised.value)
    assert raised.value.exit_status == 2


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "sotaduck.toml"
    file.write_bytes(b"warehouse = '\xff\xfe'")
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load(file, {})


def test_variables_go_before_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'warehouse = "a.duckdb"\n[sources.paperswithcode2]\nbenchmarks = [1]\n')
    settings = config.load(
        file,
        {
            "SOTADUCK_WAREHOUSE": "/elsewhere/b.duckdb",
            "SOTADUCK_SOURCES_PAPERSWITHCODE2_BENCHMARKS": "2,3",
            "SOTADUCK_SOURCES_PAPERSWITHCODE2_BASE_URL": "http://127.0.0.1:8000",
            "SOTADUCK_SOURCES_PAPERSWITHCODE2_PAPERS": "false",
        },
    )
    assert settings.warehouse == Path("/elsewhere/b.duckdb")
    source = settings.sources["paperswithcode2"]
    assert (source.benchmarks, source.base_url, source.papers) == ((2, 3), "http://127.0.0.1:8000", False)


def test_the_command_line_goes_before_all(tmp_path: Path) -> None:
    file = write(tmp_path, 'warehouse = "a.duckdb"\n')
    chosen = config.load(file, {"SOTADUCK_WAREHOUSE": "b.duckdb"}, warehouse=tmp_path / "c.duckdb")
    assert chosen.warehouse == tmp_path / "c.duckdb"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("SOTADUCK_SOURCES_PAPERSWITHCODE2_BENCHMARKS", "many", "BENCHMARKS"),
        ("SOTADUCK_SOURCES_PAPERSWITHCODE2_COLOUR", "red", "names no known key"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(name: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        config.load(None, {name: text})
