"""What a benchmark page says above its rows: the metric and its direction, task, dataset and area.

SotA / <area> / <task> / <dataset>
<task> on <dataset>
Metric: <name> (higher is better)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extract.sources.paperswithcode2_page import SEPARATORS, Page
from extract.visible import Piece, fold, join, lines, squash
from sotaduck.errors import ParseError

_METRIC = re.compile(r"(?i)^metric\s*:\s*(?P<rest>.*)$")
_DIRECTION = re.compile(
    r"(?i)\s*[(\[–—,:·-]*\s*\b(?P<way>higher|lower)(?:\s+values?)? (?:is|are) better\b\s*[)\]]?\s*$"
)
HEADINGS = ("h1", "h2", "h3")
_CRUMB_ENDS = " /›»>→"
# A heading is short; a line of prose with `on` in it may be not.
_LONGEST_HEADING = 300


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric as the page names it.

    Attributes:
        higher_is_better: None where the page does not say.
        at: where in the page's stream its line begins; the rows stand below it.
    """

    name: str
    higher_is_better: bool | None
    at: int


def read_metric(stream: Sequence[Piece]) -> Metric | None:
    """Name and direction from the line `Metric: <name> (higher is better)`, or None.

    Its parts may be elements of their own, and lines of their own (`<dt>Metric</dt><dd>…`).
    """
    seen = [part for part in stream if not part.unseen]
    for at, part in enumerate(seen):
        if part.text[:6].casefold() != "metric":
            continue
        for length in range(1, 9):
            text = re.sub(r"(?i)^metric\s*:?\s+", "Metric: ", join(seen[at : at + length]))
            found = _METRIC.match(text)
            if (
                found
                and (way := _DIRECTION.search(found["rest"]))
                and (name := fold(found["rest"][: way.start()]))
            ):
                return Metric(name, way["way"].casefold() == "higher", part.at)
        line: list[Piece] = []
        for following in seen[at : at + 9]:
            found = _METRIC.match(join(line))
            if following.gap == "\n" and found and found["rest"]:
                break
            line.append(following)
        found = _METRIC.match(join(line))
        if found and found["rest"]:
            return Metric(fold(found["rest"]), None, part.at)
    return None


def read_names(page: Page, outside: Sequence[Piece]) -> tuple[str, str, str | None]:
    """Task, dataset and area. The breadcrumb decides where a name itself holds ` on `.

    Raises:
        ParseError: `missing_heading`, `ambiguous_heading`.
    """
    trails = list(_trails(outside))
    headings = list(_headings(page, outside))
    for heading in headings:
        for task, dataset in _splits(heading):
            for trail in trails:
                for at in range(len(trail) - 1):
                    if _is_crumb(trail[at], task) and _is_crumb(trail[at + 1], dataset):
                        return task, dataset, trail[at - 1].strip(_CRUMB_ENDS) if at else None
    for heading in headings:
        ways = list(_splits(heading))
        if len(ways) > 1:
            linked = {squash(part.text) for part in outside if part.anchor is not None}
            ways = [way for way in ways if squash(way[0]) in linked or squash(way[1]) in linked]
        if len(ways) == 1:
            return *ways[0], None
        detail = f"{heading!r} can be split in several ways, and no breadcrumb tells which is meant"
        raise ParseError("ambiguous_heading", detail)
    raise page.refuse("missing_heading", "there is no heading `<task> on <dataset>`")


def _headings(page: Page, outside: Sequence[Piece]) -> Iterator[str]:
    """Texts that may be the heading, the likeliest first."""
    soup = page.visible.soup
    headings = [tag for tag in page.visible.elements if tag.name in HEADINGS or tag.get("role") == "heading"]
    yield from (text for text in map(page.visible.text, headings) if " on " in text)
    above = []
    for line in lines(outside):
        if _METRIC.match(line):
            break
        above.append(line)
    yield from (line for line in reversed(above) if " on " in line and len(line) < _LONGEST_HEADING)
    if (title := soup.find("title")) is not None:  # `<task> on <dataset> | Site`
        yield from (part for part in re.split(r"\s+[|–—·-]\s+", fold(title.get_text())) if " on " in part)


def _splits(heading: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer("(?= on )", heading):
        task, dataset = heading[: found.start()].strip(), heading[found.start() + 4 :].strip()
        if task and dataset:
            yield task, dataset


def _trails(outside: Sequence[Piece]) -> Iterator[list[str]]:
    """What follows each `SotA` of the page: one of them is the breadcrumb, another the navigation."""
    seen = [part for part in outside if not part.unseen]
    for at, part in enumerate(seen):
        found = re.match(r"(?i)sota(?:\s*[/›»>→]\s*(?P<rest>.*))?$", part.text)
        if not found:
            continue
        # All in one text (`SotA / A / B / C`), or each crumb in an element of its own.
        trail = re.split(r"\s+[/›»>→]\s+", found["rest"]) if found["rest"] else []
        trail += [following.text for following in seen[at + 1 : at + 10] if following.text not in SEPARATORS]
        yield trail


def _is_crumb(crumb: str, name: str) -> bool:
    return squash(name) in (squash(crumb), squash(crumb.strip(_CRUMB_ENDS)))
