"""Rows 15 to 17 and 19 of the quirks: what a published name says, and which names are one model."""

from __future__ import annotations

import pytest

from tests.boards import archived, normalised, sample
from transform.models import Model, fold, join_name, near_misses, read_model, split_name
from transform.vocabulary import Vocabulary, load


def read(name: str) -> Model:
    return read_model(name, load())


def ids(*names: str) -> set[str]:
    return {read(name).model_id for name in names}


@pytest.mark.parametrize(
    ("name", "base", "variant"),
    [
        ("Panoptic-DeepLab (SWideRNet [1, 1, 4.5], Mapillary Vistas, multi-scale)", "Panoptic-DeepLab",
         ("SWideRNet [1, 1, 4.5]", "Mapillary Vistas", "multi-scale")),
        ("OneFormer (ConvNeXt-L, single-scale, 512x1024, Mapillary Vistas-pretrained)", "OneFormer",
         ("ConvNeXt-L", "single-scale", "512x1024", "Mapillary Vistas-pretrained")),
        ("LAVIE\n(Zero-shot, 320x512)", "LAVIE", ("Zero-shot", "320x512")),
        ("Flamingo (3B; 4-shot)", "Flamingo", ("3B", "4-shot")),
        ("PaLM 2 (large) (5-shot)", "PaLM 2", ("large", "5-shot")),
        ("PaCo(ResNet-152)", "PaCo", ("ResNet-152",)),
        ("OTI（ViT-L/14）", "OTI", ("ViT-L/14",)),
        ("GC-TDN (R50,8+16)", "GC-TDN", ("R50", "8+16")),
        ("X (1,000 epochs)", "X", ("1,000 epochs",)),
        ("Model [a, b]", "Model", ("a", "b")),
        ("Text-davinci-002-175B (few-shot-cot (2 samples))", "Text-davinci-002-175B",
         ("few-shot-cot (2 samples)",)),
        ("HMM-(SAT)GMM", "HMM-(SAT)GMM", ()),
        ("Transformer (big) + Relative Position Representations",
         "Transformer (big) + Relative Position Representations", ()),
        ("MAE-CT (ViT-L/16", "MAE-CT (ViT-L/16", ()),
        ("a) b (c", "a) b (c", ()),
        ("(only brackets)", "(only brackets)", ()),
        ("Model ()", "Model", ()),
        ("BERT", "BERT", ()),
    ],
)  # fmt: skip
def test_trailing_brackets_are_the_variant(name: str, base: str, variant: tuple[str, ...]) -> None:
    model = read(name)
    assert (model.base, model.variant) == (base, variant)
    assert model.published == name
    assert split_name(join_name(base, variant)) == (base, variant)


@pytest.mark.parametrize(
    ("name", "base", "variant", "ensemble"),
    [
        ("BERT (ensemble)", "BERT", (), True),
        ("LUKE (single model)", "LUKE", (), False),
        ("{ANNA} (single model)", "ANNA", (), False),
        ("R.M-Reader (single)", "R.M-Reader", (), False),
        ("GIT, Single Model", "GIT", (), False),
        ("ERNIE-ViL-single model", "ERNIE-ViL", (), False),
        ("BGN, ensemble", "BGN", (), True),
        ("ERNIE-ViL-large(ensemble of 15 models)", "ERNIE-ViL-large", ("ensemble of 15 models",), True),
        ("MSNet-R50En (8+16 ensemble, ImageNet pretrained)", "MSNet-R50En",
         ("8+16 ensemble", "ImageNet pretrained"), True),
        ("300D DMAN Ensemble", "300D DMAN Ensemble", (), True),
        ("Model (no ensemble)", "Model", ("no ensemble",), False),
        ("MOAT-2 (IN-22K pretraining, single-scale)", "MOAT-2", ("IN-22K pretraining", "single-scale"), None),
        ("RSANet-R50 (16 frames, a single clip)", "RSANet-R50", ("16 frames", "a single clip"), None),
        ("X (single, ensemble)", "X", (), None),
        ("Ensemble", "Ensemble", (), True),
    ],
)  # fmt: skip
def test_ensemble_and_single_model_have_a_column_of_their_own(
    name: str, base: str, variant: tuple[str, ...], ensemble: bool | None
) -> None:
    model = read(name)
    assert (model.base, model.variant, model.ensemble) == (base, variant, ensemble)


@pytest.mark.parametrize(
    ("name", "base", "citation"),
    [
        ("Transformer Big + BT (Edunov et al., 2018)", "Transformer Big + BT", "Edunov et al., 2018"),
        ("BioBERT (Lee et al.,2020)", "BioBERT", "Lee et al.,2020"),
        ("BM25 (Robertson, 2009)", "BM25", "Robertson, 2009"),
        ("T5(Tan and Bansal, 2019) + Prefixes", "T5 + Prefixes", "Tan and Bansal, 2019"),
        ("BERT (Devlin et al., 2019)-Base", "BERT-Base", "Devlin et al., 2019"),
        ("SwinV2-G-HTC++ Liu et al. ([2021a])", "SwinV2-G-HTC++", "Liu et al. ([2021a])"),
        (
            "Flair (Akbik & Vollgraf, 2018; Lee et al., 2019)",
            "Flair",
            "Akbik & Vollgraf, 2018; Lee et al., 2019",
        ),
        ("BiLSTM-CRF Ma and Hovy (2016)", "BiLSTM-CRF", "Ma and Hovy (2016)"),
        ("Xu et al. (2016)", "Xu et al. (2016)", "Xu et al. (2016)"),
        ("wav2vec2 (by Dewi Bryn Jones, fine tuning week - March 2021)", "wav2vec2", None),
        ("Atlas (few-shot, Wiki-dec-2018 index)", "Atlas", None),
        ("Model (CVPR, 2021)", "Model", None),
    ],
)
def test_a_citation_has_a_column_of_its_own(name: str, base: str, citation: str | None) -> None:
    model = read(name)
    assert (model.base, model.citation) == (base, citation)


def test_a_citation_among_other_parts_leaves_them() -> None:
    model = read("Model (large, Zhang et al., 2019, ensemble)")
    assert (model.base, model.variant, model.ensemble) == ("Model", ("large",), True)
    assert model.citation == "Zhang et al., 2019"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("PaLM 540B (few-shot, k=5)", 540e9), ("amazon-reviews-input-output-1.3b", 1.3e9),
        ("amazon-reviews-input-output-13b", 13e9), ("LLaMA (7B params)", 7e9), ("Flamingo3B", 3e9),
        ("wav2vec2-large-xls-r-300m-fr", 300e6), ("PDO-eConv (p6,0.36M)", 360000.0), ("Switch 1.6T", 1.6e12),
        ("OpenFlamingo-9B (MPT-7B)", 9e9), ("GLaM (64B/64E) (5-shot)", 64e9), ("MoE (5M parameters)", 5e6),
        ("CoVeR (JFT-3B)", None), ("MTV-H (WTS 60M)", None), ("CLIP (400M pairs)", None),
        ("ALBEF (14M)", None), ("X (2B, 7B)", None),
        ("EfficientNet-B7", None), ("Swin-B", None), ("BERT", None), ("IN-22K", None),
        ("Sen1 (10m resolution)", None),
    ],
)  # fmt: skip
def test_a_size_is_read_where_it_counts_parameters(name: str, parameters: float | None) -> None:
    assert read(name).parameters == parameters


@pytest.mark.parametrize(
    ("name", "shots"),
    [
        ("Minerva 540B (8-shot)", 8), ("Chinchilla (Zero-Shot)", 0), ("GPT-3 175B (0 shot)", 0),
        ("GPT-3-175B (One-Shot)", 1), ("Gopher (few-shot, k=64)", 64), ("GPT-3 175B (few-shot)", None),
        ("Codex 5-shot CoT", 5), ("SSD", None), ("Decoding (9-shot gen, 5-shot eval)", None),
        ("Single Shot Detector", None),
    ],
)  # fmt: skip
def test_shots_are_a_number_or_unknown(name: str, shots: int | None) -> None:
    assert read(name).shots == shots


@pytest.mark.parametrize(
    "names",
    [
        ("PEGASUS", "Pegasus"),
        ("DeBERTa-v3", "DeBERTaV3", "DeBERTa v3", "DeBERTa–V3"),
        ("WRN 28-10", "WRN-28-10"),
        ("LAVIE\n(Zero-shot, 320x512)", "LAVIE (zero-shot, 320x512)"),
        ("OTI(ViT-L/14)", "OTI（ViT-L/14）"),
        ("{ANNA}", "ANNA"),
        ("T5-11B", "T5-11B (Raffel et al., 2020)"),
        ("BERT (single model)", "BERT (single)", "BERT, single model"),
        ("\ufeffBERT", "BERT"),
        ("Flamingo (3B; 4-shot)", "Flamingo (3B, 4-shot)"),
    ],
)
def test_spelling_does_not_part_a_model(names: tuple[str, ...]) -> None:
    assert len(ids(*names)) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("amazon-reviews-input-output-1.3b", "amazon-reviews-input-output-13b"),
        ("FrozenBiLM", "FrozenBiLM+"),
        ("EMCL-Net", "EMCL-Net++", "EMCL-Net+"),
        ("XLNET-123", "XLNET-123+", "XLNET-123++"),
        ("BERT", "BERT (ensemble)", "BERT (single model)"),
        ("WRN 28-10", "WRN 2810", "WRN 2-810"),
        ("LLaMA 2 7B", "LLaMA 27B"),
        ("v1.5", "v15", "v1,5"),
        ("ViT-B/16", "ViT-B/32"),
        ("Model*", "Model"),
    ],
)
def test_plus_dots_digits_and_ensembles_part_models(names: tuple[str, ...]) -> None:
    assert len(ids(*names)) == len(names)


def test_the_same_name_under_two_papers_has_two_papers() -> None:
    found = normalised(archived()["1202"])  # CNN / Daily Mail
    rows = {(r.model, r.model_id, r.paper_id) for r in found.results if r.model.casefold() == "pegasus"}
    assert rows == {
        ("PEGASUS", "pegasus", "pwc:pegasus-pre-training-with-extracted-gap"),
        ("Pegasus", "pegasus", "pwc:calibrating-sequence-likelihood-improves"),
    }


def test_names_as_published_are_kept_with_the_rule_that_joined_them() -> None:
    aliases = normalised(archived()["1202"]).aliases
    rules = {alias.published: alias.rule for alias in aliases if alias.model_id == "pegasus"}
    assert rules == {"PEGASUS": "case", "Pegasus": "case"}
    squad = {alias.published: alias for alias in normalised(sample(49566)).aliases}
    assert squad["{ANNA} (single model)"].model_id == "anna[single]"
    assert squad["{ANNA} (single model)"].rule.startswith("braces, ensemble")


def test_the_vocabulary_joins_and_parts_by_hand() -> None:
    assert len(ids("LLaMA 2 70B (one-shot)", "LLaMA 2 70B (on-shot)")) == 1
    assert read("LLaMA 2 70B (on-shot)").rule.endswith("vocabulary: joined")
    french = ("XLS-R Wav2Vec2 French by Jonatas Grosman", "XLSR Wav2Vec2 French by Jonatas Grosman")
    assert fold(french[0]) == fold(french[1])
    assert len(ids(*french)) == 2
    assert read(french[1]).rule == "vocabulary: kept apart"


def test_every_line_of_the_vocabulary_has_a_reason_and_an_effect() -> None:
    vocabulary = load()
    bare = Vocabulary(metrics={}, models={"parameters": vocabulary.models["parameters"]})
    for entry in vocabulary.models["join"]:
        assert entry["reason"]
        assert len({read_model(name, bare).model_id for name in entry["names"]}) > 1
        assert len(ids(*entry["names"])) == 1
    for entry in vocabulary.models["part"]:
        assert entry["reason"]
        assert read(entry["name"]).model_id == entry["id"] != read_model(entry["name"], bare).model_id


def test_near_misses_are_listed_and_never_joined() -> None:
    names = [
        "Blooomberg GPT (few-shot)",
        "Bloomberg GPT (few-shot)",
        "EMCL-Net",
        "EMCL-Net++",
        "x-1.3b",
        "x-13b",
        "PaLM 2-S (one-shot)",
        "PaLM 2-L (one-shot)",
    ]
    pairs = near_misses(names)
    assert [{first, second} for first, second, _ in pairs] == [set(names[:2])]
    assert 90 <= pairs[0][2] < 100
    assert len(ids(*names)) == 8
    assert near_misses(["PEGASUS", "Pegasus"]) == []  # one id already


@pytest.mark.parametrize("name", ["", " ", "-", "—", "()", "\ufeff"])
def test_a_name_that_says_nothing_has_no_id(name: str) -> None:
    assert read(name).model_id == ""


def test_prose_is_kept_whole_and_read_at_once() -> None:
    prose = "7B " * 2000 + "(large, Aa, Bb and Cc, 2020)"
    model = read(prose)
    assert (model.base, model.variant, model.parameters, model.citation) == (prose, (), None, None)
    assert model.model_id
