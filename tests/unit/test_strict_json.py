"""JSON word for word, and what a file of another kind is called."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.sources.kinds import looks_like
from extract.strict_json import compact, decode
from sotaduck.errors import ParseError

VALUES = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_holds_no_numbers_comes_back_as_it_was(value: object) -> None:
    assert decode(json.dumps(value).encode()) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode("utf-16")) == value


@given(st.binary())
def test_any_bytes_are_a_value_or_a_parse_error(body: bytes) -> None:
    try:
        decode(body)
    except ParseError as error:
        assert error.reason and error.detail
    assert looks_like(body)


@pytest.mark.parametrize("number", ["0", "-0", "1.50", "1e400", "NaN", "Infinity", "-Infinity", "9" * 5000])
def test_a_number_is_its_own_text(number: str) -> None:
    assert decode(f"[{number}]") == [number]


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    value = decode(rb'{"a\ud800": ["\udc00", "\ud83e\udd86"]}')
    assert value == {"a\ufffd": ["\ufffd", "\U0001f986"]}
    compact(value).encode("utf-8")


def test_a_key_twice_is_an_error_only_where_the_values_differ() -> None:
    assert decode('{"a": 1, "a": 1}') == {"a": "1"}
    with pytest.raises(ParseError, match="`a` stands twice"):
        decode('{"b": [{"a": 1, "a": 2}]}')


@pytest.mark.parametrize("cut", range(1, 38))
def test_a_file_that_ends_too_early_is_called_so(cut: int) -> None:
    whole = rb'{"abc": ["x", {"y\u0041": null}], "z": 1.5e3}'
    with pytest.raises(ParseError) as caught:
        decode(whole[:cut])
    assert caught.value.reason == "truncated_json"


def a_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "b")
    return out.getvalue()


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"", "an empty file"),
        (b" \n", "nothing but blanks"),
        (gzip.compress(b"x", mtime=0), "a gzip file"),
        (a_zip(), "a zip archive"),
        (b"PAR1", "a Parquet file"),
        (b"WARC/1.1\r\nWARC-Type: warcinfo", "`warc`"),
        ("x".encode("utf-16"), "UTF-16"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"\xef\xbb\xbf  <!DOCTYPE HTML>", "an HTML page"),
        (b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">', "an Atom feed"),
        (b'{"title": "x", "task-hierarchy": []', "`opencodepapers`"),
        (b'[{"paper_url": "x", "repo_url": "y"}]', "links between papers and code"),
        (b'[{"task": "x", "subtasks": []', "evaluation tables"),
        (b"[1, 2", "a JSON list"),
        (b"# Task\n\n| Model | F1 |", "a Markdown page"),
        (b"Rate exceeded.", "plain text"),
        (b"caf\xe9 au lait", "not UTF-8"),
    ],
)
def test_a_file_is_called_what_it_is(start: bytes, words: str) -> None:
    assert words in looks_like(start)
