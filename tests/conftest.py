"""What tests of several folders share."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.ingest import ingest
from flows.run import silent
from sotaduck.config import BUNDLED, Config


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of the bundled samples."""
    folder = tmp_path_factory.mktemp("samples")
    config = Config(warehouse=folder / "warehouse.duckdb", archive=folder / "archive")
    report = ingest(config, "warc", [BUNDLED / "archive"], silent)
    assert report.exit_status == 0
    return config.warehouse
