"""Write a dump of the shape and size of the last one of Papers with Code, made from real leaderboards.

    python benchmarks/make_dump.py BOARDS FOLDER [--scale 1.0] [--seed 0]

BOARDS is a file of leaderboards as the site's pages had them, one JSON object a line, plain or gzip:
`{"table_id", "dataset", "task", "rows"}`, rows as in `evaluation-table-data`. Their models, values, papers
and dates are used again and again under numbered tasks and datasets until there are as many as
wanted; the abstracts are cut from words drawn at random. At scale 1 FOLDER then holds

    evaluation-tables.json.gz               10,000 leaderboards, 150,000 results
    papers-with-abstracts.json.gz          500,000 papers, about 1,000 characters of abstract each
    links-between-papers-and-code.json.gz  300,000 links

The same seed and scale give the same bytes. Nothing is held in memory but the real boards.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import random
from collections.abc import Iterator
from itertools import accumulate, count, cycle, islice
from pathlib import Path
from typing import Any

log = logging.getLogger("make_dump")

BOARDS, RESULTS, PAPERS, LINKS = 10_000, 150_000, 500_000, 300_000
SITE = "https://paperswithcode.com"
AREAS = ("Computer Vision", "Natural Language Processing", "Medical", "Methodology", "Graphs", "Speech")
BOARDS_OF_A_TASK = 4
ABSTRACT = 1_000

Board = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a synthetic dump of real shape and size.")
    parser.add_argument("boards", type=Path, help="real leaderboards, one JSON object a line, plain or .gz")
    parser.add_argument("folder", type=Path, help="where the files go; made if it is not there")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the size of the real dump")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    real = read_boards(given.boards)
    given.folder.mkdir(parents=True, exist_ok=True)
    n_boards, n_results, n_papers, n_links = (
        max(1, round(whole * given.scale)) for whole in (BOARDS, RESULTS, PAPERS, LINKS)
    )
    files = {
        "evaluation-tables": tasks(real, n_boards, n_results, n_papers, random.Random(given.seed)),
        "papers-with-abstracts": papers(real, n_papers, random.Random(given.seed + 1)),
        "links-between-papers-and-code": links(n_links, n_papers, random.Random(given.seed + 2)),
    }
    for name, records in files.items():
        path = given.folder / f"{name}.json.gz"
        number, size = write(path, records)
        packed = path.stat().st_size / 1e6
        log.info("%s: %d records, %.0f MB of JSON, %.0f MB packed", path, number, size / 1e6, packed)


def read_boards(path: Path) -> list[Board]:
    """The real leaderboards that have rows."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
    boards: list[Board] = [json.loads(line) for line in text.splitlines()]
    return [board for board in boards if board["rows"]]


def write(path: Path, records: Iterator[Any]) -> tuple[int, int]:
    """Stream records as one JSON list into a gzip file; gives how many, and the bytes of JSON."""
    number, size = 0, 0
    # Without a time in the header, so that the same seed gives the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 5, raw, mtime=0) as file:
        for number, record in enumerate(records, 1):
            line = ("[\n" if number == 1 else ",\n") + json.dumps(record)
            size += file.write(line.encode())
        size += file.write(b"\n]\n")
    return number, size


def tasks(real: list[Board], boards: int, results: int, papers: int, draw: random.Random) -> Iterator[Board]:
    """Tasks with their boards; every fourth has a subtask, and every tenth dataset a sub-dataset."""
    tables = datasets_of(real, boards, results, papers, draw)
    for number in count(1):
        datasets = list(islice(tables, BOARDS_OF_A_TASK))
        if not datasets:
            return
        inner = list(islice(tables, 1)) if number % 4 == 0 else []
        if number % 5 == 0 and len(datasets) > 1:
            last = datasets.pop()
            last["subdataset"] = f"{datasets[0]['dataset']} {last.pop('dataset')}"
            datasets[0]["subdatasets"].append(last)
        name = f"{real[number % len(real)]['task']} {number}"
        area = AREAS[number % len(AREAS)]
        yield task(name, [area], datasets, [task(f"{name} in part", [], inner, [])] if inner else [])


def task(name: str, areas: list[str], datasets: list[Board], subtasks: list[Board]) -> Board:
    """A task in the format of the dump."""
    return {
        "task": name,
        "description": f"{name} is a task.",
        "categories": areas,
        "synonyms": [],
        "source_link": None,
        "subtasks": subtasks,
        "datasets": datasets,
    }


def datasets_of(
    real: list[Board], boards: int, results: int, papers: int, draw: random.Random
) -> Iterator[Board]:
    """So many datasets with leaderboards, so many results in all, shared out as the real boards have them."""
    lengths = [len(board["rows"]) for board in islice(cycle(real), boards)]
    spare = (results - boards) / sum(lengths)  # beyond one row for each
    totals = accumulate(lengths)
    for number, board in enumerate(islice(cycle(real), boards)):
        total = next(totals)
        size = 1 + round(total * spare) - round((total - lengths[number]) * spare)
        rows = [row(one, place, papers, draw) for place, one in enumerate(islice(cycle(board["rows"]), size))]
        yield {
            "dataset": f"{board['dataset']} {number}",
            "description": "",
            "dataset_links": [],
            "dataset_citations": [],
            "subdatasets": [],
            "sota": {"metrics": list(board["rows"][0]["metrics"]), "rows": rows},
        }


def row(real: Board, place: int, papers: int, draw: random.Random) -> Board:
    """A real row in the format of the dump; the paper is one of the synthetic ones."""
    paper = real["paper"] or {}
    return {
        "model_name": real["method"],
        "paper_title": paper.get("title") or "",
        "paper_url": f"{SITE}/paper/synthetic-{draw.randrange(papers)}" if paper else "",
        "paper_date": real["evaluation_date"],
        "code_links": [{"title": "a/b", "url": f"https://github.com/a/b-{place}"}] if place % 2 else [],
        "model_links": [],
        "metrics": real["metrics"],
        "uses_additional_data": bool(real["uses_additional_data"]),
    }


def papers(real: list[Board], wanted: int, draw: random.Random) -> Iterator[Board]:
    """Papers with titles that real rows name, and abstracts of random words."""
    named = [row["paper"]["title"] for board in real for row in board["rows"] if row["paper"]]
    titles = [title for title in named if title]
    words = [word for title in titles for word in title.split()]
    text = " ".join(draw.choices(words, k=200_000))
    for number in range(wanted):
        start = draw.randrange(len(text) - ABSTRACT)
        arxiv = arxiv_id(number)
        yield {
            "paper_url": f"{SITE}/paper/synthetic-{number}",
            "arxiv_id": arxiv,
            "nips_id": None,
            "openreview_id": None,
            "title": f"{titles[number % len(titles)]} {number}",
            "abstract": text[start : start + ABSTRACT],
            "short_abstract": text[start : start + 200],
            "url_abs": f"https://arxiv.org/abs/{arxiv}v1",
            "url_pdf": f"https://arxiv.org/pdf/{arxiv}v1.pdf",
            "proceeding": f"NeurIPS {2015 + number % 10} 12" if number % 3 == 0 else None,
            "authors": [f"{draw.choice(words)} {draw.choice(words)}" for _ in range(4)],
            "tasks": [real[number % len(real)]["task"]],
            "date": f"{2015 + number % 10}-{1 + number % 12:02}-{1 + number % 28:02}",
            "conference_url_abs": None,
            "conference_url_pdf": None,
            "conference": None,
            "reproduces_paper": None,
            "methods": [],
        }


def arxiv_id(number: int) -> str:
    """The id of a paper: no two of a million papers share one."""
    return f"{15 + number // 100_000:02}{1 + number % 12:02}.{number % 100_000:05}"


def links(wanted: int, papers: int, draw: random.Random) -> Iterator[Board]:
    """Links to code, one to three for a paper, those of one paper together."""
    left = wanted
    for number in count():
        for copy in range(min(left, draw.randint(1, 3))):
            paper = number % papers
            yield {
                "paper_url": f"{SITE}/paper/synthetic-{paper}",
                "paper_title": f"Paper {paper}",
                "paper_arxiv_id": arxiv_id(paper),
                "paper_url_abs": None,
                "paper_url_pdf": None,
                "repo_url": f"https://github.com/group-{paper}/code-{copy}",
                "is_official": copy == 0,
                "mentioned_in_paper": copy == 0,
                "mentioned_in_github": True,
                "framework": "pytorch",
            }
            left -= 1
        if not left:
            return


if __name__ == "__main__":
    main()
