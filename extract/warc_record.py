"""WARC records (ISO 28500): how a capture is written down as one, and read again.

A page is a `response` record, a file a `resource` record; what the archive holds already is a `revisit`.
Each names its source and its run in headers of its own, so that the files need no index. Everything in a
record follows from the capture, ids too: the same captures give the same file, byte for byte.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast
from urllib.parse import quote

from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from extract.http import Response
from sotaduck.errors import ArchiveError
from sotaduck.records import Capture

SOURCE = "Sotaduck-Source"
FINAL_URL = "Sotaduck-Final-URL"
RUN = "Sotaduck-Run"

KINDS = ("response", "resource", "revisit")

_SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_IDS = uuid.UUID("6f1c3a52-5f0b-5d0e-9d64-0d5d3b1a7c11")
_PIECE = 64 * 2**10
_XFL = 8
_SOFTWARE = b"software: sotaduck\r\n"
# WARC and HTTP headers together are far smaller; the rest of a record is not needed for its index row.
_HEAD = 2**20
_TAKE_AWAY = "restore the file from a copy, or take it out of the folder"


class TornRecord(Exception):
    """A file ends in the middle of a record: its writer was killed, or is still at it.

    Attributes:
        offset: byte at which the record begins, and the whole part of the file ends.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(f"cut off record at byte {offset}")
        self.offset = offset


def write(
    out: BinaryIO,
    headers: dict[str, str],
    body: BinaryIO,
    size: int,
    http: StatusAndHeaders | None,
    origin: Capture | None,
) -> ArcWarcRecord:
    """Write one record, as a gzip member.

    Args:
        headers: see `warc_headers`; added to.
        body: the payload, to be left out where there is an origin.
        size: of the payload, bytes.
        http: of a page; None for a file.
        origin: the capture that holds the same body, or that a 304 confirms; makes the record a `revisit`.
    """
    if origin:
        kind, body, size = "revisit", io.BytesIO(), 0
        confirmed = http is not None and http.get_statuscode() == "304"
        headers |= {
            "WARC-Profile": _NOT_MODIFIED if confirmed else _SAME_PAYLOAD,
            "WARC-Refers-To": record_id(origin.capture_id),
            "WARC-Refers-To-Target-URI": origin.url,
            "WARC-Refers-To-Date": _iso(origin.fetched_at),
        }
    elif http:
        kind = "response"
    else:
        kind = "resource"
        # The block is the payload: warcio need not read a large file once more.
        headers["WARC-Block-Digest"] = headers["WARC-Payload-Digest"]
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    record = writer.create_warc_record(
        headers["WARC-Target-URI"], kind, body, size, warc_headers_dict=headers, http_headers=http
    )
    writer.write_record(record)
    return record


def write_info(out: BinaryIO, file: str, date: str) -> None:
    """Write the `warcinfo` record that a file begins with."""
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    record = writer.create_warcinfo_record(file, {"software": "sotaduck", "format": "WARC File Format 1.1"})
    record.rec_headers.replace_header("WARC-Record-ID", record_id(f"{file} {date}"))
    record.rec_headers.replace_header("WARC-Date", date)
    writer.write_record(record)


def warc_headers(source: str, url: str, fetched_at: datetime, status: int, digest: str) -> dict[str, str]:
    """The headers that name a capture. `url` must be fit for a header line: see `uri`."""
    if fetched_at.tzinfo is None:
        raise ValueError(f"fetched_at must say its time zone: {fetched_at}")
    fetched_at = fetched_at.astimezone(UTC)
    return {
        "WARC-Record-ID": record_id(_capture_id(source, url, fetched_at, status, digest)),
        "WARC-Target-URI": url,
        "WARC-Date": _iso(fetched_at),
        "WARC-Payload-Digest": digest,
        SOURCE: source,
    }


def http_headers(response: Response) -> StatusAndHeaders:
    """The headers as sent; those that do not fit a decoded body get another name."""
    encoded = response.header("Content-Encoding") or response.header("Transfer-Encoding")
    stale = ("content-encoding", "transfer-encoding", "content-length") if encoded else ()
    headers = StatusAndHeaders(
        _ascii(f"{response.status} {response.reason}"),
        [
            (f"X-Archive-Orig-{_ascii(name)}" if name.lower() in stale else _ascii(name), one_line(value))
            for name, value in response.headers
        ],
        protocol="HTTP/1.1",
    )
    # Percent-encodes what is not ASCII, in place, so that what is read again is what was written.
    headers.compute_headers_buffer()
    return headers


class Member(NamedTuple):
    """A gzip member and the record in it: where it begins, its bytes, and its bytes inflated."""

    offset: int
    length: int
    size: int
    record: ArcWarcRecord

    @property
    def holds_more(self) -> bool:
        """True where something stands behind the record."""
        head = self.record.rec_headers
        whole: int = head.total_len + int(head.get_header("Content-Length")) + len(b"\r\n\r\n")
        return self.size != whole


def members(path: Path, start: int) -> Iterator[Member]:
    """Each record from a byte on; of a large one, only what stands before its payload can be read here.

    Raises:
        TornRecord: the file ends in the middle of a record.
        ArchiveError: what stands there is no WARC record.
    """
    with path.open("rb") as file:
        file.seek(start)
        offset, data = start, file.read(_PIECE)
        while data:
            inflate, head, size = zlib.decompressobj(zlib.MAX_WBITS | 16), bytearray(), 0
            try:
                while data and not inflate.eof:
                    piece = inflate.decompress(data, _PIECE)
                    size += len(piece)
                    if len(head) < _HEAD:
                        head += piece
                    data = inflate.unconsumed_tail or (b"" if inflate.eof else file.read(_PIECE))
                if not inflate.eof:
                    raise TornRecord(offset)
                record = _parse(io.BytesIO(head))
            except (zlib.error, ArchiveLoadFailed, EOFError) as error:
                raise ArchiveError(f"{path}: no WARC record at byte {offset}; {_TAKE_AWAY}") from error
            end = file.tell() - len(inflate.unused_data)
            yield Member(offset, end - offset, size, record)
            offset, data = end, inflate.unused_data or file.read(_PIECE)


def is_ours(record: ArcWarcRecord) -> bool:
    """True for a capture. Others' records, and our own `warcinfo`, name no source."""
    return record.rec_type in KINDS and bool(record.rec_headers.get_header(SOURCE))


def is_well_packed(path: Path, offset: int) -> bool:
    """True where gzip did its best with the member at a byte, as its head says (RFC 1952, XFL)."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(_XFL + 1)[_XFL:] == b"\x02"


def copy(out: BinaryIO, path: Path, member: Member) -> None:
    """Write a member as it is, byte for byte."""
    with path.open("rb") as file:
        file.seek(member.offset)
        left = member.length
        while left and (piece := file.read(min(left, _PIECE))):
            out.write(piece)
            left -= len(piece)


def repack(out: BinaryIO, path: Path, member: Member, run_id: str | None) -> None:
    """Write a capture's record as it is, but packed well, and with another run where one is given."""
    pack = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    with path.open("rb") as file:
        file.seek(member.offset)
        with gzip.GzipFile(fileobj=file, mode="rb") as inflated:
            head = inflated.read(member.record.rec_headers.total_len)
            if run_id:
                *lines, end, nothing = head.split(b"\r\n")
                lines = [line for line in lines if not line.lower().startswith(f"{RUN}:".lower().encode())]
                head = b"\r\n".join((*lines, f"{RUN}: {run_id}".encode(), end, nothing))
            out.write(pack.compress(head))
            left = member.size - member.record.rec_headers.total_len
            while left and (piece := inflated.read(min(left, _PIECE))):
                out.write(pack.compress(piece))
                left -= len(piece)
    out.write(pack.flush())


def write_without_body(out: BinaryIO, record: ArcWarcRecord, origin: Capture, run_id: str | None) -> None:
    """Write a capture's record as a revisit of one with the same body, as if it had come after that."""
    given = ("warc-type", "warc-block-digest", "content-length")
    left_out = given if record.http_headers is None else (*given, "content-type")
    headers = {name: value for name, value in record.rec_headers.headers if name.lower() not in left_out}
    if run_id:
        headers[RUN] = run_id
    write(out, headers, io.BytesIO(), 0, record.http_headers, origin)


def is_our_info(record: ArcWarcRecord) -> bool:
    """True for the record that one of our files begins with."""
    return record.rec_type == "warcinfo" and _SOFTWARE in record.raw_stream.read(_PIECE)


def capture_of(record: ArcWarcRecord, file: str, offset: int, confirmed: Capture | None) -> Capture:
    """The capture that a record tells of, the same whether it was just written or is read again.

    Args:
        confirmed: what is known of the page, for a 304, which need not repeat what still holds.
    """
    warc, http = record.rec_headers.get_header, record.http_headers
    source, url, digest = warc(SOURCE), warc("WARC-Target-URI"), warc("WARC-Payload-Digest")
    fetched_at = datetime.fromisoformat(warc("WARC-Date"))
    status, media_type, etag, last_modified = 200, warc("Content-Type"), None, None
    if http:
        status, media_type = int(http.get_statuscode()), http.get_header("Content-Type", "")
        etag, last_modified = http.get_header("ETag"), http.get_header("Last-Modified")
    if confirmed and status == 304:
        media_type = media_type or confirmed.media_type
        etag, last_modified = etag or confirmed.etag, last_modified or confirmed.last_modified
    size = record.payload_length if http else record.length
    return Capture(
        capture_id=_capture_id(source, url, fetched_at, status, digest),
        source=source,
        url=url,
        fetched_at=fetched_at,
        status=status,
        digest=digest,
        media_type=media_type,
        etag=etag,
        last_modified=last_modified,
        warc_file=file,
        warc_offset=offset,
        size=0 if record.rec_type == "revisit" else size,
        run_id=warc(RUN),
    )


class _Body(io.RawIOBase):
    """The payload of one record; at its end the digest must be the one that the index tells."""

    def __init__(self, path: Path, capture: Capture) -> None:
        self._path, self._capture = path, capture
        self._digester = hashlib.sha256()
        self._file = path.open("rb")
        try:
            self._file.seek(capture.warc_offset)
            self._stream = _parse(gzip.GzipFile(fileobj=self._file, mode="rb")).raw_stream
        except (ArchiveLoadFailed, EOFError, zlib.error, gzip.BadGzipFile) as error:
            self._file.close()
            raise self._damaged() from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece: bytes = self._stream.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._damaged() from error
        self._digester.update(piece)
        if not piece and label(self._digester) != self._capture.digest:
            raise self._damaged()
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _damaged(self) -> ArchiveError:
        where = f"{self._path}: the record at byte {self._capture.warc_offset} is damaged"
        return ArchiveError(f"{where} ({self._capture.url}); restore the file from a copy")


def open_body(path: Path, capture: Capture) -> BinaryIO:
    """The payload of the record that holds a capture, as a stream.

    Raises:
        ArchiveError: the record is damaged; also from a read.
    """
    return cast(BinaryIO, io.BufferedReader(_Body(path, capture), _PIECE))


def _parse(stream: Any) -> ArcWarcRecord:
    # Others' records are passed over, whatever they hold: their HTTP need not be right.
    return ArcWarcRecordLoader(verify_http=False).parse_record_stream(stream, known_format="warc")


def record_id(name: str) -> str:
    """The record id that follows from a capture's id."""
    return f"<urn:uuid:{uuid.uuid5(_IDS, name)}>"


def label(digester: hashlib._Hash) -> str:
    """A digest as it stands in captures and WARC headers."""
    return f"sha256:{digester.hexdigest()}"


def uri(url: str) -> str:
    """The address fit for a header line: blanks and what cannot be printed are percent-encoded."""
    return "".join(
        char if char.isprintable() and char != " " else quote(char, errors="surrogateescape") for char in url
    )


def one_line(value: str) -> str:
    """A header's value without the line breaks that it may hold."""
    return re.sub(r"\s*[\r\n]+\s*", " ", value).strip()


def _ascii(text: str) -> str:
    return one_line(text).encode("ascii", "replace").decode()


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _capture_id(source: str, url: str, fetched_at: datetime, status: int, digest: str) -> str:
    # The status too: a page and its confirmation may come within one second.
    facts = "\n".join((source, url, _iso(fetched_at), str(status), digest))
    return hashlib.sha256(facts.encode()).hexdigest()[:16]
