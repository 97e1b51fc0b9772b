"""The dumps of Papers with Code: JSON files, and the Parquet files of its archive on the Hugging Face hub.

    stream ─▶ records (pwc_dump_stream) ─▶ kind, told by the fields ─▶ boards, papers, entries

Which file a file is, is told by what it holds and never by its name: of `.json.gz` files some are
plain JSON, and the hub calls all its files `train-00000-of-00004.parquet`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

from extract.inflate import MOST_BYTES, allowed, inflated
from extract.sources import pwc_dump_boards, pwc_dump_papers
from extract.sources.kinds import looks_like
from extract.sources.pwc_dump_stream import PARQUET, ParquetRecords, json_records
from sotaduck.errors import PageError, ParseError
from sotaduck.records import Capture, RawBoard, RawEntry, RawPaper

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Found = RawBoard | RawPaper | RawEntry | ParseError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its records have all fields of `needs` and one of `shows`."""

    name: str
    needs: frozenset[str]
    shows: frozenset[str]
    read: Callable[[Capture, Iterator[Any]], Iterator[Found]]

    def matches(self, names: Iterable[str]) -> bool:
        """True where a record with these fields is of this kind."""
        return self.needs <= set(names) and not self.shows.isdisjoint(names)


KINDS = (
    Kind(
        "evaluation-tables",
        frozenset({"task"}),
        frozenset({"datasets", "subtasks", "categories", "synonyms", "source_link"}),
        pwc_dump_boards.read_boards,
    ),
    Kind(
        "links-between-papers-and-code",
        frozenset({"repo_url"}),
        frozenset({"paper_url", "paper_title", "is_official"}),
        pwc_dump_papers.read_links,
    ),
    Kind(
        "papers-with-abstracts",
        frozenset({"paper_url"}),
        frozenset({"title", "abstract", "authors"}),
        pwc_dump_papers.read_papers,
    ),
    Kind(
        "methods",
        frozenset({"name"}),
        frozenset({"collections", "introduced_year", "code_snippet_url", "source_title"}),
        pwc_dump_papers.read_methods,
    ),
    Kind(
        "datasets",
        frozenset({"name"}),
        frozenset({"modalities", "variants", "introduced_date", "data_loaders"}),
        pwc_dump_papers.read_datasets,
    ),
)


def parse_file(capture: Capture, body: BinaryIO) -> Iterator[Found]:
    """Read one file of a dump as a stream: plain, gzip or Zstandard.

    Yields:
        Boards, papers or entries in the order of the file, and a ParseError for each that cannot be read.

    Raises:
        ParseError: nothing (more) can be read: `empty_file`, `no_records`, `no_rows`, `unknown_kind`,
            `bad_json`, `bad_encoding`, `bad_parquet`, `truncated`, `too_large`, or why inflating it ends.
    """
    try:
        for found in _read(capture, body):
            yield (
                ParseError(found.reason, found.detail, capture.url)
                if isinstance(found, ParseError)
                else found
            )
    except PageError as error:
        raise ParseError(error.reason, error.detail, capture.url) from error


def _read(capture: Capture, body: BinaryIO) -> Iterator[Found]:
    with ExitStack() as closing:
        borrowed: io.BufferedReader = io.BufferedReader(_Borrowed(body))
        # A revisit (a 304, or the same bytes again) does not tell the size of what it confirms, which was
        # judged when it came first.
        limit = allowed(capture.size) if capture.size else MOST_BYTES
        stream = closing.enter_context(inflated(borrowed, capture.url, limit))
        start = stream.peek()
        if start.startswith(PARQUET):
            rows = ParquetRecords(stream, closing)
            yield from _kind(rows.names, "a Parquet file").read(capture, iter(rows))
            return
        records = json_records(stream)
        first = list(islice(records, 1))
        if not first:
            raise ParseError("no_records", "its list is empty")
        names = first[0] if isinstance(first[0], dict) else ()
        yield from _kind(names, looks_like(start, capture.url)).read(capture, chain(first, records))


class _Borrowed(io.RawIOBase):
    """A stream of somebody else's, who closes it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """As the stream under it."""
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)


def _kind(names: Iterable[str], seeming: str) -> Kind:
    known = set(names)
    kind = next((kind for kind in KINDS if kind.matches(known)), None)
    if kind is None:
        fields = ", ".join(f"`{name}`" for name in sorted(known)[:8]) or "no fields"
        kinds = ", ".join(kind.name for kind in KINDS)
        detail = f"looks like {seeming}; its first record has {fields}, so it is none of {kinds}"
        raise ParseError("unknown_kind", detail)
    return kind
