"""WARC files of any origin (Common Crawl, Wayback, our own): the pages that a source knows, into the archive.

    record ─▶ whose page is it? ─▶ body, decoded ─▶ is the record whole? ─▶ the archive

A page is stored under its canonical address and the time of its capture, so that captures of one page
load as its history; the address as captured is kept beside it. What is left out is counted.
"""

from __future__ import annotations

import io
import logging
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, unquote, urlsplit

import urllib3
from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataException, ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.limitreader import LimitReader
from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

from extract.archive import Archive
from extract.body import read_body
from extract.capture import Captured
from extract.http import Response
from extract.inflate import ALWAYS_ALLOWED, MOST_RATIO, limited, members
from extract.sources import SOURCES, Source
from extract.warc_record import FINAL_URL, RUN, SOURCE
from sotaduck.errors import CaptureError, ConfigError
from sotaduck.records import Capture, Failure

log = logging.getLogger("sotaduck.warcs")

KIND = "warc"
ENDINGS = (".warc", ".warc.gz", ".warc.zst")
LARGEST_PAGE = 64 * 2**20

_IN_MEMORY = 8 * 2**20
_TAKEN_TYPES = frozenset({"response", "resource", "revisit"})
# `id_` asks the Wayback Machine for the page as it was; without it, every link in the page is rewritten.
_WAYBACK = re.compile(r"/web/(\d{14})(\w\w_)?/(https?:/.*)\Z", re.DOTALL)
_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8}[ \t]*(;[^\r\n]*)?\r\n")
_UNESCAPED = "!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class WarcReport:
    """What came of WARC files.

    Attributes:
        captured: the records that were taken, and a Failure for each that is ours and cannot be read, and
            for each file that could not be read to its end.
        left_out: how many records were left out, by reason: `other_record_type`, `other_site`,
            `other_page`, `unknown_source` (our own, of a later release), `status_301` …, `not_html`,
            `rewritten_page` (a replay page of the Wayback Machine, not the page itself),
            `revisit_of_another_file`.
    """

    captured: list[Captured] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def capture_warcs(path: Path, archive: Archive) -> WarcReport:
    """Store every page that a source knows.

    Args:
        path: a WARC file, whatever its name, or a folder, searched for `.warc`, `.warc.gz`, `.warc.zst`.

    Raises:
        ConfigError: the path does not exist.
        ArchiveError: the archive cannot be written.
    """
    if not path.exists():
        raise ConfigError(f"{path}: there is no such file; name a WARC file or a folder of them")
    name = path.resolve().name
    reading = _Reading(archive)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.name.lower().endswith(ENDINGS))
        for file in files:
            reading.file(file, f"file:{quote(f'{name}/{file.relative_to(path).as_posix()}')}")
        if not files:
            detail = f"there is no file *{' or *'.join(ENDINGS)} in it"
            reading.fail(KIND, f"file:{quote(name)}", "no_files", detail)
    else:
        reading.file(path, f"file:{quote(name)}")
    for reason, count in sorted(reading.report.left_out.items()):
        log.info("%s: %d records left out: %s", path, count, reason)
    return reading.report


def canonical_url(source: Source, url: str) -> str | None:
    """The one address of a page that was captured under several.

    Scheme, `www.`, port, doubled and trailing slashes, query, fragment and needless percent-encoding do
    not tell pages of these sites apart: a leaderboard has its id in the path.

    Returns:
        None where the source has no such page.
    """
    path = re.sub("/{2,}", "/", urlsplit(url).path).rstrip("/")
    for page in source.pages:
        before, braces, after = page.path.partition("{id}")
        found = re.fullmatch(re.escape(before) + ("([^/]+)" if braces else "") + re.escape(after), path)
        if found:
            number = quote(unquote(found[1]), safe=_UNESCAPED) if braces else ""
            return source.base_url.rstrip("/") + before + number + after
    return None


def source_of(url: str) -> Source | None:
    """The source whose pages are served from the host of this address."""
    host = _host(url)
    return next(
        (
            source
            for source in SOURCES.values()
            if source.pages and host in (*source.hosts, _host(source.base_url))
        ),
        None,
    )


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


@dataclass(frozen=True, slots=True)
class _AsItComes:
    """A stream whose reads give what there is, so that what stands before a damage is not lost with it."""

    stream: io.BufferedReader

    def read(self, size: int) -> bytes:
        return self.stream.read1(size)


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose page a record is.

    Attributes:
        url: what it is stored under.
        origin: its address as captured.
        date: of the capture, ISO text.
        run_id: the run of ours that fetched it, where the record says so.
    """

    source: str
    url: str
    origin: str
    date: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A record that is ours.

    Attributes:
        headers: of the response; of a `resource`, its type.
        body: the payload as it stands in the record; None for a revisit.
        known_as: by what a later revisit may refer to it.
        refers_to: by what a revisit refers to an earlier record, most certain first.
    """

    place: _Place
    fetched_at: datetime
    headers: tuple[tuple[str, str], ...]
    body: BinaryIO | None
    known_as: tuple[str, ...]
    refers_to: tuple[str, ...]


class _LeftOut(Exception):
    """A record that is not taken; the message is the reason."""


@dataclass(slots=True)
class _Reading:
    """Reads WARC files into one archive; knows what it has stored, for the revisits that follow."""

    archive: Archive
    report: WarcReport = field(default_factory=WarcReport)
    stored: dict[str, Capture] = field(default_factory=dict)

    def fail(self, source: str, url: str, reason: str, detail: str) -> None:
        failure = Failure(source, url, "fetch", reason, detail)
        self.report.captured.append(Captured(url, None, failure))

    def file(self, path: Path, url: str) -> None:
        """Take what is ours of one file, up to where it can be read."""
        count = offset = 0
        try:
            size = path.stat().st_size
            most = max(ALWAYS_ALLOWED, size * MOST_RATIO)
            with limited(lambda: path.open("rb"), url, size) as file:
                for member in members(file, url, most):
                    start = offset
                    for end, found in self.records(member):
                        count, offset = count + 1, start + end
                        if found is not None:
                            self.store(found)
            if count == 0:
                self.fail(KIND, url, "not_warc", "is empty; is the download complete?")
        except (CaptureError, ArchiveLoadFailed, OSError) as error:
            reason = error.reason if isinstance(error, CaptureError) else "broken_record"
            detail = error.detail if isinstance(error, CaptureError) else str(error).strip()
            if count == 0 and isinstance(error, ArchiveLoadFailed):
                reason, detail = "not_warc", f"is not a WARC file: {detail[:200]}"
            else:
                detail += f"; the {count} records before byte {offset} (inflated) are kept"
            self.fail(KIND, url, reason, detail)

    def records(self, stream: io.BufferedReader) -> Iterator[tuple[int, _Found | None]]:
        """Each whole record: the byte where it ends, and what was found in it.

        Raises:
            CaptureError: a record that is cut or whose length is wrong; no later one can be found.
        """
        # Each member of a gzip file comes alone and inflated, be there one record in it or all of them.
        records = ArchiveIterator(_AsItComes(stream), no_record_parse=True)
        records.known_format = "warc"
        records.INC_RECORD = ""  # else it prints; err_count tells the same
        for record in records:
            if not isinstance(record.raw_stream, LimitReader):
                raise CaptureError("broken_record", "the record has no Content-Length")
            found = self.sorted(record)
            with found.body if found and found.body else nullcontext():
                records.read_to_end()
                if record.raw_stream.limit:
                    raise CaptureError("truncated_file", f"a record lacks {record.raw_stream.limit} bytes")
                if records.err_count:
                    raise CaptureError(
                        "broken_record", "the record's Content-Length does not fit its content"
                    )
                yield records.offset, found

    def sorted(self, record: Any) -> _Found | None:
        """What a record holds for us; what it does not is counted."""
        uri = record.rec_headers.get_header("WARC-Target-URI") or ""
        try:
            place = _place(record, uri)
            try:
                return _found(record, uri, place)
            except CaptureError as error:
                if error.url:  # the file's own trouble, not that of what it holds
                    raise
                self.fail(place.source, place.url, error.reason, error.detail)
        except _LeftOut as reason:
            self.report.left_out[str(reason)] += 1
        return None

    def store(self, found: _Found) -> None:
        """Put it into the archive."""
        place, headers = found.place, found.headers
        earlier = next((self.stored[name] for name in found.refers_to if name in self.stored), None)
        if found.body is None and earlier is None:
            self.report.left_out["revisit_of_another_file"] += 1
            return
        if earlier and not _value(headers, "Content-Type"):
            headers = (*headers, ("Content-Type", earlier.media_type))
        try:
            with found.body or self.archive.open(cast(Capture, earlier)) as body:
                if place.url.startswith("file:"):
                    capture = self.archive.add_document(
                        place.source, place.url, body, _value(headers, "Content-Type"),
                        found.fetched_at, place.run_id,
                    )  # fmt: skip
                else:
                    content = body.read() if earlier else _decoded(body.read(), headers)
                    response = Response(
                        place.url, place.origin, 200, "OK", headers, content, found.fetched_at
                    )
                    capture = self.archive.add(place.source, response, place.run_id)
        except CaptureError as error:
            self.fail(place.source, place.url, error.reason, error.detail)
            return
        self.stored |= dict.fromkeys(found.known_as, capture)
        self.report.captured.append(Captured(place.url, capture, None))


def _place(record: Any, uri: str) -> _Place:
    """Whose page a record is.

    Raises:
        _LeftOut: nobody's.
    """
    if record.rec_type not in _TAKEN_TYPES:
        raise _LeftOut("other_record_type")
    header = record.rec_headers.get_header
    date = header("WARC-Date") or ""
    if own := header(SOURCE):
        if own not in SOURCES:
            raise _LeftOut("unknown_source")
        if not uri.startswith("file:") and SOURCES[own].page(uri) is None:
            raise _LeftOut("other_page")
        return _Place(own, uri, header(FINAL_URL) or uri, date, header(RUN))
    if urlsplit(uri).hostname == "web.archive.org" and (replay := _WAYBACK.search(uri)):
        time, mode, uri = replay.groups()
        if source_of(uri) and mode != "id_":
            raise _LeftOut("rewritten_page")
        date = f"{time[:8]}T{time[8:]}Z"
    source = source_of(uri)
    if source is None:
        raise _LeftOut("other_site")
    url = canonical_url(source, uri)
    if url is None:
        raise _LeftOut("other_page")
    return _Place(source.name, url, uri, date)


def _found(record: Any, uri: str, place: _Place) -> _Found:
    """What a record of ours holds.

    Raises:
        _LeftOut: no good page, or no page at all.
        CaptureError: it cannot be read.
    """
    header = record.rec_headers.get_header
    try:
        fetched_at = datetime.fromisoformat(place.date).replace(microsecond=0)
    except ValueError:
        raise CaptureError("broken_record", f"the record's date {place.date!r} is no time") from None
    if (cut := header("WARC-Truncated")) is not None:
        raise CaptureError("truncated_record", f"the crawler cut the page off (WARC-Truncated: {cut})")
    headers = _http_headers(record, uri)
    media_type = _value(headers, "Content-Type").lower()
    if media_type and "html" not in media_type and not header(SOURCE):
        raise _LeftOut("not_html")
    body = None
    if record.rec_type != "revisit":
        if record.length > LARGEST_PAGE and not place.url.startswith("file:"):
            raise CaptureError("body_too_large", f"the record has {record.length} bytes")
        # Spooled, for a file in our own archive may be larger than the memory.
        body = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115  closed by `records`
        try:
            shutil.copyfileobj(record.raw_stream, body)
        except CaptureError:
            body.close()
            raise
        body.seek(0)
    digest = header("WARC-Payload-Digest")
    earlier_uri = header("WARC-Refers-To-Target-URI") or uri
    return _Found(
        place=place,
        fetched_at=fetched_at if fetched_at.tzinfo else fetched_at.replace(tzinfo=UTC),
        headers=headers,
        body=body,
        known_as=_names(header("WARC-Record-ID"), uri, header("WARC-Date"), digest),
        refers_to=()
        if body
        else _names(header("WARC-Refers-To"), earlier_uri, header("WARC-Refers-To-Date"), digest),
    )


def _value(headers: tuple[tuple[str, str], ...], name: str) -> str:
    """The first value of a header, "" where it was not sent."""
    return next((value for key, value in headers if key.lower() == name.lower()), "")


def _names(record_id: str | None, uri: str, date: str | None, digest: str | None) -> tuple[str, ...]:
    """By what a record is known, the most certain first."""
    return tuple(name for name in (record_id, date and f"{date} {uri}", digest) if name)


def _http_headers(record: Any, uri: str) -> tuple[tuple[str, str], ...]:
    """The headers of a page, taken off the record's content; of a `resource`, its type."""
    is_http = record.rec_type != "resource" and uri.startswith(("http:", "https:"))
    if not is_http or record.length == 0:
        media_type = record.rec_headers.get_header("Content-Type") or ""
        return (("Content-Type", media_type),) if media_type and not is_http else ()
    try:
        http = StatusAndHeadersParser([], verify=False).parse(record.raw_stream)
    except (StatusAndHeadersParserException, EOFError) as error:
        raise CaptureError("bad_http", f"the record holds no HTTP response: {error}") from error
    if not http.protocol.startswith("HTTP/"):
        raise CaptureError("bad_http", f"the record begins with {http.protocol[:40]!r}, not HTTP")
    status = http.get_statuscode()
    if status != "200" and not (status == "304" and record.rec_type == "revisit"):
        raise _LeftOut(f"status_{status}")
    return tuple((name, value) for name, value in http.headers)


def _decoded(payload: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
    """A payload without transfer and content encodings.

    Many crawlers keep the headers and store the decoded body: an encoding counts only where the bytes
    bear it out.

    Raises:
        CaptureError: `truncated_body`, `bad_encoding`, `body_too_large`.
    """
    if "chunked" in _value(headers, "Transfer-Encoding").lower() and _CHUNK.match(payload):
        try:
            payload = ChunkedDataReader(io.BytesIO(payload), raise_exceptions=True).read()
        except ChunkedDataException as error:
            raise CaptureError("truncated_body", f"the chunked body is broken: {error}") from error
    encoding = _value(headers, "Content-Encoding")
    if "gzip" in encoding.lower() and not payload.startswith(b"\x1f\x8b"):
        encoding = ""
    raw = urllib3.HTTPResponse(
        io.BytesIO(payload), {"Content-Encoding": encoding}, preload_content=False, decode_content=False
    )
    return read_body(raw, LARGEST_PAGE)
