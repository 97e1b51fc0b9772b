"""Rows 12 to 14 of the quirks: one name for one metric, declared directions, kinds kept apart."""

from __future__ import annotations

import pytest

from transform.metrics import Metric, decide_direction, resolve_metric
from transform.vocabulary import load

VOCABULARY = load()


def named(label: str) -> str:
    return resolve_metric(label, VOCABULARY).name


@pytest.mark.parametrize(
    "labels",
    [
        ("Top-1 Accuracy", "Top 1 Accuracy", "Top-1 accuracy %", "top-1 accuracy (%)", "Top‑1 Accuracy "),
        ("Accuracy", "Accuracy ", "accuracy", "Accuracy (%)"),
        ("WER", "Wer", "WER (%)"),
        ("box AP", "box mAP"),
        ("CIDEr", "CIDER"),
        ("text-to-video R@1", "text-to-videoR@1"),
        ("text-to-video Median Rank", "text-to-videoMedian Rank", "text-to-video MedianR"),
        ("BLEU-4", "BLEU4"),
        ("ROUGE-L", "Rouge-L"),
        ("Recall@1", "recall@1"),
    ],
)
def test_spellings_of_one_metric_are_one_metric(labels: tuple[str, ...]) -> None:
    assert {named(label) for label in labels} == {labels[0]}


@pytest.mark.parametrize(
    "labels",
    [
        ("AP", "AP50", "AP75", "mAP", "MAP", "mAP@0.5", "mAP@0.75"),
        ("Top-1 Accuracy", "Top-5 Accuracy", "Accuracy"),
        ("Test perplexity", "Validation perplexity", "Perplexity"),
        ("Recall@1", "Recall@10", "Recall@5"),
        ("box AP", "mask AP", "AP"),
        ("RE Micro F1", "RE+ Micro F1"),
        ("Test WER", "Test WER (+LM)"),
    ],
)
def test_metrics_that_differ_in_kind_stay_apart(labels: tuple[str, ...]) -> None:
    assert len({named(label) for label in labels}) == len(labels)


def test_names_that_only_case_tells_apart_have_a_slug_of_their_own() -> None:
    assert resolve_metric("MAP", VOCABULARY).slug == "map-uppercase"
    assert resolve_metric("mAP", VOCABULARY).slug is None
    assert resolve_metric("Map", VOCABULARY).matched_rule == "unknown"


@pytest.mark.parametrize(
    ("label", "direction"),
    [
        ("mIoU", "higher"), ("PQ", "higher"),
        ("Hits@1", "higher"), ("nDCG@10", "higher"), ("FID", "lower"),
        ("Test perplexity", "lower"),
        ("Word Error Rate (WER)", "lower"), ("Bit per Character (BPC)", "lower"),
        ("Percentage error", "lower"), ("PSNR", "higher"),
        ("Overall F1", "higher"), ("Accuracy drop", None),
        ("Score", None), ("Attack Success Rate", None),
        ("Sushi", None), ("Sushi ↓", "lower"), ("SS", None),
        ("F1 (10% Few-Shot)", "higher"), ("text-to-video Mean Rank", "lower"),
    ],
)  # fmt: skip
def test_direction_is_known_or_unknown_never_guessed(label: str, direction: str | None) -> None:
    assert resolve_metric(label, VOCABULARY).direction == direction


def test_a_label_that_means_something_on_one_dataset_means_it_there_only() -> None:
    assert resolve_metric("Natural Science", VOCABULARY, dataset="ScienceQA").direction == "higher"
    assert resolve_metric("Natural Science", VOCABULARY).direction is None
    assert resolve_metric("Gender", VOCABULARY, dataset="CrowS-Pairs").direction is None


def test_page_then_is_loss_then_registry_then_unknown() -> None:
    f1, unknown = Metric("F1", "higher"), Metric("Sushi")
    assert decide_direction(False, "page", f1) == (False, "page")
    assert decide_direction(False, "is_loss", f1) == (False, "is_loss")
    assert decide_direction(None, None, f1) == (True, "registry")
    assert decide_direction(None, None, unknown) == (None, None)


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Number of params", "resource"), ("PARAMS", "resource"),
        ("FLOPs", "resource"), ("GFLOPs", "resource"),
        ("Hardware Burden", "resource"), ("Speed(ms/f)", "resource"), ("Frozen", "descriptor"),
        ("Pre-Training Dataset", "descriptor"), ("Ext. data", "descriptor"), ("Accuracy", "quality"),
    ],
)  # fmt: skip
def test_resources_and_descriptors_are_no_quality(label: str, kind: str) -> None:
    assert resolve_metric(label, VOCABULARY).kind == kind


def test_every_entry_of_the_registry_has_a_reason_and_a_known_shape() -> None:
    for group in (*VOCABULARY.metrics["metrics"], *VOCABULARY.metrics["patterns"]):
        assert group["reason"]
        assert group.get("direction", "higher") in ("higher", "lower")
        assert group.get("kind", "quality") in ("quality", "resource", "descriptor")


def test_the_digest_names_the_vocabulary() -> None:
    assert VOCABULARY.digest.startswith("sha256:")
    assert load().digest == VOCABULARY.digest
