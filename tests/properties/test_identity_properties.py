"""For every name: ids are stable under spelling, keep what tells apart, and every page adds up."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from sotaduck.records import RawMetric, RawRow
from tests.boards import board, normalised
from transform.dates import read_date
from transform.models import fold, join_name, read_model, split_name
from transform.papers import find_arxiv_id, find_doi, paper_id, read_venue, title_key
from transform.slugs import slug
from transform.vocabulary import load

PARTS = st.sampled_from(
    ["BERT", "large", "ViT-B/16", "+", "++", "1.3b", "13b", "v2", "SWideRNet [1, 1, 4.5]", "ensemble",
     "Ünïcode", "模型", "Edunov et al., 2018", "5-shot", "7B", "JFT-3B"]
)  # fmt: skip
NAMES = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="aB1.+- _()[]{},;/\n–", max_size=30),
    st.lists(PARTS, min_size=1, max_size=3).map(" ".join),
    st.builds(join_name, PARTS, st.lists(PARTS, max_size=3)),
)
ASCII = st.text(alphabet="abcXYZ0123456789.+/ -()", min_size=1, max_size=25)


@given(st.text())
def test_a_slug_is_its_own_slug_and_never_empty(text: str) -> None:
    found = slug(text)
    assert found
    assert slug(found) == found
    assert not re.search(r"[\s/]|^-|-$|--", found)


@given(NAMES)
def test_every_name_is_read_and_folding_twice_changes_nothing(name: str) -> None:
    model = read_model(name, load())
    assert model.published == name
    assert fold(fold(name)) == fold(name)
    assert model.base or not model.model_id
    assert model.parameters is None or model.parameters > 0
    assert model.shots is None or model.shots >= 0


@given(NAMES)
def test_base_and_variant_are_the_name_again(name: str) -> None:
    base, variant = split_name(name)
    assert split_name(join_name(base, variant)) == (base, variant)
    kept = re.sub(r"[\s()\[\]{},;-]", "", join_name(base, variant))
    assert kept == re.sub(r"[\s()\[\]{},;-]", "", name)


@given(ASCII)
def test_an_id_is_the_same_in_any_case_and_with_other_dashes_and_blanks(name: str) -> None:
    model_id = read_model(name, load()).model_id
    for other in (name.upper(), name.lower(), name.replace("-", "–"), name.replace(" ", "  "), f" {name}\n"):
        assert read_model(other, load()).model_id == model_id


@given(ASCII, st.sampled_from("+.7"), st.integers(0, 25))
def test_an_id_tells_plus_dots_and_digits(name: str, sign: str, at: int) -> None:
    longer = name[:at] + sign + name[at:]
    assert fold(longer) != fold(name)
    assert re.findall(r"[+.\d]", fold(longer)) == re.findall(r"[+.\d]", longer)


@given(st.text())
def test_papers_and_dates_are_read_from_any_text(text: str) -> None:
    day, reason = read_date(text)
    assert day is None or reason is None
    key = title_key(text)
    assert key is None or title_key(key) == key
    venue, year, _ = read_venue(text)
    assert venue is not None or year is None
    for link in (text, f"https://arxiv.org/abs/{text}", f"https://doi.org/10.1000/{text}"):
        found = find_arxiv_id(link)
        assert found is None or find_arxiv_id(f"https://arxiv.org/abs/{found}v1") == found
        assert find_doi(link) is None or str(find_doi(link)).startswith("10.")
        assert paper_id("source", link, found, key, load()) != ""


CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", "-", "90.1", "0.5", "1,234", "1.3B", "ResNet", "35 / 8", "50%"]),
    st.text(),
)
ROWS = st.lists(
    st.tuples(NAMES, CELLS, CELLS, st.sampled_from([None, True]), st.sampled_from([None, "2020-01-01", "x"]))
)


@given(ROWS, st.tuples(NAMES, NAMES))
def test_every_page_adds_up(
    cells: list[tuple[str, str | None, str | None, bool | None, str | None]], labels: tuple[str, str]
) -> None:
    rows = [
        RawRow(place, place, model, (first, second), extra_data=extra, date=date)
        for place, (model, first, second, extra, date) in enumerate(cells, 1)
    ]
    found = normalised(
        board([RawMetric(label) for label in dict.fromkeys(labels)], rows)
        if labels[0] != labels[1]
        else board([], [])
    )
    for named in found.boards:
        assert named.cells_in == named.cells_loaded + named.cells_quarantined + named.cells_duplicate
    ids = [result.result_id for result in found.results]
    assert len(ids) == len(set(ids))
    for result in found.results:
        assert (result.value is None) == (result.value_reason is not None)
        assert result.value != 0 or any(char.isdecimal() for char in result.value_text)
