"""What a snapshot says of itself: manifest.json, and the policy behind its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sotaduck import __version__

MANIFEST = "manifest.json"
DESCRIPTOR = "datapackage.json"
MADE_BY = "sotaduck"
FORMAT = 2
"""Of the files and the manifest. 1 (release 0.1.0 before this number) had lists as `[a, b]`, which nothing
can read back where a text holds a comma."""

POLICY = {
    "rank": {
        "is": "competition",
        "in_words": "1, 2, 2, 4 by value in the leaderboard's direction. Ranked is a listed result with a "
        "value, of a metric that is a quality with a known direction; every other rank is empty.",
    },
    "ties": {
        "is": "shared_rank_first_holds_record",
        "in_words": "Results that tie share their rank, and all are in current_sota. The leader is the one "
        "of them with the earliest date (undated last, then the source's own order). A tie never moves a "
        "record in sota_history; results that tie on the day of a step share it.",
    },
    "date_basis": {
        "is": "result_date",
        "in_words": "The row's own date, else the date of its paper; date_source says which. Of one day only "
        "the best result enters sota_history.",
    },
    "undated_rows": {
        "is": "ranked_not_in_history",
        "in_words": "A result without any date is ranked and may lead; it never enters sota_history.",
    },
    "extra_data": {
        "is": "two_tracks",
        "in_words": "Track all has every result; no_extra_data leaves out what is said to use extra training "
        "data. Many sources say no where they do not know, so it leaves out what is stated and no more.",
    },
    "direction": {
        "is": "stated_never_guessed",
        "in_words": "Whether higher is better is what the page says, else is_loss of Papers with Code, else "
        "the registry of metrics; direction_source says which. Where nobody states it nothing is ranked.",
    },
    "scale": {
        "is": "one_per_leaderboard",
        "in_words": "A board that mixes fractions and percent is brought to one scale where the evidence is "
        "clear, and a board on another scale than the more trusted one is brought to that; value_flags has "
        "the factor (rescaled_x100, rescaled_x0.01). value_text is always the cell as published.",
    },
    "unreadable_values": {
        "is": "empty_with_reason",
        "in_words": "A cell that is no number is an empty value with value_reason, never 0.",
    },
    "delisted_rows": {
        "is": "kept_not_ranked",
        "in_words": "A result that a later capture of its board lacks has listed = false: no rank, no part "
        "in history, leaders and counts.",
    },
    "several_sources": {
        "is": "most_trusted_board_with_a_value",
        "in_words": "Value, text and published rank come together from the most trusted board that has a "
        "value (sources.trust, 1 first); what it does not state comes from the next. conflicts lists what "
        "disagrees.",
    },
    "suspects": {
        "is": "kept_and_ranked",
        "in_words": "Values that their own board puts in doubt are ranked, marked and listed in suspects.",
    },
}
"""The policy of the views, as docs/views.md and warehouse/marts/*.sql have it."""

LICENCE = (
    "Each source keeps its own licence; `sources` lists those whose data is inside. What is made from data "
    "under a share-alike licence (CC BY-SA) stands under that licence too."
)
CSV = {
    "encoding": "UTF-8 without a mark, line ends \\n, quotes doubled",
    "nothing": 'NULL is an empty cell, an empty text is ""',
    "times": "UTC, 2026-11-24 07:22:47; dates 2026-11-24",
    "numbers": "the shortest text that reads back as the same 64-bit number",
    "lists": 'JSON: ["a","b"], {"name":"text"}',
    "formulas": "a text that begins with = + - @ (or the wide forms of these), ' tab or line end, "
    "and is no plain number, has an apostrophe in front: take one off",
}
PARQUET = {
    "compression": "zstd",
    "values": "as the view has them: real lists and maps, no apostrophes; times are UTC",
}


def manifest(
    *,
    schema_version: int,
    data_until: datetime | None,
    as_of: datetime | None,
    sources: Sequence[dict[str, Any]],
    formats: Sequence[str],
    duckdb_version: str,
    files: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """The manifest: what the data, the release and the request say, nothing of the machine or the moment.

    Args:
        data_until: when a page was last looked at, UTC.
        as_of: the time whose knowledge this is; None for the newest.
        sources: those whose data is inside: source, title, licence, licence_url, attribution, address.
        duckdb_version: told where there is Parquet: its bytes are those of one DuckDB release.
        files: name, view, rows, bytes, sha256, columns of each.
    """
    told: dict[str, Any] = {
        "format": FORMAT,
        "made_by": f"{MADE_BY} {__version__}",
        "schema_version": schema_version,
        "data_until": utc(data_until),
        "as_of": utc(as_of),
        "policy": POLICY,
        "licence": LICENCE,
        "sources": list(sources),
    }
    if "csv" in formats:
        told["csv"] = CSV
    if "parquet" in formats:
        told["parquet"] = {"written_by": f"DuckDB {duckdb_version}", **PARQUET}
    return told | {"files": list(files)}


def utc(time: datetime | None) -> str | None:
    """A time in UTC as ISO 8601 has it, with a Z."""
    return time.replace(tzinfo=None).isoformat() + "Z" if time else None
