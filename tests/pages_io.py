"""Recorded pages and files of each source, beside the records that they must give.

    tests/pages/<source>/<case>.<any ending>     the page or file, byte for byte
    tests/pages/<source>/<case>.expected.json    {"url": …, "media_type"?: …, "records": […]}

A record is a JSON object with its `type` (`board`, `paper`, `entry`, or `error` for a part of a file
that cannot be read: its reason and detail); fields that equal their default are left out, and so are
`source` and `capture_id`, which are those of the capture.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from extract import sources
from sotaduck.errors import ParseError
from sotaduck.records import Capture, RawBoard, RawEntry, RawPaper

PAGES = Path(__file__).parent / "pages"
EXPECTED = ".expected.json"

Record = RawBoard | RawPaper | RawEntry | ParseError
_TYPES: dict[type, str] = {RawBoard: "board", RawPaper: "paper", RawEntry: "entry"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One recorded page of a source, and where its expected records are."""

    source: str
    page: Path

    @property
    def expected(self) -> Path:
        """The file of the expected records, whether it exists or not."""
        return self.page.with_name(self.page.name.split(".")[0] + EXPECTED)

    def __str__(self) -> str:
        return f"{self.source}/{self.page.name}"


def pairs(source: str) -> list[Pair]:
    """The recorded pages of a source, by name; a README beside them is no page."""
    folder = PAGES / source
    files = sorted(file for file in folder.glob("*") if file.is_file())
    return [
        Pair(source, file) for file in files if not file.name.endswith(EXPECTED) and file.stem != "README"
    ]


def a_capture(
    source: str, url: str, body: bytes = b"", media_type: str = "", fetched_at: datetime | None = None
) -> Capture:
    """A capture as the archive would give it for this body."""
    return Capture(
        capture_id="0123456789abcdef",
        source=source,
        url=url,
        fetched_at=fetched_at or datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        status=200,
        digest=f"sha256:{sha256(body).hexdigest()}",
        media_type=media_type,
        etag=None,
        last_modified=None,
        warc_file="test.warc.gz",
        warc_offset=0,
        size=len(body),
    )


def parse(source: str, url: str, body: bytes, media_type: str = "") -> list[Record]:
    """Everything that a source's parser gives for a body.

    Raises:
        ParseError: as `extract.sources.parse`.
    """
    capture = a_capture(source, url, body, media_type)
    return list(sources.parse(source, capture, io.BytesIO(body)))


def records_to_json(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Records as plain JSON values, without what equals its default, `source` and `capture_id`."""
    return [_plain(record) for record in records]


def expectation(url: str, records: Iterable[Record], media_type: str = "") -> str:
    """The text of an expected file."""
    whole: dict[str, Any] = {"url": url}
    if media_type:
        whole["media_type"] = media_type
    whole["records"] = records_to_json(records)
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _plain(record: Record) -> dict[str, Any]:
    if isinstance(record, ParseError):
        return {"type": "error", "reason": record.reason, "detail": record.detail}
    plain: dict[str, Any] = {"type": _TYPES[type(record)]}
    for name, value in _told(record):
        if name not in ("source", "capture_id"):
            plain[name] = value
    return plain


def _told(record: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a frozen record that differ from their default, inner records likewise."""
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        default = field.default_factory() if callable(field.default_factory) else field.default
        if value == default and type(value) is type(default):
            continue
        if isinstance(value, tuple):
            yield (
                field.name,
                [dict(_told(item)) if dataclasses.is_dataclass(item) else item for item in value],
            )
        else:
            yield field.name, msgspec.to_builtins(value)
