"""Rows 12 to 14 of the quirks: one name for one metric, declared directions, kinds kept apart."""

from __future__ import annotations

import pytest

from tests.boards import archived
from transform.metrics import Metric, decide_direction, resolve_metric
from transform.slugs import slug
from transform.vocabulary import load

VOCABULARY = load()


def named(label: str) -> str:
    return resolve_metric(label, VOCABULARY).name


@pytest.mark.parametrize(
    "labels",
    [
        (
            "Top-1 Accuracy",
            "Top 1 Accuracy",
            "Top-1 accuracy %",
            "Top1 Accuracy",
            "top-1 accuracy (%)",
            "Top‑1 Accuracy ",
        ),
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
    unclear = resolve_metric("Map", VOCABULARY)
    assert (unclear.matched_rule, unclear.slug) == ("unknown", "map-of-unclear-case")


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


HIGHER = """
Top-5 Accuracy|mAP@0.5:0.95|AP (Moderate)|mAPH/L2|frame-mAP 0.5|Hits@10|HR@10 (full corpus)|PSP@5|nDCG@10
MRR|R@1 IoU=0.5|PCKh-0.5|IDF1|sMOTSA|EAO|Success Rate 0.5|J&F|Jaccard (Mean)|mIoU (6-Fold)|TEDS|mAP test
Dice (Average)|Delta < 1.25^2|SSIM|VMAF|STOI|CMOS|SI-SDRi|Inception score|CLAP_LAION|COV-CD|QED|chrF++|SARI
BLEU (EN-RU)|Smoothed BLEU-4|Dist-1|pass@10|Competition Pass@1|Execution Accuracy (Test)|Inform|LAS|Smatch
CoNLL F1|Matthews Correlation|Cohen’s Kappa score|SRCC|R2 Score|Concordance Index (CI)|BWT|Elo Rating|SPL
Attack: AutoAttack|Segmentation AUPRO|TAR @ FAR=1e-4|Average Return|Joint Goal Accuracy|Instance Average IoU
"""
LOWER = """
Top 1 Error|WER (%)|Test CER|Percentage error|EER|minDCF|FPR95|ECE|MR^-2|Heavy MR^-2|MissRateTopK_2_5
Average Forgetting|RMSE log|12 Steps MAE|sMAPE|CRPS-sum|PA-MPJPE|ADE-8/12|minFDE (K=6)|NME (inter-ocular)|EPE
F1-all|D1-all|Chamfer Distance L2|HD95|Hausdorff|mATE|FID-10k-test|FVD16|KID|LPIPS|FD_openl3|MMD-CD|self-BLEU
Bit per Character (BPC)|bits/dimension|Test perplexity|NLL (bits/dim)|BD-Rate over VTM-17.0|Brier score
text-to-video Mean Rank|Jaccard (Decay)|SELD score|ID Switches|NoC@90|Quantile loss|absolute relative error
"""


@pytest.mark.parametrize(("labels", "direction"), [(HIGHER, "higher"), (LOWER, "lower")])
def test_common_metrics_of_every_field_have_the_direction_of_their_definition(
    labels: str, direction: str
) -> None:
    wrong = [
        label
        for label in labels.strip().replace("\n", "|").split("|")
        if resolve_metric(label, VOCABULARY).direction != direction
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "label",
    [
        "Accuracy Drop",
        "Accuracy (std)",
        "Error reduction",
        "PSNR gap",
        "LPIPS-inverse",
        "Average",
        "SR",
        "FKGL",
    ],
)
def test_words_that_turn_a_metric_around_leave_it_without_direction(label: str) -> None:
    assert resolve_metric(label, VOCABULARY).direction is None


def test_an_entry_can_hold_for_a_family_of_datasets() -> None:
    assert resolve_metric("Score", VOCABULARY, dataset="Atari 2600 Breakout").direction == "higher"
    assert resolve_metric("MR", VOCABULARY, dataset="FB15k-237").direction == "lower"
    assert resolve_metric("MR", VOCABULARY, dataset="MR").direction is None
    assert resolve_metric("Score", VOCABULARY).direction is None


def test_typographic_apostrophes_and_arrows_do_not_part_a_metric() -> None:
    assert named("Spearman’s Rho") == named("Spearman's Rho")
    assert named("FVD ↓") == "FVD"


def test_the_registry_covers_every_metric_with_three_values_or_says_why_not() -> None:
    for raw in archived().values():
        for place, metric in enumerate(raw.metrics):
            if sum(1 for row in raw.rows if row.values[place]) >= 3:
                assert resolve_metric(metric.name, VOCABULARY, dataset=raw.dataset).matched_rule != "unknown"


def test_two_metrics_of_one_scope_have_two_slugs() -> None:
    """No two canonical names of the registry become one leaderboard by their slugs."""
    for scope in ("", "CoQA", "GQA", "nuScenes"):
        names: dict[str, set[str]] = {}
        for group in VOCABULARY.metrics["metrics"]:
            if scope in (group.get("datasets") or [""]):
                for name in group["names"]:
                    metric = resolve_metric(name, VOCABULARY, dataset=scope)
                    names.setdefault(metric.slug or slug(metric.name), set()).add(name)
        assert {found: same for found, same in names.items() if len(same) > 1} == {}
