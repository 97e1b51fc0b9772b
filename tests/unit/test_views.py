"""The public views: golden cases by hand, what each view promises of itself, and facts that hold on any data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import views_io
from warehouse.derive import VIEWS


@pytest.mark.parametrize("case", views_io.cases(), ids=lambda case: f"{case.parent.name}-{case.name}")
def test_view_shows(case: Path) -> None:
    """The facts of a folder give its expected rows: the folder's name says what is meant."""
    columns, rows = views_io.expected(case)
    assert views_io.actual(case, columns) == rows
