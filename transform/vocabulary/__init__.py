"""What the project knows by hand: metrics, model names, corrections. Data with reasons, as `.toml`.

The only part of the transform that reads files: its own, once. `Vocabulary.digest` names their content, so a
page is normalised anew when the vocabulary or the code (`PIPELINE_VERSION`) has changed.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

PIPELINE_VERSION = "1"
"""Goes up with every change of the transform that can change what it gives for the same page."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The content of the vocabulary files.

    Attributes:
        metrics: `metrics.toml`: groups of names, patterns, placeholders (`transform.metrics` reads it).
        models: `models.toml`: names that join or part, words about sizes (`transform.models`).
        papers: `papers.toml`: sites that name papers by their address (`transform.papers`).
        leaderboards: `leaderboards.toml`: tasks and datasets of several names (`transform.leaderboards`).
        digest: `sha256:<hex>` over `PIPELINE_VERSION` and every vocabulary file.
    """

    metrics: Mapping[str, Any]
    models: Mapping[str, Any] = field(default_factory=dict)
    papers: Mapping[str, Any] = field(default_factory=lambda: {"sites": ()})
    leaderboards: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""


@cache
def load() -> Vocabulary:
    """The vocabulary of this installation, read once."""
    found = sorted(
        (item for item in files(__name__).iterdir() if item.name.endswith(".toml")), key=lambda f: f.name
    )
    digest = hashlib.sha256(PIPELINE_VERSION.encode())
    content: dict[str, Mapping[str, Any]] = {}
    for item in sorted(found, key=lambda file: file.name):
        raw = item.read_bytes()
        digest.update(f"\n{item.name}\n{len(raw)}\n".encode() + raw)
        content[item.name.removesuffix(".toml")] = MappingProxyType(tomllib.loads(raw.decode("utf-8")))
    return Vocabulary(
        metrics=content["metrics"],
        models=content["models"],
        papers=content["papers"],
        leaderboards=content.get("leaderboards", {}),
        digest=f"sha256:{digest.hexdigest()}",
    )
