"""Every error that sotaduck raises on purpose, and the exit status that each ends a command with.

    SotaduckError                     1  failed
    ├── ConfigError                   2  configuration or arguments that cannot be used
    ├── CaptureError                  4  one page or file could not be had; the others go on
    │   └── RobotsDisallowed          4  robots.txt forbids the page
    ├── ParseError                    4  one page or file could not be read; the others go on
    ├── ValidationStopped             3  a critical expectation failed; the warehouse is as it was
    ├── ArchiveError                  1  the WARC archive or its index cannot be used
    ├── WarehouseError                1  the DuckDB file cannot be used
    │   └── WarehouseTooNew           1  a later release of sotaduck made it
    └── BuildInProgress               1  another build holds the lock

A message says what is wrong, where, and what to do. `reason` is a short snake_case word for the
kind of failure, fit for grouping (`http_404`, `no_rows`, `challenge_page`).
"""

from __future__ import annotations


class SotaduckError(Exception):
    """Base of all errors that sotaduck raises on purpose."""

    exit_status = 1


class ConfigError(SotaduckError):
    """A configuration or an argument that cannot be used; names the key, the file and what is allowed."""

    exit_status = 2


class PageError(SotaduckError):
    """One page or file that could not be had or read. The run goes on and lists it.

    Args:
        reason: snake_case word for the kind of failure.
        detail: what is wrong and where in the page, in words.
        url: address of the page, or path of the file.
    """

    exit_status = 4

    def __init__(self, reason: str, detail: str, url: str = "") -> None:
        super().__init__(f"{url}: {detail} [{reason}]" if url else f"{detail} [{reason}]")
        self.reason = reason
        self.detail = detail
        self.url = url


class CaptureError(PageError):
    """A page that could not be fetched."""


class RobotsDisallowed(CaptureError):
    """A page that the site's robots.txt forbids."""


class ParseError(PageError):
    """A page that was fetched and is not what it should be."""


class ValidationStopped(SotaduckError):
    """A critical expectation failed. The published warehouse is as it was."""

    exit_status = 3


class ArchiveError(SotaduckError):
    """The WARC archive or its index cannot be used."""


class WarehouseError(SotaduckError):
    """The DuckDB file cannot be used."""


class WarehouseTooNew(WarehouseError):
    """The DuckDB file was made by a later release."""


class BuildInProgress(SotaduckError):
    """Another process is building this warehouse."""
