"""The archive: everything that was fetched or taken from disk, unparsed.

    00001.warc.gz, 00002.warc.gz …   the truth (`extract.warc_record`): one gzip member a record
    index.jsonl                      one row a record; what it lacks is read from the WARC files
    archive.lock                     held while a record is written

Reading takes no lock and writes nothing, so an archive may be read in place from a read-only folder.
Files may be put beside (another machine's): a record that stands in several counts once. Files may also go
while somebody reads (`extract.compact`): what they held then stands in others, and is looked up there.
A writer that was killed leaves at worst a cut off record at the end: readers pass over it, the next
writer cuts it off. One thread at a time may use an `Archive`; processes and objects may share a folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, cast

import filelock
import msgspec
from warcio.statusandheaders import StatusAndHeaders

from extract import warc_record as warc
from extract.http import Response
from sotaduck.errors import ArchiveError
from sotaduck.records import Capture

log = logging.getLogger("sotaduck.archive")

ROLL_AT = 500 * 2**20
LOCK_TIMEOUT = 600.0

_INDEX = "index.jsonl"
SUFFIX = ".warc.gz"
_UNTYPED = "application/octet-stream"
_GOOD = (200, 304)
_PIECE = 64 * 2**10
_IN_MEMORY = 8 * 2**20

_FREE_SPACE = "free some space and run again; what was captured before is kept"
_ADVICE = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EFBIG: "raise the limit on file sizes and run again; what was captured before is kept",
    errno.ENOTDIR: "`archive` must name a folder",
    errno.EEXIST: "`archive` must name a folder",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the index; `length` is that of the gzip member."""

    record: Literal["response", "resource", "revisit"]
    length: int
    capture: Capture

    @property
    def end(self) -> int:
        """The byte behind it."""
        return self.capture.warc_offset + self.length


_read_row = msgspec.json.Decoder(Row).decode


def _line(row: Row) -> bytes:
    return msgspec.json.encode(row) + b"\n"


class Archive:
    """A folder of WARC files. A context manager.

    Args:
        folder: where the files are; made when the first record is added.
        roll_at: size in bytes from which on a new WARC file is begun.
        run_id: the run that writes; stands in every record that does not come with another.

    Attributes:
        doubled: names of files that hold a record which counts elsewhere.

    Raises:
        ArchiveError: the folder is no folder, cannot be read, or holds a WARC file that is none.
    """

    def __init__(self, folder: Path, *, roll_at: int = ROLL_AT, run_id: str | None = None) -> None:
        self.run_id = run_id
        self.folder = folder
        self.roll_at = roll_at
        self._lock = filelock.FileLock(folder / "archive.lock", timeout=LOCK_TIMEOUT)
        with _explained(folder):
            if folder.exists() and not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
            self._load()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the lock. Nothing else is held between two calls."""
        self._lock.release(force=True)

    def captures(self) -> list[Capture]:
        """All captures in order of time; those of one second in the order in which they were written."""
        return sorted((row.capture for row in self.rows), key=lambda capture: capture.fetched_at)

    @property
    def rows(self) -> list[Row]:
        """The index: every record of ours once, in order of file and place."""
        return list(self._rows.values())

    def catch_up(self) -> None:
        """Take in what others have written or moved meanwhile."""
        with _explained(self.folder):
            if self._sizes != self._measure():
                self._load()

    def latest(self, source: str, url: str) -> Capture | None:
        """The last capture that holds or confirms a good page (status 200 or 304), or None."""
        return self._latest.get((source, warc.uri(url)))

    def open(self, capture: Capture) -> BinaryIO:
        """The decoded body as a stream; of a revisit the body that it confirms.

        Raises:
            ArchiveError: the body is not here, or is damaged; the latter also from a read.
        """
        holder = self._bodies.get(capture.digest)
        if holder is None:
            raise ArchiveError(
                f"{self.folder}: holds no body {capture.digest} of {capture.url}; restore its WARC files"
            )
        with _explained(self.folder / holder.warc_file):
            try:
                return warc.open_body(self.folder / holder.warc_file, holder)
            except FileNotFoundError:
                self._load()
                holder = self._bodies.get(capture.digest, holder)
                return warc.open_body(self.folder / holder.warc_file, holder)

    def body(self, capture: Capture) -> bytes:
        """The decoded body at once; see `open`."""
        with self.open(capture) as stream:
            return stream.read()

    def add(self, source: str, response: Response, run_id: str | None = None) -> Capture:
        """Write one HTTP response, whatever its status; `run_id` is the run that fetched it, if not this one.

        The same response added again (same source, address, time, status and body) is not written twice.

        Raises:
            ArchiveError: it cannot be written; or it is a 304 for a page that is not here.
        """
        url, body = warc.uri(response.url), response.body
        with self.writing():
            confirmed = self._latest.get((source, url)) if response.status == 304 else None
            if response.status == 304 and confirmed is None:
                raise ArchiveError(f"{self.folder}: 304 for {url}, of which no earlier capture is here")
            digest = confirmed.digest if confirmed else warc.label(hashlib.sha256(body))
            headers = warc.warc_headers(source, url, response.fetched_at, response.status, digest)
            if response.final_url != response.url:
                headers[warc.FINAL_URL] = warc.uri(response.final_url)
            self._name_run(headers, run_id)
            return self._write(headers, io.BytesIO(body), len(body), warc.http_headers(response), confirmed)

    def add_document(
        self,
        source: str,
        url: str,
        stream: BinaryIO,
        media_type: str,
        fetched_at: datetime,
        run_id: str | None = None,
    ) -> Capture:
        """Write one file; it is never wholly in memory.

        Args:
            url: what names the file through all captures (`file:…`).
            stream: read from where it stands to its end; what it raises is passed on.
            media_type: "" where it is not known.
            fetched_at: aware time of the file's content.
            run_id: the run that took it in, if not this one.

        Raises:
            ArchiveError: it cannot be written.
        """
        with contextlib.ExitStack() as stack:
            # A record's head tells the digest, so the body is read twice; spooled where room is needed.
            with _explained(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                spool = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self.folder)))
            digester, size = hashlib.sha256(), 0
            while piece := stream.read(_PIECE):
                digester.update(piece)
                size += len(piece)
                with _explained(self.folder):
                    spool.write(piece)
            spool.seek(0)
            headers = warc.warc_headers(source, warc.uri(url), fetched_at, 200, warc.label(digester))
            headers["Content-Type"] = warc.one_line(media_type) or _UNTYPED
            self._name_run(headers, run_id)
            with self.writing():
                return self._write(headers, cast(BinaryIO, spool), size)

    def _name_run(self, headers: dict[str, str], run_id: str | None) -> None:
        if found := run_id or self.run_id:
            headers[warc.RUN] = found

    def _write(
        self,
        headers: dict[str, str],
        body: BinaryIO,
        size: int,
        http: StatusAndHeaders | None = None,
        confirmed: Capture | None = None,
    ) -> Capture:
        """Write a record and its index row: both or, where that fails, none."""
        if known := self._rows.get(headers["WARC-Record-ID"]):
            return known.capture
        same = self._bodies.get(headers["WARC-Payload-Digest"]) if size else None
        path = self._current_file()
        start = path.stat().st_size if path.exists() else 0
        try:
            with path.open("ab") as out:
                if start == 0:
                    warc.write_info(out, path.name, headers["WARC-Date"])
                offset = out.tell()
                record = warc.write(out, headers, body, size, http, confirmed or same)
                length = out.tell() - offset
            row = Row(record.rec_type, length, warc.capture_of(record, path.name, offset, confirmed))
            with (self.folder / _INDEX).open("ab") as index:
                index.write(_line(row))
        except BaseException:
            with contextlib.suppress(OSError):
                os.truncate(path, start)
            raise
        self._note(row)
        self._sizes = self._measure()
        return row.capture

    def _current_file(self) -> Path:
        numbers = [name for path in self.files() if (name := path.name.removesuffix(SUFFIX)).isdecimal()]
        last = self.folder / f"{numbers[-1] if numbers else '00001'}{SUFFIX}"
        if not numbers or last.stat().st_size < self.roll_at:
            return last
        return self.folder / f"{int(numbers[-1]) + 1:05}{SUFFIX}"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, with every WARC file whole and the index up to date."""
        with _explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except filelock.Timeout as error:
                raise ArchiveError(
                    f"{self.folder}: another process has been writing for {LOCK_TIMEOUT:.0f} s; "
                    "wait for it to end, or stop it, and run again"
                ) from error
            try:
                if self._sizes != self._measure():
                    self._load()
                    self._repair()
                yield
            finally:
                self._lock.release()

    def _repair(self) -> None:
        """Cut off what a killed writer left, and make the index whole."""
        for path, whole in self._torn.items():
            os.truncate(path, whole)
        if self._index_is_behind:
            self.write_index(self.rows)
        self._sizes = self._measure()

    def write_index(self, rows: Iterable[Row]) -> None:
        """Put another index in the place of what is there, at once or not at all."""
        fresh = self.folder / f"{_INDEX}.new"
        with fresh.open("wb") as out:
            out.writelines(map(_line, rows))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.folder / _INDEX)

    def files(self) -> list[Path]:
        """The WARC files, in order."""
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def _measure(self) -> dict[str, int]:
        """Sizes of the index and the WARC files: the same as long as nobody else has written."""
        sizes = {}
        for path in (*self.folder.glob(_INDEX), *self.files()):
            with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                sizes[path.name] = path.stat().st_size
        return sizes

    def _load(self) -> None:
        """Read the folder, and again where files went away meanwhile: others hold now what they held."""
        while True:
            sizes = self._measure()
            try:
                self._read(sizes)
            except FileNotFoundError:
                if sizes.keys() <= self._measure().keys():
                    raise
            if sizes.keys() <= self._measure().keys():
                return

    def _read(self, sizes: dict[str, int]) -> None:
        """Read the index, and what it lacks from the WARC files."""
        self._rows: dict[str, Row] = {}
        self._bodies: dict[str, Capture] = {}
        self._latest: dict[tuple[str, str], Capture] = {}
        self._torn: dict[Path, int] = {}
        self.doubled: set[str] = set()
        rows, self._index_is_behind = self._read_index()
        indexed: dict[str, int] = {}
        for row in rows:
            indexed[row.capture.warc_file] = max(row.end, indexed.get(row.capture.warc_file, 0))
        if any(end > sizes.get(name, 0) for name, end in indexed.items()):
            log.warning("%s: the index tells of records that the WARC files lack; not used", self.folder)
            rows, indexed, self._index_is_behind = [], {}, True
        for row in rows:
            self._note(row)
        for path in self.files():
            self._scan(path, indexed.get(path.name, 0))
        places = sorted(
            self._rows.items(), key=lambda item: (item[1].capture.warc_file, item[1].capture.warc_offset)
        )
        self._rows = dict(places)
        # A repair needs the lock, and so waits for the next that writes.
        self._sizes = {} if self._torn or self._index_is_behind else sizes

    def _read_index(self) -> tuple[list[Row], bool]:
        """The rows up to the first that cannot be read, and whether there is such a one."""
        rows: list[Row] = []
        path = self.folder / _INDEX
        try:
            with path.open("rb") as lines:
                for line in lines:
                    rows.append(_read_row(line))
        except FileNotFoundError:
            pass
        except msgspec.DecodeError:
            log.warning("%s: line %d cannot be read; not used from there on", path, len(rows) + 1)
            return rows, True
        return rows, False

    def _scan(self, path: Path, start: int) -> None:
        """Take in the records of a WARC file from a byte on."""
        try:
            for offset, length, _, record in warc.members(path, start):
                if warc.is_ours(record):
                    header = record.rec_headers.get_header
                    confirmed = self._latest.get((header(warc.SOURCE), header("WARC-Target-URI")))
                    capture = warc.capture_of(record, path.name, offset, confirmed)
                    if self._note(Row(record.rec_type, length, capture)):
                        self._index_is_behind = True
        except warc.TornRecord as torn:
            log.warning("%s: the record at byte %d is cut off; left out", path, torn.offset)
            self._torn[path] = torn.offset

    def _note(self, row: Row) -> bool:
        """Take in a row, and say whether it told something new."""
        name = warc.record_id(row.capture.capture_id)
        known = self._rows.get(name)
        if known is not None:
            row = self._of_two(known, row)
        self._rows[name] = row
        capture = row.capture
        if row.record != "revisit":
            self._bodies.setdefault(capture.digest, capture)
        if capture.status in _GOOD:
            key = (capture.source, capture.url)
            before = self._latest.get(key)
            if before is None or before.fetched_at <= capture.fetched_at:
                self._latest[key] = capture
        return row != known

    def _of_two(self, known: Row, other: Row) -> Row:
        """Of a record that stands twice, the copy that counts: the one with the body, else the first."""
        kept, left = (other, known) if known.record == "revisit" != other.record else (known, other)
        if (kept.capture.warc_file, kept.capture.warc_offset) != (
            left.capture.warc_file,
            left.capture.warc_offset,
        ):
            self.doubled.add(left.capture.warc_file)
        # Ids of runs begin with their time: the least is the run that had it first.
        runs = [row.capture.run_id for row in (kept, left) if row.capture.run_id]
        return replace(kept, capture=replace(kept.capture, run_id=min(runs, default=None)))


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say what to do where the file system refuses."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(
            error.errno or 0, "make it readable and writable, or set `archive` to another folder"
        )
        raise ArchiveError(f"{error.filename or path}: {error.strerror or error}; {advice}") from error
