"""The tables of a CodeSOTA registry: which files, which fields, and how they become one document.

    folder ──bundle──▶ one zip ──archive──▶ read_tables ──▶ {table: Table}

A zip of fixed dates and order, not compressed, so that an unchanged registry gives the same bytes.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from extract.sources.kinds import looks_like
from extract.sources.signals import Signals
from extract.strict_json import compact, decode
from sotaduck.errors import ParseError

RESULTS = "benchmark_results"
REQUIRED = (RESULTS, "models", "datasets", "tasks")
LARGEST = 2**30  # bytes of all tables together; the registry of 2026 has some 30 MB
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can say

# Table → our name of a field → its spellings, without case, `_` and `-`.
READ: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "areas": {"id": ("id",), "name": ("name",)},
    "tasks": {"id": ("id",), "name": ("name",), "area": ("area", "areaid")},
    "models": {"id": ("id",), "name": ("name",)},
    "datasets": {
        "id": ("id",),
        "name": ("name",),
        "task": ("task", "taskid"),
        "full_name": ("fullname",),
        "description": ("description",),
        "homepage": ("downloadurl", "homepage"),
        "paper_url": ("paperurl",),
        "year": ("year",),
    },
    "papers": {
        "id": ("id",),
        "title": ("title", "name"),
        "authors": ("authors",),
        "date": ("date", "publisheddate", "published", "publicationdate", "year"),
        "venue": ("venue", "conference", "journal"),
        "arxiv_id": ("arxivid", "arxiv"),
        "doi": ("doi",),
        "url": ("url", "paperurl", "sourceurl", "arxivurl", "link"),
        "pdf_url": ("pdfurl", "pdf"),
        "code_url": ("codeurl", "githuburl", "github", "repourl", "code"),
        "abstract": ("abstract",),
    },
    RESULTS: {
        "id": ("id", "resultid"),
        "model": ("model", "modelid"),
        "dataset": ("dataset", "datasetid", "benchmark", "benchmarkid"),
        "task": ("task", "taskid"),
        "metric": ("metric", "metricid", "metricname"),
        "value": ("value", "score"),
        "higher_is_better": ("higherisbetter",),
        "date": ("date", "resultdate", "reporteddate", "evaluationdate", "publisheddate"),
        "extra_data": ("extradata", "usesextradata", "usesadditionaldata", "extratrainingdata"),
        "paper": ("paper", "paperid"),
        "paper_title": ("papertitle",),
        "paper_url": ("paperurl",),
        "source": ("source", "sourceid"),
        "source_url": ("sourceurl",),
        "code_url": ("codeurl", "githuburl", "github"),
    },
    "sources": {"id": ("id",), "type": ("type",), "url": ("url",)},
    "paper_tasks": {"paper": ("paper", "paperid"), "task": ("task", "taskid")},
    "trust_signals": {
        "about": ("entitytype",),
        "result": ("entityid",),
        "signal": ("signaltype",),
    },
}

# Fields that are known and not read: there is no record for them, or they repeat what others say.
IGNORED: Mapping[str, frozenset[str]] = {
    "areas": frozenset({"description"}),
    "tasks": frozenset({"description"}),
    "models": frozenset(
        {"vendor", "type", "license", "architecture", "parameters"}
        | {"bestfor", "notes", "github", "huggingface"}
    ),
    "datasets": frozenset({"metrics", "primarymetric", "samplecount", "language"}),
    "papers": frozenset(),
    # Remarks, and the registry's own judgement and book-keeping.
    RESULTS: frozenset(
        {"notes", "verified", "verification", "verificationtier", "tier", "issota"}
        | {"accesseddate", "createdat", "updatedat"}
    ),
    # A source's title is often made up from the result that it was submitted for.
    "sources": frozenset({"title", "authors", "publisheddate"}),
    "paper_tasks": frozenset({"relationship"}),
    "trust_signals": frozenset({"id", "grade", "label", "note", "source"}),
}

# Tables that are not read: statements before they are results, and edges that no record has room for.
UNREAD = frozenset({"manifest", "claims", "lineages", "paper_datasets", "paper_models"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its 1-based place in the file, and its fields by our names (None where absent)."""

    place: int
    fields: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """A field as text; None where it is absent, null or blank. Numbers keep their digits."""
        value = self.fields.get(name)
        return None if value is None or not compact(value).strip() else compact(value)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that could be read, and its rows by id."""

    name: str
    rows: tuple[Row, ...]
    by_id: Mapping[str, Row]


def bundle(path: Path) -> BinaryIO:
    """A registry's tables as one document: a zip that is the same for the same tables.

    Args:
        path: the registry's folder, a checkout that holds it, or a zip of either.

    Raises:
        ParseError: `not_a_registry`; `damaged_zip`, `too_large`.
        OSError: a file cannot be read.
    """
    out = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  the caller closes it
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
            for name, opened in _files(path):
                with (
                    opened as stream,
                    target.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as copy,
                ):
                    shutil.copyfileobj(stream, copy)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def _files(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Name and content of the tables, by name."""
    if path.is_file():
        for name, content in sorted(_unzipped(path.read_bytes(), path.name).items()):
            yield name, io.BytesIO(content)
        return
    top = path.resolve()
    found = sorted(
        (
            file
            for file in path.rglob(f"{RESULTS}.json")
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
        ),
        key=lambda file: (len(file.parts), file),
    )
    if not found:
        names = ", ".join(sorted(file.name for file in path.iterdir())[:8]) or "nothing"
        raise ParseError("not_a_registry", f"there is no {RESULTS}.json in {path.name}/, which holds {names}")
    for file in sorted(found[0].parent.glob("*.json")):
        if file.is_file() and file.resolve().is_relative_to(top):  # no link leads out of the folder
            yield file.name, file.open("rb")


def read_tables(body: bytes, name: str, signals: Signals) -> tuple[dict[str, Table], list[ParseError]]:
    """The tables of a bundle.

    Args:
        body: a zip, as `bundle` makes it; folders inside it do not matter.
        name: what the document is called, for messages.
        signals: takes unknown tables and, of all tables but the results, unknown fields.

    Returns:
        The tables, and what of them could not be read: `duplicate_id`, `wrong_type`, `rows_missing` and, for
        tables that can be done without, the error of the whole table.

    Raises:
        ParseError: `other_kind`, `not_a_registry`, `missing_table`, and the error of a required table.
    """
    files = _unzipped(body, name)
    contents: dict[str, Any] = {}
    errors: list[ParseError] = []
    for file, content in files.items():
        table = PurePosixPath(file).stem
        if table not in READ and table not in UNREAD:
            signals.say(file, f"`{file}` is an unknown table, not read")
        elif table in READ or table == "manifest":
            try:
                contents[table] = decode(content, f"`{file}`")
            except ParseError as error:
                if table in REQUIRED:
                    raise
                errors.append(error)
    if missing := [f"{table}.json" for table in REQUIRED if table not in contents]:
        raise ParseError(
            "missing_table", f"the registry lacks {', '.join(missing)}: its results cannot be named"
        )
    tables = {}
    for table in READ:
        if table in contents:
            tables[table], spoilt = _table(table, contents[table], signals)
            errors += spoilt
    errors += _fewer_than_said(contents.get("manifest"), contents)
    return tables, errors


def _unzipped(body: bytes, name: str) -> dict[str, bytes]:
    """The JSON files beside the results, by file name."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            infos = {PurePosixPath(info.filename): info for info in archive.infolist() if not info.is_dir()}
            homes = [path.parent for path in infos if path.name == f"{RESULTS}.json"]
            if not homes:
                names = ", ".join(str(path) for path in list(infos)[:8]) or "nothing"
                raise ParseError("not_a_registry", f"there is no {RESULTS}.json in it, but {names}")
            home = min(homes, key=lambda path: (len(path.parts), path))
            chosen = {
                path.name: info
                for path, info in infos.items()
                if path.parent == home and path.suffix == ".json"
            }
            if (size := sum(info.file_size for info in chosen.values())) > LARGEST:
                raise ParseError(
                    "too_large", f"its tables have {size} bytes, more than {LARGEST} are not read"
                )
            return {file: archive.read(info) for file, info in sorted(chosen.items())}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
        kind = looks_like(body[:4096], name)
        if kind.endswith("zip archive"):
            raise ParseError("damaged_zip", f"cannot be read as a zip: {error}; is it complete?") from error
        detail = f"the folder of a CodeSOTA registry is due, this is {kind}"
        raise ParseError("other_kind", detail) from error


def _table(name: str, content: Any, signals: Signals) -> tuple[Table, list[ParseError]]:
    file = f"`{name}.json`"
    if not isinstance(content, list):
        raise ParseError("wrong_type", f"{file} is {type(content).__name__}, a list is due")
    rows: list[Row] = []
    by_id: dict[str, Row] = {}
    errors: list[ParseError] = []
    for place, item in enumerate(content, 1):
        if not isinstance(item, dict):
            errors.append(ParseError("wrong_type", f"{file}, row {place} is no object: {compact(item)[:80]}"))
            continue
        row = Row(place, _fields(name, item, f"{file}, row {place}", signals))
        identity = row.text("id")
        if "id" in READ[name] and identity is None and name != RESULTS:
            errors.append(ParseError("missing_id", f"{file}, row {place} has no id"))
        elif identity is not None and identity in by_id:
            other = by_id[identity].place
            errors.append(
                ParseError("duplicate_id", f"{file}, row {place}: the id `{identity}` is that of row {other}")
            )
            if name != RESULTS:
                continue
        rows.append(row)
        if identity is not None:
            by_id.setdefault(identity, row)
    return Table(name, tuple(rows), by_id), errors


def _fields(table: str, item: Mapping[str, Any], place: str, signals: Signals) -> dict[str, Any]:
    """The fields that are read, by our names; the first spelling that holds anything counts."""
    folded = {key.replace("_", "").replace("-", "").lower(): key for key in item}
    found: dict[str, Any] = {}
    for ours, spellings in READ[table].items():
        for spelling in spellings:
            if spelling in folded:
                value = item[folded.pop(spelling)]
                if found.get(ours) is None:
                    found[ours] = value
    unknown = [key for fold, key in folded.items() if fold not in IGNORED[table]]
    signals.unknown(unknown, frozenset(), table, place)
    return found


def _fewer_than_said(manifest: Any, contents: Mapping[str, Any]) -> list[ParseError]:
    """An error for each table that has fewer rows than the manifest counts."""
    counts = manifest.get("counts") if isinstance(manifest, dict) else None
    errors = []
    for key, count in counts.items() if isinstance(counts, dict) else ():
        table = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
        rows = contents.get(table)
        if isinstance(rows, list) and str(count).isdecimal() and len(rows) < int(count):
            detail = f"`{table}.json` has {len(rows)} rows, the manifest counts {count}"
            errors.append(ParseError("rows_missing", detail))
    return errors
