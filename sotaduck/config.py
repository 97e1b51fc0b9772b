"""Configuration: one TOML file, `SOTADUCK_…` variables over it, strict about what it does not know."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sotaduck.errors import ConfigError

DEFAULT_FILE = "sotaduck.toml"
BUNDLED = Path(__file__).resolve().parent.parent / "samples"


class SourceConfig(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How to reach one source over HTTP.

    Attributes:
        base_url: http(s) address that page addresses are resolved against; "" is the source's own site.
        benchmarks: ids of the benchmark pages to capture.
        benchmark_list: a file with an id or address a line, `#` for comments; relative to the configuration.
        discover: also find benchmark pages from the site's own index pages.
        discover_pages: most index pages that discovery asks for in one run.
        papers: also capture the paper pages that leaderboards link.
        requests_per_second: for each host; 0 = no limit, for a server of one's own; None = what the source
            asks of its readers.
        contact: mail address or URL put into the User-Agent, so that the site can reach you.
        connect_timeout, read_timeout, total_timeout: seconds.
        max_body_mb: largest decompressed body, MiB.
        retries: further tries after a failure that may pass.
    """

    base_url: str = ""
    benchmarks: tuple[int, ...] = ()
    benchmark_list: Path | None = None
    discover: bool = False
    discover_pages: int = 500
    papers: bool = True
    requests_per_second: float | None = None
    contact: str = "https://github.com/sotaduck/sotaduck"
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    total_timeout: float = 120.0
    max_body_mb: float = 16.0
    retries: int = 4

    def __post_init__(self) -> None:
        if self.base_url and not self.base_url.lower().startswith(("http://", "https://")):
            raise ValueError(f"base_url must start with http:// or https://, not {self.base_url!r}")
        for name in ("requests_per_second", "retries"):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} must be 0 or more")
        for name in ("connect_timeout", "read_timeout", "total_timeout", "max_body_mb", "discover_pages"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0")
        if any(number <= 0 for number in self.benchmarks):
            raise ValueError("benchmarks must be positive page numbers")


class Config(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole configuration. Relative paths are taken from the file's own folder.

    Attributes:
        accept_drops: addresses of leaderboards whose loss of most rows somebody has looked at: it is real.
    """

    warehouse: Path = Path("warehouse.duckdb")
    archive: Path = Path("archive")
    sources: dict[str, SourceConfig] = {}
    accept_drops: tuple[str, ...] = ()
    bundled: bool = msgspec.field(default=False, name="_bundled")

    @property
    def data_docs(self) -> Path:
        """Where Great Expectations writes its HTML."""
        return self.warehouse.parent / "data-docs"


def allowed_keys(struct: type[msgspec.Struct]) -> list[str]:
    """Names that a TOML table for `struct` may use, in order."""
    names = (item.encode_name for item in msgspec.structs.fields(struct))
    return [name for name in names if not name.startswith("_")]


def load(
    path: Path | None = None, environ: Mapping[str, str] | None = None, warehouse: Path | None = None
) -> Config:
    """Read the configuration.

    Args:
        path: a TOML file; None means `sotaduck.toml` in the working folder, and where that is
            missing the bundled samples (replayed, no network).
        environ: environment variables; `SOTADUCK_WAREHOUSE`, `SOTADUCK_ARCHIVE`, and
            `SOTADUCK_SOURCES_<SOURCE>_<KEY>` override the file. Lists are separated by commas.
        warehouse: a DuckDB file that goes before both, taken from the working folder.

    Raises:
        ConfigError: unreadable file, unknown key, wrong type; names the key, the file, what is allowed.
    """
    environ = os.environ if environ is None else environ
    given = path or (Path(environ["SOTADUCK_CONFIG"]) if environ.get("SOTADUCK_CONFIG") else None)
    file = given or Path(DEFAULT_FILE)
    if given is None and not file.exists():
        data: dict[str, Any] = {}
        bundled = True
    else:
        data, bundled = _read(file), False
    origin = str(file) if not bundled else "environment"
    data = _with_environment(data, environ)
    bundled = bundled and not data.get("sources")
    config = _convert(data, origin)
    base = file.resolve().parent
    return msgspec.structs.replace(
        config,
        warehouse=warehouse.resolve() if warehouse else base / config.warehouse.expanduser(),
        archive=base / config.archive.expanduser(),
        sources={name: _placed(source, base) for name, source in config.sources.items()},
        bundled=bundled,
    )


def _placed(source: SourceConfig, base: Path) -> SourceConfig:
    if source.benchmark_list is None:
        return source
    return msgspec.structs.replace(source, benchmark_list=base / source.benchmark_list.expanduser())


def _read(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}); give --config a TOML file") from error
    try:
        data = msgspec.toml.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is not valid TOML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: is not a TOML table")
    return data


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise TypeError(f"Expected a path as text, got {value!r}")


def _convert(data: dict[str, Any], origin: str) -> Config:
    for key in data:
        if key not in allowed_keys(Config):
            raise ConfigError(f"{origin}: unknown key `{key}`; allowed are {', '.join(allowed_keys(Config))}")
    sources = data.get("sources", {})
    if isinstance(sources, dict):
        for name, table in sources.items():
            for key in table if isinstance(table, dict) else ():
                if key not in allowed_keys(SourceConfig):
                    allowed = ", ".join(allowed_keys(SourceConfig))
                    raise ConfigError(f"{origin}: unknown key `sources.{name}.{key}`; allowed are {allowed}")
    try:
        return msgspec.convert(data, Config, strict=True, dec_hook=_path)
    except msgspec.ValidationError as error:
        text = str(error).replace("[...]", ".<source>").replace("`$.", "`")
        raise ConfigError(f"{origin}: {text}") from error


def _with_environment(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    merged = dict(data)
    for key in ("warehouse", "archive"):
        if override := environ.get(f"SOTADUCK_{key.upper()}"):
            merged[key] = override
    prefix = "SOTADUCK_SOURCES_"
    for variable, text in environ.items():
        if not variable.startswith(prefix):
            continue
        rest = variable[len(prefix) :].lower()
        for item in msgspec.structs.fields(SourceConfig):
            if rest.endswith(f"_{item.name}"):
                sources = dict(merged.get("sources", {}))
                name = rest[: -len(item.name) - 1]
                value: Any = text.split(",") if item.name == "benchmarks" else text
                try:
                    value = msgspec.convert(value, item.type, strict=False, dec_hook=_path)
                except msgspec.ValidationError as error:
                    raise ConfigError(f"environment variable {variable}: {error}") from error
                sources[name] = {**sources.get(name, {}), item.name: value}
                merged["sources"] = sources
                break
        else:
            allowed = ", ".join(f"{prefix}<SOURCE>_{key.upper()}" for key in allowed_keys(SourceConfig))
            raise ConfigError(f"environment variable {variable} names no known key; allowed are {allowed}")
    return merged
