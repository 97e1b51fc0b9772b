"""What the published warehouse holds already, for a run that wants to do no more than is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from warehouse.query import opened


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before a run.

    Attributes:
        parsed: (source, url) → digest that was read last, and well.
        links: address of a leaderboard → addresses of the papers that it links.
        arxiv_ids: every paper that is known to be on arXiv.
        arxiv_records: those whose record there is loaded.
        captures: ids of all captures that are loaded.
        vocabulary: digest of the vocabulary that normalised it; None where there is no warehouse.
    """

    parsed: dict[tuple[str, str], str] = field(default_factory=dict)
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    arxiv_ids: frozenset[str] = frozenset()
    arxiv_records: frozenset[str] = frozenset()
    captures: frozenset[str] = frozenset()
    vocabulary: str | None = None


def known(warehouse: Path) -> Known:
    """Ask the published warehouse; nothing is known where there is none.

    Raises:
        WarehouseError: it is no warehouse.
    """
    if not warehouse.exists():
        return Known()
    with opened(warehouse) as connection:
        parsed = connection.execute(
            """
            select source, url, digest from core.captures
            qualify row_number() over (
                partition by source, url order by fetched_at desc, warc_file desc, warc_offset desc
            ) = 1 and outcome in ('parsed', 'partly', 'confirmed')
            """
        ).fetchall()
        links = connection.execute(
            "select source_url, list_sort(list(distinct paper_url)) from mart.rows "
            "where listed and paper_url is not null group by source_url"
        ).fetchall()
        on_arxiv = connection.execute(
            "select distinct arxiv_id, source = 'arxiv' from core.papers where arxiv_id is not null"
        ).fetchall()
        captures = connection.execute("select capture_id from core.captures").fetchall()
        last = connection.execute(
            "select vocabulary from core.runs order by started_at desc, run_id desc limit 1"
        ).fetchone()
        return Known(
            parsed={(source, url): digest for source, url, digest in parsed},
            links={url: tuple(found) for url, found in links},
            arxiv_ids=frozenset(found for found, _ in on_arxiv),
            arxiv_records=frozenset(found for found, is_record in on_arxiv if is_record),
            captures=frozenset(row[0] for row in captures),
            vocabulary=last[0] if last else None,
        )


def frame(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """The answer to a query as a frame, for validation of what a build holds."""
    return connection.execute(query).df()


def figures(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Totals of a build, for the report of a run."""
    cursor = connection.execute(
        """
        select
            (select count(*) from mart.leaderboards) as leaderboards,
            (select count(*) from mart.results where listed) as results,
            (select count(*) from mart.papers) as papers
        """
    )
    names = [item[0] for item in cursor.description or ()]
    row = cursor.fetchone()
    return dict(zip(names, row, strict=True)) if row else {}
