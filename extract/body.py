"""Read and decode a response's body, never more of it than is allowed.

The decoding is our own, with zlib, so that the limit holds for what comes out (a gzip bomb stops at
the limit, whatever the size of the pieces) and so that a stream that ends early is noticed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from urllib3.response import BaseHTTPResponse

from sotaduck.errors import CaptureError

ACCEPT_ENCODING = "gzip, deflate"
_PIECE = 64 * 1024


def read_body(raw: BaseHTTPResponse, limit: int) -> bytes:
    """The body, without its transfer and content encodings.

    Args:
        raw: a response whose body was not read yet.
        limit: most bytes, after decoding.

    Raises:
        CaptureError: `body_too_large`, `truncated_body`, `bad_encoding`.
        urllib3.exceptions.HTTPError: the connection failed meanwhile.
    """
    pieces = iter(lambda: raw.read(_PIECE, decode_content=False), b"")
    names = raw.headers.get("Content-Encoding", "").lower().split(",")
    for name in reversed([name.strip() for name in names if name.strip() not in ("", "identity")]):
        if name not in ("gzip", "x-gzip", "deflate"):
            raise CaptureError("bad_encoding", f"Content-Encoding {name!r}; asked for {ACCEPT_ENCODING}")
        pieces = _inflated(pieces, name)
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            size = f"{limit / 2**20:g} MiB"
            raise CaptureError("body_too_large", f"the decoded body is larger than {size} (max_body_mb)")
    return bytes(body)


def _inflated(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Decode a stream bit by bit; a gzip stream may consist of several members."""
    inflate = None
    for piece in pieces:
        data = piece
        while data:
            if inflate is None:
                inflate = zlib.decompressobj(_window(name, data))
            try:
                yield inflate.decompress(data, _PIECE)
            except zlib.error as error:
                raise CaptureError("bad_encoding", f"the body is not {name}: {error}") from error
            data = inflate.unconsumed_tail
            if inflate.eof:
                # Zeros after the end are padding; another member goes on where this one ended.
                data, inflate = inflate.unused_data.lstrip(b"\0"), None
                if name == "deflate":
                    return
    while inflate is not None:
        # What zlib still holds back, and the proof that the stream came to its end.
        if rest := inflate.decompress(inflate.unconsumed_tail, _PIECE):
            yield rest
        elif not inflate.eof:
            raise CaptureError("truncated_body", f"the {name} stream ends before its end")
        if inflate.eof:
            inflate = None


def _window(name: str, start: bytes) -> int:
    if name != "deflate":
        return zlib.MAX_WBITS | 16
    # `deflate` should mean zlib's format; some servers send the bare stream (RFC 9110, 8.4.1.2).
    is_zlib = start[0] & 0x0F == 8 and (len(start) < 2 or int.from_bytes(start[:2], "big") % 31 == 0)
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
