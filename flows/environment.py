"""What the process says to Prefect and its kind before they are imported. Import this first.

Telemetry of every dependency is off. Whoever wants it on, or another value, sets the variable.
"""

from __future__ import annotations

import os

DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
    # The first start on a machine makes Prefect's database; 20 seconds is too short on a small one.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


def set_defaults() -> None:
    """Set the variables that the user has not set."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)


set_defaults()
