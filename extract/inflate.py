"""Inflate files (gzip, Zstandard, members of a zip), never to more than is allowed.

Every failure, of the disk and of the data, is a `CaptureError` that names the file.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol

import zstandard

from sotaduck.errors import CaptureError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Real JSON, HTML and Markdown shrink to a tenth, seldom to a fiftieth; a bomb to a thousandth.
MOST_RATIO = 200
ALWAYS_ALLOWED = 16 * 2**20
MOST_BYTES = 4 * 2**30

_PIECE = 2**16
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def allowed(compressed: int) -> int:
    """How many bytes may come out of so many compressed ones."""
    return min(MOST_BYTES, max(ALWAYS_ALLOWED, compressed * MOST_RATIO))


def limited(opener: Callable[[], BinaryIO], url: str, limit: int) -> io.BufferedReader:
    """What `opener` gives, up to `limit` bytes.

    Raises:
        CaptureError: here and on reading: `unreadable`, `damaged_file`, `truncated_file`,
            `unknown_compression`, `too_large`.
    """
    with _as_capture_errors(url):
        return io.BufferedReader(_Limited(opener(), url, limit, None), _PIECE)


def inflated(stream: io.BufferedReader, url: str, limit: int) -> io.BufferedReader:
    """The stream itself, or where it begins as gzip or Zstandard do, what it holds.

    Some files are named `.json.gz` and are plain JSON, so the name does not count.

    Args:
        limit: most bytes that may come out of it; see `allowed`.

    Raises:
        CaptureError: as `limited`.
    """
    start = stream.peek(4)[:4]
    if start.startswith(_GZIP):
        inner: _Readable = gzip.GzipFile(fileobj=stream)
    elif start == _ZSTD:
        inner = _Zstd(stream)
    else:
        return stream
    return io.BufferedReader(_Limited(inner, url, limit, stream), _PIECE)


def members(stream: io.BufferedReader, url: str, limit: int) -> Iterator[io.BufferedReader]:
    """Each member of a gzip file as a stream of its own, which ends only when its checksum is right.

    Of a stream that is no gzip, what `inflated` gives, as the only one. Each is to be read to its end
    before the next is asked for.

    Raises:
        CaptureError: as `limited`, on reading.
    """
    if not stream.peek(2).startswith(_GZIP):
        yield inflated(stream, url, limit)
        return
    while stream.peek(1):
        member: io.BufferedReader = io.BufferedReader(_Limited(_Member(stream), url, limit, None), _PIECE)
        with member:
            yield member
        while stream.peek(1).startswith(b"\0"):  # padding
            stream.read(1)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class _Limited(io.RawIOBase):
    """A stream that gives no more than it may, and whose failures are CaptureErrors."""

    def __init__(self, stream: _Readable, url: str, limit: int, under: BinaryIO | None):
        self._stream, self._url, self._limit, self._under = stream, url, limit, under
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        with _as_capture_errors(self._url):
            piece = self._stream.read(len(view))
        self._left -= len(piece)
        if self._left < 0:
            size = f"{self._limit / 2**20:.0f} MiB"
            raise CaptureError(
                "too_large", f"holds more than {size}; does it inflate without end?", self._url
            )
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            if self._under is not None:
                self._under.close()
        super().close()


class _Member:
    """Reads one gzip member, and of the stream that it stands in no byte more."""

    def __init__(self, stream: io.BufferedReader):
        self._stream = stream
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end. Raises EOFError where the member is cut."""
        while not self._inflate.eof:
            data = self._stream.peek(1)
            piece = self._inflate.decompress(data, size)
            left = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self._stream.read(len(data) - len(left))
            if piece:
                return piece
            if not data:
                raise EOFError
        return b""

    def close(self) -> None:
        """The stream belongs to the caller."""


class _Zstd:
    """Reads Zstandard frames. The library's own reader takes a stream that was cut for one that ended."""

    # A block of a few bytes can stand for 128 KiB, so this is up to 8 MiB at once.
    _STEP = 256

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = b""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end. Raises EOFError where the last frame is cut."""
        while not self._ready:
            if self._frame.eof:
                data, self._begun = self._frame.unused_data, False
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            else:
                data = b""
            data = data or self._stream.read(self._STEP)
            if not data:
                if self._begun:
                    raise EOFError
                return b""
            self._begun = True
            self._ready = self._frame.decompress(data)
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece

    def close(self) -> None:
        """Nothing of its own to close."""


@contextmanager
def _as_capture_errors(url: str) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise CaptureError("truncated_file", "the compressed data ends before its end", url) from error
    except (gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, zstandard.ZstdError) as error:
        raise CaptureError("damaged_file", f"cannot be inflated: {error}", url) from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile's words for methods that it does not know
        raise CaptureError("unknown_compression", f"cannot be inflated: {error}", url) from error
    except OSError as error:
        raise CaptureError("unreadable", f"cannot be read: {error.strerror or error}", url) from error
