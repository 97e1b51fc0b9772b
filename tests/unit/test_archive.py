"""The archive: what goes in comes out, from the WARC files alone, whatever happened to the writer."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from extract.archive import Archive
from extract.http import Response
from sotaduck.errors import ArchiveError
from sotaduck.records import Capture

T0 = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://example.org/benchmark/1"
ROOT = Path(__file__).resolve().parents[2]


def response(
    url: str = URL,
    body: bytes = b"<html>",
    *,
    status: int = 200,
    after: int = 0,
    headers: dict[str, str] | None = None,
    final_url: str | None = None,
) -> Response:
    sent = {"Content-Type": "text/html"} if headers is None else headers
    time = T0 + timedelta(seconds=after)
    return Response(url, final_url or url, status, "Words", tuple(sent.items()), body, time)


def document(archive: Archive, body: bytes, after: int = 0, url: str = "file:dump.json") -> Capture:
    return archive.add_document(
        "pwc-dump", url, io.BytesIO(body), "application/json", T0 + timedelta(seconds=after)
    )


def fill(folder: Path) -> list[Capture]:
    """An archive with a record of every kind."""
    with Archive(folder) as archive:
        archive.add("s", response(body=b"one", headers={"ETag": '"1"', "Content-Type": "text/html"}))
        archive.add("s", response(status=304, body=b"", after=10, headers={}))
        archive.add("s", response(body=b"two", after=20, headers={"Last-Modified": "Mon"}))
        archive.add("s", response(body=b"two", after=30))
        archive.add("s", response("https://example.org/gone", b"gone", status=404, after=5))
        archive.add("s", response("https://example.org/empty", b"", after=6))
        document(archive, b'{"a": 1}' * 1000, after=7)
        document(archive, b'{"a": 1}' * 1000, after=40)
        return archive.captures()


def warc_file(folder: Path) -> Path:
    (file,) = folder.glob("*.warc.gz")
    return file


def records(folder: Path) -> list[dict[str, str]]:
    """The WARC headers of all records, by warcio's own reader."""
    found = []
    for file in sorted(folder.glob("*.warc.gz")):
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream):
                found.append(dict(record.rec_headers.headers))
    return found


# What goes in comes out


def test_a_page_is_kept_as_sent(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive") as archive:
        sent = {"Content-Type": "text/html", "ETag": '"v1"', "Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"}
        capture = archive.add("paperswithcode2", response(body=b"\xff\x00<html>", headers=sent))
        assert archive.body(capture) == b"\xff\x00<html>"
        assert archive.captures() == [capture]
        assert archive.latest("paperswithcode2", URL) == capture
    assert (capture.source, capture.url, capture.fetched_at, capture.status) == (
        "paperswithcode2",
        URL,
        T0,
        200,
    )
    assert capture.digest == "sha256:" + hashlib.sha256(b"\xff\x00<html>").hexdigest()
    assert (capture.etag, capture.last_modified) == ('"v1"', "Mon, 23 Nov 2026 10:00:00 GMT")
    assert (capture.media_type, capture.size) == ("text/html", 8)
    assert len(capture.capture_id) == 16 and int(capture.capture_id, 16) >= 0


def test_a_capture_stands_at_its_offset_as_a_gzip_member_of_its_own(tmp_path: Path) -> None:
    fill(tmp_path)
    for capture in Archive(tmp_path).captures():
        with (tmp_path / capture.warc_file).open("rb") as file:
            file.seek(capture.warc_offset)
            record = next(ArchiveIterator(file))
        assert record.rec_headers.get_header("WARC-Target-URI") == capture.url
        assert record.rec_headers.get_header("WARC-Payload-Digest") == capture.digest
        assert record.rec_headers.get_header("Sotaduck-Source") == capture.source


def test_another_reader_finds_the_files_in_order(tmp_path: Path) -> None:
    fill(tmp_path)
    checker = Checker(type("Options", (), {"inputs": [str(warc_file(tmp_path))], "verbose": False})())
    checker.process_all()
    assert checker.exit_value == 0
    found = records(tmp_path)
    assert [record["WARC-Type"] for record in found] == [
        *("warcinfo", "response", "revisit", "response", "revisit"),
        *("response", "response", "resource", "revisit"),
    ]
    profiles = [record["WARC-Profile"].rpartition("/")[2] for record in found if "WARC-Profile" in record]
    assert profiles == ["server-not-modified", "identical-payload-digest", "identical-payload-digest"]


def test_captures_come_in_order_of_time_then_of_writing(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        for path, after in (("/late", 9), ("/b", 1), ("/a", 1), ("/early", 0)):
            archive.add("s", response(f"https://example.org{path}", path.encode(), after=after))
        expected = ["/early", "/b", "/a", "/late"]
        assert [capture.url.removeprefix("https://example.org") for capture in archive.captures()] == expected
    assert [archive.body(capture).decode() for capture in Archive(tmp_path).captures()] == expected


def test_a_304_is_a_revisit_of_the_page_that_it_confirms(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        page = archive.add("s", response(body=b"page", headers={"ETag": '"1"', "Content-Type": "text/html"}))
        seen = archive.add("s", response(status=304, body=b"", after=60, headers={"Date": "Mon"}))
        assert seen.is_revisit and (seen.status, seen.size, seen.digest) == (304, 0, page.digest)
        assert archive.body(seen) == b"page"
        # A 304 need not repeat the validators; the next request needs them.
        assert (seen.etag, seen.media_type) == ('"1"', "text/html")
        assert archive.latest("s", URL) == seen
    assert records(tmp_path)[-1]["WARC-Refers-To-Date"] == "2026-11-23T12:00:00Z"


def test_a_304_of_an_unknown_page_is_an_error(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive, pytest.raises(ArchiveError, match=URL):
        archive.add("s", response(status=304, body=b""))
    assert list(tmp_path.glob("*.warc.gz")) == []


def test_an_unchanged_body_is_stored_once(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        body = os.urandom(100_000)
        captures = [archive.add("s", response(body=body, after=after)) for after in range(5)]
        assert [capture.status for capture in captures] == [200] * 5
        assert [capture.size for capture in captures] == [100_000, 0, 0, 0, 0]
        assert all(archive.body(capture) == body for capture in captures)
    assert warc_file(tmp_path).stat().st_size < 105_000


def test_a_changed_page_and_then_the_old_one_again(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        captures = [
            archive.add("s", response(body=body, after=at)) for at, body in enumerate([b"a", b"b", b"a"])
        ]
        assert [archive.body(capture) for capture in captures] == [b"a", b"b", b"a"]
        assert archive.latest("s", URL) == captures[2]


def test_an_error_page_is_kept_and_never_the_latest_good_one(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        good = archive.add("s", response(body=b"good"))
        gone = archive.add("s", response(body=b"gone", status=410, after=5))
        assert archive.body(gone) == b"gone" and gone.status == 410
        assert archive.latest("s", URL) == good
        assert archive.latest("other", URL) is None


def test_a_late_import_of_an_old_page_is_not_the_latest(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        new = archive.add("s", response(body=b"new", after=100))
        archive.add("s", response(body=b"old"))
        assert archive.latest("s", URL) == new
    assert Archive(tmp_path).latest("s", URL) == new


def test_the_same_response_is_not_written_twice(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        first = archive.add("s", response())
        size = warc_file(tmp_path).stat().st_size
        assert archive.add("s", response()) == first
        assert document(archive, b"x") == document(archive, b"x")
        assert len(archive.captures()) == 2
        assert archive.add("t", response()).capture_id != first.capture_id
    assert size < warc_file(tmp_path).stat().st_size


def test_headers_of_all_kinds_survive(tmp_path: Path) -> None:
    sent = {
        "ETag": '"naïve"',
        "Content-Type": "text/html;\r\n charset=utf-8",
        "Content-Encoding": "gzip",
        "Content-Length": "12",
        "X-Empty": "",
    }
    with Archive(tmp_path) as archive:
        capture = archive.add("s", response(body=b"decoded " * 20, headers=sent, final_url=URL + "?b=1"))
    (tmp_path / "index.jsonl").unlink()
    again = Archive(tmp_path)
    assert again.captures() == [capture] and again.body(capture) == b"decoded " * 20
    assert capture.media_type == "text/html; charset=utf-8"
    # Another reader must not try to inflate what is kept decoded.
    with warc_file(tmp_path).open("rb") as stream:
        bodies = [found.content_stream().read() for found in ArchiveIterator(stream)]
    assert bodies[-1] == b"decoded " * 20
    assert records(tmp_path)[-1]["Sotaduck-Final-URL"] == URL + "?b=1"


def test_an_address_with_blanks_or_line_breaks_is_made_fit(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        capture = document(archive, b"x", url="file:my dump/ä\r\nX: 1")
        assert capture.url == "file:my%20dump/ä%0D%0AX:%201"
        assert archive.latest("pwc-dump", "file:my dump/ä\r\nX: 1") == capture
    (tmp_path / "index.jsonl").unlink()
    assert Archive(tmp_path).captures() == [capture]


def test_a_time_without_zone_is_refused(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive, pytest.raises(ValueError, match="time zone"):
        archive.add_document("s", "file:x", io.BytesIO(b""), "", datetime(2026, 1, 1))


# Files


class Zeros(io.RawIOBase):
    """So many zeros, made as they are read; the most that was asked for at once is remembered."""

    def __init__(self, size: int) -> None:
        self.left, self.most = size, 0

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            raise AssertionError("everything at once")
        self.most = max(self.most, size)
        piece = bytes(min(size, self.left))
        self.left -= len(piece)
        return piece


def test_a_large_file_is_streamed_in_and_out(tmp_path: Path) -> None:
    size = 40 * 2**20
    zeros = Zeros(size)
    with Archive(tmp_path) as archive:
        capture = archive.add_document("pwc-dump", "file:big", cast(BinaryIO, zeros), "", T0)
        assert (capture.size, capture.media_type) == (size, "application/octet-stream")
        assert zeros.most <= 2**20
        with archive.open(capture) as stream:
            read = sum(len(piece) for piece in iter(lambda: stream.read(100_000), b""))
        assert read == size
    assert [path.name for path in tmp_path.iterdir() if path.suffix not in (".gz", ".jsonl", ".lock")] == []


def test_a_file_that_cannot_be_read_to_its_end_leaves_no_trace(tmp_path: Path) -> None:
    torn = gzip.compress(os.urandom(10_000))[:5_000]
    with Archive(tmp_path) as archive:
        archive.add("s", response())
        before = warc_file(tmp_path).read_bytes()
        with gzip.open(io.BytesIO(torn)) as stream, pytest.raises(EOFError):
            archive.add_document("d", "file:x", cast(BinaryIO, stream), "", T0)
        assert warc_file(tmp_path).read_bytes() == before
        assert len(archive.captures()) == 1


def test_a_body_can_be_read_by_lines_and_in_pieces(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        capture = document(archive, b"one\ntwo\nthree")
        with archive.open(capture) as stream:
            assert stream.read(2) == b"on"
            assert [*stream] == [b"e\n", b"two\n", b"three"]
            assert stream.read() == b""
        with io.TextIOWrapper(archive.open(capture)) as text:
            assert json.dumps(text.read()) == '"one\\ntwo\\nthree"'


# The index


def test_the_index_made_anew_equals_the_first(tmp_path: Path) -> None:
    captures = fill(tmp_path)
    index = tmp_path / "index.jsonl"
    first = index.read_bytes()
    assert first.count(b"\n") == len(captures) == 8
    index.unlink()
    assert Archive(tmp_path).captures() == captures
    assert not index.exists(), "reading writes nothing"
    with Archive(tmp_path) as archive:
        archive.add("s", response("https://example.org/new", b"new", after=99))
    assert index.read_bytes().startswith(first)
    assert index.read_bytes().count(b"\n") == 9


@pytest.mark.parametrize("kept", range(9))
def test_an_index_that_lags_behind_is_completed(tmp_path: Path, kept: int) -> None:
    captures = fill(tmp_path)
    index = tmp_path / "index.jsonl"
    lines = index.read_bytes().splitlines(keepends=True)
    half = lines[kept][:40] if kept < len(lines) else b""
    index.write_bytes(b"".join(lines[:kept]) + half)
    assert Archive(tmp_path).captures() == captures
    with Archive(tmp_path) as archive:
        archive.add("s", response(body=b"three", after=50))
    assert index.read_bytes().splitlines(keepends=True)[:8] == lines
    assert len(Archive(tmp_path).captures()) == 9


def test_an_index_of_other_files_is_not_believed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path / "long")
    with Archive(tmp_path / "short") as archive:
        only = archive.add("s", response(body=b"only"))
    shutil.copy(tmp_path / "long" / "index.jsonl", tmp_path / "short" / "index.jsonl")
    with caplog.at_level(logging.WARNING):
        assert Archive(tmp_path / "short").captures() == [only]
    assert "index" in caplog.text


def test_files_of_another_archive_may_be_put_beside(tmp_path: Path) -> None:
    captures = fill(tmp_path / "a")
    with Archive(tmp_path / "b") as archive:
        other = archive.add("t", response(body=b"other", after=1000))
    shutil.copy(warc_file(tmp_path / "b"), tmp_path / "a" / "from-b.warc.gz")
    archive = Archive(tmp_path / "a")
    assert [capture.capture_id for capture in archive.captures()] == [
        capture.capture_id for capture in [*captures, other]
    ]
    with archive:
        assert archive.body(archive.captures()[-1]) == b"other"
        assert archive.add("s", response(body=b"new", after=2000)).warc_file == "00001.warc.gz"


def test_records_of_others_are_passed_over(tmp_path: Path) -> None:
    captures = fill(tmp_path)
    headers = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x/\r\nContent-Length: 3\r\n\r\n"
    with warc_file(tmp_path).open("ab") as file:
        file.write(gzip.compress(headers + b"abc\r\n\r\n"))
    assert Archive(tmp_path).captures() == captures


def test_a_new_file_is_begun_when_one_is_full(tmp_path: Path) -> None:
    with Archive(tmp_path, roll_at=2000) as archive:
        captures = [
            archive.add("s", response(f"https://example.org/{at}", os.urandom(900), after=at))
            for at in range(6)
        ]
        names = [capture.warc_file for capture in captures]
    assert names == sorted(names) and names[0] == "00001.warc.gz" and len(set(names)) > 2
    assert [record["WARC-Type"] for record in records(tmp_path)].count("warcinfo") == len(set(names))
    (tmp_path / "index.jsonl").unlink()
    assert Archive(tmp_path).captures() == captures


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name)
    for name in ("00001.warc.gz", "index.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


# Who put it there


def test_a_record_names_the_run_that_wrote_it(tmp_path: Path) -> None:
    with Archive(tmp_path, run_id="20260101T000000Z-aaaa") as archive:
        page = archive.add("s", response())
        file = document(archive, b"x")
        other = archive.add("s", response(body=b"other", after=1), "20250101T000000Z-bbbb")
        again = archive.add("s", response(body=b"other", after=2))
        confirmed = archive.add("s", response(status=304, body=b"", after=3))
    of_this, of_that = "20260101T000000Z-aaaa", "20250101T000000Z-bbbb"
    captures = [page, file, other, again, confirmed]
    assert [capture.run_id for capture in captures] == [of_this, of_this, of_that, of_this, of_this]
    assert [record.get("Sotaduck-Run") for record in records(tmp_path)] == [
        *(None, of_this, of_this, of_that, of_this, of_this),
    ]
    assert {capture.capture_id: capture for capture in Archive(tmp_path).captures()} == {
        capture.capture_id: capture for capture in captures
    }
    (tmp_path / "index.jsonl").unlink()
    assert {capture.capture_id: capture for capture in Archive(tmp_path).captures()} == {
        capture.capture_id: capture for capture in captures
    }


def test_a_run_does_not_change_which_capture_it_is(tmp_path: Path) -> None:
    ids = set()
    for run in (None, "20260101T000000Z-aaaa", "20260101T000000Z-bbbb"):
        with Archive(tmp_path / str(run), run_id=run) as archive:
            ids.add(archive.add("s", response()).capture_id)
    assert len(ids) == 1


def test_what_an_earlier_release_wrote_names_no_run(tmp_path: Path) -> None:
    """Its records lack the header, its index rows the field."""
    with Archive(tmp_path) as archive:
        archive.add("s", response())
    assert "Sotaduck-Run" not in records(tmp_path)[-1]
    index = tmp_path / "index.jsonl"
    row = json.loads(index.read_bytes())
    del row["capture"]["run_id"]
    index.write_text(json.dumps(row) + "\n")
    assert [capture.run_id for capture in Archive(tmp_path).captures()] == [None]
    index.unlink()
    assert [capture.run_id for capture in Archive(tmp_path).captures()] == [None]


# A record that stands in several files


def test_a_record_in_two_files_counts_once_for_the_run_that_had_it_first(tmp_path: Path) -> None:
    early, late = "20260101T000000Z-ffff", "20260102T000000Z-0000"
    for name, run in (("a", late), ("b", None), ("c", early)):
        with Archive(tmp_path / name, run_id=run) as archive:
            archive.add("s", response())
            archive.add("s", response(body=name.encode(), after=ord(name)))
    for name in "bc":
        shutil.copy(warc_file(tmp_path / name), tmp_path / "a" / f"from-{name}.warc.gz")
    archive = Archive(tmp_path / "a")
    assert [archive.body(capture) for capture in archive.captures()] == [b"<html>", b"a", b"b", b"c"]
    assert [capture.run_id for capture in archive.captures()] == [early, late, None, early]
    assert archive.captures()[0].warc_file == "00001.warc.gz"
    with archive:
        archive.add("s", response(body=b"more", after=200))
        expected = archive.captures()
    assert Archive(tmp_path / "a").captures() == expected


def test_of_a_record_that_stands_as_a_page_and_as_a_revisit_the_page_counts(tmp_path: Path) -> None:
    with Archive(tmp_path / "a") as archive:
        archive.add("s", response("https://example.org/other", b"same"))
        assert archive.add("s", response(body=b"same", after=5)).size == 0
    with Archive(tmp_path / "b") as archive:
        archive.add("s", response(body=b"same", after=5))
    shutil.copy(warc_file(tmp_path / "b"), tmp_path / "a" / "from-b.warc.gz")
    archive = Archive(tmp_path / "a")
    assert [(capture.url[-5:], capture.size, capture.warc_file) for capture in archive.captures()] == [
        ("other", 4, "00001.warc.gz"),
        ("ark/1", 4, "from-b.warc.gz"),
    ]


# Interruption


def test_a_record_cut_off_anywhere_is_left_out_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Archive(tmp_path / "whole") as archive:
        first = archive.add("s", response(body=b"first"))
        last = archive.add("s", response("https://example.org/2", b"last", after=1))
    whole = (tmp_path / "whole" / "00001.warc.gz").read_bytes()
    first_row = (tmp_path / "whole" / "index.jsonl").read_bytes().splitlines(keepends=True)[0]
    for cut in range(last.warc_offset, len(whole), 7):
        folder = tmp_path / f"cut-{cut}"
        folder.mkdir()
        (folder / "00001.warc.gz").write_bytes(whole[:cut])
        (folder / "index.jsonl").write_bytes(first_row)
        caplog.clear()
        reader = Archive(folder)
        assert reader.captures() == [first] and reader.body(first) == b"first"
        assert (f"byte {last.warc_offset} is cut off" in caplog.text) == (cut > last.warc_offset)
        assert (folder / "00001.warc.gz").read_bytes() == whole[:cut], "reading writes nothing"
        with Archive(folder) as writer:
            assert writer.add("s", response("https://example.org/2", b"last", after=1)) == last
        assert (folder / "00001.warc.gz").read_bytes() == whole
        assert Archive(folder).captures() == [first, last]


def test_a_first_file_cut_off_in_its_first_record(tmp_path: Path) -> None:
    fill(tmp_path)
    whole = warc_file(tmp_path).read_bytes()
    (tmp_path / "index.jsonl").unlink()
    for cut in (0, 1, 5, 100):
        warc_file(tmp_path).write_bytes(whole[:cut])
        assert Archive(tmp_path).captures() == []
    with Archive(tmp_path) as archive:
        capture = archive.add("s", response())
    assert Archive(tmp_path).body(capture) == b"<html>"
    assert [record["WARC-Type"] for record in records(tmp_path)] == ["warcinfo", "response"]


WRITER = textwrap.dedent(
    """
    import io, os, sys
    from datetime import UTC, datetime, timedelta
    from pathlib import Path
    from extract.archive import Archive
    from extract.http import Response

    folder, name, count, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with Archive(folder) as archive:
        for at in range(count):
            url = f"https://example.org/{name}/{at}"
            time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
            archive.add(name, Response(url, url, 200, "OK", (), url.encode() + os.urandom(size), time))
            print(url, flush=True)
    """
)


def start_writer(folder: Path, name: str, count: int, size: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count), str(size)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for turn in range(5):
        with start_writer(tmp_path, f"turn{turn}", 10_000, 300_000) as writer:
            assert writer.stdout is not None
            acknowledged |= {writer.stdout.readline().strip() for _ in range(3 + turn)}
            # The writer has gone on meanwhile: it is hit wherever it is.
            writer.send_signal(signal.SIGKILL)
            acknowledged |= {line.strip() for line in writer.stdout if line.endswith("\n")}
        archive = Archive(tmp_path)
        captures = {capture.url: capture for capture in archive.captures()}
        assert acknowledged <= captures.keys()
        assert len(captures) <= len(acknowledged) + turn + 1
        for url, capture in captures.items():
            assert archive.body(capture).startswith(url.encode())
    assert len(acknowledged) >= 3 + 4 + 5 + 6 + 7
    with Archive(tmp_path) as archive:
        archive.add("s", response())
        expected = archive.captures()
    (tmp_path / "index.jsonl").unlink()
    assert Archive(tmp_path).captures() == expected


def test_two_processes_write_by_turns(tmp_path: Path) -> None:
    with start_writer(tmp_path, "a", 60, 2000) as a, start_writer(tmp_path, "b", 60, 2000) as b:
        a.communicate()
        b.communicate()
    assert (a.returncode, b.returncode) == (0, 0)
    archive = Archive(tmp_path)
    captures = archive.captures()
    assert sorted(capture.url for capture in captures) == sorted(
        f"https://example.org/{name}/{at}" for name in "ab" for at in range(60)
    )
    assert all(archive.body(capture).startswith(capture.url.encode()) for capture in captures)
    (tmp_path / "index.jsonl").unlink()
    assert Archive(tmp_path).captures() == captures


def test_an_open_archive_takes_in_what_another_has_written(tmp_path: Path) -> None:
    with Archive(tmp_path) as one, Archive(tmp_path) as two:
        page = one.add("s", response(body=b"page"))
        seen = two.add("s", response(body=b"page", after=1))
        assert seen.size == 0 and two.captures() == [page, seen]
        assert one.add("s", response(status=304, body=b"", after=2)).digest == page.digest
        assert len(one.captures()) == 3


def test_a_writer_waits_for_the_lock_and_says_so_when_it_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.archive.LOCK_TIMEOUT", 0.2)
    began, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with Archive(tmp_path) as slow, slow.writing():
            began.set()
            go_on.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    began.wait(10)
    try:
        with Archive(tmp_path) as archive, pytest.raises(ArchiveError, match="another process"):
            archive.add("s", response())
    finally:
        go_on.set()
        thread.join()


# What cannot be used


def test_an_archive_that_is_not_there_is_empty_and_is_not_made(tmp_path: Path) -> None:
    with Archive(tmp_path / "none") as archive:
        assert archive.captures() == [] and archive.latest("s", URL) is None
    assert not (tmp_path / "none").exists()


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArchiveError, match=r"file: .*must name a folder"):
        Archive(tmp_path / "file")
    with pytest.raises(ArchiveError, match="must name a folder"):
        Archive(tmp_path / "file" / "below")


def test_a_read_only_archive_is_read_without_a_trace(tmp_path: Path) -> None:
    captures = fill(tmp_path)
    (tmp_path / "archive.lock").unlink(missing_ok=True)
    names = sorted(path.name for path in tmp_path.iterdir())
    for path in tmp_path.iterdir():
        path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with Archive(tmp_path) as archive:
            assert archive.captures() == captures
            assert all(archive.body(capture) is not None for capture in captures)
        assert sorted(path.name for path in tmp_path.iterdir()) == names
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    "content",
    [b"<html>not WARC</html>", gzip.compress(b"not WARC either"), b"\x1f\x8b\x08garbage" * 9],
    ids=["text", "gzip of text", "broken gzip"],
)
def test_a_file_that_is_no_warc_is_named(tmp_path: Path, content: bytes) -> None:
    fill(tmp_path)
    (tmp_path / "x.warc.gz").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"x\.warc\.gz: no WARC record at byte 0; .*out of the folder"):
        Archive(tmp_path)


def test_a_damaged_record_is_noticed_on_reading(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        capture = archive.add("s", response(body=os.urandom(5000)))
        other = archive.add("s", response("https://example.org/2", b"fine"))
    content = bytearray(warc_file(tmp_path).read_bytes())
    content[capture.warc_offset + 2000] ^= 0xFF
    warc_file(tmp_path).write_bytes(content)
    archive = Archive(tmp_path)
    with pytest.raises(ArchiveError, match=f"byte {capture.warc_offset} is damaged"):
        archive.body(capture)
    assert archive.body(other) == b"fine"


def test_a_body_that_is_not_the_indexed_one_is_noticed(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add("s", response(body=b"mine"))
        capture = archive.add("s", response("https://example.org/2", b"yours"))
    index = tmp_path / "index.jsonl"
    index.write_bytes(index.read_bytes().replace(hashlib.sha256(b"mine").hexdigest().encode(), b"0" * 64))
    archive = Archive(tmp_path)
    with pytest.raises(ArchiveError, match="damaged"):
        archive.body(archive.captures()[0])
    assert archive.body(capture) == b"yours"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    fill(tmp_path)
    archive = Archive(tmp_path)
    capture = archive.captures()[0]
    warc_file(tmp_path).unlink()
    with pytest.raises(ArchiveError, match=r"00001\.warc\.gz: No such file"):
        archive.body(capture)
    with pytest.raises(ArchiveError, match="holds no body"):
        Archive(tmp_path / "other").open(capture)


LIMITED = textwrap.dedent(
    """
    import resource, signal, sys
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    exec(sys.argv.pop(1))
    """
)


def test_a_disk_that_fills_up_keeps_what_was_captured_before(tmp_path: Path) -> None:
    # The system's own limit on file sizes fails a write halfway, as a full disk does.
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, WRITER, str(tmp_path), "s", "10", "30000"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1 and "ArchiveError" in done.stderr
    assert "File too large; raise the limit" in done.stderr.splitlines()[-1]
    stored = done.stdout.split()
    assert 0 < len(stored) < 10
    archive = Archive(tmp_path)
    assert [capture.url for capture in archive.captures()] == stored
    last = archive.captures()[-1]
    assert archive.body(last).startswith(last.url.encode())
    with archive:
        archive.add("s", response())
    assert len(Archive(tmp_path).captures()) == len(stored) + 1


def refuse(code: int) -> Callable[..., None]:
    def write(*args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    return write


@pytest.mark.parametrize(
    ("code", "advice"),
    [(errno.ENOSPC, "free some space"), (errno.EACCES, "writable"), (errno.EROFS, "writable")],
)
def test_what_the_file_system_refuses_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, advice: str
) -> None:
    with Archive(tmp_path) as archive:
        kept = archive.add("s", response())
        before = warc_file(tmp_path).read_bytes()
        with monkeypatch.context() as patch, pytest.raises(ArchiveError, match=advice) as caught:
            patch.setattr("extract.warc_record.WARCWriter.write_record", refuse(code))
            archive.add("s", response(body=b"new"))
        assert str(tmp_path) in str(caught.value)
        assert warc_file(tmp_path).read_bytes() == before and archive.captures() == [kept]
        assert archive.body(archive.add("s", response(body=b"new"))) == b"new"
