"""The schedule on one machine: Prefect's runner, on the user's server or on one of our own."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from flows.server import prefect_server
from sotaduck.errors import ConfigError

if TYPE_CHECKING:
    from prefect.schedules import Schedule

log = logging.getLogger("sotaduck.serve")


def in_utc(cron: str) -> Schedule:
    """The schedule of a cron expression, in UTC.

    Raises:
        ConfigError: `cron` is none.
    """
    from prefect.schedules import Cron

    try:
        return Cron(cron, timezone="UTC")
    except ValueError as error:
        raise ConfigError(f"--cron {cron!r} is no cron expression ({error}); try '0 6 * * *'") from error


def serve(cron: str, run_now: bool, config: str | None, warehouse: str | None) -> None:
    """Refresh by `cron` (UTC) until SIGINT or SIGTERM.

    Args:
        run_now: also ask for one run at the start.
        config, warehouse: absolute paths handed to each run.

    Raises:
        SotaduckError: the local server did not start.
        ConfigError: `cron` is no cron expression.
    """
    with prefect_server(services=True) as server:
        import prefect
        from prefect.deployments import run_deployment
        from prefect.deployments.runner import RunnerDeployment

        from flows.refresh import check_server, refresh

        schedule = in_utc(cron)
        if server:
            server.wait()
        check_server()
        deployment = RunnerDeployment.from_flow(
            refresh,
            name="daily",
            schedule=schedule,
            parameters={"config": config, "warehouse": warehouse},
            concurrency_limit=1,
        )
        deployment.apply()
        if run_now:
            run_deployment("refresh/daily", timeout=0)
        print(  # noqa: T201  (the one line that tells a person that it works, and where to look)
            f"Serving refresh/daily at '{cron}' UTC on "
            f"{os.environ.get('PREFECT_API_URL', 'the Prefect server')}; Ctrl-C stops it.",
            flush=True,
        )
        prefect.serve(deployment, limit=1, print_starting_message=False)
