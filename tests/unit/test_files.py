"""What `ingest` finds under a path, and what becomes of files that cannot be read."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import zstandard

from extract import files, inflate
from extract.archive import Archive
from extract.files import Document, documents
from extract.sources import SOURCES, FileKind
from sotaduck.errors import CaptureError, ConfigError
from sotaduck.records import Failure

KIND = "pwc-html"  # reads *.html and *.htm
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def found(path: Path, source: str = KIND) -> list[tuple[str, bytes | str]]:
    """(address, content) of each document and (address, reason) of each failure."""
    each: list[tuple[str, bytes | str]] = []
    for item in documents(source, path):
        if isinstance(item, Failure):
            each.append((item.url, item.reason))
            continue
        try:
            with item.open() as stream:
                each.append((item.url, stream.read()))
        except CaptureError as error:
            each.append((error.url, error.reason))
    return each


def write(path: Path, content: bytes = b"<p>page") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def patched(monkeypatch: pytest.MonkeyPatch, *patterns: str) -> str:
    """A source that reads files of these patterns."""
    kind = FileKind(patterns=patterns, parser="parse_page")
    source = msgspec.structs.replace(SOURCES[KIND], files=kind)
    monkeypatch.setattr(files, "SOURCES", {KIND: source})
    return KIND


def test_a_folder_gives_its_matching_files_in_order(tmp_path: Path) -> None:
    root = tmp_path / "pages"
    write(root / "b.HTML", b"2")
    write(root / "a" / "z.htm", b"1")
    write(root / "notes.txt")
    assert found(root) == [("file:pages/a/z.htm", b"1"), ("file:pages/b.HTML", b"2")]


def test_an_address_is_quoted_and_does_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    for place in ("here", "there"):
        write(tmp_path / place / "my pages" / "Größe #1 100%.html", b"x")
    expected = [("file:my%20pages/Gr%C3%B6%C3%9Fe%20%231%20100%25.html", b"x")]
    assert found(tmp_path / "here" / "my pages") == found(tmp_path / "there" / "my pages") == expected


def test_a_relative_path_gives_the_address_of_the_absolute_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "pages" / "a.html", b"x")
    monkeypatch.chdir(tmp_path / "pages")
    assert found(Path()) == found(Path("a.html").parent) == [("file:pages/a.html", b"x")]


def test_hidden_folders_and_files_are_not_read(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    for name in (".git/a.html", "node_modules/a.html", "__MACOSX/a.html", "._a.html"):
        write(root / name)
    write(root / "a.html", b"seen")
    assert found(root) == [("file:checkout/a.html", b"seen")]


def test_a_file_that_is_named_itself_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    assert found(write(tmp_path / "saved page", b"x")) == [("file:saved%20page", b"x")]


def test_a_pattern_with_folders_holds_for_any_depth_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = patched(monkeypatch, "dataset/benchmarks/*.json")
    write(tmp_path / "repo" / "dataset" / "benchmarks" / "x.json", b"x")
    write(tmp_path / "repo" / "package.json")
    assert found(tmp_path / "repo", kind) == [("file:repo/dataset/benchmarks/x.json", b"x")]
    assert found(tmp_path / "repo" / "dataset" / "benchmarks", kind) == [("file:benchmarks/x.json", b"x")]


def test_a_pattern_after_an_exclamation_mark_leaves_files_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = patched(monkeypatch, "*.md", "!README.md")
    for name in ("README.md", "english/readme.md", "english/task.md"):
        write(tmp_path / "repo" / name, b"x")
    assert found(tmp_path / "repo", kind) == [("file:repo/english/task.md", b"x")]


def test_the_media_type_is_that_of_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = patched(monkeypatch, "*.md", "*.json")
    for name in ("a.md", "b.json.gz", "c.json.zst"):
        write(tmp_path / "d" / name)
    types = [item.media_type for item in documents(kind, tmp_path / "d") if isinstance(item, Document)]
    assert types == ["text/markdown", "application/json", "application/json"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html.gz", gzip.compress(b"one", mtime=0) + gzip.compress(b", two", mtime=0)),
        ("a.html.zst", zstandard.compress(b"one") + zstandard.compress(b", two")),
        ("a.html.gz", b"one, two"),
        ("a.html.gz", zstandard.compress(b"one, two")),
    ],
    ids=["gzip of two members", "zstd of two frames", "plain in spite of its name", "zstd in spite of it"],
)
def test_compressed_files_are_inflated_by_what_they_hold(tmp_path: Path, name: str, content: bytes) -> None:
    file = write(tmp_path / "d" / name, content)
    assert found(file) == [(f"file:{name}", b"one, two")]
    assert found(file.parent) == [(f"file:d/{name}", b"one, two")]


def test_a_source_that_names_compressed_files_gets_them_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = patched(monkeypatch, "*.json", "*.json.gz")
    content = gzip.compress(b"[]")
    write(tmp_path / "d" / "a.json.gz", content)
    assert found(tmp_path / "d", kind) == [("file:d/a.json.gz", content)]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_bomb_is_refused_and_the_next_file_is_read(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    root = tmp_path / "d"
    write(root / "a.html.gz", compress(bytes(inflate.ALWAYS_ALLOWED + 1)))
    write(root / "b.html", b"x")
    assert found(root) == [("file:d/a.html.gz", "too_large"), ("file:d/b.html", b"x")]


def test_a_file_that_shrinks_well_is_no_bomb(tmp_path: Path) -> None:
    content = bytes(inflate.ALWAYS_ALLOWED)
    assert found(write(tmp_path / "a.html.gz", gzip.compress(content))) == [("file:a.html.gz", content)]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_compressed_data_that_is_cut_anywhere_is_noticed(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    whole = compress(os.urandom(300_000))
    for length in (5, 20, len(whole) // 2, len(whole) - 1):
        reasons = found(write(tmp_path / "a.html.gz", whole[:length]))
        assert reasons == [("file:a.html.gz", "truncated_file")], length


def test_damaged_compressed_data_is_noticed(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(b"page " * 1000))
    whole[-5] ^= 0xFF  # in the checksum
    assert found(write(tmp_path / "a.html.gz", bytes(whole))) == [("file:a.html.gz", "damaged_file")]


def test_a_zip_is_read_where_it_is(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "site.zip",
        ("site-main/b.html", b"2"),
        ("site-main/a.html.gz", gzip.compress(b"1", mtime=0)),
        ("site-main/.github/c.html", b""),
        ("__MACOSX/site-main/._b.html", b""),
        ("site-main/notes.txt", b""),
    )
    assert found(path) == [
        ("file:site.zip/site-main/a.html.gz", b"1"),
        ("file:site.zip/site-main/b.html", b"2"),
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["site.zip"]


@pytest.mark.parametrize("name", ["../a.html", "x/../../a.html", "/etc/a.html", "..\\a.html", "C:\\a.html"])
def test_a_member_that_climbs_out_of_its_zip_is_refused_and_the_next_is_read(
    tmp_path: Path, name: str
) -> None:
    results = found(zipped(tmp_path / "s.zip", (name, b"bad"), ("good.html", b"good")))
    assert sorted(str(content) for _, content in results) == ["b'good'", "unsafe_path"]


def test_a_link_inside_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.html")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert found(zipped(tmp_path / "s.zip", (link, b"/etc/passwd"))) == [("file:s.zip/a.html", "unsafe_path")]


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "s.zip", ("a.html", b"secret"))
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flags of the local header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and of the central directory
    write(path, bytes(content))
    assert found(path) == [("file:s.zip/a.html", "encrypted")]


def test_of_two_members_of_one_name_the_second_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "s.zip", ("a.html", b"1"), ("a.html", b"2"))
    assert found(path) == [("file:s.zip/a.html", b"1"), ("file:s.zip/a.html", "duplicate_member")]


def test_a_bomb_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "s.zip", ("a.html", bytes(inflate.ALWAYS_ALLOWED + 1)), ("b.html", b"x"))
    assert found(path) == [("file:s.zip/a.html", "too_large"), ("file:s.zip/b.html", b"x")]


def test_a_damaged_member_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = zipped(tmp_path / "s.zip", ("a.html", os.urandom(1000)), ("b.html", b"x"))
    content = bytearray(path.read_bytes())
    content[500] ^= 0xFF
    write(path, bytes(content))
    assert found(path) == [("file:s.zip/a.html", "damaged_file"), ("file:s.zip/b.html", b"x")]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"<html>"])
def test_what_is_called_a_zip_and_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    assert found(write(tmp_path / "s.zip", content)) == [("file:s.zip", "damaged_zip")]


def test_a_zip_that_was_cut_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "s.zip", ("a.html", os.urandom(5000)))
    assert found(write(path, path.read_bytes()[:3000])) == [("file:s.zip", "damaged_zip")]


def test_a_zip_is_known_by_its_content(tmp_path: Path) -> None:
    path = zipped(tmp_path / "download", ("a.html", b"x"))
    assert found(path) == [("file:download/a.html", b"x")]


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tgz", "x.7z"])
def test_other_archives_are_named_rather_than_read_as_a_page(tmp_path: Path, name: str) -> None:
    assert found(write(tmp_path / name)) == [(f"file:{name}", "unknown_archive")]


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside" / "secret.html", b"secret")
    root = tmp_path / "d"
    write(root / "page.html", b"x")
    (root / "a.html").symlink_to(secret)
    (root / "folder").symlink_to(secret.parent)
    assert found(root) == [
        ("file:d/a.html", "unsafe_path"),
        ("file:d/folder", "unsafe_path"),
        ("file:d/page.html", b"x"),
    ]


def test_links_inside_the_folder_are_followed_and_circles_end(tmp_path: Path) -> None:
    root = tmp_path / "d"
    write(root / "old" / "page.html", b"x")
    (root / "latest.html").symlink_to("old/page.html")
    (root / "old" / "up").symlink_to("..")
    (root / "gone.html").symlink_to("nowhere.html")
    assert found(root) == [
        ("file:d/gone.html", "unreadable"),
        ("file:d/latest.html", b"x"),
        ("file:d/old/page.html", b"x"),
    ]


def test_a_named_pipe_is_not_opened(tmp_path: Path) -> None:
    root = tmp_path / "d"
    write(root / "a.html", b"x")
    os.mkfifo(root / "b.html")
    assert found(root) == [("file:d/a.html", b"x")]
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        documents(KIND, root / "b.html")


@pytest.mark.parametrize("other", [None, "notes.txt"])
def test_a_path_without_any_matching_file_says_what_was_looked_for(tmp_path: Path, other: str | None) -> None:
    root = tmp_path / "d"
    root.mkdir()
    if other:
        write(root / other)
    (failure,) = documents(KIND, root)
    assert isinstance(failure, Failure)
    assert (failure.url, failure.reason) == ("file:d", "no_files")
    assert "*.html or *.htm" in failure.detail


def test_a_path_that_is_missing_is_a_usage_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone.*No such file"):
        documents(KIND, tmp_path / "gone")


def test_a_source_that_reads_no_files_is_a_usage_error_that_lists_the_kinds(tmp_path: Path) -> None:
    for kind in ("paperswithcode2", "nonsense"):
        with pytest.raises(ConfigError, match=rf"{kind}.*pwc-html"):
            documents(kind, tmp_path)


def test_a_source_with_a_bundle_gets_the_whole_folder_as_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bundle(folder: Path) -> io.BytesIO:
        return io.BytesIO(b" ".join(sorted(file.name.encode() for file in folder.iterdir())))

    monkeypatch.setattr("extract.sources.pwc_html.bundle", bundle, raising=False)
    for name in ("tasks.json", "models.json"):
        write(tmp_path / "registry" / name)
    assert found(tmp_path / "registry") == [("file:registry", b"models.json tasks.json")]


def test_documents_are_stored_and_failures_are_passed_on(tmp_path: Path) -> None:
    root = tmp_path / "d"
    write(root / "a.html", b"first")
    write(root / "b.html.gz", gzip.compress(os.urandom(50_000))[:-9])
    (root / "c.html").symlink_to(write(tmp_path / "secret.html"))
    write(root / "d.html.gz", gzip.compress(b"last"))
    archive = Archive(tmp_path / "archive")
    captured = list(files.capture_documents(KIND, documents(KIND, root), archive, NOW))
    kept = [(item.url, archive.body(item.capture)) for item in captured if item.capture]
    failed = [(item.url, item.failure.reason) for item in captured if item.failure]
    assert kept == [("file:d/a.html", b"first"), ("file:d/d.html.gz", b"last")]
    assert failed == [("file:d/b.html.gz", "truncated_file"), ("file:d/c.html", "unsafe_path")]
    assert [item.fetched_at for item in archive.captures()] == [NOW, NOW]
    archive.close()
