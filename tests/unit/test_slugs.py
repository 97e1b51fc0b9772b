"""Names as parts of a leaderboard's id."""

from __future__ import annotations

import pytest

from transform.slugs import slug


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Panoptic Segmentation", "panoptic-segmentation"), ("Cityscapes val", "cityscapes-val"),
        ("mIoU", "miou"),
        ("WMT2014 English-German", "wmt2014-english-german"), ("Top-1 Accuracy", "top-1-accuracy"),
        ("F1+", "f1-plus"), ("F1", "f1"), ("chrF++", "chrf-plus-plus"), ("R@1", "r-at-1"), ("R-1", "r-1"),
        ("P@10%", "p-at-10-percent"), ("J&F", "j-and-f"), ("ANLS*", "anls-star"),
        ("NLL (bits/dim)", "nll-bits-dim"),
        ("Fréchet Distance", "frechet-distance"),
        ("1 Image, 2*2 Stitchi", "1-image-2-star-2-stitchi"),
        ("中文 分词", "中文-分词"), ("Δ δ", "δ-δ"), ("हिन्दी", "हिन्दी"), ("R²", "r2"),
        ("mAP@0.5", "map-at-0-5"),
        ("  --  ", "u2d-u2d"), ("🦕", "u1f995"), ("→", "u2192"), ("", "unnamed"), (" \n", "unnamed"),
    ],
)  # fmt: skip
def test_a_name_is_a_slug(name: str, found: str) -> None:
    assert slug(name) == found


def test_names_of_signs_alone_do_not_become_one() -> None:
    assert len({slug(name) for name in ("→", "←", "🦕", "-", "--", "")}) == 6
