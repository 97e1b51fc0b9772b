"""A total time limit for one HTTP exchange.

A socket's time limit starts anew with every byte, so a server that drips one byte now and then, in
its headers or its body, can hold a client for ever. Here a timer shuts the socket at the deadline;
whoever waits on it then sees the connection end, and asks `Deadline.passed`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_running: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class Deadline:
    """Context manager: what is asked through a `WatchedAdapter` inside it ends after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None

    @property
    def passed(self) -> bool:
        """True once the time is over."""
        return time.monotonic() >= self._end

    def watch(self, connection_socket: socket.socket | None) -> None:
        """Name the socket that the exchange runs over."""
        self._socket = connection_socket
        if self.passed:
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            # The plain socket's method: that of an SSLSocket would unwrap it under its reader.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Deadline:
        self._token = _running.set(self)
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._socket = None
        _running.reset(self._token)


class _Watched(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        if deadline := _running.get():
            deadline.watch(self.sock)


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


class WatchedAdapter(HTTPAdapter):
    """A transport for `requests` whose exchanges obey a `Deadline`."""

    _pools = {"http": _Pool, "https": _PoolTLS}  # noqa: RUF012 (urllib3 wants a plain dict)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools; see `HTTPAdapter`."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make the pools behind a proxy; see `HTTPAdapter`."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager
