"""A module run as a program that ends when its standard input does: `python guarded.py prefect server start`.

Whoever starts it holds the other end of that pipe. However the holder ends, by `kill -9` too, the pipe
closes, and no server is left that nobody uses.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

PATIENCE = 10.0
"""Seconds to end gently in."""


def _end_with_standard_input() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(PATIENCE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
