"""What tests of several folders share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from flows.ingest import ingest
from flows.run import silent
from sotaduck.config import BUNDLED, Config

# The same examples in every run: what fails for one fails for all. HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of the bundled samples."""
    folder = tmp_path_factory.mktemp("samples")
    config = Config(warehouse=folder / "warehouse.duckdb", archive=folder / "archive")
    report = ingest(config, "warc", [BUNDLED / "archive"], silent)
    assert report.exit_status == 0
    return config.warehouse
