"""Pages out of WARC files of any origin."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from extract.archive import Archive
from extract.http import Response
from extract.sources import SOURCES
from extract.warcs import WarcReport, canonical_url, capture_warcs, source_of
from sotaduck.errors import ConfigError

PAGE = "https://paperswithcode.com/sota/image-classification-on-imagenet"
HTML = b"<html><p>" + b"page " * 200


class Warc:
    """Writes records as crawlers do."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()
        self.writer = WARCWriter(self.buffer, gzip=False)
        self.members: list[bytes] = []

    def add(
        self,
        url: str = PAGE,
        body: bytes = HTML,
        date: str = "2024-04-01T00:00:00Z",
        *,
        kind: str = "response",
        status: str = "200 OK",
        http: dict[str, str] | None = None,
        **warc: str,
    ) -> Warc:
        headers = {"Content-Type": "text/html; charset=utf-8"} if http is None else http
        sent = StatusAndHeaders(status, list(headers.items()), protocol="HTTP/1.1")
        named = {"WARC-Date": date, **{name.replace("_", "-"): value for name, value in warc.items()}}
        record: Any = self.writer.create_warc_record(
            url,
            kind,
            payload=io.BytesIO(body),
            length=len(body),
            warc_content_type="text/html" if kind == "resource" else "",
            warc_headers_dict=named,
            http_headers=None if kind == "resource" else sent,
        )
        start = self.buffer.tell()
        self.writer.write_record(record)
        self.members.append(self.buffer.getvalue()[start:])
        return self

    @property
    def plain(self) -> bytes:
        return b"".join(self.members)

    @property
    def gzipped(self) -> bytes:
        return b"".join(map(gzip.compress, self.members))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive") as opened:
        yield opened


def ingest(archive: Archive, tmp_path: Path, content: bytes, name: str = "x.warc.gz") -> WarcReport:
    path = tmp_path / name
    path.write_bytes(content)
    return capture_warcs(path, archive)


def taken(report: WarcReport, archive: Archive) -> list[tuple[str, str, str, bytes]]:
    return [
        (item.capture.source, item.url, f"{item.capture.fetched_at:%Y-%m-%d}", archive.body(item.capture))
        for item in report.captured
        if item.capture
    ]


def failures(report: WarcReport) -> list[tuple[str, str]]:
    return [(item.failure.url, item.failure.reason) for item in report.captured if item.failure]


def test_pages_that_a_source_knows_are_taken_and_the_rest_is_counted(
    archive: Archive, tmp_path: Path
) -> None:
    warc = (
        Warc()
        .add(kind="request")
        .add()
        .add("https://example.org/sota/x")
        .add("https://paperswithcode.com/about")
        .add("https://paperswithcode.com/api/v1/sota/x")
        .add(PAGE + "2", status="301 Moved Permanently")
        .add(PAGE + "3", status="404 Not Found")
        .add(PAGE + "4", http={"Content-Type": "image/png"})
        .add("dns:paperswithcode.com")
        .add("https://paperswithcode2.com/benchmark/7?tab=1", date="2026-02-03T04:05:06.789Z")
    )
    report = ingest(archive, tmp_path, warc.gzipped)
    assert taken(report, archive) == [
        ("pwc-html", PAGE, "2024-04-01", HTML),
        ("paperswithcode2", "https://paperswithcode2.com/benchmark/7", "2026-02-03", HTML),
    ]
    assert failures(report) == []
    assert report.left_out == {
        "other_record_type": 1,
        "other_site": 2,
        "other_page": 2,
        "status_301": 1,
        "status_404": 1,
        "not_html": 1,
    }


@pytest.mark.parametrize("layout", ["plain", "a gzip member a record", "gzip as one", "zstd"])
def test_every_layout_of_the_file_is_read(archive: Archive, tmp_path: Path, layout: str) -> None:
    warc = Warc().add().add(PAGE + "2").add(PAGE + "3")
    content = {
        "plain": warc.plain,
        "a gzip member a record": warc.gzipped,
        "gzip as one": gzip.compress(warc.plain, mtime=0),
        "zstd": zstandard.compress(warc.plain),
    }[layout]
    report = ingest(archive, tmp_path, content, "odd name")
    assert [row[1] for row in taken(report, archive)] == [PAGE, PAGE + "2", PAGE + "3"]
    assert failures(report) == []


def chunked(body: bytes) -> bytes:
    pieces = [body[start : start + 700] for start in range(0, len(body), 700)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Encoding": "gzip"}, gzip.compress(HTML, mtime=0)),
        ({"Transfer-Encoding": "chunked"}, chunked(HTML)),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, chunked(gzip.compress(HTML, mtime=0))),
        ({"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}, HTML),
        ({"X-Crawler-Content-Encoding": "gzip", "X-Crawler-Transfer-Encoding": "chunked"}, HTML),
    ],
    ids=["gzip", "chunked", "both", "decoded, headers kept", "decoded, as Common Crawl writes"],
)
def test_bodies_are_decoded_however_the_crawler_kept_them(
    archive: Archive, tmp_path: Path, headers: dict[str, str], body: bytes
) -> None:
    warc = Warc().add(body=body, http={"Content-Type": "text/html", **headers})
    report = ingest(archive, tmp_path, warc.gzipped)
    assert taken(report, archive) == [("pwc-html", PAGE, "2024-04-01", HTML)]


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"Content-Encoding": "gzip"}, gzip.compress(HTML, mtime=0)[:-10], "truncated_body"),
        ({"Transfer-Encoding": "chunked"}, chunked(HTML)[:-100], "truncated_body"),
        ({"Content-Encoding": "br"}, b"\x0b\x02\x80", "bad_encoding"),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(65 * 2**20)), "body_too_large"),
    ],
)
def test_a_body_that_is_not_whole_is_a_failure_of_its_page_alone(
    archive: Archive, tmp_path: Path, headers: dict[str, str], body: bytes, reason: str
) -> None:
    warc = Warc().add(body=body, http={"Content-Type": "text/html", **headers}).add(PAGE + "2")
    report = ingest(archive, tmp_path, warc.gzipped)
    assert failures(report) == [(PAGE, reason)]
    assert [row[1] for row in taken(report, archive)] == [PAGE + "2"]


def test_a_page_that_the_crawler_cut_off_is_not_taken_for_whole(archive: Archive, tmp_path: Path) -> None:
    warc = Warc().add(WARC_Truncated="length").add(PAGE + "2")
    report = ingest(archive, tmp_path, warc.gzipped)
    assert failures(report) == [(PAGE, "truncated_record")]
    assert [row[1] for row in taken(report, archive)] == [PAGE + "2"]


def test_a_record_without_http_is_a_failure_of_its_page_alone(archive: Archive, tmp_path: Path) -> None:
    warc = Warc().add().add(PAGE + "2")
    broken = warc.members[0].replace(b"HTTP/1.1 200", b"XTTP/1.1 200")
    report = ingest(archive, tmp_path, broken + warc.members[1])
    assert failures(report) == [(PAGE, "bad_http")]
    assert [row[1] for row in taken(report, archive)] == [PAGE + "2"]


def test_captures_of_one_page_become_its_history_under_one_address(archive: Archive, tmp_path: Path) -> None:
    first = Warc().add(body=b"<p>old", date="2020-01-01T00:00:00Z")
    second = Warc().add(
        "http://www.paperswithcode.com:80/sota/image-classification-on-imagenet/?p=a#b",
        b"<p>new",
        "2023-01-01T00:00:00Z",
    )
    (tmp_path / "warcs" / "deep").mkdir(parents=True)
    (tmp_path / "warcs" / "b.warc").write_bytes(first.plain)
    (tmp_path / "warcs" / "deep" / "a.warc.gz").write_bytes(second.gzipped)
    report = capture_warcs(tmp_path / "warcs", archive)
    assert taken(report, archive) == [
        ("pwc-html", PAGE, "2020-01-01", b"<p>old"),
        ("pwc-html", PAGE, "2023-01-01", b"<p>new"),
    ]


def test_revisits_confirm_the_earlier_body_of_the_same_file(archive: Archive, tmp_path: Path) -> None:
    digest = "sha1:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH"
    warc = (
        Warc()
        .add(WARC_Payload_Digest=digest, WARC_Record_ID="<urn:uuid:1>")
        .add(kind="revisit", body=b"", date="2024-05-01T00:00:00Z", WARC_Payload_Digest=digest)
        .add(kind="revisit", body=b"", date="2024-06-01T00:00:00Z", WARC_Refers_To="<urn:uuid:1>")
        .add(
            kind="revisit", body=b"", date="2024-07-01T00:00:00Z", status="304 Not Modified",
            WARC_Refers_To_Date="2024-04-01T00:00:00Z", WARC_Refers_To_Target_URI=PAGE,
        )
        .add(kind="revisit", body=b"", date="2024-08-01T00:00:00Z", WARC_Payload_Digest="sha1:OTHER")
    )  # fmt: skip
    report = ingest(archive, tmp_path, warc.gzipped)
    months = ["2024-04-01", "2024-05-01", "2024-06-01", "2024-07-01"]
    assert taken(report, archive) == [("pwc-html", PAGE, month, HTML) for month in months]
    assert report.left_out == {"revisit_of_another_file": 1}


def test_pages_from_the_wayback_machine_are_dated_and_named_by_what_they_replay(
    archive: Archive, tmp_path: Path
) -> None:
    original = "http://paperswithcode.com/sota/x-on-y"
    warc = (
        Warc()
        .add(f"https://web.archive.org/web/20230102030405id_/{original}")
        .add(f"https://web.archive.org/web/20230102030405/{original}")
        .add("https://web.archive.org/web/20230102030405/https://example.org/")
    )
    report = ingest(archive, tmp_path, warc.gzipped)
    assert taken(report, archive) == [
        ("pwc-html", "https://paperswithcode.com/sota/x-on-y", "2023-01-02", HTML)
    ]
    assert report.left_out == {"rewritten_page": 1, "other_site": 1}


def test_a_page_kept_as_a_resource_is_taken(archive: Archive, tmp_path: Path) -> None:
    report = ingest(archive, tmp_path, Warc().add(kind="resource").gzipped)
    assert taken(report, archive) == [("pwc-html", PAGE, "2024-04-01", HTML)]


def test_an_archive_of_our_own_is_taken_over_whole(archive: Archive, tmp_path: Path) -> None:
    page = "https://paperswithcode2.com/benchmark/7"
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    html = (("Content-Type", "text/html"), ("ETag", '"1"'))
    with Archive(tmp_path / "other") as other:
        other.add("paperswithcode2", Response(page, page, 200, "OK", html, HTML, times[0]))
        other.add("paperswithcode2", Response(page, page, 304, "Not Modified", (), b"", times[1]))
        other.add("paperswithcode2", Response(page, page, 200, "OK", html, HTML, times[2]))
        other.add("paperswithcode2", Response(page, page, 500, "Error", html, b"", times[3]))
        other.add_document("pwc-html", "file:d/a.html", io.BytesIO(b"<p>file"), "text/html", times[0])
        other.add_document("pwc-html", "file:d/a.html", io.BytesIO(b"<p>file"), "text/html", times[1])
        other.add("of-tomorrow", Response(page, page, 200, "OK", html, HTML, times[0]))
    report = capture_warcs(tmp_path / "other", archive)
    assert taken(report, archive) == [
        ("paperswithcode2", page, "2026-01-01", HTML),
        ("paperswithcode2", page, "2026-01-02", HTML),
        ("paperswithcode2", page, "2026-01-03", HTML),
        ("pwc-html", "file:d/a.html", "2026-01-01", b"<p>file"),
        ("pwc-html", "file:d/a.html", "2026-01-02", b"<p>file"),
    ]
    assert failures(report) == []
    assert {item.capture.media_type for item in report.captured if item.capture} == {"text/html"}
    assert report.left_out == {"other_record_type": 1, "status_500": 1, "unknown_source": 1}


def test_an_archive_of_our_own_keeps_its_runs(tmp_path: Path) -> None:
    page = "https://paperswithcode2.com/benchmark/7"
    html = (("Content-Type", "text/html"),)
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    with Archive(tmp_path / "other", run_id="20260103T000000Z-aaaa") as other:
        other.add("paperswithcode2", Response(page, page, 200, "OK", html, HTML, times[0]))
        other.add("paperswithcode2", Response(page, page, 304, "Not Modified", (), b"", times[1]))
        other.add_document("pwc-html", "file:d/a.html", io.BytesIO(b"<p>file"), "text/html", times[2])
    with Archive(tmp_path / "archive", run_id="20260401T000000Z-bbbb") as archive:
        report = capture_warcs(tmp_path / "other", archive)
        ingest(archive, tmp_path, Warc().add().gzipped)
    assert failures(report) == []
    runs = [(capture.source, capture.run_id) for capture in Archive(tmp_path / "archive").captures()]
    assert runs == [
        ("pwc-html", "20260401T000000Z-bbbb"),
        ("paperswithcode2", "20260103T000000Z-aaaa"),
        ("paperswithcode2", "20260103T000000Z-aaaa"),
        ("pwc-html", "20260103T000000Z-aaaa"),
    ]


def test_what_an_archive_of_our_own_does_not_say_is_said_by_the_run_that_takes_it_over(
    tmp_path: Path,
) -> None:
    page = "https://paperswithcode2.com/benchmark/7"
    response = Response(
        page, page, 200, "OK", (("Content-Type", "text/html"),), HTML, datetime(2026, 1, 1, tzinfo=UTC)
    )
    with Archive(tmp_path / "other") as other:
        other.add("paperswithcode2", response)
    with Archive(tmp_path / "archive", run_id="20260401T000000Z-bbbb") as archive:
        capture_warcs(tmp_path / "other", archive)
        assert [capture.run_id for capture in archive.captures()] == ["20260401T000000Z-bbbb"]


def test_the_same_file_ingested_again_adds_nothing(archive: Archive, tmp_path: Path) -> None:
    warc = Warc().add().add(PAGE + "2")
    for _ in range(2):
        ingest(archive, tmp_path, warc.gzipped)
    assert len(archive.captures()) == 2


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_of_a_file_that_is_cut_everything_before_is_kept(
    archive: Archive, tmp_path: Path, compress: Any
) -> None:
    warc = Warc().add().add(PAGE + "2")
    first, second = map(compress, warc.members)
    for length in (1, 40, len(second) // 2, len(second) - 5):
        report = ingest(archive, tmp_path, first + second[:length])
        assert [row[1] for row in taken(report, archive)] == [PAGE], length
        ((url, reason),) = failures(report)
        assert url == "file:x.warc.gz"
        assert reason in ("truncated_file", "broken_record"), length
        (failure,) = [item.failure for item in report.captured if item.failure]
        assert "the 1 records before byte" in failure.detail


def test_of_a_file_compressed_as_one_what_comes_before_the_cut_is_kept(
    archive: Archive, tmp_path: Path
) -> None:
    warc = Warc()
    for number in range(40):
        warc.add(f"{PAGE}{number}", random.Random(number).randbytes(4000))
    whole = gzip.compress(warc.plain)
    report = ingest(archive, tmp_path, whole[: len(whole) // 2])
    count = len(taken(report, archive))
    assert 18 <= count <= 20  # the half holds 20; the cut may hide the end of the last
    assert failures(report) == [("file:x.warc.gz", "truncated_file")]


def test_a_record_whose_length_is_wrong_is_not_taken_and_those_before_are(
    archive: Archive, tmp_path: Path
) -> None:
    warc = Warc().add().add(PAGE + "2").add(PAGE + "3")
    length = len(warc.members[1].split(b"\r\n\r\n", 1)[1]) - 4
    for wrong in (length - 50, length + 50):
        broken = warc.members[1].replace(b"Content-Length: %d" % length, b"Content-Length: %d" % wrong)
        assert broken != warc.members[1]
        report = ingest(archive, tmp_path, warc.members[0] + broken + warc.members[2])
        assert [row[1] for row in taken(report, archive)] == [PAGE]
        assert [reason for _, reason in failures(report)] == ["broken_record"]


def test_damage_inside_a_gzip_member_is_noticed(archive: Archive, tmp_path: Path) -> None:
    first, second = map(gzip.compress, Warc().add().add(PAGE + "2").members)
    damaged = second[:-6] + bytes([second[-6] ^ 0xFF]) + second[-5:]
    report = ingest(archive, tmp_path, first + damaged + first)
    assert [row[1] for row in taken(report, archive)] == [PAGE]
    assert failures(report) == [("file:x.warc.gz", "damaged_file")]


@pytest.mark.parametrize(
    "content", [b"", b"<html>no WARC</html>", gzip.compress(b'{"a": 1}', mtime=0), bytes(1000)]
)
def test_a_file_that_is_no_warc_is_named(archive: Archive, tmp_path: Path, content: bytes) -> None:
    assert failures(ingest(archive, tmp_path, content)) == [("file:x.warc.gz", "not_warc")]


def test_a_gzip_bomb_is_refused(archive: Archive, tmp_path: Path) -> None:
    head = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 40000000\r\n\r\n"
    report = ingest(archive, tmp_path, gzip.compress(head + bytes(40_000_000)))
    assert failures(report) == [("file:x.warc.gz", "too_large")]


def test_a_folder_without_warc_files_says_what_was_looked_for(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    report = capture_warcs(tmp_path / "d", archive)
    assert failures(report) == [("file:d", "no_files")]


def test_a_missing_path_is_a_usage_error(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone"):
        capture_warcs(tmp_path / "gone", archive)


@pytest.mark.parametrize(
    "url",
    [
        PAGE,
        PAGE + "/",
        PAGE + "?metric=Top%205%20Accuracy&p=x",
        PAGE + "#results",
        PAGE.replace("https://", "http://www."),
        PAGE.replace("https://paperswithcode.com", "HTTP://PapersWithCode.com:80"),
        PAGE.replace("/sota/", "//sota///"),
        PAGE.replace("image-classification", "image%2Dclassification"),
    ],
)
def test_variants_of_an_address_have_one_canonical_form(url: str) -> None:
    assert canonical_url(SOURCES["pwc-html"], url) == PAGE


@pytest.mark.parametrize("path", ["/", "/sota", "/sota/", "/sota/a/b", "/x/sota/a", "/SOTA/a", "/paper/a"])
def test_an_address_that_is_no_page_of_the_source_has_none(path: str) -> None:
    assert canonical_url(SOURCES["pwc-html"], "https://paperswithcode.com" + path) is None


def test_ids_that_differ_in_case_or_signs_stay_apart() -> None:
    base = "https://paperswithcode.com/sota/"
    ids = ["a", "A", "a+", "a%2B%2B", "a%20", "a%3F"]
    canonical = {canonical_url(SOURCES["pwc-html"], base + number) for number in ids}
    assert canonical == {base + number for number in ("a", "A", "a+", "a++", "a%20", "a%3F")}


def test_hosts_are_compared_whole() -> None:
    assert source_of("https://www.paperswithcode.com/x") is SOURCES["pwc-html"]
    for host in ("notpaperswithcode.com", "paperswithcode.com.evil.org", "sub.paperswithcode.com"):
        assert source_of(f"https://{host}/sota/x") is None
    assert source_of("dns:paperswithcode.com") is None
