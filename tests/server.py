"""An HTTP server on 127.0.0.1 that serves what a test says, with every fault that a site can have.

    with PageServer({"/a": page(b"<html>"), "/b": in_turn(status(500), page(b"well again"))}) as server:
        … server.url + "/a" …
        server.asked("/a")

An answer is a function that is given the request and writes what it likes. What has no answer is a 404,
robots.txt too, so that everything may be fetched unless a test forbids it.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

HTML = "text/html; charset=utf-8"
# Longer than any test waits; the server's end cuts it short.
_FOR_EVER = 60.0


class Request(BaseHTTPRequestHandler):
    """A request, and the means to answer it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self.server.log.append(
            Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, time.monotonic())
        )
        answer = self.server.routes.get(self.path) or status(404)
        try:
            answer(self)
            self.wfile.flush()
        except OSError:
            # The client had enough; that is what many tests want.
            self.close_connection = True

    def head(self, code: int, headers: Mapping[str, str]) -> None:
        """Send the status line and the headers."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def whole(self, code: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a complete response."""
        self.head(code, {"Content-Length": str(len(body)), **headers})
        self.wfile.write(body)

    def pause(self, seconds: float) -> None:
        """Wait; for no longer than the server lives."""
        if self.server.stopping.wait(seconds):
            raise ConnectionAbortedError

    def log_message(self, format: str, *args: Any) -> None:
        pass


Answer = Callable[[Request], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came. Names of headers are in lower case; `time` is monotonic seconds."""

    path: str
    headers: dict[str, str]
    time: float


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, routes: dict[str, Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.routes = routes
        self.log: list[Asked] = []
        self.stopping = threading.Event()
        self.connections: set[socket.socket] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class PageServer:
    """Serves `routes` while it is open. They may be changed meanwhile."""

    def __init__(self, routes: Mapping[str, Answer] | None = None) -> None:
        self.routes: dict[str, Answer] = dict(routes or {})
        self._server = _Server(self.routes)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address that all paths come after, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> list[Asked]:
        """All requests that came, in order."""
        return self._server.log

    def asked(self, path: str) -> list[Asked]:
        """The requests for one path."""
        return [request for request in self.log if request.path == path]

    def __enter__(self) -> PageServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop; answers that stall and connections that are kept end, and the port refuses new ones."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in [*self._server.connections]:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()


def status(code: int, body: bytes | None = None, **headers: str) -> Answer:
    """An answer of any status; `Retry_After="1"` is the header Retry-After."""
    content = f"status {code}".encode() if body is None else body
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: request.whole(code, content, {"Content-Type": HTML, **sent})


def page(body: bytes, media_type: str = HTML, *, compressed: bool = False) -> Answer:
    """A good page without validators."""
    content = gzip.compress(body) if compressed else body
    headers = {"Content-Type": media_type} | ({"Content-Encoding": "gzip"} if compressed else {})
    return lambda request: request.whole(200, content, headers)


def validated(body: bytes, *, etag: str | None = None, last_modified: str | None = None) -> Answer:
    """A page with validators: 304 where the client has it already."""
    validators = {"ETag": etag, "Last-Modified": last_modified}
    sent = {name: value for name, value in validators.items() if value is not None}

    def answer(request: Request) -> None:
        asked = request.headers.get
        same = etag is not None and asked("If-None-Match") == etag
        since = last_modified is not None and asked("If-Modified-Since") == last_modified
        if same or (since and asked("If-None-Match") is None):
            request.head(304, sent)
        else:
            request.whole(200, body, {"Content-Type": HTML, **sent})

    return answer


def robots(text: str) -> Answer:
    """A robots.txt."""
    return page(text.encode(), "text/plain")


def in_turn(*answers: Answer) -> Answer:
    """Another answer each time; the last one stays."""
    left = list(answers)
    lock = threading.Lock()

    def answer(request: Request) -> None:
        with lock:
            current = left.pop(0) if len(left) > 1 else left[0]
        current(request)

    return answer


def redirect(target: str, code: int = 302) -> Answer:
    """A redirect; the target is sent as it is."""
    return status(code, b"moved", Location=target)


def redirect_chain(prefix: str, hops: int, end: Answer) -> dict[str, Answer]:
    """Routes `<prefix>0` to `<prefix><hops>`: as many redirects, and a page at their end."""
    routes = {f"{prefix}{hop}": redirect(f"{prefix}{hop + 1}") for hop in range(hops)}
    return {**routes, f"{prefix}{hops}": end}


def stalled_headers(request: Request) -> None:
    """A status line, and then nothing."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    request.pause(_FOR_EVER)


def dripping_headers(request: Request) -> None:
    """A header that never ends, one byte now and then."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while True:
        request.wfile.write(b"x")
        request.pause(0.02)


def stalled_body(request: Request) -> None:
    """The first bytes of a body, and then nothing."""
    request.head(200, {"Content-Type": HTML, "Content-Length": "1000"})
    request.wfile.write(b"<html>")
    request.pause(_FOR_EVER)


def dripping_body(request: Request) -> None:
    """A body without a length that never ends, one byte now and then."""
    request.close_connection = True
    request.head(200, {"Content-Type": HTML, "Connection": "close"})
    while True:
        request.wfile.write(b"x")
        request.pause(0.02)


def truncated_body(request: Request) -> None:
    """Fewer bytes than the Content-Length promises."""
    request.close_connection = True
    request.head(200, {"Content-Type": HTML, "Content-Length": "1000"})
    request.wfile.write(b"<html>" + b"x" * 94)


def truncated_chunks(request: Request) -> None:
    """A chunked body that breaks off inside a chunk."""
    request.close_connection = True
    request.head(200, {"Content-Type": HTML, "Transfer-Encoding": "chunked"})
    request.wfile.write(b"6\r\n<html>\r\n100\r\nnot all")


def unfinished_chunks(request: Request) -> None:
    """A chunked body that breaks off between chunks."""
    request.close_connection = True
    request.head(200, {"Content-Type": HTML, "Transfer-Encoding": "chunked"})
    request.wfile.write(b"6\r\n<html>\r\n")


def truncated_gzip(request: Request) -> None:
    """A gzip stream without its end, of the length that is promised."""
    whole = gzip.compress(bytes(range(256)) * 40)
    request.whole(200, whole[:-12], {"Content-Type": HTML, "Content-Encoding": "gzip"})


def not_gzip(request: Request) -> None:
    """A body that is not in the encoding that its header names."""
    request.whole(200, b"<html>plain</html>", {"Content-Type": HTML, "Content-Encoding": "gzip"})


def gzip_bomb(request: Request) -> None:
    """A gzip stream of zeros that never ends, some 1,000 times larger when inflated."""
    request.close_connection = True
    request.head(200, {"Content-Type": HTML, "Content-Encoding": "gzip", "Connection": "close"})
    deflate = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for _ in range(2):
        # After a full flush, a block stands by itself: the second can be repeated for ever.
        block = deflate.compress(bytes(2**20)) + deflate.flush(zlib.Z_FULL_FLUSH)
        request.wfile.write(block)
    while True:
        request.wfile.write(block * 64)


def large_page(megabytes: int) -> Answer:
    """So many MiB of valid HTML."""
    row = b"<tr><td>1</td><td>model</td><td>99.9</td></tr>\n"
    return page(b"<table>" + row * (megabytes * 2**20 // len(row) + 1) + b"</table>")


def hang_up(request: Request) -> None:
    """No answer at all."""
    request.close_connection = True


def not_http(request: Request) -> None:
    """An answer in another protocol."""
    request.close_connection = True
    request.wfile.write(b"220 mail.example ESMTP\r\n")
