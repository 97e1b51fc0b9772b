"""Which public views a snapshot holds, what names a row of each, and how values stand in a CSV cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sotaduck.errors import WarehouseError
from warehouse.publish import quoted


@dataclass(frozen=True, slots=True)
class File:
    """A view as a file of a snapshot.

    Attributes:
        key: columns that name a row; none where only the whole row does.
        unique: whether no two rows share the key, and no part of it is NULL: a primary key.
        order: the order of the rows, where it is not that of the key.
        label: columns that tell a person which row it is, where the key does not.
        refers: column → file and column that always has its value: a foreign key.
        distinct: rows that are equal once the columns of RUN_COLUMNS are gone are one row.
    """

    key: tuple[str, ...]
    unique: bool = True
    order: str = ""
    label: tuple[str, ...] = ()
    refers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    distinct: bool = False


_BOARD = ("leaderboards", "leaderboard_id")
_RESULT = ("results", "result_id")
_CAPTURE = ("captures", "capture_id")
_SOURCE = ("sources", "source")
_MODEL = ("leaderboard_id", "model")

FILES: Mapping[str, File] = {
    "leaderboards": File(("leaderboard_id",)),
    "results": File(
        ("result_id",),
        order="leaderboard_id, result_id",
        label=_MODEL,
        refers={"leaderboard_id": _BOARD, "source": _SOURCE, "capture_id": _CAPTURE},
    ),
    "ranked_results": File(
        ("result_id",),
        order="leaderboard_id, rank nulls last, result_id",
        label=_MODEL,
        refers={"result_id": _RESULT, "leaderboard_id": _BOARD, "source": _SOURCE, "capture_id": _CAPTURE},
    ),
    "sota_history": File(
        ("leaderboard_id", "track", "result_id"),
        order="leaderboard_id, track, step, result_id",
        label=("leaderboard_id", "track", "model"),
        refers={"leaderboard_id": _BOARD, "result_id": _RESULT, "source": _SOURCE, "capture_id": _CAPTURE},
    ),
    "current_sota": File(
        ("leaderboard_id", "track", "result_id"),
        label=("leaderboard_id", "track", "model"),
        refers={"leaderboard_id": _BOARD, "result_id": _RESULT, "source": _SOURCE},
    ),
    "papers": File(("paper_id",), label=("title",), refers={"source": _SOURCE, "capture_id": _CAPTURE}),
    "models": File(("model_id",), label=("model",)),
    "model_aliases": File(("model_id", "published", "rule")),
    "suspects": File(
        ("leaderboard_id", "result_id", "kind"),
        label=("leaderboard_id", "model", "kind"),
        refers={"leaderboard_id": _BOARD, "result_id": _RESULT, "source": _SOURCE},
    ),
    "conflicts": File(
        ("leaderboard_id", "result_id", "kind", "source", "other_source", "source_url", "other_url"),
        unique=False,  # a direction is of no result, and a page may list a result twice
        order="leaderboard_id, result_id nulls first, kind, source, other_source, source_url, other_url",
        label=("leaderboard_id", "model", "kind", "said", "other_said"),
        refers={"leaderboard_id": _BOARD, "result_id": _RESULT, "source": _SOURCE, "other_source": _SOURCE},
    ),
    "agreement": File(("source_a", "source_b"), refers={"source_a": _SOURCE, "source_b": _SOURCE}),
    "changes": File(
        ("leaderboard_id", "changed_at", "cause", "kind", "track", "result_id", "field"),
        unique=False,  # most kinds have no track or field, some no result
        order="changed_at, leaderboard_id, kind, track nulls first, result_id nulls first, field nulls first",
        label=("leaderboard_id", "changed_at", "kind", "model", "detail"),
        refers={"capture_id": _CAPTURE},
    ),
    "result_versions": File(
        ("leaderboard_id", "result_id", "version"),
        label=("leaderboard_id", "model", "version"),
        refers={"source": _SOURCE, "capture_id": _CAPTURE},
    ),
    "held": File(("board_id",), label=("leaderboard_id", "source_url"), refers={"source": _SOURCE}),
    "quarantine": File(
        (),
        unique=False,
        order="source, source_url, capture_id, leaderboard_id nulls first, position nulls first, field",
        label=("source", "leaderboard_id", "model", "field", "value_text", "reason"),
        refers={"source": _SOURCE, "capture_id": _CAPTURE},
    ),
    "captures": File(
        ("capture_id",),
        order="fetched_at, source, url, capture_id",
        label=("source", "url", "fetched_at"),
        refers={"source": _SOURCE},
    ),
    "failures": File(
        (),
        unique=False,
        order="source, url, stage, reason, detail",
        label=("source", "url", "stage", "reason"),
        refers={"source": _SOURCE},
        distinct=True,
    ),
    "sources": File(("source",)),
}
"""The public views that a report needs. A new one needs a line here and no more."""

RUN_COLUMNS = frozenset({"run_id", "started_at", "warc_file", "warc_offset"})
"""Which run it was, and where in the archive of this machine its bytes lie: two machines that know the same
do not agree on it, and `compact` moves it. No snapshot holds it; the warehouse does (by `capture_id`)."""

LOOKED = RUN_COLUMNS | {"first_seen", "last_seen", "days_held", "capture_id", "other_capture_id"}
"""Columns that say only where and when we looked: a page that is fetched again unchanged moves them. A
difference in them alone is none, unless asked for. (`days_held` of the current record grows with `last_seen`;
the days of an earlier one follow from two `sota_date`.) A column of the key always counts."""

SOURCE_COLUMNS = ("source", "other_source", "source_a", "source_b", "sources")
"""Columns that say whose data a row holds."""

FORMULA = r"^['=+\-@＝＋－＠\t\r\n]"
NUMBER = r"^[+-]?\d+(\.\d+)?$"
"""What a text must not begin with: a spreadsheet runs `=…`, `+…`, `-…`, `@…`, in some countries their wide
forms too, and reads a plain number as a number. The apostrophe itself is doubled, so that taking one off
gives the text back. After https://owasp.org/www-community/attacks/CSV_Injection."""

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes of the longest row of a CSV that is read back; DuckDB's own bound is 2 MB."""

_TYPE = re.compile(
    r"[A-Z]+|(VARCHAR|DOUBLE|BIGINT|INTEGER|BOOLEAN|DATE|TIMESTAMP)\[\]|MAP\(VARCHAR, [A-Z]+\)"
)


def name(column: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def nested(kind: str) -> bool:
    """Whether values of this DuckDB type are lists or maps, which a CSV holds as JSON."""
    return kind.endswith(("[]", ")"))


def exported(kind: str) -> str:
    """The type that a snapshot has for a DuckDB type: a hugeint, which Parquet lacks, is a bigint."""
    return "BIGINT" if kind == "HUGEINT" else kind


def select(view: str, columns: Mapping[str, str], relation: str) -> str:
    """The rows of a view as a snapshot holds them, in no order.

    Args:
        columns: name → type of the columns that a snapshot holds.
        relation: the view, as SQL names it.
    """
    chosen = ", ".join(f"{name(column)}::{kind} as {name(column)}" for column, kind in columns.items())
    return f"select {'distinct ' if FILES[view].distinct else ''}{chosen} from {relation}"


def order(view: str, columns: Mapping[str, str]) -> str:
    """The order of the rows of a file. Where the key may leave something open, all columns decide."""
    file = FILES[view]
    every = () if file.unique else tuple(name(column) for column in columns)
    return ", ".join((file.order or ", ".join(file.key), *every))


def cell(column: str, kind: str) -> str:
    """The column as a CSV holds it: no text that a spreadsheet runs; lists and maps as JSON."""
    quoted_name = name(column)
    if nested(kind):
        return f"to_json({quoted_name})::varchar as {quoted_name}"
    if kind != "VARCHAR":
        return quoted_name
    return f"""
        case
            when regexp_matches({quoted_name}, {quoted(FORMULA)})
                and not regexp_matches({quoted_name}, {quoted(NUMBER)})
            then '''' || {quoted_name} else {quoted_name}
        end as {quoted_name}
    """


def read_csv(path: Path, columns: Mapping[str, str]) -> str:
    """The CSV file of a snapshot as a relation, with the types and the texts that the view has.

    Args:
        columns: name → type, as the manifest gives them.

    Raises:
        WarehouseError: a type that no snapshot has.
    """
    for kind in columns.values():
        if not _TYPE.fullmatch(kind):
            raise WarehouseError(f"{path}: {kind!r} is no type that a snapshot has; the manifest is damaged")
    texts = ", ".join(f"{quoted(column)}: 'VARCHAR'" for column in columns)
    typed = ", ".join(f"{_typed(name(column), kind)} as {name(column)}" for column, kind in columns.items())
    return f"""(
        select {typed} from read_csv(
            {quoted(path)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
            new_line = '\\n', allow_quoted_nulls = false, max_line_size = {LONGEST_LINE},
            buffer_size = {LONGEST_LINE}, columns = {{{texts}}}
        )
    )"""


def _typed(column: str, kind: str) -> str:
    if kind == "VARCHAR":
        return f"case when starts_with({column}, '''') then substr({column}, 2) else {column} end"
    return f"{column}::json::{kind}" if nested(kind) else f"{column}::{kind}"
