"""Told to stop, the gateway lets nobody new in, finishes what it began, says so, and is gone."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.gateway.odd import status_of
from tests.gateway.serving import Gateway, NotStarted, Pretended, config, gateway, start
from tests.gateway.test_leaving import until
from tests.gateway.visitor import Visitor, written
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

Connect = Callable[[], Awaitable[Visitor]]
LONG, PLAIN, STUCK = "well:sim-c30-d50", "well:sim-c20-d50", "well:sim-stall"
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def running(tmp_path: Path, simulator_process: SimulatorProcess) -> Iterator[Gateway]:
    with gateway(tmp_path, config(simulator_process.url, [Pretended("well", models=("sim",))])) as started:
        yield started


@pytest.fixture
def connect(running: Gateway) -> Iterator[Connect]:
    """Connections that are closed in the end, whoever closes them first."""
    visitors: list[Visitor] = []

    async def connected() -> Visitor:
        visitors.append(await Visitor.connect(running.port))
        return visitors[-1]

    yield connected
    for visitor in visitors:
        visitor.leave()


async def exit_code(running: Gateway, within: float) -> int:
    assert await until(lambda: running.process.poll() is not None, within)
    code: int = running.process.returncode
    return code


async def refused(running: Gateway) -> bool:
    """Whether nobody new gets in."""

    async def try_once() -> bool:
        try:
            (await Visitor.connect(running.port)).leave()
        except (ConnectionRefusedError, ConnectionResetError):  # the latter: it closed with us in its queue
            return True
        return False

    for _ in range(100):
        if await try_once():
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_answers_under_way_are_finished_and_health_says_draining(
    running: Gateway, connect: Connect, number: int
) -> None:
    streamed, plain, kept = [await connect() for _ in range(3)]
    await kept.send(HEALTH)
    assert b'"status":"ok"' in await kept.hear(b'"warnings"')
    await streamed.ask(LONG, stream=True)
    await plain.ask(PLAIN)
    await streamed.hear(b"word2")
    running.process.send_signal(number)
    assert await refused(running)
    kept.got.clear()
    await kept.send(HEALTH)
    said = await kept.hear(b'"warnings"')
    assert status_of(said) == 503
    assert b'"status":"draining"' in said
    assert running.process.poll() is None
    assert b"word20" in await plain.listen()
    told = await streamed.listen()
    assert b"word30" in told
    assert told.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert await exit_code(running, within=3) == 0


async def test_a_request_on_a_kept_connection_is_still_answered(running: Gateway, connect: Connect) -> None:
    streamed, kept = [await connect() for _ in range(2)]
    await kept.send(HEALTH)
    await kept.hear(b'"warnings"')
    await streamed.ask(LONG, stream=True)
    await streamed.hear(b"word2")
    running.process.terminate()
    assert await refused(running)
    kept.got.clear()
    await kept.ask("well:sim", "are you there?")
    assert b"echo: are you there?" in await kept.hear(b"prompt_tokens_details")
    await streamed.listen()
    assert await exit_code(running, within=3) == 0


async def test_a_body_that_is_still_coming_in_is_waited_for(running: Gateway, connect: Connect) -> None:
    visitor = await connect()
    asked = written("well:sim", "half now, half later")
    await visitor.send(asked[:-40])
    await asyncio.sleep(0.2)
    running.process.terminate()
    assert await refused(running)
    await visitor.send(asked[-40:])
    assert b"echo: half now, half later" in await visitor.listen()
    assert await exit_code(running, within=3) == 0


async def test_idle_connections_do_not_delay_the_end(running: Gateway, connect: Connect) -> None:
    kept = await connect()
    silent = await connect()
    await kept.send(HEALTH)
    await kept.hear(b'"warnings"')
    began = time.monotonic()
    running.process.terminate()
    assert await exit_code(running, within=3) == 0
    assert time.monotonic() - began < 2
    assert b"HTTP" not in await silent.listen()


async def test_a_second_signal_is_in_a_hurry(
    running: Gateway, connect: Connect, simulator_process: SimulatorProcess
) -> None:
    stuck = await connect()
    await stuck.ask(STUCK)
    assert await until(lambda: bool(simulator_process.log()))
    running.process.terminate()
    assert await refused(running)
    await asyncio.sleep(0.3)
    assert running.process.poll() is None
    running.process.terminate()
    assert await exit_code(running, within=6) == 0
    assert await until(lambda: simulator_process.log()[0]["outcome"] == "client_gone")


async def test_two_on_one_port_is_said_in_words(running: Gateway, tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="Cannot listen on") as refusal:
        start(tmp_path / "other", "", port=running.port)
    assert "Traceback" not in str(refusal.value)
    assert running.get("/health").status_code == 200
