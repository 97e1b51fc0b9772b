"""What a file seems to be, in words, for the message that it is not what was asked for.

Nothing is decided by these guesses: a parser reads strictly, and asks here only once it has failed.
"""

from __future__ import annotations

import codecs

# (what a file begins with, what that is): containers and binary formats.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a gzip file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"PAR1", "a Parquet file"),
    (b"WARC/", "a WARC file (ingest kind `warc`)"),
    (b"%PDF-", "a PDF"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (codecs.BOM_UTF32_LE, "text in UTF-32"),
    (codecs.BOM_UTF32_BE, "text in UTF-32"),
    (codecs.BOM_UTF16_LE, "text in UTF-16"),
    (codecs.BOM_UTF16_BE, "text in UTF-16"),
)

# (words that all occur near the beginning, what that is); the first line that holds is taken.
_JSON: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b'"task-hierarchy"',), "an OpenCodePapers benchmark (ingest kind `opencodepapers`)"),
    ((b'"benchmarkResults"', b'"schemaVersion"'), "the manifest of a CodeSOTA registry (kind `codesota`)"),
    ((b'"table_id"', b'"row_id"'), "the rows of a Papers with Code page, without the page"),
    ((b'"paper_url"', b'"repo_url"'), "links between papers and code (ingest kind `pwc-dump`)"),
    ((b'"paper_url"', b'"abstract"'), "papers with abstracts (ingest kind `pwc-dump`)"),
    ((b'"introduced_year"',), "methods of Papers with Code (ingest kind `pwc-dump`)"),
    ((b'"introduced_date"', b'"homepage"'), "datasets of Papers with Code (ingest kind `pwc-dump`)"),
    ((b'"subtasks"',), "evaluation tables of Papers with Code (ingest kind `pwc-dump`)"),
    ((b'"subdatasets"',), "evaluation tables of Papers with Code (ingest kind `pwc-dump`)"),
    ((b'"source_link"', b'"task"'), "evaluation tables of Papers with Code (ingest kind `pwc-dump`)"),
    ((b'"primaryMetric"',), "one table of a CodeSOTA registry (ingest kind `codesota`, with the folder)"),
)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<div", b"<table")


def looks_like(start: bytes, name: str = "") -> str:
    """What a file seems to be: `an HTML page`, `a gzip file`, `an OpenCodePapers benchmark (…)`.

    Args:
        start: the first bytes of the file, some thousands of them.
        name: its name or address, asked only where the bytes do not tell.
    """
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text:
        return "an empty file" if not start else "a file of nothing but blanks"
    if b"\0" in start:
        return "a binary file, or text in UTF-16 without a mark"
    lower = text[:2048].lower()
    if text.startswith(b"<"):
        if b"http://www.w3.org/2005/atom" in lower:
            return "an Atom feed"
        return "an HTML page" if any(tag in lower for tag in _HTML) else "an XML file"
    if text.startswith((b"{", b"[")):
        return _json(text)
    if text.startswith(b"#") or b"\n|" in text or name.lower().endswith(".md"):
        return "a Markdown page (ingest kind `nlp-progress`)"
    if name.lower().endswith((".csv", ".tsv")):
        return "a CSV file"
    try:
        # The last bytes may be the first part of a letter.
        codecs.getincrementaldecoder("utf-8")().decode(text)
    except UnicodeDecodeError:
        return "a binary file, or text that is not UTF-8"
    return "plain text"


def _json(text: bytes) -> str:
    for words, kind in _JSON:
        if all(word in text for word in words):
            return kind
    return "a JSON list" if text.startswith(b"[") else "a JSON object"
