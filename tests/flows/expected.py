"""What must come of a board, worked out from its plain data by another road than the pipeline's."""

from __future__ import annotations

from typing import Any

Data = dict[str, Any]
Step = tuple[str, float]


def distinct(board: Data) -> list[Data]:
    """The rows of a board, each said once."""
    said: list[Data] = []
    for row in board["rows"]:
        plain = {name: value for name, value in row.items() if name != "rank"}
        if plain not in [{name: value for name, value in one.items() if name != "rank"} for one in said]:
            said.append(row)
    return said


def ranking(board: Data) -> list[tuple[int, str, float]]:
    """Competition rank, model and value of every row, by counting who is better."""
    rows = [(row["model"], float(row["value"])) for row in distinct(board)]
    sign = -1 if board["direction"] == "lower" else 1
    return sorted(
        (1 + sum(sign * other > sign * value for _, other in rows), model, value) for model, value in rows
    )


def records(board: Data, papers: dict[str, Data], extra_data: bool) -> list[Step]:
    """Dates and values of those rows that beat all that is dated before them: the record, told day by day.

    Args:
        papers: path of a paper's page → the paper: its date counts where the row has none.
        extra_data: rows that use extra data take part.
    """
    sign = -1 if board["direction"] == "lower" else 1
    days: dict[str, float] = {}
    for row in board["rows"]:
        date = row["date"] or papers.get(row["paper"] or "", {}).get("date")
        if date and (extra_data or not row["extra_data"]):
            value = sign * float(row["value"])
            days[date] = max(value, days.get(date, value))
    steps: list[Step] = []
    for date in sorted(days):
        if not steps or days[date] > sign * steps[-1][1]:
            steps.append((date, sign * days[date]))
    return steps
