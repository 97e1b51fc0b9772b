"""Archive files merged and written anew: they take less space and hold what they held.

Space is wasted by other machines' files put beside (many small files, records and bodies that stand in
several of them) and by members that another tool packed badly. From the first file that wastes any, all
records are written anew, in order, into files with new numbers:

    look ─▶ write into compact.new ─▶ read it again, every byte ─▶ move in ─▶ index ─▶ remove the old files

A run that is killed leaves records that stand twice, which count once, and the next takes them for waste.
Files without a record of ours are left alone; others' records in files of ours are kept, byte for byte.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from warcio.recordloader import ArcWarcRecord

from extract import warc_record as warc
from extract.archive import SUFFIX, Archive, Row
from sotaduck.disk import sync
from sotaduck.errors import ArchiveError
from sotaduck.records import Capture, Space

Progress = Callable[[str, int, int], None]

_NEW = "compact.new"
_NUMBERED = re.compile(r"\d{5,}" + re.escape(SUFFIX))


def compact(archive: Archive, progress: Progress) -> Space:
    """Give back the space that an archive's files waste. Holds the archive's lock meanwhile.

    Args:
        progress: told the step, how many of its records are done, and how many there are.

    Raises:
        ArchiveError: a record is damaged, or the disk is full; the archive is as it was.
    """
    if not archive.folder.is_dir():
        return Space(0, 0, 0, 0)
    files, size = _measure(archive.folder)
    with archive.writing():
        draft = archive.folder / _NEW
        shutil.rmtree(draft, ignore_errors=True)
        if old := wasteful(archive):
            try:
                draft.mkdir()
                rows = _write(archive, old, draft, progress)
                _check(draft, rows, progress)
                _swap(archive, old, draft, rows)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            archive.catch_up()
    files_after, size_after = _measure(archive.folder)
    return Space(files, files_after, size, size_after)


def wasteful(archive: Archive) -> list[Path]:
    """The files to write anew: those from the first that wastes space on, so that the order stays."""
    rows: dict[str, list[Row]] = {}
    for row in archive.rows:
        rows.setdefault(row.capture.warc_file, []).append(row)
    files = [path for path in archive.files() if path.name in rows or path.name in archive.doubled]
    bodies: set[str] = set()
    for at, path in enumerate(files):
        held = rows.get(path.name, [])
        of_this = [row.capture.digest for row in held if _has_body(row)]
        before, bodies = len(bodies), bodies.union(of_this)
        if (
            not _NUMBERED.fullmatch(path.name)
            or path.name in archive.doubled
            or (path != files[-1] and path.stat().st_size < archive.roll_at)
            or len(bodies) < before + len(of_this)
            or not all(warc.is_well_packed(path, row.capture.warc_offset) for row in held)
        ):
            return files[at:]
    return []


def _has_body(row: Row) -> bool:
    return row.record != "revisit" and row.capture.size > 0


def _write(archive: Archive, old: Sequence[Path], draft: Path, progress: Progress) -> list[Row]:
    """The records of the old files in new ones: their rows."""
    names = {path.name for path in old}
    known = {warc.record_id(row.capture.capture_id): row for row in archive.rows}
    bodies = {
        row.capture.digest: row.capture
        for row in archive.rows
        if row.record != "revisit" and row.capture.warc_file not in names
    }
    total = sum(row.capture.warc_file in names for row in known.values())
    rows: list[Row] = []
    with _Files(draft, _last_number(archive) + 1, archive.roll_at) as files:
        for path, member in chain.from_iterable(
            ((path, item) for item in warc.members(path, 0)) for path in old
        ):
            record = member.record
            if not warc.is_ours(record):
                if not warc.is_our_info(record):
                    files.next(record)
                    warc.copy(files.out, path, member)
                continue
            if member.holds_more:
                raise ArchiveError(
                    f"{path}: the gzip member at byte {member.offset} holds several records, of which the "
                    "first alone counts; take the file out of the folder and load it: `sotaduck ingest warc`"
                )
            name = record.rec_headers.get_header("WARC-Record-ID")
            if name not in known:  # by an index that was meddled with
                capture = warc.capture_of(record, path.name, member.offset, None)
                known[name] = Row(record.rec_type, member.length, capture)
            row = known[name]
            if (row.capture.warc_file, row.capture.warc_offset) == (path.name, member.offset):
                rows.append(_take(files, path, member, row, bodies))
                progress("archive", len(rows), max(total, len(rows)))
    return rows


def _take(files: _Files, path: Path, member: warc.Member, row: Row, bodies: dict[str, Capture]) -> Row:
    """Write one record; what it holds is noted in `bodies`."""
    files.next(member.record)
    capture, offset, record = row.capture, files.out.tell(), member.record
    run_id = capture.run_id if capture.run_id != record.rec_headers.get_header(warc.RUN) else None
    origin = _origin(row, record, bodies)
    if origin:
        warc.write_without_body(files.out, record, origin, run_id)
    elif run_id or not warc.is_well_packed(path, member.offset):
        warc.repack(files.out, path, member, run_id)
    else:
        warc.copy(files.out, path, member)
    kind = "revisit" if origin else row.record
    capture = replace(
        capture, warc_file=files.name, warc_offset=offset, size=0 if kind == "revisit" else capture.size
    )
    if kind != "revisit":
        bodies.setdefault(capture.digest, capture)
    return Row(kind, files.out.tell() - offset, capture)


def _origin(row: Row, record: ArcWarcRecord, bodies: dict[str, Capture]) -> Capture | None:
    """The capture that a record has to refer to from now on; None where it may stay as it is."""
    origin = bodies.get(row.capture.digest)
    if origin is None or row.capture.is_revisit:
        return None  # what a 304 confirms is still there, be it with a body or without
    if row.record == "revisit":
        refers_to = record.rec_headers.get_header("WARC-Refers-To")
        return origin if refers_to != warc.record_id(origin.capture_id) else None
    return origin if _has_body(row) else None


class _Files:
    """New WARC files, each begun when the one before is full. A context manager."""

    def __init__(self, folder: Path, number: int, roll_at: int) -> None:
        self._folder, self._number, self._roll_at = folder, number - 1, roll_at
        self._open = ExitStack()
        self.name = ""
        self.out: BinaryIO

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def next(self, record: ArcWarcRecord) -> None:
        """Make room for a record."""
        if self.name and self.out.tell() < self._roll_at:
            return
        self._open.close()
        self._number += 1
        self.name = f"{self._number:05}{SUFFIX}"
        self.out = self._open.enter_context((self._folder / self.name).open("wb"))
        self._open.callback(_sync_file, self.out)
        warc.write_info(self.out, self.name, record.rec_headers.get_header("WARC-Date"))


def _check(draft: Path, rows: Sequence[Row], progress: Progress) -> None:
    """Read everything that was written once more.

    Raises:
        ArchiveError: it is not what was to be written.
    """
    expected = [(row.record, row.length, row.capture.capture_id, row.capture.run_id) for row in rows]
    found = []
    for path in sorted(draft.iterdir()):
        for member in warc.members(path, 0):
            if warc.is_ours(member.record):
                capture = warc.capture_of(member.record, path.name, member.offset, None)
                found.append((member.record.rec_type, member.length, capture.capture_id, capture.run_id))
    if found != expected:
        raise ArchiveError(f"{draft}: what was written is not what is read; the archive is as it was")
    for at, row in enumerate(rows, 1):
        if row.record != "revisit":
            with warc.open_body(draft / row.capture.warc_file, row.capture) as body:
                while body.read(2**20):
                    pass
        progress("archive, read again", at, len(rows))


def _swap(archive: Archive, old: Sequence[Path], draft: Path, rows: Sequence[Row]) -> None:
    """The new files in, the old ones out: at every moment, each record stands in one file at least."""
    names = {path.name for path in old}
    kept = [row for row in archive.rows if row.capture.warc_file not in names]
    for path in sorted(draft.iterdir()):
        path.replace(archive.folder / path.name)
    sync(archive.folder)
    archive.write_index((*kept, *rows))
    sync(archive.folder)
    for path in old:
        path.unlink()
    sync(archive.folder)


def _last_number(archive: Archive) -> int:
    stems = (path.name.removesuffix(SUFFIX) for path in archive.files())
    return max((int(stem) for stem in stems if stem.isdecimal()), default=0)


def _measure(folder: Path) -> tuple[int, int]:
    """How many WARC files there are, and their bytes, with what a killed run has left."""
    sizes = {path: path.stat().st_size for path in folder.rglob(f"*{SUFFIX}")}
    return sum(path.parent == folder for path in sizes), sum(sizes.values())


def _sync_file(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
