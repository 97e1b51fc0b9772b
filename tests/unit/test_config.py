"""The configuration: strict, and clear about what is wrong."""

from pathlib import Path

import pytest

from sotaduck import config
from sotaduck.errors import ConfigError

SOURCE = "SOTADUCK_SOURCES_PAPERSWITHCODE2_"


def write(folder: Path, text: str) -> Path:
    file = folder / "sotaduck.toml"
    file.write_text(text, "utf-8")
    return file


def test_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    file = write(
        tmp_path,
        'warehouse = "w/sota.duckdb"\n[sources.paperswithcode2]\n'
        'benchmarks = [80563]\nbenchmark_list = "list.txt"\n',
    )
    settings = config.load(file, {})
    assert settings.warehouse == tmp_path / "w" / "sota.duckdb"
    assert settings.archive == tmp_path / "archive"
    assert settings.data_docs == tmp_path / "w" / "data-docs"
    assert settings.sources["paperswithcode2"].benchmarks == (80563,)
    assert settings.sources["paperswithcode2"].benchmark_list == tmp_path / "list.txt"
    assert not settings.bundled


def test_a_home_folder_is_spelled_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert config.load(write(tmp_path, 'archive = "~/kept"'), {}).archive == Path("/home/somebody/kept")


def test_no_file_means_the_bundled_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(None, {}).bundled
    assert config.load(None, {}).warehouse == tmp_path / "warehouse.duckdb"


def test_the_file_of_the_working_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, 'warehouse = "here.duckdb"')
    settings = config.load(None, {})
    assert (settings.warehouse, settings.bundled) == (tmp_path / "here.duckdb", False)


def test_a_variable_can_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder := tmp_path / "elsewhere").mkdir()
    file = write(folder, 'warehouse = "there.duckdb"')
    monkeypatch.chdir(tmp_path)
    assert config.load(None, {"SOTADUCK_CONFIG": str(file)}).warehouse == folder / "there.duckdb"


def test_a_source_that_only_variables_name_is_no_bundled_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = config.load(None, {f"{SOURCE}BENCHMARKS": "80563"})
    assert not settings.bundled
    assert settings.sources["paperswithcode2"].benchmarks == (80563,)


def test_files_that_cannot_be_read_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read .*give --config a TOML file"):
        config.load(tmp_path / "nowhere.toml", {})
    with pytest.raises(ConfigError, match="Is a directory"):
        config.load(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "warehose = 'x'",
            "unknown key `warehose`; allowed are warehouse, archive, sources, mass_drop_share, accept_drops",
        ),
        ("_bundled = true", "unknown key `_bundled`"),
        ("warehouse = 3", "`warehouse`: Expected a path"),
        ("warehouse = ''", "`warehouse`: Expected a path"),
        ('archive = "a\\u0000b"', "`archive`: Expected a path"),
        ("accept_drops = 'x'", "`accept_drops`: Expected `array`, got `str`"),
        ("accept_drops = [1]", "`accept_drops[0]`: Expected `str`, got `int`"),
        ("mass_drop_share = '0.5'", "`mass_drop_share`: Expected `float`, got `str`"),
        ("mass_drop_share = 50", "must be between 0 and 1 (0.5 is half, 0 holds nothing back), not 50"),
        ("mass_drop_share = -0.1", "mass_drop_share must be between 0 and 1"),
        ("mass_drop_share = nan", "mass_drop_share must be between 0 and 1"),
        ("sources = 3", "`sources` must hold tables, such as [sources.paperswithcode2]"),
        ("sources.arxiv = 3", "`sources.arxiv` must be a table, [sources.arxiv]"),
        ("warehouse = ", "not valid TOML"),
        ("warehouse = 'a'\nwarehouse = 'b'", "not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config.load(write(tmp_path, text), {})
    assert says in str(raised.value)
    assert str(tmp_path / "sotaduck.toml") in str(raised.value)
    assert raised.value.exit_status == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "benchmark = [1]",
            "unknown key `sources.paperswithcode2.benchmark`; allowed are base_url, benchmarks,",
        ),
        ("benchmarks = ['a']", "`sources.paperswithcode2.benchmarks[0]`: Expected `int`, got `str`"),
        ("benchmarks = [true]", "`sources.paperswithcode2.benchmarks[0]`: Expected `int`, got `bool`"),
        ("benchmarks = 80563", "`sources.paperswithcode2.benchmarks`: Expected `array`, got `int`"),
        ("benchmarks = [0]", "sources.paperswithcode2.benchmarks must be positive"),
        ("benchmark_list = ''", "`sources.paperswithcode2.benchmark_list`: Expected a path"),
        ("papers = 'yes'", "`sources.paperswithcode2.papers`: Expected `bool`, got `str`"),
        ("base_url = 'ftp://x'", "base_url must be an address such as https://example.org, not 'ftp://x'"),
        ("base_url = 'http://'", "base_url must be an address"),
        ("base_url = 'http://x:70000'", "base_url must be an address"),
        ("base_url = 'http://x/?a=b'", "base_url must be an address"),
        ("base_url = 'http://x y'", "base_url must be an address"),
        ("requests_per_second = -1", "sources.paperswithcode2.requests_per_second must be 0 or more"),
        ("requests_per_second = nan", "requests_per_second must be 0 or more"),
        ("requests_per_second = inf", "requests_per_second must be 0 or more"),
        ("retries = -1", "retries must be 0 or more"),
        ("retries = 1.5", "`sources.paperswithcode2.retries`: Expected `int`, got `float`"),
        ("read_timeout = 0", "read_timeout must be more than 0"),
        ("connect_timeout = nan", "connect_timeout must be more than 0"),
        ("total_timeout = 1e12", "total_timeout must be more than 0, and 86400 seconds at most"),
        ("max_body_mb = -0.5", "max_body_mb must be more than 0"),
        ("max_body_mb = inf", "max_body_mb must be more than 0"),
        ("discover_pages = 0", "discover_pages must be more than 0"),
        ("contact = ''", "contact must be printable ASCII"),
        ('contact = "a\\nb"', "contact must be printable ASCII"),
    ],
)
def test_what_a_source_cannot_use_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config.load(write(tmp_path, f"[sources.paperswithcode2]\n{text}\n"), {})
    assert says in str(raised.value)
    assert str(tmp_path / "sotaduck.toml") in str(raised.value)


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "sotaduck.toml"
    file.write_bytes(b"warehouse = '\xff\xfe'")
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load(file, {})


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert config.load(write(tmp_path, '\ufeffwarehouse = "a"'), {}).warehouse == tmp_path / "a"


def test_variables_go_before_the_file(tmp_path: Path) -> None:
    file = write(
        tmp_path, 'warehouse = "a.duckdb"\n[sources.paperswithcode2]\nbenchmarks = [1]\nretries = 2\n'
    )
    settings = config.load(
        file,
        {
            "SOTADUCK_WAREHOUSE": "/elsewhere/b.duckdb",
            "SOTADUCK_ARCHIVE": "kept",
            "SOTADUCK_MASS_DROP_SHARE": "0.25",
            "SOTADUCK_ACCEPT_DROPS": "https://a.example/1,https://a.example/2",
            f"{SOURCE}BENCHMARKS": "2, 3",
            f"{SOURCE}BENCHMARK_LIST": "list.txt",
            f"{SOURCE}BASE_URL": "http://127.0.0.1:8000",
            f"{SOURCE}PAPERS": "false",
            f"{SOURCE}REQUESTS_PER_SECOND": "0.5",
            "SOTADUCK_SOURCES_ARXIV_CONTACT": "a@b.example",
            "HOME": "/home/somebody",
        },
    )
    assert (settings.warehouse, settings.archive) == (Path("/elsewhere/b.duckdb"), tmp_path / "kept")
    assert settings.mass_drop_share == 0.25
    assert settings.accept_drops == ("https://a.example/1", "https://a.example/2")
    source = settings.sources["paperswithcode2"]
    assert (source.benchmarks, source.base_url, source.papers) == ((2, 3), "http://127.0.0.1:8000", False)
    assert (source.benchmark_list, source.requests_per_second) == (tmp_path / "list.txt", 0.5)
    assert source.retries == 2
    assert settings.sources["arxiv"].contact == "a@b.example"


def test_a_variable_of_a_source_with_a_dash_is_spelled_with_an_underscore(tmp_path: Path) -> None:
    settings = config.load(write(tmp_path, ""), {"SOTADUCK_SOURCES_NLP_PROGRESS_MAX_BODY_MB": "3"})
    assert settings.sources["nlp-progress"].max_body_mb == 3


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, 'warehouse = "a"\n[sources.paperswithcode2]\nbenchmarks = [1]\n')
    assert config.load(file, {"SOTADUCK_WAREHOUSE": "", f"{SOURCE}BENCHMARKS": ""}) == config.load(file, {})


def test_the_command_line_goes_before_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (folder := tmp_path / "configured").mkdir()
    file = write(folder, 'warehouse = "a.duckdb"\n')
    chosen = config.load(file, {"SOTADUCK_WAREHOUSE": "b.duckdb"}, warehouse=Path("c.duckdb"))
    assert chosen.warehouse == tmp_path / "c.duckdb"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (f"{SOURCE}BENCHMARKS", "many", f"environment variable {SOURCE}BENCHMARKS: Expected `int`"),
        (f"{SOURCE}PAPERS", "perhaps", f"environment variable {SOURCE}PAPERS: Expected `bool`"),
        (f"{SOURCE}COLOUR", "red", r"names no known key; allowed are SOTADUCK_WAREHOUSE, .*<SOURCE>_RETRIES"),
        ("SOTADUCK_SOURCES_RETRIES", "1", "names no known key"),
        ("SOTADUCK_WAREHOSE", "x", "environment variable SOTADUCK_WAREHOSE names no known key"),
        (f"{SOURCE}RETRIES", "-1", "the environment: sources.paperswithcode2.retries must be 0 or more"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    name: str, text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=says):
        config.load(None, {name: text})


def test_the_users_own_variables_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOTADUCK_WAREHOUSE", "/elsewhere/b.duckdb")
    assert config.load(write(tmp_path, "")).warehouse == Path("/elsewhere/b.duckdb")
