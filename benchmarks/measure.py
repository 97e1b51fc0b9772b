"""Time and memory, honestly taken, and tables of what was found."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import ParamSpec, TypeVar

from rich import box
from rich.console import Console
from rich.table import Table

P = ParamSpec("P")
T = TypeVar("T")

RUNS = 5
"""How often a short measurement is taken; its median counts."""


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median of the processor time of `work`, seconds, for work of one thread.

    What others do on the machine meanwhile does not count, nor what a first run alone pays (imports, caches).
    """
    work()
    found = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return median(found)


def in_child(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `function` gives in a process of its own, whose memory is then that of `function` alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def peak_memory() -> float:
    """The most memory that this process had resident so far, MB.

    Of the process image, where the system tells it: `ru_maxrss` begins with what the parent had.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text("utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def machine() -> str:
    """Where this was measured."""
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores{load}"
    )


def show(console: Console, title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: the first column is text, the others are numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for place, name in enumerate(head):
        table.add_column(name, justify="right" if place else "left", no_wrap=place > 0)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, str) else _figure(cell) for cell in row))
    console.print(table)


def _figure(value: object) -> str:
    """A number to three digits, or whole where it counts something."""
    if value is None:
        return "–"
    if not isinstance(value, float):
        return f"{value:,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
