"""datapackage.json: the snapshot as a Frictionless Data Package: other tools read types and meanings there.

Version 2 of the standard (https://datapackage.org/standard/), with the `profile` words of version 1 beside
it, which a reader of version 2 passes over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from warehouse.files import FILES, nested

PROFILES = "https://datapackage.org/profiles/2.0"
TYPES = {
    "VARCHAR": "string", "DOUBLE": "number", "FLOAT": "number", "INTEGER": "integer", "BIGINT": "integer",
    "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime",
}  # fmt: skip
TIME = "%Y-%m-%d %H:%M:%S"
MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
DIALECT = {
    "delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\n", "header": True,
    "skipInitialSpace": False,
}  # fmt: skip
ABOUT = (
    "Who leads in machine learning, and who led when: leaderboards, ranked results, history, papers. "
    "manifest.json says by which policy. In CSV a text that a spreadsheet would run begins with an "
    "apostrophe that is not part of it."
)


def descriptor(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The Data Package descriptor of a snapshot with this manifest."""
    formats = [name for name in MEDIA_TYPES if name in manifest]
    inside = {file["view"] for file in manifest["files"]}
    return {
        "$schema": f"{PROFILES}/datapackage.json",
        "profile": "tabular-data-package" if formats == ["csv"] else "data-package",
        "name": "sotaduck-snapshot",
        "title": "sotaduck: leaderboards of machine learning",
        "description": ABOUT,
        **({"version": manifest["data_until"]} if manifest["data_until"] else {}),
        **_licences_and_sources(manifest["sources"]),
        "resources": [_resource(file, inside, twins=len(formats) > 1) for file in manifest["files"]],
    }


def _licences_and_sources(sources: list[dict[str, Any]]) -> dict[str, Any]:
    """The standard wants no empty lists: a snapshot without data has neither."""
    if not sources:
        return {}
    licences = {source["licence_url"]: source["licence"] for source in sources}
    return {
        "licenses": [
            {"name": re.sub(r"\s+", "-", title), "title": title, "path": url}
            for url, title in sorted(licences.items())
        ],
        "sources": [
            {
                "title": source["title"], "path": source["address"], "attribution": source["attribution"],
                "licence": source["licence"],
            }
            for source in sources
        ],
    }  # fmt: skip


def _resource(file: Mapping[str, Any], inside: set[str], twins: bool) -> dict[str, Any]:
    """One file. Where each view is there twice, the name of the Parquet one says so."""
    style = file["name"].rpartition(".")[2]
    suffix = ".parquet" if twins and style == "parquet" else ""
    told: dict[str, Any] = {
        "name": file["view"] + suffix,
        "type": "table",
        "path": file["name"],
        "description": file["description"],
        "format": style,
        "mediatype": MEDIA_TYPES[style],
        "bytes": file["bytes"],
        "hash": f"sha256:{file['sha256']}",
        "schema": _schema(file, inside, suffix, style),
    }
    if style == "csv":
        told |= {"profile": "tabular-data-resource", "encoding": "utf-8", "dialect": DIALECT}
    return told


def _schema(file: Mapping[str, Any], inside: set[str], suffix: str, style: str) -> dict[str, Any]:
    declared = FILES[file["view"]]
    told: dict[str, Any] = {
        "fields": [_field(name, column, style) for name, column in file["columns"].items()],
        "missingValues": [""],
    }
    if declared.unique:
        told["primaryKey"] = list(declared.key)
    foreign = [
        {"fields": [column], "reference": {"resource": view + suffix, "fields": [other]}}
        for column, (view, other) in declared.refers.items()
        if view in inside
    ]
    return told | ({"foreignKeys": foreign} if foreign else {})


def _field(name: str, column: Mapping[str, str], style: str) -> dict[str, Any]:
    kind = column["type"]
    told = {"name": name, "description": column["description"]}
    if nested(kind):
        return {**told, "type": "array" if kind.endswith("[]") else "object"}
    if kind == "TIMESTAMP" and style == "csv":
        return {**told, "type": "datetime", "format": TIME}
    return {**told, "type": TYPES[kind]}
