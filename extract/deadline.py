"""A total time limit for one HTTP exchange.

A socket's time limit starts anew with every byte, so a server that drips one byte now and then, in its
TLS handshake, its headers or its body, can hold a client for ever. Here a timer shuts the connection at
the deadline; whoever waits on it then sees it end, and asks `Deadline.passed`. Before there is a
connection, the connect time limit holds for each address, and the resolver's own for the look-up.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from contextvars import ContextVar
from types import TracebackType
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_running: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class Deadline:
    """Context manager: the exchange through a `WatchedAdapter` inside it ends after `seconds`.

    The time runs from the moment when the adapter sends: waiting for a rate limit does not count.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True
        self._passed = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    @property
    def passed(self) -> bool:
        """True once the time is over."""
        return self._passed.is_set()

    def start(self) -> None:
        """Let the time run."""
        self._timer.start()

    def watch(self, connection: socket.socket) -> None:
        """Name the socket that the exchange runs over."""
        with self._lock:
            self._close()
            # A duplicate, because TLS takes the descriptor away from the socket that it wraps.
            self._socket = socket.fromfd(connection.fileno(), connection.family, connection.type)
            if self.passed:
                self._shut()

    def _pass(self) -> None:
        with self._lock:
            self._passed.set()
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Deadline:
        self._token = _running.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _running.reset(self._token)
        self._timer.cancel()
        with self._lock:
            self._close()


class _Watched(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        if deadline := _running.get():
            deadline.watch(connection)
        return connection

    def request(self, *args: Any, **kwargs: Any) -> None:
        # A connection that is kept from the exchange before.
        if self.sock is not None and (deadline := _running.get()):
            deadline.watch(self.sock)
        super().request(*args, **kwargs)


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


class WatchedAdapter(HTTPAdapter):
    """A transport for `requests` whose exchanges obey a `Deadline`."""

    _pools = {"http": _Pool, "https": _PoolTLS}  # noqa: RUF012 (urllib3 wants a plain dict)

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Start the time and send; see `HTTPAdapter`."""
        if deadline := _running.get():
            deadline.start()
        return super().send(*args, **kwargs)

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
