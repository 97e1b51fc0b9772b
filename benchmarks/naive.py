"""The naive way, to be beside ours: pandas.read_html on each page, and one INSERT for each row.

It keeps no raw text, checks nothing, and knows neither who leads nor since when.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from bs4 import BeautifulSoup

Rows = list[tuple[Any, ...]]


def read_table(page: bytes) -> pd.DataFrame:
    """The first table of a page."""
    return pd.read_html(io.StringIO(page.decode()), flavor="lxml")[0]


def read_script(page: bytes) -> list[dict[str, Any]]:
    """The rows that a page of the original site holds as JSON; pandas finds no table there."""
    script = BeautifulSoup(page, "lxml").find("script", id="evaluation-table-data")
    rows: list[dict[str, Any]] = json.loads(script.string or "[]") if script else []
    return rows


def results(table: pd.DataFrame) -> Rows:
    """The rows of a table as parameters of an INSERT; a value that is no number becomes NULL."""
    values = pd.to_numeric(table.iloc[:, 2], errors="coerce")
    return [
        (number, model, value, extra == "Yes", paper, date)
        for number, model, value, extra, paper, date in zip(
            *(table.iloc[:, at].tolist() for at in (0, 1)),
            values.tolist(),
            *(table.iloc[:, at].tolist() for at in (3, 4, 5)),
            strict=True,
        )
    ]


def open_warehouse(file: Path) -> duckdb.DuckDBPyConnection:
    """A new file with one table; the first statement of a process, which costs a second, is run."""
    connection = duckdb.connect(str(file))
    connection.execute("set enable_progress_bar = false")
    connection.execute(
        "create table results "
        "(rank integer, model varchar, value double, extra boolean, paper varchar, date varchar)"
    )
    connection.execute("select $1", [1]).fetchall()
    return connection


def insert(connection: duckdb.DuckDBPyConnection, rows: Iterable[tuple[Any, ...]]) -> None:
    """One INSERT for each row, in one transaction."""
    connection.begin()
    for row in rows:
        connection.execute("insert into results values ($1, $2, $3, $4, $5, $6)", row)
    connection.commit()
