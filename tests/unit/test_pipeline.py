"""Pages through all passes: accounting, identity, scale and direction, on real boards."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sotaduck.records import Normalised, RawBoard, RawMetric
from tests.boards import archived, board, normalised, results_of, row, sample
from transform.pipeline import DETAILS, PASSES, normalise
from transform.vocabulary import load

EVERY = tuple(archived())
SAMPLES = (42935, 49566, 51908, 51940, 51941, 54736, 54759, 60461, 79678, 80563)
PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
OUT_OF_ORDER = {
    "2571": "fractions among percent, which the site ordered as they stood",
    "11042": "fractions among percent, which the site ordered as they stood",
    "12667": "published upside down, and reported",
    "23217": "published in the order of another of its metrics",
}
PLAIN_BOARDS = [
    name
    for name, raw in archived().items()
    if name not in OUT_OF_ORDER and all(PLAIN.fullmatch(item.values[0] or "0") for item in raw.rows)
]


def page(name: str | int) -> RawBoard:
    return sample(name) if isinstance(name, int) else archived()[name]


# ---------------------------------------------------------------- accounting


@pytest.mark.parametrize("name", [*EVERY, *SAMPLES])
def test_every_cell_is_loaded_quarantined_or_a_counted_duplicate(name: str | int) -> None:
    raw = page(name)
    found = normalised(raw)
    assert len(found.boards) == len(raw.metrics)
    loaded = Counter(result.board_id for result in found.results if result.value is not None)
    refused: Counter[str | None] = Counter()
    for line in found.quarantine:
        refused[line.board_id] += line.cells
    for item in found.boards:
        counts = (item.cells_loaded, item.cells_quarantined, item.cells_duplicate)
        assert item.cells_in == len(raw.rows) == sum(counts)
        assert counts[:2] == (loaded[item.board_id], refused[item.board_id])


@pytest.mark.parametrize("name", [*EVERY, *SAMPLES])
def test_every_text_is_a_result_as_published(name: str | int) -> None:
    raw = page(name)
    found = normalised(raw)
    duplicates = found.boards[0].cells_duplicate * len(raw.metrics)
    texts = Counter(text for item in raw.rows for text in item.values if text and text.strip())
    kept = Counter(result.value_text for result in found.results)
    assert texts.total() - kept.total() <= duplicates
    assert not kept - texts
    for result in found.results:
        assert (result.value is None) == (result.value_reason is not None)


@pytest.mark.parametrize("name", [*EVERY, *SAMPLES])
def test_no_value_is_zero_whose_text_does_not_say_zero(name: str | int) -> None:
    for result in normalised(page(name)).results:
        if result.value == 0:
            assert float(result.value_text.strip().rstrip("%")) == 0


def test_a_cell_without_text_is_missing_and_no_result() -> None:
    found = normalised(
        board(["F1"], [row(1, "A", None), row(2, "B", " "), row(3, "C", "-"), row(4, "D", "5")])
    )
    assert [(line.position, line.reason) for line in found.quarantine] == [
        (1, "missing"), (2, "missing"), (3, "missing"),
    ]  # fmt: skip
    assert [(r.model, r.value, r.value_reason) for r in found.results] == [
        ("C", None, "missing"),
        ("D", 5.0, None),
    ]
    assert (found.boards[0].cells_loaded, found.boards[0].cells_quarantined) == (1, 3)


def test_an_exact_duplicate_is_loaded_once_and_counted() -> None:
    raw = sample(51908)  # `300D DMAN Ensemble` stands there twice with nothing different (row 18)
    found = normalised(raw)
    assert sum(item.model == "300D DMAN Ensemble" for item in raw.rows) == 2
    (once,) = [result for result in found.results if result.model == "300D DMAN Ensemble"]
    assert (once.position, found.boards[0].cells_duplicate) == (16, 1)


def test_rows_that_differ_in_the_extra_data_flag_alone_are_two_results() -> None:
    found = normalised(sample(49566))
    for name in ("LUKE (single model)", "XLNet (single model)"):
        first, second = [result for result in found.results if result.model == name]
        assert first.value == second.value
        assert {first.extra_data, second.extra_data} == {True, False}
        assert first.result_id != second.result_id
        assert first.model_id == second.model_id
    assert found.boards[0].cells_duplicate == 0


@pytest.mark.parametrize(
    "other",
    [{"values": ("6",)}, {"date": "2020-01-01"}, {"paper_title": "Another"}, {"code_urls": ("https://a.b",)},
     {"extra_data": True}, {"model": "a"}, {"paper_url": "https://a.b"}, {"tags": ("zero-shot",)}],
)  # fmt: skip
def test_rows_that_differ_in_anything_are_no_duplicates(other: dict[str, object]) -> None:
    first = row(1, "A", "5")
    found = normalised(board(["F1"], [first, replace(first, position=2, rank=2, **other)]))  # type: ignore[arg-type]
    assert len({result.result_id for result in found.results}) == 2


def test_place_rank_and_row_number_do_not_make_a_row_another() -> None:
    rows = [
        row(1, "A", "5", source_row_id="1", sota_badge=True),
        row(2, "A", "5", source_row_id="2", sota_badge=False),
    ]
    found = normalised(board(["F1"], rows))
    assert [(result.position, result.source_sota) for result in found.results] == [(1, True)]


def test_a_row_without_a_name_is_quarantined_with_its_cells() -> None:
    found = normalised(board(["F1", "EM"], [row(1, "", "90.1", "85"), row(2, "A", "80", None)]))
    lines = [(line.field, line.value_text, line.reason, line.cells) for line in found.quarantine]
    assert lines == [
        ("row", "90.1", "no_model", 1),
        ("row", "85", "no_model", 1),
        ("value", None, "missing", 1),
    ]
    assert [result.model for result in found.results] == ["A"]


def test_words_are_kept_as_texts_of_a_descriptor_and_never_as_values() -> None:
    found = normalised(archived()["3031"])  # UCF101
    named, results = results_of(found, "Pre-Training Dataset")
    assert named.metric_kind == "descriptor"
    assert named.cells_loaded == 0
    assert {result.value_text for result in results} >= {"Kinetics400", "UCF101"}
    assert {line.reason for line in found.quarantine if line.board_id == named.board_id} <= {
        "descriptor",
        "missing",
    }


def test_a_column_of_words_without_a_known_name_is_a_descriptor() -> None:
    rows = [row(1, "A", "ResNet"), row(2, "B", "ViT"), row(3, "C", "12")]
    found = normalised(board(["Trunk"], rows))
    assert found.boards[0].metric_kind == "descriptor"
    assert Counter(line.reason for line in found.quarantine) == {"descriptor": 2}
    assert (
        normalised(board(["Trunk"], [row(1, "A", "1"), row(2, "B", "x")])).boards[0].metric_kind == "quality"
    )


def test_every_reason_has_its_words() -> None:
    reasons = {line.reason for name in (*EVERY, *SAMPLES) for line in normalised(page(name)).quarantine}
    assert {"missing", "descriptor", "several_values"} <= reasons <= set(DETAILS)


# ---------------------------------------------------------------- identity


def test_the_seed_board_has_the_id_that_the_contract_names() -> None:
    found = normalised(sample(80563))
    (named,) = found.boards
    assert named.leaderboard_id == "panoptic-segmentation/cityscapes-val/miou"
    assert (named.higher_is_better, named.direction_source, named.unit) == (True, "page", "percent")
    assert len(found.results) == 30
    first = found.results[0]
    assert (first.model, first.base_model, first.variant) == (
        "EfficientPS (Cityscapes-fine)", "EfficientPS", ("Cityscapes-fine",),
    )  # fmt: skip
    assert (first.value, first.value_text, first.result_date) == (90.3, "90.3", date(2020, 4, 5))


def test_each_metric_of_a_page_is_a_leaderboard() -> None:
    found = normalised(archived()["1430"])  # SQuAD
    assert [item.leaderboard_id.rpartition("/")[2] for item in found.boards] == ["em", "f1"]
    assert len({item.board_id for item in found.boards}) == 2
    luke = [result for result in found.results if result.model == "LUKE"]
    assert [(result.value, result.position) for result in luke] == [(89.8, 2), (95.0, 2)]


def test_accuracy_and_error_are_two_leaderboards_and_nothing_is_invented() -> None:
    rows = [row(1, "A", "99.1", None), row(2, "B", None, "1.35")]
    found = normalised(board(["Accuracy", "Error"], rows, task="Image Classification", dataset="kmnist"))
    assert [(item.metric, item.higher_is_better) for item in found.boards] == [
        ("Accuracy", True),
        ("Error", False),
    ]
    assert [(result.model, result.value) for result in found.results] == [("A", 99.1), ("B", 1.35)]


def test_spellings_of_one_metric_on_one_page_feed_one_leaderboard_as_boards_of_their_own() -> None:
    found = normalised(archived()["1136"])  # MSR-VTT has `Median Rank` in three spellings
    same = [item for item in found.boards if item.leaderboard_id.endswith("/text-to-video-median-rank")]
    assert {item.metric_published for item in same} == {
        "text-to-video Median Rank", "text-to-videoMedian Rank", "text-to-video MedianR",
    }  # fmt: skip
    assert len({item.board_id for item in same}) == 3


def test_map_in_capitals_and_map_of_detection_are_two_leaderboards() -> None:
    found = normalised(board(["mAP", "MAP", "AP", "AP50"], [row(1, "A", "1", "2", "3", "4")]))
    assert [item.leaderboard_id for item in found.boards] == [
        "task/dataset/map", "task/dataset/map-uppercase", "task/dataset/ap", "task/dataset/ap50",
    ]  # fmt: skip


def test_the_area_is_kept_as_stated_and_is_no_part_of_the_identity() -> None:
    rows = [row(1, "A", "1")]
    stated = normalised(board(["Perplexity"], rows, task="Language Modelling", area="Medical"))
    other = normalised(
        board(["Perplexity"], rows, task="Language Modelling", area="Natural Language Processing")
    )
    assert stated.boards[0].area == "Medical"
    assert stated.results == other.results


@pytest.mark.parametrize(
    ("task", "dataset", "place"),
    [
        ("Language Modeling", "X", "language-modelling/x"),
        ("Word Level Models", "Penn Treebank", "language-modelling/penn-treebank-word-level"),
        ("Character Level Models", "Penn Treebank", "language-modelling/penn-treebank-character-level"),
        ("Dependency parsing", "Penn Treebank", "dependency-parsing/penn-treebank"),
        (
            "Named entity recognition",
            "CoNLL 2003 (English)",
            "named-entity-recognition-ner/conll-2003-english",
        ),
        ("Named entity recognition", "CoNLL++", "named-entity-recognition-ner/conll-plus-plus"),
        ("Image Classification", "ImageNet V2", "image-classification/imagenet-v2"),
    ],
)
def test_names_of_one_place_are_one_by_the_vocabulary(task: str, dataset: str, place: str) -> None:
    (named,) = normalised(board(["F1"], [row(1, "A", "1")], task=task, dataset=dataset)).boards
    assert named.leaderboard_id == f"{place}/f1"
    assert (named.task, named.dataset) == (task, dataset)  # as published


def test_every_line_about_leaderboards_has_a_reason_and_no_name_of_two_meanings() -> None:
    known = load().leaderboards
    aliases = [
        *(
            (kind, alias)
            for kind in ("tasks", "datasets")
            for entry in known[kind]
            for alias in entry["aliases"]
        ),
        *(("places", *alias) for entry in known["places"] for alias in entry["aliases"]),
    ]
    assert len(set(aliases)) == len(aliases)
    assert all(entry["reason"] for entries in known.values() for entry in entries)


@pytest.mark.parametrize("name", [*EVERY, *SAMPLES])
def test_result_ids_are_unique_and_the_same_every_time(name: str | int) -> None:
    once, again = normalised(page(name)), normalised(page(name))
    ids = [result.result_id for result in once.results]
    assert len(set(ids)) == len(ids)
    assert once == again


def test_a_corrected_value_keeps_its_id_and_another_paper_does_not() -> None:
    rows = [row(1, "A", "5", paper_url="https://arxiv.org/abs/2103.17239v1"), row(2, "B", "4")]
    before = normalised(board(["F1"], rows)).results
    moved = [
        replace(rows[0], position=2, values=("3",), paper_url="https://arxiv.org/abs/2103.17239v2"),
        replace(rows[1], position=1),
    ]
    after = normalised(board(["F1"], moved)).results
    assert [result.result_id for result in after] == [result.result_id for result in before]
    other = normalised(
        board(["F1"], [replace(rows[0], paper_url="https://arxiv.org/abs/2104.00001")])
    ).results
    assert other[0].result_id != before[0].result_id


def test_rows_of_one_model_and_paper_are_told_apart_by_their_number_alone() -> None:
    rows = [row(1, "A", None, "7"), row(2, "A", "5", "6"), row(3, "A", "4", None)]
    found = normalised(board(["F1", "EM"], rows))
    filled = normalised(board(["F1", "EM"], [replace(rows[0], values=("9", "7")), *rows[1:]]))
    assert {result.result_id for result in found.results} < {result.result_id for result in filled.results}


def test_what_is_given_for_a_page_depends_on_that_page_alone() -> None:
    pages = [archived()[name] for name in EVERY[:8]]
    together = normalise(pages, [], [], load())
    alone = [normalised(item) for item in pages]
    assert together.results == tuple(result for item in alone for result in item.results)
    assert together.boards == tuple(named for item in alone for named in item.boards)
    assert set(together.aliases) == {alias for item in alone for alias in item.aliases}


def test_nothing_in_gives_nothing_out() -> None:
    assert normalise([], [], [], load()) == Normalised()


def test_the_passes_are_one_to_a_module() -> None:
    assert len({step.__module__ for step in PASSES}) == len(PASSES)


# ---------------------------------------------------------------- values on one scale, directions


def test_counts_are_numbers_whatever_the_suffix() -> None:
    named, results = results_of(normalised(archived()["103"]), "Number of Params")
    said = {result.value_text: result.value for result in results}
    assert (said["11110M"], said["215M"]) == (11.11e9, 215e6)
    assert (named.metric_kind, named.unit) == ("resource", "count")


def test_activitynet_is_brought_to_percent_and_says_so() -> None:
    found = normalised(archived()["11042"])
    named, results = results_of(found, "Accuracy")
    best = max(results, key=lambda result: result.value or 0)
    assert (best.value_text, best.value, best.value_flags) == ("0.612", 61.2, ("rescaled_x100",))
    assert (named.unit, named.upper_bound) == ("percent", 100.0)
    assert any("Activitynet-QA, Accuracy: 17 of 27 values times 100" in warning for warning in found.warnings)


def test_a_lone_low_value_of_lambada_stays() -> None:
    found = normalised(archived()["3157"])
    (low,) = [result for result in found.results if result.value_text == "0.02"]
    assert (low.value, low.value_flags) == (0.02, ("scale_outlier",))
    assert found.warnings == ()


def test_a_board_of_fractions_has_bounds_and_unit_of_fractions() -> None:
    named, _ = results_of(normalised(archived()["2829"]), "Accuracy")  # MSRVTT-QA: 0.480 … 0.253
    assert (named.unit, named.lower_bound, named.upper_bound) == ("fraction", 0.0, 1.0)


def test_frozenbilm_and_its_plus_are_two_models_on_one_board() -> None:
    results = normalised(archived()["2829"]).results
    ids = {result.model: result.model_id for result in results}
    assert ids["FrozenBiLM"] != ids["FrozenBiLM+"]


def test_components_are_kept_without_a_value() -> None:
    _, results = results_of(
        normalised(archived()["14573"]), "GovRep"
    )  # SCROLLS: three ROUGE scores in a cell
    first = results[0]
    assert (first.value, first.value_reason, len(first.components)) == (None, "several_values", 3)


def test_the_pages_word_goes_before_is_loss_and_the_registry() -> None:
    def direction(metric: RawMetric) -> tuple[bool | None, str | None]:
        (named,) = normalised(board([metric], [row(1, "A", "1")])).boards
        return named.higher_is_better, named.direction_source

    assert direction(RawMetric("F1", False, "page")) == (False, "page")
    assert direction(RawMetric("F1", False, "is_loss")) == (False, "is_loss")
    assert direction(RawMetric("F1")) == (True, "registry")
    assert direction(RawMetric("Sushi")) == (None, None)


def test_stereotype_scores_have_no_direction() -> None:
    named, results = results_of(normalised(archived()["2937"]), "SS")
    assert (named.higher_is_better, named.direction_source) == (None, None)
    assert all(result.value is not None for result in results)


def test_an_order_that_contradicts_the_direction_is_a_warning_that_names_the_board() -> None:
    (warning,) = normalised(archived()["12667"]).warnings
    assert "TACRED, F1: higher is better by registry" in warning
    assert "https://paperswithcode.com/sota#table-12667" in warning
    falling = [row(place, f"M{place}", str(90 - place)) for place in range(1, 8)]
    assert normalised(board(["F1"], falling)).warnings == ()
    assert len(normalised(board(["WER"], falling)).warnings) == 1
    assert normalised(board(["WER"], falling[:4])).warnings == ()
    assert normalised(board([RawMetric("Sushi")], falling)).warnings == ()
    unranked = [replace(item, rank=None) for item in falling]
    assert normalised(board(["WER"], unranked)).warnings == ()


def test_another_metric_that_explains_the_order_takes_the_warning_away() -> None:
    rows = [row(place, f"M{place}", str(90 - place), str(10 + place)) for place in range(1, 8)]
    assert normalised(board(["WER", "Error"], rows)).warnings == ()


def in_published_order(raw: RawBoard) -> tuple[list[Decimal], list[float | None], bool | None]:
    """The first metric's texts as decimals, our values and direction, by the rank that the page prints.

    Exact duplicates are left out: they are counted, and tested above.
    """
    named, results = results_of(normalised(raw), raw.metrics[0].name)
    ours = {result.position: result.value for result in results}
    rows = sorted((item for item in raw.rows if item.position in ours), key=lambda item: item.rank or 0)
    texts = [Decimal(item.values[0] or "") for item in rows]
    return texts, [ours.get(item.position) for item in rows], named.higher_is_better


def test_there_are_plain_boards_enough() -> None:
    assert len(PLAIN_BOARDS) >= 30
    assert set(OUT_OF_ORDER) <= set(EVERY)


@pytest.mark.parametrize("name", PLAIN_BOARDS)
def test_ranks_by_our_value_and_direction_are_the_published_order(name: str) -> None:
    texts, ours, higher = in_published_order(archived()[name])
    assert ours == [float(text) for text in texts]
    assert higher is not None
    assert texts == sorted(texts, reverse=higher)


@pytest.mark.parametrize("name", OUT_OF_ORDER)
def test_boards_left_out_of_that_check_are_out_of_order_as_published(name: str) -> None:
    _, ours, higher = in_published_order(archived()[name])
    numbers = [value for value in ours if value is not None]
    assert numbers != sorted(numbers, reverse=bool(higher))
