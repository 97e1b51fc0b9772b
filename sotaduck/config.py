"""Configuration: one TOML file, `SOTADUCK_…` variables over it, strict about what it does not know."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from sotaduck.errors import ConfigError

DEFAULT_FILE = "sotaduck.toml"
PREFIX = "SOTADUCK_"
BUNDLED = Path(__file__).resolve().parent.parent / "samples"

LONGEST_TIMEOUT = 86_400.0
"""Seconds. A wait of more than a day is a mistake of units."""

Struct = TypeVar("Struct", bound=msgspec.Struct)


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
        if self.base_url:
            _check_address(self.base_url)
        if not (self.contact and self.contact.isascii() and self.contact.isprintable()):
            raise ValueError(f"contact must be printable ASCII, for the User-Agent, not {self.contact!r}")
        for name in ("requests_per_second", "retries"):
            if not 0 <= (getattr(self, name) or 0) < inf:
                raise ValueError(f"{name} must be 0 or more")
        for name in ("connect_timeout", "read_timeout", "total_timeout"):
            if not 0 < getattr(self, name) <= LONGEST_TIMEOUT:
                raise ValueError(f"{name} must be more than 0, and {LONGEST_TIMEOUT:g} seconds at most")
        for name in ("max_body_mb", "discover_pages"):
            if not 0 < getattr(self, name) < inf:
                raise ValueError(f"{name} must be more than 0")
        if any(number <= 0 for number in self.benchmarks):
            raise ValueError("benchmarks must be positive page numbers")


def _check_address(text: str) -> None:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError(f"base_url must be an address such as https://example.org, not {text!r}")


class Config(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole configuration. Relative paths are taken from the file's own folder.

    Attributes:
        mass_drop_share: a leaderboard that has fewer than this share of its rows left, or a page or file that
            has fewer of its leaderboards left, is shown as it was until somebody has accepted the loss; 0 to
            1, 0 shows every loss at once.
        accept_drops: addresses of leaderboards whose losses are always shown at once.
    """

    warehouse: Path = Path("warehouse.duckdb")
    archive: Path = Path("archive")
    sources: dict[str, SourceConfig] = {}
    mass_drop_share: float = 0.5
    accept_drops: tuple[str, ...] = ()
    bundled: bool = msgspec.field(default=False, name="_bundled")

    def __post_init__(self) -> None:
        if not 0 <= self.mass_drop_share <= 1:
            raise ValueError(
                f"mass_drop_share must be between 0 and 1 (0.5 is half, 0 holds nothing back), "
                f"not {self.mass_drop_share:g}"
            )

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
        environ: environment variables; `SOTADUCK_WAREHOUSE`, `SOTADUCK_ARCHIVE`, `SOTADUCK_MASS_DROP_SHARE`,
            `SOTADUCK_ACCEPT_DROPS` and `SOTADUCK_SOURCES_<SOURCE>_<KEY>` override the file. Lists are parted
            by commas; an empty one says nothing.
        warehouse: a DuckDB file that goes before both, taken from the working folder.

    Raises:
        ConfigError: unreadable file, unknown key, wrong type; names the key, the file, what is allowed.
    """
    environ = os.environ if environ is None else environ
    given = path or (Path(environ["SOTADUCK_CONFIG"]) if environ.get("SOTADUCK_CONFIG") else None)
    file = given or Path(DEFAULT_FILE)
    bundled = given is None and not file.exists()
    data = {} if bundled else _read(file)
    variables = _variables(environ)
    origin = " and ".join([*([] if bundled else [str(file)]), *(["the environment"] if variables else [])])
    config = _convert(data, variables, origin)
    base = file.resolve().parent
    return msgspec.structs.replace(
        config,
        warehouse=warehouse.resolve() if warehouse else base / config.warehouse.expanduser(),
        archive=base / config.archive.expanduser(),
        sources={name: _placed(source, base) for name, source in config.sources.items()},
        bundled=bundled and not config.sources,
    )


def _placed(source: SourceConfig, base: Path) -> SourceConfig:
    if source.benchmark_list is None:
        return source
    return msgspec.structs.replace(source, benchmark_list=base / source.benchmark_list.expanduser())


def _read(file: Path) -> dict[str, Any]:
    """The file's tables; their keys are known, their values are not looked at."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}); give --config a TOML file") from error
    try:
        data = msgspec.toml.decode(content.removeprefix(codecs.BOM_UTF8), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is not valid TOML: {error}") from error
    _check_keys(data, Config, file, "")
    sources = data.get("sources", {})
    if not isinstance(sources, dict):
        raise ConfigError(f"{file}: `sources` must hold tables, such as [sources.paperswithcode2]")
    for name, table in sources.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: `sources.{name}` must be a table, [sources.{name}]")
        _check_keys(table, SourceConfig, file, f"sources.{name}.")
    return data


def _check_keys(table: dict[str, Any], struct: type[msgspec.Struct], file: Path, prefix: str) -> None:
    allowed = allowed_keys(struct)
    for key in table:
        if key not in allowed:
            raise ConfigError(f"{file}: unknown key `{prefix}{key}`; allowed are {', '.join(allowed)}")


def _variables(environ: Mapping[str, str]) -> dict[tuple[str, str], Any]:
    """What the environment says: (source, or "" for the whole; key) → value."""
    places = {f"{PREFIX}{name.upper()}": ("", name) for name in allowed_keys(Config) if name != "sources"}
    found: dict[tuple[str, str], Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable == f"{PREFIX}CONFIG" or not text:
            continue
        place = places.get(variable) or _source_key(variable)
        if place is None:
            allowed = [
                *places,
                *(f"{PREFIX}SOURCES_<SOURCE>_{key.upper()}" for key in allowed_keys(SourceConfig)),
            ]
            raise ConfigError(
                f"environment variable {variable} names no known key; allowed are {', '.join(allowed)}"
            )
        kind = get_type_hints(SourceConfig if place[0] else Config)[place[1]]
        try:
            found[place] = _from_text(text, kind)
        except msgspec.ValidationError as error:
            raise ConfigError(f"environment variable {variable}: {error}") from error
    return found


def _source_key(variable: str) -> tuple[str, str] | None:
    """The source and the key that `SOTADUCK_SOURCES_<SOURCE>_<KEY>` names."""
    rest = variable.removeprefix(f"{PREFIX}SOURCES_").lower()
    if rest == variable.lower():
        return None
    names = ((rest.removesuffix(f"_{key}"), key) for key in allowed_keys(SourceConfig))
    return next(((name.replace("_", "-"), key) for name, key in names if name not in ("", rest)), None)


def _from_text(text: str, kind: Any) -> Any:
    """The value of a variable, as the file would give it."""
    if Path in (kind, *get_args(kind)):
        return text
    value = [part.strip() for part in text.split(",")] if get_origin(kind) is tuple else text
    return msgspec.to_builtins(msgspec.convert(value, kind, strict=False))


def _convert(data: dict[str, Any], variables: Mapping[tuple[str, str], Any], origin: str) -> Config:
    whole = {key: value for key, value in data.items() if key != "sources"}
    tables = {name: dict(table) for name, table in data.get("sources", {}).items()}
    for (source, key), value in variables.items():
        (tables.setdefault(source, {}) if source else whole)[key] = value
    config = _struct(whole, Config, origin, "")
    sources = {
        name: _struct(table, SourceConfig, origin, f"sources.{name}.") for name, table in tables.items()
    }
    return msgspec.structs.replace(config, sources=sources)


def _struct(table: dict[str, Any], struct: type[Struct], origin: str, prefix: str) -> Struct:
    try:
        return msgspec.convert(table, struct, strict=True, dec_hook=_path)
    except msgspec.ValidationError as error:
        said, at, key = str(error).partition(" - at `$.")
        text = f"`{prefix}{key.rstrip('`')}`: {said}" if at else f"{prefix}{said}"
        raise ConfigError(f"{origin}: {text}") from error


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise TypeError(f"Expected a path as text, got {value!r}")
