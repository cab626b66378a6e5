"""Many at once, on a machine whose shell hands out few files."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

from tests.gateway.serving import Pretended, config, gateway
from tests.gateway.visitor import Visitor
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

STREAMS = 300


async def test_a_low_limit_of_open_files_is_no_limit_of_streams(
    tmp_path: Path, simulator_process: SimulatorProcess
) -> None:
    """Each stream holds two. The limit is inherited from whoever starts the gateway."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        settings = config(simulator_process.url, [Pretended("well", models=("sim-c40-d100",))])
        with gateway(tmp_path, settings) as running:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            visitors = [await Visitor.connect(running.port) for _ in range(STREAMS)]
            for visitor in visitors:
                await visitor.ask("well:sim-c40-d100", stream=True)
            heard = await asyncio.gather(*(visitor.hear(b"[DONE]", within=60) for visitor in visitors))
            assert simulator_process.stats()["in_flight"] == 0
            for visitor in visitors:
                visitor.leave()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert sum(b"word40" in answer and b"stream_interrupted" not in answer for answer in heard) == STREAMS
