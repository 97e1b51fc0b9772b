"""The files of a path that a source reads: a file, a folder, a git checkout or a zip, as documents.

    documents ─▶ Document (address, type, how to open it) ─▶ capture_documents ─▶ the archive

Nothing is unpacked to disk, and nothing outside of the path is read. Compressed files are inflated
with a limit. What cannot be read becomes a `Failure` and the others go on.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from urllib.parse import quote

from extract.archive import Archive
from extract.capture import Captured
from extract.inflate import allowed, inflated, limited
from extract.sources import SOURCES
from sotaduck.errors import CaptureError, ConfigError, PageError
from sotaduck.records import Failure

_COMPRESSED = (".gz", ".zst")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OTHER_ARCHIVES = (".tar", ".tgz", ".tar.gz", ".tar.zst", ".tar.bz2", ".tar.xz", ".7z", ".rar")
_SKIPPED_FOLDERS = frozenset({"node_modules", "__MACOSX"})
_MEDIA_TYPES = {
    ".json": "application/json",
    ".html": "text/html",
    ".htm": "text/html",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".gz": "application/gzip",
    ".zst": "application/zstd",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One file that a source reads.

    Attributes:
        url: `file:<name of the path>/<relative path, percent-quoted>`: the same on every machine.
        media_type: what the name says of the content after inflating.
        fetched_at: when it was fetched, where known; a file does not say.
        open: gives the content, inflated. Raises CaptureError, and so do reads of the stream. A document
            that comes from a zip must be opened and read before the next one is asked for.
    """

    url: str
    media_type: str
    fetched_at: datetime | None
    open: Callable[[], BinaryIO]


def documents(source: str, path: Path) -> Iterator[Document | Failure]:
    """The documents of a path, in order of their names.

    Args:
        source: a source whose TOML file has a table `[files]`. Its patterns are matched against the end of
            a file's path, upper and lower case alike; one that begins with `!` leaves files out. A file that
            is named itself is taken whatever it is called.
        path: a file (also `.gz`, `.zst`), a folder or a `.zip`.

    Yields:
        Documents, and a Failure for each file that cannot be: `unsafe_path`, `encrypted`, `damaged_zip`,
        `duplicate_member`, `unreadable`, `unknown_archive`; `no_files` where there is nothing to read.

    Raises:
        ConfigError: (at once) the source reads no files, or the path does not exist.
    """
    declared = SOURCES[source].files if source in SOURCES else None
    if declared is None:
        known = ", ".join(sorted(name for name, item in SOURCES.items() if item.files))
        raise ConfigError(f"there is nothing to ingest for `{source}`; the kinds are {known}")
    try:
        mode = path.stat().st_mode
        head = b"" if stat.S_ISDIR(mode) else _head(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name a file or a folder") from error
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise ConfigError(f"{path}: is neither a file nor a folder")
    reader = _Reader(source, declared.patterns, Path(os.path.abspath(path)))  # noqa: PTH100  keeps a link's name
    is_zip = head.startswith(_ZIP) or path.suffix.lower() == ".zip"
    bundle = getattr(import_module(f"extract.sources.{source.replace('-', '_')}"), "bundle", None)
    if bundle and (is_zip or stat.S_ISDIR(mode)):
        return reader.bundled(bundle)
    if stat.S_ISDIR(mode):
        return reader.told(reader.folder())
    if is_zip:
        return reader.told(reader.zip())
    return reader.file()


def capture_documents(
    source: str, found: Iterable[Document | Failure], archive: Archive, now: datetime
) -> Iterator[Captured]:
    """Store documents in the archive, one by one; a failure is passed on, or becomes of what cannot be read.

    Args:
        now: when a document was fetched that does not say so itself.

    Raises:
        ArchiveError: the archive cannot be written.
    """
    for item in found:
        if isinstance(item, Failure):
            yield Captured(item.url, None, item)
            continue
        fetched_at = item.fetched_at or now
        try:
            with item.open() as stream:
                capture = archive.add_document(source, item.url, stream, item.media_type, fetched_at)
        except PageError as error:
            failure = Failure(source, item.url, "fetch", error.reason, error.detail)
            yield Captured(item.url, None, failure)
        else:
            yield Captured(item.url, capture, None)


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as stream:
        return stream.read(4)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one path for one source."""

    source: str
    patterns: tuple[str, ...]
    root: Path

    def file(self) -> Iterator[Document | Failure]:
        """The path as one document."""
        name = self.root.name
        if name.lower().endswith(_OTHER_ARCHIVES):
            yield self.failure(
                "unknown_archive", "this kind of archive is not read; unpack it, or give a .zip"
            )
            return
        yield self.document(None, lambda: self.root.open("rb"), self.root.stat().st_size)

    def bundled(self, bundle: Callable[[Path], BinaryIO]) -> Iterator[Document | Failure]:
        """The whole folder or zip as one document, for a source whose files only make sense together."""

        def opened() -> BinaryIO:
            try:
                return bundle(self.root)
            except PageError as error:
                raise CaptureError(error.reason, error.detail, self.url(None)) from error
            except OSError as error:
                raise CaptureError("unreadable", str(error), self.url(None)) from error

        yield Document(self.url(None), "application/octet-stream", None, opened)

    def told(self, found: Iterator[Document | Failure]) -> Iterator[Document | Failure]:
        """What is found, and where that is nothing, a Failure that says what was looked for."""
        nothing = True
        for item in found:
            nothing = False
            yield item
        if nothing:
            wanted = " or ".join(pattern for pattern in self.patterns if not pattern.startswith("!"))
            yield self.failure(
                "no_files", f"there is no file {wanted} in it (hidden folders are not searched)"
            )

    def folder(self) -> Iterator[Document | Failure]:
        """The files under a folder. Links are followed to files inside of it, never out of it."""
        unread: list[OSError] = []
        files: list[PurePosixPath] = []
        links: list[PurePosixPath] = []
        for folder, folders, names in os.walk(self.root, onerror=unread.append):
            here = PurePosixPath(Path(folder).relative_to(self.root).as_posix())
            folders[:] = [name for name in folders if not _is_hidden(name)]
            links += [here / name for name in folders if (Path(folder) / name).is_symlink()]
            files += [here / name for name in names if not name.startswith(".") and self.wants(here / name)]
        for error in unread:
            yield self.failure("unreadable", str(error.strerror), _relative(error.filename, self.root))
        top = self.root.resolve()
        for name in sorted({*files, *links}):
            place = self.root / name
            target = Path(os.path.realpath(place))
            if not target.is_relative_to(top):
                yield self.failure(
                    "unsafe_path", "is a link that leads out of the folder; not followed", name
                )
            elif target.is_file():
                yield self.document(name, partial(_file, place), target.stat().st_size)
            elif place.is_symlink() and not target.exists():
                yield self.failure("unreadable", "is a link that leads nowhere", name)
            # Else a link to a folder inside, whose files are read in their own place, or a device.

    def zip(self) -> Iterator[Document | Failure]:
        """The members of a zip, read where they are."""
        try:
            with zipfile.ZipFile(self.root) as archive:
                yield from self.members(archive)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
            yield self.failure("damaged_zip", f"cannot be read as a zip: {error}; is it complete?")

    def members(self, archive: zipfile.ZipFile) -> Iterator[Document | Failure]:
        """The members of an open zip."""
        seen: set[PurePosixPath] = set()
        for info in sorted(archive.infolist(), key=lambda item: item.filename):
            text = info.filename.replace("\\", "/")
            name = PurePosixPath(text)
            if text.startswith("/") or ".." in name.parts or text[1:2] == ":":
                yield self.failure(
                    "unsafe_path", "climbs out of the zip; not read (nothing is unpacked)", name
                )
                continue
            hidden = any(map(_is_hidden, name.parts[:-1])) or name.name.startswith(".")
            if info.is_dir() or hidden or not self.wants(name):
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                yield self.failure("unsafe_path", "is a link; not followed inside a zip", name)
            elif info.flag_bits & 0x1:
                yield self.failure("encrypted", "is encrypted; give a zip without a password", name)
            elif name in seen:
                yield self.failure("duplicate_member", "stands in the zip twice; the first one is read", name)
            else:
                yield self.document(name, partial(_member, archive, info), info.file_size, info.compress_size)
            seen.add(name)

    def wants(self, name: PurePosixPath) -> bool:
        """True where the patterns ask for a file of this name, or of this name without `.gz`, `.zst`."""
        whole = PurePosixPath(self.root.as_posix().lower()) / str(name).lower()
        names = [whole, whole.with_suffix("")] if whole.suffix in _COMPRESSED else [whole]
        hits = [
            pattern
            for pattern in self.patterns
            for each in names
            if each.match(pattern.removeprefix("!").lower())
        ]
        return bool(hits) and not any(hit.startswith("!") for hit in hits)

    def document(
        self,
        name: PurePosixPath | None,
        opener: Callable[[], BinaryIO],
        size: int,
        compressed_size: int | None = None,
    ) -> Document:
        """A document that is inflated when read, unless the source's patterns name compressed files."""
        url = self.url(name)
        shown = PurePosixPath(str(name or self.root.name).lower())
        raw = any(pattern.endswith(_COMPRESSED) for pattern in self.patterns)
        inner = shown.with_suffix("") if shown.suffix in _COMPRESSED and not raw else shown

        def opened() -> BinaryIO:
            limit = size if compressed_size is None else allowed(compressed_size)
            stream = limited(opener, url, limit)
            return stream if raw else inflated(stream, url, allowed(size))

        return Document(url, _MEDIA_TYPES.get(inner.suffix, "application/octet-stream"), None, opened)

    def url(self, name: PurePosixPath | None) -> str:
        """The address of a file of this path; None for the path itself."""
        text = self.root.name if name is None else f"{self.root.name}/{name}"
        return "file:" + quote(text.encode("utf-8", "surrogateescape"))

    def failure(self, reason: str, detail: str, name: PurePosixPath | None = None) -> Failure:
        """A Failure of the path, or of a file of it."""
        return Failure(self.source, self.url(name), "fetch", reason, detail)


def _file(place: Path) -> BinaryIO:
    return place.open("rb")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    return cast(BinaryIO, archive.open(info))


def _is_hidden(folder: str) -> bool:
    return folder.startswith(".") or folder in _SKIPPED_FOLDERS


def _relative(place: str, root: Path) -> PurePosixPath:
    return PurePosixPath(Path(place).relative_to(root).as_posix())
