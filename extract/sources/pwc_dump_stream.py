"""The records of a dump as a stream, one after the other: of a JSON list, or of a Parquet file.

Numbers come as text, so that they keep the digits that the file has. At no time is more in memory
than one record of a JSON file, or one batch of a Parquet file.

Errors are `ParseError`s that name the place inside the file and no address; the parser adds that.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extract.sources.kinds import looks_like
from sotaduck.errors import CaptureError, ParseError

PARQUET = b"PAR1"

_PIECE = 2**18
# The longest record of the real dumps is a task of some ten million characters.
LONGEST_RECORD = 2**28
# What json has not understood where a text ends too early: nothing, `fals`, `-`, `\ud83d\ude0`.
_CUT = re.compile(r"[\w\\+.-]{0,12}\s*")
_BLANK = re.compile(r"[ \t\n\r]*")


def json_records(stream: io.BufferedReader) -> Iterator[Any]:
    """The items of the list that a JSON file is, or the values that stand in it one after the other.

    Raises:
        ParseError: `empty_file`, `unknown_kind`, `bad_json`, `bad_encoding`, `truncated`, `too_large`; the
            records before the place were given.
        CaptureError: the stream cannot be read any further; likewise.
    """
    start = stream.peek()
    encoding = json.detect_encoding(start[:4])
    if start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")[:1] not in ("", "[", "{"):
        raise ParseError("unknown_kind", f"is neither JSON nor Parquet; it looks like {looks_like(start)}")
    text = _Text(stream, encoding)
    if not text.mark():
        raise ParseError("empty_file", "there is nothing in it; fetch it again")
    is_list = text.mark() == "["
    if is_list:
        text.step()
    number, ended = 0, is_list and text.mark() == "]"
    while not ended:
        number += 1
        yield text.value(f"record {number}")
        mark = text.mark()
        if is_list and mark not in (",", "]"):
            raise text.error(f"after record {number}", "neither `,` nor `]`")
        ended = mark == ("]" if is_list else "")
        if is_list and not ended:
            text.step()
    if is_list:
        text.step()
        if text.mark():
            raise text.error(f"after record {number}", "more text behind the end of the list")


class _Text:
    """Text of a stream, decoded and held as far as it is needed."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._json = json.JSONDecoder(
            object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=str
        )
        self._held, self._at = "", 0
        self._bytes, self._ended = 0, False
        self._failure: CaptureError | None = None

    def mark(self) -> str:
        """The next character that is not blank, or "" at the end."""
        while True:
            match = _BLANK.match(self._held, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def step(self) -> None:
        """Go on behind the next character."""
        self._at += 1

    def value(self, place: str) -> Any:
        """The JSON value that is ahead."""
        self.mark()
        while True:
            try:
                value, self._at = self._json.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or _CUT.fullmatch(self._held, error.pos)
                if not (cut and self._more()):
                    self._at = len(self._held) if cut else error.pos
                    raise self.error(place, error.msg) from error
            except RecursionError as error:
                raise self.error(place, "nested deeper than any dump is") from error
            except ParseError as error:
                raise self.error(place, error.detail) from error
            else:
                return value

    def error(self, place: str, what: str) -> ParseError:
        """`truncated` at the end of the file, `bad_json` elsewhere."""
        if self._at >= len(self._held) and self._ended:
            detail = f"ends in the middle, {place} (byte {self._bytes}); fetch it again"
            return ParseError("truncated", detail)
        byte = self._bytes - len(self._held[self._at :].encode(self._encoding, "replace"))
        return ParseError("bad_json", f"{place}, near byte {byte}: {what}")

    def _more(self) -> bool:
        """Hold at least twice as much, so that a long record is not scanned too often."""
        if self._failure:
            raise self._failure
        ahead = self._held[self._at :]
        if len(ahead) > LONGEST_RECORD:
            raise ParseError("too_large", f"one record is longer than {LONGEST_RECORD / 2**20:.0f} MiB")
        pieces, wanted = [ahead], max(len(ahead), _PIECE)
        while wanted > 0 and not self._ended:
            try:
                data = self._stream.read1(_PIECE)
            except CaptureError as error:
                # What was read before it may end a record; the error comes after that.
                self._failure = error
                break
            pieces.append(self._decoded(data))
            self._ended = not data
            wanted -= len(pieces[-1])
        self._held, self._at = "".join(pieces), 0
        return len(self._held) > len(ahead) or bool(self._failure)

    def _decoded(self, data: bytes) -> str:
        kept = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            byte = self._bytes - kept + error.start
            detail = f"byte {byte} is not {self._encoding.upper()}; save the file as UTF-8"
            raise ParseError("bad_encoding", detail) from error
        self._bytes += len(data)
        return text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ParseError("bad_json", f"`{twice}` stands twice in one object")
    return made


class ParquetRecords:
    """The rows of a Parquet file as objects, without the fields that are null.

    The hub's files keep named values as structs with one field for every name that occurs anywhere
    (some 3,200 metrics), nearly all of them null: they are left out column by column, since making
    them costs a hundred times the rest.

    Attributes:
        names: the names of the columns.

    Raises:
        ParseError: `bad_parquet`, also while iterating.
    """

    _CELLS = 2**16

    def __init__(self, stream: io.BufferedReader, closing: ExitStack) -> None:
        file = closing.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  it is entered
        shutil.copyfileobj(stream, file, _PIECE)
        file.seek(0)
        try:
            self._file = closing.enter_context(pq.ParquetFile(file))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _bad_parquet(error) from error
        # A table that went through pandas may hold the numbers of its rows as a column.
        self.names = frozenset(
            name for name in self._file.schema_arrow.names if not name.startswith("__index_level_")
        )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        columns = max(1, self._file.metadata.num_columns)
        size = max(16, self._CELLS // columns)
        batches = self._file.iter_batches(batch_size=size, columns=sorted(self.names), use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                records = [] if batch is None else _values(batch.to_struct_array())
            except (pa.ArrowException, OSError, ValueError) as error:
                raise _bad_parquet(error) from error
            if batch is None:
                return
            yield from records


def _bad_parquet(error: Exception) -> ParseError:
    first = str(error).split("\n")[0]
    return ParseError("bad_parquet", f"cannot be read as Parquet: {first}; is it complete?")


def _values(array: Any) -> list[Any]:
    """The values of an Arrow array: objects without nulls, lists, texts, booleans, None."""
    kind = array.type
    if pa.types.is_struct(kind):
        return _structs(array)
    if pa.types.is_map(kind):
        return _values(array.cast(pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items = iter(_values(array.flatten()))
        lengths = pc.list_value_length(array).to_pylist()
        return [None if length is None else [next(items) for _ in range(length)] for length in lengths]
    if pa.types.is_dictionary(kind):
        return _values(array.dictionary_decode())
    if pa.types.is_temporal(kind):
        # Readers of JSON take texts like 2020-05-01 for timestamps.
        texts = pc.cast(array, pa.string()).to_pylist()
        return [text and re.sub(r" 00:00:00(\.0+)?Z?$", "", text) for text in texts]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return list(pc.cast(array, pa.string()).to_pylist())
    return list(array.to_pylist())


def _structs(array: Any) -> list[Any]:
    made: list[Any] = [{} for _ in range(len(array))]
    for field, column in zip(array.type, array.flatten(), strict=True):
        if column.null_count == len(column):
            continue
        there = pc.indices_nonzero(column.is_valid()).to_pylist()
        for place, value in zip(there, _values(column.drop_null()), strict=True):
            made[place][field.name] = value
    if array.null_count:
        return [
            value if valid else None for value, valid in zip(made, array.is_valid().to_pylist(), strict=True)
        ]
    return made
