"""One leaderboard in two sources is one: the seed page and the file of OpenCodePapers for the same board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.ingest import ingest
from flows.run import silent
from sotaduck.config import BUNDLED, Config

BOARD = "panoptic-segmentation/cityscapes-val/miou"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("both")
    config = Config(warehouse=folder / "warehouse.duckdb", archive=folder / "archive")
    ingest(config, "warc", [BUNDLED / "archive"], silent)
    ingest(config, "opencodepapers", [BUNDLED / "opencodepapers"], silent)
    return config


def ask(config: Config, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(config.warehouse), read_only=True) as connection:
        return connection.execute(query, [BOARD] if "$1" in query else []).fetchall()


def test_each_result_is_there_once_with_both_sources(both: Config) -> None:
    rows = ask(both, "select sources from results where leaderboard_id = $1 and listed")
    assert rows == [(["opencodepapers", "paperswithcode2"],)] * 30


def test_ids_and_authors_come_from_one_and_the_extra_data_flag_from_the_other(both: Config) -> None:
    found = ask(
        both,
        """
        select
            bool_and(starts_with(r.paper_id, 'arxiv:')), bool_and(len(p.authors) > 0),
            count(*) filter (where p.field_sources['authors'] = 'opencodepapers') > 0,
            bool_and(r.extra_data is not null), bool_and(r.source = 'paperswithcode2')
        from results r join papers p using (paper_id) where r.leaderboard_id = $1
        """,
    )
    assert found == [(True, True, True, True, True)]


def test_ranks_and_history_are_those_of_the_seed_page(both: Config, sample_warehouse: Path) -> None:
    query = "select rank, model, value from ranked_results where leaderboard_id = $1 order by all"
    history = "select track, sota_date, model, value from sota_history where leaderboard_id = $1 order by all"
    alone = Config(warehouse=sample_warehouse)
    assert ask(both, query) == ask(alone, query)
    assert ask(both, history) == ask(alone, history)
    assert [row[3] for row in ask(both, history) if row[0] == "all"] == [79.8, 81.5, 84.6, 90.3]


def test_agreement_counts_thirty_matches_on_this_board_and_no_conflict(both: Config) -> None:
    assert ask(both, "select * from conflicts where leaderboard_id = $1") == []
    shared = ask(both, "select leaderboard_id, results from leaderboards where len(sources) = 2")
    (row,) = ask(both, "select leaderboards, matches, conflicts from agreement")
    # The other board that both have is cut to its first rows on the one side: each of these matches as well.
    others = [board for board, _ in shared if board != BOARD]
    (cut,) = ask(
        both, f"select count(*) from results where leaderboard_id = '{others[0]}' and len(sources) = 2"
    )
    assert row == (2, 30 + cut[0], 0)


def test_the_suspect_of_the_board_is_found(both: Config) -> None:
    rows = ask(both, "select model, kind, rank from suspects where leaderboard_id = $1")
    assert ("EfficientPS (Cityscapes-fine)", "unmatched", 1) in rows
    assert {model for model, _, _ in rows} == {"EfficientPS (Cityscapes-fine)"}


def test_every_result_leads_back_to_the_bytes_that_state_it(both: Config) -> None:
    from extract.archive import Archive

    rows = ask(
        both,
        "select p.source, p.value_text, c.source, c.url, p.capture_id from provenance p "
        "join captures c using (capture_id) where p.leaderboard_id = $1",
    )
    assert len(rows) == 60
    archive = Archive(both.archive)
    captures = {capture.capture_id: capture for capture in archive.captures()}
    for source, text, captured, url, capture_id in rows:
        capture = captures[capture_id]
        assert (source, url) == (captured, capture.url)
        assert text.encode() in archive.body(capture)
