"""Why an exchange failed: the exceptions of `requests` and of all below it, as one reason each."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions

from sotaduck.errors import CaptureError

# The first that is found anywhere in the chain of causes; what is nothing of these is a failed connection.
_REASONS: tuple[tuple[str, tuple[type[BaseException], ...], str], ...] = (
    (
        "bad_url",
        (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidHeader,
            urllib3.exceptions.LocationParseError,
            UnicodeError,
        ),
        "cannot be asked for",
    ),
    ("dns", (urllib3.exceptions.NameResolutionError, socket.gaierror), "the host's name is not known"),
    ("connection_refused", (ConnectionRefusedError,), "the host refuses the connection"),
    ("connect_timeout", (urllib3.exceptions.ConnectTimeoutError,), "no connection within connect_timeout"),
    ("tls", (ssl.SSLError, urllib3.exceptions.SSLError), "no secure connection"),
    (
        "read_timeout",
        (urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout),
        "the server fell silent for longer than read_timeout",
    ),
    ("truncated_body", (http.client.IncompleteRead,), "the body ends before its end"),
    ("connection_reset", (ConnectionError,), "the server closed the connection"),
    ("bad_response", (http.client.HTTPException,), "the answer is not HTTP"),
)


def explained(error: BaseException, url: str) -> CaptureError:
    """The error to raise for a failed exchange."""
    causes = tuple(_causes(error))
    for reason, kinds, words in _REASONS:
        for cause in causes:
            if isinstance(cause, kinds):
                return CaptureError(reason, f"{words}: {cause}", url)
    return CaptureError("connection_failed", f"no connection: {error}", url)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it wraps: as its arguments, its `reason`, or its cause."""
    yield error
    wrapped = (*error.args, getattr(error, "reason", None), error.__cause__ or error.__context__)
    for cause in wrapped:
        if isinstance(cause, BaseException):
            yield from _causes(cause)
