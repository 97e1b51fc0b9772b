"""A critical expectation that fails stops the run; the warehouse is as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sotaduck.errors import ValidationStopped
from tests.flows.broken import PQ_ID, a_zero, lose_a_cell, repeat_an_id
from tests.flows.conftest import ask, run_refresh
from tests.flows.site import Site
from transform import pipeline
from warehouse import derive

PQ = 79678


@pytest.mark.parametrize(
    ("broken", "expectation", "place"),
    [
        (lose_a_cell, "board_loaded_are_results", "cells_loaded 13"),
        (repeat_an_id, "result_id_unique", "position 2"),
        (a_zero, "result_zero_said", "position 3"),
    ],
)
def test_a_broken_transform_stops_the_run_before_the_load(
    broken: Any, expectation: str, place: str, site: Site, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.boards[PQ]["rows"][0]["value"] = "72.5"
    site.serve()
    before, good = (home / "warehouse.duckdb").read_bytes(), pipeline.normalise
    monkeypatch.setattr(pipeline, "normalise", broken)
    with pytest.raises(ValidationStopped) as stopped:
        run_refresh(home)
    message = str(stopped.value)
    assert stopped.value.exit_status == 3
    assert f"{expectation} (critical)" in message
    assert PQ_ID in message
    assert place in message
    assert "The warehouse is as it was" in message
    assert (home / "warehouse.duckdb").read_bytes() == before
    docs = home / "data-docs" / "index.html"
    assert str(docs) in message
    assert expectation in docs.read_text("utf-8")
    assert not list(home.glob(".*build-*"))

    # What was captured is not lost: a mended release loads it.
    monkeypatch.setattr(pipeline, "normalise", good)
    run_refresh(home)
    assert ask(home, "select leader_value from leaderboards where leaderboard_id = $1", PQ_ID) == [(72.5,)]


def test_a_broken_view_stops_the_run_after_the_load(
    site: Site, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranks that count ties twice: a fault of SQL, which only a look at the views finds."""
    site.boards[PQ]["rows"][0]["value"] = "72.5"
    site.serve()
    before = (home / "warehouse.duckdb").read_bytes()
    run = derive.run_text

    def dense(connection: Any, folder: str, name: str) -> None:
        if name == "42_results":
            text = (derive.HERE / folder / f"{name}.sql").read_text("utf-8")
            connection.execute(text.replace("rank() over", "dense_rank() over"))
        else:
            run(connection, folder, name)

    monkeypatch.setattr(derive, "run_text", dense)
    with pytest.raises(ValidationStopped, match="rank_counts_better") as stopped:
        run_refresh(home)
    assert "leaderboard_id link-prediction/fb15k-237/hits-at-1" in str(stopped.value)
    assert (home / "warehouse.duckdb").read_bytes() == before
